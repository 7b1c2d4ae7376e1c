"""How planned changes ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from reconciler.model.planned import Exposure

if TYPE_CHECKING:
    from reconciler.model.drifted import Attribution, AuditTrail
    from reconciler.model.json import Json, JsonObject, Pointer
    from reconciler.model.planned import Action, LiveChannel, PlanState
    from reconciler.model.probed import Probe


class Guard(StrEnum):
    """How a write is kept from overwriting somebody: by the server, or by a look right before it."""

    IF_MATCH = "if-match"
    REREAD = "reread"


class Result(StrEnum):
    """How one planned change ended."""

    APPLIED = "applied"
    ALREADY = "already"
    CLASHED = "clashed"
    REJECTED = "rejected"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_REACHED = "not_reached"


class Side(StrEnum):
    """Whose value a person takes where Git and the live state clash."""

    GIT = "git"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class FieldClash:
    """A field that moved under us: what was reviewed, what is live now, what Git wants."""

    path: Pointer
    base: Json
    theirs: Json
    ours: Json
    by: Attribution | None = None
    """Who moved it, where the audit log was asked."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A clash that a person had settled beforehand, with everything that stood in it."""

    clash: FieldClash
    side: Side


@dataclass(frozen=True, slots=True)
class Rollback:
    """How a channel whose endpoint check failed was put back; `APPLIED` and `ALREADY` say that it is."""

    result: Result
    revision: str | None
    """What is live by our own knowledge; None where it is not known."""
    reason: str
    probes: tuple[Probe, ...] = ()
    """What a second check saw, of what was put back; empty where none was made."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one planned change ended. Every planned change ends in exactly one."""

    name: str
    kind: str
    id: str
    action: Action
    result: Result
    guard: Guard
    before: str | None = None
    """Revision that the write replaced; None for a create and where nothing was read."""
    after: str | None = None
    """Revision that is live by our own knowledge; None where it is not known."""
    attempts: int = 0
    """Write requests that were sent for this change."""
    seconds: float = 0.0
    """From the first request to the last answer, without waits that the rate limit asked for."""
    reason: str | None = None
    """A sentence for a person; None where the result says it all."""
    warning: str | None = None
    clashes: tuple[FieldClash, ...] = ()
    merged: tuple[Pointer, ...] = ()
    """Sets that Git manages, in which a concurrent edit was found and kept."""
    exposure: Exposure = Exposure.NEUTRAL
    state: PlanState | None = None
    """Whether the plan was still true of the channel; None where nobody looked."""
    carried: tuple[Pointer, ...] = ()
    """Fields that Git does not manage, in which a concurrent edit was found and kept."""
    pin: JsonObject | None = None
    """The configuration that a deployment shows now: `id` and `version`; None for other kinds."""
    seen: str | None = None
    """The remote's own time of the last edit that was known when we wrote; for a guard that only looks."""
    looked_at: tuple[JsonObject, ...] = ()
    """What was read right before the write; for a guard that only looks."""
    taken: tuple[Taken, ...] = ()
    replaced: LiveChannel | None = field(default=None, repr=False)
    """The document that our write replaced; None where nothing was replaced, or not by our own knowledge."""
    spec: JsonObject = field(default_factory=dict, repr=False)
    """The managed fields as they were settled, merges and takes included; empty for a delete."""
    written: LiveChannel | None = field(default=None, repr=False)
    """What the remote answered to our write; None where no answer said that it was carried out."""
    rollback: Rollback | None = None


@dataclass(frozen=True, slots=True)
class WebhookOutcome:
    """How one planned webhook change ended."""

    name: str
    action: Action
    result: Result
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """Everything that happened to a plan."""

    outcomes: tuple[Outcome, ...]
    webhooks: tuple[WebhookOutcome, ...]
    probes: tuple[Probe, ...]
    audit: AuditTrail
    held: str | None = None
    """Why nothing was written at all."""
    error: str | None = None
    """What ended the run before every change was tried."""
