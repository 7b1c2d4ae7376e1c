"""A proof that lets a wrong tool pass proves nothing: each of these must be found out by the schedules."""

from __future__ import annotations

import pytest

from .judge import broken
from .mutants import MUTANTS
from .play import play
from .schedules import make_schedule

MOST = 3_000


def caught_at(name: str) -> int | None:
    """Give the first seed whose schedule finds the mutant out; a crash is found out, too."""
    with MUTANTS[name]():
        for seed in range(MOST):
            try:
                if broken(play(make_schedule(seed))):
                    return seed
            except Exception:  # noqa: BLE001 - whatever it is, no user would take it for a success
                return seed
    return None


def test_there_are_enough_of_them() -> None:
    assert len(MUTANTS) >= 30


@pytest.mark.campaign
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_tool_is_found_out(name: str) -> None:
    seed = caught_at(name)
    assert seed is not None, f"{MOST} schedules let it pass: {name}"
    assert not broken(play(make_schedule(seed))), "it is the proof itself that fails on this schedule"
