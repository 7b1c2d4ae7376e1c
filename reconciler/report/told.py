"""Which monitors were told of a run, in words for every surface."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model import JsonObject
from reconciler.report import facts


def told_words(document: JsonObject) -> Iterator[str]:
    """Say who was told, and of each that was not, why."""
    rows = facts.rows(document, "notifications")
    told = [facts.word(row, "name") for row in rows if row.get("delivered") is True]
    if told:
        yield f"Told: {', '.join(told)}."
    for row in rows:
        if row.get("delivered") is not True:
            yield f"Not told: {facts.word(row, 'name')} ({facts.word(row, 'host')}), {facts.word(row, 'reason')}."
