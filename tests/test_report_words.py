"""The words and figures that every surface shares."""

from __future__ import annotations

import math
from typing import Any

import pytest
from samples import PLAN, RUN, outcome, probe

from reconciler.model import Action, Guard, Outcome, Probe, Result, Stage, Target, Verdict
from reconciler.report import facts
from reconciler.report.changes import field_views, groups
from reconciler.report.counts import counted, listed
from reconciler.report.drift_entries import Entry, moved_entries
from reconciler.report.markdown_page import Piece, fit, text_piece
from reconciler.report.metrics import handshake_metrics, nearest_rank, update_metrics
from reconciler.report.wording import (
    checks_verdict,
    duration,
    field_name,
    milliseconds,
    plan_counts,
    requests_text,
    run_verdict,
    value_text,
)


def test_counts_lists_and_times_read_as_a_person_says_them() -> None:
    assert [counted(number, "channel") for number in (0, 1, 2)] == ["0 channels", "1 channel", "2 channels"]
    assert counted(2, "entry", "entries") == "2 entries"
    assert listed(["a", "b", "c"], 3) == "a, b, c"
    assert listed(["a", "b", "c"], 2) == "a, b and 1 more"
    assert [duration(seconds) for seconds in (None, 0, 0.1424, 0.9994, 1, 61.04)] == [
        *("", "0 ms", "142 ms", "999 ms", "1.0 s", "61.0 s"),
    ]
    assert [milliseconds(value) for value in (None, 0, 12.6)] == ["none", "0 ms", "13 ms"]


def test_a_pointer_has_dots_where_that_says_the_same() -> None:
    assert field_name("/webchatSettings/corsAllowedOrigins") == "webchatSettings.corsAllowedOrigins"
    assert field_name("/a.b/c") == "/a.b/c"
    assert field_name("/a~1b") == "/a~1b"
    assert field_name("") == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "(not set)"),
        ("", '""'),
        ('say "hi" \\ there', '"say \\"hi\\" \\\\ there"'),
        ("null", '"null"'),
        (True, "true"),
        (0, "0"),
        (1.5, "1.5"),
        ([], "[]"),
        (["a", None, False], '["a", null, false]'),
        ({"a": {"b": [1]}}, "{a: {b: [1]}}"),
        ("x" * 400, '"' + "x" * 299 + "…"),
    ],
)
def test_a_value_says_what_it_is_on_one_line(value: Any, text: str) -> None:
    assert value_text(value) == text


def test_a_value_that_is_too_deep_ends_somewhere() -> None:
    deep: Any = "bottom"
    for _ in range(50):
        deep = [deep]
    assert value_text(deep) == "[" * 8 + "…" + "]" * 8


def test_bills_and_verdicts() -> None:
    assert requests_text({"GET": 4, "PUT": 0}) == "4 requests (4 GET)"
    assert requests_text({"PUT": 2, "GET": 1}) == "3 requests (1 GET, 2 PUT)"
    assert requests_text({}) == "0 requests"
    assert plan_counts(PLAN["summary"]) == "1 to create, 2 to update, 1 to delete; 7 unchanged, 1 unmanaged"
    assert checks_verdict({}) == "no endpoint was checked"
    assert checks_verdict({"probes": [probe()]}) == "1 endpoint check as expected"
    assert checks_verdict(RUN) == "1 of 3 endpoint checks failed"


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({}, "nothing to apply, live is as Git wants it; no endpoint was checked"),
        (
            {"held": "frozen", "outcomes": [outcome("a", "not_reached")]},
            "held, nothing was written; 1 not reached;",
        ),
        (
            {"error": "401", "outcomes": [outcome("a"), outcome("b", "failed")]},
            "stopped early, 1 of 2 changes applied;",
        ),
        ({"outcomes": [outcome("a"), outcome("b", "already")]}, "2 changes applied;"),
        ({"outcomes": [outcome("a", warning="may-have-overwritten")]}, "1 change applied; 1 with a warning;"),
        ({"webhooks": [{"result": "failed"}, {"result": "applied"}]}, "1 webhook not applied;"),
        ({"outcomes": [outcome("a", "nonsense")]}, "0 of 1 change applied; 1 unknown;"),
    ],
)
def test_the_verdict_of_a_run_is_one_sentence(document: dict[str, Any], words: str) -> None:
    assert run_verdict(document).startswith(words.removesuffix(";"))


def test_facts_read_anything_and_raise_nothing() -> None:
    odd: dict[str, Any] = {
        "a": None,
        "b": [1, {}, "x"],
        "c": {"d": 1},
        "n": float("nan"),
        "t": True,
        "w": 7,
        "h": 1e300,
    }
    assert facts.part(odd, "c") == {"d": 1}
    assert facts.part(odd, "b") == {}
    assert facts.rows(odd, "b") == [{}]
    assert facts.rows(odd, "c") == []
    assert facts.entries(odd, "missing") == []
    assert [facts.word(odd, key) for key in ("a", "w", "t", "missing")] == ["", "7", "", ""]
    assert [facts.number(odd, key) for key in ("a", "t", "h", "w")] == [None, None, None, 7]
    assert facts.count(odd, "n") == 0
    assert facts.results([{"result": "applied"}, {"result": []}, {}]) == {"applied": 1, "unknown": 2}
    assert facts.failing([{"ok": True}, {"ok": 1}, {}]) == [{"ok": 1}, {}]


