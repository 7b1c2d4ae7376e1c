"""Where things stand in the text of one file: what is wrong and a place in, a finding out."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple

from reconciler.desired.catalogue import rule_named
from reconciler.model import Finding, Pointer, Severity, pointer_text

BREAK = r"\r\n?|\n"


class Problem(NamedTuple):
    """One broken rule at one node, before anybody looked up where the node stands."""

    rule: str
    pointer: Pointer
    message: str
    fix: str
    at_key: bool = False
    """Whether the key is meant, not its value."""
    severity: Severity | None = None
    """How much it weighs here; None: as the catalogue says."""


def missing_field(problem: Problem) -> str | None:
    """Give the field that a problem says is missing; None where it says something else."""
    name = problem.message.removesuffix(" is missing")
    return name if problem.rule == "required-field" and name != problem.message else None


class Source:
    """The text of one file, which knows its lines."""

    __slots__ = ("_lines", "file", "text")

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        # Where lines begin, and what they say: found once, for a file may break thousands of rules.
        self._lines: tuple[list[int], list[str]] | None = None

    def place(self, offset: int) -> tuple[int, int]:
        """Give line and column, from 1, of a character; CR, LF and CRLF each end a line."""
        starts, _ = self._split()
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def finding(self, offset: int, problem: Problem) -> Finding:
        """Make the finding of a problem at a character."""
        line, column = self.place(offset)
        return Finding(
            rule=problem.rule,
            severity=problem.severity or rule_named(problem.rule).severity,
            file=self.file,
            line=line,
            column=column,
            pointer=pointer_text(problem.pointer),
            message=problem.message,
            fix=problem.fix,
            excerpt=self._split()[1][line - 1],
        )

    def _split(self) -> tuple[list[int], list[str]]:
        if self._lines is None:
            starts = [0, *(found.end() for found in re.finditer(BREAK, self.text))]
            self._lines = starts, re.split(BREAK, self.text)
        return self._lines
