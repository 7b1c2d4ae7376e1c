"""Configurations: one draft each, and published versions "1", "2", … that never change.

Publishing moves no deployment; a draft whose status has not settled cannot be published yet.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.emulator.documents import Document, merge_patch
from reconciler.emulator.refusal import Refused, bad_request, not_found
from reconciler.emulator.web.items import Item, content, find, new_item, user
from reconciler.emulator.web.paging import Row
from reconciler.emulator.web.trail import Trail
from reconciler.emulator.web.visit import Visit, settling

PATH = "/api/v2/webdeployments/configurations"
DRAFT = "DRAFT"
NOUN = "web deployment configuration"


@dataclass(slots=True)
class Configuration:
    """The draft and the published versions of one configuration."""

    number: int
    draft: Item
    versions: dict[str, Item] = field(default_factory=dict)

    @property
    def newest(self) -> Item | None:
        """The version published last."""
        return self.versions.get(str(len(self.versions)))

    def require_publishable(self, visit: Visit) -> None:
        """Refuse to publish what has not settled, or what would be nothing new, where the rules say so."""
        self.draft.require_staying()
        if visit.rules.publish_pending == "refuse" and not self.draft.is_settled(visit.at):
            raise bad_request("The draft is not ready to be published")
        if visit.rules.publish_unchanged == "refuse" and self.is_published():
            raise bad_request("The draft holds no change to publish")

    def is_published(self) -> bool:
        """Say whether the newest version holds what the draft does."""
        newest = self.newest
        return newest is not None and settings_of(newest.document) == settings_of(self.draft.document)


class Configurations:
    """All configurations, by id."""

    def __init__(self, trail: Trail) -> None:
        self.trail = trail
        self.all: dict[str, Configuration] = {}
        self._count = 0

    def find(self, entity: str, visit: Visit) -> Configuration:
        """Find a configuration; a refusal with 404 where there is none, or none any more."""
        self._sweep(entity, visit)
        return find(self.all, NOUN, entity)

    def rows(self, visit: Visit, *, only_published: bool = False) -> list[Row]:
        """Give what stands in the list: version objects, as `rules.listing` has it."""
        for entity in list(self.all):
            self._sweep(entity, visit)
        return [row for one in self.all.values() for row in _listed(one, visit, only_published)]

    def draft(self, entity: str, visit: Visit) -> Document:
        """Give the draft."""
        return self.find(entity, visit).draft.shown(visit)

    def version(self, entity: str, version: str, visit: Visit) -> Document:
        """Give one version; `DRAFT` is the draft."""
        found = self.find(entity, visit)
        if version.upper() == DRAFT:
            return found.draft.shown(visit)
        item = found.versions.get(version)
        if item is None or (visit.stale and item is found.newest and version != "1"):
            raise not_found(f"version of {NOUN} {entity}", version)
        return item.shown(visit)

    def versions(self, entity: str, visit: Visit) -> list[Row]:
        """Give the published versions, newest first; a stale read misses the newest."""
        found = self.find(entity, visit)
        items = list(found.versions.values())
        known = items[:-1] if visit.stale and len(items) > 1 else items
        rows: list[Row] = [((0, -number), item.shown(visit)) for number, item in enumerate(known, 1)]
        draft: list[Row] = [((-1, 0), found.draft.shown(visit))] if visit.rules.draft_in_versions else []
        return draft + sorted(rows, key=lambda row: row[0])

    def create(self, body: Mapping[str, Any], visit: Visit) -> Document:
        """Make a configuration that has nothing but a draft."""
        self._require_free_name(body.get("name"), "", visit)
        entity = str(uuid.uuid4())
        document = {**content(body, "status"), **_draft_fields(entity, visit)}
        self._count += 1
        self.all[entity] = Configuration(self._count, new_item(document, visit))
        self.trail.record("configuration-create", None, document, visit)
        return self.all[entity].draft.pending(visit)

    def save_draft(self, entity: str, body: Mapping[str, Any], visit: Visit) -> Document:
        """Put a body in the place of the whole draft."""
        draft = self.find(entity, visit).draft
        draft.require_staying()
        self._require_free_name(body.get("name"), entity, visit)
        old = draft.document
        created = {name: old[name] for name in ("dateCreated", "createdUser")}
        document: Document = {**content(body, "status"), **_draft_fields(entity, visit), **created}
        shown = draft.take(document, visit)
        self.trail.record("draft-save", old, document, visit)
        return shown

    def edit(self, entity: str, patch: Mapping[str, Any], visit: Visit) -> Document:
        """Change the draft by a JSON merge patch, settled at once, as a person in the console."""
        draft = self.find(entity, visit).draft
        self.save_draft(entity, merge_patch(draft.document, patch), visit)
        draft.document, draft.settles = {**draft.document, "status": patch.get("status") or "Active"}, None
        return draft.document

    def publish(self, entity: str, visit: Visit) -> Document:
        """Make the draft the next version."""
        found = self.find(entity, visit)
        found.require_publishable(visit)
        newest = found.newest
        if newest is not None and visit.rules.publish_unchanged == "same" and found.is_published():
            return newest.shown(visit)
        version = str(len(found.versions) + 1)
        document = {**found.draft.document, **_published_fields(entity, version, visit), "status": "Active"}
        found.versions[version] = new_item(document, visit)
        before = newest.document if newest else None
        self.trail.record("publish", before, document, visit, version)
        return found.versions[version].pending(visit)

    def remove(self, entity: str, visit: Visit) -> None:
        """Delete a configuration with all its versions, now or a little later."""
        found = self.find(entity, visit)
        found.draft.require_staying()
        going = settling(visit)
        for item in (found.draft, *found.versions.values()):
            item.goes = going
        self.trail.record("configuration-delete", found.draft.document, None, visit)
        self._sweep(entity, visit)

    def put(self, entity: str, versions: list[Document], draft: Document, visit: Visit) -> None:
        """Put a configuration in as it is, settled, without a trace."""
        self._count += 1
        fields = {**_draft_fields(entity, visit), "status": "Active"}
        one = Configuration(self._count, Item({**fields, **draft, "id": entity, "version": DRAFT}))
        for number, version in enumerate(versions, 1):
            fields = {**_published_fields(entity, str(number), visit), "status": "Active"}
            one.versions[str(number)] = Item({**fields, **version, "id": entity, "version": str(number)})
        self.all[entity] = one

    def _sweep(self, entity: str, visit: Visit) -> None:
        if entity in self.all and self.all[entity].draft.is_gone(visit.at):
            del self.all[entity]

    def _require_free_name(self, name: object, entity: str, visit: Visit) -> None:
        names = {other: one.draft.document.get("name") for other, one in self.all.items()}
        taken = any(other != entity and value == name for other, value in names.items())
        if taken and visit.rules.duplicate_names == "refuse":
            raise Refused(
                409, "name.exists", "A configuration of the name {name} exists", params={"name": str(name)}
            )


def settings_of(document: Document) -> Document:
    """Give what is in a version or draft besides what the server says of it."""
    return content(document, "status")


def _listed(one: Configuration, visit: Visit, only_published: bool) -> list[Row]:
    newest = one.newest
    draft: list[tuple[int, Item]] = [] if only_published else [(0, one.draft)]
    if visit.rules.listing == "every":
        items = draft + list(enumerate(one.versions.values(), 1))
    elif newest is not None and (only_published or visit.rules.listing == "latest"):
        items = [(0, newest)]
    else:
        items = draft
    return [((one.number, number), item.shown(visit)) for number, item in items]


def _draft_fields(entity: str, visit: Visit) -> Document:
    return {
        "id": entity,
        "version": DRAFT,
        "status": "Active",
        "dateCreated": visit.date,
        "dateModified": visit.date,
        "createdUser": user(visit),
        "lastModifiedUser": user(visit),
        "selfUri": f"{PATH}/{entity}/versions/draft",
    }


def _published_fields(entity: str, version: str, visit: Visit) -> Document:
    return {
        "id": entity,
        "version": version,
        "datePublished": visit.date,
        "publishedUser": user(visit),
        "selfUri": f"{PATH}/{entity}/versions/{version}",
    }
