"""The report of a fleet as text: one line an organisation that is not done, and the sums."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model import JsonObject
from reconciler.report.escape import cut, printable


def fleet_text(document: JsonObject) -> str:
    """Write the report of a fleet for a terminal."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: JsonObject) -> Iterator[str]:
    for entry in document["organisations"]:
        if entry["exit"] or entry["error"]:
            yield f"{entry['name']}: exit {entry['exit']}{_about(entry)}"
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
