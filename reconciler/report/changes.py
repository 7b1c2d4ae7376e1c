"""The changes of a plan as a reviewer wants to see them: worst first, the same edit once, sets as sets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from reconciler.model import Action, Exposure, Json, JsonObject
from reconciler.report import facts
from reconciler.report.wording import ACTION_SYMBOLS, DEEPEST, value_text

EXPOSURES = (Exposure.UNKNOWN, Exposure.WIDENS, Exposure.NARROWS, Exposure.NEUTRAL)
ACTIONS = (Action.DELETE, Action.CREATE, Action.UPDATE)


@dataclass(frozen=True, slots=True)
class Group:
    """Channels that have exactly the same changes."""

    action: str
    kind: str
    exposure: str
    channels: tuple[JsonObject, ...]
    changes: tuple[JsonObject, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Give the names of the channels."""
        return tuple(facts.word(channel, "name") for channel in self.channels)


@dataclass(frozen=True, slots=True)
class FieldView:
    """One changed field as the lines of a diff."""

    path: str
    note: str
    """What it does to exposure, where that needs saying."""
    removed: tuple[str, ...]
    added: tuple[str, ...]
    in_list: bool = False
    """Whether these are entries of a list, and not the whole value."""
    kept: tuple[str, ...] = ()
    """Of a list, the entries that stay."""
    origin: str = ""
    """The overlay that set it, with the line; of several channels, the overlay's folder."""


def groups(document: JsonObject) -> list[Group]:
    """Give the channels that a plan writes, worst first, the same edit to many folded into one."""
    folded: dict[str, list[JsonObject]] = {}
    for channel in facts.rows(document, "channels"):
        if facts.word(channel, "action") in ACTION_SYMBOLS:
            folded.setdefault(_edit(channel), []).append(channel)
    return sorted(map(_group, folded.values()), key=_weight)


def of_action(document: JsonObject, action: Action) -> list[JsonObject]:
    """Give the channels that a plan lists under this action."""
    return [channel for channel in facts.rows(document, "channels") if channel.get("action") == action]


def notes(document: JsonObject) -> list[tuple[str, str]]:
    """Give what stands in the way of single changes, as names and sentences."""
    return [
        (facts.word(channel, "name"), facts.word(channel, "note"))
        for channel in facts.rows(document, "channels")
        if channel.get("note")
    ]


def webhooks_to_write(document: JsonObject) -> list[JsonObject]:
    """Give the health webhooks that a plan writes."""
    return [hook for hook in facts.rows(document, "webhooks") if facts.word(hook, "action") in ACTION_SYMBOLS]


def group_views(group: Group) -> Iterator[FieldView]:
    """Give each changed field; exposure is noted where the fields of a channel differ in it."""
    exposures = [facts.word(change, "exposure", Exposure.UNKNOWN) for change in group.changes]
    for change, exposure in zip(group.changes, exposures, strict=True):
        note = exposure if len(set(exposures)) > 1 and exposure != Exposure.NEUTRAL else ""
        origin = _origin(change, of_many=len(group.channels) > 1)
        for view in field_views(facts.word(change, "path"), change.get("before"), change.get("after"), note):
            yield replace(view, origin=origin) if origin else view


def field_views(path: str, before: Json, after: Json, note: str = "") -> Iterator[FieldView]:
    """Give one changed field; an object that is new, or gone, is shown field by field."""
    return _views(path, before, after, note, DEEPEST)


def _origin(change: JsonObject, *, of_many: bool) -> str:
    origin = facts.part(change, "origin")
    file = facts.word(origin, "file")
    if of_many or not file:
        return file.rpartition("/")[0]
    return f"{file}:{facts.count(origin, 'line')}"


def _edit(channel: JsonObject) -> str:
    """Name the edit of a channel, so that the same one has the same name; a create or delete is its own."""
    own = None if channel.get("action") == Action.UPDATE else channel.get("name")
    edit = [channel.get(key) for key in ("action", "kind", "exposure")]
    # Each channel has an overlay file of its own: the same edit comes from the same folder.
    changes = [
        {**change, "origin": _origin(change, of_many=True)} if "origin" in change else change
        for change in facts.rows(channel, "changes")
    ]
    return _canonical([own, *edit, changes])


def _group(channels: list[JsonObject]) -> Group:
    first = channels[0]
    return Group(
        action=facts.word(first, "action"),
        kind=facts.word(first, "kind"),
        exposure=facts.word(first, "exposure", Exposure.UNKNOWN),
        channels=tuple(channels),
        changes=tuple(facts.rows(first, "changes")),
    )


def _weight(group: Group) -> tuple[int, int, tuple[str, ...]]:
    exposure = EXPOSURES.index(Exposure(group.exposure)) if group.exposure in EXPOSURES else 0
    return exposure, ACTIONS.index(Action(group.action)), group.names


def _views(path: str, before: Json, after: Json, note: str, depth: int) -> Iterator[FieldView]:
    if depth and _all_of(Mapping, before, after):
        old, new = before or {}, after or {}
        for key in [*old, *(key for key in new if key not in old)]:
            if _canonical(old.get(key)) != _canonical(new.get(key)):
                yield from _views(f"{path}/{key}", old.get(key), new.get(key), note, depth - 1)
    else:
        yield _view(path, before, after, note)


def _view(path: str, before: Json, after: Json, note: str) -> FieldView:
    if _all_of(list, before, after):
        old, new = _by_value(before), _by_value(after)
        removed = tuple(value_text(entry) for key, entry in old.items() if key not in new)
        added = tuple(value_text(entry) for key, entry in new.items() if key not in old)
        kept = tuple(value_text(entry) for key, entry in old.items() if key in new)
        if removed or added:
            return FieldView(path, note, removed, added, in_list=True, kept=kept)
    gone = () if before is None else (value_text(before),)
    come = () if after is None else (value_text(after),)
    return FieldView(path, note, gone, come)


def _all_of(wanted: type, before: Json, after: Json) -> bool:
    """Say whether what is there of the two is of this type, and not empty."""
    values = [value for value in (before, after) if value is not None]
    return bool(values) and all(isinstance(value, wanted) and value for value in values)


def _by_value(entries: list[Json] | None) -> dict[str, Json]:
    return {_canonical(entry): entry for entry in entries or []}


def _canonical(value: Json) -> str:
    return json.dumps(value, sort_keys=True)
