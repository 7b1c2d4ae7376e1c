"""Take the advisory lock for a run, tell of whoever holds it, and give it back; nothing depends on it."""

from __future__ import annotations

import getpass
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

from reconciler.errors import RecordError, UsageError
from reconciler.ledger.lock import Holder, Lock
from reconciler.ledger.source import find_repository
from reconciler.model import JsonObject
from reconciler.report.documents import moment
from reconciler.settings import Settings

OLD_AFTER = 120.0
"""Seconds beyond the longest run after which a lock is nobody's any more."""
PAUSE_SECONDS = 2.0
TRIES = 3


@dataclass(frozen=True, slots=True)
class Locked:
    """How taking the lock ended."""

    taken: bool
    reason: str | None = None
    """Why not; None where it was taken, or is not used here."""
    other: Holder | None = None
    """Whoever holds it, or held it until we waited no longer or took it over."""

    @property
    def document(self) -> JsonObject:
        """What the record says of it."""
        other = self.other
        held = {"run": other.run, "owner": other.owner, "since": other.since} if other else None
        return {"taken": self.taken, "reason": self.reason, "other": held}


@contextmanager
def locked(
    settings: Settings, organisation: str, run: str, *, wait_seconds: float, now: Callable[[], datetime]
) -> Iterator[Locked]:
    """Hold the lock where there is a remote to hold it on; whatever goes wrong with it is told, and the run goes on."""
    lock, ended = _try(settings, organisation, run, wait_seconds, now)
    try:
        yield ended
    finally:
        if lock:
            with suppress(RecordError):
                lock.release()


def _try(
    settings: Settings, organisation: str, run: str, wait_seconds: float, now: Callable[[], datetime]
) -> tuple[Lock | None, Locked]:
    repository = find_repository(settings.repo)
    if repository is None:
        return None, Locked(taken=False)
    lock = Lock(repository, settings.remote, organisation)
    try:
        if not lock.is_shared():
            return None, Locked(taken=False)
        owner = {"run": run, "owner": whoami(), "since": moment(now())}
        return lock, _take(lock, owner, wait_seconds, settings.limits.run_seconds + OLD_AFTER, now)
    except (RecordError, UsageError) as error:
        return lock, Locked(taken=False, reason=str(error))


def _take(
    lock: Lock, owner: JsonObject, wait_seconds: float, old: float, now: Callable[[], datetime]
) -> Locked:
    until = time.monotonic() + wait_seconds
    other, tries = None, 0
    while True:
        if lock.take(owner):
            return Locked(taken=True, other=other)
        other = lock.holder() or other
        if other and _is_old(other, old, now()) and lock.take(owner, over=other.commit):
            return Locked(taken=True, other=other, reason="the lock was old, and was taken over")
        tries += 1
        # A lock that goes just while we look is tried for again, waiting or not.
        if time.monotonic() >= until and (other or tries >= TRIES):
            return Locked(taken=False, reason=_held_words(other), other=other)
        time.sleep(min(PAUSE_SECONDS, max(0.0, until - time.monotonic())))


def _is_old(other: Holder, old: float, now: datetime) -> bool:
    age = other.age(now)
    return age is None or age > old


def _held_words(other: Holder | None) -> str:
    if other is None:
        return "another run keeps taking the lock"
    return f"another run is under way: {other.run} of {other.owner}, since {other.since}"


def whoami() -> str:
    """Name whoever runs this, for a person who finds the lock: the CI job, or user and machine."""
    job = os.environ.get("GITHUB_RUN_ID")
    if job:
        return f"{os.environ.get('GITHUB_ACTOR', 'GitHub Actions')} (GitHub run {job})"[:100]
    try:
        user = getpass.getuser()
    except (KeyError, OSError, ImportError):
        user = "somebody"
    return f"{user}@{socket.gethostname()}"[:100]
