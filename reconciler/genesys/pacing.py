"""How long to wait, as plain arithmetic: nothing here sleeps, reads a clock or throws dice."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

MINUTE = 60.0
"""The window of the request budget."""
FIRST_BACKOFF = 0.5
LONGEST_BACKOFF = 30.0
YEAR = 365 * 86_400.0

# The library behind it would take signs, fractions, exponents and the digits of other scripts.
DIGITS = re.compile(r"[0-9]{1,18}")
# RFC 9110's one form of a date; email's parser takes a dozen others, some without a time zone.
FIXDATE = re.compile(r"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT")


@dataclass(frozen=True, slots=True)
class ClientLimits:
    """Numbers that bound the requests of a run."""

    concurrency: int = 8
    """Requests at once."""
    rate: int = 300
    """Requests in any minute."""
    wait_seconds: float = 120.0
    """The longest single wait that the remote may ask for."""
    attempts: int = 5
    """Tries of one request, for 429, 5xx and connections."""
    deadline: float | None = None
    """When the run ends, on the monotonic clock; None: never."""


def parse_retry_after(text: str | None, date_header: str | None, now: datetime) -> float | None:
    """Read `Retry-After` as seconds from now; None where it says nothing that can be read.

    A date counts from the same answer's own `Date`, so that a clock that is off does not matter.
    """
    text = (text or "").strip(" \t")
    if DIGITS.fullmatch(text):
        return float(text)
    until = _parse_fixdate(text)
    if until is None:
        return None
    since = _parse_fixdate((date_header or "").strip(" \t")) or now
    return max(0.0, (until - since).total_seconds())


def next_wait(attempt: int, retry_after: float | None, chance: float, limits: ClientLimits) -> float:
    """Give the seconds to wait after so many attempts: as asked for, else exponential with full jitter.

    `chance` is from 0 up to but not 1; `retry_after` is what the remote asks for. A remote that says
    "at once" about a request that it has just refused says nothing.
    """
    if retry_after:
        return min(retry_after, limits.wait_seconds)
    most = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2.0 ** min(attempt - 1, 16))
    return min(chance * most, limits.wait_seconds)


def refuse_wait(
    seconds: float, longest: float, deadline: float | None, now: float, today: datetime
) -> str | None:
    """Say why a wait is not worth beginning, and when to run again; None where it is.

    `deadline` and `now` are monotonic, `today` is the wall clock.
    """
    again = f"run again after {_moment(today, seconds)}"
    if seconds > longest:
        return f"the wait would be {seconds:.0f} s, longer than the {longest:g} s allowed; {again}"
    if deadline is not None and now + seconds >= deadline:
        return f"the time of this run ends before a wait of {seconds:.1f} s does; {again}"
    return None


class Window:
    """When the next request may go: no minute sees more than `rate` of them, and none waits for nothing.

    A request keeps its place until a minute after its end. The remote counts it at some instant in between, which
    we cannot know; counted from its start, a slow request and quick ones a minute later would be too many for it.
    Instants are monotonic seconds.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._flying = 0
        self._ended: deque[float] = deque(maxlen=rate)
        self._held_until = 0.0

    def opens(self, now: float) -> float:
        """Give the instant from which the next request may go: `now`, or a later one."""
        earliest = max(now, self._held_until)
        places = self._rate - self._flying
        if places < 1:
            # The remote has lowered the rate to what is in flight: each of those keeps its place for a minute yet.
            return max(earliest, now + MINUTE)
        if len(self._ended) < places:
            return earliest
        return max(earliest, self._ended[-places] + MINUTE)

    def take(self) -> None:
        """Note that a request goes out."""
        self._flying += 1

    def end(self, now: float) -> None:
        """Note that a request has come to its end, whatever it is."""
        self._flying -= 1
        self._ended.append(now)

    def hold(self, until: float) -> None:
        """Let nothing out before this instant."""
        self._held_until = max(self._held_until, until)

    def heed(self, headers: Mapping[str, str], now: float) -> None:
        """Slow down where the remote's own count leaves less than ours does; never speed up."""
        allowed = _number(headers.get("inin-ratelimit-allowed"))
        if not allowed:
            return
        self._rate = min(self._rate, allowed)
        count = _number(headers.get("inin-ratelimit-count")) or 0
        # Where both budgets are spent, ours opens to the instant, and the remote's whole seconds would lag.
        if count >= allowed and self.opens(now) <= now:
            self.hold(now + min(_number(headers.get("inin-ratelimit-reset")) or 0, MINUTE))


def _number(text: str | None) -> int | None:
    return int(text) if text and DIGITS.fullmatch(text) else None


def _parse_fixdate(text: str) -> datetime | None:
    if not FIXDATE.fullmatch(text):
        return None
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _moment(today: datetime, seconds: float) -> str:
    when = today + timedelta(seconds=min(seconds + 1, YEAR))
    return when.strftime("%Y-%m-%d %H:%M:%S UTC")
