"""Who moved a field, as JSON, and in words for people."""

from __future__ import annotations

from reconciler.model import Attribution, JsonObject


def attribution_document(attribution: Attribution) -> JsonObject:
    """Write an attribution; `actor` and what follows are null where no entry of the audit log was found."""
    entry = attribution.entry
    return {
        "certainty": attribution.certainty.value,
        "reason": attribution.reason,
        "actor": {"id": entry.actor_id, "name": entry.actor_name} if entry else None,
        "class": attribution.actor.value if attribution.actor else None,
        "client": entry.client_id if entry else None,
        "when": entry.when if entry else None,
        "action": entry.action if entry else None,
        "entry": entry.id if entry else None,
    }
