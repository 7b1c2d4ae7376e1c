"""The fast readings of simple YAML: whatever they read, the judging of events reads in the same way."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.desired.document import Document, judge_document, read_document
from reconciler.desired.lines import read_lines
from reconciler.desired.nodes import read_simple
from reconciler.desired.source import Problem

ROOT = Path(__file__).parent.parent
WORDS = [
    *("a", "b", "key", "yes", "no", "012", "1_000", "12:30", "1e3", "-1", "0.5", "~", "null", "true", ""),
    *("2026-01-01", "https://app.example.com", "ünïcode", "<<", "=", "0x1f", "'q'", '"q"', "'", '"', "x y"),
    *(
        "|\n  text",
        ">\n  text",
        "&a",
        "*a",
        "!t",
        "!!str a",
        "%",
        "\\",
        '"\\u202e"',
        "\u202e",
        "\x85",
        "\ufeff",
    ),
    *("{a: b}", "[a, b]", "{a}", "[a: b]", "{", "]", "? a", "# c", " # c", "\t", "--- a", "...", "<<<<<<< a"),
]
JOINTS = ["\n", "\n  ", "\n    ", ": ", ":", "- ", "\n- ", "\n  - ", ", ", " ", "\r\n", "\n---\n", "\r"]
TEXTS = st.lists(st.sampled_from(WORDS) | st.sampled_from(JOINTS), max_size=14).map("".join)
COLUMNS = st.sampled_from(["", "", "  ", "  ", "    ", "      ", " "])
KEYS = st.sampled_from(
    ["a", "b", "kind", "spec", "c-d", "e.f", "A1", "yes", "null", "1", "a b", "'q'", "a:b", "-", "?"]
)
SCALARS = st.sampled_from(WORDS) | st.text("ab1 :#-'\"/,.=+", max_size=8)
LINES = st.builds(
    "{}{}".format,
    COLUMNS,
    st.builds("{}: {}".format, KEYS, SCALARS)
    | st.builds("{}:".format, KEYS)
    | st.builds("- {}".format, SCALARS)
    | SCALARS
    | st.just("# a: comment"),
)
PLAIN = st.lists(LINES, max_size=9).map("\n".join)
SIMPLE = b"kind: A\nspec:\n  name: a b\n  is: 'yes'\n  urls: [https://a.example.com, 1]\n  more:\n  - x: 1.5\n    z:\n"


@given(TEXTS | PLAIN | st.text(max_size=30))
@example("version https://git-lfs.github.com/spec/v1: a")
@example("a: 1\n" * 2)
@example("[" * 40)
@example("- " * 900)
@example("".join(f"k{number}:\n" for number in range(2_600)))
def test_what_is_read_fast_is_what_the_events_say(text: str) -> None:
    data = text.encode(errors="replace")
    judged = judge_document("a.yaml", data)
    read = read_document("a.yaml", data)
    assert read == judged
    for value in (read_lines(data), read_simple(data)):
        if value is not None and len(value) < 2_500:
            assert isinstance(judged, Document)
            assert repr(value) == repr(judged.value)
    if isinstance(read, Document) and isinstance(judged, Document):
        assert repr(read.value) == repr(judged.value)


def nested(levels: int, last: str) -> str:
    return "".join(f"{'  ' * level}k:\n" for level in range(levels)) + "  " * levels + last


def test_a_file_of_the_plainest_shape_is_read_line_by_line() -> None:
    text = (
        "# yaml-language-server: $schema=x\nkind:   A\nspec:\n  urls:\n  - https://a.example.com\n  - 'b: #c'\n"
        '  # why\n\n  more:\n    - 1\n    - "true"\n  is: true\n  m: 1.5\n  none: null\nlast: "x"'
    )
    assert read_lines(text.encode()) == {
        "kind": "A",
        "spec": {
            "urls": ["https://a.example.com", "b: #c"],
            "more": [1, "true"],
            "is": True,
            "m": 1.5,
            "none": None,
        },
        "last": "x",
    }
    assert read_lines(nested(13, "a: 1\n").encode()) is not None


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "# only\n",
            "a",
            "- a\n",
            "a:\n",
            "a: 1\na: 2\n",
            "a: b: c\n",
            "a: b #c\n",
            "a: b:\n",
            "a: b \n",
        ),
        *("a: b\n  c\n", "a:\n- b\n  c\n", "a:\n  b: 1\n c: 2\n", "a:\nb: 1\n", "a:\n  - b\n - c\n"),
        *(
            "a: 'b''c'\n",
            'a: "b" c\n',
            "a: [b]\n",
            "a: {b: c}\n",
            "a: |\n  b\n",
            "a: &b c\n",
            "a: ü\n",
            "a:\tb\n",
        ),
        *(
            "a: b\r\n",
            "---\na: b\n",
            "yes: 1\n",
            "1: 1\n",
            "'a': 1\n",
            "a: yes\n",
            "a: 012\n",
            "a: -1\n",
            "a: -\n",
        ),
        *(
            "- a\nb: c\n",
            "a:\n  - b: c\n",
            "a:\n  -\n",
            "a:\n  - - b\n",
            "a: '\n",
            "a: 'b\n  c'\n",
            "a : b\n",
        ),
        nested(15, "a: 1\n"),
    ],
)
def test_whatever_else_is_left_to_others(text: str) -> None:
    assert read_lines(text.encode()) is None


def test_files_as_people_write_them_are_read_fast() -> None:
    assert read_simple(SIMPLE) == {
        "kind": "A",
        "spec": {
            "name": "a b",
            "is": "yes",
            "urls": ["https://a.example.com", 1],
            "more": [{"x": 1.5, "z": None}],
        },
    }
    for path in sorted((ROOT / "channels").glob("*.yaml")):
        assert read_simple(path.read_bytes()) is not None


@pytest.mark.parametrize(
    "text",
    [
        "a: &x 1",
        "a: *x",
        "a: !t 1",
        "a: yes",
        "yes: 1",
        "a: 1\na: 2",
        "- a",
        "a",
        "",
        "a: 1\n---\nb: 2",
        "? [a]\n: b",
    ],
)
def test_what_needs_a_judge_is_left_to_it(text: str) -> None:
    assert read_simple(text.encode()) is None


def test_places_are_found_in_a_file_that_was_read_fast() -> None:
    document = read_document("a.yaml", SIMPLE)
    assert isinstance(document, Document)
    assert document.place(("spec", "urls", 1)) == (5, 33)
    assert document.place(("spec", "more", 0, "z"), at_key=True) == (8, 5)


def test_a_problem_keeps_its_finding_when_both_are_put_in_order() -> None:
    document = read_document("a.yaml", SIMPLE)
    assert isinstance(document, Document)
    late, early = (
        Problem("id-unique", ("spec", "more"), "late", ""),
        Problem("name-unique", ("kind",), "early", ""),
    )
    placed = document.placed([late, early])
    assert [(problem, finding.message) for problem, finding in placed] == [(early, "early"), (late, "late")]
