"""What the audit log tells of a run: who moved what clashed, and whether a write overwrote somebody unseen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from reconciler.acts.audit import Subject, read_audit
from reconciler.clock import Clock
from reconciler.decide.clashes import name_clashes
from reconciler.decide.overwrites import judge_overwrite, lacks_own_entry
from reconciler.genesys.client import Client
from reconciler.model import AuditTrail, Outcome, Plan, Result

TOLD = (Result.APPLIED, Result.ALREADY, Result.CLASHED, Result.UNKNOWN)
"""Results whose channels are looked up in the audit log."""
MOVED = (Result.CLASHED, Result.UNKNOWN)
MEMORY = timedelta(days=30)
"""How far back the audit log is read for whoever moved what clashed."""
LATE_PAUSES = (0.5, 1.0, 2.0)
"""Seconds between looks for the entries of our own writes, where they decide whether somebody was overwritten."""


@dataclass(frozen=True, slots=True)
class Asking:
    """How the audit log is asked."""

    client_id: str
    """That of our own credentials, by which our own writes are known."""
    cap: int
    start: datetime
    end: datetime


async def tell(
    client: Client, clock: Clock, plan: Plan, outcomes: tuple[Outcome, ...], asking: Asking
) -> tuple[tuple[Outcome, ...], AuditTrail]:
    """Read what the audit log says of this run, and put into the outcomes what it proves."""
    told = [outcome for outcome in outcomes if outcome.result in TOLD]
    trail = await _read(client, clock, told, asking)
    clashed = [outcome for outcome in told[: asking.cap] if outcome.result in MOVED]
    movers = await _movers(client, clock, clashed, trail, asking.end)
    changes = {(change.kind, change.name, change.action): change for change in plan.changes}
    outcomes = tuple(
        name_clashes(
            outcome,
            changes[outcome.kind, outcome.name, outcome.action],
            movers.entries,
            asking.client_id,
            movers.reason,
        )
        if outcome in clashed
        else judge_overwrite(outcome, trail.entries, asking.client_id)
        for outcome in outcomes
    )
    return outcomes, _without_late(trail, outcomes)


async def _read(client: Client, clock: Clock, told: Sequence[Outcome], asking: Asking) -> AuditTrail:
    """Read the log, and again where it is too early to say who wrote before us."""
    subjects = _subjects(told)
    trail = await read_audit(client, clock, subjects, asking.start, asking.end, asking.cap)
    for pause in LATE_PAUSES:
        asked = [outcome for outcome in told[: asking.cap] if outcome.seen is not None]
        late = any(lacks_own_entry(outcome, trail.entries, asking.client_id) for outcome in asked)
        if not late or not trail.complete:
            break
        await clock.sleep(pause)
        trail = await read_audit(client, clock, subjects, asking.start, asking.end, asking.cap)
    return trail


async def _movers(
    client: Client, clock: Clock, clashed: Sequence[Outcome], trail: AuditTrail, until: datetime
) -> AuditTrail:
    """Look further back for whoever moved what clashed: a saved plan may be older than this run."""
    if not clashed or not trail.complete:
        return trail
    return await read_audit(client, clock, _subjects(clashed), until - MEMORY, until, len(clashed))


def _subjects(outcomes: Sequence[Outcome]) -> list[Subject]:
    return [Subject(outcome.name, outcome.id, outcome.kind) for outcome in outcomes]


def _without_late(trail: AuditTrail, outcomes: Sequence[Outcome]) -> AuditTrail:
    """Call a trail incomplete that does not show our own writes yet."""
    seen = {entry.name for entry in trail.entries}
    written = [outcome.name for outcome in outcomes if outcome.result is Result.APPLIED]
    late = [name for name in written if name not in seen and name not in trail.omitted]
    if not late or not trail.complete:
        return trail
    shown = ", ".join(late[:5]) + (f" and {len(late) - 5} more" if len(late) > 5 else "")
    return replace(trail, complete=False, reason=f"entries of our own writes are not visible yet: {shown}")
