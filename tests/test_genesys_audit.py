"""The audit log, page by page, and what is said where it cannot be read whole."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from genesys_remote import SECRET, Scripted, Sent, client_of, reply

from reconciler.errors import Forbidden
from reconciler.genesys.audit import AuditLimits, fetch_audit
from reconciler.model import AuditChange, AuditEntry

ID = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
END = datetime(2026, 3, 1, 14, 0, 0, 123456, tzinfo=timezone(timedelta(hours=1)))
ENTRY: dict[str, Any] = {
    "id": "e1",
    "entityId": ID,
    "entityType": "WebchatChannel",
    "action": "Update",
    "eventDate": "2026-03-01T12:30:00.000Z",
    "user": {"id": "u1", "name": "Ada"},
    "client": {"id": "k1"},
    "propertyChanges": [
        {"property": "name", "oldValues": ["old"], "newValues": ["new"]},
        {"property": "origins", "oldValues": [], "newValues": ["a", "b"]},
    ],
}


def entry(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {**ENTRY, "id": f"e{number}", **changes}


def answer(*entities: Any, cursor: Any = None) -> Any:
    return reply(200, {"entities": list(entities)} | ({} if cursor is None else {"nextPageCursor": cursor}))


def read(script: Any, entity: str = ID, **limits: int) -> tuple[tuple[AuditEntry, ...], str | None, Scripted]:
    transport = Scripted(script)
    found = fetch_audit(client_of(transport), entity, "secure", START, END, AuditLimits(**limits))
    entries, reason = asyncio.run(found)
    return entries, reason, transport


def test_the_log_is_asked_for_one_entity_and_time_and_read_by_cursor() -> None:
    script = [answer(entry(1), cursor="c/1="), answer(cursor="c2"), answer(entry(2))]
    entries, reason, transport = read(script)
    assert ([each.id for each in entries], reason) == (["e1", "e2"], None)
    queries = [dict(parse_qsl(urlsplit(request.url).query)) for request in transport.sent]
    asked = {
        "filter": f"entityId:{ID}",
        "startTime": "2026-03-01T12:00:00.000Z",
        "endTime": "2026-03-01T13:00:00.123Z",
        "pageSize": "100",
    }
    assert queries == [asked, {**asked, "cursor": "c/1="}, {**asked, "cursor": "c2"}]


def test_an_entry_says_who_moved_what_and_when() -> None:
    (made,), _, _ = read([answer(ENTRY)])
    assert made == AuditEntry(
        id="e1",
        name="secure",
        entity=ID,
        when="2026-03-01T12:30:00.000Z",
        action="Update",
        actor_id="u1",
        actor_name="Ada",
        client_id="k1",
        changes=(AuditChange("name", "old", "new"), AuditChange("origins", None, ["a", "b"])),
    )


@pytest.mark.parametrize("cursors", [["a", "a"], ["a", "b", "c", "a"]])
def test_a_cursor_that_comes_back_ends_the_reading(cursors: list[str]) -> None:
    entries, reason, transport = read([answer(entry(n), cursor=cursor) for n, cursor in enumerate(cursors)])
    assert (len(entries), len(transport.sent)) == (len(cursors), len(cursors))
    assert reason == "the audit log repeats a cursor; what lies behind it was not read"


def test_a_cursor_is_one_value_of_the_query_whatever_it_holds() -> None:
    odd = "https://evil.example.com/?a=b&c#\r\nX: y"
    _, reason, transport = read([answer(entry(1), cursor=odd), answer(entry(2), cursor="")])
    url = transport.sent[1].url
    assert (dict(parse_qsl(urlsplit(url).query))["cursor"], reason) == (odd, None)
    assert url.startswith("https://api.example.com/api/v2/auditlogs?")
    assert url.endswith("&cursor=https%3A%2F%2Fevil.example.com%2F%3Fa%3Db%26c%23%0D%0AX%3A%20y")


@pytest.mark.parametrize("cursor", [7, ["a"], "x" * 5000, True])
def test_a_cursor_that_is_none_ends_the_reading(cursor: Any) -> None:
    entries, reason, _ = read([answer(ENTRY, cursor=cursor)])
    assert (len(entries), reason) == (1, "the audit log gave a cursor that is no text, or too long")


def test_pages_without_end_are_cut() -> None:
    def endless(request: Sent) -> Any:
        number = len(transport_sent)
        transport_sent.append(request)
        return answer(entry(number), cursor=f"c{number}")

    transport_sent: list[Sent] = []
    entries, reason, _ = read(endless, pages=4)
    assert len(entries) == 4
    assert reason == "the audit log has more than 4 pages for this time; ask for less of it"


def test_entries_without_end_are_cut() -> None:
    page = [entry(number) for number in range(10)]
    entries, reason, _ = read([answer(*page)], entries=3)
    assert ([each.id for each in entries], reason) == (
        ["e0", "e1", "e2"],
        "there are more than 3 entries; ask for less time",
    )


def test_an_entry_on_two_pages_counts_once() -> None:
    entries, reason, _ = read([answer(entry(1), cursor="c"), answer(entry(1), entry(2))])
    assert ([each.id for each in entries], reason) == (["e1", "e2"], None)


@pytest.mark.parametrize(
    "odd", [None, 7, [], {}, entry(id=None), entry(id=7), entry(eventDate=None), entry(entityId="another")]
)
def test_an_entry_of_no_known_form_is_left_out_and_said_so(odd: Any) -> None:
    entries, reason, _ = read([answer(odd, entry(2))])
    assert ([each.id for each in entries], reason) == (
        ["e2"],
        "entries left out, because they are of no known form: 1",
    )


@pytest.mark.parametrize(
    ("changes", "made"),
    [
        (None, ()),
        ("text", ()),
        ([7, {}, {"property": 7}], ()),
        ([{"property": "p"}], (AuditChange("p", None, None),)),
        ([{"property": "p", "oldValues": "a", "newValues": {"b": 1}}], (AuditChange("p", "a", {"b": 1}),)),
    ],
)
def test_changes_of_another_form_are_taken_as_far_as_they_go(
    changes: Any, made: tuple[AuditChange, ...]
) -> None:
    (entry_made,), reason, _ = read([answer(entry(propertyChanges=changes))])
    assert (entry_made.changes, reason) == (made, None)


def test_an_entry_without_an_actor_has_none() -> None:
    (made,), _, _ = read([answer({"id": "e1", "eventDate": "2026-03-01T12:30:00Z", "user": 7})])
    assert (made.actor_id, made.actor_name, made.client_id, made.action) == (None, None, None, "")


def test_a_page_without_a_list_ends_the_reading() -> None:
    entries, reason, _ = read([answer(ENTRY, cursor="c"), reply(200, {"entities": None})])
    assert (len(entries), reason) == (1, "the audit log gave a page without a list of entities")


def test_a_log_that_cannot_be_had_at_all_is_an_error() -> None:
    with pytest.raises(Forbidden, match="auditlog:auditlog:read"):
        read([reply(403, {"message": "no"})])


def test_a_later_page_that_fails_keeps_what_was_read() -> None:
    entries, reason, _ = read([answer(ENTRY, cursor="c"), reply(403, {"message": "no"})])
    assert (len(entries), str(reason).startswith("GET /api/v2/auditlogs answered 403")) == (1, True)


@pytest.mark.parametrize("entity", ["", "a b", "a&b", "a:b", "a' or '1", "x" * 300, "ä"])
def test_an_id_that_could_be_more_than_an_id_is_not_asked_for(entity: str) -> None:
    entries, reason, transport = read([], entity=entity)
    assert (entries, transport.sent) == ((), [])
    assert "cannot stand in a filter" in str(reason)


def test_a_secret_in_the_log_does_not_reach_the_record() -> None:
    odd = entry(propertyChanges=[{"property": "note", "oldValues": [], "newValues": [f"x{SECRET}"]}])
    (made,), _, _ = read([answer(odd)])
    assert made.changes == (AuditChange("note", None, "x[hidden]"),)
