"""Findings as terminal text and as annotations of a GitHub workflow; their JSON is one of the documents."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

from reconciler.model import Finding, Severity
from reconciler.report.counts import counted
from reconciler.report.escape import command_data, command_property, printable
from reconciler.report.terminal import Colour, Line, Paint, page

ANNOTATIONS = 10
"""GitHub shows this many annotations of a level and step, and drops the rest without a word."""
EXCERPT = 100
"""Characters of a source line that are shown."""
COLOURS = {Severity.ERROR: Colour.RED, Severity.WARNING: Colour.YELLOW, Severity.NOTICE: Colour.CYAN}
SEVERITIES = tuple(Severity)
"""Worst first."""


def findings_text(findings: Sequence[Finding], *, files: int, colour: bool, waived: int = 0) -> str:
    """Write every finding with its source line and a caret, and a closing line that counts them."""
    return page(_lines(findings, files, waived), colour=colour)


def findings_github(findings: Sequence[Finding]) -> str:
    """Write workflow commands, worst first and at most ten of a level, and a line that counts the rest."""
    left_out: Counter[Severity] = Counter()
    lines: list[str] = []
    for severity in SEVERITIES:
        of_level = [finding for finding in findings if finding.severity is severity]
        left_out[severity] = len(of_level[ANNOTATIONS:])
        lines += map(_annotation, of_level[:ANNOTATIONS])
    if left_out.total():
        rest = ", ".join(counted(left_out[one], one) for one in SEVERITIES if left_out[one])
        lines.append(f"And {rest} more; reconciler validate lists them all.")
    return "".join(f"{line}\n" for line in lines)


def location(finding: Finding) -> str:
    """Write `file:line:column`."""
    return f"{finding.file}:{finding.line}:{finding.column}"


def sentence(finding: Finding) -> str:
    """Write what is wrong, and what is allowed."""
    return f"{finding.message}; {finding.fix}" if finding.fix else finding.message


def _annotation(finding: Finding) -> str:
    properties = {"file": finding.file, "line": finding.line, "col": finding.column, "title": finding.rule}
    listed = ",".join(f"{name}={command_property(str(value))}" for name, value in properties.items())
    return f"::{finding.severity.value} {listed}::{command_data(sentence(finding))}"


def _lines(findings: Sequence[Finding], files: int, waived: int) -> Iterator[Line]:
    for finding in findings:
        yield Paint(location(finding), Colour.BOLD), f": {finding.rule}: {sentence(finding)}"
        yield from _excerpt(finding)
        yield ()
    closing = _closing(findings, files)
    yield (*closing, Paint(f" {waived} waived.", Colour.DIM)) if waived else closing


def _excerpt(finding: Finding) -> Iterator[Line]:
    severity = Paint(f"{finding.severity:>9}", COLOURS[finding.severity])
    if not finding.excerpt:
        yield (severity,)
        return
    column = min(max(finding.column - 1, 0), len(finding.excerpt))
    start = max(0, column - EXCERPT // 2) if len(finding.excerpt) > EXCERPT else 0
    seen = finding.excerpt[start : start + EXCERPT]
    before = _source(finding.excerpt[start:column])
    yield severity, f" | {_source(seen)}"
    yield " " * 9, f" | {' ' * _columns(before)}", Paint("^", COLOURS[finding.severity])


def _source(text: str) -> str:
    return printable(text.rstrip("\r\n").replace("\t", "    "))


def _columns(text: str) -> int:
    """Count the columns of a terminal: East Asian wide letters take two, combining marks none."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(unicodedata.combining(letter) > 0 for letter in text)


def _closing(findings: Sequence[Finding], files: int) -> Line:
    checked = counted(files, "file")
    if not findings:
        return Paint(f"✓ {checked}, no finding.", Colour.GREEN), ""
    counts = Counter(finding.severity for finding in findings)
    found = ", ".join(counted(counts[one], one) for one in SEVERITIES if counts[one])
    where = f" in {len({finding.file for finding in findings})} of {checked}."
    if counts[Severity.ERROR]:
        return Paint(f"✗ {found}", Colour.RED), where, " reconciler explain RULE says more."
    return Paint(f"! {found}", Colour.YELLOW), where
