"""The history as static pages that link to each other and to nothing else; each opens from a file, too."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from reconciler.model import JsonObject
from reconciler.report import facts
from reconciler.report.counts import counted
from reconciler.report.history import Event, History, RunRow, Track
from reconciler.report.html.charts import Bars, phase_bars
from reconciler.report.html.drift_page import drift_html
from reconciler.report.html.page import make_page
from reconciler.report.html.plots import Plot, exposure_plot, latency_plot, runs_plot, spans_of, success_plot
from reconciler.report.html.run_page import run_html
from reconciler.report.html.views import FieldRow, Tile, exposure_tone, field_row
from reconciler.report.metrics import nearest_rank
from reconciler.report.probes_text import SOON

PAGES = (
    ("index.html", "Overview"),
    ("runs.html", "Runs"),
    ("channels.html", "Channels"),
    ("drift.html", "Drift"),
    ("ends.html", "What ends when"),
)
NEWEST = 15
"""Runs and events on the overview; their own pages have the rest."""
EVENTS = 800
"""Events on the page of drift; the pages of the channels have the rest."""
SLOWEST = 25
"""Channels whose latency is drawn; the table has all."""
SAFE_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
EVENT_TONES = {"applied": "good", "already": "good", "drifted": "bad", "not_reached": ""}


@dataclass(frozen=True, slots=True)
class Ending:
    """Something that ends at a day: a certificate, a waiver."""

    day: str
    """`2026-05-01`."""
    left: int
    """Whole days until then; negative where it is over."""
    what: str
    name: str
    detail: str

    @property
    def month(self) -> str:
        """Give the month that it belongs to."""
        return self.day[:7]

    @property
    def tone(self) -> str:
        """Give the colour: over, soon, or neither."""
        return "bad" if self.left < 0 else "warn" if self.left < SOON else ""


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event as a row."""

    when: str
    run: str
    name: str
    link: str
    what: str
    tone: str
    exposure: str
    exposure_tone: str
    who: str
    detail: str
    views: Sequence[FieldRow]


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """A channel as a row."""

    name: str
    link: str
    organisation: str
    kind: str
    owner: str
    state: str
    tone: str
    origins: int
    p50: str
    p95: str
    rate: str
    until: str
    left: int | None
    last: str


def history_pages(
    history: History, *, now: datetime, chain: JsonObject, endings: Iterable[Ending] = ()
) -> Iterator[tuple[str, str]]:
    """Give each page as its path below the folder and its text; those of the runs are apart.

    `chain` says whether the records form one line, as `report` does; `endings` are those that no record holds.
    """
    ends = sorted([*_certificates(history, now), *endings], key=lambda one: (one.day, one.name))
    yield "index.html", _index(history, chain, ends)
    yield "runs.html", _page("runs.html", "runs.html", title="Runs", runs=_run_rows(history.runs))
    yield (
        "channels.html",
        _page(
            "channels.html",
            "channels.html",
            title="Channels",
            channels=[_channel_row(track, now) for track in _tracks(history)],
            chart=_slowest(history),
        ),
    )
    yield "drift.html", _drift(history)
    yield "ends.html", _page("ends.html", "ends.html", title="What ends when", months=_months(ends))
    for track in _tracks(history):
        yield _path(track), _channel(track, now)


def recorded_page(run: str, document: JsonObject) -> tuple[str, str] | None:
    """Give the page of one record as its path and its text; None where no page can show it."""
    links = _links("", "../")
    command = facts.word(document, "command")
    if command == "apply":
        return f"runs/{run}.html", run_html(document, links=links)
    return (f"runs/{run}.html", drift_html(document, links=links)) if command == "drift" else None


def _page(template: str, here: str, *, root: str = "", **content: object) -> str:
    return make_page(f"site/{template}", links=_links(here, root), root=root, **content)


def _links(here: str, root: str) -> list[JsonObject]:
    return [{"href": root + path, "text": text, "here": path == here} for path, text in PAGES]


def _tracks(history: History) -> list[Track]:
    return [track for _, track in sorted(history.tracks.items())]


def _path(track: Track | Event) -> str:
    return f"channels/{_slug(track.organisation)}/{_slug(track.name)}.html"


def _slug(text: str) -> str:
    """Name a file by what may be anything."""
    return (
        text
        if SAFE_NAME.fullmatch(text)
        else "x-" + hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16]
    )


def _index(history: History, chain: JsonObject, ends: Sequence[Ending]) -> str:
    runs = history.runs
    plots: list[Plot] = []
    if runs:
        spans = spans_of(runs)
        drawn = (runs_plot(spans), exposure_plot(runs, spans), latency_plot(spans), success_plot(spans))
        plots = [plot for plot in drawn if plot]
    events = _events(history)
    widening = [event for event in events if event.exposure in ("widens", "unknown")]
    return _page(
        "index.html",
        "index.html",
        title="History",
        organisation=", ".join(sorted({run.organisation for run in runs}))[:200],
        chain=chain,
        tiles=_tiles(history, ends),
        plots=plots,
        runs=_run_rows(runs[-NEWEST:]),
        widening=[_event_row(event) for event in widening[:NEWEST]],
        ends=[one for one in ends if one.tone][:NEWEST],
        unreadable=history.unreadable,
    )


