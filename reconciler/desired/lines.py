"""The plainest YAML, read line by line: keys, texts and lists of texts, one to a line, in printable ASCII.

Nearly every channel file is of this shape, and libyaml's nodes cost more than twice as much, since each of them
becomes an object of Python first. No library reads a part of YAML and owns up to the rest, so it is done here, and
narrowly: a line that could mean anything else ends the reading, and `nodes` and `events` read the file instead. A
property holds all three to one value.
"""

from __future__ import annotations

import re
import string
from functools import lru_cache
from sys import intern

from reconciler.desired.limits import DEPTH_LIMIT
from reconciler.desired.scalar import SUSPECT, WORDS, Unclear, is_plain_text, read_plain
from reconciler.model import Json

_LETTERS = bytes(letter for letter in range(0x20, 0x7F) if chr(letter) not in "&*!%\\{}[]|>?`@") + b"\n"
"""What may stand in such a file: nothing that could begin an anchor, alias, tag, directive, escape, block or flow."""
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,99}")
_FIRST = frozenset(string.ascii_letters + string.digits + "/")
"""How a scalar without quotes begins."""

Line = tuple[int, str]
"""How many blanks stand before the words of a line, and the words."""


class _Unsure(Exception):
    """Ends the reading of a file that is not of the plainest shape."""


def read_lines(data: bytes) -> dict[str, Json] | None:
    """Give the value of a file that is one mapping of the plainest shape; None for every other."""
    if data.translate(None, _LETTERS):
        return None
    lines = [
        (len(line) - len(words), words)
        for line in data.decode().split("\n")
        if (words := line.lstrip(" ")) and words[0] != "#"
    ]
    lines.append((-1, "the end"))
    try:
        # Two levels less than are allowed: where depth is in doubt, others judge.
        value, at = _mapping(lines, 0, DEPTH_LIMIT - 2)
    except _Unsure:
        return None
    return value if at == len(lines) - 1 else None


def _mapping(lines: list[Line], at: int, levels: int) -> tuple[dict[str, Json], int]:
    """Read a mapping that begins at a line, and give it with the number of the line after it."""
    value: dict[str, Json] = {}
    depth, words = lines[at]
    column = depth
    while column == depth:
        key, colon, text = words.partition(": ")
        at += 1
        if colon:
            found = _scalar(text)
        elif words[-1] == ":" and levels:
            key = words[:-1]
            found, at = _block(lines, at, depth, levels - 1)
        else:
            raise _Unsure
        key = _key(key)
        if key in value:
            raise _Unsure
        value[key] = found
        column, words = lines[at]
    if column > depth:
        raise _Unsure
    return value, at


def _block(lines: list[Line], at: int, depth: int, levels: int) -> tuple[Json, int]:
    """Read what begins on the line after its key, which stands at `depth`: a list of texts, or a mapping."""
    column, words = lines[at]
    if not words.startswith("- ") or column < depth:
        if column <= depth:
            raise _Unsure
        return _mapping(lines, at, levels)
    items, first = [], column
    while column == first and words.startswith("- "):
        items.append(_scalar(words[2:]))
        at += 1
        column, words = lines[at]
    if column > first:
        raise _Unsure
    return items, at


# Every file has the same keys.
@lru_cache(maxsize=1_024)
def _key(key: str) -> str:
    if not _KEY.fullmatch(key) or not is_plain_text(key):
        raise _Unsure
    return intern(key)


def _scalar(text: str) -> Json:
    first = text[:1]
    if first in _FIRST:
        if ": " in text or " #" in text or text[-1] in ": ":
            raise _Unsure
        return text if first not in SUSPECT and text not in WORDS else _suspect(text)
    if first == " ":
        return _scalar(text.lstrip(" "))
    if first and first in "\"'" and len(text) > 1 and text.find(first, 1) == len(text) - 1:
        return text[1:-1]
    raise _Unsure


def _suspect(text: str) -> Json:
    value = read_plain(text)
    if isinstance(value, Unclear):
        raise _Unsure
    return value
