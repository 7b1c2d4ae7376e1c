from __future__ import annotations

import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.desired.words import CUT, HIDDEN, HIDDEN_IN_VALUE, bare, shown
from reconciler.model import Json


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("shop", '"shop"'),
        ("", '""'),
        ("Grüße 😀", '"Grüße 😀"'),
        ("a\nb", '"a\\u{a}b"'),
        ("\u202eevil", '"\\u{202e}evil"'),
        ("\x1b[31m", '"\\u{1b}[31m"'),
        ("\U000e0041", '"\\u{e0041}"'),
        ("x" * CUT, f'"{"x" * CUT}"'),
        ("x" * CUT + "y", f'"{"x" * CUT}…"'),
        (None, "nothing"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (1, "1"),
        (-1.5, "-1.5"),
        ([1], "a list"),
        ([], "a list"),
        ({"a": 1}, "a mapping"),
    ],
)
def test_a_value_is_shown_as_a_channel_file_would_write_it(value: Json, words: str) -> None:
    assert shown(value) == words


def test_bare_text_has_no_quotes() -> None:
    assert bare('a "b"\n') == 'a "b"\\u{a}'


@given(st.text(st.characters(), max_size=200))
def test_shown_text_is_one_bounded_line_that_can_be_seen(text: str) -> None:
    words = shown(text)
    assert words.isprintable()
    assert len(words) <= CUT * len("\\u{10ffff}") + len('""…')
    assert not re.search(HIDDEN, words)


SEEN = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD, *range(0x13430, 0x13440)}
"""Format characters that are drawn: number signs of Arabic and Kaithi, frames of hieroglyphs."""


def test_every_character_that_only_formats_is_hidden_and_none_that_is_drawn() -> None:
    hidden = {code for code in range(sys.maxunicode + 1) if re.match(HIDDEN, chr(code))}
    formats = {
        code
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in ("Cc", "Cf", "Cs", "Zl", "Zp") and chr(code) not in "\t\n\r"
    }
    assert formats - SEEN - hidden == set()
    # Fillers and joiners count as letters or marks and are drawn as nothing; the rest is not assigned.
    assert {code for code in hidden - formats if unicodedata.category(chr(code)) != "Cn"} == {
        *(0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x3164, 0xFFA0),
        *range(0xE0100, 0xE01F0),
    }


@pytest.mark.parametrize(
    "letter", ["a", " ", "\u00e9", "\u05d0", "\u4e2d", "\U0001f600", "\u0301", "\ufe0f", "\u00a0"]
)
def test_what_is_seen_is_not_hidden(letter: str) -> None:
    assert not re.match(HIDDEN_IN_VALUE, letter)


def test_layout_may_stand_in_a_file_and_line_breaks_in_a_value() -> None:
    assert [bool(re.match(HIDDEN, letter)) for letter in "\t\r\n"] == [False, False, False]
    assert [bool(re.match(HIDDEN_IN_VALUE, letter)) for letter in "\t\r\n"] == [True, True, False]
