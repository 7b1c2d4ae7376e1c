"""Who moved what drifted: the audit log is asked about that, and about nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from reconciler.acts.audit import Subject, read_audit
from reconciler.clock import Clock
from reconciler.decide.attribution import attribute, needs_audit, needs_older
from reconciler.genesys.client import Client
from reconciler.model import AuditTrail, ChannelDrift

SKEW = timedelta(minutes=5)
"""How far the remote's clock may be from ours."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """How the audit log is asked."""

    client_id: str
    """That of our own credentials, by which our own writes are known."""
    days: int
    """How far back for a channel of which the record does not know when it was applied; never further."""
    cap: int
    """At most this many channels are asked about."""


async def name_movers(
    client: Client, clock: Clock, drifts: Sequence[ChannelDrift], inquiry: Inquiry
) -> tuple[tuple[ChannelDrift, ...], AuditTrail]:
    """Ask the audit log about the channels that moved, and about no other; a failure is told, not raised.

    It is asked since they were applied, and once more further back where a write of ours kept what somebody had put
    into a list before.
    """
    moved = [drift for drift in drifts if needs_audit(drift)]
    since = _since(moved)
    trail = await _ask(client, clock, moved, inquiry, since)
    named = _named(drifts, trail, inquiry)
    older = [drift for drift in named if needs_older(drift)]
    if older and since:
        trail = _both(await _ask(client, clock, older, inquiry, None), trail)
        named = _named(drifts, trail, inquiry)
    return named, trail


def _named(drifts: Sequence[ChannelDrift], trail: AuditTrail, inquiry: Inquiry) -> tuple[ChannelDrift, ...]:
    return tuple(attribute(one, trail.entries, inquiry.client_id, _gap(one, trail)) for one in drifts)


async def _ask(
    client: Client, clock: Clock, drifts: Sequence[ChannelDrift], inquiry: Inquiry, since: datetime | None
) -> AuditTrail:
    if not drifts:
        return AuditTrail((), complete=True)
    now = clock.now()
    oldest = now - timedelta(days=inquiry.days)
    start = max(since - SKEW, oldest) if since else oldest
    subjects = [Subject(drift.name, drift.id, drift.kind) for drift in drifts]
    return await read_audit(client, clock, subjects, start, now + SKEW, inquiry.cap)


def _since(drifts: Sequence[ChannelDrift]) -> datetime | None:
    """Give when the first of them was applied; None where that is not known of all."""
    applied = [_applied_at(drift) for drift in drifts]
    known = [moment for moment in applied if moment]
    return min(known) if len(known) == len(applied) and known else None


def _both(older: AuditTrail, trail: AuditTrail) -> AuditTrail:
    """Put two readings of the log together; what both hold counts once."""
    entries = {entry.id: entry for entry in (*older.entries, *trail.entries)}
    reasons = dict.fromkeys(reason for reason in (trail.reason, older.reason) if reason)
    omitted = dict.fromkeys((*trail.omitted, *older.omitted))
    complete = trail.complete and older.complete
    return AuditTrail(tuple(entries.values()), complete, "; ".join(reasons) or None, tuple(omitted))


def _applied_at(drift: ChannelDrift) -> datetime | None:
    try:
        moment = datetime.fromisoformat(drift.applied.when or "") if drift.applied else None
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None


def _gap(drift: ChannelDrift, trail: AuditTrail) -> str | None:
    if drift.name in trail.omitted:
        return "the audit log was not asked about this channel, because others came first"
    return trail.reason
