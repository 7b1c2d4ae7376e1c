"""Which drift may be put back without a person: only where Git's side narrows who can reach the channel.

Opening a channel wider than it is needs somebody who looks, also where Git wants it; closing what somebody opened
by hand does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconciler.decide.fields import same
from reconciler.kinds import kind_named
from reconciler.model import Action, Change, ChannelDrift, DriftState, Exposure, FieldChange, Plan


def healable(drifts: Sequence[ChannelDrift]) -> dict[str, ChannelDrift]:
    """Give, by `metadata.name`, the channels on which only the live side moved, and putting all of it back narrows."""
    return {drift.name: drift for drift in drifts if drift.state is DriftState.DRIFTED and _narrows(drift)}


def healing_plan(plan: Plan, chosen: dict[str, ChannelDrift]) -> Plan:
    """Keep of a fresh plan what puts back just the drift that was judged; nothing that moved since, no webhook."""
    kept = tuple(
        change
        for change in plan.changes
        if change.action is Action.UPDATE and change.name in chosen and _is_of(change, chosen[change.name])
    )
    return replace(plan, changes=kept, webhooks=())


def _narrows(drift: ChannelDrift) -> bool:
    kind = kind_named(drift.kind)
    return drift.live is not None and all(
        kind.exposure(FieldChange(field.path, field.live, field.desired)) is Exposure.NARROWS
        for field in drift.fields
    )


def _is_of(change: Change, drift: ChannelDrift) -> bool:
    planned = [[list(field.path), field.before, field.after] for field in change.fields]
    judged = [[list(field.path), field.live, field.desired] for field in drift.fields]
    return same(planned, judged) and change.exposure is Exposure.NARROWS
