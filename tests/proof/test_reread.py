"""Hostile schedules for deployments, which nothing but a look guards."""

from __future__ import annotations

import pytest

from .reread import broken, make_story, play


def require_all_kept(seed: int) -> None:
    story = make_story(seed)
    told = broken(play(story))
    assert not told, "\n".join([story.told(), *told])


@pytest.mark.parametrize("seed", [17, 27, 39, 49, 54, 159, 192, 194])
def test_what_once_failed_stays_mended(seed: int) -> None:
    """Refused reads after an accepted write; a lost answer with stale reads; a lost answer and an edit before it."""
    require_all_kept(seed)


def test_forty_schedules_break_no_promise() -> None:
    for seed in range(20_000, 20_040):
        require_all_kept(seed)


@pytest.mark.campaign
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("batch", range(4))
def test_two_thousand_schedules_break_no_promise(batch: int) -> None:
    for seed in range(batch * 500, (batch + 1) * 500):
        require_all_kept(seed)
