"""Read JSON documents that may come from anywhere: total functions, so that none stops a rendering.

`report show` renders what stands in a branch that others can push to; a field that is missing or of another
type reads as nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from reconciler.model import Json, JsonObject, Result
from reconciler.report.stream import Parted

DONE = (Result.APPLIED, Result.ALREADY)
EMPTY: JsonObject = {}
RESULTS = frozenset(result.value for result in Result)


def part(document: JsonObject, key: str) -> JsonObject:
    """Give the object under this key, or an empty one."""
    value = document.get(key)
    return value if isinstance(value, Mapping) else EMPTY


def rows(document: JsonObject, key: str) -> list[JsonObject]:
    """Give the objects of the list under this key."""
    found = entries(document, key)
    if all(isinstance(row, Mapping) for row in found):
        return found
    return [row for row in found if isinstance(row, Mapping)]


def entries(document: JsonObject, key: str) -> list[Json]:
    """Give the list under this key as it is, or an empty one."""
    value = document.get(key)
    if isinstance(value, list):
        return value
    return list(value) if isinstance(value, tuple) else []


def word(document: JsonObject, key: str, default: str = "") -> str:
    """Give the text or number under this key as text."""
    value = document.get(key)
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else default


def number(document: JsonObject, key: str) -> float | None:
    """Give the finite number under this key."""
    value = document.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) < 1e15 else None


def count(document: JsonObject, key: str) -> int:
    """Give the number under this key as a whole one; nothing counts as 0."""
    return int(number(document, key) or 0)


def results(outcomes: list[JsonObject]) -> Counter[str]:
    """Count how outcomes ended; a result that nobody knows counts as unknown."""
    ended = (word(outcome, "result") for outcome in outcomes)
    return Counter(result if result in RESULTS else Result.UNKNOWN.value for result in ended)


def failing(probes: list[JsonObject]) -> list[JsonObject]:
    """Give the probes that did not see what they expected."""
    return [probe for probe in probes if probe.get("ok") is not True]


def worst_first(outcomes: list[JsonObject]) -> Sequence[JsonObject]:
    """Give outcomes with what was not carried out before what was, each in its order."""
    return Parted(lambda outcome: word(outcome, "result") in DONE, outcomes)