def _tiles(history: History, ends: Sequence[Ending]) -> list[Tile]:
    runs = history.runs
    checks, failed = sum(run.checks for run in runs), sum(run.failed_checks for run in runs)
    live = [track for track in history.tracks.values() if not track.deleted]
    moved = sum(track.state in ("drifted", "both") for track in live)
    last = f"{runs[-1].when:%Y-%m-%d %H:%M}" if runs else "none"
    first_end = next((one for one in ends if one.left >= 0), None)
    return [
        ("runs recorded", str(len(runs)), f"last {last}"),
        ("channels", str(len(live)), f"{len(history.tracks) - len(live)} deleted"),
        ("origins allowed", str(sum(len(track.origins) for track in live)), "by what was applied"),
        ("drifted now", str(moved), "by the newest look"),
        ("checks as expected", f"{(checks - failed) / checks:.1%}" if checks else "none", f"{checks} checks"),
        ("ends next", first_end.day if first_end else "nothing", first_end.name[:60] if first_end else ""),
    ]


def _slowest(history: History) -> Bars | None:
    """Draw the channels with the slowest handshakes: half of them, up to p95, up to p99."""
    rows: list[tuple[str, Sequence[float]]] = []
    for track in _tracks(history):
        if seconds := sorted(track.seconds):
            half, most, nearly_all = (nearest_rank(seconds, share) for share in (0.5, 0.95, 0.99))
            rows.append((track.name, (half, most - half, nearly_all - most)))
    rows.sort(key=lambda row: -sum(row[1]))
    return phase_bars(rows[:SLOWEST], ("p50", "up to p95", "up to p99")) if rows else None


def _drift(history: History) -> str:
    moves = [event for event in _events(history) if event.what == "drifted"]
    return _page(
        "drift.html",
        "drift.html",
        title="Drift, and who caused it",
        movers=history.movers.most_common(50),
        events=[_event_row(event) for event in moves[:EVENTS]],
        left_out=max(0, len(moves) - EVENTS),
    )


def _channel(track: Track, now: datetime) -> str:
    root = "../../"
    row = _channel_row(track, now)
    facts_of = [
        ("kind", track.kind),
        ("file", track.file),
        ("owner", track.owner),
        ("organisation", track.organisation),
        ("endpoint", track.url),
        ("certificate", f"until {row.until}, {counted(row.left or 0, 'day')} left" if row.until else ""),
    ]
    return _page(
        "channel.html",
        "",
        root=root,
        title=track.name,
        row=row,
        origins=track.origins,
        deleted=track.deleted,
        facts=[(name, value) for name, value in facts_of if value],
        tiles=[
            ("handshake", row.p50, f"half are faster; p95 {row.p95}" if track.seconds else ""),
            ("checks as expected", row.rate, counted(track.checks, "check")),
            ("origins allowed", str(row.origins), ""),
        ],
        events=[_event_row(event, root) for event in reversed(track.events)],
        kinds=sorted({event.what.replace("_", " ") for event in track.events}),
        left_out=track.left_out,
    )


def _channel_row(track: Track, now: datetime) -> ChannelRow:
    seconds = sorted(track.seconds)
    state = track.state or ("deleted" if track.deleted else "as applied")
    day = track.certificate[:10]
    return ChannelRow(
        name=track.name,
        link=_path(track),
        organisation=track.organisation,
        kind=track.kind,
        owner=track.owner,
        state=state,
        tone={"drifted": "bad", "both": "bad", "pending": "warn"}.get(state, ""),
        origins=len(track.origins),
        p50=f"{nearest_rank(seconds, 0.5) * 1000:.0f} ms" if seconds else "none",
        p95=f"{nearest_rank(seconds, 0.95) * 1000:.0f} ms" if seconds else "none",
        rate=f"{(track.checks - track.failed_checks) / track.checks:.1%}" if track.checks else "none",
        until=day,
        left=_days_left(day, now),
        last=f"{track.events[-1].when:%Y-%m-%d %H:%M}" if track.events else "",
    )


def _run_rows(runs: Sequence[RunRow]) -> list[JsonObject]:
    return [
        {
            "run": run.run,
            "when": f"{run.when:%Y-%m-%d %H:%M}",
            "command": run.command,
            "exit": run.exit,
            "tone": "good" if run.exit == 0 else "warn" if run.exit == 2 else "bad",
            "verdict": run.verdict,
            "commit": run.commit[:10],
            "exposure": run.exposure,
            "exposure_tone": exposure_tone(run.exposure) if run.exposure else "",
            "requests": run.requests,
        }
        for run in reversed(runs)
    ]


def _events(history: History) -> list[Event]:
    """Give the events of all channels, newest first."""
    events = [event for track in history.tracks.values() for event in track.events]
    return sorted(events, key=lambda event: event.when, reverse=True)


def _event_row(event: Event, root: str = "") -> EventRow:
    return EventRow(
        when=f"{event.when:%Y-%m-%d %H:%M}",
        run=event.run,
        name=event.name,
        link=root + _path(event),
        what=event.what.replace("_", " "),
        tone=EVENT_TONES.get(event.what, "warn"),
        exposure=event.exposure,
        exposure_tone=exposure_tone(event.exposure) if event.exposure else "",
        who=event.who,
        detail=event.detail,
        views=tuple(field_row(view) for view in event.views),
    )


def _certificates(history: History, now: datetime) -> Iterator[Ending]:
    for track in _tracks(history):
        day = track.certificate[:10]
        left = _days_left(day, now)
        if left is not None and not track.deleted:
            yield Ending(day, left, "certificate", track.name, track.url)


def _days_left(day: str, now: datetime) -> int | None:
    try:
        return (datetime.fromisoformat(day).date() - now.date()).days
    except ValueError:
        return None


def _months(ends: Sequence[Ending]) -> list[tuple[str, list[Ending]]]:
    months: dict[str, list[Ending]] = {}
    for one in ends:
        months.setdefault(one.month, []).append(one)
    return list(months.items())
