from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.report.escape import shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain words, ümlaut", "plain words, ümlaut"),
        ("red \x1b[31m", "red \\u{1b}[31m"),
        ("line\r\n::error::x", "line\\u{d}\\u{a}::error::x"),
        ("evil\u202etxt", "evil\\u{202e}txt"),
        ("zero\u200bwidth", "zero\\u{200b}width"),
        ("a" * 81, "a" * 80 + "…"),
    ],
)
def test_hostile_text_is_escaped_and_cut(text: str, expected: str) -> None:
    assert shown(text) == expected


@given(st.text(max_size=200))
def test_shown_text_always_prints_on_one_line(text: str) -> None:
    assert shown(text).isprintable()
