from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from reconciler.emulator.audit import Actor, AuditLog, AuditQuery, person, property_changes
from reconciler.emulator.refusal import Refused

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def a_log() -> AuditLog:
    log = AuditLog()
    for hour in range(5):
        log.record(
            "WebchatChannel",
            {"id": "a", "n": hour},
            {"id": "a", "n": hour + 1},
            person("Dana"),
            NOW + hour * HOUR,
        )
        log.record("WebchatChannel", None, {"id": "b"}, person("Dana"), NOW + hour * HOUR)
    return log


def read_all(log: AuditLog, size: int) -> list[int]:
    found: list[int] = []
    cursor = None
    for _ in range(10):
        query = AuditQuery("a", visible_until=NOW + 9 * HOUR, size=size, cursor=cursor)
        entries, cursor = log.page(query)
        found += [entry["propertyChanges"][0]["newValues"][0] for entry in entries]
        if cursor is None:
            return found
    raise AssertionError("the pages never end")


def test_an_entry_says_what_moved_when_and_who_moved_it() -> None:
    log = AuditLog()
    actor = Actor("client-1", "reconciler", "client-1")
    log.record(
        "WebchatChannel",
        {"id": "a", "on": True, "version": 1},
        {"id": "a", "on": False, "version": 2},
        actor,
        NOW,
    )
    (entry,) = log.entries
    assert len(entry.pop("id")) == 36
    assert entry == {
        "entityId": "a",
        "entityType": "WebchatChannel",
        "action": "Update",
        "eventDate": "2026-03-01T12:00:00.000Z",
        "user": {"id": "client-1", "name": "reconciler"},
        "client": {"id": "client-1"},
        "propertyChanges": [{"property": "on", "oldValues": [True], "newValues": [False]}],
    }


def test_a_nested_list_is_one_property_with_a_dotted_name() -> None:
    before = {"webchatSettings": {"corsAllowedOrigins": ["https://a.example.com"], "webchatId": "w"}}
    after = {"webchatSettings": {"corsAllowedOrigins": ["https://a.example.com", "https://b.example.com"]}}
    assert property_changes(before, after) == [
        {
            "property": "webchatSettings.corsAllowedOrigins",
            "oldValues": ["https://a.example.com"],
            "newValues": ["https://a.example.com", "https://b.example.com"],
        },
        {"property": "webchatSettings.webchatId", "oldValues": ["w"], "newValues": []},
    ]


def test_the_same_person_has_the_same_id_every_time() -> None:
    assert person("Dana") == person("Dana")
    assert person("Dana").id != person("Robin").id


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_pages_of_any_size_give_every_entry_once_newest_first(size: int) -> None:
    assert read_all(a_log(), size) == [5, 4, 3, 2, 1]


def test_an_entry_that_comes_between_two_pages_disturbs_neither() -> None:
    log = a_log()
    first, cursor = log.page(AuditQuery("a", visible_until=NOW + 9 * HOUR, size=2))
    log.record("WebchatChannel", {"id": "a", "n": 5}, {"id": "a", "n": 6}, person("Dana"), NOW + 6 * HOUR)
    second, _ = log.page(AuditQuery("a", visible_until=NOW + 9 * HOUR, size=2, cursor=cursor))
    assert [entry["propertyChanges"][0]["newValues"] for entry in first + second] == [[5], [4], [3], [2]]


def test_a_time_range_holds_both_of_its_ends() -> None:
    query = AuditQuery("a", visible_until=NOW + 9 * HOUR, start=NOW + HOUR, end=NOW + 2 * HOUR)
    entries, cursor = a_log().page(query)
    assert [entry["eventDate"][11:13] for entry in entries] == ["14", "13"]
    assert cursor is None


def test_an_entry_that_is_too_young_is_not_seen() -> None:
    entries, _ = a_log().page(AuditQuery("a", visible_until=NOW + HOUR))
    assert len(entries) == 2


@pytest.mark.parametrize("cursor", ["", "x", "YmVmb3JlOjk5OTk=", "YmVmb3JlOi0x", "b3RoZXI6MQ=="])
def test_a_cursor_that_was_never_given_is_refused(cursor: str) -> None:
    with pytest.raises(Refused) as refusal:
        a_log().page(AuditQuery("a", visible_until=NOW, cursor=cursor))
    assert refusal.value.fields == (("invalid", "cursor"),)
