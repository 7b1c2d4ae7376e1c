"""A drifted list, entry by entry: who added or removed what, so that nobody has to compare three lists by eye."""

from __future__ import annotations

import json
from typing import NamedTuple

from reconciler.model import Json, JsonObject
from reconciler.report.wording import value_text

SIDES = ("applied", "live", "desired")
MEANINGS = {
    # What was applied, what is live, what Git wants.
    (False, True, False): ("+", "added live"),
    (True, False, True): ("-", "removed live"),
    (False, False, True): ("+", "added in Git"),
    (True, True, False): ("-", "removed in Git"),
}


class Entry(NamedTuple):
    """An entry that is not on every side."""

    sign: str
    value: str
    meaning: str


def moved_entries(field: JsonObject) -> tuple[list[Entry], int] | None:
    """Give the entries on which the sides differ, and how many agree; None where the sides are no lists.

    A side that is not there counts as an empty list, if the others are lists.
    """
    sides = [field.get(side) for side in SIDES]
    if not all(isinstance(side, list) or side is None for side in sides) or not any(sides):
        return None
    held = [{_canonical(entry): entry for entry in side or []} for side in sides]
    entries = [
        Entry(sign, value_text(value), meaning)
        for key, value in (held[0] | held[1] | held[2]).items()
        for sign, meaning in [MEANINGS.get(_where(key, held), ("", ""))]
        if sign
    ]
    # Live and Git hold the same entries in another order, or twice: only the whole values show that.
    return (entries, len(held[1].keys() & held[2].keys())) if entries else None


def _where(key: str, held: list[dict[str, Json]]) -> tuple[bool, bool, bool]:
    applied, live, desired = (key in side for side in held)
    return applied, live, desired


def _canonical(value: Json) -> str:
    return json.dumps(value, sort_keys=True)
