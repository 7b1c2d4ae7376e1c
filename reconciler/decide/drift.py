"""Three sides of every channel: what was last applied, what is live, and what Git wants now.

A field on which live and Git agree is in order, whatever was applied. Where they differ, the applied value says
who moved: *pending* if only Git did, *drifted* if only the live side did, *both* if neither holds it any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.decide.exposure import strongest
from reconciler.decide.fields import leaves, same, value_at
from reconciler.decide.ignores import NOTHING, Ignored, leave_alone
from reconciler.kinds import KINDS, kind_named
from reconciler.kinds.kind import Kind
from reconciler.model import (
    Applied,
    Channel,
    ChannelDrift,
    DriftState,
    Exposure,
    FieldChange,
    FieldDrift,
    Json,
    JsonObject,
    LiveChannel,
    Pointer,
    pointer_text,
)


def read_applied(document: JsonObject) -> Applied | None:
    """Take what the record says was applied to one channel; None where it cannot be understood.

    The record is a branch that others can push to, so nothing in it is believed to have a type.
    """
    kind, id_, spec = (document.get(name) for name in ("kind", "id", "spec"))
    if not isinstance(kind, str) or not isinstance(id_, str) or not isinstance(spec, Mapping):
        return None
    run, when = (value if isinstance(value, str) else None for value in map(document.get, ("run", "when")))
    return Applied(kind, id_, spec, run, when)


def find_drift(
    channels: Sequence[Channel],
    live: Sequence[LiveChannel],
    applied: Mapping[str, Applied],
    *,
    only: frozenset[str] | None = None,
    ignored: Ignored = NOTHING,
) -> tuple[ChannelDrift, ...]:
    """Give every channel on which the sides do not agree, by kind and name; `applied` is by `metadata.name`.

    `only` restricts it to the channels of these `metadata.name`s: nothing else appears, unmanaged ones neither.

    Where the record does not know a channel, nothing says that the live side moved, so a difference is pending
    until the audit log proves otherwise (`attribution.attribute`).
    """
    by_id = {(one.kind, one.id): one for one in live}
    channels = leave_alone(channels, by_id, ignored)
    managed = [
        _of_channel(channel, by_id.get((channel.kind, channel.id or "")), applied.get(channel.name))
        for channel in channels
        if only is None or channel.name in only
    ]
    named = {(channel.kind, channel.id) for channel in channels}
    strangers = [_unmanaged(one) for one in live if only is None and (one.kind, one.id) not in named]
    return tuple(sorted([*filter(None, managed), *strangers], key=_place))


def state_of(fields: Iterable[FieldDrift]) -> DriftState:
    """Give the state of a channel of its fields' states: the one that all have, else both."""
    states = {field.state for field in fields}
    return states.pop() if len(states) == 1 else DriftState.BOTH


def strongest_of(fields: Iterable[FieldDrift]) -> Exposure:
    """Give the strongest exposure of these fields."""
    return strongest(field.exposure for field in fields)


def moved_exposure(drifts: Iterable[ChannelDrift]) -> Exposure:
    """Give the strongest exposure of what moved on the live side; what is pending is the plan's to judge."""
    return strongest_of(
        field for drift in drifts for field in drift.fields if field.state is not DriftState.PENDING
    )


def _place(drift: ChannelDrift) -> tuple[int, bool, str, str]:
    return (
        KINDS.index(kind_named(drift.kind)),
        drift.state is DriftState.UNMANAGED,
        drift.name,
        drift.id,
    )


def _unmanaged(live: LiveChannel) -> ChannelDrift:
    return ChannelDrift(live.kind, live.name, live.id, DriftState.UNMANAGED, None, None, live)


def _of_channel(channel: Channel, live: LiveChannel | None, applied: Applied | None) -> ChannelDrift | None:
    identity = live.id if live else channel.id or (applied.id if applied else "")
    if applied and (applied.kind, applied.id) != (channel.kind, identity):
        applied = None  # the name was given to another channel
    kind = kind_named(channel.kind)
    before = kind.normalise(applied.spec) if applied else {}
    now = kind.normalise(live.document) if live else {}
    wanted = leaves(kind.normalise(channel.spec))
    fields = tuple(
        _field(kind, path, (value_at(before, path), value_at(now, path), wanted[path]), gone=live is None)
        for path in sorted(wanted, key=pointer_text)
        if not same(value_at(now, path), wanted[path])
    )
    if not fields:
        return None
    return ChannelDrift(
        kind=channel.kind,
        name=channel.name,
        id=identity,
        state=state_of(fields),
        channel=channel,
        applied=applied,
        live=live,
        fields=fields,
        exposure=strongest_of(fields),
    )


def _field(kind: Kind, path: Pointer, sides: tuple[Json, Json, Json], *, gone: bool) -> FieldDrift:
    applied, live, desired = sides
    # A field that the record lacks is one that Git manages since: nothing says what its live value was.
    if applied is None or same(live, applied):
        exposure = kind.exposure(FieldChange(path, live, desired))
        return FieldDrift(path, DriftState.PENDING, applied, live, desired, exposure)
    state = DriftState.DRIFTED if same(desired, applied) else DriftState.BOTH
    # A channel that is not there any more is reached by nobody.
    exposure = Exposure.NARROWS if gone else kind.exposure(FieldChange(path, applied, live))
    return FieldDrift(path, state, applied, live, desired, exposure)
