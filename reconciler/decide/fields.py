"""Documents as fields: where their values stand, and whether two values are the same.

A field is a value that is not an object; a list is one field, whatever it holds. Nothing here knows a field's
name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reconciler.model import Json, JsonObject, Pointer

_TEXTS = frozenset({str})
_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def canonical(value: Json) -> str:
    """Write a value as the one JSON text that everything equal to it has."""
    return _ENCODER.encode(value)


def same(one: Json, other: Json) -> bool:
    """Say whether two values are equal and of one type: 1, 1.0 and true all differ."""
    return canonical(one) == canonical(other)


def holds(document: JsonObject, wanted: JsonObject) -> bool:
    """Say whether a document plainly has every field of another, letter by letter.

    False means that a closer look is needed: lists in another order may still be one set.
    """
    for name, value in wanted.items():
        theirs: Any = document.get(name)
        kind = value.__class__
        if theirs.__class__ is not kind or kind is float:
            return False
        if not (holds(theirs, value) if kind is dict else theirs == value):
            return False
        # In Python [1] equals [true]; a text equals nothing but a text.
        if kind is list and not _TEXTS.issuperset(map(type, value)):
            return False
    return True


def sharing(value: Json, other: Json) -> Json:
    """Give the same value made of the parts of another one wherever they are equal, so that memory holds them once."""
    kind = value.__class__
    if kind is not other.__class__:
        return value
    if kind is str or (kind is list and _TEXTS.issuperset(map(type, value))):
        return other if value == other else value
    if kind is not dict:
        return value
    made = {name: sharing(inner, other.get(name)) for name, inner in value.items()}
    is_whole = len(made) == len(other) and all(made[name] is other.get(name, made) for name in made)
    return other if is_whole else made


def leaves(document: JsonObject) -> dict[Pointer, Json]:
    """Give every field of a document; an object without fields gives nothing."""
    found: dict[Pointer, Json] = {}
    for name, value in document.items():
        if isinstance(value, Mapping):
            found |= {(name, *rest): leaf for rest, leaf in leaves(value).items()}
        else:
            found[(name,)] = value
    return found


def value_at(document: Json, path: Pointer) -> Json:
    """Give the value at a path; None where there is none."""
    for name in path:
        if not isinstance(document, Mapping):
            return None
        document = document.get(name)
    return document


def with_value(document: JsonObject, path: Pointer, value: Json) -> JsonObject:
    """Give a copy of a document with this value at a path of at least one name."""
    first, rest = str(path[0]), path[1:]
    if rest:
        below = document.get(first)
        value = with_value(below if isinstance(below, Mapping) else {}, rest, value)
    return {**document, first: value}


def without_value(document: JsonObject, path: Pointer) -> JsonObject:
    """Give a copy of a document that has no value at a path of at least one name."""
    first, rest = str(path[0]), path[1:]
    if first not in document:
        return document
    if not rest:
        return {name: value for name, value in document.items() if name != first}
    below = document[first]
    return {**document, first: without_value(below, rest)} if isinstance(below, Mapping) else document
