"""What of a report is about people, and need not be kept for ever in a repository."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from reconciler.model import Json, JsonObject
from reconciler.report import facts
from reconciler.report.remedies import trailer

ALIAS = re.compile("person-[0-9a-f]{8}")


def without_people(record: JsonObject) -> dict[str, Json]:
    """Give a record in which people bear a stable alias in the place of their id and name; idempotent.

    Two entries of one person still show that they are. OAuth clients, which are no people, stay as they are.
    """
    kept: dict[str, Json] = {**record}
    audit = record.get("audit")
    if isinstance(audit, dict) and isinstance(audit.get("entries"), list):
        kept["audit"] = {**audit, "entries": [_entry(entry) for entry in audit["entries"]]}
    outcomes = record.get("outcomes")
    if isinstance(outcomes, list):
        aliases = _aliases(record)
        kept["outcomes"] = [_outcome(outcome, aliases) for outcome in outcomes]
    if record.get("command") == "drift" and isinstance(record.get("channels"), list):
        kept["channels"] = [_drifted(channel) for channel in record["channels"]]
    return kept


def alias(actor: Any, client: Any) -> str | None:
    """Give the name that a person of the audit log bears in records; None for a client, and for nobody."""
    known = (actor.get("id") or actor.get("name")) if isinstance(actor, dict) else None
    if not known or known == client:
        return None
    text = str(known)
    if ALIAS.fullmatch(text):
        return text
    return "person-" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _drifted(channel: Any) -> Json:
    """Put aliases into what a look for drift says of one channel, and into the commits that it suggests."""
    if not isinstance(channel, dict):
        return channel
    fields = facts.rows(channel, "fields")
    named: dict[str, str] = {}
    for found in (field.get("attribution") for field in fields):
        if isinstance(found, dict) and (who := alias(found.get("actor"), found.get("client"))):
            named |= {text: who for text in found["actor"].values() if isinstance(text, str)}
    moved = [{**field, "attribution": _entry(field.get("attribution"))} for field in fields]
    ways = [_renamed(way, named) for way in facts.rows(channel, "remedies")]
    return {**channel, "fields": moved, "remedies": ways}


def _renamed(way: JsonObject, named: dict[str, str]) -> Json:
    commands = [str(command) for command in facts.entries(way, "commands")]
    for text, who in named.items():
        commands = [command.replace(trailer(text), trailer(who)) for command in commands]
    return {**way, "commands": commands}


def _entry(entry: Any) -> Json:
    who = alias(entry.get("actor"), entry.get("client")) if isinstance(entry, dict) else None
    return {**entry, "actor": {"id": who, "name": None}} if who else entry


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
    if reason == outcome.get("reason") and not clashes:
        return outcome  # as nearly all are
    return {**outcome, "reason": reason, "clashes": clashes}


def _aliases(record: JsonObject) -> dict[str, str]:
    """Give, for the name and the id of every person in the audit log, the alias."""
    found: dict[str, str] = {}
    for entry in record.get("audit", {}).get("entries", []):
        actor = entry.get("actor") if isinstance(entry, dict) else None
        if isinstance(actor, dict) and (who := alias(actor, entry.get("client"))):
            found |= {text: who for text in (actor.get("name"), actor.get("id")) if text}
    return found
