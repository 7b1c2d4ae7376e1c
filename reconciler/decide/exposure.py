"""What a plan does to who can reach the channels, as one word and as one sentence."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.kinds import kind_named
from reconciler.model import Action, Change, Exposure, FieldChange, Plan, Pointer, pointer_text

RANK = (Exposure.UNKNOWN, Exposure.WIDENS, Exposure.NARROWS, Exposure.NEUTRAL)
"""Strongest first: what nobody can judge needs a look before what is known to widen."""
WORDS = {
    Exposure.UNKNOWN: "unknown, which counts as widens",
    Exposure.WIDENS: "widens",
    Exposure.NARROWS: "narrows",
}


def strongest(exposures: Iterable[Exposure]) -> Exposure:
    """Give the strongest exposure: unknown, widens, narrows, neutral; neutral where there is none."""
    return min(exposures, key=RANK.index, default=Exposure.NEUTRAL)


def verdict(plan: Plan) -> str:
    """Say in one sentence what the plan does to who can reach the channels, strongest first.

    `widens: 1 channel created enabled, 3 origins in 2 channels; authentication unchanged`
    """
    parts = [f"{words}: {told}" for exposure, words in WORDS.items() if (told := _told(plan, exposure))]
    if parts:
        return "; ".join((*parts, *_unchanged(plan)))
    if plan.count(Action.CREATE) + plan.count(Action.UPDATE) + plan.count(Action.DELETE):
        return "neutral: nobody gains or loses access"
    return "neutral: no channel changes"


def _unchanged(plan: Plan) -> tuple[str, ...]:
    """Say what a reviewer looks for first and does not find: a change of who must sign in."""
    updates = [change for change in plan.changes if change.action is Action.UPDATE]
    moved = any(
        field.path[: len(path)] == path
        for change in updates
        for field in change.fields
        for path in kind_named(change.kind).authentication
    )
    return ("authentication unchanged",) if updates and not moved else ()


def counted(number: int, noun: str) -> str:
    """Write a number with its noun: `1 channel`, `2 channels`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _told(plan: Plan, exposure: Exposure) -> str:
    whole = [change for change in plan.changes if change.exposure is exposure]
    created = sum(change.action is Action.CREATE for change in whole)
    deleted = sum(change.action is Action.DELETE for change in whole)
    told = [f"{counted(created, 'channel')} created enabled"] if created else []
    told += [f"{counted(deleted, 'channel')} deleted"] if deleted else []
    moved = _updated(plan.changes, exposure)
    return ", ".join(told + [_field_told(path, noun, fields) for (path, noun), fields in moved.items()])


def _updated(changes: Iterable[Change], exposure: Exposure) -> dict[tuple[Pointer, str], list[FieldChange]]:
    """Give the fields of this exposure in the updates, by their path and what people call it."""
    found: dict[tuple[Pointer, str], list[FieldChange]] = {}
    for change in changes:
        nouns = kind_named(change.kind).nouns
        for field in change.fields if change.action is Action.UPDATE else ():
            if field.exposure is exposure:
                noun = nouns.get(field.path, pointer_text(field.path))
                found.setdefault((field.path, noun), []).append(field)
    return dict(sorted(found.items(), key=lambda item: pointer_text(item[0][0])))


def _field_told(path: Pointer, noun: str, moved: list[FieldChange]) -> str:
    """Say what of a field moved: `2 origins in 1 channel (1 removed)`, `1 origin removed in 1 channel`."""
    added = sum(_only_in(field.after, field.before) for field in moved)
    removed = sum(_only_in(field.before, field.after) for field in moved)
    where = f"in {counted(len(moved), 'channel')}"
    if noun == pointer_text(path) or not added + removed:
        counts = [f"{count} {word}" for count, word in ((added, "added"), (removed, "removed")) if count]
        return f"{noun} {where}" + (f" ({', '.join(counts)})" if counts else "")
    if not added:
        return f"{counted(removed, noun)} removed {where}"
    return f"{counted(added, noun)} {where}" + (f" ({removed} removed)" if removed else "")


def _only_in(one: object, other: object) -> int:
    """Count the elements of a list that the other list lacks; 0 where the first is none."""
    if not isinstance(one, list):
        return 0
    return sum(element not in (other if isinstance(other, list) else ()) for element in one)
