"""Pair what Git wants with what is live, and say what would change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from reconciler.decide.diff import compare
from reconciler.decide.exposure import strongest
from reconciler.decide.webhooks import plan_webhooks
from reconciler.kinds import KINDS, kind_named
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
) -> Plan:
    """Say what would change, pairing by kind and id.

    A live channel that no file names is deleted only with `prune` and where the record says that Git once
    managed it (`applied`: kind and id, with the `metadata.name` of then); otherwise it is unmanaged. `only`
    restricts the plan to the channels of these `metadata.name`s: nothing else appears in it, unmanaged
    channels neither.

    Changes stand by kind (in the order of `KINDS`); within a kind those of files come first, then deletes,
    then unmanaged channels, each by name and id. What is only listed keeps its id, name and revision but no
    document: a plan holds the live documents of what it writes, and of nothing else.
    """
    by_id = {(one.kind, one.id): one for one in live}
    chosen = [channel for channel in channels if only is None or channel.name in only]
    changes = [_change(channel, by_id.get((channel.kind, channel.id or ""))) for channel in chosen]
    if only is None:
        named = {(channel.kind, channel.id) for channel in channels}
        strangers = [one for one in live if (one.kind, one.id) not in named]
        changes.extend(_without_files(strangers, (applied or {}) if prune else {}))
    return Plan(binding, tuple(sorted(changes, key=_place)), plan_webhooks(chosen, webhooks_live))


def _place(change: Change) -> tuple[int, int, str, str]:
    return (KINDS.index(kind_named(change.kind)), _ORDER[change.action], change.name, change.id)


def _change(channel: Channel, live: LiveChannel | None) -> Change:
    fields = (
        _created(channel) if live is None else compare(kind_named(channel.kind), live.document, channel.spec)
    )
    return Change(
        action=Action.CREATE if live is None else Action.UPDATE if fields else Action.UNCHANGED,
        kind=channel.kind,
        name=channel.name,
        id=live.id if live else channel.id or "",
        channel=channel,
        live=live if fields or live is None else replace(live, document={}),
        fields=fields,
        exposure=strongest(field.exposure for field in fields),
    )


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
            yield Change(Action.UNMANAGED, one.kind, one.name, one.id, None, replace(one, document={}))
