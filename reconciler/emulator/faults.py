"""Misbehaviour on schedule, as data: which requests it meets, from when on, how often, and what it does.

    {"method": "PUT", "path": "/api/v2/webchat/channels/*", "after": 0, "times": 1, "do": "…", …}

`path` is a shell pattern on the decoded path; `*` meets slashes too. `after` skips the first matches; `times`
null is for ever. A request may meet several faults; they work in the order in which they were added.
What `do` can be:

    reply          answer `status`, `headers`, `body` (JSON value, or text as it stands) instead; `when`
    drop           close the connection without an answer; `when`
    delay          wait `seconds`; `when`
    truncate       break off the connection in the middle of the answer's body
    edit           a person, `user`, edits object `id` by the merge patch `patch` just before
    delete         a person, `user`, deletes object `id` just before
    publish        a person, `user`, publishes the draft of configuration `id` just before
    stale          objects are read as they were before the last write
    repeat-cursor  the next page of a list by cursor is the page that was asked for
    duplicate      from the second page on, a list is one entity late: one comes twice, the last is missing
                   (of a list by cursor none is missing)

`when` is `before` (the default: nothing is committed) or `after` the commit. Without `id`, `edit`, `delete`
and `publish` mean the object in the path. An object is a channel, a deployment, or a configuration's draft.

Guest sockets meet faults as well. The upgrade has the method `UPGRADE` and the path `/v1`, and meets `reply`,
`drop`, `delay`, `edit` and `delete`. Each message has the method `MESSAGE` and the path `/v1/<action>`, and
meets, before it is heard,

    reply          the text or JSON message `body` is said instead; None: nothing
    drop, delay    as above
    throttle       TooManyRequestsErrorMessage is said instead, to come back after `seconds`; `status` is its
                   errorCode: 429 (the default) or 4029
    close          the socket is closed with the code `status` (1011)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Any

from reconciler.emulator.refusal import Unfit
from reconciler.emulator.values import Check, is_close_code, is_seconds, is_whole, require

DEEDS = (
    "reply",
    "drop",
    "delay",
    "truncate",
    "edit",
    "delete",
    "stale",
    "repeat-cursor",
    "duplicate",
    "publish",
    "throttle",
    "close",
)
_STATUS: Mapping[str, dict[str, Any]] = {"throttle": {"status": 429}, "close": {"status": 1011}}
"""The status of a deed, where it is not the one of a reply."""


@dataclass(slots=True)
class Fault:
    """One scheduled misbehaviour, with how often it was met."""

    do: str
    method: str = "*"
    path: str = "*"
    after: int = 0
    times: int | None = 1
    when: str = "before"
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    seconds: float = 0.0
    id: str | None = None
    patch: dict[str, Any] = field(default_factory=dict)
    user: str = "Dana"
    met: int = field(default=0, init=False)

    def meets(self, method: str, path: str) -> bool:
        """Count a request that matches and say whether it is this fault's turn."""
        if not fnmatchcase(method, self.method) or not fnmatchcase(path, self.path):
            return False
        self.met += 1
        return self.met > self.after and (self.times is None or self.met <= self.after + self.times)


@dataclass(slots=True)
class Faults:
    """The schedule."""

    scheduled: list[Fault] = field(default_factory=list)

    def add(self, value: Mapping[str, Any]) -> Fault:
        """Schedule a fault given as data; Unfit says what is wrong with it."""
        fault = read_fault(value)
        self.scheduled.append(fault)
        return fault

    def for_request(self, method: str, path: str) -> list[Fault]:
        """Give the faults whose turn it is."""
        return [fault for fault in self.scheduled if fault.meets(method, path)]

    def clear(self) -> None:
        """Forget them all."""
        self.scheduled.clear()

    def document(self) -> list[dict[str, Any]]:
        """Give the schedule as data, with how often each was met."""
        return [asdict(fault) for fault in self.scheduled]


def read_fault(value: object) -> Fault:
    """Make a fault of data; Unfit says what is wrong with it."""
    if not isinstance(value, Mapping):
        raise Unfit(value, "a fault", "an object")
    known = [name.name for name in fields(Fault) if name.init]
    unknown = [name for name in value if name not in known]
    if unknown:
        raise Unfit(unknown[0], "each name in a fault", "one of " + ", ".join(known))
    if value.get("do") not in DEEDS:
        raise Unfit(value.get("do"), "do of a fault", "one of " + ", ".join(DEEDS))
    fault = Fault(**{**_STATUS.get(value["do"], {}), **value})
    require(_checks(fault))
    return fault


def _checks(fault: Fault) -> Iterator[Check]:
    for name in ("method", "path", "user"):
        value = getattr(fault, name)
        yield f"{name} of a fault", value, isinstance(value, str), "a text"
    yield "after of a fault", fault.after, is_whole(fault.after, 0), "a whole number from 0"
    for_ever = fault.times is None
    yield (
        "times of a fault",
        fault.times,
        for_ever or is_whole(fault.times, 1),
        "a whole number from 1, or null",
    )
    yield "when of a fault", fault.when, fault.when in ("before", "after"), "before or after"
    yield "status of a fault", fault.status, *_status(fault)
    yield "headers of a fault", fault.headers, _is_texts(fault.headers), "an object of ASCII texts"
    yield "seconds of a fault", fault.seconds, is_seconds(fault.seconds, 600), "a number from 0 to 600"
    yield "id of a fault", fault.id, fault.id is None or isinstance(fault.id, str), "a text or null"
    yield "patch of a fault", fault.patch, isinstance(fault.patch, dict), "a JSON merge patch, an object"


def _status(fault: Fault) -> tuple[bool, str]:
    match fault.do:
        case "throttle":
            return fault.status in (429, 4029), "429 or 4029"
        case "close":
            return is_close_code(fault.status), "a close code that may be sent, 1000 to 4999"
        case _:
            return is_whole(fault.status, 200, 599), "200 to 599"


def _is_texts(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    texts = [text for pair in value.items() for text in pair]
    return all(isinstance(text, str) and text.isascii() and text.isprintable() for text in texts)
