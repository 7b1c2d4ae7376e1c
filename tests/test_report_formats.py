"""What machines read of findings: annotations, SARIF and JUnit, each against what its reader relies on."""

from __future__ import annotations

import json
import os
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from reconciler.desired.catalogue import RULES
from reconciler.model import Finding, Severity, Waived, Waiver
from reconciler.report.findings import findings_github, findings_text
from reconciler.report.junit import findings_junit
from reconciler.report.sarif import findings_sarif

MULTITOOL = os.environ.get("SARIF_MULTITOOL", "")
SARIF = Draft7Validator(json.loads((Path(__file__).parent / "data" / "sarif-2.1.0.schema.json").read_text()))
HOSTILE = (
    "\x1b[31m\u202e</failure>]]>&\"'\n::error::x %0A ##[error]y"
    " <img src=x onerror=alert(1)> [a](javascript:b) @all"
)
WAIVER = Waiver(
    "pages", "origin-shared-hosting", "shop", "/spec", "moves soon", "storefront", date(2026, 12, 31)
)


def finding(rule: str = "origin-https", severity: Severity = Severity.ERROR, **changes: Any) -> Finding:
    fields: dict[str, Any] = {
        "file": "channels/shop.yaml",
        "line": 12,
        "column": 9,
        "pointer": "/spec/name",
        "message": "it is wrong",
        "fix": "mend it",
        "excerpt": "  name: x",
    }
    return Finding(rule=rule, severity=severity, **fields | changes)


def parsed(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)  # noqa: S314 - our own output


def log(*findings: Finding, waived: tuple[Waived, ...] = ()) -> Any:
    return json.loads(json.dumps(findings_sarif(findings, RULES, version="1.2.3", waived=waived)))


def test_ten_annotations_of_a_level_and_then_a_count() -> None:
    findings = [finding(line=line) for line in range(1, 14)]
    findings += [finding("origin-lookalike", Severity.WARNING, line=line) for line in range(1, 12)]
    lines = findings_github(findings).splitlines()
    assert sum(line.startswith("::error ") for line in lines) == 10
    assert sum(line.startswith("::warning ") for line in lines) == 10
    assert lines[-1] == "And 3 errors, 1 warning more; reconciler validate lists them all."
    assert lines[0] == (
        "::error file=channels/shop.yaml,line=1,col=9,title=origin-https::it is wrong; mend it"
    )


def test_up_to_ten_annotations_need_no_count() -> None:
    assert len(findings_github([finding()] * 10).splitlines()) == 10
    assert findings_github([]) == ""


def test_no_text_of_others_begins_a_second_command() -> None:
    text = findings_github([finding(file=HOSTILE, message=HOSTILE, fix=HOSTILE)])
    (line,) = text.splitlines()
    assert line.count("::error ") == 1
    assert "##[" not in line
    assert line.isprintable()
    properties = line.split("::")[1]
    assert properties.count(",") == 3


@pytest.mark.parametrize("severity", Severity)
def test_sarif_keeps_the_published_schema(severity: Severity) -> None:
    document = log(finding(severity=severity), finding(message=HOSTILE, file="a b/ü?.yaml", excerpt=HOSTILE))
    assert [error.message for error in SARIF.iter_errors(document)] == []


def test_sarif_of_every_rule_keeps_the_schema_and_leads_to_its_rule() -> None:
    document = log(*(finding(rule.id, rule.severity) for rule in RULES), waived=(Waived(finding(), WAIVER),))
    assert [error.message for error in SARIF.iter_errors(document)] == []
    run = document["runs"][0]
    listed = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in listed] == [rule.id for rule in RULES]
    for result in run["results"]:
        assert listed[result["ruleIndex"]]["id"] == result["ruleId"]