def ended(result: Result, seconds: float) -> Outcome:
    return Outcome("a", "WebchatChannel", "1", Action.UPDATE, result, Guard.IF_MATCH, seconds=seconds)


def seen(observed: Verdict, ok: bool, seconds: float) -> Probe:
    target = Target("a", "wss://a.example.com", "https://b.example.com", Verdict.ACCEPTED)
    return Probe(target, observed, ok, Stage.UPGRADED, None, seconds, {})


def test_updates_count_what_was_attempted_and_time_what_succeeded() -> None:
    outcomes = [
        ended(Result.APPLIED, 0.1),
        ended(Result.ALREADY, 0.3),
        ended(Result.FAILED, 9.0),
        ended(Result.NOT_REACHED, 0.0),
    ]
    assert update_metrics(outcomes) == {"success": 2, "failure": 1, "latencyAvgMs": 200, "latencyP95Ms": 300}
    assert update_metrics([]) == {"success": 0, "failure": 0, "latencyAvgMs": None, "latencyP95Ms": None}


def test_handshakes_count_every_check_and_time_the_accepted_ones() -> None:
    probes = [
        seen(Verdict.ACCEPTED, True, 0.1),
        seen(Verdict.REFUSED, True, 5.0),
        seen(Verdict.UNREACHABLE, False, 10.0),
    ]
    assert handshake_metrics(probes) == {
        "success": 2,
        "failure": 1,
        "successRate": 0.6667,
        "latencyAvgMs": 100,
        "latencyP95Ms": 100,
    }
    assert handshake_metrics([])["successRate"] is None


def test_a_percentile_is_a_value_that_was_seen() -> None:
    values = [float(number) for number in range(1, 101)]
    assert [nearest_rank(values, share) for share in (0.5, 0.95, 0.99, 1)] == [50, 95, 99, 100]
    assert nearest_rank([7.0], 0.95) == 7
    assert nearest_rank(list(reversed(values)), 0.95) == 95
    assert math.isclose(nearest_rank([0.1, 0.2], 0.95), 0.2)


def test_the_same_edit_of_many_channels_is_one_group_worst_first() -> None:
    assert [(group.action, group.names) for group in groups(PLAN)] == [
        ("create", ("fresh",)),
        ("update", ("sales", "support")),
        ("delete", ("retired",)),
    ]


def test_a_changed_list_shows_the_entries_that_differ_and_keeps_the_rest() -> None:
    (view,) = field_views("/a", ["x", "y"], ["y", "z"])
    assert (view.removed, view.added, view.kept, view.in_list) == (('"x"',), ('"z"',), ('"y"',), True)
    (view,) = field_views("/a", ["x", "y"], ["y", "x"])
    assert (view.removed, view.added, view.in_list) == (('["x", "y"]',), ('["y", "x"]',), False)
    (view,) = field_views("/a", ["x"], [])
    assert (view.removed, view.added) == (('["x"]',), ("[]",))
    paths = [
        view.path for view in field_views("/a", {"b": 1, "c": {"d": 2}}, {"b": 1, "c": {"d": 3}, "e": 4})
    ]
    assert paths == ["/a/c/d", "/a/e"]


@pytest.mark.parametrize(
    ("applied", "live", "desired", "entries", "same"),
    [
        (["a"], ["a", "b"], ["a"], [("+", '"b"', "added live")], 1),
        (["a", "b"], ["a"], ["a", "b"], [("-", '"b"', "removed live")], 1),
        (["a"], ["a"], ["a", "b"], [("+", '"b"', "added in Git")], 1),
        (["a", "b"], ["a", "b"], ["a"], [("-", '"b"', "removed in Git")], 1),
        (None, ["x"], ["y"], [("+", '"x"', "added live"), ("+", '"y"', "added in Git")], 0),
        (["a"], None, ["a"], [("-", '"a"', "removed live")], 0),
    ],
)
def test_of_a_drifted_list_each_entry_says_who_moved_it(
    applied: Any, live: Any, desired: Any, entries: list[tuple[str, str, str]], same: int
) -> None:
    field = {"applied": applied, "live": live, "desired": desired}
    assert moved_entries(field) == ([Entry(*entry) for entry in entries], same)


@pytest.mark.parametrize(
    "field",
    [
        {"applied": "a", "live": "b", "desired": "c"},
        {"applied": ["a"], "live": "b", "desired": ["a"]},
        {"applied": ["a", "b"], "live": ["b", "a"], "desired": ["a", "b"]},
        {"applied": [], "live": [], "desired": None},
        {},
    ],
)
def test_what_is_no_list_or_differs_in_order_alone_is_shown_whole(field: dict[str, Any]) -> None:
    assert moved_entries(field) is None


def test_a_page_leaves_out_whole_items_and_counts_them() -> None:
    pieces = [
        text_piece("head\n"),
        Piece("\n", [f"item {number:02}\n" for number in range(50)], noun="channels"),
        text_piece("foot\n"),
    ]
    whole = fit(pieces, 10_000)
    assert whole.startswith("head\n\nitem 00\n")
    assert whole.endswith("item 49\nfoot\n")
    short = fit(pieces, 700)
    assert len(short) <= 700
    assert "more channels are left out here" in short
    assert short.endswith("foot\n")
    kept = short.count("item ")
    assert f"{50 - kept} more channels" in short
