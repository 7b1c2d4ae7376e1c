"""Two to sixteen careful writers beside the tool, each with a field of its own: no acknowledged write is lost."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import replace

import pytest
from build import channel, document, identity
from genesys_remote import in_virtual_time

from reconciler.errors import RemoteError
from reconciler.model import Result

from .judge import broken
from .play import TOOL, apply, make_plan
from .schedules import Schedule
from .world import CHANNELS, Sent, Wire, World

ID = identity(1)
ROUNDS = 200


def play_rounds(writers: int, rounds: int, seed: int) -> Counter[Result]:
    return in_virtual_time(_rounds(writers, rounds, seed))


async def _rounds(writers: int, rounds: int, seed: int) -> Counter[Result]:
    dice = random.Random(seed)
    world = World(seed)
    counters = {f"w{number}": 0 for number in range(writers)}
    world.channels.load([document(1, id=ID, counters=dict(counters))])
    wires = {name: _slow(world.wire(name), dice) for name in counters}
    tool = _slow(world.wire(TOOL), dice)
    results: Counter[Result] = Counter()
    for number in range(rounds):
        schedule = Schedule(seed, channels=[channel("c", id=ID, description=f"round {number}")])
        schedule.live = [dict(world.channels.live[ID])]
        world.channels.commits.clear()
        plan = await make_plan(world, tool, schedule)
        edits = [_count_up(world, wire, name, dice) for name, wire in wires.items()]
        played, *acknowledged = await asyncio.gather(apply(world, tool, schedule, plan), *edits)
        for name, told in zip(wires, acknowledged, strict=True):
            counters[name] += told
        assert world.channels.live[ID]["counters"] == counters
        told = broken(replace(played, healed=None, left=None))
        assert not told, "\n".join([f"round {number}", *told])
        results.update(outcome.result for outcome in played.run.outcomes)
    return results


def _slow(wire: Wire, dice: random.Random) -> Wire:
    async def gate(_: Sent) -> None:
        await asyncio.sleep(dice.random() * 0.3)

    wire.gate = gate
    return wire


async def _count_up(world: World, wire: Wire, name: str, dice: random.Random) -> int:
    """Count up one's own field until the remote acknowledges it; gives how often it did."""
    client = world.client(wire)
    for _ in range(40):
        try:
            read = await client.get(f"{CHANNELS}/{ID}")
            counters = {**read.value["counters"], name: read.value["counters"][name] + 1}
            await client.put(f"{CHANNELS}/{ID}", {**read.value, "counters": counters}, if_match=read.etag)
        except RemoteError:
            await asyncio.sleep(dice.random())
        else:
            return 1
    return 0


@pytest.mark.parametrize("writers", [2, 4])
def test_a_few_rounds_lose_no_acknowledged_write(writers: int) -> None:
    assert play_rounds(writers, 10, writers)[Result.APPLIED] > 0


@pytest.mark.campaign
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("writers", [2, 4, 8, 16])
def test_two_hundred_rounds_lose_no_acknowledged_write(writers: int) -> None:
    results = play_rounds(writers, ROUNDS, writers)
    assert results.total() == ROUNDS
    assert set(results) <= {Result.APPLIED, Result.CLASHED}
