"""What a JSON Schema that a repository brought may hold: no way out of its file, and patterns in linear time.

A pattern such as `(a+)+$` takes seconds on thirty letters in Python's own engine. The one of jsonschema_rs has no
such patterns, and no look-around and no back references either: those are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NoReturn

from reconciler.desired.words import bare
from reconciler.model import Json, JsonObject

IDENTIFIERS = ("$ref", "$dynamicRef", "$id", "$anchor", "$dynamicAnchor", "$schema")
DIALECT = "https://json-schema.org/draft/2020-12/schema"
PATTERN_BYTES = 1 << 20
"""Memory that a compiled pattern may take."""


def require_own(schema: JsonObject) -> None:
    """Raise `ValueError` that says what of a schema is not read here."""
    _require_references(schema)
    for name, value in _keywords(schema, ("pattern", "patternProperties")):
        if name == "patternProperties":
            raise ValueError("patternProperties is not read here; write propertyNames with a pattern")
        if isinstance(value, str):
            _require_pattern(value)


def is_match(pattern: str, text: str) -> bool:
    """Say whether a pattern is found in a text, as JSON Schema means it, in linear time."""
    return _compiled(pattern)(text)


def _require_references(schema: JsonObject) -> None:
    inside = {name: value for name, value in schema.items() if name != "$id"}
    for name, target in _keywords(inside, IDENTIFIERS):
        is_followed = name == "$ref" and isinstance(target, str) and _leads(schema, target)
        if not is_followed and (name, target) != ("$schema", DIALECT):
            raise ValueError(
                f"{name} {bare(str(target))} leads out of the file, or nowhere; only #/… is followed"
            )


def _leads(schema: Json, reference: str) -> bool:
    """Say whether a reference is a pointer to something in this schema."""
    if reference != "#" and not reference.startswith("#/"):
        return False
    for step in reference.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if not isinstance(schema, dict) or name not in schema:
            return False
        schema = schema[name]
    return True


def _require_pattern(pattern: str) -> None:
    try:
        _compiled(pattern)
    except ValueError as error:
        message = "look-around and back references are not read, because they can take years"
        raise ValueError(f"the pattern {bare(pattern)} cannot be used: {message}") from error


def _keywords(value: Json, names: tuple[str, ...]) -> Iterator[tuple[str, Json]]:
    """Give the keywords of these names, wherever they stand; in examples and constants, too, where they do no harm."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        if key in names:
            yield key, one
        yield from _keywords(one, names)


@lru_cache(maxsize=1_000)
def _compiled(pattern: str) -> Callable[[Json], bool]:
    from jsonschema_rs import Draft202012Validator, RegexOptions

    options = RegexOptions(size_limit=PATTERN_BYTES)
    return Draft202012Validator({"pattern": pattern}, pattern_options=options, retriever=_refuse).is_valid


def _refuse(uri: str) -> NoReturn:
    raise ValueError(f"a schema must not lead to {uri}")
