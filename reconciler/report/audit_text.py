"""What the remote's audit log said, as terminal text."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model import JsonObject
from reconciler.report import facts, people
from reconciler.report.changes import field_views
from reconciler.report.counts import counted, listed
from reconciler.report.plan_text import field_lines
from reconciler.report.terminal import Colour, Line, Paint, wrapped

CHANGES = 20
"""Properties of one entry that are shown before the rest is counted."""
NAMES = 20


def trail_lines(trail: JsonObject, width: int) -> Iterator[Line]:
    """Write an audit trail, whether it is a document of its own or part of a run."""
    entries = facts.rows(trail, "entries")
    yield Paint(f"Audit log: {counted(len(entries), 'entry', 'entries')}", Colour.BOLD), ""
    for entry in entries:
        yield from _entry_lines(entry, width)
    yield from _gaps(trail, width)


def audit_lines(document: JsonObject, width: int) -> Iterator[Line]:
    """Write an audit trail, and by which aliases the records know its people."""
    yield from trail_lines(document, width)
    entries = facts.rows(document, "entries")
    known = {people.alias(entry.get("actor"), entry.get("client")): actor(entry) for entry in entries}
    for alias, who in known.items():
        if alias:
            yield from wrapped(f"{alias} in records is {who}", width, indent=2, colour=Colour.DIM)


def actor(entry: JsonObject) -> str:
    """Name who did it: the person, else the client."""
    who = facts.part(entry, "actor")
    name, identity, client = facts.word(who, "name"), facts.word(who, "id"), facts.word(entry, "client")
    if name or identity:
        return f"{name} ({identity})" if name and identity else name or identity
    return f"client {client}" if client else "somebody that the log does not name"


def _entry_lines(entry: JsonObject, width: int) -> Iterator[Line]:
    when, name = facts.word(entry, "when"), facts.word(entry, "name")
    yield f"  {when}  ", Paint(name, Colour.BOLD), f"  {facts.word(entry, 'action')} by {actor(entry)}"
    changes = facts.rows(entry, "changes")
    for change in changes[:CHANGES]:
        for view in field_views(facts.word(change, "property"), change.get("before"), change.get("after")):
            yield from field_lines(view, width, indent=6)
    if len(changes) > CHANGES:
        yield (f"      and {len(changes) - CHANGES} more",)


def _gaps(trail: JsonObject, width: int) -> Iterator[Line]:
    if trail.get("complete") is not True:
        reason = facts.word(trail, "reason") or "the log did not say why"
        yield from wrapped(f"! not complete: {reason}", width, indent=2, colour=Colour.YELLOW)
    if omitted := [str(name) for name in facts.entries(trail, "omitted")]:
        yield from wrapped(f"not asked for: {listed(omitted, NAMES)}", width, indent=2, colour=Colour.DIM)
