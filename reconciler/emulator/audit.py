"""The audit log: one entry a write, with every property that moved; read newest first, by cursor."""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.emulator.refusal import bad_request

_NAMES = uuid.UUID("6f2f6f0e-5a0c-4bd5-9f2f-6d1d5a1f0f6b")
_CONSOLE = "genesys-cloud-console"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who wrote: a person in the console, or an OAuth client."""

    id: str
    name: str
    client_id: str


def person(name: str) -> Actor:
    """Make the actor of somebody who edits in the console; the same name has the same id."""
    return Actor(str(uuid.uuid5(_NAMES, name)), name, str(uuid.uuid5(_NAMES, _CONSOLE)))


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """What a reader asks for; `visible_until` hides entries that are too young to be seen."""

    entity_id: str
    visible_until: datetime
    start: datetime | None = None
    end: datetime | None = None
    size: int = 100
    cursor: str | None = None


@dataclass(slots=True)
class AuditLog:
    """All entries, oldest first, as they go out."""

    entries: list[dict[str, Any]] = field(default_factory=list)

    def record(
        self,
        entity_type: str,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any] | None,
        actor: Actor,
        at: datetime,
    ) -> None:
        """Append the entry of one write; `before` is None for a create, `after` for a delete."""
        action = "Create" if before is None else "Delete" if after is None else "Update"
        self.entries.append(
            {
                "id": str(uuid.uuid4()),
                "entityId": (after or before or {})["id"],
                "entityType": entity_type,
                "action": action,
                "eventDate": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "user": {"id": actor.id, "name": actor.name},
                "client": {"id": actor.client_id},
                "propertyChanges": property_changes(before or {}, after or {}),
            }
        )

    def page(self, query: AuditQuery) -> tuple[list[dict[str, Any]], str | None]:
        """Give the entries that match, newest first, and the cursor of the next page if there is one."""
        top = len(self.entries) if query.cursor is None else _position(query.cursor, len(self.entries))
        found: list[dict[str, Any]] = []
        for position in range(top - 1, -1, -1):
            if not _matches(self.entries[position], query):
                continue
            if len(found) == query.size:
                return found, _cursor(position + 1)
            found.append(self.entries[position])
        return found, None


def property_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List every property that differs, nested ones by dotted names.

    A list is one property with many values.
    """
    old, new = dict(_properties(before)), dict(_properties(after))
    names = [name for name in {**old, **new} if name != "version" and old.get(name) != new.get(name)]
    return [
        {"property": name, "oldValues": _values(old, name), "newValues": _values(new, name)}
        for name in sorted(names)
    ]


def _properties(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, dict) and value:
            yield from _properties(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _values(properties: Mapping[str, Any], name: str) -> list[Any]:
    value = properties.get(name)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _matches(entry: Mapping[str, Any], query: AuditQuery) -> bool:
    if entry["entityId"] != query.entity_id:
        return False
    when = datetime.fromisoformat(entry["eventDate"])
    if query.start is not None and when < query.start:
        return False
    # Event dates are cut to milliseconds, so the end is met up to one of them later.
    if query.end is not None and when > query.end + timedelta(milliseconds=1):
        return False
    return when <= query.visible_until


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"before:{position}".encode()).decode()


def _position(cursor: str, most: int) -> int:
    try:
        word, _, number = base64.urlsafe_b64decode(cursor).decode().partition(":")
        position = int(number)
    except (binascii.Error, ValueError) as error:
        raise bad_request("The cursor is not valid", ("invalid", "cursor")) from error
    if word != "before" or not 0 <= position <= most:
        raise bad_request("The cursor is not valid", ("invalid", "cursor"))
    return position
