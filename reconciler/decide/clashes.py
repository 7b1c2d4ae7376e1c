"""Who moved what clashed, and when: the audit log's word beside each clash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconciler.decide.attribution import attribute
from reconciler.model import (
    Applied,
    AuditEntry,
    Change,
    ChannelDrift,
    DriftState,
    Exposure,
    FieldClash,
    FieldDrift,
    LiveChannel,
    Outcome,
    Result,
    Revision,
)


def name_clashes(
    outcome: Outcome, change: Change, entries: Sequence[AuditEntry], client_id: str, gap: str | None
) -> Outcome:
    """Add to each clash of an outcome who moved the field; `gap` says why the log is not whole."""
    if not outcome.clashes and outcome.after is None:
        return _with_remover(outcome, entries) if outcome.result is Result.CLASHED else outcome
    drift = attribute(_drift_of(outcome, change), entries, client_id, gap)
    clashes = tuple(
        replace(clash, by=field.attribution)
        for clash, field in zip(outcome.clashes, drift.fields, strict=True)
    )
    return replace(outcome, clashes=clashes)


def _with_remover(outcome: Outcome, entries: Sequence[AuditEntry]) -> Outcome:
    """Say who deleted a channel that is gone, where the log knows."""
    removals = [one for one in entries if one.entity == outcome.id and one.action.lower() == "delete"]
    if not removals:
        return outcome
    last = max(removals, key=lambda one: one.when)
    who = last.actor_name or last.actor_id or last.client_id or "somebody"
    return replace(outcome, reason=f"{outcome.reason} (deleted by {who}, {last.when})")


def _drift_of(outcome: Outcome, change: Change) -> ChannelDrift:
    """See a clash as drift since the review: the base takes the place of what was last applied."""
    base = change.live.document if change.live else {}
    applied = Applied(outcome.kind, outcome.id, base, None, None)
    live = LiveChannel(outcome.kind, outcome.id, outcome.name, {}, Revision(outcome.after or ""))
    fields = tuple(map(_field_of, outcome.clashes))
    return ChannelDrift(
        outcome.kind, outcome.name, outcome.id, DriftState.BOTH, change.channel, applied, live, fields
    )


def _field_of(clash: FieldClash) -> FieldDrift:
    return FieldDrift(clash.path, DriftState.BOTH, clash.base, clash.theirs, clash.ours, Exposure.UNKNOWN)