@pytest.mark.skipif(not MULTITOOL, reason="needs SARIF_MULTITOOL, the path of Microsoft's Sarif.Multitool")
def test_sarif_keeps_what_microsofts_own_tool_asks_for(tmp_path: Path) -> None:
    (tmp_path / "a.sarif").write_text(json.dumps(log(*(finding(rule.id, rule.severity) for rule in RULES))))
    words = [MULTITOOL, "validate", "a.sarif", "--output", "b.sarif"]
    environ = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    ended = subprocess.run(words, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout
    told = re.findall(r"(?:error|warning) (SARIF\d+)", ended.stdout)
    # The project has no page of its own that the log could name.
    assert set(told) <= {"SARIF2005"}, ended.stdout


def test_sarif_says_how_dangerous_a_rule_is_as_code_scanning_reads_it() -> None:
    rules = {rule["id"]: rule for rule in log()["runs"][0]["tool"]["driver"]["rules"]}
    severity = rules["origin-https"]["properties"]["security-severity"]
    assert re.fullmatch(r"\d+\.\d", severity)
    assert 0 < float(severity) <= 10
    assert rules["origin-https"]["properties"]["tags"] == ["security"]
    assert "security-severity" not in rules["yaml-syntax"]["properties"]
    assert rules["owner-missing"]["defaultConfiguration"] == {"level": "warning", "enabled": False}
    assert all(rule["help"]["text"] for rule in rules.values())


def test_fingerprints_stay_when_lines_move_and_tell_findings_apart() -> None:
    def prints(*findings: Finding) -> list[str]:
        return [
            one["partialFingerprints"]["primaryLocationLineHash"]
            for one in log(*findings)["runs"][0]["results"]
        ]

    assert prints(finding()) == prints(finding(line=99, column=1, excerpt="moved", message="other words"))
    told = [finding(), finding(), finding(pointer="/spec/id"), finding(file="b.yaml"), finding("origin-case")]
    assert len(set(prints(*told))) == len(told)


def test_what_is_waived_is_there_and_suppressed() -> None:
    (result,) = log(waived=(Waived(finding(), WAIVER),))["runs"][0]["results"]
    (suppression,) = result["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    assert "storefront, until 2026-12-31" in suppression["justification"]


def test_sarif_shows_as_many_results_as_are_read_and_counts_the_rest() -> None:
    run = log(*[finding(severity=Severity.WARNING)] * 5_001, finding())["runs"][0]
    assert len(run["results"]) == 5_000
    assert run["results"][0]["level"] == "error"
    assert "2 of 5002" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


def test_junit_has_a_case_a_file_and_a_failure_where_one_is_an_error() -> None:
    text = findings_junit(
        [
            finding(),
            finding("owner-missing", Severity.WARNING),
            finding("owner-missing", Severity.NOTICE, file="b.yaml"),
        ],
        ["channels/shop.yaml", "b.yaml", "c.yaml"],
        (Waived(finding(file="c.yaml"), WAIVER),),
    )
    (suite,) = parsed(text)
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")
    failed, noted, waived = suite
    assert [case.get("name") for case in suite] == ["channels/shop.yaml", "b.yaml", "c.yaml"]
    assert failed[0].tag == "failure"
    assert failed[0].get("type") == "origin-https"
    assert "channels/shop.yaml:12:9: error: origin-https: it is wrong; mend it" in (failed[0].text or "")
    assert [one.tag for one in noted] == ["system-out"]
    assert "waived by pages" in (waived[0].text or "")


def test_junit_of_nothing_is_a_suite_without_cases() -> None:
    (suite,) = parsed(findings_junit([], []))
    assert (suite.get("tests"), len(suite)) == ("0", 0)


def test_junit_holds_what_others_wrote_as_text() -> None:
    text = findings_junit([finding(file=HOSTILE, message=HOSTILE, fix=HOSTILE)], [])
    (suite,) = parsed(text)
    assert [one.tag for one in suite.iter()] == ["testsuite", "testcase", "failure"]
    assert "##[" not in text
    assert all(line.isprintable() for line in text.splitlines())


def test_text_points_at_the_place_with_a_caret() -> None:
    lines = findings_text(
        [finding(column=3, excerpt="\u8a9e\u8a9ename: x")], files=1, colour=False
    ).splitlines()
    assert lines[0].startswith("channels/shop.yaml:12:3: origin-https: ")
    # Two letters of two columns each stand before the place.
    assert lines[2] == f"{' ' * 9} | {' ' * 4}^"
