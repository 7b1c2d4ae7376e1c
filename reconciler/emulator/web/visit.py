"""Who comes, when, and under which rules; and what takes effect only some time, or some looks, later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from reconciler.emulator.audit import Actor
from reconciler.emulator.web.rules import WebRules


@dataclass(frozen=True, slots=True)
class Visit:
    """One read or write."""

    actor: Actor
    at: datetime
    rules: WebRules
    stale: bool = False
    """Whether a read gives what was there before the last write."""

    @property
    def date(self) -> str:
        """The time as the API writes it."""
        return date(self.at)


@dataclass(slots=True)
class Later:
    """The moment from which a change can be seen: a time has come, and so many looks were in vain."""

    at: datetime
    looks: int = 0

    def has_come(self, now: datetime) -> bool:
        """Say whether it is so far, without counting."""
        return now >= self.at and self.looks <= 0

    def look(self, now: datetime) -> bool:
        """Say whether it is so far, and count a look that was in vain."""
        come = self.has_come(now)
        self.looks -= 1
        return come


def settling(visit: Visit) -> Later:
    """Give when the status of something just written settles."""
    return Later(visit.at + timedelta(seconds=visit.rules.status_seconds), visit.rules.status_reads)


def date(at: datetime) -> str:
    """Write a time as the API does: UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
