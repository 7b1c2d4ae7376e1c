from __future__ import annotations

from typing import Any

import pytest

from reconciler.decide.fields import canonical, leaves, same, value_at, with_value


def test_a_field_is_a_value_that_is_not_an_object() -> None:
    document = {"a": 1, "b": {"c": [{"d": 2}], "e": {}}}
    assert leaves(document) == {("a",): 1, ("b", "c"): [{"d": 2}]}


def test_a_value_is_found_by_its_path_or_is_none() -> None:
    document = {"a": {"b": [1]}}
    assert value_at(document, ("a", "b")) == [1]
    assert value_at(document, ("a", "c")) is None
    assert value_at(document, ("a", "b", "c")) is None


def test_placing_a_value_leaves_the_document_as_it_was() -> None:
    document = {"a": {"b": 1, "c": 2}}
    assert with_value(document, ("a", "b"), 3) == {"a": {"b": 3, "c": 2}}
    assert with_value(document, ("d", "e"), 3) == {"a": {"b": 1, "c": 2}, "d": {"e": 3}}
    assert document == {"a": {"b": 1, "c": 2}}


@pytest.mark.parametrize(
    ("one", "other"), [(1, True), (1, 1.0), (0, False), ([1], [True]), ("1", 1), (None, "")]
)
def test_values_of_two_types_are_not_the_same(one: Any, other: Any) -> None:
    assert not same(one, other)


def test_the_order_of_an_object_does_not_matter() -> None:
    assert same({"a": 1, "b": 2}, {"b": 2, "a": 1})


def test_canonical_text_is_sorted_and_without_spaces() -> None:
    assert canonical({"b": "ü", "a": [1, None]}) == '{"a":[1,null],"b":"ü"}'
