"""The public config.json of each deployment: what browsers load, some time after it was changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reconciler.emulator.documents import Document
from reconciler.emulator.web.visit import Later, Visit


@dataclass(slots=True)
class Edge:
    """What is served of one deployment, and what is on its way; None is nothing (any more)."""

    served: Document | None = None
    coming: list[tuple[Later, Document | None]] = field(default_factory=list)


class Cdn:
    """The config.json files, by the deployment's id."""

    def __init__(self) -> None:
        self._edges: dict[str, Edge] = {}

    def push(self, entity: str, file: Document | None, visit: Visit, settle_seconds: float) -> None:
        """Send a file (None: take it away) on its way; it leaves when the status has settled."""
        seconds = settle_seconds + visit.rules.cdn_lag_seconds
        later = Later(visit.at + timedelta(seconds=seconds), visit.rules.cdn_lag_reads)
        self._edges.setdefault(entity, Edge()).coming.append((later, file))

    def put(self, entity: str, file: Document) -> None:
        """Serve a file at once."""
        self._edges[entity] = Edge(file)

    def read(self, entity: str, now: datetime) -> Document | None:
        """Give the file that is served, and count the look for those on their way."""
        edge = self._edges.get(entity, Edge())
        waiting = []
        for later, file in edge.coming:
            if later.look(now):
                edge.served = file
            else:
                waiting.append((later, file))
        edge.coming = waiting
        return edge.served


def make_file(deployment: Document, version: Document) -> Document:
    """Make the file of a deployment and the version that it pins; hosts are filled in as it is served."""
    messenger = version.get("messenger") or {}
    apps = messenger.get("apps") or {}
    authentication = version.get("authenticationSettings") or {}
    journey = version.get("journeyEvents") or {}
    return {
        "id": deployment["id"],
        "version": version["version"],
        "languages": version.get("languages", []),
        "defaultLanguage": version.get("defaultLanguage"),
        "status": deployment["status"],
        "auth": {
            "enabled": authentication.get("enabled", False),
            "allowSessionUpgrade": authentication.get("allowSessionUpgrade", False),
        },
        "journeyEvents": {"enabled": journey.get("enabled", False)},
        "messenger": {
            "enabled": False,
            **messenger,
            "apps": {**apps, "conversations": apps.get("conversations") or {}},
        },
    }


def served(file: Document, host: str) -> Document:
    """Give a file with the hosts in it that a client of this host is to use."""
    messenger, apps = file["messenger"], file["messenger"]["apps"]
    conversations = {**apps["conversations"], "messagingEndpoint": f"wss://{host}"}
    named = {**messenger, "apps": {**apps, "conversations": conversations}}
    return {**file, "apiEndpoint": f"https://{host}", "messenger": named}
