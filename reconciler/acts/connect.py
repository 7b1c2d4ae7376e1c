"""Open the way to the remote for one command: a transport that can do what the command may, and no more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from reconciler.clock import Clock
from reconciler.genesys.client import Client
from reconciler.genesys.pacing import ClientLimits, Window
from reconciler.genesys.token import Token, TokenSource
from reconciler.genesys.witness import Witness
from reconciler.settings import Api, Settings
from reconciler.transport import ReadTransport, WriteTransport


@dataclass(frozen=True, slots=True)
class Connection:
    """The open way to the remote."""

    client: Client
    transport: ReadTransport
    tokens: TokenSource

    @property
    def requests(self) -> Mapping[str, int]:
        """How many requests were sent to the API, by method."""
        return self.transport.requests


@asynccontextmanager
async def connect(
    settings: Settings,
    api: Api,
    clock: Clock,
    *,
    writes: bool,
    notice: Callable[[str], None],
    token: Token | None = None,
    window: Window | None = None,
    witness: Witness | None = None,
    count: Callable[[], object] = lambda: None,
) -> AsyncIterator[Connection]:
    """Open the way; without `writes` the transport has no verb that writes.

    `token` is the one of an earlier connection of the same run, which asks for no second one, and `window` what that
    has spent of the budget; `witness` is told of each write, and `count` is called for each answer.
    """
    limits = settings.limits
    make = WriteTransport if writes else ReadTransport
    async with make(ca_file=settings.ca_file, connections=limits.concurrency, count=count) as transport:
        bounds = ClientLimits(
            concurrency=limits.concurrency,
            rate=limits.rate,
            wait_seconds=limits.wait_seconds,
            attempts=limits.attempts,
            deadline=clock.monotonic() + limits.run_seconds,
        )
        tokens = TokenSource(transport, api.hosts.login, api.credentials, clock, bounds, notice, token)
        client = Client(transport, api.base_url, tokens, clock, bounds, notice, witness, window)
        yield Connection(client, transport, tokens)
