"""Trying again: what may be repeated is repeated, within one budget of attempts and one deadline.

What went wrong, and whether another attempt is safe, the caller says in a `Setback`; this room only waits.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from reconciler.clock import Clock
from reconciler.errors import Throttled, Unavailable
from reconciler.genesys.calls import Setback
from reconciler.genesys.pacing import MINUTE, ClientLimits, next_wait, refuse_wait

Got = TypeVar("Got")
Notice = Callable[[str], None]
"""Takes one line about a wait, for a person who is watching."""

WORTH_A_WORD = 1.0
"""Seconds from which a wait for our own budget is mentioned."""

LAST_SECONDS = 4.0
"""How far a request that was begun before the end of the run may reach beyond it."""


def silent(_: str) -> None:
    """Say nothing."""


class Patience:
    """Waits between attempts and for the budget, and knows when to stop."""

    def __init__(self, clock: Clock, limits: ClientLimits, notice: Notice = silent) -> None:
        self.waited = 0.0
        """Seconds spent waiting, summed over requests that waited side by side."""
        self._clock = clock
        self._limits = limits
        self._notice = notice

    async def persist(self, once: Callable[[], Awaitable[Got | Setback]], method: str, path: str) -> Got:
        """Attempt until there is a result; raise the error of the last setback when the budget is spent."""
        attempt = 1
        while isinstance(result := await once(), Setback):
            if not result.again or attempt >= self._limits.attempts:
                raise result.error(method, path, attempt)
            await self._wait_or_raise(result, attempt, method, path)
            attempt += 1
        return result

    async def wait_for_budget(self, seconds: float) -> Setback | None:
        """Wait until the request budget has room; a setback where that is too long."""
        # Up to a minute is our own pace, which the cap on what the remote may ask for does not bound.
        stop = self._refuse(seconds, max(self._limits.wait_seconds, MINUTE))
        if stop is not None:
            return Setback(Throttled, f"the budget of requests is spent; {stop}", sent=False)
        if seconds >= WORTH_A_WORD:
            rate = f"{self._limits.rate} requests a minute"
            self._notice(f"the budget of {rate} is spent: waiting {seconds:.1f} s")
        await self._rest(seconds)
        return None

    def out_of_time(self) -> Setback | None:
        """Give the setback of a run whose time is over, before anything is sent."""
        deadline = self._limits.deadline
        if deadline is None or self._clock.monotonic() < deadline:
            return None
        return Setback(Unavailable, "the time of this run is over; run again", sent=False)

    def seconds_left(self) -> float | None:
        """Give how long a request that goes out now may take; None for a run without an end."""
        deadline = self._limits.deadline
        # A request at the last moment still gets the time in which nearly all are answered.
        return None if deadline is None else max(deadline - self._clock.monotonic(), LAST_SECONDS)

    async def _wait_or_raise(self, setback: Setback, attempt: int, method: str, path: str) -> None:
        wait = next_wait(attempt, setback.asked, self._clock.chance(), self._limits)
        stop = self._refuse(max(wait, setback.asked or 0.0), self._limits.wait_seconds)
        if stop is not None:
            raise setback.error(method, path, attempt, stop)
        following = f"attempt {attempt + 1} of {self._limits.attempts}"
        self._notice(f"{setback.cause}: waiting {wait:.1f} s ({following})")
        await self._rest(wait)

    def _refuse(self, seconds: float, longest: float) -> str | None:
        now, today = self._clock.monotonic(), self._clock.now()
        return refuse_wait(seconds, longest, self._limits.deadline, now, today)

    async def _rest(self, seconds: float) -> None:
        self.waited += seconds
        await self._clock.sleep(seconds)
