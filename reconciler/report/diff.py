"""Edits of files as a unified diff on a terminal, escaped like everything else that others wrote."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from reconciler.report.terminal import Colour, Line, Paint, page

COLOURS = {"+": Colour.GREEN, "-": Colour.RED, "@": Colour.CYAN}


def file_diff(file: str, before: str, after: str, *, colour: bool) -> str:
    """Write what an edit does to one file."""
    return page(_lines(file, before, after), colour=colour)


def _lines(file: str, before: str, after: str) -> Iterator[Line]:
    old, new = before.splitlines(), after.splitlines()
    for line in difflib.unified_diff(old, new, f"a/{file}", f"b/{file}", lineterm=""):
        yield (Paint(line, COLOURS[line[0]]) if line[:1] in COLOURS else line,)
    if old == new:
        yield (f"{file}: line ends alone",)
