"""A plan as a JSON document, and back: what `plan --out` keeps for review and `apply FILE` carries out.

The digest covers all of the document but itself and the requests it cost. It is computed again on reading,
and never believed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from reconciler.decide.exposure import strongest, verdict
from reconciler.decide.fields import canonical
from reconciler.decide.plan_entries import entries, read_binding, read_change, read_webhook, refuse, required
from reconciler.errors import BrokenPlan, UsageError
from reconciler.kinds import kind_named
from reconciler.kinds.hiding import hide
from reconciler.model import (
    Action,
    Change,
    Channel,
    FieldChange,
    Json,
    JsonObject,
    Plan,
    WebhookChange,
    pointer_text,
)

FORMAT = 1
COMMAND = "plan"
UNDIGESTED = ("digest", "requests", "approval", "held", "waivers")
"""What a plan cost, and what depends on the day: it is found again when the plan is applied."""
HEADERS = "headers"
DEPTH_LIMIT = 100
"""More levels than any plan has, and few enough that no later step runs out of stack."""


def plan_document(plan: Plan, requests: Mapping[str, int]) -> dict[str, Json]:
    """Write a plan as JSON, with the requests it took to make it, by method, and its digest."""
    document = _document(plan, plan.changes, requests)
    return {**document, "digest": digest_of(document)}


def plan_news(plan: Plan, requests: Mapping[str, int]) -> dict[str, Json]:
    """Write of a plan what a person is shown: neither what stays as it is, nor a digest."""
    news = [change for change in plan.changes if change.action is not Action.UNCHANGED or change.note]
    return _document(plan, news, requests)


def _document(plan: Plan, changes: Sequence[Change], requests: Mapping[str, int]) -> dict[str, Json]:
    return {
        "format": FORMAT,
        "command": COMMAND,
        "commit": plan.binding.commit,
        "tree": plan.binding.tree,
        "files": plan.binding.files,
        "rules": plan.binding.rules,
        "api": plan.binding.api,
        "organisation": plan.binding.organisation,
        "requests": dict(requests),
        "summary": {str(action): plan.count(action) for action in Action},
        "exposure": str(strongest(change.exposure for change in plan.changes)),
        "verdict": verdict(plan),
        "channels": [_change_entry(change) for change in changes],
        "webhooks": [_webhook_entry(change) for change in plan.webhooks],
    }


def digest_of(document: JsonObject) -> str:
    """Give `sha256:…` over the canonical JSON of a plan document, without its digest and requests."""
    covered = {name: value for name, value in document.items() if name not in UNDIGESTED}
    # A live text may hold half a surrogate pair, which strict UTF-8 cannot write.
    return "sha256:" + hashlib.sha256(canonical(covered).encode("utf-8", "surrogatepass")).hexdigest()


def read_plan(document: Json) -> Plan:
    """Make the plan that a document holds.

    Raises `UsageError` where it is no plan of this format, `BrokenPlan` where its digest does not hold.
    """
    if not isinstance(document, dict) or document.get("command") != COMMAND:
        raise UsageError("this is not a saved plan; reconciler plan --out FILE writes one")
    if type(document.get("format")) is not int or document["format"] != FORMAT:
        refuse("format", f"the number {FORMAT}")
    if _is_deeper(document, DEPTH_LIMIT):
        refuse("every value", f"at most {DEPTH_LIMIT} levels deep")
    if required(document, "digest", "", str) != digest_of(document):
        raise BrokenPlan(
            "the saved plan was changed after it was made: its digest does not hold; make a new plan"
        )
    return Plan(
        binding=read_binding(document),
        changes=tuple(read_change(entry, where) for entry, where in entries(document, "channels")),
        webhooks=tuple(read_webhook(entry, where) for entry, where in entries(document, "webhooks")),
    )


def _is_deeper(value: Json, limit: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return limit == 0 or any(_is_deeper(one, limit - 1) for one in inner)


def _change_entry(change: Change) -> dict[str, Json]:
    live, channel = change.live, change.channel
    entry: dict[str, Json] = {
        "name": change.name,
        "kind": change.kind,
        "id": change.id,
        "action": str(change.action),
        "revision": live.revision.value if live else None,
        "live_name": live.name if live else None,
        "exposure": str(change.exposure),
        "changes": [_field_entry(field) for field in change.fields],
    }
    entry |= {"waits_for": change.waits_for} if change.waits_for else {}
    entry |= {"note": change.note} if change.note else {}
    if change.writes or (live and live.document):
        entry["base"] = kind_named(live.kind).without_secrets(live.document) if live else None
    if change.writes or channel:
        entry["desired"] = _desired_entry(channel) if channel else None
    return entry


def _field_entry(field: FieldChange) -> dict[str, Json]:
    return {
        "path": pointer_text(field.path),
        "before": field.before,
        "after": field.after,
        "exposure": str(field.exposure),
        **({"origin": asdict(field.origin)} if field.origin else {}),
    }


def _desired_entry(channel: Channel) -> dict[str, Json]:
    return {
        "spec": channel.spec,
        "file": channel.file,
        "owner": channel.owner,
        "labels": dict(channel.labels),
        "health_webhook": channel.health_webhook,
    }


def _webhook_entry(change: WebhookChange) -> dict[str, Json]:
    live = change.live
    entry: dict[str, Json] = {
        "name": change.name,
        "channel": change.channel,
        "action": str(change.action),
        "address": change.address,
        "id": live.id if live else None,
        "revision": live.revision.value if live else None,
        "result": None,
    }
    if live and live.document:
        # Headers may hold somebody's credentials, and a plan is read by many: they are read again at the write.
        entry["base"] = hide({name: value for name, value in live.document.items() if name != HEADERS})
    return entry
