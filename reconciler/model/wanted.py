"""What Git wants, and what is wrong with its files."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from reconciler.model.json import JsonObject, Pointer


class Severity(StrEnum):
    """How much a finding weighs: an error stops everything, a warning and a notice stop nothing."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


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
class Origin:
    """Where a value stands in the files of Git. Lines and columns count from 1."""

    file: str
    """Path below the repository, with forward slashes."""
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Channel:
    """What one file of Git wants, with the overlays of the organisation over it."""

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
    overlays: tuple[str, ...] = ()
    """Files that are patched over it, in the order in which they apply."""
    overlaid: Mapping[Pointer, Origin] = field(default_factory=dict)
    """Fields of the spec that an overlay set, and where they stand."""

    def origin(self, path: Pointer) -> Origin | None:
        """Give where an overlay set a field of the spec, or what holds it; None where the file itself did."""
        ends = range(len(path), 0, -1) if self.overlaid else ()
        return next((self.overlaid[path[:end]] for end in ends if path[:end] in self.overlaid), None)
