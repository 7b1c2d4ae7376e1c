"""Findings as JUnit XML, which every CI server shows: one test case a file, one failure a finding of severity error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

from reconciler.model import Finding, Severity, Waived
from reconciler.report.escape import printable
from reconciler.report.findings import location, sentence


def findings_junit(findings: Sequence[Finding], files: Sequence[str], waived: Sequence[Waived] = ()) -> str:
    """Write one suite; a file that could not be read, or is no channel file, has its case too."""
    names = dict.fromkeys([*files, *(finding.file for finding in findings)])
    by_file: Mapping[str, list[Finding]] = {name: [] for name in names}
    for finding in findings:
        by_file[finding.file].append(finding)
    excused = {
        name: [one for one in waived if one.finding.file == name] for name in {w.finding.file for w in waived}
    }
    failures = sum(any(map(_fails, found)) for found in by_file.values())
    counts = f'tests="{len(by_file)}" failures="{failures}" errors="0" skipped="0"'
    cases = [line for name, found in by_file.items() for line in _case(name, found, excused.get(name, []))]
    head = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites {counts}>"]
    suite = [f'  <testsuite name="reconciler validate" {counts}>', *cases, "  </testsuite>"]
    return "\n".join([*head, *suite, "</testsuites>"]) + "\n"


def _case(name: str, findings: Sequence[Finding], waived: Sequence[Waived]) -> Iterator[str]:
    opening = f'    <testcase classname="reconciler.validate" name={_attribute(name)}'
    if not findings and not waived:
        yield f"{opening}/>"
        return
    yield f"{opening}>"
    failed = [finding for finding in findings if _fails(finding)]
    if failed:
        message = sentence(failed[0]) if len(failed) == 1 else f"{len(failed)} findings"
        told = "\n".join(map(_told, failed))
        rule = _attribute(failed[0].rule)
        yield f"      <failure message={_attribute(message)} type={rule}>{_text(told)}</failure>"
    rest = [_told(finding) for finding in findings if not _fails(finding)]
    rest += [f"waived by {one.waiver.name}: {_told(one.finding)}" for one in waived]
    if rest:
        yield f"      <system-out>{_text(chr(10).join(rest))}</system-out>"
    yield "    </testcase>"


def _fails(finding: Finding) -> bool:
    return finding.severity is Severity.ERROR


def _told(finding: Finding) -> str:
    return f"{location(finding)}: {finding.severity.value}: {finding.rule}: {sentence(finding)}"


def _text(text: str) -> str:
    return escape("\n".join(printable(line) for line in text.split("\n")))


def _attribute(text: str) -> str:
    return quoteattr(printable(text))
