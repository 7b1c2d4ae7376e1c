"""The report of a fleet: what widens first, a line an organisation that has news, the sums; as text and as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from reconciler.model import Exposure, JsonObject
from reconciler.report import facts
from reconciler.report.changes import EXPOSURES
from reconciler.report.counts import counted
from reconciler.report.escape import cell, cut, printable
from reconciler.report.markdown_page import row, table
from reconciler.report.wording import ACTION_SYMBOLS, EXIT_WORDS

ROWS = 500
"""Organisations that a job's summary lists, which may hold 1 MiB."""
SENTENCE = 300


def fleet_text(document: JsonObject) -> str:
    """Write the report of a fleet for a terminal."""
    lines = [
        f"{entry['name']}: " + (f"exit {entry['exit']}: " if entry["exit"] else "") + _about(entry)
        for entry in _news(document)
    ]
    return "\n".join([*lines, *_sums(document)]) + "\n"


def fleet_markdown(document: JsonObject) -> str:
    """Write the report of a fleet as Markdown, in which nothing of theirs is more than text."""
    rows = [
        row(cell(str(entry["name"])), str(entry["exit"]), cell(_about(entry))) for entry in _news(document)
    ]
    shown = f"{table('organisation', 'exit', 'what')}{''.join(rows[:ROWS])}\n" if rows else ""
    rest = f"and {len(rows) - ROWS} more\n\n" if len(rows) > ROWS else ""
    sums = "".join(f"- {line}\n" for line in _sums(document))
    return f"### Reconciler fleet {document['story']}: exit {document['exit']}\n\n{shown}{rest}{sums}"


def _news(document: JsonObject) -> list[JsonObject]:
    """Give the organisations that are not done, or that something changes in; what failed and what widens first."""
    entries = document["organisations"]
    news = [entry for entry in entries if entry["exit"] or entry["error"] or _changes(entry)]
    return sorted(news, key=lambda entry: (entry["exit"] == 0, EXPOSURES.index(_exposure(entry))))


def _sums(document: JsonObject) -> Iterator[str]:
    planned = [entry for entry in document["organisations"] if _changes(entry)]
    counts = Counter(map(_exposure, planned))
    if planned:
        told = ", ".join(f"{counts[one]} {one}" for one in EXPOSURES if counts[one])
        yield f"exposure of {counted(len(planned), 'plan')}: {told}"
    summary = document["summary"]
    for title, part in (("exit codes", "exits"), ("channels", "actions"), ("results", "results")):
        if summary[part]:
            yield f"{title}: " + ", ".join(f"{count} {name}" for name, count in summary[part].items())
    requests = sum(summary["requests"].values())
    yield f"{summary['organisations']} organisations, {requests} requests"


def _about(entry: JsonObject) -> str:
    """Say in a sentence how an organisation stands."""
    result = entry["result"] or facts.EMPTY
    verdict = facts.word(result, "verdict") if _changes(entry) else ""
    drifted = facts.count(result, "drifted")
    known = verdict or (f"{drifted} drifted" if drifted else EXIT_WORDS.get(entry["exit"], ""))
    return cut(printable(str(entry["error"] or known)), SENTENCE)


def _changes(entry: JsonObject) -> int:
    """Count the channels that a plan writes."""
    summary = facts.part(entry["result"] or facts.EMPTY, "summary")
    return sum(facts.count(summary, action) for action in ACTION_SYMBOLS)


def _exposure(entry: JsonObject) -> Exposure:
    if not _changes(entry):
        return Exposure.NEUTRAL
    word = facts.word(entry["result"] or facts.EMPTY, "exposure")
    return Exposure(word) if word in list(Exposure) else Exposure.UNKNOWN
