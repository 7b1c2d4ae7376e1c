"""What endpoints are asked, and what they did."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


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
