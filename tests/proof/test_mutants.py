"""A proof that lets a wrong tool pass proves nothing: each of these must be found out by the schedules."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator

import pytest

from . import test_once_failed
from .judge import broken
from .mutants import MUTANTS
from .play import play
from .schedules import make_schedule

MOST = 3_000


def stories() -> Iterator[Callable[[], None]]:
    """Give the stories that once found something and take no parameters."""
    for name, story in vars(test_once_failed).items():
        if name.startswith("test_") and not inspect.signature(story).parameters:
            yield story


def breaks(seed: int) -> bool:
    """Say whether a schedule finds the tool out; a crash is found out, too."""
    try:
        return bool(broken(play(make_schedule(seed))))
    except Exception:  # noqa: BLE001 - whatever it is, no user would take it for a success
        return True


def fails(story: Callable[[], None]) -> bool:
    try:
        story()
    except Exception:  # noqa: BLE001 - as above
        return True
    return False


def test_there_are_enough_of_them() -> None:
    assert len(MUTANTS) >= 30


@pytest.mark.campaign
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_tool_is_found_out(name: str) -> None:
    with MUTANTS[name]():
        told = any(map(fails, stories()))
        seed = None if told else next(filter(breaks, range(MOST)), None)
    assert told or seed is not None, f"every story and {MOST} schedules let it pass: {name}"
    if seed is not None:
        assert not breaks(seed), "it is the proof itself that fails on this schedule"
