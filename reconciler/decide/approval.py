"""Whether a plan that widens who can reach a channel may be carried out: somebody looked, or a waiver says so ahead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from reconciler.decide.exposure import counted
from reconciler.kinds import kind_named
from reconciler.model import Change, Exposure, FieldChange, Json, JsonObject, Plan, Waiver, pointer_text

WIDENING = (Exposure.WIDENS, Exposure.UNKNOWN)
"""What nobody can judge counts as widening."""
NAMES = 5

Covers = Callable[[str, str, Json], Waiver | None]
"""Gives the waiver that covers widening: `metadata.name`, pointer into the channel file, the value that is let in."""


def _nothing(_name: str, _pointer: str, _value: Json) -> Waiver | None:
    return None


@dataclass(frozen=True, slots=True)
class Approval:
    """What the organisation asks for before a plan may widen, and what was given."""

    required: bool = False
    given: bool = False
    """Whether the operator approved of it."""
    covers: Covers = field(default=_nothing)


def approval_document(plan: Plan, approval: Approval) -> JsonObject:
    """Say which channels widen, and by what that is approved; a channel is waived where all of its fields are."""
    waived = {change.name: _waivers(change, approval) for change in _widening(plan)}
    return {
        "required": approval.required,
        "given": approval.given,
        "channels": [name for name, waivers in waived.items() if waivers is None],
        "waived": [
            {"name": name, "waivers": waivers} for name, waivers in waived.items() if waivers is not None
        ],
    }


def unapproved(plan: Plan, approval: Approval) -> str | None:
    """Say why the plan may not be carried out; None where it may."""
    if not approval.required or approval.given:
        return None
    names = [change.name for change in _widening(plan) if _waivers(change, approval) is None]
    if not names:
        return None
    rest = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
    return (
        f"{counted(len(names), 'channel')} would be opened wider ({', '.join(names[:NAMES])}{rest}), and nobody"
        " approved of that; look at the plan, then run again with --approve-widening"
    )


def _widening(plan: Plan) -> Iterator[Change]:
    return (change for change in plan.changes if change.writes and change.exposure in WIDENING)


def _waivers(change: Change, approval: Approval) -> list[str] | None:
    """Give the names of the waivers that cover all that widens; None where something is not covered."""
    found: dict[str, None] = {}
    for moved in change.fields:
        for value in _let_in(change, moved) if moved.exposure in WIDENING else ():
            waiver = approval.covers(change.name, "/spec" + pointer_text(moved.path), value)
            if waiver is None:
                return None
            found[waiver.name] = None
    return list(found) or None


def _let_in(change: Change, moved: FieldChange) -> list[Json]:
    """Give what a widening field lets in: each new member of a set, the new value of anything else."""
    if moved.path in kind_named(change.kind).sets and isinstance(moved.after, list):
        before = moved.before if isinstance(moved.before, list) else []
        return [entry for entry in moved.after if entry not in before] or [None]
    return [moved.after]
