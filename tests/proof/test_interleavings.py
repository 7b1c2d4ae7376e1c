"""Two writers, two fields, every order of their requests, and every fault at every step."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from build import ADMIN, APP, channel, document, identity
from genesys_remote import in_virtual_time

from reconciler.errors import RemoteError
from reconciler.transport import Reply

from .interleave import Turns, every_order
from .judge import broken
from .play import TOOL, Played, apply, make_plan
from .schedules import NEW, OTHER, Schedule, lost, refused, stale, swapped
from .world import CHANNELS, World

ID = identity(1)
NAME = str(document()["name"])
LOST = Reply(500, {"content-type": "application/json"}, b'{"message": "no luck"}')
FAULTS: dict[str, Callable[[], Any]] = {
    "lost before": lambda: lost(committed=False),
    "lost after": lambda: lost(committed=True),
    "500 before": lambda: refused(500),
    "500 after": lambda: swapped(LOST),
    "409": lambda: refused(409, "version conflict"),
    "stale": stale,
}


Change = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """What the tool wants, and what the other writer does."""

    wanted: dict[str, Any]
    changes: tuple[Change, ...]
    """Each read and written for itself, under the version that was read."""
    strict: bool = False


def _sets(**fields: Any) -> Change:
    return lambda live: {**live, **fields}


def _origins(*origins: str) -> Change:
    def change(live: dict[str, Any]) -> dict[str, Any]:
        return {**live, "webchatSettings": {**live["webchatSettings"], "corsAllowedOrigins": [*origins]}}

    return change


CASES = {
    "an unmanaged field": Case({"title": "ours"}, (_sets(theme="light"), _sets(theme="blue"))),
    "the same field": Case({"title": "ours"}, (_sets(name="theirs"),)),
    "the same field, and back": Case({"title": "ours"}, (_sets(name="theirs"), _sets(name=NAME))),
    "the same field to the same value": Case({"title": "ours"}, (_sets(name="ours"), _sets(theme="light"))),
    "both fields": Case(
        {"title": "ours", "description": "ours"}, (_sets(theme="light"), _sets(name="theirs"))
    ),
    "the same set": Case(
        {"corsAllowedOrigins": [APP, NEW]}, (_origins(APP, ADMIN, OTHER), _origins(ADMIN, OTHER))
    ),
    "an unmanaged field, strictly": Case({"title": "ours"}, (_sets(theme="light"),), strict=True),
}


def play_case(case: Case, turns: Turns, faulty: int | None, fault: str | None) -> Played:
    async def story() -> Played:
        world = World(1)
        world.channels.load([document(3, id=ID, theme="dark")])
        tool, other = world.wire(TOOL), world.wire("other")
        schedule = Schedule(1, channels=[channel("c", id=ID, **case.wanted)], strict=case.strict)
        schedule.live = [document(3, id=ID, theme="dark")]
        turns.guard(tool)
        turns.guard(other)
        if fault and faulty is not None:
            schedule.faults[faulty] = fault, FAULTS[fault]()

        async def plan_and_apply() -> Played:
            plan = await make_plan(world, tool, schedule)
            return await apply(world, tool, schedule, plan)

        ended = await turns.run({TOOL: plan_and_apply(), "other": _edits(world, other, case.changes)})
        played = ended[TOOL]
        assert isinstance(played, Played)
        return played

    return in_virtual_time(story())


async def _edits(world: World, wire: Any, changes: Sequence[Change]) -> None:
    for change in changes:
        await _edit(world, wire, change)


async def _edit(world: World, wire: Any, change: Change) -> None:
    """Read, change, write under the version that was read: as another careful writer does."""
    client = world.client(wire)
    for _ in range(3):
        try:
            read = await client.get(f"{CHANNELS}/{ID}")
            await client.put(f"{CHANNELS}/{ID}", change(dict(read.value)), if_match=read.etag)
        except RemoteError:
            await asyncio.sleep(0.1)
        else:
            return


def check_every_order(case: Case, faulty: int | None = None, fault: str | None = None) -> tuple[int, bool]:
    """Play every order; give how many there were, and whether the fault was ever met."""
    met = faulty is None
    count = 0

    def once(turns: Turns) -> None:
        nonlocal met, count
        played = play_case(case, turns, faulty, fault)
        met = met or len(played.sent) > (faulty or 0)
        count += 1
        told = broken(replace(played, healed=None, left=None))
        assert not told, "\n".join([f"{turns.order}, {fault} at {faulty}", *told])

    for _ in every_order(once):
        pass
    return count, met


@pytest.mark.parametrize("name", CASES)
def test_every_order_of_two_writers_breaks_no_promise(name: str) -> None:
    count, _ = check_every_order(CASES[name])
    assert count > 5


@pytest.mark.campaign
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("name", CASES)
def test_every_order_with_any_fault_at_any_step_breaks_no_promise(name: str) -> None:
    for fault in FAULTS:
        step, met = 0, True
        while met:
            _, met = check_every_order(CASES[name], step, fault)
            step += 1
            assert step < 12


def test_a_naive_writer_is_found_out() -> None:
    """The orders themselves have power: a writer that sends its old body under the new version loses an edit."""

    async def naive(world: World, wire: Any) -> None:
        client = world.client(wire)
        body = dict((await client.get(f"{CHANNELS}/{ID}")).value) | {"name": "naive"}
        again = await client.get(f"{CHANNELS}/{ID}")
        late = {**body, "version": again.value["version"]}
        with contextlib.suppress(RemoteError):
            await client.put(f"{CHANNELS}/{ID}", late, if_match=again.etag)

    lost_edits = 0

    def once(turns: Turns) -> None:
        nonlocal lost_edits

        async def story() -> World:
            world = World(1)
            world.channels.load([document(3, id=ID, theme="dark")])
            one, other = world.wire("one"), world.wire("other")
            turns.guard(one)
            turns.guard(other)
            edit = CASES["an unmanaged field"].changes[0]
            await turns.run({"one": naive(world, one), "other": _edit(world, other, edit)})
            return world

        lost_edits += in_virtual_time(story()).channels.live[ID]["theme"] == "dark"

    orders = sum(1 for _ in every_order(once))
    assert 0 < lost_edits < orders
