"""Who is told of each write before it goes out, and of its end; what is done with that stands elsewhere."""

from __future__ import annotations

from typing import Protocol

from reconciler.genesys.calls import Call


class Witness(Protocol):
    """Sees every request that may change the remote."""

    async def before(self, call: Call) -> int:
        """Note a write that is about to go out and give its number; a `RemoteError` keeps it from going."""

    def after(self, number: int, status: int | None) -> None:
        """Note how it ended; None where no whole answer came."""


class Unseen:
    """Notes nothing."""

    async def before(self, call: Call) -> int:  # noqa: ARG002 - as the protocol says
        """Let every write go."""
        return 0

    def after(self, number: int, status: int | None) -> None:
        """Forget it."""
