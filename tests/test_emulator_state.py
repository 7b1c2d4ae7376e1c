from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.emulator.audit import person
from reconciler.emulator.refusal import Refused
from reconciler.emulator.state import BrokenState, Store, merge_patch

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DANA = person("Dana")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


def a_store() -> Store:
    store = Store()
    store.channels.create({"id": "a", "name": "A", "note": "kept"}, DANA, NOW)
    return store


def test_a_created_document_has_version_1_whatever_it_says() -> None:
    created = Store().channels.create({"id": "a", "version": 7}, DANA, NOW)
    assert created == {"id": "a", "version": 1}


def test_a_replacement_erases_what_it_does_not_carry_and_raises_the_version() -> None:
    assert a_store().channels.replace({"id": "a", "name": "B"}, DANA, NOW) == {
        "id": "a",
        "name": "B",
        "version": 2,
    }


def test_an_edit_keeps_what_it_does_not_name_and_the_id() -> None:
    edited = a_store().channels.edit("a", {"name": "B", "id": "other"}, DANA, NOW)
    assert edited == {"id": "a", "name": "B", "note": "kept", "version": 2}


def test_a_stale_read_gives_the_version_before() -> None:
    store = a_store()
    store.channels.edit("a", {"name": "B"}, DANA, NOW)
    assert [store.channels.get("a", stale=stale)["version"] for stale in (True, False)] == [1, 2]


def test_a_deleted_document_is_gone_but_can_still_be_read_stale() -> None:
    store = a_store()
    store.channels.remove("a", DANA, NOW)
    assert store.channels.get("a", stale=True)["name"] == "A"
    with pytest.raises(Refused) as refusal:
        store.channels.get("a")
    assert (refusal.value.status, refusal.value.code) == (404, "not.found")


def test_what_a_caller_does_to_its_document_later_does_not_reach_the_store() -> None:
    mine: dict[str, Any] = {"id": "a", "list": [1]}
    store = Store()
    store.channels.create(mine, DANA, NOW)
    mine["list"].append(2)
    assert store.channels.get("a")["list"] == [1]


def test_a_saved_state_loads_into_the_same_state() -> None:
    store, other = a_store(), Store()
    other.load(store.document())
    assert other.document() == store.document()


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ([], 'a state is a JSON object with "format": 1, not []'),
        ({"format": 1, "channels": {}}, '"channels" of a state is a list of documents, not {}'),
        ({"format": 1, "webhooks": [{}]}, 'each of "webhooks" is an object with a text "id", not {}'),
        (
            {"format": 1, "channels": [{"id": "a", "version": 0}]},
            "\"version\" of 'a' is a number from 1, not 0",
        ),
        (
            {"format": 1, "channels": [{"id": "a"}, {"id": "a"}]},
            '"id" of each of "channels" is one that no other has, not \'a\'',
        ),
        (
            {"format": 1, "audit": [3]},
            '"audit" of a state is a list of audit entries as the API gives them, not [3]',
        ),
    ],
)
def test_a_broken_state_is_refused_in_a_sentence_and_changes_nothing(document: object, sentence: str) -> None:
    store = a_store()
    with pytest.raises(BrokenState) as error:
        store.load(document)
    assert str(error.value) == sentence
    assert store.channels.get("a")["name"] == "A"


@given(JSON)
def test_a_merge_patch_made_of_a_document_without_nulls_gives_that_document(document: Any) -> None:
    def without_nulls(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: without_nulls(inner) for name, inner in value.items() if inner is not None}
        return value

    assert merge_patch(None, document) == without_nulls(document)


@pytest.mark.parametrize(
    ("target", "patch", "merged"),
    [
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": None}}, {"a": {"c": 2}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": "b"}, {"a": {"c": 1}}, {"a": {"c": 1}}),
        ({"a": 1}, "text", "text"),
    ],
)
def test_a_merge_patch_works_as_rfc_7396_says(target: object, patch: object, merged: object) -> None:
    assert merge_patch(target, patch) == merged
