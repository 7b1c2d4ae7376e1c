"""What is live, and what a plan intends."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.model.json import Json, JsonObject, Pointer
    from reconciler.model.wanted import Channel, Origin


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


class PlanState(StrEnum):
    """Whether a saved plan is still true of one channel."""

    FRESH = "fresh"
    STALE_EQUIVALENT = "stale-equivalent"
    """The channel moved only where the plan neither reads nor writes, or is as the plan wants it already."""
    STALE = "stale"


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
    origin: Origin | None = None
    """Where an overlay set it; None where the channel file itself did."""


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
