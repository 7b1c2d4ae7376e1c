"""Clashes that a person settles beforehand: `--take git|live FIELD[@REVISION]`, read and applied to a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.decide.diff import compare
from reconciler.decide.exposure import strongest
from reconciler.decide.fields import leaves, value_at, with_value, without_value
from reconciler.kinds import kind_named
from reconciler.model import Action, Change, JsonObject, Plan, Pointer, Revision, Side, pointer_text


@dataclass(frozen=True, slots=True)
class Take:
    """One field, and whose value it shall have where Git and the live state clash."""

    side: Side
    path: Pointer
    revision: str | None = None
    """The revision that the person saw; any other clashes again. None: whichever is live."""


@dataclass(frozen=True, slots=True)
class Takes:
    """Every take of a run."""

    takes: tuple[Take, ...] = ()

    def at(self, live: Revision | None) -> Mapping[Pointer, Side]:
        """Give the takes that hold for what is live now."""
        revision = live.value if live else None
        return {take.path: take.side for take in self.takes if take.revision in (None, revision)}


def read_take(side: Side, text: str) -> Take:
    """Read `/webchatSettings/webchatUrl` or `webchatSettings.webchatUrl`, with `@REVISION` behind it or not."""
    place, _, revision = text.partition("@")
    parts = place[1:].split("/") if place.startswith("/") else place.split(".")
    path = tuple(part.replace("~1", "/").replace("~0", "~") for part in parts)
    return Take(side, path, revision or None)


def takeable(plan: Plan) -> tuple[str, ...]:
    """Give every field that some change of a plan manages, as pointers."""
    managed = {path for change in plan.changes if change.channel for path in leaves(change.channel.spec)}
    return tuple(sorted(map(pointer_text, managed)))


def leave_live(plan: Plan, takes: Sequence[Take]) -> Plan:
    """Take out of a plan what it would do to fields whose live value is to stay."""
    paths = [take.path for take in takes if take.side is Side.LIVE]
    return replace(plan, changes=tuple(_left(change, paths) for change in plan.changes)) if paths else plan


def _left(change: Change, paths: Sequence[Pointer]) -> Change:
    if change.action is not Action.UPDATE or change.channel is None or change.live is None:
        return change
    kind, spec = kind_named(change.kind), change.channel.spec
    live = kind.normalise(change.live.document)
    for path in paths:
        spec = _with_live(spec, path, live)
    fields = compare(kind, change.live.document, spec)
    return replace(
        change,
        action=Action.UPDATE if fields else Action.UNCHANGED,
        channel=replace(change.channel, spec=spec),
        fields=fields,
        exposure=strongest(field.exposure for field in fields),
    )


def _with_live(spec: JsonObject, path: Pointer, live: JsonObject) -> JsonObject:
    if path not in leaves(spec):
        return spec
    value = value_at(live, path)
    return without_value(spec, path) if value is None else with_value(spec, path, value)
