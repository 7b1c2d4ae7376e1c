"""The stories that only read, each a straight path: plan and drift. Nothing that writes is loaded for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.acts.observe import fetch_families, observe
from reconciler.acts.versions import fetch_pinned, with_notes
from reconciler.clock import Clock
from reconciler.decide.ignores import NOTHING, Ignored
from reconciler.decide.pairing import identify, pins
from reconciler.decide.plan import make_plan
from reconciler.genesys.client import Client
from reconciler.model import Applied, AuditTrail, Binding, Channel, ChannelDrift, Plan

if TYPE_CHECKING:
    from reconciler.acts.drift import Inquiry


@dataclass(frozen=True, slots=True)
class Choice:
    """What of the plan is asked for."""

    only: frozenset[str] | None = None
    prune: bool = False
    applied: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Kind and id of what the record says Git once managed, with the `metadata.name` of then."""
    ignored: Ignored = field(default_factory=dict)
    """Fields that are left alone."""


async def plan(client: Client, channels: Sequence[Channel], binding: Binding, choice: Choice) -> Plan:
    """Read what is live and say what would change."""
    once = {kind for kind, _ in choice.applied} if choice.prune else set()
    live, hooks = await observe(client, channels, once)
    made = make_plan(
        binding,
        channels,
        live,
        hooks,
        applied=choice.applied,
        prune=choice.prune,
        only=choice.only,
        pinned=await fetch_pinned(client, channels, live),
        ignored=choice.ignored,
    )
    return await with_notes(client, made)


async def drift(
    client: Client,
    channels: Sequence[Channel],
    applied: Mapping[str, Applied],
    inquiry: Inquiry,
    clock: Clock,
    only: frozenset[str] | None = None,
    ignored: Ignored = NOTHING,
) -> tuple[tuple[ChannelDrift, ...], AuditTrail]:
    """Say where the record, the live state and Git disagree, and who moved the live side."""
    from reconciler.acts.drift import name_movers
    from reconciler.decide.drift import find_drift

    live = await fetch_families(client, channels)
    pinned = await fetch_pinned(client, channels, live)
    # A resource that is gone is drift, and no reason to demand that its file be mended.
    channels = pins(identify(channels, live, frozenset()), live, pinned)
    drifts = find_drift(channels, live, applied, only=only, ignored=ignored)
    return await name_movers(client, clock, drifts, inquiry)
