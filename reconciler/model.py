"""The nouns of the house: frozen values and enumerations, with no behaviour beyond small questions.

This floor imports nothing of ours. Intent is a bare verb (`Action.CREATE`), fact a past participle
(`Result.APPLIED`). Seconds are floats, times are aware and in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date, datetime

Json = Any
"""A value that `json.loads` can return."""
JsonObject = Mapping[str, Any]
"""A JSON object that nobody changes in place."""
Pointer = tuple[str | int, ...]
"""Where a value stands in a document: `("webchatSettings", "corsAllowedOrigins", 1)`."""


def pointer_text(pointer: Pointer) -> str:
    """Write a pointer as RFC 6901 does: `/webchatSettings/corsAllowedOrigins/1`."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in pointer)


class Severity(StrEnum):
    """How much a finding weighs: an error stops everything, a warning and a notice stop nothing."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


class Action(StrEnum):
    """What a plan intends for one channel or webhook."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    UNCHANGED = "unchanged"
    UNMANAGED = "unmanaged"


class Exposure(StrEnum):
    """What a change does to who can reach a channel; unknown counts as widening."""

    WIDENS = "widens"
    NARROWS = "narrows"
    NEUTRAL = "neutral"
    UNKNOWN = "unknown"


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


class PlanState(StrEnum):
    """Whether a saved plan is still true of one channel."""

    FRESH = "fresh"
    STALE_EQUIVALENT = "stale-equivalent"
    """The channel moved only where the plan neither reads nor writes, or is as the plan wants it already."""
    STALE = "stale"


class Side(StrEnum):
    """Whose value a person takes where Git and the live state clash."""

    GIT = "git"
    LIVE = "live"


class Stage(StrEnum):
    """How far a probe got; each stage includes those before it."""

    STARTED = "started"
    RESOLVED = "resolved"
    CONNECTED = "connected"
    SECURED = "secured"
    UPGRADED = "upgraded"
    SESSION = "session"
    """A guest's session was begun, answered and ended."""
    SERVED = "served"
    """What browsers load is what Git wants them to."""


class Verdict(StrEnum):
    """What an endpoint did, or should do, with an upgrade request from an origin."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


class DriftState(StrEnum):
    """Which side moved since the last apply: Git, the live channel, both; or no file names the channel."""

    PENDING = "pending"
    DRIFTED = "drifted"
    BOTH = "both"
    UNMANAGED = "unmanaged"


class Certainty(StrEnum):
    """How well the audit log proves who moved a field; the strongest first."""

    EXACT = "exact"
    """The newest entry about this property gave it the value that is live."""
    PROBABLE = "probable"
    """An entry names the property, or what holds it, and shows another value or none."""
    OBJECT = "object"
    """Entries name the channel, and none of them the property."""
    UNKNOWN = "unknown"


class ActorClass(StrEnum):
    """What kind of actor an audit entry names."""

    OUR_CLIENT = "our-client"
    CLIENT = "client"
    PERSON = "person"
    VENDOR = "vendor"


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule at one place of one file. Lines and columns count from 1."""

    rule: str
    severity: Severity
    file: str
    line: int
    column: int
    pointer: str
    """RFC 6901 pointer into the whole document, `/spec/…`; empty where the file as a whole is meant."""
    message: str
    """What is wrong, with the offending value escaped and cut."""
    fix: str
    """What is allowed, or what to write instead."""
    excerpt: str = ""
    """The source line, unescaped; renderers escape it for their surface."""


class WaiverState(StrEnum):
    """How a waiver stands on a day."""

    ACTIVE = "active"
    ENDING = "ending"
    EXPIRED = "expired"
    UNUSED = "unused"


@dataclass(frozen=True, slots=True)
class Waiver:
    """An exception that somebody granted: one rule, in one channel, at one field, until a day."""

    name: str
    rule: str
    channel: str
    """`metadata.name`."""
    field: str
    """RFC 6901 pointer into the channel file; what lies below it is covered too."""
    reason: str
    owner: str
    expires: date
    """The last day on which it holds."""
    value: str | None = None
    """The one value that is covered; None: any."""
    line: int = 1
    """Where it stands in `reconciler.toml`."""


@dataclass(frozen=True, slots=True)
class Waived:
    """A finding that a waiver covers: it stops nothing, and is still shown."""

    finding: Finding
    waiver: Waiver


