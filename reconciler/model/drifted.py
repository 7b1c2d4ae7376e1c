"""What moved since the last apply, and who moved it by the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from reconciler.model.planned import Exposure

if TYPE_CHECKING:
    from reconciler.model.json import Json, JsonObject, Pointer
    from reconciler.model.planned import LiveChannel
    from reconciler.model.wanted import Channel


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
