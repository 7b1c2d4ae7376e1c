"""Terminal text: every document at 80 and 200 columns against what somebody looked at, in colour and without.

`REWRITE=1 .venv/bin/pytest -n 0 tests/test_report_text.py` writes the snapshots anew; look at them before you commit.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from samples import ADOPT, CHECK, DOCUMENTS, DRIFT, PLAN, REPORT, RUN, VERIFY, JsonDict

from reconciler.report.terminal import Colour, Paint, page, wrapped
from reconciler.report.text import document_text, plan_text

SNAPSHOTS = Path(__file__).parent / "snapshots"
SEQUENCE = re.compile(r"\x1b\[[0-9;]*m")
LOOKS = [(command, width, False) for command in DOCUMENTS for width in (80, 200)] + [
    (command, 80, True) for command in ("plan", "drift", "apply")
]


@pytest.mark.parametrize(("command", "width", "colour"), LOOKS)
def test_a_document_looks_as_somebody_liked_it(command: str, width: int, colour: bool) -> None:
    text = document_text(DOCUMENTS[command], width=width, colour=colour).replace("\x1b[", "␛[")
    name = f"{command.replace(' ', '-')}-{width}{'-colour' if colour else ''}.txt"
    path = SNAPSHOTS / name
    if os.environ.get("REWRITE"):
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("command", DOCUMENTS)
@pytest.mark.parametrize("width", [80, 120, 200])
def test_lines_are_no_longer_than_the_screen_unless_there_is_something_to_copy(
    command: str, width: int
) -> None:
    for line in document_text(DOCUMENTS[command], width=width).splitlines():
        longest = max(map(len, re.findall(r"\S+", line)), default=0)
        # A command, an address, a path: what is copied is never broken.
        copied = re.search(r"reconciler |git |https?:|wss:|runs/|[0-9a-f-]{12}", line)
        assert len(line) <= width or longest > width // 2 or copied, line


@pytest.mark.parametrize("command", DOCUMENTS)
def test_colour_changes_nothing_but_colour(command: str) -> None:
    plain = document_text(DOCUMENTS[command], width=100)
    coloured = document_text(DOCUMENTS[command], width=100, colour=True)
    assert "\x1b" not in plain
    assert SEQUENCE.sub("", coloured) == plain
    assert coloured != plain
    assert coloured.count("\x1b[0m") == len(SEQUENCE.findall(coloured)) / 2


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (
            PLAN,
            [
                "Next: reconciler apply",
                "Plan: 1 to create, 2 to update, 1 to delete; 7 unchanged, 1 unmanaged.",
            ],
        ),
        (
            DRIFT,
            [
                '+ "https://new.example.com"  added live',
                "(1 entry as Git wants)",
                "moved by Dana (user-1), person",
            ],
        ),
        (RUN, ["✗ clashed     update sales", "Exit 4: something of the plan was not applied"]),
        (RUN, ["Not told: monitor (monitor.example.com), it answered 500; look at what receives there."]),
        (VERIFY, ["1 of 3 endpoint checks failed", "Handshakes: 2 of 3 as expected (66.7%)"]),
        (CHECK, ["✗ stale", "live moved from version 3 to 4"]),
        (ADOPT, ["✓ created   channels/retail.yaml", "Next: reconciler plan"]),
        (REPORT, ["✓ The chain of 1 record holds.", "Next: reconciler report 0a1b2c3d4e5f"]),
    ],
)
def test_each_document_ends_in_what_to_do(document: JsonDict, words: list[str]) -> None:
    text = document_text(document, width=200)
    for word in words:
        assert word in text


def test_the_next_command_of_a_plan_is_the_one_that_carries_it_out() -> None:
    assert "Next: reconciler apply plan.json" in plan_text(PLAN, then="reconciler apply plan.json")
    assert "Next:" not in plan_text(PLAN, then=None)
    calm = {**PLAN, "channels": [], "webhooks": []}
    assert "there is nothing to apply" in plan_text(calm)
    assert "Next:" not in plan_text(calm)


def test_the_worst_stands_first() -> None:
    order = [
        document_text(PLAN).index(word)
        for word in ("widens:", "+ create fresh", "~ update 2", "- delete retired")
    ]
    assert order == sorted(order)
    both = {**DRIFT, "channels": list(reversed(DRIFT["channels"]))}
    assert document_text(both).index("≠ support") < document_text(both).index("~ sales")


def test_a_document_of_somebody_else_is_named() -> None:
    assert document_text({"command": "demo\x1b"}) == (
        "A document of demo\\u{1b} cannot be shown as text; its JSON says all.\n"
    )
    assert "no command" in document_text({})


def test_a_page_paints_escapes_and_breaks() -> None:
    lines = [("a", Paint("b\x1b", Colour.RED)), (), ("trailing   ",), (Paint("", Colour.RED),)]
    assert page(lines, colour=False) == "ab\\u{1b}\n\ntrailing\n\n"
    assert page(lines, colour=True) == "a\x1b[31mb\\u{1b}\x1b[0m\n\ntrailing\n\n"
    assert page([("::error::x",), (" ::x::",)], colour=False) == "\\u{3a}:error::x\n \\u{3a}:x::\n"
    assert page([(Paint("::error::x", Colour.RED),)], colour=True) == "\x1b[31m\\u{3a}:error::x\x1b[0m\n"
    assert list(wrapped("one two three", 40, indent=34)) == [
        (" " * 34, "one"),
        (" " * 34, "two"),
        (" " * 34, "three"),
    ]
    assert list(wrapped("https://a-very-long-address.example.com/path", 40, indent=30)) == [
        (" " * 30, "https://a-very-long-address.example.com/path")
    ]
    assert list(wrapped("", 80)) == []
