"""Build the JSON documents that programs outside rely on; every renderer reads these and nothing else.

The document of a plan is made where plans are saved, since its digest is taken over it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from types import MappingProxyType

from reconciler.model import (
    AuditEntry,
    AuditTrail,
    Certificate,
    FieldClash,
    Finding,
    JsonObject,
    Outcome,
    Probe,
    Rollback,
    Severity,
    Waived,
    WebhookOutcome,
    pointer_text,
)
from reconciler.report import facts
from reconciler.report.attribution import attribution_document
from reconciler.report.metrics import handshake_metrics, make_metrics
from reconciler.report.stream import in_pieces

FORMAT = 1
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class AdoptedFile:
    """One live object as a channel file."""

    path: str
    name: str
    id: str
    result: str
    """`created`, `updated` or `unchanged`."""


def json_text(document: JsonObject) -> str:
    """Write a document in ASCII; NaN raises, and no workflow runner finds a command."""
    return "".join(json_pieces(document))


def json_pieces(document: JsonObject) -> Iterator[str]:
    """Write a document as `json_text` does, piece by piece."""
    parts = json.JSONEncoder(indent=2, allow_nan=False).iterencode(document)
    # A text is one part, so that no command lies across two.
    inert = (part.replace("##[", "#\\u0023[").replace("\x7f", "\\u007f") for part in parts)
    return in_pieces(chain(inert, ["\n"]))


def validate_document(
    findings: Sequence[Finding],
    *,
    files: int,
    waived: Sequence[Waived] = (),
    waivers: Sequence[JsonObject] = (),
) -> JsonObject:
    """Report what is wrong with so many channel files, what of it is waived, and how the waivers stand."""
    counts = Counter(finding.severity for finding in findings)
    return {
        "format": FORMAT,
        "command": "validate",
        "valid": not counts[Severity.ERROR],
        "files": files,
        "summary": {severity.value: counts[severity] for severity in Severity},
        "findings": [_finding(finding) for finding in findings],
        "waived": [{**_finding(one.finding), "waiver": one.waiver.name} for one in waived],
        "waivers": list(waivers),
    }


def apply_document(
    *,
    run: str,
    when: datetime,
    exit_code: int,
    commit: str | None,
    tree: str | None,
    plan_digest: str | None,
    outcomes: Sequence[Outcome],
    webhooks: Sequence[WebhookOutcome],
    probes: Sequence[Probe],
    audit: AuditTrail,
    requests: Mapping[str, int],
    skipped: Mapping[str, str] = NOTHING,
    held: str | None = None,
    error: str | None = None,
    version: str | None = None,
    organisation: str | None = None,
    allowed_changes: int | None = None,
) -> JsonObject:
    """Report a run. `held` says what kept it from writing at all, `error` what ended it early.

    `skipped` gives, per channel whose endpoint was not probed, the reason; `version` is that of this tool;
    `allowed_changes` is the number of changes that somebody let through above the threshold.
    """
    return {
        "format": FORMAT,
        "command": "apply",
        "run": run,
        "when": moment(when),
        "exit": exit_code,
        "commit": commit,
        "tree": tree,
        "version": version,
        "organisation": organisation,
        "allowedChanges": allowed_changes,
        "plan": {"digest": plan_digest},
        "held": held,
        "error": error,
        "outcomes": [_outcome(outcome) for outcome in outcomes],
        "webhooks": [_webhook(webhook) for webhook in webhooks],
        "probes": [_probe(probe) for probe in probes],
        "skipped": _skipped(skipped),
        "metrics": make_metrics(outcomes, probes),
        "audit": _trail(audit),
        "requests": dict(requests),
    }


def recorded(
    document: JsonObject,
    *,
    branch: str,
    path: str,
    commit: str | None = None,
    pushed: bool = False,
    reason: str | None = None,
) -> JsonObject:
    """Add to a run's document where its record stands.

    `reason` says what kept it from being committed or pushed. Without a commit, `path` is that of the file
    in which the record was kept.
    """
    record = {"branch": branch, "path": path, "commit": commit, "pushed": pushed, "reason": reason}
    return {**document, "record": record}


def verify_document(probes: Sequence[Probe], *, skipped: Mapping[str, str] = NOTHING) -> JsonObject:
    """Report endpoint checks; `skipped` gives, per channel that was not probed, the reason."""
    return {
        "format": FORMAT,
        "command": "verify",
        "probes": [_probe(probe) for probe in probes],
        "skipped": _skipped(skipped),
        "metrics": {"handshakes": handshake_metrics(probes)},
    }


def audit_document(trail: AuditTrail) -> JsonObject:
    """Report what the remote's audit log says."""
    return {"format": FORMAT, "command": "audit", **_trail(trail)}


def adopt_document(files: Sequence[AdoptedFile]) -> JsonObject:
    """Report the channel files that were made of live objects."""
    adopted = [{"path": file.path, "name": file.name, "id": file.id, "result": file.result} for file in files]
    return {"format": FORMAT, "command": "adopt", "files": adopted}


