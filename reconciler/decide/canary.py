"""A few channels first: which of a plan are written and proved before the others are begun."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconciler.decide.pairing import precedes
from reconciler.kinds import kind_named
from reconciler.kinds.kind import Steps
from reconciler.model import Action, Change, Outcome, Plan, Probe, Result

PROVED = (Result.APPLIED, Result.ALREADY)


def parts(plan: Plan, canary: int | None) -> tuple[Plan, ...]:
    """Give the plan in the parts in which it is carried out: at most `canary` channels first, then the others.

    Only a channel whose endpoint can be checked after the write proves anything, so no other goes first. The
    parts hold no webhooks: those are kept at the end.
    """
    proving = [change for change in plan.changes if _can_prove(change)][: canary or 0]
    if not proving:
        return (plan,)
    first = [
        change
        for change in plan.changes
        if change in proving or any(precedes(change, second) for second in proving)
    ]
    rest = tuple(change for change in plan.changes if change not in first)
    return replace(plan, changes=tuple(first), webhooks=()), replace(plan, changes=rest, webhooks=())


def why_not_further(outcomes: Sequence[Outcome], probes: Sequence[Probe]) -> str | None:
    """Say why the others are not begun after the canaries ended like this; None where they may be."""
    for outcome in outcomes:
        if outcome.result not in PROVED or outcome.warning:
            return f"the canary {outcome.name} ended as {outcome.result}, so no other channel was begun"
    for probe in probes:
        if not probe.ok:
            name, origin = probe.target.name, probe.target.origin
            return (
                f"the endpoint check of the canary {name} failed ({origin} should be {probe.target.expected}, was"
                f" {probe.observed}), so no other channel was begun"
            )
    proved = {probe.target.name for probe in probes}
    silent = [
        outcome.name
        for outcome in outcomes
        if outcome.name not in proved and kind_named(outcome.kind).steps is not Steps.PUBLISH
    ]
    return f"the canary {silent[0]} was not checked, so no other channel was begun" if silent else None


def _can_prove(change: Change) -> bool:
    if change.action not in (Action.CREATE, Action.UPDATE) or change.channel is None:
        return False
    return kind_named(change.kind).enabled(change.channel.spec)
