"""What to do when a channel is not as the reviewer saw it: three documents in, one decision out.

`base` is what was reviewed, `theirs` what is live now, `ours` what Git wants. Nothing is overwritten unseen:
a field that Git manages and somebody else moved stops the channel, unless it is a set, which can hold both
edits, or a person has said beforehand whose side to take.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from reconciler.decide.fields import canonical, leaves, same, value_at, with_value, without_value
from reconciler.kinds.kind import Kind
from reconciler.model import FieldClash, Json, JsonObject, Pointer, Side, Taken, pointer_text

NOTHING_TAKEN: Mapping[Pointer, Side] = MappingProxyType({})

DELETED = "the channel was deleted after the plan was made; a new plan would create it, or remove its file"
MOVED = "changed at the remote after the plan was made: {fields}; make a new plan and review it"
EXISTS = "a channel with this id was created after the plan was made and differs in {fields}; make a new plan"
BROKEN = "both edits of {fields} together break a rule: {reason}"


@dataclass(frozen=True, slots=True)
class Settled:
    """Live is as Git wants it already, or holds both edits; there is nothing to write."""

    spec: JsonObject = field(default_factory=dict, compare=False)
    """The managed fields as they are settled; empty for a delete."""
    merged: tuple[Pointer, ...] = ()
    """Sets that hold a concurrent edit besides ours."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Write again, on top of what is live now."""

    spec: JsonObject
    """The managed fields to write; empty for a delete."""
    live: JsonObject | None
    """The document to build the body on; None for a create."""
    merged: tuple[Pointer, ...] = ()
    """Sets that hold a concurrent edit besides ours."""
    taken: tuple[Taken, ...] = ()
    """Clashes that were settled by the side that a person took."""


@dataclass(frozen=True, slots=True)
class Clash:
    """Write nothing: somebody else's edit stands in the way, and a person must look."""

    fields: tuple[FieldClash, ...]
    """Empty where the channel is gone."""
    reason: str


Settlement = Settled | Retry | Clash


def settle(
    kind: Kind,
    base: JsonObject | None,
    theirs: JsonObject | None,
    spec: JsonObject,
    why_invalid: Callable[[JsonObject], str | None],
    takes: Mapping[Pointer, Side] = NOTHING_TAKEN,
) -> Settlement:
    """Decide what becomes of a create (`base` None) or an update that did not go through, or may have.

    `why_invalid` judges a merged spec by the rules of channel files, and says what is wrong with it or None.
    `takes` names fields whose clashes a person has settled beforehand.
    """
    if theirs is None:
        return Retry(spec, None) if base is None else Clash((), DELETED)
    spec, left = _leave_live(kind, base or {}, theirs, spec, takes)
    sides = _three_sides(kind, base or {}, theirs, spec)
    differing = tuple(side for side in sides if not same(side.theirs, side.ours))
    if not differing:
        return Settled(spec)
    if base is None:
        return Clash(differing, EXISTS.format(fields=_named(differing)))
    moved = tuple(side for side in differing if not same(side.theirs, side.base))
    forced = tuple(side for side in moved if takes.get(side.path) is Side.GIT)
    moved = tuple(side for side in moved if side not in forced)
    stuck = tuple(side for side in moved if not _is_mergeable(kind, side))
    if stuck:
        return Clash(stuck, MOVED.format(fields=_named(stuck)))
    settlement = _merge(theirs, spec, moved, why_invalid)
    if isinstance(settlement, Clash):
        return settlement
    if not _differs(kind, theirs, settlement.spec):
        # So a merged write whose answer was lost is known again.
        return Settled(settlement.spec, settlement.merged)
    return replace(settlement, taken=(*left, *(Taken(side, Side.GIT) for side in forced)))


def settle_delete(kind: Kind, base: JsonObject | None, theirs: JsonObject | None) -> Settlement:
    """Decide what becomes of a delete that did not go through, or may have."""
    if theirs is None:
        return Settled()
    before, now = leaves(kind.normalise(base or {})), leaves(kind.normalise(theirs))
    paths = sorted({*before, *now}, key=pointer_text)
    sides = [FieldClash(path, before.get(path), now.get(path), None) for path in paths]
    moved = tuple(side for side in sides if not same(side.base, side.theirs))
    return Clash(moved, MOVED.format(fields=_named(moved))) if moved else Retry({}, theirs)


def _three_sides(kind: Kind, base: JsonObject, theirs: JsonObject, spec: JsonObject) -> list[FieldClash]:
    """Give what each side has in every field that Git manages, in normal form."""
    before, now, ours = kind.normalise(base), kind.normalise(theirs), leaves(kind.normalise(spec))
    return [
        FieldClash(path, value_at(before, path), value_at(now, path), ours[path])
        for path in sorted(ours, key=pointer_text)
    ]


def _leave_live(
    kind: Kind, base: JsonObject, theirs: JsonObject, spec: JsonObject, takes: Mapping[Pointer, Side]
) -> tuple[JsonObject, tuple[Taken, ...]]:
    """Put into the spec what is live, in every field whose live value is to stay."""
    left = tuple(
        Taken(side, Side.LIVE)
        for side in _three_sides(kind, base, theirs, spec)
        if takes.get(side.path) is Side.LIVE and not same(side.theirs, side.ours)
    )
    for taken in left:
        path, value = taken.clash.path, taken.clash.theirs
        spec = without_value(spec, path) if value is None else with_value(spec, path, value)
    return spec, left


def _differs(kind: Kind, theirs: JsonObject, spec: JsonObject) -> bool:
    return any(not same(side.theirs, side.ours) for side in _three_sides(kind, {}, theirs, spec))


def _is_mergeable(kind: Kind, side: FieldClash) -> bool:
    base_is_set = side.base is None or isinstance(side.base, list)
    return (
        side.path in kind.sets
        and base_is_set
        and isinstance(side.theirs, list)
        and isinstance(side.ours, list)
    )


def _merge(
    theirs: JsonObject,
    spec: JsonObject,
    moved: tuple[FieldClash, ...],
    why_invalid: Callable[[JsonObject], str | None],
) -> Retry | Clash:
    merged = spec
    for side in moved:
        merged = with_value(merged, side.path, _merged_set(side))
    reason = why_invalid(merged) if moved else None
    if reason is not None:
        return Clash(moved, BROKEN.format(fields=_named(moved), reason=reason))
    return Retry(merged, theirs, tuple(side.path for side in moved))


def _merged_set(side: FieldClash) -> list[Json]:
    """Carry out the additions and removals of both edits of a set."""
    base = {canonical(element) for element in side.base or ()}
    theirs = {canonical(element): element for element in side.theirs}
    ours = {canonical(element): element for element in side.ours}
    kept = {text: element for text, element in theirs.items() if text in ours or text not in base}
    added = {text: element for text, element in ours.items() if text not in base}
    return [element for _, element in sorted((kept | added).items())]


def _named(fields: tuple[FieldClash, ...]) -> str:
    return ", ".join(pointer_text(field.path) for field in fields)
