from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.desired.text import HIDDEN_LIMIT, encoding_problem, hidden, text_problems


@pytest.mark.parametrize(
    ("data", "offset", "message"),
    [
        (b"\xff\xfea\0", 0, "the file is UTF-16"),
        (b"\xfe\xff\0a", 0, "the file is UTF-16"),
        (b"\xef\xbb\xbfa: b", 0, "the file begins with a byte order mark"),
        (b"a\0:\0", 1, "the file holds a NUL byte, so it is binary, or UTF-16"),
        ("é: ".encode() + b"\0", 3, "the file holds a NUL byte, so it is binary, or UTF-16"),
        (b"a: \x80", 3, "the byte 0x80 is not UTF-8"),
        ("é: ".encode() + b"\xe9t\xe9", 3, "the byte 0xe9 is not UTF-8"),
        (b"a: \xf4\x90\x80\x80", 3, "the byte 0xf4 is not UTF-8"),
        (b"a: \xe2\x82", 3, "the byte 0xe2 is not UTF-8"),
    ],
)
def test_bytes_that_are_not_utf_8_are_named_at_their_character(
    data: bytes, offset: int, message: str
) -> None:
    found = encoding_problem(data)
    assert found is not None
    assert (found[0], found[1].rule, found[1].message) == (offset, "file-encoding", message)


@given(st.binary(max_size=20) | st.text(max_size=10).map(str.encode))
def test_bytes_without_a_problem_decode(data: bytes) -> None:
    found = encoding_problem(data)
    if found is None:
        assert data.decode("utf-8").encode() == data
        assert b"\0" not in data
    else:
        assert 0 <= found[0] <= len(data)


def problems(text: str) -> list[tuple[int, str]]:
    return [(offset, problem.rule) for offset, problem in text_problems(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: b\n", []),
        ("a: b\r\n\tc # <<<<<<<\n", []),
        ("=======\n", []),
        (
            "a: b\n<<<<<<< HEAD\nx\n=======\ny\n>>>>>>> b\n",
            [(5, "file-conflict"), (20, "file-conflict"), (30, "file-conflict")],
        ),
        ("  <<<<<<< HEAD\n", []),
        ("<<<<<<<< HEAD\n", []),
        ("<<<<<<<\n", []),
        ("version https://git-lfs.github.com/spec/v1\n\u202e", [(0, "file-lfs")]),
        ("a: version https://git-lfs.github.com/spec/v1\n", []),
        ("a\u202eb\u200b", [(1, "hidden-character"), (3, "hidden-character")]),
        ("\ufeff", [(0, "hidden-character")]),
        ("<<<<<<< a\n\u202e", [(0, "file-conflict"), (10, "hidden-character")]),
    ],
)
def test_what_was_not_meant_is_found(text: str, found: list[tuple[int, str]]) -> None:
    assert problems(text) == found


def test_a_mark_of_a_merge_is_shown() -> None:
    [(_, problem)] = text_problems(">>>>>>> theirs\n")
    assert problem.message == 'git left a merge conflict: ">>>>>>>"'


def test_no_more_hidden_characters_are_named_than_anybody_reads() -> None:
    assert problems("\u202e" * 1000) == [(offset, "hidden-character") for offset in range(HIDDEN_LIMIT)]


def test_a_hidden_character_is_named() -> None:
    assert hidden(("a",), "\u200b").message == "\\u{200b} (zero width space) cannot be seen"
    assert hidden(("a",), "\x07").message == "\\u{7} (control character) cannot be seen"
    assert hidden(("a", 1), "\x07").pointer == ("a", 1)
