"""A remote in this process: the emulator's own API and store, reached over a wire that can be made to fail."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

from genesys_remote import FakeClock, Keys
from starlette.requests import Request

from reconciler.emulator.answers import Dropped, Truncated
from reconciler.emulator.api import Api
from reconciler.emulator.audit import Actor, person
from reconciler.emulator.remote import Remote
from reconciler.emulator.state import Collection
from reconciler.genesys.client import Client
from reconciler.genesys.pacing import ClientLimits
from reconciler.genesys.token import TokenSource
from reconciler.transport import Reply, TransportError, WriteTransport

BASE = "https://api.example.com"
CHANNELS = "/api/v2/webchat/channels"
TIMEOUT_SECONDS = 30.0
RUN_SECONDS = 900.0


@dataclass(frozen=True)
class Commit:
    """One change of the store, in the order in which they happened."""

    entity: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    actor: Actor

    @property
    def version(self) -> str | None:
        """The version that it made."""
        return str(self.after["version"]) if self.after else None


class Recording(Collection):
    """A collection of the store that remembers every change."""

    def __init__(self, collection: Collection) -> None:
        super().__init__(collection.noun, collection.entity_type, collection.audit)
        self.commits: list[Commit] = []

    def create(self, document: Mapping[str, Any], actor: Actor, at: datetime) -> dict[str, Any]:
        before = self.live.get(document["id"])
        new = super().create(document, actor, at)
        self.commits.append(Commit(new["id"], before, new, actor))
        return new

    def replace(self, document: Mapping[str, Any], actor: Actor, at: datetime) -> dict[str, Any]:
        before = self.get(document["id"])
        new = super().replace(document, actor, at)
        self.commits.append(Commit(new["id"], before, new, actor))
        return new

    def remove(self, entity: str, actor: Actor, at: datetime) -> dict[str, Any]:
        old = super().remove(entity, actor, at)
        self.commits.append(Commit(entity, old, None, actor))
        return old


@dataclass
class Sent:
    """One request of one client as the wire saw it."""

    client: str
    method: str
    path: str
    at: float
    status: int | None = None
    """Of the answer that the client got whole; None where it got none."""
    ended: float | None = None

    @property
    def entity(self) -> str:
        """The id in the path."""
        return unquote(self.path.rpartition("/")[2])

    @property
    def writes(self) -> bool:
        return self.method != "GET" and "/oauth/" not in self.path


Fault = Callable[["Wire", Sent, Callable[[], Awaitable[Reply]]], Awaitable[Reply]]
"""Takes the wire, the request, and what delivers it; gives the reply or raises `TransportError`."""


class Wire(WriteTransport):
    """Carries one client's requests to the remote, through whatever `meddle` makes of each."""

    def __init__(self, world: World, name: str) -> None:
        # Not the transport's own beginnings, which load the system's certificates.
        self.requests: Counter[str] = Counter()
        self.token_requests = 0
        self.world = world
        self.name = name
        self.sent: list[Sent] = []
        self.meddle: Callable[[Sent], Fault | None] = lambda _: None
        self.gate: Callable[[Sent], Awaitable[None]] | None = None

    async def post_form(self, url: str, form: Mapping[str, str], basic: tuple[str, str]) -> Reply:
        self.token_requests += 1
        token = "token-" + self.name
        body = json.dumps({"access_token": token, "token_type": "bearer", "expires_in": 86_399}).encode()
        self.world.grant(token, self.name)
        return Reply(200, {"content-type": "application/json"}, body)

    async def _count_and_send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None, at: Any = None
    ) -> Reply:
        self.requests[method] += 1
        loop = asyncio.get_running_loop()
        sent = Sent(self.name, method, urlsplit(url).path, loop.time())
        self.sent.append(sent)
        self.world.sent.append(sent)
        if self.gate:
            await self.gate(sent)

        async def deliver() -> Reply:
            return await self.world.deliver(method, url, headers, body)

        fault = self.meddle(sent)
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                reply = await (fault(self, sent, deliver) if fault else deliver())
        except TimeoutError as error:
            raise TransportError("no whole answer in time", sent=True) from error
        finally:
            sent.ended = loop.time()
        sent.status = reply.status
        return reply


class Clock(FakeClock):
    """The time of the virtual loop, beginning now; chance by seed."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._random = random.Random(seed)
        self._began = datetime.now(UTC)

    def now(self) -> datetime:
        return self._began + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(seconds)

    def chance(self) -> float:
        return self._random.random()


@dataclass
class World:
    """One remote with its log."""

    seed: int
    remote: Remote = field(default_factory=Remote)
    sent: list[Sent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.api = Api(self.remote)
        self.remote.settings.rate_limit = None
        self.channels = self.remote.store.channels = Recording(self.remote.store.channels)
        self.webhooks = self.remote.store.webhooks = Recording(self.remote.store.webhooks)
        self.names: dict[str, str] = {}
        self.under_way: set[Any] = set()
        self.clock = Clock(self.seed)

    def wire(self, name: str) -> Wire:
        """Make a way to the remote for one client."""
        self.names[name] = self.remote.tokens.add_client(name).id
        return Wire(self, name)

    def grant(self, token: str, name: str) -> None:
        """Let a token be valid."""
        client = self.remote.tokens.clients[self.names[name]]
        self.remote.tokens._issued[token] = (client, float("inf"))

    def client(self, wire: Wire, concurrency: int = 2) -> Client:
        """Make the tool's own client on a wire."""
        limits = ClientLimits(
            concurrency=concurrency,
            rate=100_000,
            deadline=asyncio.get_running_loop().time() + RUN_SECONDS,
        )
        tokens = TokenSource(wire, BASE, Keys(), self.clock, limits)
        return Client(wire, BASE, tokens, self.clock, limits)

    async def deliver(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        """Let the emulator answer a request."""
        address = urlsplit(url)
        scope = {
            "type": "http",
            "method": method,
            "path": unquote(address.path),
            "raw_path": address.path.encode(),
            "query_string": address.query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body or b"", "more_body": False}

        response = await self.api(Request(scope, receive))
        if isinstance(response, Dropped | Truncated):
            raise TransportError("the connection broke off", sent=True)
        fields = {name.decode(): value.decode() for name, value in response.raw_headers}
        return Reply(response.status_code, fields, bytes(response.body))

    def edit(self, entity: str, patch: Mapping[str, Any], user: str = "Dana") -> None:
        """Let a person edit a channel, if it is there."""
        if entity in self.channels.live:
            self.channels.edit(entity, patch, person(user), datetime.now(UTC))

    def delete(self, entity: str, user: str = "Dana") -> None:
        """Let a person delete a channel, if it is there."""
        if entity in self.channels.live:
            self.channels.remove(entity, person(user), datetime.now(UTC))

    def is_ours(self, commit: Commit, *names: str) -> bool:
        """Say whether one of these clients made a commit."""
        return commit.actor.client_id in {self.names[name] for name in names}
