from __future__ import annotations

import socket
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from referencing.exceptions import Unresolvable

from reconciler.desired.catalogue import rule_named
from reconciler.desired.schema import make_validator, schema_problems
from reconciler.desired.source import Problem
from reconciler.desired.words import suggestion
from reconciler.model import Json, JsonObject

TEXT = {"type": "string", "minLength": 1, "maxLength": 5, "description": "up to 5 characters"}
SPEC: JsonObject = {
    "type": "object",
    "required": ["enabled", "name"],
    "additionalProperties": False,
    "properties": {
        "enabled": {"type": "boolean"},
        "name": {"description": "what people see", **TEXT},
        "authProviderId": {
            "type": "string",
            "pattern": "^[a-z]+$",
            "x-rule": "auth-provider",
            "x-fix": "write its id",
        },
        "weight": {"type": "integer", "maximum": 9},
        "origins": {
            "type": "array",
            "minItems": 1,
            "maxItems": 2,
            "uniqueItems": True,
            "items": {"type": "string"},
        },
        "labels": {
            "type": "object",
            "maxProperties": 2,
            "propertyNames": {
                "pattern": "^[a-z]+$",
                "x-rule": "name-pattern",
                "description": "lower-case letters",
            },
            "additionalProperties": {"type": "string"},
        },
        "status": {"enum": ["Active", "Inactive"], "x-fix": "write Active or Inactive"},
    },
}
GOOD: JsonObject = {"enabled": True, "name": "Shop"}


def problems(value: Json, schema: JsonObject = SPEC) -> list[Problem]:
    return list(schema_problems(make_validator(schema), value))


def with_fields(**fields: Json) -> list[Problem]:
    return problems({**GOOD, **fields})


def test_a_value_that_keeps_the_schema_has_no_problem() -> None:
    assert problems(GOOD) == []
    assert (
        with_fields(authProviderId="abc", weight=9, origins=["a", "b"], labels={"a": "b"}, status="Active")
        == []
    )


NO_WORDS = "see the schema for what is allowed"
TRUTH = "write true or false"
NAMES = "allowed here: enabled, name, authProviderId, weight, origins, labels, status"


@pytest.mark.parametrize(
    ("field", "value", "rule", "message", "fix"),
    [
        ("enabled", "false", "wrong-type", 'enabled is the text "false", not true or false', TRUTH),
        ("enabled", "", "wrong-type", "enabled is empty text, not true or false", TRUTH),
        ("enabled", None, "wrong-type", "enabled is empty, not true or false", TRUTH),
        ("enabled", 1, "wrong-type", "enabled is the number 1, not true or false", TRUTH),
        ("name", 12, "wrong-type", "name is the number 12, not text", "write text"),
        ("name", True, "wrong-type", "name is true, not text", "write text"),
        ("name", [], "wrong-type", "name is a list, not text", "write text"),
        ("name", "", "wrong-length", "name is empty", "up to 5 characters"),
        ("name", "x" * 6, "wrong-length", "name has 6 characters", "up to 5 characters"),
        ("weight", 1.0, "wrong-type", "weight is the number 1.0, not a whole number", "write a whole number"),
        ("weight", True, "wrong-type", "weight is true, not a whole number", "write a whole number"),
        ("weight", 10, "wrong-value", "weight cannot be 10", NO_WORDS),
        ("status", "active", "wrong-value", 'status cannot be "active"', "write Active or Inactive"),
        ("origins", [], "wrong-count", "origins has no entry", NO_WORDS),
        ("origins", ["a", "b", "c"], "wrong-count", "origins has 3 entries", NO_WORDS),
        ("origins", "a", "wrong-type", 'origins is the text "a", not a list', "write a list"),
        ("labels", {"a": "", "b": "", "c": ""}, "wrong-count", "labels has 3 entries", NO_WORDS),
        ("authProviderId", "a b", "auth-provider", 'authProviderId cannot be "a b"', "write its id"),
        ("authProviderId", "abc\n", "auth-provider", 'authProviderId cannot be "abc\\u{a}"', "write its id"),
        ("authProviderId", None, "wrong-type", "authProviderId is empty, not text", "write its id"),
    ],
)
def test_a_broken_constraint_is_said_in_our_own_words(
    field: str, value: Json, rule: str, message: str, fix: str
) -> None:
    assert with_fields(**{field: value}) == [Problem(rule, (field,), message, fix)]
    assert rule_named(rule)


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        (
            "origins",
            ["a", "a"],
            Problem("wrong-value", ("origins", 1), "origins holds an entry twice", NO_WORDS),
        ),
        (
            "origins",
            [1],
            Problem("wrong-type", ("origins", 0), "origins[0] is the number 1, not text", "write text"),
        ),
        (
            "origins",
            ["a", {}],
            Problem("wrong-type", ("origins", 1), "origins[1] is a mapping, not text", "write text"),
        ),
        (
            "origins",
            ["a", None],
            Problem("wrong-type", ("origins", 1), "origins[1] is empty, not text", "write text"),
        ),
        (
            "origins",
            [["a"]],
            Problem("wrong-type", ("origins", 0), "origins[0] is a list, not text", "write text"),
        ),
        (
            "labels",
            {"a": 1},
            Problem("wrong-type", ("labels", "a"), "a is the number 1, not text", "write text"),
        ),
    ],
)
def test_a_broken_entry_is_named_by_its_number_or_key(field: str, value: Json, problem: Problem) -> None:
    assert with_fields(**{field: value}) == [problem]


