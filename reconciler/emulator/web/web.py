"""Web messaging as a whole: its objects, its CDN, its trail, and what a person in the console does to it."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from reconciler.emulator.audit import Actor
from reconciler.emulator.documents import BrokenState, Document, documents_of
from reconciler.emulator.refusal import Refused
from reconciler.emulator.web.cdn import Cdn
from reconciler.emulator.web.configurations import Configurations, settings_of
from reconciler.emulator.web.deployments import Deployments
from reconciler.emulator.web.queries import Queries
from reconciler.emulator.web.rules import WebRules
from reconciler.emulator.web.trail import Trail
from reconciler.emulator.web.visit import Visit

_NOBODY = Actor("00000000-0000-0000-0000-000000000000", "nobody", "00000000-0000-0000-0000-000000000000")


class Web:
    """All of web messaging. Times and rules come with each visit."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        self.trail = Trail()
        self.cdn = Cdn()
        self.configurations = Configurations(self.trail)
        self.deployments = Deployments(self.trail, self.configurations, self.cdn)
        self.queries = Queries()

    def __contains__(self, entity: str) -> bool:
        return entity in self.configurations.all or entity in self.deployments.all

    def edit(self, entity: str, patch: Mapping[str, Any], visit: Visit) -> Document:
        """Change a deployment, or the draft of a configuration, past the API."""
        if entity in self.deployments.all:
            return self.deployments.edit(entity, patch, visit)
        return self.configurations.edit(entity, patch, visit)

    def remove(self, entity: str, visit: Visit) -> None:
        """Delete a deployment or a configuration."""
        if entity in self.deployments.all:
            return self.deployments.remove(entity, visit)
        return self.remove_configuration(entity, visit)

    def remove_configuration(self, entity: str, visit: Visit) -> None:
        """Delete a configuration; one that is pinned only where the rules allow it."""
        self.configurations.find(entity, visit)
        if visit.rules.delete_referenced == "refuse" and self.deployments.pinned(entity):
            raise Refused(
                visit.rules.refused_delete_status, "conflict", "A deployment uses the configuration"
            )
        self.configurations.remove(entity, visit)

    def seed_configuration(self, contents: list[Document], entity: str | None, draft: Document | None) -> str:
        """Put a configuration in: its versions "1", "2", …, and its draft, else equal to the last of them."""
        if draft is None and not contents:
            raise BrokenState(contents, "a configuration", "one version, or a draft, at least")
        visit, entity = _unseen(), entity or str(uuid.uuid4())
        versions = copy.deepcopy(contents)
        last = settings_of(versions[-1]) if versions else {}
        self.configurations.put(entity, versions, last if draft is None else copy.deepcopy(draft), visit)
        return entity

    def seed_deployment(self, deployment: Mapping[str, Any]) -> str:
        """Put a deployment in; without an `id` it gets one."""
        require_pin(deployment)
        entity = str(deployment.get("id") or uuid.uuid4())
        self.deployments.put(entity, copy.deepcopy(dict(deployment)), _unseen())
        return entity

    def document(self) -> Document:
        """Give all as one JSON document; what has not settled yet is settled in it, what is Deleting gone."""
        configurations = [
            {
                "id": entity,
                "draft": one.draft.document,
                "versions": [item.document for item in one.versions.values()],
            }
            for entity, one in self.configurations.all.items()
            if one.draft.goes is None
        ]
        deployments = [item.document for item in self.deployments.all.values() if item.goes is None]
        return {
            "configurations": configurations,
            "deployments": deployments,
            "audit": list(self.trail.entries),
        }

    def load(self, document: object) -> None:
        """Replace all by such a document; BrokenState, and nothing changed, where it is none."""
        if not isinstance(document, dict):
            raise BrokenState(document, '"web" of a state', "an object")
        configurations, deployments = (
            documents_of(document, "configurations"),
            documents_of(document, "deployments"),
        )
        entries = document.get("audit", [])
        for configuration in configurations:
            _require_configuration(configuration)
        for deployment in deployments:
            require_pin(deployment)
        if not isinstance(entries, list) or not all(map(_is_entry, entries)):
            raise BrokenState(entries, '"audit" of "web" of a state', "a list of audit entries with a date")
        self._start()
        for configuration in configurations:
            versions, draft = configuration.get("versions", []), configuration.get("draft")
            self.seed_configuration(versions, configuration["id"], draft)
        for deployment in deployments:
            self.seed_deployment(deployment)
        self.trail.entries[:] = copy.deepcopy(entries)


def _unseen() -> Visit:
    return Visit(_NOBODY, datetime.now(UTC), WebRules())


def _require_configuration(configuration: Document) -> None:
    versions, draft = configuration.get("versions", []), configuration.get("draft")
    if not isinstance(versions, list) or not all(isinstance(version, dict) for version in versions):
        raise BrokenState(versions, '"versions" of a configuration', "a list of objects, the oldest first")
    if not isinstance(draft, dict) and (draft is not None or not versions):
        raise BrokenState(draft, '"draft" of a configuration', "an object, or left out after a version")


def require_pin(deployment: Mapping[str, Any]) -> None:
    """Refuse a deployment that pins no version."""
    pin = deployment.get("configuration")
    if not isinstance(pin, dict) or not all(isinstance(pin.get(name), str) for name in ("id", "version")):
        raise BrokenState(
            pin, '"configuration" of a deployment', 'an object with the texts "id" and "version"'
        )


def _is_entry(entry: object) -> bool:
    try:
        return isinstance(entry, dict) and datetime.fromisoformat(entry["eventDate"]).tzinfo is not None
    except (KeyError, TypeError, ValueError):
        return False
