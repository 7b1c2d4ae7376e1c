"""OAuth clients, the tokens they were given, and how often each token was used in the last minute."""

from __future__ import annotations

import hmac
import math
import secrets
import uuid
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from reconciler.emulator.audit import Actor


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """Somebody who may ask for tokens."""

    id: str
    secret: str = field(repr=False)
    name: str
    permissions: frozenset[str] | None = None
    """What it may do, as `webchat:webchat:write`; None is everything."""

    @property
    def actor(self) -> Actor:
        """What the audit log says of its writes."""
        return Actor(self.id, self.name, self.id)

    def may(self, permission: str) -> bool:
        """Say whether it has a permission; who may write may also read."""
        if self.permissions is None or permission in self.permissions:
            return True
        return permission.endswith(":read") and permission.removesuffix("read") + "write" in self.permissions


@dataclass(frozen=True, slots=True)
class Usage:
    """Where a token stands in its rate limit after one more request."""

    count: int
    allowed: int
    reset: int
    """Whole seconds until the oldest counted request leaves the window."""
    exceeded: bool


class Tokens:
    """Clients and live tokens. Times are seconds since the epoch."""

    def __init__(self) -> None:
        self.clients: dict[str, OAuthClient] = {}
        self._issued: dict[str, tuple[OAuthClient, float]] = {}
        self._used: dict[str, deque[float]] = {}

    def add_client(self, name: str, permissions: Iterable[str] | None = None) -> OAuthClient:
        """Make a client with a random id and secret."""
        allowed = None if permissions is None else frozenset(permissions)
        client = OAuthClient(str(uuid.uuid4()), secrets.token_urlsafe(24), name, allowed)
        self.clients[client.id] = client
        return client

    def authenticate(self, client_id: str, secret: str) -> OAuthClient | None:
        """Find the client with these credentials."""
        client = self.clients.get(client_id)
        if client is None or not hmac.compare_digest(client.secret.encode(), secret.encode()):
            return None
        return client

    def issue(self, client: OAuthClient, now: float, seconds: float) -> str:
        """Make a token that is good for so many seconds."""
        for token in [token for token, (_, expires) in self._issued.items() if expires <= now]:
            self._forget(token)
        token = secrets.token_urlsafe(32)
        self._issued[token] = (client, now + seconds)
        return token

    def holder(self, token: str, now: float) -> OAuthClient | None:
        """Find whose token this is, if it is live."""
        client, expires = self._issued.get(token, (None, 0.0))
        return client if now < expires else None

    def expire_all(self) -> None:
        """Make every token issued so far invalid."""
        for token in list(self._issued):
            self._forget(token)

    def use(self, token: str, now: float, allowed: int, window: float) -> Usage:
        """Count one request of a token in a sliding window of so many seconds.

        A request that is refused does not count.
        """
        used = self._used.setdefault(token, deque())
        while used and used[0] <= now - window:
            used.popleft()
        exceeded = len(used) >= allowed
        if not exceeded:
            used.append(now)
        oldest = used[0] if used else now
        return Usage(len(used), allowed, max(1, math.ceil(oldest + window - now)), exceeded)

    def _forget(self, token: str) -> None:
        del self._issued[token]
        self._used.pop(token, None)
