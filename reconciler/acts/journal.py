"""The journal of one run: each write noted on the disk before it goes out, and again when its answer came.

It is evidence and never state: the live system says what is, and a run that finds the journal of one that was killed
only tells of it. While a run goes on it holds a lock on its journal, so that nobody takes it for an abandoned one.
Bodies stand in it as digests, so that it holds no secret.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from reconciler.clock import Clock
from reconciler.errors import JournalError, Unavailable
from reconciler.genesys.calls import Call
from reconciler.model import JsonObject
from reconciler.report.documents import moment

try:
    import fcntl
except ImportError:  # Windows has no such locks, and there a running journal looks like an abandoned one
    fcntl = None  # type: ignore[assignment]

FOLDER = "journal"
"""Below the folder for records that Git would not take."""
LINE_LIMIT = 4_096
QUICK = 0.002
"""Seconds up to which everything else may wait for the disk."""
ASKED_AGAIN = 64
"""Writes after which a slow disk may have become a quick one."""
WRITES_SHOWN = 200
JOURNALS_READ = 20


class Journal:
    """The journal of the run that goes on now."""

    def __init__(self, folder: Path, run: str, digest: str, clock: Clock) -> None:
        """Begin a journal; `JournalError` where the disk takes none."""
        self._clock = clock
        self._number = 0
        self._on_disk = 0
        """Up to which write the disk has noted them."""
        self._round: asyncio.Future[None] | None = None
        """The way to the disk that is under way."""
        self._asked = 0
        self._disk_seconds = 0.0
        """What that takes, the latest weighing most."""
        when = moment(clock.now())
        self.path = folder / FOLDER / f"{when.replace(':', '').replace('-', '')}-{run}.jsonl"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            (folder / ".gitignore").write_text("*\n")
            self._file: IO[str] = self.path.open("x")
            _lock(self._file)
            self._note({"format": 1, "run": run, "began": when, "plan": digest})
        except OSError as error:
            raise JournalError(
                f"the journal {self.path} cannot be written ({error.strerror}), so nothing was written to the"
                " remote; make room, or make the folder writable"
            ) from error

    async def before(self, call: Call) -> int:
        """Note a write, on the disk itself, before it goes out."""
        self._number += 1
        number = self._number
        intent = {
            "write": number,
            "at": moment(self._clock.now()),
            "method": call.method,
            "path": call.path,
            "precondition": call.headers.get("If-Match", call.headers.get("If-None-Match")),
            "body": "sha256:" + hashlib.sha256(call.body).hexdigest() if call.body else None,
        }
        try:
            self._file.write(_line(intent))
            await self._reach_disk(number)
        except OSError as error:
            raise Unavailable(
                f"nothing was sent, because the journal cannot be written ({error.strerror})",
                method=call.method,
                path=call.path,
                sent=False,
            ) from error
        return number

    def after(self, number: int, status: int | None) -> None:
        """Note how a write ended; that it cannot be noted changes nothing of it."""
        with suppress(OSError):
            self._file.write(_line({"ended": number, "at": moment(self._clock.now()), "status": status}))
            self._file.flush()

    def close(self) -> None:
        """Take the journal away: everything that it says now stands in the record."""
        self.path.unlink(missing_ok=True)
        with suppress(OSError):
            self._file.close()
        _tidy(self.path.parent)

    async def _reach_disk(self, number: int) -> None:
        """Wait until a write is noted on the disk.

        A quick disk is asked in place: who waited for others would go out with them, and all would queue for their
        answers. A slow one is asked in a thread, in one round for all that came meanwhile. What a thread measures holds
        the wait for its turn, so a disk that was slow once is asked in place now and then.
        """
        self._asked += 1
        if self._round is None and (self._disk_seconds < QUICK or self._asked % ASKED_AGAIN == 0):
            self._file.flush()
            self._fsync()
            self._on_disk = self._number
        while self._on_disk < number:
            if self._round is None:
                self._round = asyncio.ensure_future(self._sync())
            # Whoever is cut off here must not cut off the others.
            await asyncio.shield(self._round)

    async def _sync(self) -> None:
        try:
            number = self._number
            self._file.flush()
            await asyncio.to_thread(self._fsync)
            self._on_disk = number
        finally:
            self._round = None

    def _fsync(self) -> None:
        began = self._clock.monotonic()
        os.fsync(self._file.fileno())
        self._disk_seconds += (self._clock.monotonic() - began - self._disk_seconds) / 16

    def _note(self, line: JsonObject) -> None:
        self._file.write(_line(line))
        self._file.flush()
        # A new file takes many times as long as a line more of one, so that this says nothing of the disk.
        os.fsync(self._file.fileno())


@dataclass(frozen=True, slots=True)
class Abandoned:
    """The journal of a run that ended without a record."""

    path: Path
    document: JsonObject

    def forget(self) -> None:
        """Take it away, once it stands in a record."""
        self.path.unlink(missing_ok=True)
        _tidy(self.path.parent)


def abandoned(folder: Path) -> tuple[Abandoned, ...]:
    """Find the journals of runs that were killed, oldest first, and none of a run that goes on."""
    paths = sorted((folder / FOLDER).glob("*.jsonl"))[:JOURNALS_READ]
    return tuple(Abandoned(path, _read(path)) for path in paths if not _is_locked(path))


def _read(path: Path) -> JsonObject:
    lines = list(_lines(path))
    head = next((line for line in lines if "run" in line), {})
    ended = {line["ended"]: line.get("status") for line in lines if isinstance(line.get("ended"), int)}
    intents = [line for line in lines if isinstance(line.get("write"), int)]
    writes = [
        {key: intent.get(key) for key in ("at", "method", "path", "precondition")}
        | {"status": ended.get(intent["write"])}
        for intent in intents
    ]
    names = ("run", "began", "plan")
    return {**{name: head.get(name) for name in names}, "sent": len(writes), "writes": writes[:WRITES_SHOWN]}


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """Read what can be read: the last line of a run that was killed may be half a line."""
    with suppress(OSError), path.open(errors="replace") as file:
        while text := file.readline(LINE_LIMIT):
            with suppress(ValueError, RecursionError):
                line = json.loads(text)
                if isinstance(line, dict):
                    yield line


def _line(value: JsonObject) -> str:
    return json.dumps(value, separators=(",", ":")) + "\n"


def _lock(file: IO[str]) -> None:
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_locked(path: Path) -> bool:
    if fcntl is None:
        return False
    try:
        with path.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return True  # it has just gone, or is not ours to read
    return False


def _tidy(folder: Path) -> None:
    """Leave no empty folders behind; a folder with anything in it stays."""
    with suppress(OSError):
        folder.rmdir()
        ignore = folder.parent / ".gitignore"
        if [path.name for path in folder.parent.iterdir()] == [ignore.name]:
            ignore.unlink()
            folder.parent.rmdir()
