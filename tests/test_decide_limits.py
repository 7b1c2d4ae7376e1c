from __future__ import annotations

import pytest
from build import BINDING, channel, identity, live, once_managed

from reconciler.decide.limits import held
from reconciler.decide.plan import make_plan
from reconciler.model import Plan


def plan_of(updates: int, unchanged: int, *, deletes: int = 0, creates: int = 0, unmanaged: int = 0) -> Plan:
    known = updates + unchanged
    files = [channel(f"c-{number}", id=identity(number)) for number in range(known + creates)]
    remote = [live(id=identity(n), description="old" if n < updates else ...) for n in range(known)]
    remote = [one if n < updates else live(id=identity(n)) for n, one in enumerate(remote)]
    remote += [live(id=identity(1000 + number)) for number in range(deletes + unmanaged)]
    applied = once_managed(*(identity(1000 + number) for number in range(deletes)))
    return make_plan(BINDING, files, remote, (), applied=applied, prune=True)


def test_too_many_changes_are_held_with_the_numbers_and_the_way_out() -> None:
    assert held(plan_of(4, 7, deletes=1)) == (
        "5 of 12 live managed channels would be updated or deleted (41.7 %, the limit is 30 %); "
        "if that is intended, run again with --allow-changes 5"
    )


@pytest.mark.parametrize(
    ("updates", "unchanged", "is_held"),
    [(3, 7, False), (4, 6, True), (9, 0, False), (10, 0, True), (0, 0, False), (3, 6, False)],
)
def test_thirty_percent_of_at_least_ten_is_the_limit(updates: int, unchanged: int, is_held: bool) -> None:
    assert (held(plan_of(updates, unchanged)) is not None) is is_held


def test_creates_and_unmanaged_channels_count_for_nothing() -> None:
    assert held(plan_of(0, 10, creates=50, unmanaged=50)) is None
    assert held(plan_of(4, 6, creates=50, unmanaged=50)) is not None


@pytest.mark.parametrize(("allowed", "is_held"), [(3, True), (4, False), (5, False), (0, True)])
def test_naming_a_number_that_large_lets_the_plan_through(allowed: int, is_held: bool) -> None:
    assert (held(plan_of(4, 6), allow_changes=allowed) is not None) is is_held


def test_the_limits_can_be_set() -> None:
    assert held(plan_of(4, 6), percent=40) is None
    assert held(plan_of(1, 2), floor=3) is not None


def test_pruning_without_any_channel_file_is_refused_whatever_is_allowed() -> None:
    reason = held(plan_of(0, 0, deletes=1), allow_changes=100)
    assert reason is not None
    assert reason.startswith(
        "there is no channel file, and pruning would delete 1 channel; put the files back"
    )
