"""Read the audit log of channels, bounded, and say how complete that is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from reconciler.clock import Clock
from reconciler.errors import RemoteError
from reconciler.genesys.audit import fetch_audit
from reconciler.genesys.audit_query import fetch_audits
from reconciler.genesys.client import Client
from reconciler.kinds import kind_named
from reconciler.model import AuditEntry, AuditTrail


class Subject(NamedTuple):
    """One resource whose entries are asked for."""

    name: str
    """What its entries are shown under."""
    id: str
    kind: str


async def read_audit(
    client: Client, clock: Clock, subjects: Sequence[Subject], start: datetime, end: datetime, cap: int
) -> AuditTrail:
    """Read the entries of the first `cap` subjects; a failure is told, not raised.

    Channels are asked about one by one, all of web messaging in one question.
    """
    entries: list[AuditEntry] = []
    reasons: list[str] = []
    chosen = [subject for subject in subjects[:cap] if subject.id]
    messaging = {one.id: one.name for one in chosen if kind_named(one.kind).is_named}
    if messaging:
        try:
            found, reason = await fetch_audits(client, clock, messaging, start, end)
        except RemoteError as error:
            found, reason = (), str(error)
        entries.extend(found)
        reasons += [reason] if reason else []
    for subject in chosen:
        if subject.id in messaging:
            continue
        try:
            found, reason = await fetch_audit(client, subject.id, subject.name, start, end)
        except RemoteError as error:
            reasons.append(str(error))
            # What one channel meets (a missing permission, an outage), the others would meet too.
            break
        entries.extend(found)
        if reason:
            reasons.append(f"{subject.name}: {reason}")
    omitted = tuple(subject.name for subject in subjects[cap:])
    if omitted:
        reasons.append(f"{len(omitted)} channels were not asked about (audit_channels is {cap})")
    entries.sort(key=lambda entry: (entry.when, entry.name, entry.id))
    return AuditTrail(tuple(entries), not reasons, "; ".join(reasons) or None, omitted)