@dataclass(frozen=True, slots=True)
class Channel:
    """What one file of Git wants."""

    kind: str
    name: str
    """`metadata.name`, unique in the repository."""
    id: str | None
    spec: JsonObject
    """The fields that Git manages, in the remote API's own names; what is left out is not managed."""
    file: str
    """Path below the repository, with forward slashes."""
    owner: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    health_webhook: str | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """The mark that makes a write version-checked; opaque text that is never compared by size."""

    value: str
    etag: str | None = field(default=None, compare=False)
    """The `ETag` as it came, where the answer had one; it goes back unchanged in `If-Match`."""

    @property
    def precondition(self) -> str:
        """What stands in `If-Match`."""
        return self.etag or self.value


@dataclass(frozen=True, slots=True)
class LiveChannel:
    """What the remote holds under one id."""

    kind: str
    id: str
    name: str
    document: JsonObject
    """The whole resource as it was read, unknown fields included."""
    revision: Revision


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One managed field that differs. `None` stands for a field that is not there."""

    path: Pointer
    before: Json
    after: Json
    exposure: Exposure = Exposure.NEUTRAL


@dataclass(frozen=True, slots=True)
class Change:
    """What a plan intends for one channel, with the live document that the reviewer saw."""

    action: Action
    kind: str
    name: str
    """`metadata.name`; for an unmanaged live channel the remote's own name."""
    id: str
    channel: Channel | None
    """What Git wants; None for a delete and for an unmanaged live channel."""
    live: LiveChannel | None
    """The reviewed base; None for a create."""
    fields: tuple[FieldChange, ...] = ()
    exposure: Exposure = Exposure.NEUTRAL
    waits_for: str | None = None
    """`metadata.name` of the configuration that must be published before this change can be carried out."""
    note: str | None = None
    """A sentence for the reviewer: what stands in the way of this change, or speaks against it."""

    @property
    def writes(self) -> bool:
        """Whether carrying this change out writes to the remote."""
        return self.action in (Action.CREATE, Action.UPDATE, Action.DELETE)


@dataclass(frozen=True, slots=True)
class LiveWebhook:
    """A webhook as the remote holds it."""

    id: str
    name: str
    document: JsonObject
    revision: Revision


@dataclass(frozen=True, slots=True)
class WebhookChange:
    """What a plan intends for the health webhook of one channel."""

    action: Action
    name: str
    """The stable name, `reconciler-health-<metadata.name>`."""
    channel: str
    address: str
    live: LiveWebhook | None = None

    @property
    def writes(self) -> bool:
        """Whether carrying this change out writes to the remote."""
        return self.action in (Action.CREATE, Action.UPDATE)


@dataclass(frozen=True, slots=True)
class Binding:
    """What a plan was made for; a saved plan is good for nothing else."""

    api: str
    """Base URL of the API."""
    organisation: str
    commit: str | None
    """The commit checked out when the plan was made; None outside a git repository."""
    tree: str | None
    """Git's tree id of the channel folder at that commit."""
    files: str
    """`sha256:…` over the path and bytes of every channel file as it was read."""
    rules: str
    """`sha256:…` over the schemas and the rule settings."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that would happen, and nothing that has."""

    binding: Binding
    changes: tuple[Change, ...]
    """One per channel file and per unmanaged live channel, in the order they are written."""
    webhooks: tuple[WebhookChange, ...] = ()

    def count(self, action: Action) -> int:
        """How many channels the plan holds under this action."""
        return sum(change.action is action for change in self.changes)

    @property
    def writes(self) -> bool:
        """Whether carrying the plan out writes anything to the remote."""
        return any(change.writes for change in self.changes) or any(hook.writes for hook in self.webhooks)


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
class Certificate:
    """The leaf certificate that an endpoint showed."""

    not_before: datetime
    not_after: datetime
    days_left: int
    """Whole days from the probe to `not_after`; negative once it has expired."""
    issuer: str
    subject: str


@dataclass(frozen=True, slots=True)
class Guest:
    """The session that a check begins where it is let in."""

    deployment: str
    authenticated: bool | None = None
    """Whether visitors must sign in; None where the files do not say."""
    may_enter: bool = True
    """Whether a guest who is not signed in may get a session all the same, and merely cannot write."""


