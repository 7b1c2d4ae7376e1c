"""A plan as a page: what the reviewer needs, both sides of each field next to each other."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model import Action, Exposure, JsonObject
from reconciler.report import facts
from reconciler.report.changes import of_action, webhooks_to_write
from reconciler.report.html.page import make_page
from reconciler.report.html.views import Tile, bill_tile, change_cards, exposure_tone, exposures, picked
from reconciler.report.waivers import waiver_sentences
from reconciler.report.wording import ACTION_SYMBOLS, approval_sentence, offline_sentence, plan_verdict

BINDINGS = ("digest", "commit", "tree", "organisation", "api", "files", "rules")


def plan_html(document: JsonObject) -> str:
    """Write a plan."""
    exposure = facts.word(document, "exposure", Exposure.UNKNOWN)
    writing = [
        channel
        for channel in facts.rows(document, "channels")
        if facts.word(channel, "action") in ACTION_SYMBOLS
    ]
    return make_page(
        "plan.html",
        title="Plan",
        organisation=facts.word(document, "organisation"),
        verdict=plan_verdict(document),
        tone=exposure_tone(exposure) or "good",
        warnings=list(_warnings(document)),
        tiles=_tiles(document),
        cards=change_cards(document),
        exposures=exposures(writing),
        webhooks=picked(webhooks_to_write(document), "action", "name", "address"),
        unmanaged=picked(of_action(document, Action.UNMANAGED), "name", "id"),
        bindings=[(key, word) for key in BINDINGS if (word := facts.word(document, key))],
    )


def _warnings(document: JsonObject) -> Iterator[str]:
    """Say what the reviewer must know before anything else."""
    yield from filter(None, (offline_sentence(document), approval_sentence(document)))
    yield from waiver_sentences(document)


def _tiles(document: JsonObject) -> list[Tile]:
    summary = facts.part(document, "summary")
    intended = [(f"to {action}", str(facts.count(summary, action)), "") for action in ACTION_SYMBOLS]
    rest = [(action, str(facts.count(summary, action)), "") for action in ("unchanged", "unmanaged")]
    return [*intended, *rest, bill_tile("made with", facts.part(document, "requests"))]
