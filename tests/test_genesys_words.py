"""Secrets do not come through, in whatever form they come back."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.genesys.words import redacted, redacted_pieces, told

SECRET = 'hunter2&"<é'
TOKEN = "abcdefgh12345678"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("  two\r\n lines\t", "two lines"),
        ("bell \x07 and \u202e and \u200b", "bell \\u{7} and \\u{202e} and \\u{200b}"),
        ("nul \0\0 too", "nul too"),
        ("", ""),
        (f"<{TOKEN}>", "<[hidden]>"),
        (f"{TOKEN}{TOKEN}", "[hidden]"),
        (f"{TOKEN[:8]} {TOKEN[8:]}", "[hidden]"),
        (f"{SECRET} raw", "[hidden] raw"),
        ("hunter2%26%22%3C%C3%A9", "[hidden]"),
        ("hunter2%26%22%3c%c3%a9", "[hidden]"),
        ('hunter2&\\"<\\u00e9', "[hidden]"),
        ("hunter2&amp;&quot;&lt;é", "[hidden]"),
        (SECRET.encode().hex(), "[hidden]"),
        (base64.b64encode(SECRET.encode()).decode(), "[hidden]"),
        (base64.b64encode(TOKEN.encode()).decode(), "[hidden]=="),
        (base64.b64encode(f"B{TOKEN}zz".encode()).decode(), "Qm[hidden]h6eg=="),
        (base64.b64encode(f"Be{TOKEN}zz".encode()).decode(), "QmV[hidden]eno="),
        (base64.b64encode(f"Bea{TOKEN}zz".encode()).decode(), "QmVh[hidden]Hp6"),
        ("İ" + TOKEN, "İ[hidden]"),
    ],
)
def test_text_is_one_line_escaped_and_without_secrets(text: str, shown: str) -> None:
    assert told(text, (SECRET, TOKEN)) == shown


@pytest.mark.parametrize("written", ["key/one+two", "key%2Fone%2Btwo", "key/one%2Btwo", "key\\/one+two"])
def test_a_secret_is_hidden_however_its_slash_is_written(written: str) -> None:
    assert told(f"<{written}>", ("key/one+two",)) == "<[hidden]>"


@pytest.mark.parametrize("written", ["two words", "two+words", "two%20words", "two\n  words", "twowords"])
def test_a_secret_is_hidden_however_its_blank_is_written(written: str) -> None:
    assert told(f"<{written}>", ("two words",)) == "<[hidden]>"


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_secret_is_hidden_in_both_alphabets(encode: Callable[[bytes], bytes]) -> None:
    assert told(encode("a>ÿÿÿ?ÿÿ>b".encode()).decode(), (">ÿÿÿ?ÿÿ>",)) == "YT[hidden]5i"


@pytest.mark.parametrize("secret", ["", "a", "ab", "abc"])
def test_a_secret_that_is_hardly_one_does_no_harm(secret: str) -> None:
    assert told("Zz 12", (secret,)) == "Zz 12"


def test_text_is_cut() -> None:
    assert told("x" * 300, ()) == "x" * 256 + "…"
    assert told("x" * 257, ()) == "x" * 256 + "…"
    assert told("x" * 256, ()) == "x" * 256


@settings(max_examples=200, deadline=None)
@given(
    before=st.integers(0, 300),
    times=st.integers(1, 40),
    gap=st.text(" x\n", max_size=3),
    after=st.text(" -\n\u00e9\u202e", max_size=9),
)
def test_no_part_of_a_secret_shows_at_the_cut(before: int, times: int, gap: str, after: str) -> None:
    shown = told("-" * before + (TOKEN + gap) * times + after, (TOKEN,))
    letters = "".join(shown.replace("[hidden]", "").split()).strip("x")
    assert not any(TOKEN[start : start + 3] in letters for start in range(len(TOKEN) - 2))


def test_a_value_keeps_everything_but_its_secrets() -> None:
    value = {"a": [f"x {TOKEN}", 1, None, True], TOKEN: {"b": "untouched \r\n text"}}
    assert redacted(value, (TOKEN, "")) == {
        "a": ["x [hidden]", 1, None, True],
        "[hidden]": {"b": "untouched \r\n text"},
    }


def test_a_secret_with_a_slash_and_a_quote_is_hidden_as_json_has_it() -> None:
    assert told('<key/\\"one\\u00e9>', ('key/"oneé',)) == "<[hidden]>"


@pytest.mark.parametrize(("secret", "is_hidden"), [("abcdefgh", True), ("abcdefg", False)])
def test_parts_of_base64_are_looked_for_from_eight_bytes_on(secret: str, is_hidden: bool) -> None:
    assert ("[hidden]" in told(base64.b64encode(f"B{secret}zz".encode()).decode(), (secret,))) is is_hidden


def test_a_text_that_shows_a_secret_in_every_form_at_once_shows_none() -> None:
    assert told("ab1 616231 YWIx", ("ab1",)) == "[hidden]" + " [hidden]" * 2


def test_the_last_letter_of_a_secret_that_overlaps_itself_is_hidden_too() -> None:
    assert told("<aaaaaaaaa>", ("aaaaaaaa",)) == "<[hidden]>"


@pytest.mark.parametrize(
    "value", [["a", ["b"], {"c": "d"}], {"a": ["b"], "c": {"d": 1}}, "text", "nul \0", 1, None, [], {}]
)
def test_a_value_without_a_secret_is_given_back_itself(value: object) -> None:
    assert redacted(value, (TOKEN,)) is value


@pytest.mark.parametrize(
    ("value", "clean"),
    [
        ([f"a{TOKEN}", "b"], ["a[hidden]", "b"]),
        (["a", [TOKEN], TOKEN], ["a", ["[hidden]"], "[hidden]"]),
        ({TOKEN: "a"}, {"[hidden]": "a"}),
        ({"a": TOKEN, "b": 1}, {"a": "[hidden]", "b": 1}),
        ({"a": 1, "b": {"c": TOKEN}}, {"a": 1, "b": {"c": "[hidden]"}}),
    ],
)
def test_a_secret_is_hidden_wherever_it_stands_in_a_value(value: object, clean: object) -> None:
    assert redacted(value, (TOKEN,)) == clean


# A text that comes in pieces.


def pieces(secret: str, *texts: str) -> list[str]:
    return list(redacted_pieces(texts, (secret,)))


@pytest.mark.parametrize("written", ["ab1", "AB1", "a b\n1", "616231", "YWIx"])
def test_a_secret_that_lies_across_pieces_is_hidden_wherever_it_is_parted(written: str) -> None:
    whole = f"-{written}-"
    for cut in range(len(whole) + 1):
        assert "".join(pieces("ab1", whole[:cut], whole[cut:])) == "-[hidden]-"
        assert "".join(pieces("ab1", whole[:cut], "", whole[cut:], "")) == "-[hidden]-"
    assert "".join(pieces("ab1", *whole)) == "-[hidden]-"


def test_what_no_secret_can_begin_in_is_given_at_once() -> None:
    # The longest form, in hexadecimal, has six letters: in the last five one may have begun, blanks apart.
    assert pieces("ab1", "0123456789", "xyz") == ["01234", "567", "89xyz"]
    assert pieces("ab1", "01 23 4 5 6  7 89") == ["01 23 4 ", "5 6  7 89"]
    assert pieces("ab1", "0123ab1789") == ["0123", "[hidden]789"]
    assert pieces("", "0123", "4") == ["0123", "4", ""]


def test_a_secret_that_begins_in_a_hidden_one_is_hidden_across_pieces_too() -> None:
    for cut in range(12):
        whole = "<aaaaaaaaa>"
        assert "".join(pieces("aaaaaaaa", whole[:cut], whole[cut:])) == "<[hidden]>"
