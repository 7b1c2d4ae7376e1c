"""What happened to one channel: commits that set its fields, applies that wrote them, edits that moved them.

Pure: events are made of versions of a file and of recorded runs, which may hold anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NamedTuple

from reconciler.decide.fields import leaves, same
from reconciler.model import Json, JsonObject, pointer_text

OLDEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Moved:
    """One field that an event moved."""

    path: str
    before: Json
    after: Json


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a channel."""

    when: str
    what: str
    """`commit`, `apply` or `edit`."""
    who: str | None
    id: str
    """Of the commit, the run, or the audit entry."""
    text: str
    fields: tuple[Moved, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Versions that went by between two looks of ours, and were not ours."""

    name: str
    id: str
    run: str
    """The run that met the gap."""
    when: str
    known: str
    """The version that our last write made."""
    found: str
    versions: int | None
    """How many versions others made; None where versions are no numbers."""


def moved(before: JsonObject, after: JsonObject) -> tuple[Moved, ...]:
    """Give the fields in which two specs differ."""
    old, new = leaves(before), leaves(after)
    paths = sorted({*old, *new}, key=pointer_text)
    return tuple(
        Moved(pointer_text(path), old.get(path), new.get(path))
        for path in paths
        if not same(old.get(path), new.get(path))
    )


def run_events(records: Iterable[JsonObject], name: str) -> Iterator[Event]:
    """Give what recorded runs say of one channel: what they wrote, and who else moved it.

    An edit that several runs met is one event, with every field that any of them saw it move.
    """
    edits: dict[str, Event] = {}
    for record in records:
        if record.get("command") == "apply":
            yield from _applied(record, name)
            found = _audited(record, name)
        else:
            found = _attributed(record, name)
        for event in found:
            edits[event.id] = _together(edits.get(event.id), event)
    yield from edits.values()


def ordered(events: Iterable[Event], field: str | None) -> list[Event]:
    """Put events in order of time; with a field, those that moved it or what lies below it, and that alone of them."""
    kept = list(events)
    if field is not None:
        seen = [
            replace(event, fields=tuple(one for one in event.fields if _is_at(one.path, field)))
            for event in kept
        ]
        kept = [event for event in seen if event.fields]
    # Git's times are whole seconds; of one of them, commits keep the order of Git.
    return sorted(kept, key=lambda event: (_moment(event.when), event.what))


def gaps(records: Sequence[JsonObject]) -> list[Gap]:
    """Give, per channel, where its live version moved more than our writes explain.

    Runs side by side are recorded in the order in which they ended, so that a version that another of them wrote, or
    began with, is explained as well; one that we wrote twice is that of a channel which somebody made anew.
    """
    steps = [step for record in records for step in _steps(record)]
    ours = {(step.channel, step.after) for step in steps if step.is_ours}
    known: dict[tuple[str, str], str] = {}
    seen: set[tuple[tuple[str, str], str]] = set()
    written: set[tuple[tuple[str, str], str]] = set()
    found: list[Gap] = []
    for step in steps:
        channel, before, after = step.channel, (step.channel, step.before), (step.channel, step.after)
        is_known = (before in seen or before in ours) and not (step.is_ours and after in written)
        if step.before and not is_known and known.get(channel, step.before) != step.before:
            found.append(_gap(step, known[channel]))
        seen |= {before, after}
        if step.is_ours:
            written.add(after)
        if step.after:
            known[channel] = step.after
    return found


class _Step(NamedTuple):
    """What one outcome says of the versions of a channel."""

    record: JsonObject
    outcome: JsonObject
    channel: tuple[str, str]
    """Organisation and id: organisations of a fleet may have channels of one id."""
    before: str
    after: str
    is_ours: bool
    """Whether we wrote what came after."""


def _steps(record: JsonObject) -> Iterator[_Step]:
    for outcome in _rows(record, "outcomes"):
        id_, revision = _text(outcome, "id"), outcome.get("revision")
        if isinstance(revision, Mapping) and id_:
            before, after = _text(revision, "before"), _text(revision, "after")
            is_ours = outcome.get("result") == "applied" and bool(after)
            yield _Step(record, outcome, (_text(record, "organisation"), id_), before, after, is_ours)


def _gap(step: _Step, known: str) -> Gap:
    record, outcome, before = step.record, step.outcome, step.before
    numbers = re.fullmatch(r"\d{1,18}", known) and re.fullmatch(r"\d{1,18}", before)
    return Gap(
        name=_text(outcome, "name"),
        id=_text(outcome, "id"),
        run=_text(record, "run"),
        when=_text(record, "when"),
        known=known,
        found=before,
        versions=int(before) - int(known) if numbers else None,
    )


def _applied(record: JsonObject, name: str) -> Iterator[Event]:
    plan = record.get("plan")
    planned = {
        _text(row, "name"): row for row in _rows(plan if isinstance(plan, Mapping) else {}, "channels")
    }
    for outcome in _rows(record, "outcomes"):
        if _text(outcome, "name") != name or outcome.get("result") not in ("applied", "already"):
            continue
        changes = _rows(planned.get(name, {}), "changes")
        commit = _text(record, "commit")[:12]
        text = f"{_text(outcome, 'action')}: {_text(outcome, 'result')}{f', of commit {commit}' if commit else ''}"
        who, run = _client(record, name), _text(record, "run")
        yield Event(_text(record, "when"), "apply", who, run, text, _moved_of(changes))


def _client(record: JsonObject, name: str) -> str | None:
    """Name the OAuth client that wrote a channel in a run, where the log of that run shows one alone."""
    trail = record.get("audit")
    entries = _rows(trail if isinstance(trail, Mapping) else {}, "entries")
    mine = [entry for entry in entries if _text(entry, "name") == name]
    found = {_name(entry.get("actor")) for entry in mine if _id(entry.get("actor")) == entry.get("client")}
    return found.pop() if len(found) == 1 else None


def _audited(record: JsonObject, name: str) -> Iterator[Event]:
    trail = record.get("audit")
    for entry in _rows(trail if isinstance(trail, Mapping) else {}, "entries"):
        actor = entry.get("actor")
        who = _name(actor)
        # Entries of a client are applies, and those stand in the records themselves.
        if _text(entry, "name") != name or not who or _id(actor) == entry.get("client"):
            continue
        fields = tuple(
            Moved("/" + _text(row, "property").replace(".", "/"), row.get("before"), row.get("after"))
            for row in _rows(entry, "changes")
        )
        yield Event(
            _text(entry, "when"), "edit", who, _text(entry, "id"), _text(entry, "action").lower(), fields
        )


def _attributed(record: JsonObject, name: str) -> Iterator[Event]:
    for channel in _rows(record, "channels"):
        if _text(channel, "name") != name:
            continue
        for row in _rows(channel, "fields"):
            found = row.get("attribution")
            if not isinstance(found, Mapping) or found.get("certainty") != "exact":
                continue
            path = _text(row, "path")
            fields = (Moved(path, row.get("applied"), row.get("live")),)
            id_ = _text(found, "entry") or f"{_text(record, 'run')}{path}"
            yield Event(_text(found, "when"), "edit", _name(found.get("actor")), id_, "seen as drift", fields)


def _together(known: Event | None, event: Event) -> Event:
    if known is None:
        return event
    paths = {one.path for one in known.fields}
    return replace(known, fields=(*known.fields, *(one for one in event.fields if one.path not in paths)))


def _moved_of(changes: Sequence[JsonObject]) -> tuple[Moved, ...]:
    return tuple(Moved(_text(row, "path"), row.get("before"), row.get("after")) for row in changes)


def _is_at(path: str, field: str) -> bool:
    return path == field or path.startswith(f"{field}/")


def _name(actor: Json) -> str | None:
    if not isinstance(actor, Mapping):
        return None
    return _text(actor, "name") or _text(actor, "id") or None


def _id(actor: Json) -> Json:
    return actor.get("id") if isinstance(actor, Mapping) else None


def _rows(document: JsonObject, key: str) -> list[JsonObject]:
    rows = document.get(key)
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _text(document: JsonObject, key: str) -> str:
    value = document.get(key)
    return value if isinstance(value, str) else ""


def _moment(when: str) -> datetime:
    try:
        found = datetime.fromisoformat(when)
    except ValueError:
        return OLDEST
    return found if found.tzinfo else found.replace(tzinfo=UTC)
