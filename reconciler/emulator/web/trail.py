"""The trail that writes to web messaging leave, as the audit service tells it.

Which entity type and action go with which deed is not documented, only the words: `WORDS` is a choice among
them, and `rules.audit_words` another.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from reconciler.emulator.audit import property_changes
from reconciler.emulator.documents import Document
from reconciler.emulator.web.items import content
from reconciler.emulator.web.visit import Visit

SERVICE = "WebDeployments"
WORDS: Mapping[str, tuple[str, str]] = {
    "configuration-create": ("Configuration", "Create"),
    "draft-save": ("ConfigurationVersion", "Save"),
    "publish": ("ConfigurationVersion", "Publish"),
    "configuration-delete": ("Configuration", "Delete"),
    "deployment-create": ("Deployment", "Create"),
    "deployment-update": ("Deployment", "Update"),
    "deployment-delete": ("Deployment", "Delete"),
}


class Trail:
    """All entries, oldest first, with the name of the user, which goes out only to who asks for it."""

    def __init__(self) -> None:
        self.entries: list[Document] = []

    def record(
        self,
        deed: str,
        before: Document | None,
        after: Document | None,
        visit: Visit,
        version: str | None = None,
    ) -> None:
        """Append the entry of one write; `before` is None for a create, `after` for a delete."""
        entity_type, action = visit.rules.audit_words.get(deed) or WORDS[deed]
        subject = after or before or {}
        entry: Document = {
            "id": str(uuid.uuid4()),
            "serviceName": SERVICE,
            "level": "USER",
            "eventDate": visit.date,
            "client": {"id": visit.actor.client_id},
            "remoteIp": ["127.0.0.1"],
            "entityType": entity_type,
            "entity": {"id": subject["id"], "name": subject.get("name")},
            "action": action,
            "status": "SUCCESS",
            "propertyChanges": _changes(before or {}, after or {}, visit),
            "context": {"version": version} if version else {},
        }
        if visit.actor.id != visit.actor.client_id or visit.rules.audit_client_user:
            entry["user"] = {"id": visit.actor.id, "name": visit.actor.name}
        self.entries.append(entry)


def _changes(before: Document, after: Document, visit: Visit) -> list[Document]:
    changes = property_changes(content(before), content(after))
    if visit.rules.audit_values == "json":
        return changes
    return [{name: _as_texts(value) for name, value in change.items()} for change in changes]


def _as_texts(value: Any) -> Any:
    if isinstance(value, str):
        return value
    return [one if isinstance(one, str) else json.dumps(one, separators=(",", ":")) for one in value]
