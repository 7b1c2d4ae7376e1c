"""What the templates show of a change or of a clash, as values; shared by the pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from reconciler.model import Action, Exposure, JsonObject
from reconciler.report import facts
from reconciler.report.changes import FieldView, Group, group_views, groups
from reconciler.report.counts import listed
from reconciler.report.stream import Made
from reconciler.report.wording import ACTION_SYMBOLS, field_name, requests_text, value_text

NAMES = 40
OPEN = 8
"""Changes that are shown opened; of more, each waits for a click."""
EXPOSURE_TONES = {Exposure.WIDENS: "bad", Exposure.UNKNOWN: "bad", Exposure.NARROWS: "warn"}
ACTION_TONES = {Action.CREATE: "good", Action.UPDATE: "warn", Action.DELETE: "bad"}


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One changed field, both sides."""

    name: str
    note: str
    tone: str
    kept: Sequence[str]
    removed: Sequence[str]
    added: Sequence[str]
    origin: str
    """The overlay that set it; empty where the channel file did."""


@dataclass(frozen=True, slots=True)
class ChangeCard:
    """One change, of one channel or the same of many."""

    symbol: str
    action: str
    action_tone: str
    title: str
    names: Sequence[str]
    listed: str
    """The names, where there are several."""
    kind: str
    owner: str
    exposure: str
    tone: str
    origin: str
    notes: Sequence[str]
    """What stands in the way, or must come first."""
    views: Sequence[FieldRow]
    open: bool


@dataclass(frozen=True, slots=True)
class Values:
    """One field as several sides have it, in the order of the columns."""

    name: str
    sides: Sequence[str]
    note: str = ""


Tile = tuple[str, str, str]
"""A figure: its name, its value, a detail."""


def bill_tile(name: str, requests: JsonObject) -> Tile:
    """Give a bill: how many requests, and of which kind."""
    spent, _, detail = requests_text(requests).partition(" (")
    return name, spent, detail.removesuffix(")")


def change_cards(document: JsonObject) -> Sequence[ChangeCard]:
    """Give the changes of a plan, worst first, the same edit folded into one."""
    changed = groups(document)
    return Made(partial(_card, opened=len(changed) <= OPEN), changed)


def field_row(view: FieldView) -> FieldRow:
    """Give one changed field as a row."""
    tone = exposure_tone(view.note) if view.note else ""
    return FieldRow(field_name(view.path), view.note, tone, view.kept, view.removed, view.added, view.origin)


def exposure_tone(exposure: str) -> str:
    """Give the colour of an exposure; what nobody knows alarms."""
    known = exposure if exposure in list(Exposure) else Exposure.UNKNOWN
    return EXPOSURE_TONES.get(Exposure(known), "")


def exposures(rows: Sequence[JsonObject]) -> list[str]:
    """Give the exposures that occur, strongest first, to filter by."""
    found = {facts.word(row, "exposure", Exposure.UNKNOWN) for row in rows}
    return [exposure for exposure in ("unknown", "widens", "narrows", "neutral") if exposure in found]


def picked(rows: Sequence[JsonObject], *keys: str) -> list[JsonObject]:
    """Give rows with the words under these keys, which are all there then."""
    return [{key: facts.word(row, key) for key in keys} for row in rows]


def side_values(rows: Sequence[JsonObject], keys: Sequence[str]) -> Iterator[Values]:
    """Give fields, each with its values under these keys."""
    for row in rows:
        sides = tuple(value_text(row.get(key), limit=2_000) for key in keys)
        yield Values(field_name(facts.word(row, "path")), sides)


def _card(group: Group, *, opened: bool) -> ChangeCard:
    desired = facts.part(group.channels[0], "desired")
    first, rest = group.names[0], len(group.names) - 1
    return ChangeCard(
        symbol=ACTION_SYMBOLS[group.action],
        action=group.action,
        action_tone=ACTION_TONES[Action(group.action)],
        title=f"{first} and {rest} more with the same change" if rest else first,
        names=group.names,
        listed=listed(group.names, NAMES) if rest else "",
        kind=group.kind,
        owner=facts.word(desired, "owner"),
        exposure=group.exposure if group.exposure in list(Exposure) else Exposure.UNKNOWN.value,
        tone=exposure_tone(group.exposure),
        origin=_origin(group.channels[0]),
        notes=tuple(_notes(group)),
        views=tuple(field_row(view) for view in group_views(group)),
        open=opened,
    )


def _notes(group: Group) -> Iterator[str]:
    for channel in group.channels:
        if note := facts.word(channel, "note"):
            yield f"{facts.word(channel, 'name')}: {note}"
        if first := facts.word(channel, "waits_for"):
            yield f"{facts.word(channel, 'name')} waits for {first} to be published"


def _origin(channel: JsonObject) -> str:
    desired, revision = facts.part(channel, "desired"), facts.word(channel, "revision")
    owner, file = facts.word(desired, "owner"), facts.word(desired, "file")
    parts = (file, f"owner {owner}" if owner else "", f"live version {revision}" if revision else "")
    return " · ".join([*filter(None, parts), f"id {facts.word(channel, 'id')}"])
