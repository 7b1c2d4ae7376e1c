"""A remote that answers from a script, and a clock that sleeping moves: for tests of `reconciler.genesys`."""

from __future__ import annotations

import asyncio
import json
import random
import selectors
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from reconciler.genesys.client import Client
from reconciler.genesys.pacing import ClientLimits
from reconciler.genesys.token import TokenSource
from reconciler.transport import Reply, TransportError, WriteTransport

BASE = "https://api.example.com"
LOGIN = "https://login.example.com"
SECRET = "s3cret/value+canary"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

Got = TypeVar("Got")


@dataclass(frozen=True)
class Late:
    """An answer, or the end of a connection, that is a while in coming."""

    seconds: float
    answer: Reply | TransportError


Answer = Reply | TransportError | Late


@dataclass(frozen=True)
class Keys:
    client_id: str = "the-client"
    client_secret: str = field(default=SECRET, repr=False)


class FakeClock:
    """Time that passes by sleeping alone; chance is as handed in."""

    def __init__(self, chance: float = 0.5) -> None:
        self.seconds = 1000.0
        self.slept: list[float] = []
        self._chance = chance

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.monotonic() - 1000.0)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        until = self.seconds + seconds
        await asyncio.sleep(0)
        self.seconds = max(self.seconds, until)

    def chance(self) -> float:
        return self._chance


class LoopClock(FakeClock):
    """The time of a loop of `in_virtual_time`, where sleepers side by side each wake at their own instant."""

    def __init__(self) -> None:
        super().__init__()
        self._random = random.Random(1)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(seconds)

    def chance(self) -> float:
        return self._random.random()


def in_virtual_time(story: Coroutine[Any, Any, Got]) -> Got:
    """Run a story from instant 0 on; where everybody sleeps, the next who wakes does so at once."""
    with asyncio.Runner(loop_factory=_VirtualLoop) as runner:
        return runner.run(story)


class _VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.virtual = 0.0
        super().__init__(_Skipping(self))

    def time(self) -> float:
        return self.virtual


class _Skipping(selectors.SelectSelector):
    def __init__(self, loop: _VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        self._loop.virtual += timeout or 0.0
        return super().select(timeout and 0.0)


@dataclass(frozen=True)
class Sent:
    """One request as it went out."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Any
    at: float

    @property
    def path(self) -> str:
        return self.url.removeprefix(BASE)

    @property
    def token(self) -> str:
        return self.headers["Authorization"].removeprefix("Bearer ")


class Scripted(WriteTransport):
    """Gives the answers of a script in order, or those of a function; logs in with `token-1`, `token-2`, …"""

    def __init__(
        self,
        script: Iterable[Answer] | Callable[[Sent], Answer] = (),
        logins: Iterable[Answer] = (),
        clock: FakeClock | None = None,
    ) -> None:
        # Not the transport's own beginnings, which load the system's certificates.
        self.sent: list[Sent] = []
        self.logins: list[tuple[str, Mapping[str, str], tuple[str, str]]] = []
        self.clock = clock or FakeClock()
        self.in_flight = 0
        self.most_in_flight = 0
        self._answer = script if callable(script) else _one_by_one(script)
        self._logins = list(logins)

    async def post_form(self, url: str, form: Mapping[str, str], basic: tuple[str, str]) -> Reply:
        self.logins.append((url, form, basic))
        await asyncio.sleep(0)
        answer = self._logins.pop(0) if self._logins else logged_in(f"token-{len(self.logins)}")
        return _given(answer)

    async def _count_and_send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None, at: Any = None
    ) -> Reply:
        request = Sent(method, url, headers, body and json.loads(body), self.clock.monotonic())
        self.sent.append(request)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        for _ in range(4):
            await asyncio.sleep(0)
        self.in_flight -= 1
        answer = self._answer(request)
        if isinstance(answer, Late):
            await asyncio.sleep(answer.seconds)
        return _given(answer)


def reply(status: int = 200, body: Any = None, **headers: str) -> Reply:
    """Make a JSON answer; underscores in header names stand for dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    raw = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
    return Reply(status, {"content-type": "application/json"} | named, raw)


def logged_in(text: str = "token-1", seconds: Any = 86_399) -> Reply:
    return reply(200, {"access_token": text, "token_type": "bearer", "expires_in": seconds})


def broken(*, sent: bool, lasting: bool = False) -> TransportError:
    return TransportError("the connection broke off", sent=sent, lasting=lasting)


def tokens_of(
    transport: Scripted, limits: ClientLimits | None = None, notices: list[str] | None = None
) -> TokenSource:
    notice = (notices if notices is not None else []).append
    return TokenSource(transport, LOGIN, Keys(), transport.clock, limits or ClientLimits(), notice)


def client_of(
    transport: Scripted, limits: ClientLimits | None = None, notices: list[str] | None = None
) -> Client:
    limits = limits or ClientLimits()
    notice = (notices if notices is not None else []).append
    return Client(transport, BASE, tokens_of(transport, limits), transport.clock, limits, notice)


def _one_by_one(script: Iterable[Answer]) -> Callable[[Sent], Answer]:
    left = list(script)
    return lambda _: left.pop(0)


def _given(answer: Answer) -> Reply:
    answer = answer.answer if isinstance(answer, Late) else answer
    if isinstance(answer, TransportError):
        raise answer
    return answer
