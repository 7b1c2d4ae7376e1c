"""The parts of a saved plan, taken out of a document that may hold anything.

A value that is missing or of another type is refused with its place; values are never shown. By hand, since
the library that checks JSON Schemas has its home in another room, and would not build our values.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

from reconciler.errors import UsageError
from reconciler.kinds import KINDS, kind_named
from reconciler.model import (
    Action,
    Binding,
    Change,
    Channel,
    Exposure,
    FieldChange,
    LiveChannel,
    LiveWebhook,
    Origin,
    Pointer,
    Revision,
    WebhookChange,
)

SIDES = {
    Action.CREATE: (True, False),
    Action.UPDATE: (True, True),
    Action.DELETE: (False, True),
    Action.UNCHANGED: (True, True),
    Action.UNMANAGED: (False, True),
}
"""Whether a change has a channel file, and a live channel."""
_NOUNS = {str: "a text", dict: "an object", list: "a list"}

T = TypeVar("T", str, dict[str, Any], list[Any])
E = TypeVar("E", bound=StrEnum)


def read_binding(document: dict[str, Any]) -> Binding:
    """Take what the plan was made for."""
    return Binding(
        api=required(document, "api", "", str),
        organisation=required(document, "organisation", "", str),
        commit=_optional(document, "commit", "", str),
        tree=_optional(document, "tree", "", str),
        files=required(document, "files", "", str),
        rules=required(document, "rules", "", str),
    )


def read_change(entry: dict[str, Any], where: str) -> Change:
    """Take one channel; `where` leads the places that refusals name, `channels[3].`."""
    kind = _kind_name(entry, where)
    name = required(entry, "name", where, str)
    change = Change(
        action=_word(entry, "action", where, Action),
        kind=kind,
        name=name,
        id=required(entry, "id", where, str),
        channel=_channel(entry, where, kind, name),
        live=_live(entry, where, kind),
        fields=tuple(_field(field, place) for field, place in entries(entry, "changes", where)),
        exposure=_word(entry, "exposure", where, Exposure),
        waits_for=_optional(entry, "waits_for", where, str),
        note=_optional(entry, "note", where, str),
    )
    _require_consistent(change, where)
    return change


def _kind_name(entry: dict[str, Any], where: str) -> str:
    name = required(entry, "kind", where, str)
    if all(kind.name != name for kind in KINDS):
        refuse(f"{where}kind", "one of " + ", ".join(kind.name for kind in KINDS))
    return name


def _channel(entry: dict[str, Any], where: str, kind: str, name: str) -> Channel | None:
    desired = _optional(entry, "desired", where, dict)
    if desired is None:
        return None
    where = f"{where}desired."
    labels = required(desired, "labels", where, dict)
    if not all(isinstance(value, str) for value in labels.values()):
        refuse(f"{where}labels", "an object of texts")
    spec = required(desired, "spec", where, dict)
    return Channel(
        kind=kind,
        name=name,
        id=_optional(spec, "id", f"{where}spec.", str),
        spec=spec,
        file=required(desired, "file", where, str),
        owner=_optional(desired, "owner", where, str),
        labels=labels,
        health_webhook=_optional(desired, "health_webhook", where, str),
    )


def _live(entry: dict[str, Any], where: str, kind: str) -> LiveChannel | None:
    revision = _optional(entry, "revision", where, str)
    if revision is None:
        return None
    return LiveChannel(
        kind=kind,
        id=required(entry, "id", where, str),
        name=required(entry, "live_name", where, str),
        document=_optional(entry, "base", where, dict) or {},
        revision=Revision(revision),
    )


def _require_consistent(change: Change, where: str) -> None:
    """Refuse a change that lacks what carrying it out needs, or whose parts are about different channels."""
    if (change.channel is not None, change.live is not None) != SIDES[change.action]:
        refuse(f"{where}action", "one that goes with desired and revision")
    if change.channel and change.channel.id not in (None, change.id):
        refuse(f"{where}desired.spec.id", "the id of the channel")
    if change.live and (change.writes or change.live.document) and _reread(change.live) != change.live:
        refuse(f"{where}base", "the live channel of this id, name and revision")


def _reread(live: LiveChannel) -> LiveChannel | None:
    try:
        return kind_named(live.kind).read(live.document)
    except ValueError:
        return None


def _field(entry: dict[str, Any], where: str) -> FieldChange:
    for name in ("before", "after"):
        if name not in entry:
            refuse(f"{where}{name}", "there")
    return FieldChange(
        path=_path(entry, where),
        before=entry["before"],
        after=entry["after"],
        exposure=_word(entry, "exposure", where, Exposure),
        origin=_origin(entry, where),
    )


def _origin(entry: dict[str, Any], where: str) -> Origin | None:
    origin = _optional(entry, "origin", where, dict)
    if origin is None:
        return None
    line, column = origin.get("line"), origin.get("column")
    if type(line) is not int or type(column) is not int:
        refuse(f"{where}origin", "a file with line and column")
    return Origin(required(origin, "file", f"{where}origin.", str), line, column)


def _path(entry: dict[str, Any], where: str) -> Pointer:
    text = required(entry, "path", where, str)
    if not text.startswith("/"):
        refuse(f"{where}path", "a JSON pointer")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text[1:].split("/"))


def read_webhook(entry: dict[str, Any], where: str) -> WebhookChange:
    """Take one webhook."""
    name = required(entry, "name", where, str)
    change = WebhookChange(
        action=_word(entry, "action", where, Action),
        name=name,
        channel=required(entry, "channel", where, str),
        address=required(entry, "address", where, str),
        live=_live_webhook(entry, where, name),
    )
    wanted = {Action.CREATE: False, Action.UPDATE: True, Action.UNCHANGED: True}
    if wanted.get(change.action) is not (change.live is not None):
        refuse(f"{where}action", "create, update or unchanged, with an id unless it is a create")
    if change.live and change.action is Action.UPDATE and not change.live.document:
        refuse(f"{where}base", "the live webhook")
    return change


def _live_webhook(entry: dict[str, Any], where: str, name: str) -> LiveWebhook | None:
    identity = _optional(entry, "id", where, str)
    if identity is None:
        return None
    return LiveWebhook(
        id=identity,
        name=name,
        document=_optional(entry, "base", where, dict) or {},
        revision=Revision(required(entry, "revision", where, str)),
    )


def required(holder: dict[str, Any], name: str, where: str, expected: type[T]) -> T:
    """Give a value of this type, or refuse."""
    value = holder.get(name)
    if not isinstance(value, expected):
        refuse(where + name, _NOUNS[expected])
    return value


def _optional(holder: dict[str, Any], name: str, where: str, expected: type[T]) -> T | None:
    return None if holder.get(name) is None else required(holder, name, where, expected)


def _word(holder: dict[str, Any], name: str, where: str, words: type[E]) -> E:
    value = holder.get(name)
    if not isinstance(value, str) or value not in set(words):
        refuse(where + name, "one of " + ", ".join(words))
    return words(value)


def entries(holder: dict[str, Any], name: str, where: str = "") -> Iterator[tuple[dict[str, Any], str]]:
    """Give every object of a list, with the place to name in a refusal."""
    for index, entry in enumerate(required(holder, name, where, list)):
        place = f"{where}{name}[{index}]"
        if not isinstance(entry, dict):
            refuse(place, "an object")
        yield entry, f"{place}."


def refuse(place: str, allowed: str) -> NoReturn:
    """Say which value is not what a plan has there."""
    raise UsageError(
        f"this is not a plan that this version reads: {place} must be {allowed}; make a new plan"
    )
