"""Findings as SARIF 2.1.0, plain dictionaries, for code scanning; one run, each rule described once."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from reconciler.model import Finding, JsonObject, Severity, Waived
from reconciler.report.escape import printable
from reconciler.report.findings import SEVERITIES, sentence
from reconciler.report.rules import DescribedRule

SHOWN = 5_000
"""GitHub shows this many results of a run; the worst come first, and a note counts the rest."""
LEVELS: Mapping[Severity, str] = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.NOTICE: "note",
}


def findings_sarif(
    findings: Sequence[Finding],
    rules: Sequence[DescribedRule],
    *,
    version: str,
    waived: Sequence[Waived] = (),
) -> JsonObject:
    """Make the log of one validation by this version of the tool; what is waived is in it, suppressed."""
    worst_first = sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))
    total = len(findings) + len(waived)
    places = {rule.id: place for place, rule in enumerate(rules)}
    driver = {"name": "reconciler", "semanticVersion": version, "rules": [_rule(rule) for rule in rules]}
    seen: Counter[str] = Counter()
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "Root of the repository."}}},
                "invocations": [_invocation(total)],
                "results": [
                    *(_result(finding, places, seen) for finding in worst_first[:SHOWN]),
                    *(_suppressed(one, places, seen) for one in waived[: max(0, SHOWN - len(findings))]),
                ],
            }
        ],
    }


def _invocation(found: int) -> JsonObject:
    if found <= SHOWN:
        return {"executionSuccessful": True}
    text = f"{found - SHOWN} of {found} findings are left out; reconciler validate lists them all."
    note = {"level": "warning", "message": {"text": text}}
    return {"executionSuccessful": True, "toolExecutionNotifications": [note]}


def _rule(rule: DescribedRule) -> JsonObject:
    security = {} if rule.risk is None else {"security-severity": f"{rule.risk:.1f}"}
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.what},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.what}\n{rule.why}\n{rule.fix}"},
        "defaultConfiguration": {"level": LEVELS[rule.severity], "enabled": not rule.is_optional},
        # Code scanning sorts by this number what carries the tag.
        "properties": {"tags": ["security"] if security else ["correctness"], **security},
    }


def _suppressed(waived: Waived, places: Mapping[str, int], seen: Counter[str]) -> JsonObject:
    waiver = waived.waiver
    reason = f"{waiver.reason} (waiver {waiver.name} of {waiver.owner}, until {waiver.expires:%Y-%m-%d})"
    suppression = {"kind": "external", "status": "accepted", "justification": printable(reason)}
    return {**_result(waived.finding, places, seen), "suppressions": [suppression]}


def _result(finding: Finding, places: Mapping[str, int], seen: Counter[str]) -> JsonObject:
    return {
        "ruleId": finding.rule,
        **({"ruleIndex": places[finding.rule]} if finding.rule in places else {}),
        "level": LEVELS[finding.severity],
        # Viewers turn `[words](target)` of a plain message into a link.
        "message": {"text": printable(sentence(finding)).replace("](", "] (")},
        "locations": [{"physicalLocation": _location(finding)}],
        "partialFingerprints": {"primaryLocationLineHash": _fingerprint(finding, seen)},
    }


def _location(finding: Finding) -> JsonObject:
    region: dict[str, object] = {"startLine": max(1, finding.line), "startColumn": max(1, finding.column)}
    if finding.excerpt:
        region["snippet"] = {"text": printable(finding.excerpt)}
    return {
        "artifactLocation": {
            "uri": quote(finding.file.lstrip("/"), errors="surrogatepass"),
            "uriBaseId": "%SRCROOT%",
        },
        "region": region,
    }


def _fingerprint(finding: Finding, seen: Counter[str]) -> str:
    """Name a finding by what it is about, not by its line, so that it stays the same when lines move."""
    about = f"{finding.rule}\0{finding.file}\0{finding.pointer}"
    name = hashlib.sha256(about.encode(errors="backslashreplace")).hexdigest()[:16]
    seen[name] += 1
    return f"{name}:{seen[name]}"