@dataclass(frozen=True, slots=True)
class Served:
    """What browsers must be served."""

    version: str | None
    """The pinned version of the configuration; None where it is not known."""
    status: str


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to ask of an endpoint: an origin that it must accept, or must refuse."""

    name: str
    """`metadata.name` of the channel."""
    url: str
    """`wss://host[:port]/path`; where something must be `served`, `https://…`."""
    origin: str
    expected: Verdict
    turn: str | None = None
    """Targets of one turn are asked one after the other."""
    guest: Guest | None = None
    served: Served | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """What one endpoint check saw."""

    target: Target
    observed: Verdict
    ok: bool
    stage: Stage
    reason: str | None
    """What went wrong and what to do, in words; None where all was as expected."""
    seconds: float
    phases: Mapping[str, float]
    """Seconds spent per phase reached: `resolve`, `connect`, `tls`, `upgrade`."""
    tls: str | None = None
    """Negotiated protocol, `TLSv1.3`."""
    address: str | None = None
    """The address connected to."""
    certificate: Certificate | None = None
    found: str | None = None
    """What an endpoint says of itself, where it was asked for that."""


@dataclass(frozen=True, slots=True)
class AuditChange:
    """One property that an audit entry says was moved."""

    property: str
    before: Json
    after: Json


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry of the remote's audit log."""

    id: str
    name: str
    """`metadata.name` of the channel, or the remote id where no file has it."""
    entity: str
    when: str
    """As the remote wrote it, RFC 3339."""
    action: str
    actor_id: str | None
    actor_name: str | None
    client_id: str | None
    changes: tuple[AuditChange, ...]


@dataclass(frozen=True, slots=True)
class AuditTrail:
    """What the audit log said, and how complete that is."""

    entries: tuple[AuditEntry, ...]
    complete: bool
    reason: str | None = None
    omitted: tuple[str, ...] = ()
    """Channels whose entries were not asked for, because of the cap."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What the record says was last applied to one channel."""

    kind: str
    id: str
    spec: JsonObject
    run: str | None
    when: str | None
    """When that run began, RFC 3339."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who moved a field, as far as the audit log proves it."""

    certainty: Certainty
    reason: str | None = None
    """Why it is not exact; None where it is."""
    entry: AuditEntry | None = None
    actor: ActorClass | None = None


@dataclass(frozen=True, slots=True)
class FieldDrift:
    """One managed field whose live value is not what Git wants. `None` stands for a field that is not there."""

    path: Pointer
    state: DriftState
    applied: Json
    live: Json
    desired: Json
    exposure: Exposure
    """What the drift did (from applied to live); of a pending field, what an apply would do."""
    attribution: Attribution | None = None
    """None where the live side did not move."""


@dataclass(frozen=True, slots=True)
class ChannelDrift:
    """One channel on which the record, the live state and Git do not agree."""

    kind: str
    name: str
    """`metadata.name`; for an unmanaged live channel the remote's own name."""
    id: str
    state: DriftState
    channel: Channel | None
    """What Git wants; None for an unmanaged live channel."""
    applied: Applied | None
    """None where no run of the record applied it."""
    live: LiveChannel | None
    """None where the channel is not there, or not there any more."""
    fields: tuple[FieldDrift, ...] = ()
    exposure: Exposure = Exposure.NEUTRAL
    """The strongest of its fields."""

    @property
    def moved(self) -> bool:
        """Whether the live side moved."""
        return self.state in (DriftState.DRIFTED, DriftState.BOTH)


class Template(StrEnum):
    """In which form a monitor wants to be told of a run."""

    CLOUDEVENTS = "cloudevents"
    SLACK = "slack"
    GENERIC = "generic"


@dataclass(frozen=True, slots=True)
class Receiver:
    """A monitor that is told of each run."""

    name: str
    url: str = field(repr=False)
    """May itself be the secret, as with Slack."""
    key: bytes | None = field(default=None, repr=False)
    """What its messages are signed with; None: they are not."""
    template: Template = Template.CLOUDEVENTS
    problems_only: bool = False
    """Whether runs that left nothing to do are kept from it."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How telling one monitor ended; a failed one changes nothing of the run."""

    name: str
    host: str
    delivered: bool
    attempts: int
    status: int | None = None
    """Of the last answer; None where none came."""
    reason: str | None = None
    """What went wrong and what to do; None where it was delivered."""


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
