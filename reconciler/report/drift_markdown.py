"""Drift as Markdown, for the record, an issue, and a section of its own beside a plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.model import DriftState, JsonObject
from reconciler.report import facts
from reconciler.report.counts import counted
from reconciler.report.drift_document import result_digest
from reconciler.report.drift_text import remedy_lines, unmanaged, who, worst_first
from reconciler.report.escape import cell, code, html_code, shown, words
from reconciler.report.markdown_page import Piece, fit, folded, marker, row, size, table, text_piece
from reconciler.report.plan_markdown import diff_block, exposure_words
from reconciler.report.wording import field_name, requests_text, value_text

LINES = 100
"""Lines of one channel that are shown before the rest is counted."""
SENTENCE = 300
REMEDY_LINES = 30
SIDES = {"git": "Take the side of Git", "live": "Take their side"}
COLUMNS = ("state", "channel", "exposure", "fields", "who")
SECTION = 10_000
"""Bytes that drift may take beside a plan."""


def drift_pieces(document: JsonObject) -> Sequence[Piece]:
    """Give the parts of the page, the most important first."""
    channels = worst_first(document)
    strangers = [
        f"- {code(shown(facts.word(channel, 'name')))} (id {code(shown(facts.word(channel, 'id')))})\n"
        for channel in unmanaged(document)
    ]
    return [
        text_piece(f"{_marker(document)}\n### Reconciler drift: {_verdict(document)}\n"),
        Piece(
            table(*COLUMNS),
            [_row(channel) for channel in channels],
            noun="channels",
        ),
        Piece("\n", [_block(channel) for channel in channels], noun="channels"),
        Piece("\nLive, in no file, and left alone:\n\n", strangers, noun="unmanaged channels"),
        text_piece(_foot(document)),
    ]


def _marker(document: JsonObject) -> str:
    return marker("drift", facts.word(document, "organisation"), result_digest(document))


def drift_section(document: JsonObject, limit: int = SECTION) -> str:
    """Write what moved on the live side as a section beside a plan, closed; nothing where nothing moved."""
    moved = [one for one in worst_first(document) if facts.word(one, "state") != DriftState.PENDING]
    if not moved:
        return ""
    title = f"\n#### Drift, not part of this change: {_verdict(document)}\n"
    rows = Piece(table(*COLUMNS), [_row(channel) for channel in moved], noun="channels")
    return title + folded(counted(len(moved), "channel"), fit([rows], limit - 2 * size(title)))


def _verdict(document: JsonObject) -> str:
    return words(shown(facts.word(document, "verdict"), SENTENCE))


def _row(channel: JsonObject) -> str:
    fields = facts.rows(channel, "fields")
    return row(
        facts.word(channel, "state") if facts.word(channel, "state") in list(DriftState) else "unknown",
        cell(shown(facts.word(channel, "name"))),
        exposure_words(facts.word(channel, "exposure")),
        str(len(fields)),
        "<br>".join(cell(name) for name in _people(fields)[:3]),
    )


def _people(fields: Sequence[JsonObject]) -> list[str]:
    found = [facts.part(field, "attribution") for field in fields]
    actors = (facts.part(attribution, "actor") for attribution in found)
    named = (shown(facts.word(one, "name") or facts.word(one, "id")) for one in actors)
    return list(dict.fromkeys(name for name in named if name))


def _block(channel: JsonObject) -> str:
    lines = list(_diff(channel))
    kept = lines[:LINES] + ([f"# {len(lines) - LINES} more lines"] if len(lines) > LINES else [])
    commands = "".join(
        f"\n{SIDES.get(facts.word(remedy, 'side'), 'Take neither side')}:"
        f" {words(shown(facts.word(remedy, 'does'), SENTENCE))}.\n\n"
        + diff_block(remedy_lines(remedy)[:REMEDY_LINES], "toml" if facts.word(remedy, "settings") else "sh")
        for remedy in facts.rows(channel, "remedies")[:5]
    )
    return folded(html_code(shown(facts.word(channel, "name"))), diff_block(kept) + commands)


def _diff(channel: JsonObject) -> Iterator[str]:
    for field in facts.rows(channel, "fields"):
        yield f"  {shown(field_name(facts.word(field, 'path')), SENTENCE)}"
        yield f"    applied    {value_text(field.get('applied'))}"
        yield f"-   live now   {value_text(field.get('live'))}"
        yield f"+   Git wants  {value_text(field.get('desired'))}"
        if attribution := facts.part(field, "attribution"):
            yield f"    {shown(who(attribution), SENTENCE)}"


def _foot(document: JsonObject) -> str:
    bindings = [
        f"{key} {code(shown(facts.word(document, key)))}"
        for key in ("run", "when", "commit", "organisation")
        if facts.word(document, key)
    ]
    trail = facts.part(document, "audit")
    reason = facts.word(trail, "reason")
    gap = f"\nThe audit log is not complete: {code(shown(reason, SENTENCE))}\n" if reason else ""
    bill = code(shown(requests_text(facts.part(document, "requests"))))
    return f"{gap}\n{' · '.join([bill, *bindings])}\n"
