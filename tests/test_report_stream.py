"""Long reports: written piece by piece, so that more outcomes take no more memory; and no secret slips through."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.acts.record import keep_file
from reconciler.cli.output import write_file
from reconciler.errors import RecordError
from reconciler.genesys.words import redacted, redacted_pieces
from reconciler.ledger.page import FILE_BYTES, file_bytes
from reconciler.report.documents import json_pieces, json_text
from reconciler.report.html.documents import document_html, html_pieces
from reconciler.report.markdown import document_markdown
from reconciler.report.people import without_people
from reconciler.report.stream import Parted
from reconciler.report.text import document_text, text_pieces

SLACK = 200_000
"""Bytes: a few pieces, whatever else is at it, and one reference for each outcome, which sorting them takes."""


def outcome(number: int) -> dict[str, Any]:
    rejected = number % 97 == 5
    return {
        "name": f"channel-{number:06d}",
        "kind": "WebchatChannel",
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "action": "update",
        "result": "rejected" if rejected else "applied",
        "guard": "if-match",
        "revision": {"before": "3", "after": None if rejected else "4"},
        "attempts": 1,
        "seconds": 0.031,
        "reason": "the remote says <no> | ::error::" if rejected else None,
        "warning": None,
        "exposure": "neutral",
        "clashes": [],
        "merged": [],
        "state": "fresh",
        "pin": None,
        "carried": [],
        "taken": [],
        "rollback": None,
    }


def run_of(count: int) -> dict[str, Any]:
    return {
        "format": 1,
        "command": "apply",
        "run": "r1",
        "when": "2026-03-01T12:00:00.000Z",
        "exit": 4,
        "outcomes": [outcome(number) for number in range(count)],
        "webhooks": [],
        "probes": [],
        "metrics": {"updates": {"success": count, "failure": 0}, "handshakes": {}},
        "audit": {"entries": [], "complete": True},
        "requests": {"PUT": count},
    }


def record(document: dict[str, Any]) -> Iterator[str]:
    """Give what goes into Git; too long a one is refused, and not first made whole."""
    clean = redacted(document, ["a-secret-that-nobody-has"])
    assert isinstance(clean, dict)
    kept = without_people(clean)
    try:
        file_bytes(kept)
    except RecordError as error:
        yield str(error)
    yield document_markdown(kept)


SURFACES: dict[str, Callable[[dict[str, Any]], Iterable[str]]] = {
    "json": json_pieces,
    "text": text_pieces,
    "markdown": lambda document: [document_markdown(document)],
    "html": html_pieces,
    "json without a secret": lambda document: redacted_pieces(json_pieces(document), ["nobody's-secret"]),
}


def peak(write: Callable[[dict[str, Any]], Iterable[str]], count: int) -> tuple[int, int]:
    """Give the bytes that writing a report adds at most to what is there, and its length."""
    document = run_of(count)
    for _ in write(run_of(20)):
        pass  # whatever is loaded and cached once
    gc.collect()
    tracemalloc.start()
    try:
        length = sum(map(len, write(document)))
        return tracemalloc.get_traced_memory()[1], length
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("surface", ["json", "html"])
def test_ten_times_the_outcomes_take_no_more_memory(surface: str) -> None:
    few, short = peak(SURFACES[surface], 200)
    many, long = peak(SURFACES[surface], 2_000)
    assert many <= few + SLACK < few + (long - short) / 2


@pytest.mark.campaign
@pytest.mark.parametrize("surface", SURFACES)
def test_many_more_outcomes_take_no_more_memory(surface: str) -> None:
    """`benchmarks/speed.py reports` does it with a hundred thousand."""
    few, short = peak(SURFACES[surface], 1_000)
    many, long = peak(SURFACES[surface], 10_000)
    # Two references of eight bytes for each outcome, where they are sorted, are all that may be added.
    assert many <= few + SLACK
    assert surface == "markdown" or (long - short) / 2 > SLACK


@pytest.mark.campaign
def test_a_record_that_is_too_long_for_git_is_not_first_made_whole() -> None:
    many, _ = peak(record, 30_000)
    assert many <= 2.2 * FILE_BYTES


def test_pieces_are_the_whole() -> None:
    document = run_of(700)
    assert "".join(json_pieces(document)) == json_text(document)
    assert "".join(text_pieces(document)) == document_text(document)
    assert "".join(html_pieces(document)) == document_html(document)
    assert max(map(len, json_pieces(document))) < 100_000
    assert len(list(html_pieces(document))) > 3


def test_a_record_that_is_clean_is_not_copied() -> None:
    document = run_of(3)
    assert redacted(document, ["nobody's-secret"]) is document
    spoilt = {
        **document,
        "outcomes": [*document["outcomes"], {"my-SECRET-word": None, "name": "my-secret-word"}],
    }
    hidden = redacted(spoilt, ["my-secret-word"])
    assert isinstance(hidden, dict)
    assert hidden["outcomes"][3] == {"[hidden]": None, "name": "[hidden]"}
    assert hidden["outcomes"][0] is document["outcomes"][0]


SECRET = "s3cret/value+canary"


@settings(max_examples=100, deadline=None)
@given(
    parts=st.lists(
        st.sampled_from(
            [
                SECRET,
                "s3cret",
                "/value+",
                "canary",
                " ",
                "\n",
                "S3CRET/VALUE+CANARY",
                "x",
                "\u00df",
                "s3cret%2Fvalue",
            ]
        ),
        max_size=30,
    ),
    cuts=st.lists(st.integers(0, 200), max_size=20),
)
@example(parts=["s3cret", " \n ", "/value+", "canary"], cuts=[3, 8, 12])
def test_a_secret_across_pieces_is_hidden_as_in_the_whole(parts: list[str], cuts: list[int]) -> None:
    text = "".join(parts)
    places = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    pieces = [text[one:two] for one, two in pairwise(places)]
    assert "".join(redacted_pieces(pieces, [SECRET])) == redacted(text, [SECRET])


def test_files_are_written_by_pieces_and_without_the_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENESYS_CLIENT_SECRET", SECRET)
    write_file(tmp_path / "page", ["a s3cret/val", "ue+can", "ary b\n"])
    assert (tmp_path / "page").read_text() == "a [hidden] b\n"
    path = keep_file(tmp_path, run_of(2))
    assert Path(path).read_text() == json_text(run_of(2))


@given(st.lists(st.integers(0, 9), max_size=12), st.integers(-14, 14), st.integers(-14, 14))
def test_parted_rows_are_a_sorted_list(numbers: list[int], one: int, two: int) -> None:
    wanted = sorted(numbers, key=lambda number: number > 4)
    rows = Parted(lambda number: number > 4, numbers)
    assert (list(rows), len(rows), list(rows[one:two])) == (wanted, len(wanted), wanted[one:two])
    if -len(wanted) <= one < len(wanted):
        assert rows[one] == wanted[one]
    else:
        with pytest.raises(IndexError):
            rows[one]
