"""The report of a fleet: one line an organisation that is not done, and the sums; as text, and for a job's summary."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model import JsonObject
from reconciler.report.escape import cell, cut, printable
from reconciler.report.markdown_page import row, table

ROWS = 500
"""Organisations that a job's summary lists, which may hold 1 MiB."""


def fleet_text(document: JsonObject) -> str:
    """Write the report of a fleet for a terminal."""
    return "\n".join(_lines(document)) + "\n"


def fleet_markdown(document: JsonObject) -> str:
    """Write the report of a fleet as Markdown, in which nothing of theirs is more than text."""
    rows = [
        row(cell(str(entry["name"])), str(entry["exit"]), cell(_about(entry).removeprefix(": ") or "-"))
        for entry in _open(document)
    ]
    shown = f"{table('organisation', 'exit', 'why')}{''.join(rows[:ROWS])}\n" if rows else ""
    rest = f"and {len(rows) - ROWS} more\n\n" if len(rows) > ROWS else ""
    sums = "".join(f"- {line}\n" for line in _sums(document))
    return f"### Reconciler fleet {document['story']}: exit {document['exit']}\n\n{shown}{rest}{sums}"


def _lines(document: JsonObject) -> Iterator[str]:
    for entry in _open(document):
        yield f"{entry['name']}: exit {entry['exit']}{_about(entry)}"
    yield from _sums(document)


def _open(document: JsonObject) -> list[JsonObject]:
    """Give the organisations that are not done."""
    return [entry for entry in document["organisations"] if entry["exit"] or entry["error"]]


def _sums(document: JsonObject) -> Iterator[str]:
    summary = document["summary"]
    for title, part in (("exit codes", "exits"), ("channels", "actions"), ("results", "results")):
        if summary[part]:
            yield f"{title}: " + ", ".join(f"{count} {name}" for name, count in summary[part].items())
    requests = sum(summary["requests"].values())
    yield f"{summary['organisations']} organisations, {requests} requests"


def _about(entry: JsonObject) -> str:
    if entry["error"]:
        return ": " + cut(printable(str(entry["error"])), 300)
    drifted = (entry["result"] or {}).get("drifted")
    return f": {drifted} drifted" if drifted else ""
