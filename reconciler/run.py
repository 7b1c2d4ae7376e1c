"""The stories, each a straight path: plan, apply, drift. Nothing else knows the whole way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from reconciler.acts.apply import Carrier, Terms, change_not_reached
from reconciler.acts.audit import read_audit
from reconciler.acts.drift import Inquiry, name_movers
from reconciler.acts.observe import fetch_families, observe
from reconciler.acts.verify import removed_origins, verify
from reconciler.acts.webhooks import keep_webhooks, webhooks_not_reached
from reconciler.clock import Clock
from reconciler.decide.drift import find_drift
from reconciler.decide.limits import held
from reconciler.decide.plan import make_plan
from reconciler.genesys.client import Client
from reconciler.model import (
    Applied,
    AuditTrail,
    Binding,
    Channel,
    ChannelDrift,
    Outcome,
    Plan,
    Probe,
    Result,
    Run,
)
from reconciler.probe.rules import ProbeRules

TOLD = (Result.APPLIED, Result.ALREADY, Result.CLASHED, Result.UNKNOWN)
"""Results whose channels are looked up in the audit log."""
PROVED = (Result.APPLIED, Result.ALREADY)
SKEW = timedelta(minutes=5)
"""How far the remote's clock may be from ours."""


class ProbeScope(StrEnum):
    """Which channels an apply probes."""

    ALL = "all"
    WRITTEN = "written"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Choice:
    """What of the plan is asked for."""

    only: frozenset[str] | None = None
    prune: bool = False
    applied: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Kind and id of what the record says Git once managed, with the `metadata.name` of then."""


@dataclass(frozen=True, slots=True)
class Order:
    """How a plan is to be carried out."""

    terms: Terms
    channels: Sequence[Channel]
    percent: int
    floor: int
    allow_changes: int | None
    scope: ProbeScope
    probe_rules: ProbeRules
    audit_channels: int


@dataclass(frozen=True, slots=True)
class Notices:
    """Whom to tell of each step; nobody, where nothing is given."""

    outcome: Callable[[Outcome], None] = field(default=lambda _: None)
    probe: Callable[[Probe], None] = field(default=lambda _: None)


async def plan(client: Client, channels: Sequence[Channel], binding: Binding, choice: Choice) -> Plan:
    """Read what is live and say what would change."""
    live, hooks = await observe(client, channels)
    return make_plan(
        binding,
        channels,
        live,
        hooks,
        applied=choice.applied,
        prune=choice.prune,
        only=choice.only,
    )


async def apply(
    client: Client, plan: Plan, order: Order, clock: Clock, stop: asyncio.Event, notices: Notices
) -> Run:
    """Write what the plan says, prove the endpoints, read the audit log."""
    reason = held(plan, percent=order.percent, floor=order.floor, allow_changes=order.allow_changes)
    if reason:
        return _held(plan, reason)
    began = clock.now()
    carrier = Carrier(client, clock, order.terms, stop, notices.outcome)
    outcomes = await carrier.carry_out(plan)
    if stop.is_set() or carrier.unauthorized:
        stopped = "the run was stopped"
        unread = AuditTrail((), complete=False, reason=stopped)
        return Run(
            outcomes,
            webhooks_not_reached(plan, stopped),
            (),
            unread,
            error=str(carrier.unauthorized) if carrier.unauthorized else None,
        )
    named = {outcome.name: outcome for outcome in outcomes}
    hooks = await keep_webhooks(client, plan, named, order.terms.conflicts)
    probes = await verify(
        _scope(order, named), order.probe_rules, removed_origins(plan.changes), notices.probe
    )
    trail = await _audit(client, outcomes, began, clock.now(), order.audit_channels)
    return Run(outcomes, hooks, probes, trail)


async def drift(
    client: Client,
    channels: Sequence[Channel],
    applied: Mapping[str, Applied],
    inquiry: Inquiry,
    clock: Clock,
    only: frozenset[str] | None = None,
) -> tuple[tuple[ChannelDrift, ...], AuditTrail]:
    """Say where the record, the live state and Git disagree, and who moved the live side."""
    live = await fetch_families(client, channels)
    drifts = find_drift(channels, live, applied, only=only)
    return await name_movers(client, drifts, inquiry, clock.now())


def _held(plan: Plan, reason: str) -> Run:
    outcomes = tuple(change_not_reached(change, reason) for change in plan.changes if change.writes)
    nothing = AuditTrail((), complete=True)
    return Run(outcomes, webhooks_not_reached(plan, reason), (), nothing, held=reason)


def _scope(order: Order, outcomes: Mapping[str, Outcome]) -> list[Channel]:
    if order.scope is ProbeScope.NONE:
        return []
    if order.scope is ProbeScope.ALL:
        return list(order.channels)
    written = {name for name, outcome in outcomes.items() if outcome.result in PROVED}
    return [channel for channel in order.channels if channel.name in written]


async def _audit(
    client: Client, outcomes: Sequence[Outcome], began: datetime, ended: datetime, cap: int
) -> AuditTrail:
    named = [(outcome.name, outcome.id) for outcome in outcomes if outcome.result in TOLD]
    trail = await read_audit(client, named, began - SKEW, ended + SKEW, cap)
    seen = {entry.name for entry in trail.entries}
    written = [outcome.name for outcome in outcomes if outcome.result is Result.APPLIED]
    late = [name for name in written if name not in seen and name not in trail.omitted]
    if not late or not trail.complete:
        return trail
    shown = ", ".join(late[:5]) + (f" and {len(late) - 5} more" if len(late) > 5 else "")
    return replace(trail, complete=False, reason=f"entries of our own writes are not visible yet: {shown}")


def exit_code(run: Run) -> int:
    """Give the contract's exit code of a run, the record apart: the first of 1, 4, 5 that holds."""
    if run.error:
        return 1
    results = [outcome.result for outcome in run.outcomes] + [hook.result for hook in run.webhooks]
    if any(result not in PROVED for result in results) or any(outcome.warning for outcome in run.outcomes):
        return 4
    return 5 if any(not probe.ok for probe in run.probes) else 0
