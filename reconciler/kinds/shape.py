"""The shape of a document: which fields are known, which lists mean a set; and what follows from it.

Live documents are taken as they come: a field of an odd type is a difference, never a crash. Fields that no shape
names are never compared, and survive every write.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.model import Json, JsonObject, Pointer


@dataclass(frozen=True, slots=True)
class SetOf:
    """A list whose order and repetitions mean nothing."""

    of: Shape = None


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of objects whose order counts."""

    of: Shape = None


Shape = Mapping[str, "Shape"] | SetOf | ListOf | None
"""An object by its fields, a list, or (None) a value that is compared as it is."""


def normal(shape: Shape, value: Json) -> Json:
    """Give the normal form: known fields only, sets sorted, nothing twice; what is absent or null stays absent."""
    if isinstance(shape, Mapping) and isinstance(value, Mapping):
        return {
            name: normal(inner, value[name]) for name, inner in shape.items() if value.get(name) is not None
        }
    if isinstance(shape, SetOf) and isinstance(value, list):
        return as_set([normal(shape.of, entry) for entry in value])
    if isinstance(shape, ListOf) and isinstance(value, list):
        return [normal(shape.of, entry) for entry in value]
    return value


def as_set(values: list[Json]) -> list[Json]:
    """Sort a list that means a set, and keep each entry once."""
    if all(isinstance(value, str) for value in values):
        return sorted(set(values))
    by_text = {_text(value): value for value in values}
    return [by_text[text] for text in sorted(by_text)]


def overlaid(shape: Shape, below: Json, above: Json) -> Json:
    """Lay a value over another, object by object, so that what only the lower one has survives.

    A field whose normal form does not change stays as it came, with whatever nobody knows in it. An object of
    another `id` is another object: nothing of the old one survives in it.
    """
    if isinstance(above, str) and isinstance(below, str):
        return above  # by far the most fields, and of two equal texts either will do
    if not (isinstance(shape, Mapping) and isinstance(below, Mapping) and isinstance(above, Mapping)):
        return below if _text(normal(shape, below)) == _text(normal(shape, above)) else above
    if "id" in above and "id" in below and above["id"] != below["id"]:
        return above
    whole = dict(below)
    for name, value in above.items():
        whole[name] = overlaid(shape.get(name), below.get(name), value) if name in below else value
    return whole


def sets_in(shape: Mapping[str, Shape]) -> frozenset[Pointer]:
    """Give where lists that mean a set stand, those inside of other lists apart."""
    found: set[Pointer] = set()
    for name, inner in shape.items():
        if isinstance(inner, SetOf):
            found.add((name,))
        elif isinstance(inner, Mapping):
            found |= {(name, *path) for path in sets_in(inner)}
    return frozenset(found)


def without(document: JsonObject, names: frozenset[str]) -> dict[str, Json]:
    """Give a document without these fields, and without those that are null."""
    return {name: value for name, value in document.items() if name not in names and value is not None}


def _text(value: Json) -> str:
    return json.dumps(value, sort_keys=True)
