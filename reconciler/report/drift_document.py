"""The JSON document of a look for drift, and the facts that its renderers share."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from reconciler.model import (
    AuditTrail,
    ChannelDrift,
    DriftState,
    Exposure,
    FieldDrift,
    JsonObject,
    pointer_text,
)
from reconciler.report import facts
from reconciler.report.attribution import attribution_document
from reconciler.report.counts import counted
from reconciler.report.documents import FORMAT, NOTHING, moment
from reconciler.report.people import without_people
from reconciler.report.remedies import remedies

MOVED = (DriftState.DRIFTED, DriftState.BOTH)
COMPARED = ("organisation", "drifted", "summary", "exposure", "channels", "audit")
"""What makes one result differ from another: not when it was found, nor what it cost."""


@dataclass(frozen=True, slots=True)
class Looked:
    """Under which circumstances drift was looked for."""

    run: str
    when: datetime
    exit: int
    organisation: str
    commit: str | None
    tree: str | None
    requests: Mapping[str, int]
    version: str
    exposure: Exposure
    """The strongest of what moved on the live side."""


def drift_document(
    drifts: Sequence[ChannelDrift], trail: AuditTrail, looked: Looked, patches: Mapping[str, str] = NOTHING
) -> JsonObject:
    """Report what differs, who moved it, and the ways out; `patches` adopt the live side, by `metadata.name`."""
    states = Counter(drift.state for drift in drifts)
    summary = {state.value: states[state] for state in DriftState}
    return {
        "format": FORMAT,
        "command": "drift",
        "run": looked.run,
        "when": moment(looked.when),
        "exit": looked.exit,
        "version": looked.version,
        "organisation": looked.organisation,
        "commit": looked.commit,
        "tree": looked.tree,
        "requests": dict(looked.requests),
        "drifted": sum(states[state] for state in MOVED),
        "summary": summary,
        "exposure": looked.exposure.value,
        "verdict": verdict(summary, looked.exposure),
        "channels": [_channel(drift, patches.get(drift.name), looked.when.date()) for drift in drifts],
        "audit": {
            "complete": trail.complete,
            "reason": trail.reason,
            "omitted": list(trail.omitted),
        },
    }


def verdict(summary: Mapping[str, int], exposure: Exposure) -> str:
    """Say in one sentence what was found, the live side first."""
    moved = sum(summary[state] for state in MOVED)
    parts = [f"drift {_words(exposure)}: {counted(moved, 'channel')} moved"] if moved else ["no drift"]
    both = summary[DriftState.BOTH]
    parts += [f"{both} of them changed in Git, too"] if both else []
    pending, unmanaged = summary[DriftState.PENDING], summary[DriftState.UNMANAGED]
    parts += [f"{counted(pending, 'channel')} not applied yet"] if pending else []
    parts += [f"{counted(unmanaged, 'live channel')} in no file"] if unmanaged else []
    return "; ".join(parts)


def is_news(document: JsonObject, last: JsonObject | None) -> bool:
    """Say whether a look found another result than the last one; before the first, nothing was wrong."""
    if last is None:
        return bool(document["channels"])
    return result_digest(document) != result_digest(last)


def result_digest(document: JsonObject) -> str:
    """Give `sha256:…` of what was found: two looks with the same result have the same, with names or without."""
    kept = without_people(document)
    result = {name: kept.get(name) for name in COMPARED}
    # Ways out name a day, and follow from the rest.
    result["channels"] = [
        {name: value for name, value in row.items() if name != "remedies"}
        for row in facts.rows(kept, "channels")
    ]
    text = json.dumps(result, sort_keys=True)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _words(exposure: Exposure) -> str:
    return "may widen" if exposure is Exposure.UNKNOWN else exposure.value


def _channel(drift: ChannelDrift, patch: str | None, today: date) -> JsonObject:
    applied, channel = drift.applied, drift.channel
    return {
        "name": drift.name,
        "kind": drift.kind,
        "id": drift.id,
        "state": drift.state.value,
        "file": channel.file if channel else None,
        "owner": channel.owner if channel else None,
        "there": drift.live is not None,
        "revision": drift.live.revision.value if drift.live else None,
        "applied": {"run": applied.run, "when": applied.when} if applied else None,
        "exposure": drift.exposure.value,
        "fields": [_field(field) for field in drift.fields],
        "remedies": remedies(drift, patch, today),
    }


def _field(field: FieldDrift) -> JsonObject:
    return {
        "path": pointer_text(field.path),
        "state": field.state.value,
        "applied": field.applied,
        "live": field.live,
        "desired": field.desired,
        "exposure": field.exposure.value,
        "attribution": attribution_document(field.attribution) if field.attribution else None,
    }
