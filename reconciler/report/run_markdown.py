"""A run as Markdown: the verdict, how each change ended, what the endpoints did, who else was there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.model import JsonObject, Result
from reconciler.report import facts
from reconciler.report.audit_text import actor
from reconciler.report.clash_words import mover, rollback_words, takes
from reconciler.report.counts import counted
from reconciler.report.escape import cell, code, html_code, shown, words
from reconciler.report.markdown_page import Piece, folded, row, table, text_piece
from reconciler.report.plan_markdown import diff_block
from reconciler.report.probes_text import by_channel, expectation, handshakes_text
from reconciler.report.run_text import outcome_words, way_out
from reconciler.report.stream import Made
from reconciler.report.told import told_words
from reconciler.report.wording import (
    EXIT_WORDS,
    RESULTS,
    UNHEARD_OF,
    duration,
    field_name,
    milliseconds,
    requests_text,
    run_verdict,
    value_text,
)

SENTENCE = 300
"""Characters of a reason that are shown."""
MARKER = "<!-- reconciler:apply -->"


def run_pieces(document: JsonObject) -> Sequence[Piece]:
    """Give the parts of the page, the most important first."""
    outcomes, probes = facts.rows(document, "outcomes"), facts.rows(document, "probes")
    return [
        text_piece(_head(document)),
        Piece(
            table("result", "change", "channel", "what happened"),
            Made(_outcome_row, facts.worst_first(outcomes)),
            noun="changes",
        ),
        Piece(
            table("result", "change", "health webhook", "what happened"),
            Made(_webhook_row, facts.rows(document, "webhooks")),
            noun="webhooks",
        ),
        Piece(
            "\n",
            Made(_clash_block, [outcome for outcome in outcomes if facts.rows(outcome, "clashes")]),
            noun="clashes",
        ),
        Piece(
            table("failed check", "origin", "saw", "why"),
            Made(_probe_row, facts.failing(probes)),
            noun="failed checks",
        ),
        Piece(
            "\n#### Endpoint checks\n",
            Made(_probe_block, by_channel(probes)),
            noun="endpoints",
        ),
        *_audit_pieces(facts.part(document, "audit")),
        text_piece(_foot(document)),
    ]


def _head(document: JsonObject) -> str:
    notes = "".join(
        f"\n{key}: {code(shown(facts.word(document, key), SENTENCE))}\n"
        for key in ("held", "error")
        if facts.word(document, key)
    )
    verdict = facts.word(facts.part(document, "plan"), "verdict")
    planned = f"\nPlanned: {words(shown(verdict, SENTENCE))}\n" if verdict else ""
    return f"### Reconciler run\n\n**{run_verdict(document)}**\n{planned}{notes}"


def _result_cell(document: JsonObject) -> str:
    result = facts.word(document, "result")
    known = result.replace("_", " ") if result in list(Result) else "unknown"
    return f"{RESULTS.get(result, UNHEARD_OF).symbol} {known}"


def _outcome_row(outcome: JsonObject) -> str:
    result = RESULTS.get(facts.word(outcome, "result"), UNHEARD_OF)
    name, warning = facts.word(outcome, "name"), facts.word(outcome, "warning")
    way = way_out(shown(name), result)
    happened = [
        text
        for text in (
            outcome_words(outcome),
            f"warning: {warning}" if warning else "",
            rollback_words(outcome),
            way,
            takes(outcome),
        )
        if text
    ]
    return row(
        _result_cell(outcome),
        cell(shown(facts.word(outcome, "action"))),
        cell(shown(name)),
        "<br>".join(cell(shown(text, SENTENCE)) for text in happened),
    )


def _webhook_row(webhook: JsonObject) -> str:
    reason = facts.word(webhook, "reason")
    return row(
        _result_cell(webhook),
        cell(shown(facts.word(webhook, "action"))),
        cell(shown(facts.word(webhook, "name"))),
        cell(shown(reason, SENTENCE)) if reason else "",
    )


def _clash_block(outcome: JsonObject) -> str:
    lines: list[str] = []
    for clash in facts.rows(outcome, "clashes"):
        lines += [
            f"  {shown(field_name(facts.word(clash, 'path')), SENTENCE)}",
            f"    reviewed   {value_text(clash.get('base'))}",
            f"-   live now   {value_text(clash.get('theirs'))}",
            *([f"    moved by   {shown(who, SENTENCE)}"] if (who := mover(clash)) else []),
            f"+   Git wants  {value_text(clash.get('ours'))}",
        ]
    return folded(f"clash in {html_code(shown(facts.word(outcome, 'name')))}", diff_block(lines[:100]))


def _probe_row(probe: JsonObject) -> str:
    return row(
        cell(shown(facts.word(probe, "name"))),
        cell(shown(facts.word(probe, "origin"), SENTENCE)),
        cell(shown(expectation(probe))),
        cell(shown(facts.word(probe, "reason"), SENTENCE)),
    )


def _probe_block(probes: list[JsonObject]) -> str:
    failed = len(facts.failing(probes))
    verdict = (
        f"{failed} of {len(probes)} failed" if failed else f"{counted(len(probes), 'check')} as expected"
    )
    rows = [
        row(
            "✓" if probe.get("ok") is True else "✗",
            cell(shown(facts.word(probe, "origin"), SENTENCE)),
            cell(shown(expectation(probe))),
            cell(shown(facts.word(probe, "tls") or "-")),
            duration(facts.number(probe, "seconds")),
        )
        for probe in probes[:100]
    ]
    certificate = next(filter(None, (facts.part(probe, "certificate") for probe in probes)), {})
    until = facts.word(certificate, "notAfter")[:10]
    left = counted(facts.count(certificate, "daysLeft"), "day")
    note = f"\nCertificate until {code(shown(until))}, {left} left.\n" if until else ""
    body = table("", "origin", "saw", "TLS", "time").lstrip() + "".join(rows) + note
    return folded(f"{html_code(shown(facts.word(probes[0], 'name')))}: {verdict}", body)


def _audit_pieces(trail: JsonObject) -> Iterator[Piece]:
    entries = facts.rows(trail, "entries")
    yield Piece(
        table("when", "channel", "action", "by"),
        Made(_entry_row, entries),
        noun="audit entries",
    )
    if trail and trail.get("complete") is not True:
        reason = facts.word(trail, "reason") or "the log did not say why"
        yield text_piece(f"\nThe audit log is not complete: {code(shown(reason, SENTENCE))}\n")
    if omitted := facts.entries(trail, "omitted"):
        yield text_piece(f"\nThe audit log was not asked for {counted(len(omitted), 'more channel')}.\n")


def _entry_row(entry: JsonObject) -> str:
    when, name, action = (facts.word(entry, key) for key in ("when", "name", "action"))
    return row(*(cell(shown(text)) for text in (when, name, action, actor(entry))))


def _foot(document: JsonObject) -> str:
    metrics = facts.part(document, "metrics")
    updates = facts.part(metrics, "updates")
    done, failed = facts.count(updates, "success"), facts.count(updates, "failure")
    average = milliseconds(facts.number(updates, "latencyAvgMs"))
    slow = milliseconds(facts.number(updates, "latencyP95Ms"))
    exit_code = facts.count(document, "exit")
    bindings = [("run", document, "run"), ("when", document, "when"), ("commit", document, "commit")]
    bindings.append(("plan", facts.part(document, "plan"), "digest"))
    about = [
        f"{label} {code(shown(facts.word(part, key)))}"
        for label, part, key in bindings
        if facts.word(part, key)
    ]
    lines = [
        f"Updates: {done} of {done + failed} attempted, average {average}, p95 {slow}.",
        f"Handshakes: {handshakes_text(metrics)}.",
        f"Cost: {code(shown(requests_text(facts.part(document, 'requests'))))}.",
        *(code(shown(words, SENTENCE)) for words in told_words(document)),
        f"Exit {exit_code}: {EXIT_WORDS.get(exit_code, 'see the documentation')}.",
        " · ".join(about),
    ]
    return "\n" + "".join(f"{line}\n\n" for line in lines if line) + f"{MARKER}\n"
