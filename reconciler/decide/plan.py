"""Pair what Git wants with what is live, and say what would change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from reconciler.decide.diff import compare
from reconciler.decide.exposure import strongest
from reconciler.decide.ignores import NOTHING, Ignored, leave_alone
from reconciler.decide.pairing import Pinned, identify, pin_exposure, planned_pin, reference
from reconciler.decide.webhooks import plan_webhooks
from reconciler.kinds import KINDS, kind_named
from reconciler.kinds.kind import Steps
from reconciler.model import (
    Action,
    Binding,
    Change,
    Channel,
    Exposure,
    FieldChange,
    LiveChannel,
    LiveWebhook,
    Plan,
)

_ORDER = {
    Action.CREATE: 0,
    Action.UPDATE: 0,
    Action.UNCHANGED: 0,
    Action.DELETE: 1,
    Action.UNMANAGED: 2,
}


def make_plan(
    binding: Binding,
    channels: Sequence[Channel],
    live: Sequence[LiveChannel],
    webhooks_live: Sequence[LiveWebhook],
    *,
    applied: Mapping[tuple[str, str], str] | None = None,
    prune: bool = False,
    only: frozenset[str] | None = None,
    pinned: Pinned = MappingProxyType({}),
    ignored: Ignored = NOTHING,
) -> Plan:
    """Say what would change, pairing by kind and id.

    A live channel that no file names is deleted only with `prune` and where the record says that Git once
    managed it (`applied`: kind and id, with the `metadata.name` of then); otherwise it is unmanaged. `only`
    restricts the plan to the channels of these `metadata.name`s: nothing else appears in it, unmanaged
    channels neither. `ignored` fields of what is live are not managed.

    Changes stand by kind (in the order of `KINDS`); within a kind those of files come first, then deletes,
    then unmanaged channels, each by name and id. What is only listed keeps its id, name and revision but no
    document: a plan holds the live documents of what it writes, and of nothing else.
    """
    by_id = {(one.kind, one.id): one for one in live}
    channels = leave_alone(identify(channels, live, only), by_id, ignored)
    chosen = [channel for channel in channels if only is None or channel.name in only]
    changes = _changes(channels, by_id, only, pinned)
    if only is None:
        named = {(channel.kind, channel.id) for channel in channels}
        strangers = [one for one in live if (one.kind, one.id) not in named]
        changes.extend(_without_files(strangers, (applied or {}) if prune else {}))
    return Plan(binding, tuple(sorted(changes, key=_place)), plan_webhooks(chosen, webhooks_live))


def _place(change: Change) -> tuple[int, int, str, str]:
    kind = kind_named(change.kind)
    # What others may still refer to goes when they have let go of it.
    last = change.action is Action.DELETE and kind.steps is Steps.PUBLISH
    return (len(KINDS) if last else KINDS.index(kind), _ORDER[change.action], change.name, change.id)


def _changes(
    channels: Sequence[Channel],
    by_id: Mapping[tuple[str, str], LiveChannel],
    only: frozenset[str] | None,
    pinned: Pinned,
) -> list[Change]:
    """Make the change of each channel: first of those that others refer to, also where `only` leaves them out."""
    made: dict[str, Change] = {}
    for channel in sorted(channels, key=lambda channel: KINDS.index(kind_named(channel.kind))):
        if only is not None and channel.name not in only and not _is_referred(channel):
            continue
        live = by_id.get((channel.kind, channel.id or ""))
        if kind_named(channel.kind).steps is not Steps.DEPLOY:
            made[channel.name] = _change(channel, live)
            continue
        wanted, waits_for = planned_pin(channel, live, made, only, pinned)
        referred = made.get(reference(channel) or "")
        # The configuration's own change, in the same plan, says what the new version does.
        moves = (
            Exposure.NEUTRAL
            if waits_for
            else pin_exposure(live, referred.channel if referred else None, pinned)
        )
        made[channel.name] = _change(wanted, live, waits_for, moves)
    return [change for name, change in made.items() if only is None or name in only]


def _is_referred(channel: Channel) -> bool:
    return kind_named(channel.kind).steps is Steps.PUBLISH


def _change(
    channel: Channel, live: LiveChannel | None, waits_for: str | None = None, moves: Exposure | None = None
) -> Change:
    fields = (
        _created(channel) if live is None else compare(kind_named(channel.kind), live.document, channel.spec)
    )
    if channel.overlaid:
        fields = tuple(replace(field, origin=channel.origin(field.path)) for field in fields)
    if moves is not None:
        fields = tuple(
            replace(field, exposure=moves) if field.path[0] == "configuration" else field for field in fields
        )
    return Change(
        action=Action.CREATE if live is None else Action.UPDATE if fields else Action.UNCHANGED,
        kind=channel.kind,
        name=channel.name,
        id=live.id if live else channel.id or "",
        channel=channel,
        live=live if fields or live is None else _listed(live),
        fields=fields,
        exposure=strongest([field.exposure for field in fields]),
        waits_for=waits_for if fields else None,
    )


def _listed(live: LiveChannel) -> LiveChannel:
    return LiveChannel(live.kind, live.id, live.name, {}, live.revision)


def _created(channel: Channel) -> tuple[FieldChange, ...]:
    """Give every field of a new channel; nothing but what opens it, if it is enabled, concerns exposure."""
    kind = kind_named(channel.kind)
    enabled = kind.enabled(channel.spec)
    return tuple(
        field if enabled and field.exposure is Exposure.WIDENS else replace(field, exposure=Exposure.NEUTRAL)
        for field in compare(kind, {}, channel.spec)
    )


def _without_files(live: Sequence[LiveChannel], prunable: Mapping[tuple[str, str], str]) -> Iterator[Change]:
    for one in live:
        name = prunable.get((one.kind, one.id))
        if name is not None:
            yield Change(Action.DELETE, one.kind, name, one.id, None, one, exposure=Exposure.NARROWS)
        else:
            yield Change(Action.UNMANAGED, one.kind, one.name, one.id, None, _listed(one))
