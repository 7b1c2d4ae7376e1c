"""Waivers as JSON rows, as figures, and as lines for those that somebody must do something about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

from reconciler.model import JsonObject, Waiver, WaiverState
from reconciler.report import facts
from reconciler.report.terminal import Colour, Line, wrapped

Standing = tuple[Waiver, WaiverState]
"""A waiver, and how it stands today."""


def waiver_rows(waivers: Sequence[Standing], today: date) -> list[JsonObject]:
    """Write every waiver with its state and the days that it still holds (negative: since when it does not)."""
    return [
        {
            "name": waiver.name,
            "rule": waiver.rule,
            "channel": waiver.channel,
            "field": waiver.field,
            "value": waiver.value,
            "reason": waiver.reason,
            "owner": waiver.owner,
            "expires": waiver.expires.isoformat(),
            "daysLeft": (waiver.expires - today).days,
            "state": state.value,
        }
        for waiver, state in waivers
    ]


def waiver_metrics(waivers: Sequence[Standing]) -> JsonObject:
    """Count waivers by state."""
    counts = Counter(state for _, state in waivers)
    return {state.value: counts[state] for state in WaiverState}


def waiver_lines(document: JsonObject, width: int) -> Iterator[Line]:
    """Tell of waivers that end soon, or have ended; nothing where there are none."""
    for sentence in waiver_sentences(document):
        yield from wrapped(f"! {sentence}", width, colour=Colour.YELLOW)


def waiver_sentences(document: JsonObject) -> list[str]:
    """Say which waivers end soon, or have ended, and whose they are."""
    return [f"waiver {facts.word(row, 'name')} {_when(row)}: {_what(row)}" for row in _due(document)]


def _due(document: JsonObject) -> Iterator[JsonObject]:
    for row in facts.rows(document, "waivers"):
        if facts.word(row, "state") in (WaiverState.ENDING, WaiverState.EXPIRED):
            yield row


def _when(row: JsonObject) -> str:
    days = facts.count(row, "daysLeft")
    when = facts.word(row, "expires")
    if days < 0:
        return f"ended on {when}"
    return {0: "ends today", 1: "ends tomorrow"}.get(days, f"ends in {days} days, on {when}")


def _what(row: JsonObject) -> str:
    return f"{facts.word(row, 'rule')} in {facts.word(row, 'channel')}, owner {facts.word(row, 'owner')}"
