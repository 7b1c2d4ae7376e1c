"""Hostile schedules for a remote without preconditions: deployments, whose only guard is a look right before the write.

Between the look and the write somebody can slip in. That cannot be kept from happening; what is proved is that it is
told, that nothing is written twice for it, and that a read which is behind a write is never acted on.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from unittest import mock

from build import BINDING
from genesys_remote import in_virtual_time

from reconciler import reading, run
from reconciler.decide.fields import leaves
from reconciler.decide.saved_plan import plan_document, read_plan
from reconciler.kinds.web_messaging_deployment import READ_ONLY
from reconciler.model import Channel, Outcome, Plan, Result, Run
from reconciler.transport import Reply

from .play import HEALER, TOOL, order_of
from .schedules import FAULTS, HELD, WORDS, Schedule
from .world import Commit, Fault, Sent, Wire, World

DEPLOYMENTS = "/api/v2/webdeployments/deployments"
ID = "00000000-0000-4000-8000-00000000d001"
CONFIGURATION = "00000000-0000-4000-8000-00000000c001"
DOMAINS = ("shop.example.com", "www.example.com", "app.example.com", "new.example.com")
NAMES = (
    "unsent", "lost before", "lost after", "500 before", "500 after", "429", "401", "403", "404", "400", "302",
    "html after", "cut after", "empty after",
)  # fmt: skip
"""Faults after which no write is still on its way: one that lands after our look can be kept from nothing here."""
QUIET = (Result.CLASHED, Result.REJECTED, Result.FAILED, Result.NOT_REACHED)
TOLD = "may-have-overwritten"
SET = ("allowedDomains",)


@dataclass
class Story:
    """One deployment, what Git wants of it, and what happens at each request of the apply."""

    seed: int
    live: dict[str, Any] = field(default_factory=dict)
    channel: Channel = field(default_factory=lambda: _channel({}))
    between: list[Mapping[str, Any]] = field(default_factory=list)
    edits: dict[int, list[Mapping[str, Any]]] = field(default_factory=dict)
    faults: dict[int, tuple[str, Fault]] = field(default_factory=dict)
    stale: dict[int, int] = field(default_factory=dict)
    """By number of a request: how many reads from there on show what was before the last write."""
    saved: bool = False
    settling: tuple[float, int] = (0.0, 0)

    def told(self) -> str:
        faults = {number: name for number, (name, _) in self.faults.items()}
        return (
            f"seed {self.seed}: saved {self.saved}, between {self.between}, edits {self.edits}, faults {faults},"
            f" stale {self.stale}, settling {self.settling}, wanted {self.channel.spec}"
        )


def make_story(seed: int) -> Story:
    """Draw a story; the same seed draws the same one."""
    dice = random.Random(seed)
    story = Story(
        seed, saved=dice.random() < 0.5, settling=dice.choice(((0.0, 0), (0.0, 0), (1.5, 0), (0.0, 2)))
    )
    held = {"apiKey": HELD} if seed % 2 else {}
    story.live = {
        "id": ID, "name": "Shop", "description": dice.choice(WORDS), "status": "Active", "allowAllDomains": False,
        "allowedDomains": sorted(dice.sample(DOMAINS, 2)), "flow": {"id": "f1"}, "theme": "dark", **held,
        "configuration": {"id": CONFIGURATION, "version": "1"},
    }  # fmt: skip
    wanted: dict[str, Any] = {"description": dice.choice(WORDS)}
    if dice.random() < 0.5:
        wanted |= {"allowAllDomains": False, "allowedDomains": sorted(dice.sample(DOMAINS, 2))}
    story.channel = _channel(wanted)
    story.between = [_edit(dice) for _ in range(dice.choice((0, 0, 1)))]
    for _ in range(dice.choice((0, 1, 1, 2))):
        name = dice.choice((*NAMES, "lost after", "500 after"))
        story.faults[dice.choice((0, 1, 1, 1, 2, 2, 3, 4))] = name, FAULTS[name](dice)
    for _ in range(dice.choice((0, 0, 1, 1, 2))):
        story.edits.setdefault(dice.choice((0, 1, 1, 1, 2, 3, 4)), []).append(_edit(dice))
    if dice.random() < 0.4:
        story.stale[dice.choice((0, 1, 2, 2, 2, 3))] = dice.choice((1, 1, 2, 3))
    return story


def _channel(wanted: Mapping[str, Any]) -> Channel:
    spec = {
        "id": ID,
        "name": "Shop",
        "status": "Active",
        "configuration": {"id": CONFIGURATION, "version": "1"},
    }
    return Channel("WebMessagingDeployment", "shop", ID, {**spec, **wanted}, "channels/shop.yaml")


def _edit(dice: random.Random) -> Mapping[str, Any]:
    return dice.choice(
        (
            {"theme": dice.choice(("light", "blue"))},
            {"flow": {"id": dice.choice(("f2", "f3"))}},
            {"description": dice.choice(WORDS)},
            {"allowedDomains": dice.sample(DOMAINS, dice.choice((1, 2, 3)))},
            {"apiKey": f"{HELD}-{dice.choice(WORDS)}"},
        )
    )


@dataclass
class Played:
    """What came of one story."""

    story: Story
    plan: Plan
    run: Run
    commits: list[Commit]
    """Since the plan, in order, those of others too."""
    ours: str
    """The client that the tool is."""
    seconds: float
    healed: Run
    left: Plan


def play(story: Story) -> Played:
    """Play a story from its plan to the plan after the healing run."""
    return in_virtual_time(_play(story))


async def _play(story: Story) -> Played:
    world = World(story.seed)
    commits = _record(world)
    web = world.remote.store.web
    rules = world.remote.settings.web
    content = {"name": "Messenger", "languages": ["en-us"], "defaultLanguage": "en-us"}
    with _one_clock(world):
        web.seed_configuration([content], CONFIGURATION, None)
        await asyncio.sleep(1.0)
        web.seed_deployment(story.live)
        await asyncio.sleep(1.0)
        # Something for a read to be behind of.
        world.remote.edit(ID, {"description": "first"}, "Dana")
        await asyncio.sleep(1.0)
        world.remote.edit(ID, {"description": story.live["description"]}, "Dana")
        await asyncio.sleep(1.0)
        wire = world.wire(TOOL)
        plan = await _plan(world, wire, story)
        if story.saved:
            plan = read_plan(json.loads(json.dumps(plan_document(plan, {}))))
        first = len(commits)
        for patch in story.between:
            await _edited(world, patch)
        rules.status_seconds, rules.status_reads = story.settling
        began = asyncio.get_running_loop().time()
        ended = await _apply(world, wire, story, plan)
        seconds = asyncio.get_running_loop().time() - began
        of_apply = commits[first:]
        world.remote.faults.clear()
        wire = world.wire(HEALER)
        healed = await _apply(
            world, wire, Story(story.seed, channel=story.channel), await _plan(world, wire, story)
        )
        left = await _plan(world, wire, story)
    return Played(story, plan, ended, of_apply, world.names[TOOL], seconds, healed, left)


def _one_clock(world: World) -> Any:
    """Let the remote live in the time of the story: dates that lie apart there must do so in its documents."""
    clock = SimpleNamespace(time=lambda: world.clock.now().timestamp())

    class Moment(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return world.clock.now().astimezone(tz or UTC)

    return _Both(
        mock.patch("reconciler.emulator.api.time", clock),
        mock.patch("reconciler.emulator.remote.datetime", Moment),
    )


class _Both:
    def __init__(self, *patches: Any) -> None:
        self.patches = patches

    def __enter__(self) -> None:
        for patch in self.patches:
            patch.start()

    def __exit__(self, *_: object) -> None:
        for patch in self.patches:
            patch.stop()


def _record(world: World) -> list[Commit]:
    """Remember every change of a deployment."""
    commits: list[Commit] = []
    deployments = world.remote.store.web.deployments
    for name in ("replace", "edit"):
        real = getattr(deployments, name)

        def recorded(entity: str, body: Any, visit: Any, real: Any = real) -> Any:
            before = dict(deployments.all[entity].document)
            answer = real(entity, body, visit)
            commits.append(Commit(entity, before, dict(deployments.all[entity].document), visit.actor))
            return answer

        setattr(deployments, name, recorded)
    return commits


async def _edited(world: World, patch: Mapping[str, Any]) -> None:
    # Dates of two edits are never the same.
    await asyncio.sleep(0.01)
    world.remote.edit(ID, patch, "Dana")
    await asyncio.sleep(0.01)


async def _plan(world: World, wire: Wire, story: Story) -> Plan:
    return await reading.plan(world.client(wire), [story.channel], BINDING, reading.Choice())


async def _apply(world: World, wire: Wire, story: Story, plan: Plan) -> Run:
    first = len(wire.sent)

    def meddle(sent: Sent) -> Fault:
        number = len(wire.sent) - first - 1
        if number in story.stale:
            stale = {"do": "stale", "method": "GET", "path": f"{DEPLOYMENTS}/*", "times": story.stale[number]}
            world.remote.faults.add(stale)
        fault = story.faults.get(number, (None, None))[1]

        async def met(wire: Wire, sent: Sent, deliver: Callable[[], Awaitable[Reply]]) -> Reply:
            for patch in story.edits.get(number, ()):
                await _edited(world, patch)
            await asyncio.sleep(0.02)
            return await (fault(wire, sent, deliver) if fault else deliver())

        return met

    wire.meddle = meddle
    schedule = Schedule(story.seed, channels=[story.channel])
    order = replace(order_of(schedule), client_id=world.names[wire.name])
    ended = await run.apply(world.client(wire), plan, order, world.clock, asyncio.Event(), run.Notices())
    wire.meddle = lambda _: None
    return ended


def broken(played: Played) -> list[str]:
    """Give every promise that did not hold."""
    return [told for check in (_writes, _words, _healing) for told in check(played)]


def _writes(played: Played) -> Iterator[str]:
    ours = [commit for commit in played.commits if commit.actor.client_id == played.ours]
    outcome = next(iter(played.run.outcomes), None)
    if ours and outcome is None:
        yield "nothing was planned, and something written"
    if len(ours) > 1:
        yield f"it was written {len(ours)} times"
    told = outcome is not None and (outcome.warning == TOLD or outcome.result is Result.UNKNOWN)
    if told or not played.run.audit.complete or outcome is None:
        return
    for commit in ours:
        yield from (
            f"{path} was overwritten unseen: {value}" for path, value in _lost(played, commit, outcome)
        )


def _lost(played: Played, commit: Commit, outcome: Outcome) -> Iterator[tuple[Any, Any]]:
    """Give what somebody wrote, and the write took away although nobody had reviewed that."""
    change = played.plan.changes[0]
    base, wanted = _fields(change.live.document if change.live else {}), _fields(change.channel.spec)  # type: ignore[union-attr]
    before, after = _fields(commit.before or {}), _fields(commit.after or {})
    for path in {*before, *after}:
        if before.get(path) == after.get(path):
            continue
        if path not in wanted:
            yield path, before.get(path)
        elif path == SET:
            was, now, ours = (set(one.get(path) or ()) for one in (base, before, wanted))
            if set(after[path]) != (now & ours) | (now - was) | (ours - was):
                yield path, before.get(path)
        elif before.get(path) not in (base.get(path), wanted[path]):
            yield path, before.get(path)


def _words(played: Played) -> Iterator[str]:
    ours = [commit for commit in played.commits if commit.actor.client_id == played.ours]
    for outcome in played.run.outcomes:
        if outcome.result in QUIET and ours:
            yield f"it is called {outcome.result}, and was written ({outcome.reason})"
        if outcome.result is Result.APPLIED and not ours:
            yield f"it is called applied, and was not written ({outcome.reason})"
        if outcome.result is Result.APPLIED and outcome.warning == TOLD and not _slipped(played):
            yield f"it warns of what did not happen: {outcome.reason}"
    text = json.dumps(plan_document(played.plan, {}))
    if HELD in text:
        yield "the plan holds a secret"
    if played.seconds > 905:
        yield f"it took {played.seconds:.0f} s"


def _slipped(played: Played) -> bool:
    return any(commit.actor.client_id != played.ours for commit in played.commits)


def _healing(played: Played) -> Iterator[str]:
    if run.exit_code(played.healed) != 0:
        results = [(one.result, one.reason, one.warning) for one in played.healed.outcomes]
        yield f"the healing run ended with {run.exit_code(played.healed)}: {results}"
    if played.left.writes:
        yield "after the healing run something is left"


def _fields(document: Mapping[str, Any]) -> dict[Any, Any]:
    return {
        path: tuple(sorted(value)) if isinstance(value, list) else value
        for path, value in leaves(document).items()
        if value is not None
        and path[0] not in READ_ONLY
        and path[-1] != "selfUri"
        and path[0] != "supportedContent"
    }
