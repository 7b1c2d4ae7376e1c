"""What the rest of the program must know about one kind of remote resource."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.model import Exposure, FieldChange, Guard, JsonObject, LiveChannel, Pointer


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of resource, as functions and facts; the API's own words stay behind them.

    `spec` below is the `spec` of a channel file or a live document: both have the same field names.
    """

    name: str
    """The `kind:` of a channel file."""
    collection: str
    """Path of the list, and with `/<id>` of one resource."""
    page_size: int
    """The most that the list gives at once."""
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
    endpoint: Callable[[JsonObject], str]
    """Give the `wss://` address that browsers open."""
    origins: Callable[[JsonObject], tuple[str, ...]]
    """Give the origins that the endpoint must accept."""
    enabled: Callable[[JsonObject], bool]
    """Say whether the channel is switched on."""
