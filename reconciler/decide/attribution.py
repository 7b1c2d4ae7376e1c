"""Who moved a field, proved by equal values: the audit log says who gave it the value that is live now.

Only the log's own words count. What they do not prove is called probable, about the object, or unknown, each
with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from reconciler.decide.drift import state_of, strongest_of
from reconciler.decide.fields import canonical
from reconciler.kinds import kind_named
from reconciler.kinds.kind import Kind
from reconciler.model import (
    ActorClass,
    Attribution,
    AuditChange,
    AuditEntry,
    Certainty,
    ChannelDrift,
    DriftState,
    FieldChange,
    FieldDrift,
    Json,
    Pointer,
)

SILENT = "the audit log has no entry about this channel since it was applied"
ELSEWHERE = "entries about this channel do not name the property; the newest is shown"
OTHERWISE = "the newest entry that names the property shows another value"
COARSE = "the newest entry names what holds the property, and not the property itself"
CARRIED = (
    "the newest entry kept what was in the list before; the log that was read does not show who put it there"
)
OLDEST = datetime.min.replace(tzinfo=UTC)
INDEX = re.compile(r"\[[^\]]*\]")


def needs_audit(drift: ChannelDrift) -> bool:
    """Say whether the audit log has to be asked: the live side moved, or nothing says whether it did."""
    if drift.state is DriftState.UNMANAGED:
        return False
    return drift.moved or (drift.live is not None and drift.applied is None)


def needs_older(drift: ChannelDrift) -> bool:
    """Say whether an older part of the log may name who moved an entry of a list that a later write kept."""
    found = (field.attribution for field in drift.fields)
    return any(one.reason is not None and one.reason.startswith(CARRIED) for one in found if one)


def attribute(
    drift: ChannelDrift, entries: Sequence[AuditEntry], client_id: str, gap: str | None
) -> ChannelDrift:
    """Add to each field that moved who moved it; `gap` says why the log of this channel is not whole.

    Where the record does not know the channel, an entry that moved a field from what Git wants to what is live
    proves that it drifted.
    """
    if not needs_audit(drift):
        return drift
    kind = kind_named(drift.kind)
    newest_first = sorted(
        (entry for entry in entries if entry.entity == drift.id),
        key=lambda entry: (_moment(entry.when), entry.id),
        reverse=True,
    )
    fields = tuple(_attributed(kind, drift, field, newest_first, client_id, gap) for field in drift.fields)
    return replace(drift, fields=fields, state=state_of(fields), exposure=strongest_of(fields))


def actor_class(entry: AuditEntry, client_id: str) -> ActorClass:
    """Say what kind of actor an entry names; `client_id` is that of our own credentials."""
    if entry.client_id == client_id:
        return ActorClass.OUR_CLIENT
    if entry.actor_id is not None and entry.actor_id != entry.client_id:
        return ActorClass.PERSON
    return ActorClass.CLIENT if entry.client_id else ActorClass.VENDOR


def _attributed(
    kind: Kind,
    drift: ChannelDrift,
    field: FieldDrift,
    entries: Sequence[AuditEntry],
    client_id: str,
    gap: str | None,
) -> FieldDrift:
    if field.state is DriftState.PENDING:
        return _proved_drifted(kind, drift, field, entries, client_id)
    found = _of_gone(entries) if drift.live is None else _of_field(kind, field, entries)
    return replace(field, attribution=_with_actor(_with_gap(found, gap), client_id))


def _proved_drifted(
    kind: Kind, drift: ChannelDrift, field: FieldDrift, entries: Sequence[AuditEntry], client_id: str
) -> FieldDrift:
    if drift.applied is not None or drift.live is None:
        return field
    entry, change = next(_naming(field.path, entries), (None, None))
    if entry is None or change is None or not _is_exact(kind, field.path, change, field.live):
        return field
    if not _shows(kind, field.path, change.before, field.desired):
        return field
    return replace(
        field,
        state=DriftState.DRIFTED,
        exposure=kind.exposure(FieldChange(field.path, field.desired, field.live)),
        attribution=_with_actor(Attribution(Certainty.EXACT, entry=entry), client_id),
    )


def _of_field(kind: Kind, field: FieldDrift, entries: Sequence[AuditEntry]) -> Attribution:
    entry, change = next(_naming(field.path, entries), (None, None))
    if entry is not None and change is not None:
        if _is_exact(kind, field.path, change, field.live):
            is_set = field.path in kind.sets
            return _of_members(field, entries) if is_set else Attribution(Certainty.EXACT, entry=entry)
        reason = OTHERWISE if _is_named(field.path, change) else COARSE
        return Attribution(Certainty.PROBABLE, reason, entry)
    return _of_object(entries)


def _of_members(field: FieldDrift, entries: Sequence[AuditEntry]) -> Attribution:
    """Name who moved the newest of those members that differ from what was applied.

    A later write, such as one of ours that met a concurrent edit, may only have carried them along. The entries
    are followed back as long as each begins with what the one before it left.
    """
    applied, now = set(_texts(field.applied)), set(_texts(field.live))
    differing = applied ^ now
    newest = None
    for entry, change in _naming(field.path, entries):
        before, after = set(_texts(change.before)), set(_texts(change.after))
        if not _is_named(field.path, change) or after != now:
            break
        if (before ^ after) & differing:
            return Attribution(Certainty.EXACT, entry=entry)
        newest, now = newest or entry, before
    return Attribution(Certainty.PROBABLE, CARRIED, newest)


def _of_gone(entries: Sequence[AuditEntry]) -> Attribution:
    if entries and entries[0].action.lower() == "delete":
        return Attribution(Certainty.EXACT, entry=entries[0])
    return _of_object(entries)


def _of_object(entries: Sequence[AuditEntry]) -> Attribution:
    if entries:
        return Attribution(Certainty.OBJECT, ELSEWHERE, entries[0])
    return Attribution(Certainty.UNKNOWN, SILENT)


def _with_gap(found: Attribution, gap: str | None) -> Attribution:
    """Say that the log is not whole, where that may be why it proves no more."""
    if gap is None or found.certainty is Certainty.EXACT:
        return found
    return replace(found, reason=f"{found.reason}; {gap}" if found.entry else gap)


def _with_actor(found: Attribution, client_id: str) -> Attribution:
    return replace(found, actor=actor_class(found.entry, client_id)) if found.entry else found


def _naming(path: Pointer, entries: Sequence[AuditEntry]) -> Iterator[tuple[AuditEntry, AuditChange]]:
    """Give each entry, newest first, that names the property at a path or what holds it."""
    dotted = ".".join(map(str, path))
    for entry in entries:
        for change in entry.changes:
            name = _plain(change.property)
            if name and (dotted == name or dotted.startswith(f"{name}.")):
                yield entry, change


def _is_exact(kind: Kind, path: Pointer, change: AuditChange, live: Json) -> bool:
    return _is_named(path, change) and _shows(kind, path, change.after, live)


def _is_named(path: Pointer, change: AuditChange) -> bool:
    return _plain(change.property) == ".".join(map(str, path))


def _plain(name: str) -> str:
    """Write a property's name with dots, whatever the log separates it by, and without an index."""
    return INDEX.sub("", name).replace("/", ".").strip(".")


def _shows(kind: Kind, path: Pointer, told: Json, value: Json) -> bool:
    """Say whether the log's values mean this value: it writes each as a list, and may write texts alone."""
    listed, wanted = _texts(told), _texts(value)
    return sorted(listed) == sorted(wanted) if path in kind.sets else listed == wanted


def shows_value(told: Json, value: Json) -> bool:
    """Say whether the log's values mean this value, whatever their order."""
    return sorted(_texts(told)) == sorted(_texts(value))


def _texts(value: Json) -> list[str]:
    values = value if isinstance(value, list) else [] if value is None else [value]
    return [one if isinstance(one, str) else canonical(one) for one in values]


def _moment(when: str) -> datetime:
    try:
        moment = datetime.fromisoformat(when)
    except ValueError:
        return OLDEST
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
