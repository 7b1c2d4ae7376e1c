"""A run as terminal text: how each change ended, with the way out, then the proofs and the figures."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from reconciler.model import JsonObject, Result
from reconciler.report import facts
from reconciler.report.audit_text import trail_lines
from reconciler.report.clash_words import mover, rollback_words, takes
from reconciler.report.counts import listed
from reconciler.report.probes_text import failing_lines, handshakes_text
from reconciler.report.terminal import Colour, Line, Paint, wrapped
from reconciler.report.told import told_words
from reconciler.report.wording import (
    EXIT_WORDS,
    RESULTS,
    UNHEARD_OF,
    WARNINGS,
    ResultWords,
    duration,
    field_name,
    milliseconds,
    requests_text,
    run_verdict,
    value_text,
)

COLOURS = {"✓": Colour.GREEN, "✗": Colour.RED, "?": Colour.YELLOW, "·": Colour.DIM}
MERGED = 10
"""Fields that are named before the rest is counted."""
RESULT_WIDTH = max(len(result) for result in Result)


def run_lines(document: JsonObject, width: int) -> Iterator[Line]:
    """Write a run."""
    good = facts.number(document, "exit") == 0
    yield from wrapped(run_verdict(document), width, colour=Colour.GREEN if good else Colour.RED)
    if planned := facts.word(facts.part(document, "plan"), "verdict"):
        yield from wrapped(f"planned: {planned}", width, indent=2)
    for key in ("held", "error"):
        yield from wrapped(facts.word(document, key), width, indent=2)
    yield ()
    yield from _outcomes(document, width)
    yield from failing_lines(document, width)
    yield ()
    if trail := facts.part(document, "audit"):
        yield from trail_lines(trail, width)
        yield ()
    yield from _figures(document, width)
    for words in told_words(document):
        yield from wrapped(words, width)
    yield from _record(document, width)
    yield from _exit(document, width, good)


def way_out(name: str, result: ResultWords) -> str:
    """Say what to type about a channel that was not applied."""
    return result.way_out.format(name=shlex.quote(name))


def outcome_words(outcome: JsonObject) -> str:
    """Say how a change ended: the reason where there is one, versions and time where it was written."""
    result = RESULTS.get(facts.word(outcome, "result"), UNHEARD_OF)
    revision = facts.part(outcome, "revision")
    before, after = facts.word(revision, "before"), facts.word(revision, "after")
    applied = facts.word(outcome, "result") == Result.APPLIED
    versions = f"version {before or 'none'} → {after}" if applied and after else ""
    took = duration(facts.number(outcome, "seconds")) if applied else ""
    merged = [field_name(str(path)) for path in facts.entries(outcome, "merged")]
    kept = f"kept somebody's edit of {listed(merged, MERGED)}" if merged else ""
    reason = facts.word(outcome, "reason") or result.meaning
    return " · ".join(filter(None, (versions, took, kept, reason)))


def _outcomes(document: JsonObject, width: int) -> Iterator[Line]:
    outcomes = facts.rows(document, "outcomes")
    for outcome in outcomes:
        yield from _outcome(outcome, width)
    for webhook in facts.rows(document, "webhooks"):
        yield from _webhook(webhook, width)
    if outcomes or facts.rows(document, "webhooks"):
        yield ()


def _outcome(outcome: JsonObject, width: int) -> Iterator[Line]:
    name, result = facts.word(outcome, "name"), facts.word(outcome, "result")
    words = RESULTS.get(result, UNHEARD_OF)
    yield from _ended(words, result, f"{facts.word(outcome, 'action')} {name}", outcome_words(outcome), width)
    for clash in facts.rows(outcome, "clashes"):
        yield from _clash(clash)
    if warning := facts.word(outcome, "warning"):
        yield from wrapped(f"! {WARNINGS.get(warning, warning)}", width, indent=4, colour=Colour.YELLOW)
    yield from wrapped(rollback_words(outcome), width, indent=4, colour=Colour.YELLOW)
    yield from wrapped(way_out(name, words), width, indent=4, colour=Colour.CYAN)
    yield from wrapped(takes(outcome), width, indent=4, colour=Colour.CYAN)


def _ended(words: ResultWords, result: str, what: str, detail: str, width: int) -> Iterator[Line]:
    start = Paint(f"{words.symbol} {result.replace('_', ' '):<{RESULT_WIDTH}}", COLOURS[words.symbol])
    if detail and len(what) + len(detail) + RESULT_WIDTH + 5 <= width:
        yield start, " ", Paint(what, Colour.BOLD), "  ", Paint(detail, Colour.DIM)
    else:
        yield start, " ", Paint(what, Colour.BOLD)
        yield from wrapped(detail, width, indent=4)


def _clash(clash: JsonObject) -> Iterator[Line]:
    yield "    ", field_name(facts.word(clash, "path"))
    yield "      reviewed   ", value_text(clash.get("base"))
    yield "      live now   ", Paint(value_text(clash.get("theirs")), Colour.YELLOW)
    if who := mover(clash):
        yield "      moved by   ", who
    yield "      Git wants  ", value_text(clash.get("ours"))


def _webhook(webhook: JsonObject, width: int) -> Iterator[Line]:
    result = facts.word(webhook, "result")
    words = RESULTS.get(result, UNHEARD_OF)
    what = f"{facts.word(webhook, 'action')} webhook {facts.word(webhook, 'name')}"
    yield from _ended(words, result, what, facts.word(webhook, "reason"), width)


def _figures(document: JsonObject, width: int) -> Iterator[Line]:
    metrics = facts.part(document, "metrics")
    updates = facts.part(metrics, "updates")
    average = milliseconds(facts.number(updates, "latencyAvgMs"))
    slow = milliseconds(facts.number(updates, "latencyP95Ms"))
    done, failed = facts.count(updates, "success"), facts.count(updates, "failure")
    written = f"Updates: {done} of {done + failed} attempted, average {average}, p95 {slow}."
    yield from wrapped(written, width)
    yield from wrapped(f"Handshakes: {handshakes_text(metrics)}.", width)
    yield (f"Cost: {requests_text(facts.part(document, 'requests'))}.",)


def _record(document: JsonObject, width: int) -> Iterator[Line]:
    record = facts.part(document, "record")
    if not record:
        return
    commit, path = facts.word(record, "commit"), facts.word(record, "path")
    pushed = "pushed" if record.get("pushed") is True else "not pushed"
    if commit:
        yield f"Record: {path}", Paint(f" (commit {commit[:10]}, {pushed})", Colour.DIM)
        yield "        ", Paint(f"git show {shlex.quote(facts.word(record, 'branch'))}:{path}", Colour.CYAN)
    else:
        yield (f"Record kept in {path}",)
    yield from wrapped(facts.word(record, "reason"), width, indent=8)


def _exit(document: JsonObject, width: int, good: bool) -> Iterator[Line]:
    code = facts.count(document, "exit")
    words = f"Exit {code}: {EXIT_WORDS.get(code, 'see the documentation')}."
    yield from wrapped(words, width, colour=Colour.DIM if good else Colour.RED)
