"""Requests to the API: token, budget, attempts, and every failure as one of the house's errors.

A write is repeated only where the remote cannot have carried it out. A write whose answer was lost ends as
`Unavailable(sent=True)`: whoever asked for it looks at the remote before anything else is done.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode
from weakref import WeakKeyDictionary, WeakSet

import reconciler
from reconciler.clock import Clock
from reconciler.errors import Unauthorized, Unavailable
from reconciler.genesys.answers import CREDENTIALS, judge
from reconciler.genesys.calls import Call, Document, Setback
from reconciler.genesys.cursor import CursorTrail
from reconciler.genesys.pacing import ClientLimits, Window
from reconciler.genesys.paging import Malformed, Page, Unsteady, assemble, is_segment, read_page
from reconciler.genesys.patience import Notice, Patience, silent
from reconciler.genesys.slots import Slots
from reconciler.genesys.token import TokenSource
from reconciler.genesys.witness import Unseen, Witness
from reconciler.model import Json, JsonObject
from reconciler.transport import ReadTransport, Reply, TransportError, WriteTransport

AGENT = f"reconciler/{reconciler.__version__}"
LISTINGS = 2
"""How often a list is read that does not hold still."""


def segment(id_: str) -> str:
    """Write an id as one percent-encoded segment of a path.

    Raises `ValueError` for an id that would lead elsewhere in any encoding: an empty one, or dots alone.
    """
    if not is_segment(id_):
        raise ValueError("an id that is empty, too long or made of dots cannot stand in a path")
    return quote(id_, safe="")


Keep = Callable[[JsonObject], JsonObject]


def _as_it_is(document: JsonObject) -> JsonObject:
    return document


class Client:
    """Sends requests to one API, at most so many at once and so many a minute."""

    def __init__(
        self,
        transport: ReadTransport,
        base_url: str,
        tokens: TokenSource,
        clock: Clock,
        limits: ClientLimits,
        notice: Notice = silent,
        witness: Witness | None = None,
        window: Window | None = None,
    ) -> None:
        self._witness: Witness = witness or Unseen()
        self._transport = transport
        self._base_url = base_url
        self._tokens = tokens
        self._clock = clock
        self._patience = Patience(clock, limits, notice)
        self.window = window or Window(limits.rate)
        """The budget; that of an earlier client of the same run, where there was one."""
        # No more at once than a minute may see, so that the window always knows when it opens.
        self._slots = Slots(min(limits.concurrency, limits.rate))
        self._flown: WeakKeyDictionary[asyncio.Task[object], float] = WeakKeyDictionary()
        self._written: WeakKeyDictionary[asyncio.Task[object], int] = WeakKeyDictionary()
        self._writing: WeakSet[asyncio.Task[Any]] = WeakSet()
        self._flying: WeakSet[asyncio.Future[Any]] = WeakSet()

    @property
    def waited(self) -> float:
        """Seconds spent waiting for the budget and between attempts, summed over requests side by side."""
        return self._patience.waited + self._tokens.waited

    @property
    def own_id(self) -> str:
        """The OAuth client that we are."""
        return self._tokens.client_id

    def seconds_in_flight(self) -> float:
        """Give the seconds in which a request of the current task was on its way: no queue and no wait."""
        task = asyncio.current_task()
        return 0.0 if task is None else self._flown.get(task, 0.0)

    def writes_sent(self) -> int:
        """Give how many writes of the current task went out, whatever became of them."""
        task = asyncio.current_task()
        return 0 if task is None else self._written.get(task, 0)

    def is_writing(self) -> bool:
        """Say whether a write of the current task went out and its end was not heard of, as when it was cut off."""
        return asyncio.current_task() in self._writing

    def is_busy(self, task: asyncio.Future[None]) -> bool:
        """Say whether a request of a task is on its way: no queue and no wait."""
        return task in self._flying

    def hide(self, text: str) -> str:
        """Give text of the remote as a message may show it: one line, escaped, cut, without a secret."""
        return self._tokens.hide(text)

    def redact(self, value: Json) -> Json:
        """Give a value of the remote without the secret and the tokens in it."""
        return self._tokens.redact(value)

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Document:
        """Read one document."""
        return await self._ask(Call("GET", path, query=urlencode(query or {}, quote_via=quote)))

    async def put(
        self, path: str, body: JsonObject, *, if_match: str | None = None, if_none_match: bool = False
    ) -> Document:
        """Replace a document at the version that `if_match` names, or create it where none is."""
        headers = {"If-Match": if_match} if if_match is not None else {}
        if if_none_match:
            headers["If-None-Match"] = "*"
        return await self._ask(Call("PUT", path, headers=headers, body=_encode(body), id=body.get("id")))

    async def post(self, path: str, body: JsonObject | None) -> Document:
        """Create a document under an id that the remote chooses, or have done what the path says."""
        return await self._ask(Call("POST", path, body=None if body is None else _encode(body)))

    async def ask(self, path: str, question: JsonObject, query: Mapping[str, str] | None = None) -> Document:
        """Ask what does not fit into an address; nothing changes by it."""
        words = urlencode(query or {}, quote_via=quote)
        return await self._ask(Call("POST", path, query=words, body=_encode(question), asks=True))

    async def delete(self, path: str, *, if_match: str | None = None) -> None:
        """Delete a document, at the version that `if_match` names where the remote has versions."""
        headers = {"If-Match": if_match} if if_match is not None else {}
        await self._ask(Call("DELETE", path, headers=headers))

    async def fetch_by_cursor(
        self, path: str, page_size: int, query: Mapping[str, str] | None = None
    ) -> tuple[JsonObject, ...]:
        """Read a whole list that goes on by cursor; `Unavailable` where a cursor comes twice or a page is none."""
        asked = {"pageSize": str(page_size), **(query or {})}
        trail = CursorTrail()
        while True:
            body = (await self.get(path, asked)).value
            try:
                after = trail.take(body)
            except Malformed as error:
                raise _unusable(path, f"the list cannot be read: {self.hide(str(error))}") from error
            if after is None:
                return trail.entities
            asked["after"] = after

    async def fetch_pages(self, path: str, page_size: int, keep: Keep = _as_it_is) -> tuple[JsonObject, ...]:
        """Read a whole list, with the fewest requests; `Unavailable` where its pages do not fit together.

        `keep` gives what is kept of each document as soon as its page is there.
        """
        for _ in range(LISTINGS):
            try:
                return assemble(await self._fetch_listing(path, page_size, keep))
            except Unsteady as error:
                reason = self.hide(str(error))
            except Malformed as error:
                raise _unusable(path, f"the list cannot be read: {self.hide(str(error))}") from error
        raise _unusable(path, f"the list does not hold still ({reason}); run again when nobody edits it")

    async def _fetch_listing(self, path: str, page_size: int, keep: Keep) -> list[Page]:
        first = await self._fetch_page(path, page_size, 1, keep)
        try:
            async with asyncio.TaskGroup() as group:
                others = [
                    group.create_task(self._fetch_page(path, page_size, number, keep))
                    for number in range(2, first.count + 1)
                ]
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return [first, *(task.result() for task in others)]

    async def _fetch_page(self, path: str, page_size: int, number: int, keep: Keep) -> Page:
        document = await self.get(path, {"pageSize": str(page_size), "pageNumber": str(number)})
        page = read_page(document.value, page_size)
        return replace(page, entities=tuple(map(keep, page.entities)))

    async def _ask(self, call: Call) -> Document:
        return await self._patience.persist(partial(self._attempt, call), call.method, call.path)

    async def _attempt(self, call: Call) -> Document | Setback:
        async with self._slots.one():
            reply = await self._send_with_token(call)
        if isinstance(reply, Setback):
            return reply
        result = judge(call, reply, self.hide, self._clock.now())
        if reply.status == 429 and isinstance(result, Setback) and result.asked:
            self.window.hold(self._clock.monotonic() + result.asked)
        return result

    async def _send_with_token(self, call: Call) -> Reply | Setback:
        """Send, and once more with another token where the first is refused."""
        # Three, because a token may have been renewed on time while the request with the old one was out.
        for _ in range(3):
            token = await self._admit()
            if isinstance(token, Setback):
                return token
            reply = await self._send(call, token)
            if isinstance(reply, Setback) or reply.status != 401:
                return reply
            await self._tokens.renew(token)
        return Setback(Unauthorized, f"every token is refused; {CREDENTIALS}", 401, sent=False)

    async def _admit(self) -> str | Setback:
        """Wait for the budget, take a place in it, and give the token."""
        while True:
            token = await self._tokens.token()
            # From here to `take` nothing else runs, so that nobody else takes the same place.
            now = self._clock.monotonic()
            wait = self.window.opens(now) - now
            if wait <= 0:
                break
            if stop := await self._patience.wait_for_budget(wait):
                return stop
        if stop := self._patience.out_of_time():
            return stop
        self.window.take()
        return token

    async def _send(self, call: Call, token: str) -> Reply | Setback:
        began = self._clock.monotonic()
        try:
            number = await self._witness.before(call) if call.writes else 0
            began = self._clock.monotonic()
            with self._watched(call, number) as ended_as:
                reply = await self._in_time(call, token)
                ended_as(reply.status)
        except TransportError as error:
            again = not error.lasting and not (call.writes and error.sent)
            cause = "no answer"
            return Setback(Unavailable, self.hide(error.reason), sent=error.sent, again=again, cause=cause)
        finally:
            ended = self._clock.monotonic()
            self.window.end(ended)
            self._count_flight(ended - began)
        self.window.heed(reply.headers, ended)
        if reply.status == 429:
            self._slots.narrow(began, ended)
        elif reply.status < 500:
            self._slots.widen()
        return reply

    async def _in_time(self, call: Call, token: str) -> Reply:
        """Send, and give up at the end of the run; what is cut off then may have been carried out."""
        try:
            async with asyncio.timeout(self._patience.seconds_left()):
                return await self._dispatch(call, token)
        except TimeoutError as error:
            over = "the time of this run was over before an answer came; run again"
            raise TransportError(over, sent=True, lasting=True) from error

    async def _dispatch(self, call: Call, token: str) -> Reply:
        url = f"{self._base_url}{call.path}" + (f"?{call.query}" if call.query else "")
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", "User-Agent": AGENT}
        headers |= call.headers
        if call.method == "GET":
            return await self._transport.get(url, headers)
        if call.asks:
            return await self._transport.post_question(
                url, headers | {"Content-Type": "application/json"}, call.body or b""
            )
        transport = self._transport
        if not isinstance(transport, WriteTransport):
            raise TypeError("a command that only reads was about to write")
        if call.method == "DELETE":
            return await transport.delete(url, headers)
        send = transport.put if call.method == "PUT" else transport.post
        typed = {} if call.body is None else {"Content-Type": "application/json"}
        return await send(url, headers | typed, call.body or b"")

    @contextmanager
    def _watched(self, call: Call, number: int) -> Iterator[Callable[[int], None]]:
        """Note that a write goes out, and the status of its answer; one that is cut off stays on its way."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("requests are sent by tasks")
        self._flying.add(task)
        if call.writes:
            self._writing.add(task)
            self._written[task] = self._written.get(task, 0) + 1
        try:
            yield lambda status: self._witness.after(number, status) if call.writes else None
        except TransportError:
            self._writing.discard(task)
            if call.writes:
                self._witness.after(number, None)
            raise
        finally:
            self._flying.discard(task)
        self._writing.discard(task)

    def _count_flight(self, seconds: float) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._flown[task] = self._flown.get(task, 0.0) + seconds


def _encode(body: JsonObject) -> bytes:
    return json.dumps(dict(body), allow_nan=False, separators=(",", ":")).encode()


def _unusable(path: str, message: str) -> Unavailable:
    return Unavailable(message, method="GET", path=path)
