"""What the remote remembers, in memory and as one JSON document.

That is channels, webhooks, their audit log, and web messaging (`web/`). Nothing here knows about HTTP, clocks
or files; whoever writes hands in the time. Stored documents are replaced whole and never changed in place, so
they may be handed out as they are.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from reconciler.emulator.audit import Actor, AuditLog
from reconciler.emulator.documents import BrokenState, Document, documents_of, merge_patch
from reconciler.emulator.refusal import not_found, shown
from reconciler.emulator.web.web import Web

__all__ = ["BrokenState", "Collection", "Document", "Store", "merge_patch"]


@dataclass(slots=True)
class Collection:
    """Versioned documents of one kind by id, in the order of their creation."""

    noun: str
    """What people and error messages call one of them."""
    entity_type: str
    """What the audit log calls one of them."""
    audit: AuditLog
    live: dict[str, Document] = field(default_factory=dict)
    before: dict[str, Document] = field(default_factory=dict)
    """The version before the live one, or the last one of a document that was deleted."""

    def get(self, entity: str, *, stale: bool = False) -> Document:
        """Give the live document, or the version before it; a refusal with 404 where there is none."""
        document = self.before.get(entity) if stale else None
        document = document or self.live.get(entity)
        if document is None:
            raise not_found(self.noun, entity)
        return document

    def all(self) -> list[Document]:
        """Give every document."""
        return list(self.live.values())

    def create(self, document: Mapping[str, Any], actor: Actor, at: datetime) -> Document:
        """Store a new document under its `id`, as version 1."""
        new = {**copy.deepcopy(dict(document)), "version": 1}
        self.live[new["id"]] = new
        self.audit.record(self.entity_type, None, new, actor, at)
        return new

    def replace(self, document: Mapping[str, Any], actor: Actor, at: datetime) -> Document:
        """Put a document in the place of the live one of that `id`; what it does not hold is gone."""
        old = self.get(document["id"])
        new = {**copy.deepcopy(dict(document)), "version": old["version"] + 1}
        self.live[new["id"]], self.before[new["id"]] = new, old
        self.audit.record(self.entity_type, old, new, actor, at)
        return new

    def edit(self, entity: str, patch: Mapping[str, Any], actor: Actor, at: datetime) -> Document:
        """Change the live document by a JSON merge patch; its id stays."""
        return self.replace({**merge_patch(self.get(entity), patch), "id": entity}, actor, at)

    def remove(self, entity: str, actor: Actor, at: datetime) -> Document:
        """Take the live document away and give it back."""
        old = self.get(entity)
        del self.live[entity]
        self.before[entity] = old
        self.audit.record(self.entity_type, old, None, actor, at)
        return old

    def load(self, documents: Iterable[Mapping[str, Any]]) -> None:
        """Put documents in without a trace in the audit log; a document without a version gets 1."""
        for document in documents:
            new = {**copy.deepcopy(dict(document)), "version": document.get("version", 1)}
            self.live[new["id"]] = new


class Store:
    """Everything that a state file holds."""

    def __init__(self) -> None:
        self.audit = AuditLog()
        self.channels = Collection("channel", "WebchatChannel", self.audit)
        self.webhooks = Collection("webhook", "Webhook", self.audit)
        self.web = Web()

    def document(self) -> Document:
        """Give the whole state as one JSON document."""
        return {
            "format": 1,
            "channels": self.channels.all(),
            "webhooks": self.webhooks.all(),
            "audit": list(self.audit.entries),
            "web": self.web.document(),
        }

    def load(self, document: object) -> None:
        """Replace the whole state by such a document.

        Raises:
            BrokenState: it is not such a document; nothing was changed.
        """
        if not isinstance(document, dict) or document.get("format") != 1:
            raise BrokenState(document, "a state", 'a JSON object with "format": 1')
        channels, webhooks = _documents(document, "channels"), _documents(document, "webhooks")
        entries = document.get("audit", [])
        if not isinstance(entries, list) or not all(map(_is_entry, entries)):
            raise BrokenState(entries, '"audit" of a state', "a list of audit entries as the API gives them")
        # The last check and the first change: it replaces web messaging whole, or nothing.
        self.web.load(document.get("web", {}))
        for collection, documents in ((self.channels, channels), (self.webhooks, webhooks)):
            collection.live.clear()
            collection.before.clear()
            collection.load(documents)
        self.audit.entries[:] = copy.deepcopy(entries)


def _documents(state: Document, name: str) -> list[Document]:
    documents = documents_of(state, name)
    for document in documents:
        version = document.get("version", 1)
        if type(version) is not int or version < 1:
            raise BrokenState(version, f'"version" of {shown(document["id"])}', "a number from 1")
    return documents


def _is_entry(entry: object) -> bool:
    if not isinstance(entry, dict) or not isinstance(entry.get("entityId"), str):
        return False
    try:
        return datetime.fromisoformat(entry["eventDate"]).tzinfo is not None
    except (KeyError, TypeError, ValueError):
        return False
