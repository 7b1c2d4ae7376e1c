from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import RecordError
from reconciler.ledger.page import (
    commit_message,
    file_bytes,
    hash_of,
    make_page,
    read_document,
    read_record,
    record_path,
)

WHEN = "2025-01-31T23:59:58.123456Z"
HOSTILE = ["", "..", "../x", ".git", "a/b", "a\\b", "A", "ä", "a\nb", "a\0b", "-rf", "a" * 129, "a b"]


def test_the_path_of_a_record_is_its_month_time_and_run() -> None:
    assert record_path({"run": "r-1", "when": WHEN}) == "runs/2025/01/20250131T235958123Z-r-1.json"


def test_utc_may_be_written_as_an_offset() -> None:
    assert record_path({"run": "r", "when": "2025-01-31T23:59:58+00:00"}) == (
        "runs/2025/01/20250131T235958000Z-r.json"
    )


@pytest.mark.parametrize(
    "when",
    [None, "", "2025-01-31", "2025-13-31T00:00:00Z", "2025-01-31T00:00:00", "2025-01-31T00:00:00+02:00"],
)
def test_a_time_that_is_not_utc_is_refused(when: object) -> None:
    with pytest.raises(RecordError, match="is no time of a record; write UTC as in"):
        record_path({"run": "r", "when": when})


@pytest.mark.parametrize("run", [None, "", "R", "a/b", "../x", "a.b", "a\nb", "a" * 65, "é"])
def test_a_run_whose_name_is_no_path_is_refused(run: object) -> None:
    with pytest.raises(RecordError, match="cannot name a run"):
        record_path({"run": run, "when": WHEN})


@pytest.mark.parametrize("name", HOSTILE)
def test_names_that_would_leave_their_folder_are_refused(name: str) -> None:
    with pytest.raises(RecordError, match="cannot name a channel in the record"):
        make_page({"run": "r", "when": WHEN}, "", {name: {}}, "acme")
    with pytest.raises(RecordError, match="cannot name an organisation in the record"):
        make_page({"run": "r", "when": WHEN}, "", {"chat": {}}, name)


def test_what_was_applied_says_which_run_did_it_and_when() -> None:
    page = make_page({"run": "r", "when": WHEN}, "# r\n", {"chat": {"x": 1}, "gone": None}, "acme")
    assert {path: data and data.decode() for path, data in page.files.items()} == {
        "runs/2025/01/20250131T235958123Z-r.md": "# r\n",
        "applied/acme/chat.json": f'{{\n  "run": "r",\n  "when": "{WHEN}",\n  "x": 1\n}}\n',
        "applied/acme/gone.json": None,
    }


def test_a_file_has_sorted_keys_readable_letters_and_a_last_newline() -> None:
    assert file_bytes({"b": "ü", "a": [1]}).decode() == '{\n  "a": [\n    1\n  ],\n  "b": "ü"\n}\n'


@pytest.mark.parametrize("value", [float("nan"), object(), {1, 2}, "\ud800"])
def test_what_is_not_json_is_refused(value: object) -> None:
    with pytest.raises(RecordError, match="record"):
        file_bytes({"value": value})


def test_a_record_above_the_limit_is_refused() -> None:
    with pytest.raises(RecordError, match="16777216 are allowed"):
        make_page({"run": "r", "when": WHEN}, "x" * (16 * 1024 * 1024 + 1), {}, "acme")


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5) | st.none(), max_size=4))
def test_the_order_of_keys_changes_no_hash(document: dict[str, object]) -> None:
    try:
        data = file_bytes(document)
    except RecordError:
        return
    turned = dict(reversed(document.items()))
    assert hash_of(file_bytes(turned)) == hash_of(data)
    assert json.loads(data) == document


def test_nothing_of_a_record_can_add_a_line_to_the_commit_message() -> None:
    document = {
        "run": "r",
        "command": "apply\n\nEvil: 1",
        "commit": "x\nEvil: 1",
        "tree": "a" * 40,
        "exit": "0\nEvil: 1",
    }
    assert commit_message("runs/x.json", document).splitlines() == [
        "Record run r",
        "",
        "Reconciler-Source: none",
        f"Reconciler-Tree: {'a' * 40}",
        "Reconciler-Run: r",
        "Reconciler-Result: none",
        "Reconciler-Record: runs/x.json",
    ]


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"{", b"[" * 100_000, b"1" * 5000])
def test_bytes_that_are_no_record_still_have_a_hash(data: bytes) -> None:
    assert read_document(data) is None
    record = read_record("runs/2025/01/20250131T235958123Z-r.json", data)
    assert (record.run, record.document, record.hash) == ("r", {}, hash_of(data))
