"""JSON Schema 2020-12 over the value of a channel file, as problems in this project's own words.

The only home of jsonschema. It never reaches the network, and its English, which repeats whole values, is
never shown: a schema says with `x-rule` and `x-fix` beside a constraint which rule it is, and what to write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, SchemaError, TypeChecker, ValidationError, validators
from jsonschema.protocols import Validator
from referencing import Registry

from reconciler.desired.own_schema import is_match, require_own
from reconciler.desired.source import Problem, missing_field
from reconciler.desired.words import bare, shown, suggestion
from reconciler.model import Json, JsonObject, Pointer

TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "nothing",
    "number": "a number",
    "object": "a mapping",
    "string": "text",
}
LENGTHS = ("minLength", "maxLength")
ANCHOR = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|\$", re.DOTALL)
"""A `$`, or what may hold one that is no anchor: an escape, a set of characters."""
COUNTS = ("minItems", "maxItems", "minProperties", "maxProperties")


def make_validator(schema: JsonObject) -> Validator:
    """Make the validator of one schema; it can be used for any number of documents."""
    # A registry that cannot retrieve: a reference that the schema does not hold is an error, not a request.
    validator: Validator = _STRICT(schema, registry=Registry())
    return validator


def schema_problems(validator: Validator, value: Json) -> tuple[Problem, ...]:
    """Give what is wrong with a value, one problem a cause."""
    found: dict[Any, Problem] = {}
    # A value of the wrong type breaks other constraints too; the type is what to say.
    for error in sorted(validator.iter_errors(value), key=lambda error: error.validator != "type"):
        for problem in _problems(error):
            found.setdefault(_cause(problem), problem)
    return tuple(_without_misspelt(found.values()))


def make_own_check(schema: JsonObject) -> Callable[[Json], tuple[Problem, ...]]:
    """Make the check of a schema that a repository brought; raises `ValueError` that says why it cannot be used."""
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        where = "/".join(map(str, error.absolute_path)) or "the whole"
        raise ValueError(f"this is no JSON Schema 2020-12: {bare(where)}: {bare(error.message)}") from error
    require_own(schema)
    validator: Validator = _OWN(schema, registry=Registry())
    try:
        # A rule that refers to itself without end does so on any value.
        list(validator.iter_errors({}))
    except RecursionError as error:
        raise ValueError("the rule refers to itself without end") from error
    return lambda value: _own_problems(validator, value)


def _own_problems(validator: Validator, value: Json) -> tuple[Problem, ...]:
    try:
        return schema_problems(validator, value)
    except RecursionError:
        return (Problem("policy-file", (), "the rule refers to itself without end", "mend its $ref"),)


@cache
def _strict(pattern: str) -> str:
    return ANCHOR.sub(lambda part: r"\Z" if part[0] == "$" else part[0], pattern)


def _is_integer(_checker: TypeChecker, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _match(
    _validator: Validator, pattern: str, value: object, _schema: JsonObject
) -> Iterator[ValidationError]:
    """Match as ECMAScript does, where `$` is the end and not also the place before a last line break."""
    if isinstance(value, str) and not re.search(_strict(pattern), value):
        yield ValidationError("pattern")


def _match_own(
    _validator: Validator, pattern: str, value: object, _schema: JsonObject
) -> Iterator[ValidationError]:
    if isinstance(value, str) and not is_match(pattern, value):
        yield ValidationError("pattern")


_STRICT: Callable[..., Any] = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {"pattern": _match},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)


_OWN: Callable[..., Any] = validators.extend(  # type: ignore[no-untyped-call]
    _STRICT, {"pattern": _match_own}
)


def _cause(problem: Problem) -> tuple[object, ...]:
    if problem.rule == "required-field":
        return problem.pointer, problem.message
    return problem.pointer, problem.at_key


def _without_misspelt(problems: Any) -> Iterator[Problem]:
    """Leave out a missing field that stands there under a misspelt name: that is one mistake, not two."""
    listed = list(problems)
    meant = {(problem.pointer[:-1], problem.fix) for problem in listed if problem.rule == "unknown-field"}
    for problem in listed:
        field = missing_field(problem)
        if field is None or (problem.pointer, _did_you_mean(field)) not in meant:
            yield problem


def _problems(error: ValidationError) -> Iterator[Problem]:
    pointer = tuple(error.absolute_path)
    schema: Mapping[str, Any] = error.schema if isinstance(error.schema, dict) else {}
    if error.validator == "required":
        yield from _missing(pointer, error, schema)
    elif error.validator == "additionalProperties":
        yield from _unknown(pointer, error, schema)
    elif "propertyNames" in error.absolute_schema_path:
        key = str(error.instance)
        rule = schema.get("x-rule", "wrong-value")
        yield Problem(
            rule, (*pointer, key), f"the key {shown(key)} is not allowed here", _fix(schema), at_key=True
        )
    else:
        yield _broken(pointer, error, schema)


def _missing(pointer: Pointer, error: ValidationError, schema: Mapping[str, Any]) -> Iterator[Problem]:
    properties = schema.get("properties", {})
    required: Any = error.validator_value
    for name in required:
        if name not in _instance(error):
            about = properties.get(name, {}).get("description", "")
            fix = f"add it: {about}" if about else "add it"
            yield Problem("required-field", pointer, f"{name} is missing", fix, at_key=True)


def _unknown(pointer: Pointer, error: ValidationError, schema: Mapping[str, Any]) -> Iterator[Problem]:
    known = list(schema.get("properties", {}))
    for name in _instance(error):
        if name not in known:
            near = suggestion(name, known)
            fix = _did_you_mean(near) if near else f"allowed here: {', '.join(known)}"
            yield Problem(
                "unknown-field", (*pointer, name), f"there is no field {shown(name)} here", fix, at_key=True
            )


def _instance(error: ValidationError) -> Any:
    """Give the value that an error is about; it is there in every error that a validator gives."""
    return error.instance


def _did_you_mean(name: str) -> str:
    return f"did you mean {name}?"


def _broken(pointer: Pointer, error: ValidationError, schema: Mapping[str, Any]) -> Problem:
    field, value, keyword = _field(pointer), _instance(error), str(error.validator)
    if keyword == "type":
        expected = TYPES.get(str(error.validator_value), "another type")
        fix = schema.get("x-fix") or f"write {expected}"
        return Problem("wrong-type", pointer, f"{field} is {_described(value)}, not {expected}", fix)
    if keyword in LENGTHS:
        size = f"has {len(value)} characters" if value else "is empty"
        return Problem(schema.get("x-rule", "wrong-length"), pointer, f"{field} {size}", _fix(schema))
    if keyword in COUNTS:
        size = f"has {len(value)} entries" if value else "has no entry"
        return Problem(schema.get("x-rule", "wrong-count"), pointer, f"{field} {size}", _fix(schema))
    if keyword == "uniqueItems":
        pointer = (*pointer, _repeated(value))
        return Problem(
            schema.get("x-rule", "wrong-value"), pointer, f"{field} holds an entry twice", _fix(schema)
        )
    return Problem(
        schema.get("x-rule", "wrong-value"), pointer, f"{field} cannot be {shown(value)}", _fix(schema)
    )


def _fix(schema: Mapping[str, Any]) -> str:
    """Say what is allowed, in the words of the schema."""
    return str(schema.get("x-fix") or schema.get("description") or "see the schema for what is allowed")


def _field(pointer: Pointer) -> str:
    if not pointer:
        return "the file"
    last = pointer[-1]
    return bare(last) if isinstance(last, str) else f"{_field(pointer[:-1])}[{last}]"


def _described(value: Json) -> str:
    if isinstance(value, str):
        return f"the text {shown(value)}" if value else "empty text"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"the number {shown(value)}"
    return "empty" if value is None else shown(value)


def _repeated(items: list[Json]) -> int:
    """Give the index of the first item that is there before."""
    return next(index for index, item in enumerate(items) if item in items[:index])
