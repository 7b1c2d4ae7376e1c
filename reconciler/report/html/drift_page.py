"""A look for drift as a page: three values a field, who moved it, the ways out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.model import DriftState, JsonObject
from reconciler.report import facts
from reconciler.report.counts import counted
from reconciler.report.drift_entries import SIDES, Entry, moved_entries
from reconciler.report.drift_text import TAKEN, UNKNOWN_EXPOSURES, remedy_lines, unmanaged, who, worst_first
from reconciler.report.html.page import make_page
from reconciler.report.html.views import Tile, bill_tile, exposure_tone, picked
from reconciler.report.told import told_words
from reconciler.report.waivers import waiver_sentences
from reconciler.report.wording import field_name, value_text

BINDINGS = ("run", "when", "commit", "organisation", "version")
TONES = {DriftState.DRIFTED: "bad", DriftState.BOTH: "bad", DriftState.PENDING: "warn"}


@dataclass(frozen=True, slots=True)
class DriftRow:
    """One field: the three values, or of a list the entries that are not on every side."""

    name: str
    sides: Sequence[str]
    entries: Sequence[Entry]
    same: str
    note: str


@dataclass(frozen=True, slots=True)
class DriftCard:
    """One channel on which the sides do not agree."""

    name: str
    kind: str
    state: str
    tone: str
    exposure: str
    exposure_tone: str
    about: str
    gone: bool
    fields: Sequence[DriftRow]
    remedies: Sequence[JsonObject]


def drift_html(document: JsonObject, *, links: Sequence[JsonObject] = ()) -> str:
    """Write a look for drift; `links` is the bar of links, where the page stands among others."""
    channels = worst_first(document)
    trail = facts.part(document, "audit")
    alarming = facts.count(document, "drifted") and facts.word(document, "exposure") in UNKNOWN_EXPOSURES
    return make_page(
        "drift.html",
        title="Drift",
        organisation=facts.word(document, "organisation"),
        links=links,
        verdict=facts.word(document, "verdict"),
        tone="bad" if alarming else "warn" if channels else "good",
        tiles=_tiles(document),
        cards=[_card(channel) for channel in channels],
        states=[state for state in TONES if any(row.get("state") == state for row in channels)],
        unmanaged=picked(unmanaged(document), "name", "id"),
        gap="" if not trail or trail.get("complete") is True else facts.word(trail, "reason", "not said"),
        warnings=waiver_sentences(document),
        told=list(told_words(document)),
        bindings=[(key, word) for key in BINDINGS if (word := facts.word(document, key))],
    )


def _tiles(document: JsonObject) -> list[Tile]:
    summary = facts.part(document, "summary")
    counts = [(state.value, str(facts.count(summary, state)), "") for state in DriftState]
    return [*counts, bill_tile("spent", facts.part(document, "requests"))]


def _card(channel: JsonObject) -> DriftCard:
    state, exposure = facts.word(channel, "state"), facts.word(channel, "exposure", "unknown")
    applied = facts.part(channel, "applied")
    about = (
        facts.word(channel, "file"),
        f"owner {owner}" if (owner := facts.word(channel, "owner")) else "",
        f"last applied {when[:19]}"
        if (when := facts.word(applied, "when"))
        else "never applied by a recorded run",
    )
    return DriftCard(
        name=facts.word(channel, "name"),
        kind=facts.word(channel, "kind"),
        state=state,
        tone=TONES[DriftState(state)],
        exposure=exposure,
        exposure_tone=exposure_tone(exposure),
        about=" · ".join(filter(None, about)),
        gone=channel.get("there") is False,
        fields=tuple(_row(field) for field in facts.rows(channel, "fields")),
        remedies=[
            {
                "side": f"Take {TAKEN.get(facts.word(remedy, 'side'), 'neither side')}",
                "does": facts.word(remedy, "does"),
                "commands": remedy_lines(remedy),
            }
            for remedy in facts.rows(channel, "remedies")
        ],
    )


def _row(field: JsonObject) -> DriftRow:
    moved = moved_entries(field)
    attribution = facts.part(field, "attribution")
    return DriftRow(
        name=field_name(facts.word(field, "path")),
        sides=() if moved else tuple(value_text(field.get(side), limit=2_000) for side in SIDES),
        entries=moved[0] if moved else (),
        same=f"{counted(moved[1], 'entry', 'entries')} as Git wants" if moved and moved[1] else "",
        note=who(attribution) if attribution else "",
    )
