"""What a plain (unquoted) scalar of YAML means, where every reader agrees; where they do not, why.

YAML 1.1 (PyYAML, Ruby, Ansible) and YAML 1.2 (Go, Rust, JavaScript) read `no`, `012`, `1_000` or `12:30`
differently. A reviewer and the tool must not see two different files, so such scalars are refused. No library
says where the versions differ, hence these patterns, made from the type pages of YAML 1.1 and section 10.3 of
YAML 1.2.2.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from reconciler.desired.words import bare, shown
from reconciler.model import Json

WHOLE_LIMIT = 2**53 - 1
"""The largest whole number that every reader of JSON keeps (RFC 8259, section 6)."""
NUMBER_LIMIT = 17
"""Characters of a number; a double keeps no more digits."""

WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
WORDS |= {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
"""Plain words that mean the same, and not text, in both versions."""
SUSPECT = frozenset("0123456789+-.=<yYnNoO")
"""How a plain scalar begins that may be something else than text."""
TRUTH = frozenset(("y", "n", "yes", "no", "on", "off"))
NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?"
"""A number that both versions, and JSON, read alike."""
NON_FINITE = r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
AMBIGUOUS = r"""(?x)
    [-+]?0[oO][0-7_]+ | [-+]?0[bB][01_]+ | [-+]?0[xX][0-9a-fA-F_]+
  | [-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?  # 012, +1, 1_000, 1., .5, 1e3
  | [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?                        # 12:30 is 750, or text
  | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9].*)?               # a date, or text
  | = | <<
"""


class Unclear(NamedTuple):
    """Why a plain scalar is refused."""

    rule: str
    message: str
    fix: str


def read_plain(text: str) -> Json | Unclear:
    """Read a plain scalar as text, number, true, false or None, or say why readers would disagree."""
    word = WORDS.get(text, text)
    if word is not text or text[0] not in SUSPECT:
        return word
    if text.lower() in TRUTH:
        message = f"{text} is true or false to YAML 1.1, and text to YAML 1.2"
        return Unclear("yaml-ambiguous", message, f"write true or false, or quote it: {shown(text)}")
    return text if text[0].isalpha() else _read_mark(text)


def _read_mark(text: str) -> Json | Unclear:
    """Read what begins like a number."""
    number, non_finite, ambiguous = _patterns()
    if number.fullmatch(text):
        return _read_number(text)
    if non_finite.fullmatch(text):
        return Unclear("yaml-number", f"{text} is no number in JSON", "write a finite number")
    if ambiguous.fullmatch(text):
        message = f"{bare(text)} is not the same to every reader of YAML"
        return Unclear("yaml-ambiguous", message, f"quote it: {shown(text)}")
    return text


# Compiled when the first number is met: a file without one is judged before.
@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    return tuple(map(re.compile, (NUMBER, NON_FINITE, AMBIGUOUS)))


def is_plain_text(text: str) -> bool:
    """Say whether a plain scalar is text to every reader."""
    return read_plain(text) is text


def _read_number(text: str) -> Json | Unclear:
    if len(text) <= NUMBER_LIMIT:
        value = float(text) if "." in text else int(text)
        if abs(value) <= WHOLE_LIMIT:
            return value
    allowed = f"up to {WHOLE_LIMIT} and {NUMBER_LIMIT} characters are allowed; quote it if it is an id"
    return Unclear("yaml-number", f"{bare(text)} has too many digits for a number", allowed)
