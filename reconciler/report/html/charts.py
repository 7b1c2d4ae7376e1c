"""Charts as numbers on a canvas, drawn by the templates as inline SVG; every chart has a text that says the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.report.wording import duration

WIDTH = 600
LABELS = 190
"""Units that the names at the left of a bar chart take."""
ROW = 20


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a bar."""

    x: float
    width: float
    series: int
    """From 1; the templates have a colour for each."""
    title: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A line of a bar chart."""

    y: int
    label: str
    segments: Sequence[Segment]
    end: float
    note: str


@dataclass(frozen=True, slots=True)
class Bars:
    """A chart of horizontal stacked bars."""

    width: int
    height: int
    legend: Sequence[str]
    bars: Sequence[Bar]
    summary: str


def phase_bars(rows: Sequence[tuple[str, Sequence[float]]], phases: Sequence[str]) -> Bars:
    """Draw seconds by phase, a name a bar, the longest first; there must be one."""
    longest = max(sum(spent) for _, spent in rows) or 1.0
    scale = (WIDTH - LABELS - 70) / longest
    bars = [_bar(place, name, spent, phases, scale) for place, (name, spent) in enumerate(rows)]
    summary = f"The slowest, {rows[0][0]}: {duration(sum(rows[0][1]))}."
    return Bars(WIDTH, len(rows) * ROW + 6, phases, bars, summary)


def _bar(place: int, name: str, spent: Sequence[float], phases: Sequence[str], scale: float) -> Bar:
    x, segments = float(LABELS), []
    for series, (phase, seconds) in enumerate(zip(phases, spent, strict=True), 1):
        width = round(seconds * scale, 1)
        if width:
            segments.append(Segment(round(x, 1), width, series, f"{phase} {duration(seconds)}"))
        x += width
    label = name if len(name) <= 30 else name[:29] + "…"
    return Bar(place * ROW + 3, label, segments, round(x, 1), duration(sum(spent)))
