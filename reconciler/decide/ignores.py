"""Fields left alone for a while, as `[ignore]` of `reconciler.toml` says: no drift, and no write touches them.

[ignore.banner-test]
channel = "secure-webchat"       # metadata.name
field = "/description"           # pointer into spec; what lies below it is ignored, too
reason = "Dana tries texts until the campaign ends"
expires = 2026-03-01             # this day included; after it the difference shows again
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from reconciler.model import Channel, Json, JsonObject, LiveChannel, Pointer, pointer_text

KEYS = ("channel", "field", "reason", "expires")
LONGEST = 500
Ignored = Mapping[str, frozenset[Pointer]]
"""Pointers into spec that are left alone, by `metadata.name`."""
NOTHING: Ignored = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Ignore:
    """One field of one channel that is left alone until a day."""

    name: str
    channel: str
    path: Pointer
    reason: str
    expires: date
    """The last day on which it holds."""


def read_ignores(tables: Mapping[str, Any]) -> tuple[Ignore, ...]:
    """Take the tables of `[ignore]`; ValueError says which is not as it must be."""
    return tuple(_ignore(name, table) for name, table in tables.items())


def in_force(ignores: Sequence[Ignore], today: date) -> Ignored:
    """Give what is left alone today."""
    found: dict[str, frozenset[Pointer]] = {}
    for one in ignores:
        if today <= one.expires:
            found[one.channel] = found.get(one.channel, frozenset()) | {one.path}
    return found


def notices(
    ignores: Sequence[Ignore], channels: Collection[Channel], today: date, ending_days: int
) -> list[str]:
    """Say which have ended, end soon, or name nothing that a file manages."""
    files = {channel.name: channel for channel in channels}
    told: list[str] = []
    for one in ignores:
        left, file = (one.expires - today).days, files.get(one.channel)
        where = f"[ignore.{one.name}] of {one.channel} {pointer_text(one.path)}"
        if left < 0:
            told.append(f"{where} ended on {one.expires}: the field is managed again; remove the table")
        elif file is None or without(file.spec, {one.path}) == file.spec:
            told.append(f"{where} ignores nothing that a file manages; correct or remove it")
        elif left <= ending_days:
            told.append(f"{where} ends on {one.expires}: {one.reason}")
    return told


def leave_alone(
    channels: Sequence[Channel], live: Mapping[tuple[str, str], LiveChannel], ignored: Ignored
) -> tuple[Channel, ...]:
    """Give the channels without the fields that are left alone, so that live values are carried through.

    `live` is by kind and id: what is not there yet is created whole.
    """
    return tuple(
        replace(channel, spec=without(channel.spec, ignored[channel.name]))
        if channel.name in ignored and (channel.kind, channel.id or "") in live
        else channel
        for channel in channels
    )


def without(spec: JsonObject, paths: Collection[Pointer]) -> JsonObject:
    """Give a spec without these fields."""
    for path in paths:
        spec = _cut(spec, path)
    return spec


def _cut(holder: JsonObject, path: Pointer) -> JsonObject:
    first, rest = path[0], path[1:]
    if first not in holder:
        return holder
    below: Json = holder[str(first)]
    if not rest:
        return {name: value for name, value in holder.items() if name != first}
    return {**holder, str(first): _cut(below, rest)} if isinstance(below, Mapping) else holder


def _ignore(name: str, table: Any) -> Ignore:
    where = f"[ignore.{name}]"
    if not isinstance(table, Mapping) or set(table) != set(KEYS):
        raise ValueError(f"{where} must have just {', '.join(KEYS)}")
    for key in ("channel", "field", "reason"):
        value = table[key]
        if not isinstance(value, str) or not value.strip() or len(value) > LONGEST:
            raise ValueError(f"{where} {key} must be a text of at most {LONGEST} characters")
    expires = table["expires"]
    if not isinstance(expires, date) or isinstance(expires, datetime):
        raise ValueError(f"{where} expires must be a day, without quotes: 2026-03-01")
    return Ignore(name, table["channel"], _pointer(where, table["field"]), table["reason"], expires)


def _pointer(where: str, text: str) -> Pointer:
    parts = tuple(part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:])
    if not text.startswith("/") or not all(parts) or parts == ("id",):
        raise ValueError(f'{where} field must be a pointer into spec, such as "/description"; never "/id"')
    return parts
