"""What can be set while the remote runs, checked as it comes in; a mistake is an `Unfit` with a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from reconciler.emulator.refusal import Unfit, shown
from reconciler.emulator.values import Check, is_close_code, is_seconds, is_whole, require
from reconciler.emulator.web.rules import WebRules, rule_checks

CERTIFICATES = ("expired", "not-yet-valid", "expires-soon", "wrong-host", "self-signed", "untrusted")
ENDPOINTS = ("close", "answer", "silence", "drop", "accept-everybody")


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
    web: WebRules = field(default_factory=WebRules)
    """How web messaging behaves; an update sets the rules that it gives and leaves the others."""

    def update(self, values: Mapping[str, Any]) -> None:
        """Set the values that are given, all or none."""
        _require_known(values, self, "the name of a setting")
        if "web" in values:
            values = {**values, "web": self._web_with(values["web"])}
        settings = replace(self, **values)
        require(_checks(settings))
        require(_host_checks(settings))
        for name, value in values.items():
            setattr(self, name, value)

    def _web_with(self, values: object) -> WebRules:
        if not isinstance(values, Mapping):
            raise Unfit(values, "web", "an object with the rules to set")
        _require_known(values, self.web, "the name of a rule of web")
        rules = replace(self.web, **values)
        require(rule_checks(rules))
        return rules


def _require_known(values: Mapping[str, Any], known: Settings | WebRules, what: str) -> None:
    unknown = sorted(set(values) - set(asdict(known)))
    if unknown:
        raise Unfit(unknown[0], what, "one of " + ", ".join(asdict(known)))


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
        yield f"code of {what}", code, is_close_code(code), "a close code that may be sent, 1000 to 4999"
