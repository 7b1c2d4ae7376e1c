"""Deployments: each pins one published version of a configuration and says where it may be used.

There is no version and no precondition: a PUT replaces whatever is there. What it leaves out is gone, or not
(`rules.omitted_fields`).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from reconciler.emulator.documents import Document, merge_patch
from reconciler.emulator.refusal import Refused, bad_request
from reconciler.emulator.web.cdn import Cdn, make_file
from reconciler.emulator.web.configurations import PATH as CONFIGURATIONS
from reconciler.emulator.web.configurations import Configurations
from reconciler.emulator.web.items import Item, content, find, new_item, user
from reconciler.emulator.web.paging import Row
from reconciler.emulator.web.rules import WebRules
from reconciler.emulator.web.trail import Trail
from reconciler.emulator.web.visit import Visit, settling

PATH = "/api/v2/webdeployments/deployments"
NOUN = "web deployment"
_CONTENT = "6d2cf1b9-33b7-5f5c-8f0e-3f0f6a2b1c11"
DEFAULT_CONTENT = {
    "id": _CONTENT,
    "name": "Default",
    "selfUri": f"/api/v2/conversations/messaging/supportedcontent/{_CONTENT}",
}
"""The profile that the server fills in."""


class Deployments:
    """All deployments, by id, in the order of their creation."""

    def __init__(self, trail: Trail, configurations: Configurations, cdn: Cdn) -> None:
        self.trail = trail
        self.configurations = configurations
        self.cdn = cdn
        self.all: dict[str, Item] = {}
        self._numbers: dict[str, int] = {}
        self._count = 0

    def find(self, entity: str, visit: Visit) -> Item:
        """Find a deployment; a refusal with 404 where there is none, or none any more."""
        self._sweep(entity, visit)
        return find(self.all, NOUN, entity)

    def rows(self, visit: Visit) -> list[Row]:
        """Give all deployments."""
        for entity in list(self.all):
            self._sweep(entity, visit)
        return [((self._numbers[entity], 0), item.shown(visit)) for entity, item in self.all.items()]

    def get(self, entity: str, visit: Visit) -> Document:
        """Give one deployment."""
        return self.find(entity, visit).shown(visit)

    def effective(self, entity: str, now: datetime) -> Document | None:
        """Give what holds for guests: while a write has not settled, what was before it."""
        item = self.all.get(entity)
        if item is None or item.goes is not None:
            return None
        return item.document if item.is_settled(now) else item.before

    def create(self, body: Mapping[str, Any], visit: Visit) -> Document:
        """Make a deployment under a new id."""
        self._require_free_name(body.get("name"), "", visit)
        entity = str(uuid.uuid4())
        document = {**self._settings(body, {}, visit), **_new_fields(entity, visit)}
        item = self._keep(entity, new_item(document, visit))
        self._push(item.document, visit, visit.rules.status_seconds)
        self.trail.record("deployment-create", None, document, visit)
        return item.pending(visit)

    def replace(self, entity: str, body: Mapping[str, Any], visit: Visit) -> Document:
        """Put a body in the place of the whole deployment."""
        item = self.find(entity, visit)
        item.require_staying()
        self._require_free_name(body.get("name"), entity, visit)
        old = item.document
        document = {**self._settings(body, old, visit), **_changed_fields(old, visit)}
        shown = item.take(document, visit)
        self._push(item.document, visit, visit.rules.status_seconds)
        self.trail.record("deployment-update", old, document, visit)
        return shown

    def edit(self, entity: str, patch: Mapping[str, Any], visit: Visit) -> Document:
        """Change a deployment by a JSON merge patch, settled at once, as a person in the console."""
        item = self.find(entity, visit)
        old = item.document
        document = {**content(merge_patch(old, patch)), **_changed_fields(old, visit)}
        document["configuration"] = _pin_of(document)
        item.before, item.document, item.settles = old, document, None
        self._push(document, visit, 0)
        self.trail.record("deployment-update", old, document, visit)
        return document

    def remove(self, entity: str, visit: Visit) -> None:
        """Delete a deployment, now or a little later."""
        item = self.find(entity, visit)
        item.require_staying()
        item.goes = settling(visit)
        self.cdn.push(entity, None, visit, visit.rules.status_seconds)
        self.trail.record("deployment-delete", item.document, None, visit)
        self._sweep(entity, visit)

    def put(self, entity: str, body: Document, visit: Visit) -> None:
        """Put a deployment in as it is, settled and served at once, without a trace."""
        given = {name: value for name, value in body.items() if name not in ("id", "snippet", "selfUri")}
        document = {**self._settings(body, {}, visit), **_new_fields(entity, visit), **given}
        if "configuration" in given:
            document["configuration"] = _pin(given["configuration"])
        self._keep(entity, Item(document))
        file = self._file(document)
        if file is not None:
            self.cdn.put(entity, file)

    def pinned(self, configuration: str) -> bool:
        """Say whether a deployment pins a version of that configuration."""
        return any(item.document["configuration"]["id"] == configuration for item in self.all.values())

    def _settings(self, body: Mapping[str, Any], old: Document, visit: Visit) -> Document:
        rules, sent = visit.rules, content(body)
        kept = content(old) if rules.omitted_fields == "keep" else {}
        settings = {
            "allowAllDomains": rules.allow_all_default,
            "supportedContent": DEFAULT_CONTENT,
            **kept,
            **sent,
            "status": _status(sent.get("status"), old, rules),
        }
        settings["allowedDomains"] = _domains(settings.get("allowedDomains", []), rules)
        settings["configuration"] = _pin(settings["configuration"])
        return settings

    def _keep(self, entity: str, item: Item) -> Item:
        self._count += 1
        self._numbers[entity], self.all[entity] = self._count, item
        return item

    def _push(self, document: Document, visit: Visit, settle_seconds: float) -> None:
        file = self._file(document)
        if file is not None:
            self.cdn.push(document["id"], file, visit, settle_seconds)

    def _file(self, document: Document) -> Document | None:
        pin = document["configuration"]
        configuration = self.configurations.all.get(pin["id"])
        version = configuration.versions.get(pin["version"]) if configuration else None
        if version is None or document["status"] not in ("Active", "Inactive"):
            return None
        return make_file(document, version.document)

    def _sweep(self, entity: str, visit: Visit) -> None:
        if entity in self.all and self.all[entity].is_gone(visit.at):
            del self.all[entity]

    def _require_free_name(self, name: object, entity: str, visit: Visit) -> None:
        taken = any(other != entity and item.document.get("name") == name for other, item in self.all.items())
        if taken and visit.rules.duplicate_names == "refuse":
            raise Refused(
                409, "name.exists", "A deployment of the name {name} exists", params={"name": str(name)}
            )


def _status(sent: str | None, old: Document, rules: WebRules) -> str:
    # A client that sends back what it read while the status was pending asks for nothing.
    if sent is not None and sent not in ("Pending", rules.pending_status):
        return sent
    if old and rules.omitted_status == "refuse":
        raise bad_request("The status is missing", ("missing", "status"))
    if old and rules.omitted_status == "keep":
        return str(old["status"])
    return "Active"


def _domains(domains: list[str], rules: WebRules) -> list[str]:
    cased = [domain.lower() for domain in domains] if rules.domain_case == "lower" else list(domains)
    return sorted(cased) if rules.domain_order == "sort" else cased


def _pin(sent: Mapping[str, Any]) -> Document:
    entity, version = sent["id"], sent["version"]
    return {"id": entity, "version": version, "selfUri": f"{CONFIGURATIONS}/{entity}/versions/{version}"}


def _pin_of(document: Document) -> Document:
    match document:
        case {"status": str(), "configuration": {"id": str(), "version": str()} as pin}:
            return _pin(pin)
    raise bad_request("A deployment pins a version and has a status")


def _new_fields(entity: str, visit: Visit) -> Document:
    return {
        "id": entity,
        "dateCreated": visit.date,
        "dateModified": visit.date,
        "lastModifiedUser": user(visit),
        "snippet": f'<script type="text/javascript" data-deployment="{entity}"></script>',
        "selfUri": f"{PATH}/{entity}",
    }


def _changed_fields(old: Document, visit: Visit) -> Document:
    kept = {name: old[name] for name in ("id", "dateCreated", "snippet", "selfUri")}
    return {**kept, "dateModified": visit.date, "lastModifiedUser": user(visit)}
