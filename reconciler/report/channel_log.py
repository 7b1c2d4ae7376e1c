"""The history of a channel, and the continuity of versions, as JSON and as terminal text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from reconciler.model import JsonObject
from reconciler.report import facts
from reconciler.report.changes import field_views
from reconciler.report.counts import counted
from reconciler.report.documents import FORMAT
from reconciler.report.plan_text import field_lines
from reconciler.report.terminal import Colour, Line, Paint, wrapped

COLOURS = {"commit": Colour.CYAN, "apply": Colour.GREEN, "edit": Colour.YELLOW}
FIELDS = 20


def log_document(channel: str, field: str | None, events: Sequence[Any]) -> JsonObject:
    """Report what happened to a channel, oldest first."""
    rows = [{**asdict(event), "fields": [asdict(one) for one in event.fields]} for event in events]
    return {"format": FORMAT, "command": "report log", "channel": channel, "field": field, "events": rows}


def continuity_document(gaps: Sequence[Any], runs: int) -> JsonObject:
    """Report where live versions moved more than our writes explain, over so many recorded runs."""
    return {
        "format": FORMAT,
        "command": "report continuity",
        "runs": runs,
        "gaps": [asdict(gap) for gap in gaps],
    }


def log_lines(document: JsonObject, width: int) -> Iterator[Line]:
    """Write a history."""
    events = facts.rows(document, "events")
    name, field = facts.word(document, "channel"), facts.word(document, "field")
    yield Paint(f"{name}{f' {field}' if field else ''}: {counted(len(events), 'event')}", Colour.BOLD), ""
    for event in events:
        yield from _event_lines(event, width)


def continuity_lines(document: JsonObject, width: int) -> Iterator[Line]:
    """Write where versions do not follow from our writes."""
    gaps, runs = facts.rows(document, "gaps"), counted(facts.count(document, "runs"), "recorded run")
    if not gaps:
        yield from wrapped(f"✓ Our writes explain every version that {runs} met.", width, colour=Colour.GREEN)
        return
    told = f"! In {runs}, {counted(len(gaps), 'gap')}: somebody else wrote in between"
    yield from wrapped(told, width, colour=Colour.YELLOW)
    for gap in gaps:
        number = facts.number(gap, "versions")
        more = counted(int(number), "version") if number is not None else "other versions"
        yield "  ", Paint(facts.word(gap, "name"), Colour.BOLD), _between(gap, more)
    yield from wrapped("Next: reconciler report log CHANNEL, and reconciler audit CHANNEL --days 90", width)


def _between(gap: JsonObject, more: str) -> str:
    known, found = facts.word(gap, "known"), facts.word(gap, "found")
    return f": {known} was ours, {found} was found by run {facts.word(gap, 'run')} ({more})"


def _event_lines(event: JsonObject, width: int) -> Iterator[Line]:
    what, who, id_ = (facts.word(event, key) for key in ("what", "who", "id"))
    by = f" by {who}" if who else ""
    when, text = facts.word(event, "when"), facts.word(event, "text")
    yield f"  {when:<29}  ", Paint(f"{what:<6}", COLOURS.get(what, Colour.DIM)), f" {id_[:12]}{by}  {text}"
    rows = facts.rows(event, "fields")
    for row in rows[:FIELDS]:
        for view in field_views(facts.word(row, "path"), row.get("before"), row.get("after")):
            yield from field_lines(view, width, indent=6)
    if len(rows) > FIELDS:
        yield (f"      and {len(rows) - FIELDS} more",)
