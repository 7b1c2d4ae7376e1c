"""Which endpoint checks prove a channel: origins that must be accepted, and origins that must be refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.kinds.kind import Kind
from reconciler.model import Channel, Guest, JsonObject, Served, Target, Verdict

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


def deployment_targets(
    kind: Kind,
    channel: Channel,
    *,
    socket_url: str,
    config_url: str,
    guest: Guest,
    removed_origins: Sequence[str] = (),
    cap: int = 10,
) -> tuple[Target, ...]:
    """Give what to ask of a deployment: what browsers load, who is let in, and one guest session.

    One that lets every site in refuses nobody; one that lists sites must refuse an unlisted one, a look-alike and
    those that were just removed. All are asked one after the other: connections to a deployment are rationed.
    """
    if not kind.enabled(channel.spec):
        return ()
    everybody = channel.spec.get("allowAllDomains") is True
    allowed = kind.origins(channel.spec) or ((UNLISTED,) if everybody else ())
    suspects = [UNLISTED, *map(_look_alike, allowed[:1]), *_still_removed(removed_origins, allowed)[:cap]]
    refused = () if everybody else [one for one in dict.fromkeys(suspects) if not _is_below(one, allowed)]
    if not allowed:
        # What Git does not manage cannot be proved; a guest session needs an origin that is let in.
        refused = ()
    shown = Target(
        channel.name,
        config_url,
        allowed[0] if allowed else UNLISTED,
        Verdict.ACCEPTED,
        served=Served(_pinned(channel.spec), str(channel.spec.get("status"))),
    )
    turn = guest.deployment
    accepted = [
        Target(channel.name, socket_url, origin, Verdict.ACCEPTED, turn, None if place else guest)
        for place, origin in enumerate(allowed[:cap])
    ]
    return (
        shown,
        *accepted,
        *(Target(channel.name, socket_url, origin, Verdict.REFUSED, turn) for origin in refused),
    )


def _pinned(spec: JsonObject) -> str | None:
    pin = spec.get("configuration")
    version = pin.get("version") if isinstance(pin, Mapping) else None
    return None if version is None else str(version)


def _is_below(origin: str, allowed: Sequence[str]) -> bool:
    """Say whether an origin's host is an allowed one or below it: a domain includes its sub-domains."""
    host = origin.partition("://")[2]
    return any(host == one or host.endswith("." + one) for one in (o.partition("://")[2] for o in allowed))


def _still_removed(removed: Sequence[str], allowed: Sequence[str]) -> list[str]:
    return sorted(set(removed).difference(allowed))


def _look_alike(origin: str) -> str:
    """Lengthen the host, so that an endpoint that compares only the beginning of an origin is found out."""
    scheme, _, address = origin.partition("://")
    host, colon, port = address.partition(":")
    return f"{scheme}://{host}.invalid{colon}{port}"
