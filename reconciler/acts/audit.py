"""Read the audit log of channels, bounded, and say how complete that is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from reconciler.errors import RemoteError
from reconciler.genesys.audit import fetch_audit
from reconciler.genesys.client import Client
from reconciler.model import AuditEntry, AuditTrail


async def read_audit(
    client: Client, named: Sequence[tuple[str, str]], start: datetime, end: datetime, cap: int
) -> AuditTrail:
    """Read the entries of (name, id) pairs, of the first `cap` of them; a failure is told, not raised."""
    entries: list[AuditEntry] = []
    reasons: list[str] = []
    for name, entity in named[:cap]:
        try:
            found, reason = await fetch_audit(client, entity, name, start, end)
        except RemoteError as error:
            reasons.append(str(error))
            # What one channel meets (a missing permission, an outage), the others would meet too.
            break
        entries.extend(found)
        if reason:
            reasons.append(f"{name}: {reason}")
    omitted = tuple(name for name, _ in named[cap:])
    if omitted:
        reasons.append(f"{len(omitted)} channels were not asked about (audit_channels is {cap})")
    entries.sort(key=lambda entry: (entry.when, entry.name, entry.id))
    return AuditTrail(tuple(entries), not reasons, "; ".join(reasons) or None, omitted)
