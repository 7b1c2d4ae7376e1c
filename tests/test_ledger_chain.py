from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.ledger.chain import Chain, last_record, verify_chain
from reconciler.ledger.page import StoredRecord, file_bytes, read_record


def line(length: int) -> list[StoredRecord]:
    records: list[StoredRecord] = []
    for number in range(length):
        previous = records[-1].hash if records else None
        records.append(stored(number, {"number": number, "previous": previous}))
    return records


def stored(number: int, document: dict[str, object]) -> StoredRecord:
    return read_record(f"runs/2025/01/20250131T{number:06d}000Z-run-{number}.json", file_bytes(document))


def broken(records: list[StoredRecord]) -> tuple[str, str]:
    chain = verify_chain(records)
    assert not chain.valid
    assert chain.length == len(records)
    return str(chain.first_bad), str(chain.reason)


def test_no_records_are_a_valid_chain() -> None:
    assert verify_chain([]) == Chain(valid=True, length=0)


def test_an_unbroken_line_is_valid_in_any_order() -> None:
    assert verify_chain(list(reversed(line(5)))) == Chain(valid=True, length=5)


def test_the_record_after_an_edited_one_is_the_first_bad_link() -> None:
    records = line(4)
    records[1] = stored(1, {**records[1].document, "number": 100})
    path, reason = broken(records)
    assert path == records[2].path
    assert "that one was changed or removed" in reason


def test_the_record_after_a_removed_one_is_the_first_bad_link() -> None:
    records = line(4)
    assert broken(records[:1] + records[2:])[0] == records[2].path


def test_without_its_first_record_a_chain_has_no_start() -> None:
    records = line(3)[1:]
    assert broken(records)[0] == records[0].path


def test_a_second_start_is_bad() -> None:
    records = [*line(2), stored(7, {"number": 7, "previous": None})]
    path, reason = broken(records)
    assert path == records[2].path
    assert f"{records[0].path} is the start" in reason


def test_a_fork_is_bad() -> None:
    records = line(3)
    fork = stored(9, {"number": 9, "previous": records[0].hash})
    path, reason = broken([*records, fork])
    assert path == fork.path
    assert f"{records[1].path} follows the same record" in reason


def test_a_copy_under_another_name_is_bad() -> None:
    records = line(2)
    copy = stored(9, dict(records[1].document))
    assert broken([*records, copy]) == (records[1].path, "another record has the same bytes, so it is a copy")


def test_a_ring_apart_from_the_line_is_bad() -> None:
    ring = [
        StoredRecord("runs/b.json", "b", {"previous": "sha256:c"}, "sha256:b"),
        StoredRecord("runs/c.json", "c", {"previous": "sha256:b"}, "sha256:c"),
    ]
    assert broken([*line(2), *ring])[0] == "runs/b.json"
    assert broken(ring)[0] == "runs/b.json"


@pytest.mark.parametrize("previous", [1, [], {}, True, "", "sha256:"])
def test_a_previous_that_is_no_hash_of_a_record_is_bad(previous: object) -> None:
    records = [*line(1), stored(1, {"previous": previous})]
    assert broken(records)[0] == records[1].path


def test_a_file_that_is_no_record_is_bad() -> None:
    damaged = read_record("runs/2025/01/20250131T000009000Z-x.json", b"{")
    assert broken([*line(1), damaged]) == (
        damaged.path,
        "it cannot be read as a record, so it was changed after it was recorded",
    )


def test_the_last_record_is_the_one_that_no_other_names() -> None:
    records = line(3)
    assert last_record(records) == records[2]
    assert last_record([]) is None


@given(st.integers(2, 8), st.data())
def test_any_one_edit_before_the_end_and_any_one_removal_breaks_the_chain(
    length: int, data: st.DataObject
) -> None:
    records = line(length)
    at = data.draw(st.integers(0, length - 2))
    edited = [*records]
    edited[at] = stored(at, {**records[at].document, "number": -1})
    assert not verify_chain(edited).valid
    assert not verify_chain(records[:at] + records[at + 1 :]).valid
