"""How values of channel files are shown in messages: escaped, cut, never more than one line."""

from __future__ import annotations

import re
from collections.abc import Iterable

from reconciler.model import Json

CUT = 80
"""Characters of somebody else's text that a message shows."""

# Listed by range, not asked of `str.isprintable`, whose answer changes with the Unicode tables of Python.
_UNSEEN = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
HIDDEN = f"[{_UNSEEN}]"
"""A pattern of what may not even stand in a comment: control, bidirectional, zero-width, line separators."""
HIDDEN_IN_VALUE = f"[{_UNSEEN}\t\r]"
"""The same and what only layout may hold; a line break is allowed."""


def shown(value: Json) -> str:
    r"""Write a value as a channel file would, with what does not print as \u{…}, and cut."""
    if isinstance(value, str):
        cut = value[:CUT] + "…" if len(value) > CUT else value
        return '"' + "".join(_printable(letter) for letter in cut) + '"'
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    if isinstance(value, (int, float)):
        return str(value)
    return "a list" if isinstance(value, list) else "a mapping"


def bare(text: str) -> str:
    """Write text as `shown` does, without the quotes."""
    return shown(text)[1:-1]


def suggestion(name: str, allowed: Iterable[str]) -> str | None:
    """Give the allowed name that is meant, if one is near."""
    import difflib

    folded = {known.lower(): known for known in allowed}
    near = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.7)
    return folded[near[0]] if near else None


def _printable(letter: str) -> str:
    if letter.isprintable() and not re.match(HIDDEN, letter):
        return letter
    return f"\\u{{{ord(letter):x}}}"
