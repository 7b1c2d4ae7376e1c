"""The fast reading of simple YAML: whatever it reads, the judging of events reads in the same way."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.desired.document import Document, judge_document, read_document
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
SIMPLE = b"kind: A\nspec:\n  name: a b\n  is: 'yes'\n  urls: [https://a.example.com, 1]\n  more:\n  - x: 1.5\n    z:\n"


@given(TEXTS | st.text(max_size=30))
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
    if isinstance(read, Document) and isinstance(judged, Document):
        assert repr(read.value) == repr(judged.value)


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