@pytest.mark.parametrize(
    ("key", "fix"),
    [
        ("$ref", NAMES),
        ("Weight", "did you mean weight?"),
        ("authProvderId", "did you mean authProviderId?"),
        ("", NAMES),
    ],
)
def test_a_field_that_is_not_known_is_named_at_its_key(key: str, fix: str) -> None:
    message = f'there is no field "{key}" here'
    assert with_fields(**{key: 1}) == [Problem("unknown-field", (key,), message, fix, at_key=True)]


def test_a_key_that_is_not_allowed_is_named_at_its_key_and_shown_escaped() -> None:
    assert with_fields(labels={"A\u202e": "b"}) == [
        Problem(
            "name-pattern",
            ("labels", "A\u202e"),
            'the key "A\\u{202e}" is not allowed here',
            "lower-case letters",
            at_key=True,
        )
    ]


def test_every_field_that_is_missing_is_named() -> None:
    assert problems({}) == [
        Problem("required-field", (), "enabled is missing", "add it", at_key=True),
        Problem("required-field", (), "name is missing", "add it: up to 5 characters", at_key=True),
    ]


def test_a_misspelt_field_is_one_mistake() -> None:
    assert problems({"enabled": True, "nmae": "x"}) == [
        Problem(
            "unknown-field", ("nmae",), 'there is no field "nmae" here', "did you mean name?", at_key=True
        )
    ]
    found = problems({"Enabled": True, "other": 1})
    assert {(problem.rule, problem.message) for problem in found} == {
        ("unknown-field", 'there is no field "Enabled" here'),
        ("unknown-field", 'there is no field "other" here'),
        ("required-field", "name is missing"),
    }


def test_a_missing_field_below_a_misspelt_one_is_still_missing() -> None:
    schema = {
        "properties": {"a": {"required": ["name"], "properties": {"name": {}}}, "name": {}},
        "additionalProperties": False,
    }
    assert [(problem.rule, problem.pointer) for problem in problems({"nmae": 1, "a": {}}, schema)] == [
        ("required-field", ("a",)),
        ("unknown-field", ("nmae",)),
    ]


def test_a_value_of_the_wrong_type_is_one_mistake() -> None:
    schema = {"enum": ["a"], "pattern": "a", "type": "string", "minLength": 3, "x-fix": "write a"}
    assert [problem.rule for problem in problems(1, schema)] == ["wrong-type"]
    assert [problem.rule for problem in problems("b", schema)] == ["wrong-value"]


