"""Who moved what drifted: the audit log is asked about that, and about nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from reconciler.acts.audit import Subject, read_audit
from reconciler.clock import Clock
from reconciler.decide.attribution import attribute, needs_audit
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
    """Ask the audit log about the channels that moved, and about no other; a failure is told, not raised."""
    trail = await _ask(client, clock, [drift for drift in drifts if needs_audit(drift)], inquiry)
    return tuple(
        attribute(drift, trail.entries, inquiry.client_id, _gap(drift, trail)) for drift in drifts
    ), trail


async def _ask(client: Client, clock: Clock, drifts: Sequence[ChannelDrift], inquiry: Inquiry) -> AuditTrail:
    if not drifts:
        return AuditTrail((), complete=True)
    now = clock.now()
    oldest = now - timedelta(days=inquiry.days)
    start = min(_applied_at(drift) or oldest for drift in drifts)
    subjects = [Subject(drift.name, drift.id, drift.kind) for drift in drifts]
    return await read_audit(client, clock, subjects, max(start - SKEW, oldest), now + SKEW, inquiry.cap)


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
