"""Drift as terminal text: the verdict, three values a field, who moved it, and what to type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.model import Certainty, DriftState, Exposure, JsonObject
from reconciler.report import facts
from reconciler.report.audit_text import actor
from reconciler.report.counts import counted, listed
from reconciler.report.drift_entries import Entry, moved_entries
from reconciler.report.terminal import Colour, Line, Paint, wrapped
from reconciler.report.told import told_words
from reconciler.report.waivers import waiver_lines
from reconciler.report.wording import field_name, requests_text, value_text

FIELDS = 40
"""Fields of one channel that are shown before the rest is counted."""
ENTRIES = 200
"""Entries of one field that are shown before the rest is counted."""
NAMES = 40
SYMBOLS = {
    DriftState.DRIFTED: ("≠", Colour.RED, "drifted"),
    DriftState.BOTH: ("≠", Colour.RED, "drifted, and changed in Git, too"),
    DriftState.PENDING: ("~", Colour.YELLOW, "pending: not applied yet"),
}
TAKEN = {"git": "Git's side", "live": "their side"}
ORDER = (DriftState.BOTH, DriftState.DRIFTED, DriftState.PENDING)
UNKNOWN_EXPOSURES = (Exposure.WIDENS, Exposure.UNKNOWN)


def drift_lines(document: JsonObject, width: int) -> Iterator[Line]:
    """Write a look for drift."""
    alarming = facts.count(document, "drifted") and facts.word(document, "exposure") in UNKNOWN_EXPOSURES
    calm = Colour.YELLOW if facts.rows(document, "channels") else Colour.GREEN
    yield from wrapped(facts.word(document, "verdict"), width, colour=Colour.RED if alarming else calm)
    yield from waiver_lines(document, width)
    yield ()
    for channel in worst_first(document):
        yield from _channel_lines(channel, width)
        yield ()
    yield from _unmanaged_lines(document, width)
    yield from _gap_lines(document, width)
    yield (f"Cost: {requests_text(facts.part(document, 'requests'))}.",)
    for words in told_words(document):
        yield from wrapped(words, width)
    record = facts.part(document, "record")
    if path := facts.word(record, "path"):
        yield from wrapped(f"Recorded: {facts.word(record, 'branch')}:{path}", width, colour=Colour.DIM)


def worst_first(document: JsonObject) -> list[JsonObject]:
    """Give the channels with a file, those that moved first, of them those that widen."""
    channels = [
        channel for channel in facts.rows(document, "channels") if facts.word(channel, "state") in ORDER
    ]
    return sorted(channels, key=_weight)


def who(attribution: JsonObject) -> str:
    """Say who moved a field, and how sure that is."""
    certainty = facts.word(attribution, "certainty")
    reason = facts.word(attribution, "reason")
    if certainty == Certainty.UNKNOWN or not facts.word(attribution, "when"):
        return f"moved by somebody unknown: {reason or 'the audit log does not say'}"
    moved = "moved by" if certainty == Certainty.EXACT else "perhaps moved by"
    kind = facts.word(attribution, "class").replace("-", " ")
    told = f"{moved} {actor(attribution)}{f', {kind},' if kind else ''} at {facts.word(attribution, 'when')}"
    return f"{told} ({certainty}{f': {reason}' if reason else ''})"


def unmanaged(document: JsonObject) -> list[JsonObject]:
    """Give the live channels that no file names."""
    wanted = DriftState.UNMANAGED
    return [row for row in facts.rows(document, "channels") if facts.word(row, "state") == wanted]


def _weight(channel: JsonObject) -> tuple[bool, bool, str]:
    return (
        facts.word(channel, "state") == DriftState.PENDING,
        facts.word(channel, "exposure") not in UNKNOWN_EXPOSURES,
        facts.word(channel, "name"),
    )


def _channel_lines(channel: JsonObject, width: int) -> Iterator[Line]:
    symbol, colour, meaning = SYMBOLS[DriftState(facts.word(channel, "state"))]
    name, exposure = facts.word(channel, "name"), facts.word(channel, "exposure")
    gone = "" if channel.get("there") is not False else " · the live channel is not there"
    title = f" ({facts.word(channel, 'kind')}) · {meaning} · {exposure}{gone}"
    yield Paint(symbol, colour), " ", Paint(name, Colour.BOLD), title
    fields = facts.rows(channel, "fields")
    if channel.get("there") is not False:
        for field in fields[:FIELDS]:
            yield from _field_lines(field, width)
        if len(fields) > FIELDS:
            yield (f"    and {counted(len(fields) - FIELDS, 'more field')}",)
    elif attribution := facts.part(fields[0], "attribution") if fields else {}:
        yield from wrapped(who(attribution), width, indent=6, colour=Colour.DIM)
    for remedy in facts.rows(channel, "remedies"):
        yield from wrapped(f"{_side(remedy)}: {facts.word(remedy, 'does')}", width, indent=4)
        for line in remedy_lines(remedy):
            yield "      ", Paint(line, Colour.BOLD)


def remedy_lines(remedy: JsonObject) -> list[str]:
    """Give what to type, or to write into the settings."""
    commands = [str(command) for command in facts.entries(remedy, "commands")]
    return [*commands, *facts.word(remedy, "settings").splitlines()]


def _side(remedy: JsonObject) -> str:
    side = TAKEN.get(facts.word(remedy, "side"), "neither side")
    return side[0].upper() + side[1:]


def _field_lines(field: JsonObject, width: int) -> Iterator[Line]:
    if moved := moved_entries(field):
        entries, same = moved
        agree = f"  ({counted(same, 'entry', 'entries')} as Git wants)" if same else ""
        yield "    ", field_name(facts.word(field, "path")), Paint(agree, Colour.DIM)
        yield from _entry_lines(entries)
    else:
        yield (f"    {field_name(facts.word(field, 'path'))}",)
        for label, key in (("applied", "applied"), ("live now", "live"), ("Git wants", "desired")):
            yield from wrapped(f"{label:<10} {value_text(field.get(key))}", width, indent=6)
    if attribution := facts.part(field, "attribution"):
        yield from wrapped(who(attribution), width, indent=6, colour=Colour.DIM)


def _entry_lines(entries: Sequence[Entry]) -> Iterator[Line]:
    for entry in entries[:ENTRIES]:
        colour = Colour.GREEN if entry.sign == "+" else Colour.RED
        yield "      ", Paint(f"{entry.sign} {entry.value}", colour), Paint(f"  {entry.meaning}", Colour.DIM)
    if len(entries) > ENTRIES:
        yield (f"      and {len(entries) - ENTRIES} more",)


def _unmanaged_lines(document: JsonObject, width: int) -> Iterator[Line]:
    strangers = unmanaged(document)
    if not strangers:
        return
    names = [f"{facts.word(row, 'name')} ({facts.word(row, 'id')})" for row in strangers]
    yield from wrapped(f"? {counted(len(names), 'live channel')} in no file, left alone", width)
    yield from wrapped(listed(names, NAMES), width, indent=4, colour=Colour.DIM)
    yield from wrapped("reconciler adopt writes files for them", width, indent=4)
    yield ()


def _gap_lines(document: JsonObject, width: int) -> Iterator[Line]:
    trail = facts.part(document, "audit")
    if trail and trail.get("complete") is not True:
        reason = facts.word(trail, "reason") or "the log did not say why"
        yield from wrapped(f"! the audit log is not complete: {reason}", width, colour=Colour.YELLOW)
