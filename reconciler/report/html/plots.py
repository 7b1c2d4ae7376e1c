"""Charts over time: figures on a canvas, a legend, a sentence and a table that say the same."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reconciler.report.history import RunRow
from reconciler.report.metrics import nearest_rank

WIDTH, HEIGHT = 600, 190
LEFT, RIGHT, TOP, BOTTOM = 46, 8, 8, 22
COLUMNS = 60
"""Spans of time that a chart is divided into."""
POINTS = 400
"""Points of a line; a screen has no more columns for them."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of a stacked column."""

    x: float
    y: float
    width: float
    height: float
    series: int
    title: str


@dataclass(frozen=True, slots=True)
class Dot:
    """A single event on a line."""

    x: float
    y: float
    title: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A chart over time."""

    caption: str
    summary: str
    legend: Sequence[str]
    tones: Sequence[str]
    """The class of each series, by its place."""
    across: Sequence[tuple[float, str]]
    """Lines over the whole width: height and label."""
    along: Sequence[tuple[float, str, str]]
    """Dates below: place, label, anchor."""
    boxes: Sequence[Box] = ()
    lines: Sequence[tuple[int, str]] = ()
    """The series, and the points as SVG wants them."""
    dots: Sequence[Dot] = ()
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = field(default=())
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True, slots=True)
class Span:
    """The runs of one span of time."""

    start: datetime
    end: datetime
    runs: tuple[RunRow, ...]

    @property
    def seconds(self) -> list[float]:
        """Give the accepted handshakes of these runs."""
        return [spent for run in self.runs for spent in run.seconds]


def spans_of(runs: Sequence[RunRow]) -> list[Span]:
    """Divide runs, oldest first, into spans of equal length; those without a run are there, too."""
    first = runs[0].when
    length = max((runs[-1].when - first) / COLUMNS, timedelta(minutes=1))
    number = min(COLUMNS, int((runs[-1].when - first) / length) + 1)
    held: list[list[RunRow]] = [[] for _ in range(number)]
    for run in runs:
        held[min(number - 1, int((run.when - first) / length))].append(run)
    return [
        Span(first + place * length, first + (place + 1) * length, tuple(one))
        for place, one in enumerate(held)
    ]


def runs_plot(spans: Sequence[Span]) -> Plot:
    """Draw how many runs went well, found or left something to do, and failed."""
    kinds = ("all done", "drift or changes found", "not all done")
    counts = [[sum(_ending(run) == kind for run in span.runs) for kind in range(3)] for span in spans]
    top = _ceiling(max(map(sum, counts)))
    step = (WIDTH - LEFT - RIGHT) / len(spans)
    boxes: list[Box] = []
    for place, stack in enumerate(counts):
        height = 0.0
        for series, count in enumerate(stack):
            if count:
                tall = count / top * _room()
                title = f"{_date(spans[place].start)}: {count} {kinds[series]}"
                x, y = LEFT + place * step, TOP + _room() - height - tall
                boxes.append(Box(_1(x), _1(y), _1(max(step - 1, 1)), _1(tall), series, title))
                height += tall
    total = [sum(stack[series] for stack in counts) for series in range(3)]
    return Plot(
        caption="Runs over time",
        summary=", ".join(f"{count} {kind}" for count, kind in zip(total, kinds, strict=True)) + ".",
        legend=kinds,
        tones=("good", "warn", "bad"),
        across=_across(top, lambda value: f"{value:.0f}"),
        along=_along(spans),
        boxes=boxes,
        head=("from", *kinds),
        rows=[
            (_date(span.start), *map(str, stack))
            for span, stack in zip(spans, counts, strict=True)
            if span.runs
        ],
    )


def latency_plot(spans: Sequence[Span]) -> Plot | None:
    """Draw the percentiles of the accepted handshakes; None where there is none."""
    told = [(span, sorted(span.seconds)) for span in spans]
    told = [(span, seconds) for span, seconds in told if seconds]
    if not told:
        return None
    shares = (0.5, 0.95, 0.99)
    values = [[nearest_rank(seconds, share) * 1000 for share in shares] for _, seconds in told]
    newest = " ".join(
        f"p{share * 100:.0f} {value:.0f} ms," for share, value in zip(shares, values[-1], strict=True)
    )
    return _lines_plot(
        spans,
        [(span, row) for (span, _), row in zip(told, values, strict=True)],
        caption="Handshake latency",
        summary=f"Newest: {newest.rstrip(',')}.",
        legend=("p50", "p95", "p99"),
        unit="ms",
    )


def success_plot(spans: Sequence[Span]) -> Plot | None:
    """Draw the share of checks that saw what they expected; None where nothing was checked."""
    told = []
    for span in spans:
        checks, failed = sum(run.checks for run in span.runs), sum(run.failed_checks for run in span.runs)
        if checks:
            told.append((span, [100 * (checks - failed) / checks]))
    if not told:
        return None
    checks = sum(run.checks for span in spans for run in span.runs)
    failed = sum(run.failed_checks for span in spans for run in span.runs)
    return _lines_plot(
        spans,
        told,
        caption="Endpoint checks as expected",
        summary=f"{checks - failed} of {checks} since the first run.",
        legend=("as expected",),
        unit="%",
        top=100,
    )


def exposure_plot(runs: Sequence[RunRow], spans: Sequence[Span]) -> Plot:
    """Draw how many origins may reach the channels, with the runs that widened it or found it widened."""
    top = _ceiling(max(run.origins for run in runs))
    first, length = spans[0].start, (spans[-1].end - spans[0].start).total_seconds()
    thin = max(1, math.ceil(len(runs) / POINTS))
    points: list[str] = []
    y = _1(TOP + _room())
    for run in [*runs[::thin], runs[-1]]:
        x = _place(run.when, first, length)
        points.append(f"{x},{y}")
        y = _1(TOP + _room() - run.origins / top * _room())
        points.append(f"{x},{y}")
    widened = [run for run in runs if run.widened]
    dots = [
        Dot(
            _place(run.when, first, length),
            _1(TOP + _room() - run.origins / top * _room()),
            f"{_date(run.when)}: {run.command} {run.run}, {run.exposure}",
        )
        for run in widened[-POINTS:]
    ]
    return Plot(
        caption="Exposure: origins that may reach the channels",
        summary=f"{runs[-1].origins} now, {len(widened)} widening events. Counted from what recorded runs applied.",
        legend=("origins", "widened, by Git or behind its back"),
        tones=("s1", "bad"),
        across=_across(top, lambda value: f"{value:.0f}"),
        along=_along(spans),
        lines=[(0, " ".join(points))],
        dots=dots,
        head=("when", "run", "origins", "exposure"),
        rows=[(_date(run.when), run.run, str(run.origins), run.exposure) for run in widened[-COLUMNS:]],
    )


def _lines_plot(
    spans: Sequence[Span],
    told: Sequence[tuple[Span, Sequence[float]]],
    *,
    caption: str,
    summary: str,
    legend: Sequence[str],
    unit: str,
    top: float = 0,
) -> Plot:
    top = top or _ceiling(max(max(row) for _, row in told))
    first, length = spans[0].start, (spans[-1].end - spans[0].start).total_seconds()
    lines = []
    for series in range(len(legend)):
        points = [
            f"{_place(span.start + (span.end - span.start) / 2, first, length)},"
            f"{_1(TOP + _room() - row[series] / top * _room())}"
            for span, row in told
        ]
        # A line of one point would not be seen.
        lines.append(
            (
                series,
                " ".join(
                    points if len(points) > 1 else [points[0], f"{WIDTH - RIGHT},{points[0].split(',')[1]}"]
                ),
            )
        )
    return Plot(
        caption=caption,
        summary=summary,
        legend=legend,
        tones=("s1", "s2", "s3")[: len(legend)],
        across=_across(top, lambda value: f"{value:.0f} {unit}"),
        along=_along(spans),
        lines=lines,
        head=("from", *(f"{name} ({unit})" for name in legend)),
        rows=[(_date(span.start), *(f"{value:.1f}" for value in row)) for span, row in told],
    )


def _ending(run: RunRow) -> int:
    return 0 if run.exit == 0 else 1 if run.exit == 2 else 2


def _across(top: float, text: Callable[[float], str]) -> list[tuple[float, str]]:
    return [(_1(TOP + _room() * (1 - part / 4)), text(top * part / 4)) for part in range(5)]


def _along(spans: Sequence[Span]) -> list[tuple[float, str, str]]:
    first, last = spans[0].start, spans[-1].end
    middle = first + (last - first) / 2
    return [
        (LEFT, _date(first), "start"),
        ((LEFT + WIDTH - RIGHT) / 2, _date(middle), "middle"),
        (WIDTH - RIGHT, _date(last), "end"),
    ]


def _place(when: datetime, first: datetime, length: float) -> float:
    return _1(LEFT + (when - first).total_seconds() / (length or 1) * (WIDTH - LEFT - RIGHT))


def _room() -> int:
    return HEIGHT - TOP - BOTTOM


def _ceiling(value: float) -> float:
    """Give a round number that is not smaller, in four round steps."""
    if value <= 4:
        return 4
    scale = 10.0 ** math.floor(math.log10(value))
    return next(step * scale for step in (1, 2, 4, 8, 10) if step * scale >= value)


def _date(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M}"


def _1(value: float) -> float:
    return round(value, 1)
