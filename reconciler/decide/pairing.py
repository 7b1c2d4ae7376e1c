"""Which live resource a file means, and which published version a deployment pins.

A file with `spec.id` means that resource; a file without, of a kind whose ids the remote chooses, means the one
resource of its `spec.name`, which is created if there is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from reconciler.decide.diff import compare
from reconciler.decide.exposure import strongest
from reconciler.errors import Unpaired, UsageError
from reconciler.kinds import kind_named
from reconciler.kinds.kind import Steps
from reconciler.kinds.web_messaging_configuration import version_number
from reconciler.model import Action, Change, Channel, Exposure, Json, JsonObject, LiveChannel

End = TypeVar("End")
"""How a change ends, or will."""


def identify(
    channels: Sequence[Channel], live: Sequence[LiveChannel], only: frozenset[str] | None = None
) -> tuple[Channel, ...]:
    """Give every channel with the id of the live resource that its file means, where there is one.

    Raises `Unpaired` where an id leads nowhere and the remote would not take it, or a name to two resources. Of
    channels that are not in `only` nothing is demanded.
    """
    by_id = {(one.kind, one.id): one for one in live}
    claimed = {(channel.kind, channel.id) for channel in channels if channel.id}
    by_name: dict[tuple[str, str], list[LiveChannel]] = {}
    for one in live:
        if (one.kind, one.id) not in claimed:
            by_name.setdefault((one.kind, one.name), []).append(one)
    return tuple(_identified(channel, by_id, by_name, only) for channel in channels)


def live_pins(channels: Sequence[Channel], live: Sequence[LiveChannel]) -> tuple[Channel, ...]:
    """Give every channel with its reference as the pin that is live; `channels` are identified."""
    by_id = {(one.kind, one.id): one for one in live}
    return tuple(
        with_pin(channel, one.document.get("configuration"))
        if reference(channel) and (one := by_id.get((channel.kind, channel.id or "")))
        else channel
        for channel in channels
    )


Pinned = Mapping[tuple[str, str], LiveChannel]
"""Versions that live deployments pin and that are not the newest, by id and version."""


def pins(channels: Sequence[Channel], live: Sequence[LiveChannel], pinned: Pinned) -> tuple[Channel, ...]:
    """Give every channel with its references as pins of what is published now; `channels` are identified.

    Where what is published is not what Git wants, which the configuration itself shows, no pin is wanted yet.
    """
    by_id = {(one.kind, one.id): one for one in live}
    named = {channel.name: channel for channel in channels}
    return tuple(_pinned_now(channel, named, by_id, pinned) for channel in channels)


def pins_to_look_at(channels: Sequence[Channel], live: Sequence[LiveChannel]) -> tuple[tuple[str, str], ...]:
    """Give the versions, by id and version, that deployments of these files pin although there is a newer one.

    Only their content can tell whether the deployment shows what Git wants; that of the newest is known.
    """
    by_id = {(one.kind, one.id): one for one in live}
    named = {channel.name: channel for channel in channels}
    found: dict[tuple[str, str], None] = {}
    for channel in channels:
        wanted = named.get(reference(channel) or "")
        deployed = by_id.get((channel.kind, channel.id or ""))
        published = by_id.get((wanted.kind, wanted.id or "")) if wanted else None
        key = _key(deployed)
        if published and key and key[0] == published.id and key[1] != published.revision.value:
            found[key] = None
    return tuple(found)


def planned_pin(
    channel: Channel,
    live: LiveChannel | None,
    configurations: Mapping[str, Change],
    chosen: frozenset[str] | None,
    pinned: Pinned,
) -> tuple[Channel, str | None]:
    """Give a deployment with its reference as a pin, and the configuration that must be published before.

    What is to be created keeps its reference until it has an id. A configuration that changes and is left out
    by `--only` leaves the live pin where it is.
    """
    name = reference(channel)
    change = configurations.get(name) if name else None
    if name is None or change is None:
        return channel, None
    if change.action is Action.UNCHANGED and change.live and change.channel:
        if live and fits(live, change.channel, pinned):
            return with_pin(channel, live.document.get("configuration")), None
        return with_pin(channel, _pin(change.id, change.live.revision.value)), None
    if chosen is not None and name not in chosen:
        if live is None:
            raise UsageError(
                f"--only {channel.name}: its configuration {name} is not as Git wants it; add --only {name}"
            )
        return with_pin(channel, live.document.get("configuration")), None
    if change.action is Action.CREATE or change.live is None:
        return channel, name
    return with_pin(channel, _pin(change.id, next_version(change.live))), name


@dataclass(slots=True)
class Precedence(Generic[End]):
    """How changes end that others wait for, looked up: to ask every change of ten thousand about every other is slow.

    A configuration is published before it is pinned, and deleted after every deployment was written.
    """

    published: dict[str, list[End]] = field(default_factory=dict)
    deployed: list[End] = field(default_factory=list)

    def add(self, change: Change, end: End) -> None:
        """Note the end of a change."""
        steps = kind_named(change.kind).steps
        if steps is Steps.PUBLISH:
            self.published.setdefault(change.name, []).append(end)
        elif steps is Steps.DEPLOY:
            self.deployed.append(end)

    def before(self, change: Change) -> Sequence[End]:
        """Give the ends, of those noted so far, that must have come before a change is begun."""
        if change.waits_for is not None:
            return self.published.get(change.waits_for, ())
        deletes = change.action is Action.DELETE and kind_named(change.kind).steps is Steps.PUBLISH
        return self.deployed if deletes else ()


def precedes(first: Change, second: Change) -> bool:
    """Say whether a change must have ended before another is begun."""
    noted: Precedence[None] = Precedence()
    noted.add(first, None)
    return bool(noted.before(second))


def reference(channel: Channel) -> str | None:
    """Give the `metadata.name` of the configuration that a deployment refers to."""
    if kind_named(channel.kind).steps is not Steps.DEPLOY:
        return None
    pin = channel.spec.get("configuration")
    name = pin.get("ref") if isinstance(pin, Mapping) else None
    return name if isinstance(name, str) else None


def with_pin(channel: Channel, pin: Json) -> Channel:
    """Give a deployment that pins this."""
    held = {name: pin[name] for name in ("id", "version") if name in pin} if isinstance(pin, Mapping) else pin
    spec = {**channel.spec, "configuration": held}
    reference = channel.origin(("configuration", "ref"))
    overlaid = {**channel.overlaid, ("configuration",): reference} if reference else channel.overlaid
    return replace(channel, spec=spec, overlaid=overlaid)


def fits(live: LiveChannel, wanted: Channel, pinned: Pinned) -> bool:
    """Say whether the older version that a live deployment pins holds what Git wants, so that it may stay."""
    version = pinned.get(_key(live) or ("", ""))
    return version is not None and not compare(kind_named(wanted.kind), version.document, wanted.spec)


def pin_exposure(live: LiveChannel | None, wanted: Channel | None, pinned: Pinned) -> Exposure:
    """Say what moving a pin away from an older version does: what the fields do that Git manages in it."""
    version = pinned.get(_key(live) or ("", ""))
    if version is None or wanted is None:
        return Exposure.UNKNOWN
    fields = compare(kind_named(wanted.kind), version.document, wanted.spec)
    return strongest(field.exposure for field in fields)


def _key(live: LiveChannel | None) -> tuple[str, str] | None:
    pin = live.document.get("configuration") if live else None
    if not isinstance(pin, Mapping):
        return None
    id_, version = pin.get("id"), pin.get("version")
    return (id_, version) if isinstance(id_, str) and isinstance(version, str) else None


def next_version(live: LiveChannel) -> str:
    """Give the version that publishing makes."""
    return str((version_number(live.revision.value) or 0) + 1)


def _pin(id_: str, version: str) -> JsonObject:
    return {"id": id_, "version": version}


def _identified(
    channel: Channel,
    by_id: Mapping[tuple[str, str], LiveChannel],
    by_name: Mapping[tuple[str, str], Sequence[LiveChannel]],
    only: frozenset[str] | None,
) -> Channel:
    kind = kind_named(channel.kind)
    if not kind.is_named:
        return channel
    demanded = only is None or channel.name in only
    if channel.id:
        if demanded and (channel.kind, channel.id) not in by_id:
            raise Unpaired(
                f"{channel.file}: no live {kind.noun} has the id {channel.id}, and the remote chooses ids itself;"
                " correct spec.id, or leave it out to have one created"
            )
        return channel
    found = by_name.get((channel.kind, str(channel.spec.get("name"))), ())
    if len(found) > 1 and demanded:
        ids = ", ".join(one.id for one in found[:5])
        raise Unpaired(
            f"{channel.file}: {len(found)} live {kind.noun}s have this name ({ids});"
            " write the id of the right one as spec.id"
        )
    return replace(channel, id=found[0].id) if len(found) == 1 else channel


def _pinned_now(
    channel: Channel,
    named: Mapping[str, Channel],
    by_id: Mapping[tuple[str, str], LiveChannel],
    pinned: Pinned,
) -> Channel:
    name = reference(channel)
    wanted = named.get(name) if name else None
    if wanted is None:
        return channel
    published = by_id.get((wanted.kind, wanted.id or ""))
    live = by_id.get((channel.kind, channel.id or ""))
    if live and fits(live, wanted, pinned):
        return with_pin(channel, live.document.get("configuration"))
    if published and not compare(kind_named(wanted.kind), published.document, wanted.spec):
        return with_pin(channel, _pin(published.id, published.revision.value))
    return with_pin(channel, live.document.get("configuration")) if live else channel
