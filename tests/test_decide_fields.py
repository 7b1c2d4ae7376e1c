from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.decide.fields import canonical, leaves, same, sharing, value_at, with_value


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


def test_an_equal_part_is_held_once() -> None:
    wanted = {"name": "a", "enabled": True, "settings": {"url": "u", "origins": ["x", "y"]}}
    live = json.loads(json.dumps(wanted)) | {"version": 3}
    shared = sharing(live, wanted)
    assert shared == live
    assert list(shared) == list(live)
    assert shared["settings"] is wanted["settings"]
    live["settings"]["theme"] = "dark"
    shared = sharing(live, wanted)
    assert shared == live
    assert shared["settings"]["origins"] is wanted["settings"]["origins"]


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(0, 2)
    | st.sampled_from([0.0, 1.0])
    | st.sampled_from(["", "a", "b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)


@given(VALUES, VALUES)
def test_sharing_changes_no_value(one: Any, other: Any) -> None:
    assert canonical(sharing(one, other)) == canonical(one)
