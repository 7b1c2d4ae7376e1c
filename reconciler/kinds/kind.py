"""What the rest of the program must know about one kind of remote resource."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.kinds.hiding import hide
from reconciler.model import Exposure, FieldChange, Guard, JsonObject, LiveChannel, Pointer


class Paging(StrEnum):
    """How the list of a kind goes on: by page numbers that can be asked for at once, or by a cursor."""

    NUMBERED = "numbered"
    CURSOR = "cursor"


class Steps(StrEnum):
    """What a write takes."""

    REPLACE = "replace"
    """One PUT that the server checks against a version."""
    PUBLISH = "publish"
    """A draft is written, settles, and is published as the next version."""
    DEPLOY = "deploy"
    """Read again, one PUT without a precondition, wait until it settles, read back."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of resource, as functions and facts; the API's own words stay behind them.

    `spec` below is the `spec` of a channel file or a live document: both have the same field names.
    """

    name: str
    """The `kind:` of a channel file."""
    noun: str
    """What a person calls one of them."""
    schema: str
    """File name of the schema of its channel files."""
    collection: str
    """Path of the list, and with `/<id>` of one resource."""
    page_size: int
    """The most that the list gives at once."""
    paging: Paging
    steps: Steps
    guard: Guard
    sets: frozenset[Pointer]
    """Fields whose lists mean a set."""
    read: Callable[[JsonObject], LiveChannel]
    """Make a live channel of a document as the API gave it; ValueError says what is missing in it."""
    normalise: Callable[[JsonObject], JsonObject]
    """Give the normal form: known fields only, sets sorted, nothing twice; what is absent stays so."""
    body: Callable[[JsonObject, LiveChannel | None], JsonObject]
    """Give the whole body to write: every live field, the spec's fields over it, and the version as read."""
    exposure: Callable[[FieldChange], Exposure]
    """Say what one changed field does to who can reach the channel."""
    origins: Callable[[JsonObject], tuple[str, ...]]
    """Give the origins that the endpoint must accept."""
    enabled: Callable[[JsonObject], bool]
    """Say whether the channel is switched on; what has no endpoint of its own never is."""
    nouns: Mapping[Pointer, str] = field(default_factory=dict)
    """What people call a field in a verdict; of a list, one of its members: `origin`."""
    authentication: tuple[Pointer, ...] = ()
    """Where it stands who must sign in; what lies below belongs to it."""
    endpoint: Callable[[JsonObject], str] | None = None
    """Give the `wss://` address that browsers open; None where it does not stand in the file."""
    is_fieldwise: bool = False
    """Whether the normal form of each field depends on that field alone."""

    def without_secrets(self, document: JsonObject) -> JsonObject:
        """Give a live document as it may be kept and shown; its normal form is the same."""
        return hide(document, self.normalise(document))

    @property
    def is_named(self) -> bool:
        """Whether the remote chooses ids, so that a file may mean the one resource of its `spec.name`."""
        return self.steps is not Steps.REPLACE
