"""What SIGINT and SIGTERM do to a command that writes: the first asks it to stop, the second ends it at once.

A terminal that is closed stops it as SIGTERM does, unless whoever started it had that ignored (nohup).
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, Self

from reconciler.fleet import SUPERVISED

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
"""The exit code of each signal that stops."""
HANGUP = getattr(signal, "SIGHUP", None)
if HANGUP is not None and signal.getsignal(HANGUP) != signal.SIG_IGN:
    CODES[HANGUP] = 143
STOPPING = "stopping: requests in flight are finished, no new one is begun; once more stops at once"
RECORDING = "the record is being written, and then this ends; once more stops at once"


def end_with_supervisor() -> None:
    """Take the end of whoever supervises this process for SIGTERM, which has its handler; needs a running loop.

    A supervisor that is killed cannot say so. It holds the other end of our standard input, which ends with it.
    """
    if not os.environ.get(SUPERVISED):
        return
    loop = asyncio.get_running_loop()

    def told() -> None:
        loop.remove_reader(0)
        os.kill(os.getpid(), signal.SIGTERM)

    loop.add_reader(0, told)


class Signals:
    """Listens from `__enter__` to `__exit__`, in the main thread alone."""

    def __init__(self) -> None:
        self.code: int | None = None
        """130 or 143 once a signal came."""
        self._words = RECORDING
        self._tell: Callable[[], object] | None = None
        self._before: dict[int, Any] = {}

    def stop_event(self) -> asyncio.Event:
        """Give an event of the running loop that the first signal sets."""
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        self._words, self._tell = STOPPING, lambda: loop.call_soon_threadsafe(stop.set)
        end_with_supervisor()
        if self.code is not None:
            stop.set()
        return stop

    def recording(self) -> None:
        """Say that nothing is left but the record, which is not stopped half-way."""
        self._words, self._tell = RECORDING, None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._told) for number in CODES}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _told(self, number: int, _: FrameType | None) -> None:
        code = CODES[signal.Signals(number)]
        if self.code is not None:
            # The journal stays behind as evidence; nothing that could take long is waited for.
            os._exit(code)
        self.code = code
        # A handler may run in the middle of somebody's `print`, so that file is not used.
        # Where whoever read it is gone, too, the stop is what counts.
        with suppress(OSError):
            os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, f"{self._words}\n".encode())
        if self._tell is not None:
            self._tell()
