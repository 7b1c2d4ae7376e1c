"""Freeze windows: when nothing may be written, as `[freeze]` of `reconciler.toml` says it.

[freeze]
time_zone = "Europe/Berlin"

[freeze.christmas]
from = 2026-12-20
until = 2027-01-02               # this day included

[freeze.weekend]
weekdays = ["Fri", "Sat", "Sun"] # each from 16:00 until the end of the day
from = 16:00:00
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
KEYS = ("from", "until", "weekdays")
MIDNIGHT = time(0)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """One window, in local time without a zone; its end is not part of it."""

    name: str
    weekdays: frozenset[int] = frozenset()
    """Days on which it opens, 0 is Monday; empty for a window that opens once."""
    opens: datetime | time = MIDNIGHT
    """An instant of the calendar, or a time of each of the weekdays."""
    closes: datetime | time = MIDNIGHT
    """Likewise; a time that is not after `opens` is one of the next day."""

    def open_until(self, now: datetime) -> datetime | None:
        """Give the end of the window if it is open at this local time without a zone."""
        if isinstance(self.opens, datetime) and isinstance(self.closes, datetime):
            return self.closes if self.opens <= now < self.closes else None
        ends = [self._ended(now.date() - back * DAY, now) for back in (0, 1)]
        return max(filter(None, ends), default=None)

    def _ended(self, day: date, now: datetime) -> datetime | None:
        opens, closes = self.opens, self.closes
        if day.weekday() not in self.weekdays or isinstance(opens, datetime) or isinstance(closes, datetime):
            return None
        end = datetime.combine(day if closes > opens else day + DAY, closes)
        return end if datetime.combine(day, opens) <= now < end else None


@dataclass(frozen=True, slots=True)
class Freeze:
    """Every window of a repository, and the zone that they are meant in."""

    zone_name: str
    zone: tzinfo
    windows: tuple[Window, ...] = ()


def frozen(freeze: Freeze | None, now: datetime, through: Collection[str]) -> str | None:
    """Say why nothing may be written now; None where no window is open but those somebody named.

    `now` is aware, `through` holds the names of windows to go through.
    """
    if freeze is None:
        return None
    local = now.astimezone(freeze.zone).replace(tzinfo=None)
    for window in freeze.windows:
        until = window.open_until(local)
        if until is not None and window.name not in through:
            return (
                f'the freeze window "{window.name}" is open until {until:%Y-%m-%d %H:%M} ({freeze.zone_name}); '
                f"if this cannot wait, run again with --through-freeze {window.name}, which is recorded"
            )
    return None


def read_windows(table: Mapping[str, Any]) -> tuple[Window, ...]:
    """Read the windows of the table `[freeze]`; ValueError names the place and what may stand there."""
    return tuple(_window(name, content) for name, content in table.items() if name != "time_zone")


def _window(name: str, content: Any) -> Window:
    if not isinstance(content, Mapping):
        raise ValueError(
            f"[freeze] {name} must be a window: [freeze.{name}] with from and until, or weekdays"
        )
    for key in content:
        if key not in KEYS:
            raise ValueError(f"[freeze.{name}] has no setting {key!r}; known are {', '.join(KEYS)}")
    start, end = content.get("from"), content.get("until")
    if "weekdays" not in content:
        return _once(name, start, end)
    days = _weekdays(name, content["weekdays"])
    return Window(name, days, _time(name, "from", start), _time(name, "until", end))


def _once(name: str, start: Any, end: Any) -> Window:
    for key, value in (("from", start), ("until", end)):
        if not isinstance(value, date) or (isinstance(value, datetime) and value.tzinfo):
            raise ValueError(
                f"[freeze.{name}] {key} must be a day (2026-12-20) or a local time of one (2026-12-20T16:00:00),"
                " without quotes; with weekdays, a time (16:00:00)"
            )
    opens = start if isinstance(start, datetime) else datetime.combine(start, MIDNIGHT)
    closes = end if isinstance(end, datetime) else datetime.combine(end, MIDNIGHT) + DAY
    if closes <= opens:
        raise ValueError(f"[freeze.{name}] until must be after from")
    return Window(name, frozenset(), opens, closes)


def _weekdays(name: str, days: Any) -> frozenset[int]:
    known = isinstance(days, Sequence) and not isinstance(days, str) and all(day in WEEKDAYS for day in days)
    if not known or not days:
        raise ValueError(f"[freeze.{name}] weekdays must be a list of {', '.join(WEEKDAYS)}")
    return frozenset(WEEKDAYS.index(day) for day in days)


def _time(name: str, key: str, value: Any) -> time:
    if value is None:
        return MIDNIGHT
    if not isinstance(value, time) or value.tzinfo:
        raise ValueError(f"[freeze.{name}] {key} must be a time such as 16:00:00, without quotes")
    return value
