"""A look for drift as a page: three values a field, who moved it, the ways out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.model import DriftState, JsonObject
from reconciler.report import facts
from reconciler.report.drift_text import UNKNOWN_EXPOSURES, unmanaged, who, worst_first
from reconciler.report.html.page import make_page
from reconciler.report.html.views import Tile, Values, bill_tile, exposure_tone, side_values
from reconciler.report.told import told_words

BINDINGS = ("run", "when", "commit", "organisation", "version")
SIDES = ("applied", "live", "desired")
TONES = {DriftState.DRIFTED: "bad", DriftState.BOTH: "bad", DriftState.PENDING: "warn"}


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
    fields: Sequence[Values]
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
        unmanaged=unmanaged(document),
        gap="" if not trail or trail.get("complete") is True else facts.word(trail, "reason", "not said"),
        told=list(told_words(document)),
        bindings=[(key, word) for key in BINDINGS if (word := facts.word(document, key))],
    )


def _tiles(document: JsonObject) -> list[Tile]:
    summary = facts.part(document, "summary")
    counts = [(state.value, str(facts.count(summary, state)), "") for state in DriftState]
    return [*counts, bill_tile("spent", facts.part(document, "requests"))]


def _card(channel: JsonObject) -> DriftCard:
    state, exposure = facts.word(channel, "state"), facts.word(channel, "exposure", "unknown")
    fields = facts.rows(channel, "fields")
    values = side_values(fields, SIDES)
    told = [who(attribution) if (attribution := facts.part(field, "attribution")) else "" for field in fields]
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
        fields=tuple(Values(row.name, row.sides, note) for row, note in zip(values, told, strict=True)),
        remedies=[
            {
                "side": "Take Git's side" if facts.word(remedy, "side") == "git" else "Take their side",
                "does": facts.word(remedy, "does"),
                "commands": [str(command) for command in facts.entries(remedy, "commands")],
            }
            for remedy in facts.rows(channel, "remedies")
        ],
    )
