"""Questions to the audit service: asked once, ready some reads later, read by cursor; or answered at once.

The realtime query knows the last 14 days and pages by number.
"""

from __future__ import annotations

import base64
import binascii
import math
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from reconciler.emulator.checks import require_object, time_parameter, whole_parameter
from reconciler.emulator.documents import Document
from reconciler.emulator.refusal import bad_field, bad_request, not_found
from reconciler.emulator.web.trail import SERVICE
from reconciler.emulator.web.visit import Visit

REALTIME_DAYS = 14
MOST_PER_PAGE = 500
_FIRST = "Zmlyc3Q="
_FILTERS: Mapping[str, Callable[[Document], object]] = {
    "UserId": lambda entry: entry.get("user", {}).get("id"),
    "TrusteeOrganizationId": lambda _: None,
    "ClientId": lambda entry: entry["client"]["id"],
    "Action": lambda entry: entry["action"],
    "EntityType": lambda entry: entry["entityType"],
    "EntityId": lambda entry: entry["entity"]["id"],
}


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody wants to know."""

    service: str
    start: datetime
    end: datetime
    filters: tuple[tuple[str, str], ...]
    ascending: bool

    def answer(self, entries: list[Document], visible_until: datetime) -> list[Document]:
        """Give the entries that match and are old enough to be seen."""
        found = [entry for entry in entries if self._matches(entry, visible_until)]
        return found if self.ascending else found[::-1]

    def _matches(self, entry: Document, visible_until: datetime) -> bool:
        when = datetime.fromisoformat(entry["eventDate"])
        # Event dates are cut to milliseconds, so the end is met up to one of them later.
        if when > visible_until or not self.start <= when <= self.end + timedelta(milliseconds=1):
            return False
        right = all(_FILTERS[name](entry) == value for name, value in self.filters)
        return entry["serviceName"] == self.service and right


@dataclass(slots=True)
class Query:
    """A question with its answer, and how many reads of its state are still in vain."""

    body: Document
    found: list[Document]
    waits: int
    state: str

    def look(self) -> str:
        """Give the state, and count the look."""
        self.waits -= 1
        if self.waits < 0:
            return self.state
        return "Running" if self.waits == 0 else "Queued"


class Queries:
    """All questions asked so far; they are not part of the state."""

    def __init__(self) -> None:
        self._all: dict[str, Query] = {}

    def ask(self, body: object, entries: list[Document], visible_until: datetime, visit: Visit) -> Document:
        """Take a question in; what it finds is what can be seen now."""
        document = require_object(body)
        question = read_question(document, visit.rules.audit_most_days)
        found = question.answer(entries, visible_until)
        entity = str(uuid.uuid4())
        rules = visit.rules
        self._all[entity] = Query(document, found, rules.audit_query_reads, rules.audit_query_state)
        return {**document, "id": entity, "state": "Queued", "startDate": visit.date}

    def state(self, entity: str) -> Document:
        """Give a question with its state."""
        query = self._find(entity)
        return {**query.body, "id": entity, "state": query.look()}

    def results(self, entity: str, query: Mapping[str, str], lies: frozenset[str]) -> Document:
        """Give one page of what was found; the last has no cursor."""
        asked = self._find(entity)
        if asked.waits > 0 or asked.state != "Succeeded":
            raise bad_request("The query has no results, or none yet")
        size = whole_parameter(query, "pageSize", most=MOST_PER_PAGE, default=25)
        cursor = query.get("cursor")
        start = 0 if cursor in (None, _FIRST) else _position(cursor or "", len(asked.found))
        entries = [_shown(entry, query) for entry in asked.found[start : start + size]]
        following = _cursor(start + size) if start + size < len(asked.found) else None
        if "repeat-cursor" in lies:
            following = cursor or _FIRST
        return {"id": entity, "pageSize": size, "entities": entries} | (
            {"cursor": following} if following else {}
        )

    def _find(self, entity: str) -> Query:
        if entity not in self._all:
            raise not_found("audit query", entity)
        return self._all[entity]


def answer_at_once(
    body: object, entries: list[Document], visible_until: datetime, visit: Visit, expand: str
) -> Document:
    """Answer a realtime query: one page, by number."""
    document = require_object(body)
    question = read_question(document, None)
    if not visit.rules.audit_realtime:
        raise bad_field("serviceName", "a service that the realtime query knows")
    if question.start < visit.at - timedelta(days=REALTIME_DAYS, hours=1):
        raise bad_field("interval", f"within the last {REALTIME_DAYS} days")
    texts = {
        name: str(document.get(name, default)) for name, default in (("pageSize", 25), ("pageNumber", 1))
    }
    size = whole_parameter(texts, "pageSize", most=MOST_PER_PAGE, default=25)
    number = whole_parameter(texts, "pageNumber", most=1_000_000, default=1)
    found = question.answer(entries, visible_until)
    shown = [_shown(entry, {"expand": expand}) for entry in found[(number - 1) * size : number * size]]
    count = math.ceil(len(found) / size)
    return {
        "entities": shown,
        "pageSize": size,
        "pageNumber": number,
        "total": len(found),
        "pageCount": count,
    }


def read_question(body: Document, most_days: int | None) -> Question:
    """Read the body of a query; a refusal names what is wrong with it."""
    service = body.get("serviceName")
    if not isinstance(service, str) or not service:
        raise bad_request("The serviceName is missing", ("missing", "serviceName"))
    first, _, last = str(body.get("interval")).partition("/")
    start, end = (time_parameter({"interval": text}, "interval") for text in (first, last))
    if start is None or end is None or start >= end:
        raise bad_field("interval", "a start and a later end, with a slash between")
    if most_days is not None and end - start > timedelta(days=most_days):
        raise bad_field("interval", f"at most {most_days} days long")
    return Question(service, start, end, _filters(body.get("filters", [])), _ascending(body.get("sort", [])))


def service_mapping() -> Document:
    """Give the services, their entities and actions; here it is one."""
    actions = ["Create", "Delete", "Publish", "Save", "Update", "VersionCreate"]
    entities = [
        {"name": name, "actions": actions} for name in ("Configuration", "ConfigurationVersion", "Deployment")
    ]
    return {"services": [{"name": SERVICE, "entities": entities}]}


def _filters(value: Any) -> tuple[tuple[str, str], ...]:
    whole = isinstance(value, list) and all(
        isinstance(one, dict) and one.get("property") in _FILTERS and isinstance(one.get("value"), str)
        for one in value
    )
    if not whole:
        raise bad_field("filters", "a list of a property, one of " + ", ".join(_FILTERS) + ", and a value")
    return tuple((one["property"], one["value"]) for one in value)


def _ascending(value: Any) -> bool:
    orders = (
        {"name": "Timestamp", "sortOrder": "ascending"},
        {"name": "Timestamp", "sortOrder": "descending"},
    )
    if value == []:
        return False
    if not isinstance(value, list) or len(value) != 1 or value[0] not in orders:
        raise bad_field("sort", "one Timestamp, ascending or descending")
    return bool(value[0]["sortOrder"] == "ascending")


def _shown(entry: Document, query: Mapping[str, str]) -> Document:
    if "user" not in entry or "user" in query.get("expand", "").lower().split(","):
        return entry
    return {**entry, "user": {"id": entry["user"]["id"]}}


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"from:{position}".encode()).decode()


def _position(cursor: str, most: int) -> int:
    try:
        word, _, number = base64.urlsafe_b64decode(cursor).decode().partition(":")
        position = int(number)
    except (binascii.Error, ValueError) as error:
        raise bad_field("cursor", "one that was given") from error
    if word != "from" or not 0 <= position <= most:
        raise bad_field("cursor", "one that was given")
    return position
