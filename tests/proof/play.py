"""Let the tool meet a schedule: plan, edits of others, apply under faults, and a second run that heals."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from build import BINDING
from genesys_remote import in_virtual_time

from reconciler import reading, run
from reconciler.acts.apply import Terms
from reconciler.decide.saved_plan import plan_document, read_plan
from reconciler.decide.takes import Takes
from reconciler.errors import RemoteError
from reconciler.model import Channel, Plan, Run
from reconciler.probe.rules import ProbeRules

from .schedules import Schedule
from .world import Commit, Sent, Wire, World

TOOL, HEALER = "tool", "healer"


@dataclass
class Played:
    """What came of one schedule."""

    world: World
    schedule: Schedule
    plan: Plan
    run: Run
    sent: list[Sent]
    """The requests of the apply."""
    planned: int
    """How many commits the channels had seen when the plan was made."""
    began: int
    """How many commits the channels had seen when the apply began."""
    ended: int
    """How many when it ended."""
    seconds: float
    """Of the apply, in virtual time."""
    stopped_after: float | None
    """Seconds from being told to stop to the end; None where nobody told it to."""
    healed: Run | None = None
    left: Plan | None = None
    """What a plan after the healing run would still do."""

    @property
    def commits(self) -> list[Commit]:
        """The channel commits from the beginning of the apply to the beginning of the healing run."""
        return self.world.channels.commits[self.began :]


def play(schedule: Schedule) -> Played:
    """Play a schedule from its first request to the plan after the healing run."""
    return in_virtual_time(_play(schedule))


async def _play(schedule: Schedule) -> Played:
    world = World(schedule.seed)
    world.channels.load(schedule.live)
    wire = world.wire(TOOL)
    for edit in schedule.early:
        edit.carry_out(world)
    planned = len(world.channels.commits)
    plan = await make_plan(world, wire, schedule)
    if schedule.saved:
        plan = read_plan(json.loads(json.dumps(plan_document(plan, {"GET": 1}))))
    for edit in schedule.between:
        edit.carry_out(world)
    played = await apply(world, wire, schedule, plan, planned)
    await asyncio.gather(*world.under_way, return_exceptions=True)
    await _heal(played)
    return played


async def make_plan(world: World, wire: Wire, schedule: Schedule) -> Plan:
    """Make a plan of what is live now."""
    choice = reading.Choice(prune=bool(schedule.pruned), applied=schedule.pruned)
    return await reading.plan(world.client(wire), schedule.channels, BINDING, choice)


async def apply(
    world: World, wire: Wire, schedule: Schedule, plan: Plan, planned: int | None = None
) -> Played:
    """Carry out a plan, with the schedule's faults on the wire; `planned` counts the commits before the plan."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    first, began = len(wire.sent), len(world.channels.commits)

    def meddle(sent: Sent) -> Any:
        number = len(wire.sent) - first - 1
        for edit in schedule.edits.get(number, ()):
            edit.carry_out(world)
        return schedule.faults.get(number, (None, None))[1]

    wire.meddle = meddle
    start = loop.time()
    if schedule.stop_at is not None:
        loop.call_later(schedule.stop_at, stop.set)
    client = world.client(wire, schedule.concurrency)
    ended = await run.apply(client, plan, order_of(schedule), world.clock, stop, run.Notices())
    wire.meddle = lambda _: None
    seconds = loop.time() - start
    late = seconds - (schedule.stop_at or 0.0) if stop.is_set() else None
    commits = len(world.channels.commits)
    before = began if planned is None else planned
    return Played(world, schedule, plan, ended, wire.sent[first:], before, began, commits, seconds, late)


async def _heal(played: Played) -> None:
    """Run once more, with nothing in the way."""
    world, schedule = played.world, played.schedule
    wire = world.wire(HEALER)
    try:
        plan = await make_plan(world, wire, schedule)
        calm = Schedule(schedule.seed, channels=schedule.channels, concurrency=schedule.concurrency)
        ended = await apply(world, wire, calm, plan)
        played.healed, played.left = ended.run, await make_plan(world, wire, schedule)
    except RemoteError as error:
        raise AssertionError(f"the healing run could not go on: {error}") from error


def order_of(schedule: Schedule, channels: Sequence[Channel] | None = None) -> run.Order:
    """Give the order of an apply that probes nothing and is never held by numbers."""
    terms = Terms(
        conflicts=5,
        concurrency=schedule.concurrency,
        why_invalid=lambda _change, _spec: None,
        strict=schedule.strict,
        takes=Takes(),
    )
    return run.Order(
        terms=terms,
        channels=schedule.channels if channels is None else channels,
        percent=100,
        floor=1_000,
        allow_changes=None,
        scope=run.ProbeScope.NONE,
        probe_rules=ProbeRules(),
        audit_channels=50,
        client_id="none",
    )
