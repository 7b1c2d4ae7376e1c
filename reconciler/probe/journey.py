"""How far one probe has come, how long each phase took, and by when the present one must end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from reconciler.model import Certificate, Stage

if TYPE_CHECKING:
    from collections.abc import Callable


GOES_ON = frozenset({Stage.RESOLVED, Stage.CONNECTED})
"""Stages that the next phase follows at once, and moves the deadline."""


class Stopped(Exception):
    """The probe cannot go on; the sentence says why and what to do."""


class Journey:
    """What one probe has seen so far.

    `deadline` surrounds the whole way; each phase moves it on, and after the handshakes there is none. `opened` is
    called once the handshakes are over.
    """

    def __init__(
        self,
        phase_seconds: float,
        deadline: asyncio.Timeout,
        opened: Callable[[], object] = lambda: None,
    ) -> None:
        self.phase_seconds = phase_seconds
        self.deadline = deadline
        self.stage = Stage.STARTED
        self.phases: dict[str, float] = {}
        self.phase: str | None = None
        """The phase that is open."""
        self.address: str | None = None
        self.tls: str | None = None
        self.certificate: Certificate | None = None
        self._opened = opened
        self._clock = asyncio.get_running_loop().time
        self._began = 0.0

    def begin(self, phase: str) -> float:
        """Start a phase, and give the time, on the loop's clock, by which it must end."""
        self.phase = phase
        self._began = self._clock()
        self.deadline.reschedule(self._began + self.phase_seconds)
        return self._began + self.phase_seconds

    def reach(self, stage: Stage) -> None:
        """End the open phase: it succeeded."""
        self.stop()
        self.stage = stage
        if stage not in GOES_ON:
            self.deadline.reschedule(None)
        if stage is Stage.UPGRADED:
            self._opened()

    def stop(self) -> None:
        """End the phase that is open, if any, as it is."""
        if self.phase is not None:
            self.phases[self.phase] = self._clock() - self._began
        self.phase = None
