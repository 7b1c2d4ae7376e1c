"""How many requests are in flight at once: half as many after a 429, and again more while all goes well."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Slots:
    """Lets at most so many in at once. Instants are monotonic seconds."""

    def __init__(self, most: int) -> None:
        self.width = most
        """How many are let in just now."""
        self._most = most
        self._busy = 0
        self._good = 0
        self._narrowed_at = float("-inf")
        self._queue = asyncio.Semaphore(most)
        self._changed = asyncio.Event()

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Wait for a slot, and keep it."""
        async with self._queue:
            while self._busy >= self.width:
                self._changed.clear()
                await self._changed.wait()
            self._busy += 1
            try:
                yield
            finally:
                self._busy -= 1
                self._changed.set()

    def narrow(self, began: float, now: float) -> None:
        """Halve after a 429; once for all requests that were out together, so `began` is when this one went."""
        if began > self._narrowed_at:
            self.width, self._good, self._narrowed_at = max(1, self.width // 2), 0, now

    def widen(self) -> None:
        """Note a request that went well: after a round of them there is one slot more."""
        self._good += 1
        if self.width < self._most and self._good >= self.width:
            self.width, self._good = self.width + 1, 0
            self._changed.set()
