"""Findings: as text with the place in the source, as annotations, and as SARIF."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model import Finding, Severity
from reconciler.report.documents import validate_document
from reconciler.report.findings import findings_github, findings_text
from reconciler.report.sarif import SHOWN, findings_sarif

FINDING = Finding(
    rule="origin-https",
    severity=Severity.ERROR,
    file="channels/support.yaml",
    line=12,
    column=9,
    pointer="/spec/webchatSettings/corsAllowedOrigins/1",
    message='"http://a.example.com" is not https',
    fix="write https://a.example.com",
    excerpt="      - http://a.example.com",
)
WARNING = replace(FINDING, rule="channel-owner", severity=Severity.WARNING, line=3, fix="", excerpt="")


class Rule:
    """A rule as the catalogue describes one."""

    id = "origin-https"
    severity = Severity.ERROR
    what = "Origins are https."
    why = "Anybody on the way can read http."
    fix = "Write https."
    risk = 8.1
    is_optional = False


def test_a_finding_is_shown_with_its_line_and_a_caret() -> None:
    assert findings_text([FINDING], files=2, colour=False) == (
        'channels/support.yaml:12:9: origin-https: "http://a.example.com" is not https; write https://a.example.com\n'
        "    error |       - http://a.example.com\n"
        "          |         ^\n"
        "\n"
        "✗ 1 error in 1 of 2 files. reconciler explain RULE says more.\n"
    )


def test_a_finding_without_a_line_is_shown_too_and_a_warning_is_no_error() -> None:
    assert findings_text([WARNING], files=1, colour=False) == (
        'channels/support.yaml:3:9: channel-owner: "http://a.example.com" is not https\n'
        "  warning\n"
        "\n"
        "! 1 warning in 1 of 1 file.\n"
    )
    assert findings_text([], files=3, colour=False) == "✓ 3 files, no finding.\n"
    assert findings_text([], files=1, colour=True) == "\x1b[32m✓ 1 file, no finding.\x1b[0m\n"


@pytest.mark.parametrize(
    ("excerpt", "column", "shown", "caret"),
    [
        ("name: x", 7, "name: x", 6),
        ("名: x", 4, "名: x", 4),
        ("e\u0301: x", 5, "é: x", 3),
        ("a\tb", 3, "a    b", 5),
        ("a\x1b[31mb", 7, "a\\u{1b}[31mb", 11),
        ("x" * 400 + "BAD", 401, "x" * 50 + "BAD", 50),
        ("short", 900, "short", 5),
        ("first", 0, "first", 0),
    ],
)
def test_the_caret_stands_below_what_is_meant(excerpt: str, column: int, shown: str, caret: int) -> None:
    text = findings_text([replace(FINDING, excerpt=excerpt, column=column)], files=1, colour=False)
    source, mark = text.splitlines()[1:3]
    assert source.partition(" | ")[2] == shown.replace("é", "e\u0301")
    assert mark.partition(" | ")[2] == " " * caret + "^"


def test_annotations_come_worst_first_and_the_rest_is_counted() -> None:
    text = findings_github([WARNING, FINDING])
    assert text.splitlines() == [
        (
            "::error file=channels/support.yaml,line=12,col=9,title=origin-https"
            '::"http://a.example.com" is not https; write https://a.example.com'
        ),
        (
            "::warning file=channels/support.yaml,line=3,col=9,title=channel-owner"
            '::"http://a.example.com" is not https'
        ),
    ]
    many = findings_github([FINDING] * 13 + [WARNING] * 11).splitlines()
    assert [line.split(" ")[0] for line in many] == ["::error"] * 10 + ["::warning"] * 10 + ["And"]
    assert many[-1] == "And 3 errors, 1 warning more; reconciler validate lists them all."


def test_an_annotation_encodes_what_would_end_it() -> None:
    odd = replace(FINDING, file="channels/a,b:c%.yaml", message="50 % off\nsecond: line", fix="")
    assert findings_github([odd]) == (
        "::error file=channels/a%2Cb%3Ac%25.yaml,line=12,col=9,title=origin-https::50 %25 off%0Asecond: line\n"
    )


def test_the_document_counts_by_severity_and_a_warning_keeps_files_valid() -> None:
    document = validate_document([FINDING, WARNING], files=2)
    assert (document["valid"], document["files"]) == (False, 2)
    assert document["summary"] == {"error": 1, "warning": 1, "notice": 0}
    assert document["findings"][0]["pointer"] == "/spec/webchatSettings/corsAllowedOrigins/1"
    assert validate_document([WARNING], files=2)["valid"]


def test_sarif_names_rule_place_and_severity() -> None:
    log = findings_sarif([WARNING, FINDING], [Rule()], version="1.2.3")
    (run,) = log["runs"]
    assert (log["version"], run["tool"]["driver"]["semanticVersion"]) == ("2.1.0", "1.2.3")
    assert run["tool"]["driver"]["rules"][0]["shortDescription"] == {"text": "Origins are https."}
    first, second = run["results"]
    assert (first["ruleId"], first["ruleIndex"], first["level"]) == ("origin-https", 0, "error")
    assert (second["ruleId"], second["level"], "ruleIndex" in second) == ("channel-owner", "warning", False)
    (place,) = first["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "channels/support.yaml"
    assert place["physicalLocation"]["region"] == {
        "startLine": 12,
        "startColumn": 9,
        "snippet": {"text": "      - http://a.example.com"},
    }


def fingerprints(*findings: Finding) -> list[str]:
    results = findings_sarif(findings, [], version="1")["runs"][0]["results"]
    return [result["partialFingerprints"]["primaryLocationLineHash"] for result in results]


def test_a_finding_keeps_its_fingerprint_when_its_line_moves() -> None:
    assert fingerprints(FINDING) == fingerprints(replace(FINDING, line=40, column=1, message="other"))
    assert fingerprints(FINDING) != fingerprints(replace(FINDING, pointer="/spec/name"))
    twice = fingerprints(FINDING, FINDING)
    assert twice[0] != twice[1]
    assert twice[0] == fingerprints(FINDING)[0]


def test_sarif_shows_the_worst_of_too_many_and_counts_the_rest() -> None:
    log = findings_sarif([WARNING] * SHOWN + [FINDING] * 2, [], version="1")["runs"][0]
    assert (len(log["results"]), log["results"][1]["level"]) == (SHOWN, "error")
    (note,) = log["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"].startswith(f"2 of {SHOWN + 2} findings are left out")


def test_sarif_links_nothing_and_escapes_paths() -> None:
    odd = replace(FINDING, message="[click](https://evil.example)", file="channels/ü #1.yaml", line=0)
    (result,) = findings_sarif([odd], [], version="1")["runs"][0]["results"]
    assert "](" not in result["message"]["text"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "channels/%C3%BC%20%231.yaml"
    assert place["region"]["startLine"] == 1
