"""What of a report is about people, and need not be kept for ever in a repository."""

from __future__ import annotations

import hashlib
from typing import Any

from reconciler.model import Json, JsonObject


def without_people(record: JsonObject) -> dict[str, Json]:
    """Give a record in which people bear a stable alias in the place of their id and name.

    Two entries of one person still show that they are. OAuth clients, which are no people, stay as they are.
    """
    kept: dict[str, Json] = {**record}
    audit = record.get("audit")
    if isinstance(audit, dict):
        kept["audit"] = {**audit, "entries": [_entry(entry) for entry in audit.get("entries", [])]}
    outcomes = record.get("outcomes")
    if isinstance(outcomes, list):
        kept["outcomes"] = [_outcome(outcome, _aliases(record)) for outcome in outcomes]
    return kept


def _entry(entry: Any) -> Json:
    actor = entry.get("actor") if isinstance(entry, dict) else None
    if not isinstance(actor, dict) or _is_program(entry, actor):
        return entry
    return {**entry, "actor": {"id": _alias(actor.get("id")), "name": None}}


def _outcome(outcome: Any, aliases: dict[str, str]) -> Json:
    """Put aliases into what an outcome says of clashes and of who wrote in between."""
    if not isinstance(outcome, dict):
        return outcome
    reason = outcome.get("reason")
    for text, alias in aliases.items():
        reason = reason.replace(text, alias) if isinstance(reason, str) else reason
    clashes = [
        {**clash, "by": _entry(clash["by"])} if isinstance(clash, dict) and clash.get("by") else clash
        for clash in outcome.get("clashes", [])
    ]
    return {**outcome, "reason": reason, "clashes": clashes}


def _aliases(record: JsonObject) -> dict[str, str]:
    """Give, for the name and the id of every person in the audit log, the alias."""
    found: dict[str, str] = {}
    for entry in record.get("audit", {}).get("entries", []):
        actor = entry.get("actor") if isinstance(entry, dict) else None
        if isinstance(actor, dict) and not _is_program(entry, actor):
            alias = _alias(actor.get("id"))
            found |= {text: alias for text in (actor.get("name"), actor.get("id")) if text and alias}
    return found


def _is_program(entry: Any, actor: Any) -> bool:
    return actor.get("id") is None or actor.get("id") == entry.get("client")


def _alias(id_: Any) -> str | None:
    return "person-" + hashlib.sha256(str(id_).encode()).hexdigest()[:8] if id_ else None