def plan_check_document(
    digest: str, channels: Iterable[tuple[str, str, str | None]], reason: str | None = None
) -> JsonObject:
    """Report a saved plan's channels as (name, state, reason); the state as in the contract.

    `reason` says why the plan as a whole is stale.
    """
    checked = [{"name": name, "state": str(state), "reason": reason} for name, state, reason in channels]
    return {
        "format": FORMAT,
        "command": "plan check",
        "digest": digest,
        "reason": reason,
        "channels": checked,
    }


def report_document(
    runs: Sequence[JsonObject],
    *,
    valid: bool,
    length: int,
    reason: str | None = None,
    first_bad: str | None = None,
) -> JsonObject:
    """List recorded runs, given as their documents, and say whether the chain of records holds."""
    chain = {"valid": valid, "length": length, "reason": reason, "firstBad": first_bad}
    return {"format": FORMAT, "command": "report", "runs": [_run(run) for run in runs], "chain": chain}


def moment(when: datetime) -> str:
    """Write a time as RFC 3339 in UTC with milliseconds."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _finding(finding: Finding) -> JsonObject:
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "pointer": finding.pointer,
        "message": finding.message,
        "fix": finding.fix,
    }


def _outcome(outcome: Outcome) -> JsonObject:
    return {
        "name": outcome.name,
        "kind": outcome.kind,
        "id": outcome.id,
        "action": outcome.action.value,
        "result": outcome.result.value,
        "guard": outcome.guard.value,
        "revision": {"before": outcome.before, "after": outcome.after},
        "attempts": outcome.attempts,
        "seconds": round(outcome.seconds, 3),
        "reason": outcome.reason,
        "warning": outcome.warning,
        "exposure": outcome.exposure.value,
        "clashes": [_clash(clash) for clash in outcome.clashes],
        "merged": [pointer_text(path) for path in outcome.merged],
        "state": outcome.state.value if outcome.state else None,
        "pin": outcome.pin,
        "carried": [pointer_text(path) for path in outcome.carried],
        "taken": [{"side": taken.side.value, **_clash(taken.clash)} for taken in outcome.taken],
        "rollback": _rollback(outcome.rollback) if outcome.rollback else None,
    }


def _rollback(rollback: Rollback) -> JsonObject:
    return {
        "result": rollback.result.value,
        "revision": rollback.revision,
        "reason": rollback.reason,
        "probes": [_probe(probe) for probe in rollback.probes],
    }


def _clash(clash: FieldClash) -> JsonObject:
    return {
        "path": pointer_text(clash.path),
        "base": clash.base,
        "theirs": clash.theirs,
        "ours": clash.ours,
        "by": attribution_document(clash.by) if clash.by else None,
    }


def _webhook(webhook: WebhookOutcome) -> JsonObject:
    return {
        "name": webhook.name,
        "action": webhook.action.value,
        "result": webhook.result.value,
        "reason": webhook.reason,
    }


def _probe(probe: Probe) -> JsonObject:
    return {
        "name": probe.target.name,
        "url": probe.target.url,
        "origin": probe.target.origin,
        "expected": probe.target.expected.value,
        "observed": probe.observed.value,
        "ok": probe.ok,
        "stage": probe.stage.value,
        "seconds": round(probe.seconds, 3),
        "reason": probe.reason,
        "phases": {phase: round(seconds, 3) for phase, seconds in probe.phases.items()},
        "tls": probe.tls,
        "address": probe.address,
        "certificate": _certificate(probe.certificate) if probe.certificate else None,
        "found": probe.found,
    }


def _certificate(certificate: Certificate) -> JsonObject:
    return {
        "notBefore": moment(certificate.not_before),
        "notAfter": moment(certificate.not_after),
        "daysLeft": certificate.days_left,
        "issuer": certificate.issuer,
        "subject": certificate.subject,
    }


def _skipped(skipped: Mapping[str, str]) -> list[JsonObject]:
    return [{"name": name, "reason": reason} for name, reason in skipped.items()]


def _trail(trail: AuditTrail) -> JsonObject:
    return {
        "entries": [_entry(entry) for entry in trail.entries],
        "complete": trail.complete,
        "reason": trail.reason,
        "omitted": list(trail.omitted),
    }


def _entry(entry: AuditEntry) -> JsonObject:
    return {
        "id": entry.id,
        "name": entry.name,
        "entity": entry.entity,
        "when": entry.when,
        "action": entry.action,
        "actor": {"id": entry.actor_id, "name": entry.actor_name},
        "client": entry.client_id,
        "changes": [
            {"property": change.property, "before": change.before, "after": change.after}
            for change in entry.changes
        ],
    }


def _run(document: JsonObject) -> JsonObject:
    probes = facts.rows(document, "probes")
    failing = len(facts.failing(probes))
    return {
        **{key: facts.word(document, key) or None for key in ("run", "when", "command", "commit")},
        "exit": facts.count(document, "exit") if "exit" in document else None,
        "digest": facts.word(facts.part(document, "plan"), "digest") or None,
        "results": dict(facts.results(facts.rows(document, "outcomes"))),
        "probes": {"success": len(probes) - failing, "failure": failing},
    }