def test_all_mistakes_are_given_at_once() -> None:
    found = problems({"enabled": 1, "name": "", "origins": [1, "b", 2], "extra": 1})
    assert {(problem.rule, problem.pointer) for problem in found} == {
        ("wrong-type", ("enabled",)),
        ("wrong-length", ("name",)),
        ("wrong-type", ("origins", 0)),
        ("wrong-type", ("origins", 2)),
        ("wrong-count", ("origins",)),
        ("unknown-field", ("extra",)),
    }


def test_a_whole_file_of_another_type_is_named_as_the_file() -> None:
    assert [problem.message for problem in problems([])] == ["the file is a list, not a mapping"]


def test_a_union_of_types_and_a_choice_of_shapes_are_refused_in_one_sentence() -> None:
    assert [problem.message for problem in problems(1, {"type": ["string", "null"]})] == [
        "the file is the number 1, not another type"
    ]
    choice = {"anyOf": [{"required": ["ref"]}, {"required": ["id"]}], "x-fix": "write ref, or id and version"}
    assert problems({"a": 1}, choice) == [
        Problem("wrong-value", (), "the file cannot be a mapping", "write ref, or id and version")
    ]


def test_a_condition_is_checked_like_any_constraint() -> None:
    schema = {
        "if": {"required": ["a"]},
        "then": {"required": ["b"], "properties": {"b": {"description": "goes with a"}}},
    }
    assert problems({"a": 1}, schema) == [
        Problem("required-field", (), "b is missing", "add it: goes with a", at_key=True)
    ]


def test_a_pattern_is_a_search_as_json_schema_says_and_its_end_is_the_end() -> None:
    assert problems("xay", {"pattern": "a"}) == []
    assert [problem.rule for problem in problems("a\n", {"pattern": "a$"})] == ["wrong-value"]
    assert problems("price: 1$", {"pattern": "1\\$"}) == []
    assert problems("a$", {"pattern": "[$]"}) == []
    assert [len(problems(text, {"pattern": "^(?:1|2$)"})) for text in ("1\n", "2", "2\n")] == [0, 0, 1]
    assert problems(1, {"pattern": "a"}) == []


def test_a_reference_outside_the_schema_is_never_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    with pytest.raises(Exception, match="Unresolvable") as caught:
        problems(1, {"$ref": "https://schemas.example.com/x.json"})
    assert isinstance(caught.value.__cause__ or caught.value, Unresolvable)
    assert problems(1, {"$ref": "#/$defs/a", "$defs": {"a": {"type": "integer"}}}) == []


def test_a_validator_serves_many_values() -> None:
    validator = make_validator(SPEC)
    assert [len(schema_problems(validator, value)) for value in (GOOD, {}, GOOD, [])] == [0, 2, 0, 1]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("authProvderId", "authProviderId"),
        ("AUTHPROVIDERID", "authProviderId"),
        ("enable", "enabled"),
        ("webchat_url", "webchatUrl"),
        ("zzz", None),
        ("", None),
    ],
)
def test_the_nearest_name_is_suggested(name: str, meant: str | None) -> None:
    assert suggestion(name, ["enabled", "authProviderId", "webchatUrl"]) == meant


def test_thousands_of_unknown_fields_and_long_values_take_no_time() -> None:
    began = time.perf_counter()
    assert len(with_fields(**{f"enabler{number}": number for number in range(2_400)})) == 2_400
    assert len(with_fields(**{"authProviderId": "a" * 60_000 + "!", "x" * 60_000: 1})) == 2
    assert len(with_fields(origins=["a"] * 5_000)) == 2
    assert time.perf_counter() - began < 3


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*SPEC["properties"], "x", "\u202e"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(JSON)
def test_any_value_has_no_problem_or_problems_that_can_be_shown(value: Json) -> None:
    validator = make_validator(SPEC)
    found = schema_problems(validator, value)
    assert bool(found) != validator.is_valid(value)
    for problem in found:
        assert rule_named(problem.rule)
        assert problem.message.isprintable()
        assert problem.fix
