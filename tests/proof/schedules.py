"""What goes wrong, from a seed: the channels, the edits of others, and a fault for any request."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from build import ADMIN, APP, channel, document, identity

from reconciler.model import Channel
from reconciler.transport import Reply, TransportError

from .world import CHANNELS, Fault, Sent, Wire, World

HOOK = "https://monitor.example.com/hooks/webchat"
NEW = "https://new.example.com"
OTHER = "https://other.example.com"
ORIGINS = (APP, ADMIN, NEW, OTHER)
HELD = "s3cr3t-of-the-channel"
"""A secret in a field that Git does not manage; whoever edits it adds to it."""
WORDS = ("alpha", "beta", "gamma")


@dataclass
class Edit:
    """What a person does to one channel."""

    entity: str
    patch: Mapping[str, Any] | None
    """A merge patch; None deletes."""
    user: str

    def carry_out(self, world: World) -> None:
        if self.patch is None:
            world.delete(self.entity, self.user)
        else:
            world.edit(self.entity, self.patch, self.user)


@dataclass
class Schedule:
    """Everything that happens in one story, drawn from one seed."""

    seed: int
    channels: list[Channel] = field(default_factory=list)
    live: list[dict[str, Any]] = field(default_factory=list)
    pruned: dict[tuple[str, str], str] = field(default_factory=dict)
    strangers: list[str] = field(default_factory=list)
    """Live channels that no file names, and that Git never managed."""
    early: list[Edit] = field(default_factory=list)
    """Before the plan, so that there is an older version for a read to be behind at."""
    between: list[Edit] = field(default_factory=list)
    """Between plan and apply."""
    faults: dict[int, tuple[str, Fault]] = field(default_factory=dict)
    """By number of the request of the apply."""
    edits: dict[int, list[Edit]] = field(default_factory=dict)
    """Right before that request arrives."""
    saved: bool = False
    strict: bool = False
    concurrency: int = 1
    stop_at: float | None = None

    def told(self) -> str:
        """Write the schedule for a person who looks for the cause of a failure."""
        faults = {number: name for number, (name, _) in self.faults.items()}
        early, between = ([vars(edit) for edit in edits] for edits in (self.early, self.between))
        edits = {number: [vars(edit) for edit in these] for number, these in self.edits.items()}
        return (
            f"seed {self.seed}: {len(self.channels)} files, {len(self.live)} live, saved {self.saved},"
            f" strict {self.strict}, stop at {self.stop_at}, early {early}, between {between},"
            f" faults {faults}, edits {edits}"
        )


def make_schedule(seed: int, dice: random.Random | None = None) -> Schedule:
    """Draw a schedule; the same seed draws the same one."""
    dice = dice or random.Random(seed)
    schedule = Schedule(seed, saved=dice.random() < 0.5, strict=dice.random() < 0.1)
    schedule.concurrency = dice.choice((1, 1, 2, 4))
    for number in range(dice.choice((1, 1, 1, 2, 3))):
        _add_channel(schedule, number, dice)
    ids = [one.id or "" for one in schedule.channels] + [one[1] for one in schedule.pruned]
    ids += schedule.strangers
    schedule.early += [_edit(dice, ids) for _ in range(dice.choice((0, 0, 1)))]
    schedule.between = [_edit(dice, ids) for _ in range(dice.choice((0, 0, 0, 1, 2)))]
    for _ in range(dice.choice((0, 1, 1, 2, 3))):
        number = dice.choice((0, 0, 1, 1, 2, 3, 4, 5, 6, 8))
        schedule.faults[number] = _fault(dice)
    if dice.random() < 0.3:
        _add_ambush(schedule, ids, dice)
    for _ in range(dice.choice((0, 0, 1, 1, 2))):
        schedule.edits.setdefault(dice.choice((0, 1, 1, 2, 3, 4, 5)), []).append(_edit(dice, ids))
    if dice.random() < 0.08:
        schedule.stop_at = dice.choice((0.0, 0.05, 0.3, 1.0, 5.0, 31.0))
        if dice.random() < 0.5:
            schedule.faults[0] = "delayed", delayed(dice.choice((20.0, 70.0)))
    return schedule


def _add_ambush(schedule: Schedule, ids: list[str], dice: random.Random) -> None:
    """Let a write meet something, and the look after it something else: where most is to be got wrong."""
    number = dice.choice((0, 0, 0, 1, 2))
    if dice.random() < 0.5:
        schedule.edits.setdefault(number, []).append(_edit(dice, ids))
    else:
        name = dice.choice(
            ("lost before", "lost after", "500 after", "cut after", "straying", "delayed", "409")
        )
        schedule.faults[number] = name, FAULTS[name](dice)
    second = dice.random()
    if second < 0.15:
        stranger = document(dice.choice((4, 7, 10)), id=identity(99))
        schedule.faults[number + 1] = "another channel", swapped(_json(200, stranger))
    elif second < 0.55:
        schedule.faults[number + 1] = "stale", stale()
        # Something to be behind of: the version before the reviewed one, with other values.
        schedule.early += [Edit(one, {"name": "before", "theme": "old"}, "Dana") for one in ids]
        schedule.early += [Edit(one, {"name": dice.choice(WORDS), "theme": "new"}, "Dana") for one in ids]
    else:
        schedule.edits.setdefault(number + 1, []).append(_edit(dice, ids))


def _add_channel(schedule: Schedule, number: int, dice: random.Random) -> None:
    entity, name = identity(number + 1), f"c-{number}"
    hook = HOOK if dice.random() < 0.25 else None
    fields: dict[str, Any] = {"title": dice.choice(WORDS), "id": entity}
    fields["description"] = dice.choice((*WORDS, ...))
    fields["corsAllowedOrigins"] = sorted(dice.sample(ORIGINS, dice.choice((1, 2, 3))))
    fields["enabled"] = dice.random() < 0.8
    what = dice.random()
    if what < 0.2:
        schedule.pruned["WebchatChannel", entity] = name
    elif what < 0.24:
        schedule.strangers.append(entity)
    else:
        schedule.channels.append(channel(name, health_webhook=hook, **fields))
    if what < 0.82:
        before = {"name": dice.choice(WORDS), "description": dice.choice(WORDS), "enabled": True}
        before["corsAllowedOrigins"] = sorted(dice.sample(ORIGINS, dice.choice((1, 2, 3))))
        whole = document(dice.choice((1, 3, 9)), id=entity, theme="dark", **before)
        whole["webchatSettings"]["agentPresence"] = "shown"
        if schedule.seed % 2:
            # A saved plan does not keep it, so that the write must read it again.
            whole["webchatSettings"]["apiKey"] = HELD
        schedule.live.append(whole)


def _edit(dice: random.Random, ids: list[str]) -> Edit:
    patches: list[Mapping[str, Any] | None] = [
        {"theme": dice.choice(("light", "blue", None))},
        {"theme": dice.choice(WORDS)},
        {"webchatSettings": {"agentPresence": dice.choice(WORDS)}},
        {"name": dice.choice(WORDS)},
        {"description": dice.choice((*WORDS, None))},
        {"webchatSettings": {"corsAllowedOrigins": dice.sample(ORIGINS, dice.choice((1, 2, 3)))}},
        {"enabled": dice.random() < 0.5},
        {"extra": {"deep": dice.choice(WORDS)}, "name": dice.choice(WORDS)},
        {"webchatSettings": {"apiKey": f"{HELD}-{dice.choice(WORDS)}"}},
    ]
    patch = None if dice.random() < 0.06 else dice.choice(patches)
    return Edit(dice.choice(ids), patch, dice.choice(("Dana", "Robin")))


def _fault(dice: random.Random) -> tuple[str, Fault]:
    names = list(FAULTS)
    name = dice.choice(names)
    return name, FAULTS[name](dice)


def _json(status: int, body: Any, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, {"content-type": "application/json"} | named, raw)


def refused(status: int, message: str = "no luck", **headers: str) -> Fault:
    """Answer instead of the remote; nothing is committed."""

    async def fault(wire: Wire, sent: Sent, deliver: Callable[[], Awaitable[Reply]]) -> Reply:
        return _json(status, {"message": message, "code": "x", "status": status}, **headers)

    return fault


def swapped(reply: Reply) -> Fault:
    """Let the remote do it, and answer something else."""

    async def fault(wire: Wire, sent: Sent, deliver: Callable[[], Awaitable[Reply]]) -> Reply:
        await deliver()
        return reply

    return fault


def unsent() -> Fault:
    """No connection comes about."""

    async def fault(wire: Wire, sent: Sent, deliver: Callable[[], Awaitable[Reply]]) -> Reply:
        raise TransportError("refused", sent=False)

    return fault


def lost(*, committed: bool) -> Fault:
    """Break off the connection before or after the remote did it."""

    async def fault(wire: Wire, sent: Sent, deliver: Callable[[], Awaitable[Reply]]) -> Reply:
        if committed:
            await deliver()
        raise TransportError("reset", sent=True)

    return fault


def delayed(seconds: float) -> Fault:
    """Let it arrive late; the client may have given up by then, and the request arrives all the same."""

    async def fault(wire: Wire, sent: Sent, deliver: Callable[[], Awaitable[Reply]]) -> Reply:
        async def arrive() -> Reply:
            await asyncio.sleep(seconds)
            return await deliver()

        return await asyncio.shield(_kept(wire.world, arrive()))

    return fault


def straying(seconds: float) -> Fault:
    """Break off at once, and let the request arrive later."""

    async def fault(wire: Wire, sent: Sent, deliver: Callable[[], Awaitable[Reply]]) -> Reply:
        async def arrive() -> Reply:
            await asyncio.sleep(seconds)
            return await deliver()

        _kept(wire.world, arrive())
        raise TransportError("reset", sent=True)

    return fault


def doubled() -> Fault:
    """Deliver it twice; the client gets the first answer."""

    async def fault(wire: Wire, sent: Sent, deliver: Callable[[], Awaitable[Reply]]) -> Reply:
        reply = await deliver()
        await deliver()
        return reply

    return fault


def stale() -> Fault:
    """Let a read show the version before."""

    async def fault(wire: Wire, sent: Sent, deliver: Callable[[], Awaitable[Reply]]) -> Reply:
        wire.world.remote.faults.add({"do": "stale", "method": "GET", "path": f"{CHANNELS}/*", "times": 1})
        try:
            return await deliver()
        finally:
            wire.world.remote.faults.clear()

    return fault


def _kept(world: World, work: Any) -> asyncio.Future[Reply]:
    task = asyncio.ensure_future(work)
    world.under_way.add(task)
    task.add_done_callback(world.under_way.discard)
    # A request that arrives after its client gave up has nobody to tell of its end.
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task


FAULTS: dict[str, Callable[[random.Random], Fault]] = {
    "unsent": lambda _: unsent(),
    "lost before": lambda _: lost(committed=False),
    "lost after": lambda _: lost(committed=True),
    "lost after (again)": lambda _: lost(committed=True),
    "500 before": lambda dice: refused(dice.choice((500, 502, 503, 504))),
    "500 after": lambda dice: swapped(_json(dice.choice((500, 502, 503, 504)), {"message": "no luck"})),
    "429": lambda dice: refused(429, retry_after=dice.choice(("1", "0", "-5", "soon", "1e9", ""))),
    "409": lambda _: refused(409, "version conflict"),
    "412": lambda _: refused(412, "precondition"),
    "428": lambda _: refused(428, "precondition required"),
    "400 about the version": lambda _: refused(400, "it does not match the current version"),
    "400": lambda _: refused(400),
    "401": lambda _: refused(401),
    "403": lambda _: refused(403),
    "404": lambda _: refused(404),
    "302": lambda _: refused(302, location="https://elsewhere.example.com/"),
    "html after": lambda _: swapped(_json(200, b"<html>hello</html>", content_type="text/html")),
    "cut after": lambda _: swapped(_json(200, b'{"id": "a1b2')),
    "empty after": lambda _: swapped(_json(200, b"")),
    "another id after": lambda _: swapped(_json(200, document(7, id=identity(99)))),
    "no version after": lambda _: swapped(_json(200, {"id": identity(1), "name": "x"})),
    "stale": lambda _: stale(),
    "delayed": lambda dice: delayed(dice.choice((2.0, 20.0, 35.0, 70.0))),
    "straying": lambda dice: straying(dice.choice((0.05, 0.3, 1.0, 5.0))),
    "doubled": lambda _: doubled(),
}
