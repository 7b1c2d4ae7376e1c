"""Every order in which the requests of several writers can arrive, one after another; nothing is left to chance.

Each writer waits at a gate before each request. Once all of them wait, or are done, one is let through; a run is
given by the list of choices, and the choices that were not taken are tried next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from .world import Sent, Wire

Got = TypeVar("Got")
QUIET_SECONDS = 8.0
"""Virtual seconds after which every writer has come to its gate: longer than any pause between two attempts."""
MOST_STEPS = 60


@dataclass
class Turns:
    """Lets one writer through at a time, in the order that `choices` says, and the first of them after that."""

    choices: tuple[int, ...] = ()
    taken: list[int] = field(default_factory=list)
    widths: list[int] = field(default_factory=list)
    """How many could have been let through at each step."""
    order: list[str] = field(default_factory=list)
    waiting: dict[str, asyncio.Future[None]] = field(default_factory=dict)

    def guard(self, wire: Wire) -> None:
        """Put the gate before every request of a wire but those for the audit log, which change nothing."""

        async def gate(sent: Sent) -> None:
            if "auditlogs" not in sent.path:
                self.waiting[wire.name] = asyncio.get_running_loop().create_future()
                await self.waiting[wire.name]

        wire.gate = gate

    async def run(self, writers: dict[str, Awaitable[object]]) -> dict[str, object]:
        """Let the writers do their work, one request at a time, and give what each of them gave."""
        tasks = {name: asyncio.ensure_future(work) for name, work in writers.items()}
        while True:
            await asyncio.sleep(QUIET_SECONDS)
            if not self.waiting:
                break
            names = sorted(self.waiting)
            step = len(self.taken)
            assert step < MOST_STEPS, f"no end of requests: {self.order}"
            choice = self.choices[step] if step < len(self.choices) else 0
            self.taken.append(choice)
            self.widths.append(len(names))
            self.order.append(names[choice])
            self.waiting.pop(names[choice]).set_result(None)
        return {name: await task for name, task in tasks.items()}

    def following(self) -> tuple[int, ...] | None:
        """Give the choices of the next run, depth first; None where every order was tried."""
        for step in reversed(range(len(self.taken))):
            if self.taken[step] + 1 < self.widths[step]:
                return (*self.taken[:step], self.taken[step] + 1)
        return None


def every_order(play: Callable[[Turns], object]) -> Iterator[Turns]:
    """Play every order, and give each as it was played."""
    choices: tuple[int, ...] | None = ()
    while choices is not None:
        turns = Turns(choices)
        play(turns)
        yield turns
        choices = turns.following()
