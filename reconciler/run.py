"""The story that writes, a straight path: apply. Nothing else knows the whole way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from reconciler.acts.apply import STOPPED, Carrier, changes_not_reached
from reconciler.acts.bench import Terms
from reconciler.acts.rollback import roll_back
from reconciler.acts.stopping import until_stopped
from reconciler.acts.told import Asking, tell
from reconciler.acts.verify import removed_origins, verify
from reconciler.acts.webhooks import keep_webhooks, webhooks_not_reached
from reconciler.clock import Clock
from reconciler.decide.approval import Approval, unapproved
from reconciler.decide.canary import parts, why_not_further
from reconciler.decide.freeze import Freeze, frozen
from reconciler.decide.limits import held
from reconciler.decide.rollback import failed_checks, just_closed, restored_channel, with_second_look
from reconciler.genesys.client import Client
from reconciler.model import (
    AuditTrail,
    Channel,
    Outcome,
    Plan,
    Probe,
    Result,
    Run,
)
from reconciler.probe.rules import ProbeRules

PROVED = (Result.APPLIED, Result.ALREADY)
SKEW = timedelta(minutes=5)
"""How far the remote's clock may be from ours."""


class ProbeScope(StrEnum):
    """Which channels an apply probes."""

    ALL = "all"
    WRITTEN = "written"
    NONE = "none"


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
    client_id: str = ""
    """That of our own credentials, by which our own writes are known in the audit log."""
    canary: int | None = None
    """How many channels are written and proved before the others are begun."""
    rollback: bool = False
    """Whether a channel whose endpoint check fails is put back."""
    freeze: Freeze | None = None
    approval: Approval = field(default_factory=Approval)
    through_freeze: frozenset[str] = frozenset()
    """Freeze windows that somebody decided to go through."""
    gone: int = 0
    """How many channels the record says Git managed, where they are to be pruned and no file is left."""


@dataclass(frozen=True, slots=True)
class Notices:
    """Whom to tell of each step; nobody, where nothing is given."""

    outcome: Callable[[Outcome], None] = field(default=lambda _: None)
    probe: Callable[[Probe], None] = field(default=lambda _: None)


async def apply(
    client: Client, plan: Plan, order: Order, clock: Clock, stop: asyncio.Event, notices: Notices
) -> Run:
    """Write what the plan says, prove the endpoints, read the audit log."""
    began = clock.now()
    reason = _why_held(plan, order, began)
    if reason:
        return _held(plan, reason)
    carrier = Carrier(client, clock, order.terms, stop, notices.outcome)
    outcomes, probes, halt = await _write_and_prove(client, carrier, plan, order, stop, notices)
    if halt:
        hooks = webhooks_not_reached(plan, halt)
    else:
        named = {outcome.name: outcome for outcome in outcomes}
        hooks = await keep_webhooks(client, plan, named, order.terms.conflicts, stop)
    if carrier.halted:
        unread = AuditTrail((), complete=False, reason=carrier.halted)
        error = str(carrier.unauthorized) if carrier.unauthorized else None
        return Run(outcomes, hooks, probes, unread, error=error)
    asking = Asking(order.client_id, order.audit_channels, began - SKEW, clock.now() + SKEW)
    reading = tell(client, clock, plan, outcomes, asking)
    told = await until_stopped(reading, stop)
    outcomes, trail = told or (outcomes, AuditTrail((), complete=False, reason=STOPPED))
    return Run(outcomes, hooks, probes, trail)


async def _write_and_prove(
    client: Client, carrier: Carrier, plan: Plan, order: Order, stop: asyncio.Event, notices: Notices
) -> tuple[tuple[Outcome, ...], tuple[Probe, ...], str | None]:
    """Carry out the plan part by part, each proved before the next; the last word says why it went no further."""
    outcomes: tuple[Outcome, ...] = ()
    probes: tuple[Probe, ...] = ()
    halt: str | None = None
    stages = parts(plan, order.canary)
    for number, part in enumerate(stages, 1):
        if halt:
            outcomes += changes_not_reached(part, halt)
            continue
        written = await carrier.carry_out(part)
        asked = _scope(order, plan, written, {probe.target.name for probe in probes}, last=part is stages[-1])
        seen = () if carrier.halted else await _prove(asked, plan, order, stop, notices)
        if order.rollback:
            written = await _roll_back(client, written, seen, order, stop)
        outcomes, probes = (*outcomes, *written), (*probes, *seen)
        halt = carrier.halted or (why_not_further(written, seen) if number < len(stages) else None)
    return outcomes, probes, halt


