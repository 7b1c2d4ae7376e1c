"""Which endpoint checks prove a channel: origins that must be accepted, and origins that must be refused."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.kinds.kind import Kind
from reconciler.model import Channel, Target, Verdict

UNLISTED = "https://not-allowed.invalid"
"""An origin that nobody can own, since the top-level domain is reserved."""


def targets(
    kind: Kind, channel: Channel, *, removed_origins: Sequence[str] = (), cap: int = 10
) -> tuple[Target, ...]:
    """Give what to ask of the endpoint of an enabled channel; nothing for a disabled one.

    At most `cap` allowed and `cap` just removed origins are asked, besides an unlisted one and a look-alike.
    """
    if not kind.enabled(channel.spec):
        return ()
    allowed = kind.origins(channel.spec)
    suspects = [UNLISTED, *map(_look_alike, allowed[:1]), *_still_removed(removed_origins, allowed)[:cap]]
    refused = dict.fromkeys(origin for origin in suspects if origin not in allowed)
    if kind.endpoint is None:
        return ()
    url = kind.endpoint(channel.spec)
    return tuple(
        Target(channel.name, url, origin, expected)
        for expected, origins in ((Verdict.ACCEPTED, allowed[:cap]), (Verdict.REFUSED, tuple(refused)))
        for origin in origins
    )


def _still_removed(removed: Sequence[str], allowed: Sequence[str]) -> list[str]:
    return sorted(set(removed).difference(allowed))


def _look_alike(origin: str) -> str:
    """Lengthen the host, so that an endpoint that compares only the beginning of an origin is found out."""
    scheme, _, address = origin.partition("://")
    host, colon, port = address.partition(":")
    return f"{scheme}://{host}.invalid{colon}{port}"
