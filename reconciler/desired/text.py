"""Whether bytes are text that a person can review: UTF-8, nothing hidden, nothing that git left there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import islice

from reconciler.desired.source import Problem
from reconciler.desired.words import HIDDEN, bare, shown
from reconciler.model import Pointer

LFS_POINTER = "version https://git-lfs.github.com/spec/"
CONFLICT = r"(?m)^(?:<{7} |\|{7} |={7}$|>{7} )"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
UTF8_MARK = b"\xef\xbb\xbf"
HIDDEN_LIMIT = 100
"""Hidden characters that are named; a file with more is not made by hand."""


def encoding_problem(data: bytes) -> tuple[int, Problem] | None:
    """Say why the bytes are not UTF-8 text, and from which character on."""
    if data.startswith(UTF16_MARKS):
        return 0, _encoding("the file is UTF-16")
    if data.startswith(UTF8_MARK):
        return 0, _encoding("the file begins with a byte order mark")
    if b"\0" in data:
        before = data[: data.index(b"\0")].decode(errors="replace")
        return len(before), _encoding("the file holds a NUL byte, so it is binary, or UTF-16")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        return len(before), _encoding(f"the byte 0x{data[error.start]:02x} is not UTF-8")
    return None


def text_problems(text: str) -> Iterator[tuple[int, Problem]]:
    """Find what was never meant as YAML, and what a reader of the file cannot see."""
    if text.startswith(LFS_POINTER):
        fix = "run git lfs pull, or take channel files out of .gitattributes"
        yield 0, Problem("file-lfs", (), "this is a git-lfs pointer, not the file that it stands for", fix)
        return
    # A look for seven equal letters is cheaper than the pattern, and nearly always enough.
    if "<<<<<<<" in text or ">>>>>>>" in text:
        yield from map(_conflict, re.finditer(CONFLICT, text))
    for letter in islice(re.finditer(HIDDEN, text), HIDDEN_LIMIT):
        yield letter.start(), hidden((), letter[0])


def hidden(pointer: Pointer, letter: str) -> Problem:
    """Name a character that cannot be seen."""
    name = unicodedata.name(letter, "control character").lower()
    return Problem("hidden-character", pointer, f"{bare(letter)} ({name}) cannot be seen", "delete it")


def _conflict(mark: re.Match[str]) -> tuple[int, Problem]:
    fix = "keep one side, and delete the lines that git put in"
    return mark.start(), Problem(
        "file-conflict", (), f"git left a merge conflict: {shown(mark[0].strip())}", fix
    )


def _encoding(message: str) -> Problem:
    return Problem("file-encoding", (), message, "save the file as UTF-8 without a byte order mark")