async def _prove(
    channels: Sequence[Channel], plan: Plan, order: Order, stop: asyncio.Event, notices: Notices
) -> tuple[Probe, ...]:
    """Check the endpoints; once told to stop, what has been seen by then is all there is."""
    seen: list[Probe] = []

    def note(probe: Probe) -> None:
        seen.append(probe)
        notices.probe(probe)

    asking = verify(channels, order.probe_rules, removed_origins(plan.changes), note, order.channels)
    probes = await until_stopped(asking, stop)
    return tuple(seen) if probes is None else probes


async def _roll_back(
    client: Client, outcomes: tuple[Outcome, ...], probes: Sequence[Probe], order: Order, stop: asyncio.Event
) -> tuple[Outcome, ...]:
    """Put back what failed its check, and check the endpoints of what was put back once more."""
    failed = () if stop.is_set() else failed_checks(outcomes, probes)
    ended = [
        await roll_back(client, outcome, outcomes) if outcome in failed else outcome for outcome in outcomes
    ]
    restored = {one.name: (one, channel) for one in ended if (channel := restored_channel(one))}
    if not restored or stop.is_set():
        return tuple(ended)
    closed = {name: just_closed(one, channel) for name, (one, channel) in restored.items()}
    channels = [channel for _, channel in restored.values()]
    seen = await until_stopped(verify(channels, order.probe_rules, closed, None, order.channels), stop)
    return tuple(
        with_second_look(one, seen) if one.name in restored and seen is not None else one for one in ended
    )


def _why_held(plan: Plan, order: Order, now: datetime) -> str | None:
    if not (plan.writes or order.gone):
        return None
    return (
        frozen(order.freeze, now, order.through_freeze)
        or unapproved(plan, order.approval)
        or held(
            plan,
            percent=order.percent,
            floor=order.floor,
            allow_changes=order.allow_changes,
            gone=order.gone,
        )
    )


def _held(plan: Plan, reason: str) -> Run:
    nothing = AuditTrail((), complete=True)
    return Run(
        changes_not_reached(plan, reason), webhooks_not_reached(plan, reason), (), nothing, held=reason
    )


def _scope(
    order: Order, plan: Plan, outcomes: Sequence[Outcome], probed: Collection[str], *, last: bool
) -> list[Channel]:
    """Choose whose endpoints are checked now: of all channels only at the end, and none twice."""
    if order.scope is ProbeScope.NONE:
        return []
    # What was settled is what the endpoint must do, also where it is not all that Git wants.
    chosen = {outcome.name: outcome for outcome in outcomes if outcome.result in PROVED}
    planned = {change.name: change.channel for change in plan.changes if change.channel}
    every = order.scope is ProbeScope.ALL and last
    return [
        _as_ended(planned.get(channel.name) or channel, chosen.get(channel.name))
        for channel in order.channels
        if channel.name not in probed and (every or channel.name in chosen)
    ]


def _as_ended(channel: Channel, outcome: Outcome | None) -> Channel:
    return replace(channel, id=outcome.id, spec=outcome.spec or channel.spec) if outcome else channel


def exit_code(run: Run) -> int:
    """Give the contract's exit code of a run, the record apart: the first of 1, 4, 5 that holds."""
    if run.error:
        return 1
    results = [outcome.result for outcome in run.outcomes] + [hook.result for hook in run.webhooks]
    if (
        run.held
        or any(result not in PROVED for result in results)
        or any(outcome.warning for outcome in run.outcomes)
    ):
        return 4
    return 5 if any(not probe.ok for probe in run.probes) else 0
