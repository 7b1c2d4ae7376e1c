"""What a request to the API becomes: a call, carried out by the operation that its method and path name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from reconciler.emulator.settings import Settings
from reconciler.emulator.state import Store
from reconciler.emulator.tokens import OAuthClient


@dataclass(frozen=True, slots=True)
class Call:
    """One authorised request."""

    client: OAuthClient
    at: datetime
    entity: str = ""
    """The id in the path; empty where the collection is meant."""
    version: str = ""
    """The version in the path."""
    query: Mapping[str, str] = field(default_factory=dict)
    if_match: str | None = None
    if_none_match: str | None = None
    body: Any = None
    host: str = ""
    """What the client calls this remote."""
    lies: frozenset[str] = frozenset()
    """Faults that make a read lie: `stale`, `duplicate`, `repeat-cursor`."""
    settings: Settings = field(default_factory=Settings)


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back, and whether the store changed."""

    status: int
    body: Any = None
    etag: str | None = None
    committed: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """What one method on one path does, and what it takes to be allowed to: all of these permissions."""

    permissions: tuple[str, ...]
    carry_out: Callable[[Store, Call], Reply]
    public: bool = False
    """Whether it asks for no token, and counts in no rate limit."""
    takes_body: bool = True
    """Whether its POST or PUT has a body."""


Table = Mapping[str, Mapping[str, Operation]]
"""Operations by path and method; `{id}` in a path stands for one percent-encoded segment."""


def match(template: str, raw_path: str) -> dict[str, str] | None:
    """Give what stands in a path for the names in a template; None where they do not go together."""
    names, segments = template.split("/"), raw_path.split("/")
    if len(names) != len(segments):
        return None
    found = {}
    for name, segment in zip(names, segments, strict=True):
        if name.startswith("{") and segment:
            found[name[1:-1]] = unquote(segment)
        elif name != segment:
            return None
    return found
