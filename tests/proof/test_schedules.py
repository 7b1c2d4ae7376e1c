"""Hostile schedules: some with every test run, ten thousand with the campaigns."""

from __future__ import annotations

import pytest

from .judge import broken
from .play import play
from .schedules import make_schedule

BATCH = 500


def require_all_kept(seed: int) -> None:
    schedule = make_schedule(seed)
    told = broken(play(schedule))
    assert not told, "\n".join([schedule.told(), *told])


def test_a_hundred_and_fifty_schedules_break_no_promise() -> None:
    for seed in range(20_000, 20_150):
        require_all_kept(seed)


@pytest.mark.campaign
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("batch", range(20))
def test_ten_thousand_schedules_break_no_promise(batch: int) -> None:
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        require_all_kept(seed)
