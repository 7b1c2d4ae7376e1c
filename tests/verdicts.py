"""From the bytes of a file to a verdict on every surface, and what must hold of it whatever the bytes are."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

from reconciler.acts.load import load_schemas, load_suffixes
from reconciler.desired.catalogue import RULES
from reconciler.desired.document import Document, read_document
from reconciler.desired.fix import fixed
from reconciler.desired.policy import Policy
from reconciler.desired.rules import RuleSettings, judge, make_rulebook
from reconciler.desired.waivers import read_waivers
from reconciler.model import Finding
from reconciler.report.documents import json_text, validate_document
from reconciler.report.findings import findings_github, findings_text
from reconciler.report.junit import findings_junit
from reconciler.report.sarif import findings_sarif

FILE = "channels/shop.yaml"
KNOWN = {rule.id for rule in RULES}
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
FIELDS = {
    "rule": "origin-shared-hosting",
    "channel": "shop",
    "field": "/spec",
    "reason": "a",
    "owner": "b",
    "expires": date(2030, 1, 1),
}
WAIVERS, _ = read_waivers({"pages": FIELDS}, "")
SETTINGS = RuleSettings(
    policy=Policy(is_strict=True, own_domains=("example.com",), auth_providers=("oauth2-provider-12345",)),
    suffixes=load_suffixes(),
    waivers=WAIVERS,
    today=date(2026, 6, 15),
)
RULEBOOK = make_rulebook(load_schemas(), SETTINGS)
CASES = sorted((Path(__file__).parent / "cases").glob("*/*/*.yaml"))


def verdict(data: bytes) -> tuple[Finding, ...]:
    """Judge one file by every rule there is."""
    read = read_document(FILE, data)
    if not isinstance(read, Document):
        return read
    judged = judge([read], RULEBOOK)
    return (*judged.findings, *(one.finding for one in judged.waived))


def mend(data: bytes) -> None:
    """Repair a file, where it can be read."""
    read = read_document(FILE, data)
    if isinstance(read, Document):
        fixed(read, SETTINGS, "../schemas/webchat-channel.schema.json")


def require_shown(findings: tuple[Finding, ...]) -> None:
    """Check that findings stand at a place, under a rule, and are inert on every surface."""
    for finding in findings:
        assert finding.rule in KNOWN
        assert finding.line >= 1
        assert finding.column >= 1
        assert finding.fix
        assert len(finding.message) < 1_000
    texts = [
        findings_text(findings, files=1, colour=False),
        findings_github(findings),
        findings_junit(findings, [FILE]),
    ]
    texts.append(json_text(validate_document(findings, files=1)))
    texts.append(json.dumps(findings_sarif(findings, RULES, version="1")["runs"][0]["results"]))
    for text in texts:
        assert CONTROL.search(text) is None
        assert "##[" not in text
        text.encode()
