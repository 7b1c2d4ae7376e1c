"""One object of web messaging as it is kept: its document, the one before, a status that settles later."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from reconciler.emulator.documents import Document
from reconciler.emulator.refusal import Refused, not_found
from reconciler.emulator.web.visit import Later, Visit, date, settling

T = TypeVar("T")
SERVER_OWNED = frozenset(
    {
        "id",
        "version",
        "selfUri",
        "snippet",
        "dateCreated",
        "dateModified",
        "datePublished",
        "createdUser",
        "lastModifiedUser",
        "publishedUser",
    }
)
"""Fields that the vendor's Java SDK has no setter for; what a body says of them is ignored."""


@dataclass(slots=True)
class Item:
    """A document whose `status` is the one that it settles to."""

    document: Document
    before: Document | None = None
    settles: Later | None = None
    goes: Later | None = None
    """When it is gone, once it was deleted."""

    def shown(self, visit: Visit) -> Document:
        """Give the document as a read sees it, and count the look."""
        if self.goes is not None:
            self.goes.look(visit.at)
            return {**self.document, "status": "Deleting"}
        if visit.stale and self.before is not None:
            return self.before
        if self.settles is None:
            return self.document
        if not self.settles.look(visit.at):
            return self.pending(visit)
        if visit.rules.transition_moves_date:
            self.document = {**self.document, "dateModified": date(self.settles.at)}
        self.settles = None
        return self.document

    def pending(self, visit: Visit) -> Document:
        """Give the document as the answer to a write has it."""
        return {**self.document, "status": visit.rules.pending_status}

    def is_settled(self, at: datetime) -> bool:
        """Say whether the status has settled, without counting a look."""
        return self.settles is None or self.settles.has_come(at)

    def take(self, document: Document, visit: Visit) -> Document:
        """Put a document in the place of the one before, pending."""
        if visit.rules.settles_to == "Error":
            document = {**document, "status": "Error"}
        self.before, self.document, self.settles = self.document, document, settling(visit)
        return self.pending(visit)

    def is_gone(self, at: datetime) -> bool:
        """Say whether it was deleted and is not to be seen any more, without counting a look."""
        return self.goes is not None and self.goes.has_come(at)

    def require_staying(self) -> None:
        """Refuse a write to what is being deleted."""
        if self.goes is not None:
            raise Refused(409, "conflict", "The object is being deleted")


def new_item(document: Document, visit: Visit) -> Item:
    """Make the item of something just created."""
    item = Item({})
    item.take(document, visit)
    item.before = None
    return item


def find(items: dict[str, T], noun: str, entity: str) -> T:
    """Find an item; a refusal with 404 where there is none."""
    if entity not in items:
        raise not_found(noun, entity)
    return items[entity]


def content(body: Mapping[str, Any], *also: str) -> Document:
    """Give what a body sets: nothing that is the server's or in `also`, nothing that is null."""
    left_out = SERVER_OWNED | set(also)
    return {
        name: copy.deepcopy(body[name]) for name in body if name not in left_out and body[name] is not None
    }


def user(visit: Visit) -> Document:
    """Give a user as documents name them."""
    return {"id": visit.actor.id, "selfUri": f"/api/v2/users/{visit.actor.id}"}
