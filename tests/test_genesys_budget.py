"""The budget of requests as the remote counts it, over seeds: never too many in any minute, and nearly all of it used.

Time is virtual. The remote is some way off, so that requests arrive closer together or further apart than they went.
"""

from __future__ import annotations

import asyncio
import math
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from genesys_remote import LoopClock, Scripted, client_of, in_virtual_time, reply
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.genesys.client import Client
from reconciler.genesys.pacing import MINUTE, ClientLimits
from reconciler.genesys.slots import Slots
from reconciler.transport import Reply

USED = 0.98
FAR = MINUTE * (1 / USED - 1)
"""Seconds there and back up to which that much can be used: a place is taken until a minute after the answer."""


MINUTES = 6


class JumpyClock(LoopClock):
    """A wall clock that somebody sets, by hours and in both directions; the monotonic one goes on."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._jumps = random.Random(seed)

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self._jumps.uniform(-40_000, 40_000))


@dataclass
class Circumstances:
    """What a seed makes of a remote, and of us."""

    seed: int
    rate: int = field(init=False)
    """Our own."""
    allowed: int = field(init=False)
    """The remote's."""
    lowered_at: float | None = field(init=False)
    """When it allows only half from then on."""
    others: float = field(init=False)
    """The share of the remote's budget that others use up."""
    seconds: float = field(init=False)
    """The longest way there, and back."""
    concurrency: int = field(init=False)
    retry_after: str = field(init=False)

    def __post_init__(self) -> None:
        chance = random.Random(self.seed)
        self.rate = chance.choice([20, 60, 100])
        self.allowed = chance.choice([self.rate, self.rate, 2 * self.rate, self.rate // 2])
        self.lowered_at = chance.choice([None, None, chance.uniform(30, 150)])
        self.others = chance.choice([0.0, 0.0, 0.3])
        self.seconds = chance.choice([0.0, 0.03, 0.3, FAR / 2])
        self.concurrency = chance.choice([1, 4, 8, 32])
        self.retry_after = chance.choice(["seconds", "date"])

    @property
    def is_far(self) -> bool:
        """Whether so few at once, from so far, cannot use a budget up."""
        return self.concurrency * MINUTE < 2 * self.seconds * min(self.rate, self.allowed)


class Counting(Scripted):
    """Counts requests as they arrive, tells where the token stands, and refuses one too many."""

    def __init__(self, what: Circumstances) -> None:
        super().__init__(clock=JumpyClock(what.seed))
        self.arrivals: list[float] = []
        """Of our own requests that were let in."""
        self.theirs: list[float] = []
        self.refused: list[float] = []
        self._what = what
        self._chance = random.Random(what.seed + 1)

    def allows(self, now: float) -> int:
        """Give how many it lets in within a minute, as its headers say from then on."""
        lowered = self._what.lowered_at is not None and now >= self._what.lowered_at
        return max(2, self._what.allowed // 2) if lowered else self._what.allowed

    async def _count_and_send(self, *call: Any) -> Reply:
        await asyncio.sleep(self._chance.random() * self._what.seconds)
        answer = self._let_in(self.clock.monotonic())
        await asyncio.sleep(self._chance.random() * self._what.seconds)
        return answer

    def _let_in(self, now: float) -> Reply:
        if self._chance.random() < self._what.others / (1 - self._what.others + 1e-9):
            self.theirs.append(now)
        allowed = self.allows(now)
        counted = sorted(at for at in self.arrivals[-400:] + self.theirs[-400:] if at > now - MINUTE)
        reset = math.ceil(counted[-allowed] + MINUTE - now) if len(counted) >= allowed else 1
        told = {"inin-ratelimit-allowed": str(allowed), "inin-ratelimit-reset": str(reset)}
        if len(counted) >= allowed:
            self.refused.append(now)
            return reply(429, {}, **told, inin_ratelimit_count=str(len(counted)), **self._after(reset))
        self.arrivals.append(now)
        return reply(**told, **{"inin-ratelimit-count": str(len(counted) + 1)})

    def _after(self, seconds: int) -> dict[str, str]:
        if self._what.retry_after == "seconds":
            return {"retry-after": str(seconds)}
        # Its own clock is right, and ours need not be.
        here = LoopClock.now(self.clock)
        until = here.replace(microsecond=0) + timedelta(seconds=seconds + 1)
        return {
            "retry-after": format_datetime(until, usegmt=True),
            "date": format_datetime(here, usegmt=True),
        }


def most_in_a_minute(instants: list[float]) -> int:
    """Give the most instants that lie within any minute."""
    first = most = 0
    for last, now in enumerate(instants):
        while instants[first] <= now - MINUTE:
            first += 1
        most = max(most, last - first + 1)
    return most


def played(what: Circumstances) -> Counting:
    """Ask for as much as some minutes allow."""
    remote = Counting(what)
    count = min(what.rate, what.allowed) * MINUTES

    async def many(client: Client) -> None:
        await asyncio.gather(*(client.get(f"/{number}") for number in range(count)))

    limits = ClientLimits(concurrency=what.concurrency, rate=what.rate, attempts=50)
    in_virtual_time(many(client_of(remote, limits)))
    assert len(remote.arrivals) == count
    return remote


def check(what: Circumstances) -> None:
    remote = played(what)
    budget = min(what.rate, what.allowed)
    alone = not what.others
    assert most_in_a_minute(remote.arrivals) <= budget
    if alone and what.lowered_at is None:
        assert remote.refused == []
        # The first minute's may go at once; so many minutes later it is the turn of the first of the last minute's.
        took = remote.arrivals[-budget] - remote.arrivals[0]
        assert what.is_far or (MINUTES - 1) * MINUTE / took >= USED
    if alone and what.lowered_at is not None and what.lowered_at < remote.arrivals[-1] - 3 * MINUTE:
        # What went out before it was said may be too much; once that is a minute ago, nothing is, and all is used.
        settled = [at for at in remote.arrivals if at > what.lowered_at + MINUTE + 2 * what.seconds]
        lower = min(what.rate, remote.allows(math.inf))
        assert most_in_a_minute(settled) <= lower
        assert not [at for at in remote.refused if at > what.lowered_at + MINUTE + 2 * what.seconds]
        took = settled[lower] - settled[0]
        assert what.is_far or MINUTE / took >= USED


@pytest.mark.parametrize("seed", range(6))
def test_the_budget_is_kept_and_used(seed: int) -> None:
    check(Circumstances(seed))


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(100, 300))
def test_the_budget_is_kept_and_used_whatever_the_circumstances(seed: int) -> None:
    check(Circumstances(seed))


# How many at once


@settings(max_examples=200, deadline=None)
@given(
    most=st.integers(1, 40),
    events=st.lists(st.tuples(st.booleans(), st.floats(0.0, 2.0)), max_size=80),
)
def test_a_429_halves_what_is_out_and_everything_comes_back(
    most: int, events: list[tuple[bool, float]]
) -> None:
    slots, now = Slots(most), 0.0
    for is_refused, took in events:
        before = slots.width
        now += took
        if is_refused:
            slots.narrow(now, now + 0.1)
            now += 0.2
            assert slots.width == max(1, before // 2)
        else:
            slots.widen()
            assert before <= slots.width <= min(most, before + 1)
    for _ in range(most * (most + 1) // 2 + most):
        slots.widen()
    assert slots.width == most
