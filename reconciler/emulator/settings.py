"""What can be set while the remote runs, checked as it comes in; a mistake is an `Unfit` with a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from reconciler.emulator.refusal import Unfit, shown

CERTIFICATES = ("expired", "not-yet-valid", "expires-soon", "wrong-host", "self-signed", "untrusted")
ENDPOINTS = ("close", "answer", "silence", "drop", "accept-everybody")
_UNSENDABLE = (1004, 1005, 1006, 1015)
"""Close codes that RFC 6455 keeps off the wire."""

Check = tuple[str, object, bool, str]
"""What a value is of, the value, whether it may be, and what may be."""


@dataclass(slots=True)
class Settings:
    """Limits, and what is wrong with named hosts. Hosts are lower-case names without a port."""

    token_seconds: float = 86399
    """Lifetime of tokens issued from now on."""
    rate_limit: int | None = 300
    """Requests a token may make in a window; None is no limit."""
    rate_window_seconds: float = 60
    retry_after: str = "seconds"
    """How a 429 says when to come back: in `seconds`, or as an HTTP `date`."""
    audit_lag_seconds: float = 0
    """How long an audit entry stays invisible."""
    certificates: dict[str, str] = field(default_factory=dict)
    """What is wrong with the certificate of a host: one of `CERTIFICATES`.

    Connections to an address, which send no name, count as `127.0.0.1`.
    """
    endpoints: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What the WebSocket endpoint of a host does instead of its duty: `{"do": one of ENDPOINTS}`.

    `close` takes a `code` (1011), and refuses whom it must; `answer` takes a `status` (503).
    """

    def update(self, values: Mapping[str, Any]) -> None:
        """Set the values that are given, all or none."""
        unknown = sorted(set(values) - set(asdict(self)))
        if unknown:
            raise Unfit(unknown[0], "the name of a setting", "one of " + ", ".join(asdict(self)))
        settings = replace(self, **values)
        require(_checks(settings))
        require(_host_checks(settings))
        for name, value in values.items():
            setattr(self, name, value)


def require(checks: Iterable[Check]) -> None:
    """Raise Unfit for the first value that may not be."""
    for what, value, right, allowed in checks:
        if not right:
            raise Unfit(value, what, allowed)


def is_whole(value: object, least: float, most: float = float("inf")) -> bool:
    """Say whether a JSON value is a whole number in these bounds; true and false are none."""
    return type(value) is int and least <= value <= most


def is_seconds(value: object, most: float = float("inf")) -> bool:
    """Say whether a JSON value is a number from 0; true and false are none."""
    return (type(value) is int or type(value) is float) and 0 <= value <= most


def _checks(settings: Settings) -> Iterator[Check]:
    for name in ("token_seconds", "rate_window_seconds", "audit_lag_seconds"):
        value = getattr(settings, name)
        yield name, value, is_seconds(value), "a number of seconds from 0"
    limit, after = settings.rate_limit, settings.retry_after
    yield "rate_limit", limit, limit is None or is_whole(limit, 1), "a whole number from 1, or null for none"
    yield "retry_after", after, after in ("seconds", "date"), "seconds or date"
    for name in ("certificates", "endpoints"):
        value = getattr(settings, name)
        yield name, value, isinstance(value, dict), "an object with a name for each host"


def _host_checks(settings: Settings) -> Iterator[Check]:
    for host, flaw in settings.certificates.items():
        what = f"the certificate of {shown(host)}"
        yield what, flaw, flaw in CERTIFICATES, "one of " + ", ".join(CERTIFICATES)
    for host, order in settings.endpoints.items():
        what = f"the endpoint of {shown(host)}"
        yield what, order, isinstance(order, dict), "an object with do"
        deed, status, code = order.get("do"), order.get("status", 503), order.get("code", 1011)
        yield f"do of {what}", deed, deed in ENDPOINTS, "one of " + ", ".join(ENDPOINTS)
        yield f"status of {what}", status, is_whole(status, 200, 599), "200 to 599"
        sendable = is_whole(code, 1000, 4999) and code not in _UNSENDABLE
        yield f"code of {what}", code, sendable, "a close code that may be sent, 1000 to 4999"
