"""The guest's side of a socket as the vendor's schema (web-messaging-sdk-java) has it, without the socket.

A session is known by the token that its client invented; an echo comes back under its `tracingId`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from reconciler.emulator.documents import Document
from reconciler.emulator.web.rules import WebRules

_MISSING_PARAMETER, _NO_SESSION, _UNAVAILABLE = 4020, 4007, 4000
_MEDIA = {"inbound": {"fileTypes": [{"type": "*/*"}], "maxFileSizeKB": 10240}}
_SESSION_SECONDS = 259_200


def admits(deployment: Document | None, origin: str | None, rules: WebRules) -> int:
    """Give the status that an upgrade request deserves: 101, or how it is refused."""
    if deployment is None:
        return rules.unknown_status
    if deployment["status"] != "Active":
        return rules.inactive_status
    if deployment.get("allowAllDomains") is True:
        return 101
    host = origin_host(origin or "", rules)
    domains = [domain.lower() for domain in deployment.get("allowedDomains", [])]
    right = host in domains or (rules.subdomains and any(host.endswith("." + domain) for domain in domains))
    return 101 if right else 403


def origin_host(origin: str, rules: WebRules) -> str:
    """Give the host of an origin; an empty text where it is of no kind that counts."""
    if rules.bare_origin and "/" not in origin:
        return origin.lower()
    try:
        url = urlsplit(origin)
    except ValueError:
        return ""
    schemes = ("https", "http") if rules.plain_origin else ("https",)
    return url.hostname or "" if url.scheme in schemes else ""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one message leads to."""

    replies: tuple[Document, ...] = ()
    ends: str | None = None
    """The token whose other sockets are told that it is over."""


@dataclass(slots=True)
class Guest:
    """One socket of a deployment, and the session on it."""

    deployment: str
    settings: Document
    """The version that the deployment pins."""
    rules: WebRules
    known: set[str] = field(default_factory=set)
    """The tokens of all sessions that there are, shared by all guests."""
    token: str | None = None

    def hear(self, message: Document) -> Heard:
        """Answer one message."""
        match message.get("action"):
            case "configureSession":
                return self._configure(message)
            case "configureAuthenticatedSession":
                return _say(message, "string", 403, "Session authentication failed: no such user is here")
            case "getConfiguration":
                return self._tell_configuration(message)
            case "getJwt" | "resumeToken" | "getAttachment" | "onAttachment" | "deleteAttachment":
                return _say(message, "string", _UNAVAILABLE, "The feature is not available")
            case "echo" | "onMessage" | "closeSession" | "disconnectCustomer" as action:
                return self._in_session(action, message)
            case action:
                return _say(message, "string", 400, f"There is no action {ascii(action)[:80]}")

    def _configure(self, message: Document) -> Heard:
        token = message.get("token")
        if not isinstance(token, str) or not token:
            return _say(message, "string", _MISSING_PARAMETER, "The token is missing")
        if message.get("deploymentId") != self.deployment:
            return _say(message, "string", 400, "The deploymentId is not the one of the connection")
        authentication = self.settings.get("authenticationSettings") or {}
        if authentication.get("enabled") and self.rules.guest_of_authenticated == "refuse":
            return _say(message, "string", 403, "Session authentication failed. Try to authenticate again")
        new = token not in self.known
        self.known.add(token)
        self.token = token
        return _say(message, "SessionResponse", 200, self._session(new))

    def _session(self, new: bool) -> Document:
        return {
            "connected": True,
            "newSession": new,
            "readOnly": False,
            "maxCustomDataBytes": 0,
            "allowedMedia": _MEDIA,
            "blockedExtensions": [".ade"],
            "durationSeconds": _SESSION_SECONDS,
            "expirationDate": 0,
            "clearedExistingSession": False,
            "autoStarted": new and self.rules.auto_started,
        }

    def _tell_configuration(self, message: Document) -> Heard:
        if self.rules.configuration_needs_session and self.token is None:
            return _say(message, "string", _NO_SESSION, "Session not found")
        body = {
            "allowedMedia": _MEDIA,
            "maxCustomDataBytes": 0,
            "messageRoutingEnabled": True,
            "sessionDurationSeconds": _SESSION_SECONDS,
            "blockedExtensions": [".ade"],
        }
        return _say(message, "GetConfigurationResponse", 200, body)

    def _in_session(self, action: str, message: Document) -> Heard:
        token = self.token
        if token is None or message.get("token") != token:
            return _say(message, "string", _NO_SESSION, "Session not found")
        if action in ("echo", "onMessage"):
            return _repeat(message)
        self.token = None
        self.known.discard(token)
        over = {"connected": False, "readOnly": True}
        everywhere = message.get("closeAllConnections") is True
        return _say(message, "SessionResponse", 200, over, token if everywhere else None)


def read_message(text: object) -> Document:
    """Read what came over a socket; what is no JSON object is a message without an action."""
    try:
        message = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        message = None
    return message if isinstance(message, dict) else {}


def too_many(message: Document, error_code: int, seconds: float) -> Document:
    """Make the message that asks a client to come back later."""
    body = {
        "errorCode": error_code,
        "errorMessage": "ConfigureSession rate too high for this session",
        "retryAfter": seconds,
    }
    return _envelope(message, "response", "TooManyRequestsErrorMessage", 429, body)


def connection_closed() -> Document:
    """Make the event that tells a socket that its session was closed on another one."""
    return {"type": "message", "class": "ConnectionClosedEvent", "code": 200, "body": {}}


def _repeat(message: Document) -> Heard:
    said = message.get("message")
    body = {**said, "direction": "Outbound"} if isinstance(said, dict) else {}
    return Heard((_envelope(message, "message", "StructuredMessage", 200, body),))


def _say(message: Document, name: str, code: int, body: Any, ends: str | None = None) -> Heard:
    return Heard((_envelope(message, "response", name, code, body),), ends)


def _envelope(message: Document, kind: str, name: str, code: int, body: Any) -> Document:
    envelope = {"type": kind, "class": name, "code": code, "body": body}
    tracing = message.get("tracingId")
    return {**envelope, "tracingId": tracing} if isinstance(tracing, str) else envelope
