"""Who may come in: client credentials for a token, a token for a request, and how often, and for what."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Iterable, Mapping
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs

from reconciler.emulator.refusal import Refused
from reconciler.emulator.settings import Settings
from reconciler.emulator.tokens import OAuthClient, Tokens, Usage

_MISSING = "Unable to perform the requested action. You must have the following permission(s): {permissions}"


class LoginRefused(Refused):
    """A refusal of the login, which words it in its own way."""

    def body(self, _: str) -> dict[str, Any]:
        """Give the login's error body."""
        return {"error": self.code, "description": self.message}


def log_in(tokens: Tokens, method: str, authorization: str | None, form: bytes) -> OAuthClient:
    """Find the client that asks for a token in the one right way."""
    if method != "POST":
        raise LoginRefused(405, "invalid_request", "the login is a POST", headers={"Allow": "POST"})
    client = _client(tokens, authorization or "")
    if client is None:
        headers = {"WWW-Authenticate": "Basic"}
        raise LoginRefused(401, "invalid_client", "client not found or secret invalid", headers=headers)
    if parse_qs(form.decode("latin-1")).get("grant_type") != ["client_credentials"]:
        raise LoginRefused(400, "unsupported_grant_type", "grant_type must be client_credentials")
    return client


def bearer(authorization: str | None) -> str:
    """Give the token of a request."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        message = "No authentication bearer token specified in authorization header."
        raise Refused(401, "authentication.required", message)
    return token


def holder(tokens: Tokens, token: str, now: float) -> OAuthClient:
    """Find whose token this is."""
    client = tokens.holder(token, now)
    if client is None:
        raise Refused(401, "bad.credentials", "Invalid login credentials.")
    return client


def usage_headers(usage: Usage) -> Mapping[str, str]:
    """Give the headers that tell a client where it stands."""
    return {
        "inin-ratelimit-count": str(usage.count),
        "inin-ratelimit-allowed": str(usage.allowed),
        "inin-ratelimit-reset": str(usage.reset),
    }


def require_budget(usage: Usage, settings: Settings, now: float) -> None:
    """Refuse a request that is one too many."""
    if not usage.exceeded:
        return
    as_date = settings.retry_after == "date"
    after = formatdate(math.ceil(now + usage.reset), usegmt=True) if as_date else str(usage.reset)
    raise Refused(
        429,
        "too.many.requests",
        "Rate limit exceeded the maximum. Retry the request in [{seconds}] seconds",
        params={"seconds": str(usage.reset)},
        headers={"Retry-After": after},
    )


def require_permissions(client: OAuthClient, permissions: Iterable[str]) -> None:
    """Refuse a client that may not do this, and name what it lacks."""
    missing = [permission for permission in permissions if not client.may(permission)]
    if missing:
        raise Refused(403, "missing.permissions", _MISSING, params={"permissions": ", ".join(missing)})


def _client(tokens: Tokens, authorization: str) -> OAuthClient | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return tokens.authenticate(client_id, secret)
