"""One schema ready for use: a fast yes for what is valid, and the words of `schema` for everything else.

The only home of jsonschema-rs, which accelerates and never decides against a file: what it does not pass, the
authority judges.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

try:
    from jsonschema_rs import Draft202012Validator
except ImportError:  # pragma: no cover - where its wheel does not run, the authority judges every file
    Draft202012Validator = None  # type: ignore[assignment,misc]

if TYPE_CHECKING:
    from reconciler.desired.source import Problem
    from reconciler.model import Json, JsonObject


class Check:
    """What one schema says of the values of files."""

    def __init__(self, schema: JsonObject) -> None:
        self._schema = schema

    def __call__(self, value: Json) -> tuple[Problem, ...]:
        """Give what is wrong with a value, by the authority."""
        from reconciler.desired.schema import schema_problems

        return schema_problems(self._authority, value)

    def problems_of_file(self, value: Json) -> tuple[Problem, ...]:
        """Give what is wrong with the value of a channel file, whose texts hold nothing hidden.

        Letters that cannot be seen are all that the two validators read differently in patterns, so other values,
        such as a merged document, are for the authority alone.
        """
        return () if self._passes(value) else self(value)

    def _passes(self, value: Json) -> bool:
        if self._swift is None or (self._counts and _has_fraction(value)):
            return False
        try:
            return bool(self._swift.is_valid(value))
        except ValueError:
            # Half a surrogate pair, or a number beyond its reach.
            return False

    @cached_property
    def _authority(self) -> Any:
        from reconciler.desired.schema import make_validator

        return make_validator(self._schema)

    @cached_property
    def _swift(self) -> Any:
        if Draft202012Validator is None:  # pragma: no cover
            return None
        return Draft202012Validator(dict(self._schema), validate_formats=False, retriever=_refuse)

    @cached_property
    def _counts(self) -> bool:
        """Whether the schema asks for whole numbers: to it 1.0 is one, to us it is none."""
        return '"integer"' in json.dumps(self._schema)


def _refuse(uri: str) -> NoReturn:
    raise ValueError(f"a schema may not lead elsewhere: {uri}")


def _has_fraction(value: Json) -> bool:
    if isinstance(value, dict):
        return any(map(_has_fraction, value.values()))
    return any(map(_has_fraction, value)) if isinstance(value, list) else isinstance(value, float)
