"""The audit service of Genesys Cloud: a question for all of web messaging at once, its entries told apart here.

The last 14 days are asked at once (realtime), where the service allows that; anything older, or else, as a query that
is begun, looked after until it is ready, and read by cursor. Both are POSTs that change nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from reconciler.clock import Clock
from reconciler.errors import NotFound, Rejected, RemoteError
from reconciler.genesys.audit import make_entry
from reconciler.genesys.client import Client, segment
from reconciler.model import AuditEntry, Json, JsonObject

PATH = "/api/v2/audits/query"
REALTIME = f"{PATH}/realtime"
SERVICE = "WebDeployments"
PAGE_SIZE = 500
MOST_PAGES = 40
MOST_ENTRIES = 20_000
REALTIME_REACH = timedelta(days=14)
LONGEST_INTERVAL = timedelta(days=30)
"""How long a query's interval may be is not documented; longer ones are asked in parts."""
QUERY_SECONDS = 90.0
READY = "Succeeded"
UNREADY = ("Queued", "Running")


async def fetch_audits(
    client: Client, clock: Clock, names: Mapping[str, str], start: datetime, end: datetime
) -> tuple[tuple[AuditEntry, ...], str | None]:
    """Read the entries about these resources, by id with the name to show; and the reason where they are not all.

    Raises `RemoteError` where nothing can be had.
    """
    reading = _Reading(client, names)
    only = next(iter(names)) if len(names) == 1 else None
    if start > clock.now() - REALTIME_REACH:
        try:
            await _at_once(reading, _question(start, end, only))
            return reading.result()
        except (Rejected, NotFound):
            # Which services answer at once is not documented: the other way answers for every service.
            reading = _Reading(client, names)
    for first, last in _parts(start, min(end, clock.now() + timedelta(minutes=5))):
        await _in_time(reading, clock, _question(first, last, only))
    return reading.result()


class _Reading:
    """What was read so far."""

    def __init__(self, client: Client, names: Mapping[str, str]) -> None:
        self.client = client
        self.reasons: list[str] = []
        self._names = names
        self._entries: dict[str, AuditEntry] = {}
        self._unread = 0

    @property
    def is_full(self) -> bool:
        """Whether as much was read as may be."""
        return len(self._entries) >= MOST_ENTRIES

    def take(self, page: JsonObject) -> bool:
        """Take the entries of a page; say whether it was one."""
        entities = page.get("entities")
        if not isinstance(entities, list):
            self.reasons.append("the audit service gave a page without a list of entities")
            return False
        for entity in entities:
            self._take(self.client.redact(entity))
        return True

    def result(self) -> tuple[tuple[AuditEntry, ...], str | None]:
        """Give the entries, and why they are not all."""
        if self._unread:
            self.reasons.append(f"entries left out, because they are of no known form: {self._unread}")
        if self.is_full:
            self.reasons.append(f"there are more than {MOST_ENTRIES} entries; ask for less time")
        return tuple(self._entries.values()), "; ".join(self.reasons) or None

    def _take(self, entity: Json) -> None:
        about = entity.get("entity") if isinstance(entity, dict) else None
        id_ = about.get("id") if isinstance(about, dict) else None
        if isinstance(id_, str) and id_ not in self._names:
            return
        entry = (
            make_entry({**entity, "entityId": id_}, id_, self._names[id_]) if isinstance(id_, str) else None
        )
        if entry is None:
            self._unread += 1
        elif not self.is_full:
            self._entries[entry.id] = entry


async def _at_once(reading: _Reading, question: JsonObject) -> None:
    number = 0
    while not reading.is_full:
        number += 1
        asked = {**question, "pageSize": PAGE_SIZE, "pageNumber": number}
        answer = await reading.client.ask(REALTIME, asked, {"expand": "user"})
        if not reading.take(answer.value):
            return
        count = answer.value.get("pageCount")
        if not isinstance(count, int) or number >= count:
            return
        if number == MOST_PAGES:
            reading.reasons.append(f"the audit service has more than {MOST_PAGES} pages for this time")
            return


async def _in_time(reading: _Reading, clock: Clock, question: JsonObject) -> None:
    begun = (await reading.client.ask(PATH, question)).value
    id_ = begun.get("id")
    if not isinstance(id_, str):
        reading.reasons.append("the audit service took the question and gave no id for it")
        return
    path = f"{PATH}/{segment(id_)}"
    state = await _wait(reading.client, clock, path, begun.get("state"))
    if state != READY:
        reading.reasons.append(f"the audit query ended as {reading.client.hide(str(state))}")
        return
    await _read_results(reading, f"{path}/results")


async def _wait(client: Client, clock: Clock, path: str, state: Json) -> Json:
    ends, pause = clock.monotonic() + QUERY_SECONDS, 0.25
    while state in UNREADY and clock.monotonic() + pause < ends:
        await clock.sleep(pause)
        pause = min(pause * 2, 5.0)
        state = (await client.get(path)).value.get("state")
    return state


async def _read_results(reading: _Reading, path: str) -> None:
    query = {"pageSize": str(PAGE_SIZE), "expand": "user"}
    cursors: set[str] = set()
    for number in range(MOST_PAGES):
        try:
            page = (await reading.client.get(path, query)).value
        except RemoteError as error:
            if number == 0:
                raise
            reading.reasons.append(str(error))
            return
        cursor = page.get("cursor") if reading.take(page) else None
        if not isinstance(cursor, str) or not cursor or reading.is_full:
            return
        if cursor in cursors:
            reading.reasons.append("the audit service repeats a cursor; what lies behind it was not read")
            return
        cursors.add(cursor)
        query["cursor"] = cursor
    reading.reasons.append(f"the audit service has more than {MOST_PAGES} pages for this time")


def _question(start: datetime, end: datetime, only: str | None) -> JsonObject:
    filters = [{"property": "EntityId", "value": only}] if only else []
    return {
        "interval": f"{_moment(start)}/{_moment(end)}",
        "serviceName": SERVICE,
        "filters": filters,
        "sort": [{"name": "Timestamp", "sortOrder": "ascending"}],
    }


def _parts(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    while start < end:
        yield start, min(start + LONGEST_INTERVAL, end)
        start += LONGEST_INTERVAL


def _moment(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
