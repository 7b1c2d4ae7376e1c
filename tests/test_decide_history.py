"""Where live versions moved more than our writes explain: of each organisation alone."""

from __future__ import annotations

from typing import Any

from reconciler.decide.history import Event, gaps, ordered


def record(organisation: str, before: str, after: str, result: str = "applied") -> dict[str, Any]:
    revision = {"before": before, "after": after}
    outcome = {"name": "support", "id": "a", "revision": revision, "result": result}
    return {"organisation": organisation, "run": "r", "when": "w", "outcomes": [outcome]}


def test_a_version_that_moved_between_two_applies_is_a_gap() -> None:
    [gap] = gaps([record("emea", "1", "2"), record("emea", "4", "5")])
    assert (gap.known, gap.found, gap.versions) == ("2", "4", 2)


def test_a_channel_of_the_same_id_elsewhere_has_versions_of_its_own() -> None:
    assert gaps([record("emea", "1", "2"), record("apac", "7", "8"), record("emea", "2", "3")]) == []


def test_runs_side_by_side_are_no_gaps_whichever_is_recorded_first() -> None:
    assert gaps([record("emea", "1", "2"), record("emea", "1", "2", "already")]) == []
    assert gaps([record("emea", "1", "2", "already"), record("emea", "1", "2")]) == []
    assert gaps([record("emea", "1", "3"), record("emea", "1", "2"), record("emea", "3", "4")]) == []


def test_a_channel_that_somebody_made_anew_is_a_gap_although_its_versions_are_known() -> None:
    [gap] = gaps([record("emea", "1", "2"), record("emea", "2", "3"), record("emea", "1", "2")])
    assert (gap.known, gap.found, gap.versions) == ("3", "1", -2)


def test_commits_of_one_second_stay_in_the_order_that_git_gives() -> None:
    commits = [Event("2026-01-01T00:00:00Z", "commit", "a", id_, "s", ()) for id_ in ("f0", "0f", "80")]
    assert [one.id for one in ordered(commits, None)] == ["f0", "0f", "80"]
