"""Any order of what people and runs do, found and shortened by hypothesis: files edited, plans saved, runs killed."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from build import ADMIN, APP, channel, document, identity
from genesys_remote import _VirtualLoop
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from reconciler.decide.saved_plan import plan_document, read_plan
from reconciler.model import Plan

from .judge import broken
from .play import TOOL, apply, make_plan
from .schedules import FAULTS, NEW, OTHER, Edit, Schedule
from .world import Sent, World

IDS = [identity(1), identity(2)]
WORDS = st.sampled_from(["alpha", "beta", "gamma"])
SETS = st.lists(st.sampled_from([APP, ADMIN, NEW, OTHER]), min_size=1, max_size=3, unique=True)
STEADY = [name for name in FAULTS if name not in ("delayed", "403", "400", "302")]


class Life(RuleBasedStateMachine):
    """Two channels over a long time."""

    @initialize()
    def begin(self) -> None:
        self.runner = asyncio.Runner(loop_factory=_VirtualLoop)
        self.world = World(1)
        self.wire = self.world.wire(TOOL)
        self.files: dict[str, dict[str, Any]] = {one: {"title": "alpha"} for one in IDS}
        self.live = [document(3, id=one, theme="dark") for one in IDS]
        self.world.channels.load(self.live)
        self.saved: tuple[Plan, list[Any], int] | None = None

    def channels(self) -> list[Any]:
        return [channel(f"c-{one[-1]}", id=one, **fields) for one, fields in self.files.items()]

    @rule(entity=st.sampled_from(IDS), title=WORDS, origins=SETS)
    def edit_the_file(self, entity: str, title: str, origins: list[str]) -> None:
        self.files[entity] = {"title": title, "corsAllowedOrigins": sorted(origins)}

    @rule(entity=st.sampled_from(IDS), theme=WORDS)
    def edit_what_git_does_not_manage(self, entity: str, theme: str) -> None:
        self.world.edit(entity, {"theme": theme})

    @rule(entity=st.sampled_from(IDS), name=WORDS, origins=SETS)
    def edit_what_git_manages(self, entity: str, name: str, origins: list[str]) -> None:
        self.world.edit(entity, {"name": name, "webchatSettings": {"corsAllowedOrigins": origins}})

    @rule(entity=st.sampled_from(IDS))
    def delete(self, entity: str) -> None:
        self.world.delete(entity)

    @rule()
    def save_a_plan(self) -> None:
        channels = self.channels()
        planned = len(self.world.channels.commits)
        plan = self.runner.run(make_plan(self.world, self.wire, Schedule(1, channels=channels)))
        self.saved = read_plan(json.loads(json.dumps(plan_document(plan, {})))), channels, planned

    @precondition(lambda self: self.saved is not None)
    @rule(
        faults=st.dictionaries(st.integers(0, 6), st.sampled_from(STEADY), max_size=2),
        entity=st.sampled_from(IDS),
        step=st.integers(0, 4),
        name=WORDS,
    )
    def apply_the_saved_plan(self, faults: dict[int, str], entity: str, step: int, name: str) -> None:
        assert self.saved
        plan, channels, planned = self.saved
        edits = {step: [Edit(entity, {"name": name}, "Dana")]}
        self.play(channels, faults, edits, plan, planned)
        self.saved = None

    @rule(faults=st.dictionaries(st.integers(1, 6), st.sampled_from(STEADY), max_size=2))
    def apply_a_fresh_plan(self, faults: dict[int, str]) -> None:
        self.play(self.channels(), faults, {}, None, None)

    @rule(request=st.integers(0, 5), arrived=st.booleans())
    def kill_a_run(self, request: int, arrived: bool) -> None:
        schedule = Schedule(1, channels=self.channels())
        self.runner.run(_killed(self.world, self.wire, schedule, request, arrived))

    @invariant()
    def webhooks_are_not_doubled(self) -> None:
        assert not getattr(self, "world", None) or not self.world.webhooks.live

    def play(
        self,
        channels: list[Any],
        faults: dict[int, str],
        edits: dict[int, list[Edit]],
        plan: Plan | None,
        planned: int | None,
    ) -> None:
        import random

        made = {number: (name, FAULTS[name](random.Random(number))) for number, name in faults.items()}
        schedule = Schedule(1, channels=channels, faults=made, edits=edits)
        schedule.live = self.live

        async def story() -> Any:
            here = planned if planned is not None else len(self.world.channels.commits)
            what = plan or await make_plan(self.world, self.wire, schedule)
            played = await apply(self.world, self.wire, schedule, what, here)
            await asyncio.gather(*self.world.under_way, return_exceptions=True)
            return played

        told = broken(replace(self.runner.run(story()), healed=None, left=None))
        assert not told, told

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        calm = Schedule(1, channels=self.channels())
        calm.live = self.live

        async def heal() -> Plan:
            plan = await make_plan(self.world, self.wire, calm)
            await apply(self.world, self.wire, calm, plan)
            return await make_plan(self.world, self.wire, calm)

        left = self.runner.run(heal())
        self.runner.close()
        assert not left.writes


async def _killed(world: World, wire: Any, schedule: Schedule, request: int, arrived: bool) -> None:
    plan = await make_plan(world, wire, schedule)
    dead = asyncio.Event()
    first = len(wire.sent)

    async def die(_wire: Any, _sent: Sent, deliver: Any) -> Any:
        if arrived:
            await deliver()
        dead.set()
        await asyncio.sleep(10_000)

    schedule.faults = {request: ("killed", die)}
    run = asyncio.ensure_future(apply(world, wire, schedule, plan))
    death = asyncio.ensure_future(dead.wait())
    await asyncio.wait([run, death], return_when=asyncio.FIRST_COMPLETED)
    for task in (run, death):
        task.cancel()
    await asyncio.gather(run, death, return_exceptions=True)
    wire.meddle = lambda _: None
    assert len(wire.sent) >= first


class TestLife(Life.TestCase):
    settings = settings(max_examples=12, stateful_step_count=12, deadline=None)


@pytest.mark.campaign
@pytest.mark.timeout(1_800)
class TestLongLife(Life.TestCase):
    settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
