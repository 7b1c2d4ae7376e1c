"""The remote's audit log of one entity, read by cursor and within bounds; what could not be read is said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from reconciler.errors import RemoteError
from reconciler.genesys.client import Client
from reconciler.kinds.hiding import hide_named
from reconciler.model import AuditChange, AuditEntry, Json, JsonObject

PATH = "/api/v2/auditlogs"
PAGE_SIZE = 100
LONGEST_CURSOR = 4_096
# The filter has a grammar of its own, in which an id must not become anything else.
PLAIN_ID = re.compile(r"[A-Za-z0-9._-]{1,256}")


@dataclass(frozen=True, slots=True)
class AuditLimits:
    """How much of one entity's log is read."""

    pages: int = 50
    entries: int = 2_000


LIMITS = AuditLimits()


async def fetch_audit(
    client: Client, entity_id: str, name: str, start: datetime, end: datetime, limits: AuditLimits = LIMITS
) -> tuple[tuple[AuditEntry, ...], str | None]:
    """Read the entries of one entity, as the remote orders them, and the reason where they are not all.

    `name` is what the entries are shown under. Raises `RemoteError` where not even the first page can be had.
    """
    if not PLAIN_ID.fullmatch(entity_id):
        return (), f'the id "{client.hide(entity_id)}" cannot stand in a filter of the audit log'
    query = {
        "filter": f"entityId:{entity_id}",
        "startTime": _moment(start),
        "endTime": _moment(end),
        "pageSize": str(PAGE_SIZE),
    }
    trail = _Trail(client, entity_id, name, limits)
    for number in range(limits.pages):
        try:
            document = await client.get(PATH, query)
        except RemoteError as error:
            if number == 0:
                raise
            trail.reasons.append(str(error))
            break
        cursor = trail.take(document.value)
        if cursor is None:
            break
        query["cursor"] = cursor
    else:
        trail.reasons.append(
            f"the audit log has more than {limits.pages} pages for this time; ask for less of it"
        )
    return tuple(trail.entries.values()), "; ".join(trail.reasons) or None


class _Trail:
    """The pages read so far."""

    def __init__(self, client: Client, entity_id: str, name: str, limits: AuditLimits) -> None:
        self.entries: dict[str, AuditEntry] = {}
        self.reasons: list[str] = []
        self._client = client
        self._entity_id = entity_id
        self._name = name
        self._limits = limits
        self._cursors: set[str] = set()

    def take(self, page: JsonObject) -> str | None:
        """Take the entries of a page, and give the cursor of the next; None where the reading ends."""
        entities = page.get("entities")
        if not isinstance(entities, list):
            self.reasons.append("the audit log gave a page without a list of entities")
            return None
        made = [make_entry(self._client.redact(entity), self._entity_id, self._name) for entity in entities]
        self.entries |= {entry.id: entry for entry in made if entry is not None}
        if None in made:
            self.reasons.append(f"entries left out, because they are of no known form: {made.count(None)}")
        if len(self.entries) > self._limits.entries:
            self.entries = dict(list(self.entries.items())[: self._limits.entries])
            self.reasons.append(f"there are more than {self._limits.entries} entries; ask for less time")
            return None
        return self._next(page.get("nextPageCursor"))

    def _next(self, cursor: Json) -> str | None:
        if cursor is None or cursor == "":
            return None
        if not isinstance(cursor, str) or len(cursor) > LONGEST_CURSOR:
            self.reasons.append("the audit log gave a cursor that is no text, or too long")
            return None
        if cursor in self._cursors:
            self.reasons.append("the audit log repeats a cursor; what lies behind it was not read")
            return None
        self._cursors.add(cursor)
        return cursor


def make_entry(entity: Json, entity_id: str, name: str) -> AuditEntry | None:
    """Make an entry of what the remote gave; None where it is none, or is about something else."""
    if not isinstance(entity, dict) or entity.get("entityId", entity_id) != entity_id:
        return None
    id_, when = _text(entity, "id"), _text(entity, "eventDate")
    if id_ is None or when is None:
        return None
    user, oauth = _object(entity, "user"), _object(entity, "client")
    return AuditEntry(
        id=id_,
        name=name,
        entity=entity_id,
        when=when,
        action=_text(entity, "action") or "",
        actor_id=_text(user, "id"),
        actor_name=_text(user, "name"),
        client_id=_text(oauth, "id"),
        changes=_make_changes(entity.get("propertyChanges")),
    )


def _make_changes(changes: Json) -> tuple[AuditChange, ...]:
    named = [change for change in changes if _is_change(change)] if isinstance(changes, list) else []
    return tuple(
        AuditChange(change["property"], *(_shown(change, side) for side in ("oldValues", "newValues")))
        for change in named
    )


def _shown(change: JsonObject, side: str) -> Json:
    # What somebody wrote into a field that Git does not manage may be a secret, and the log keeps it for years.
    return hide_named(change["property"], _value(change.get(side)))


def _is_change(change: Json) -> bool:
    return isinstance(change, dict) and isinstance(change.get("property"), str)


def _value(values: Json) -> Json:
    """Give what a list of values stands for: nothing, the one value, or a list."""
    if not isinstance(values, list) or len(values) > 1:
        return values
    return values[0] if values else None


def _text(entity: JsonObject, name: str) -> str | None:
    value = entity.get(name)
    return value if isinstance(value, str) and value else None


def _object(entity: JsonObject, name: str) -> JsonObject:
    value = entity.get(name)
    return value if isinstance(value, dict) else {}


def _moment(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
