"""Who is told of a run, and how that ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


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
