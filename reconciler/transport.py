"""One HTTP request: verified TLS, a wall-clock deadline, a cap on the body, nothing from the environment.

The only home of httpx, with the lane below it. It knows nothing of tokens, retries or what an answer means: it gives
a `Reply`, whatever its status, or raises `TransportError`, whatever went wrong. Redirects are replies like any other.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Self

import reconciler.lean  # noqa: F401  isort: skip - before httpx
import httpx

from reconciler import __version__
from reconciler.lane import Lane, Place, place_of
from reconciler.report.escape import shown
from reconciler.tls import make_context

if TYPE_CHECKING:
    from pathlib import Path

QUESTIONS = ("/audits/query", "/audits/query/realtime")
"""Ends of the only paths whose POST changes nothing."""
BODY_LIMIT = 16 * 1024 * 1024
"""Bytes of a body after decoding."""
OURS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": f"reconciler/{__version__}"}
"""Headers of every request that says nothing else."""
ENCODINGS = frozenset({"identity", "gzip", "deflate"})
"""One layer at most: each multiplies by a thousand before anybody can count."""
UNKNOWN_ISSUER = frozenset({2, 18, 19, 20, 21})
"""OpenSSL's X509_V_ERR_… numbers for an authority that is not trusted here."""

FAILURES = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    # These come through the library as they are: text that cannot be encoded, TLS, a group of attempts.
    ValueError,
    OSError,
    ExceptionGroup,
)

# At INFO they print whole addresses with their queries, at DEBUG the headers of answers.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer; its body may hold a token and shows in no representation."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = field(repr=False)


class TransportError(Exception):
    """A request without a whole answer."""

    def __init__(self, reason: str, *, sent: bool, lasting: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        """What happened and what to do, escaped."""
        self.sent = sent
        """Whether bytes of the request may have reached the server."""
        self.lasting = lasting
        """Whether the same request would fail in the same way again."""


class ReadTransport:
    """Sends what reads; it has no verb that writes."""

    def __init__(
        self,
        *,
        ca_file: Path | None,
        connections: int,
        timeout_seconds: float = 30.0,
        body_limit: int = BODY_LIMIT,
        count: Callable[[], object] = lambda: None,
    ) -> None:
        self.requests: Counter[str] = Counter()
        """Requests by method, those for a token apart."""
        self.token_requests = 0
        self._timeout_seconds = timeout_seconds
        self._body_limit = body_limit
        self._count = count
        """Called for each answer, so that a person sees how far a long reading is."""
        self._context = make_context(ca_file)
        self._connections = connections
        # httpx's client would add redirects, cookies, proxies and a login of its own, each of which is refused here,
        # and cost a third of a request; so requests go to the lanes as they are.
        self._room = asyncio.Semaphore(connections)
        self._lanes: list[Lane] = []
        self._free: list[Lane] = []

    async def __aenter__(self) -> Self:
        """Open nothing yet: a lane opens with its first request."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        while self._lanes:
            await self._lanes.pop().aclose()
        self._free.clear()

    @asynccontextmanager
    async def _lane(self, place: Place) -> AsyncIterator[Lane]:
        """Give a lane to one request: the one used last that leads there, whose connection is the warmest."""
        async with self._room:
            lane = self._choose(place)
            try:
                yield lane
            finally:
                self._free.append(lane)

    def _choose(self, place: Place) -> Lane:
        for number in range(len(self._free) - 1, -1, -1):
            if self._free[number].is_at(place):
                return self._free.pop(number)
        if self._free and len(self._lanes) >= self._connections:
            return self._free.pop(0)
        # TLS and the connection end on their own before our deadline, because a handshake that is cancelled leaks.
        self._lanes.append(Lane(self._context, self._timeout_seconds / 3))
        return self._lanes[-1]

    async def get(self, url: str, headers: Mapping[str, str], *, at: tuple[str, int] | None = None) -> Reply:
        """Read; with `at`, from that address and port, while name and certificate check stay those of the URL."""
        return await self._count_and_send("GET", url, headers, None, at)

    async def post_question(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Ask what does not fit into an address; raises `ValueError` for a path that is no question."""
        if not httpx.URL(url).path.endswith(QUESTIONS):
            raise ValueError("a reading transport was about to write")
        return await self._count_and_send("POST", url, headers, body)

    async def post_form(self, url: str, form: Mapping[str, str], basic: tuple[str, str]) -> Reply:
        """Ask for a token: the one POST that changes nothing."""
        self.token_requests += 1
        request = partial(httpx.Request, "POST", url, headers=OURS, data=dict(form))
        return await self._send(url, lambda: next(httpx.BasicAuth(*basic).auth_flow(request())))

    async def _count_and_send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        at: tuple[str, int] | None = None,
    ) -> Reply:
        self.requests[method] += 1
        named = {**OURS, **headers}
        if at is None:
            return await self._send(url, partial(httpx.Request, method, url, headers=named, content=body))
        return await self._send(url, lambda: _moved(method, url, named, body, at))

    async def _send(self, url: str, make: Callable[[], httpx.Request]) -> Reply:
        progress = _Progress()
        try:
            async with asyncio.timeout(self._timeout_seconds):
                reply = await self._exchange(make(), progress)
        except TimeoutError as error:
            phase = "gave no whole answer" if progress.sent else "took no request"
            reason = f"{shown(_host(url))} {phase} within {self._timeout_seconds:g} s; try again later"
            raise TransportError(reason, sent=progress.sent) from error
        except FAILURES as error:
            raise _judge(error, url, sent=progress.sent) from error
        self._count()
        return reply

    async def _exchange(self, request: httpx.Request, progress: _Progress) -> Reply:
        async with self._lane(place_of(request)) as lane:
            try:
                response = await lane.handle_async_request(request)
                try:
                    return await self._read(response)
                finally:
                    await response.aclose()
            finally:
                progress.sent = lane.has_sent

    async def _read(self, response: httpx.Response) -> Reply:
        headers = dict(response.headers)
        encoding = headers.get("content-encoding", "identity").lower()
        if encoding not in ENCODINGS:
            reason = "the answer is encoded in a way that was not asked for; it was not read"
            raise TransportError(reason, sent=True, lasting=True)
        body = bytearray()
        async for chunk in response.aiter_raw() if encoding == "identity" else response.aiter_bytes():
            body += chunk
            if len(body) > self._body_limit:
                reason = f"the answer is longer than {self._body_limit} bytes; it was not read"
                raise TransportError(reason, sent=True, lasting=True)
        return Reply(response.status_code, headers, bytes(body))


class WriteTransport(ReadTransport):
    """Sends what reads and what writes."""

    async def put(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Replace or create."""
        return await self._count_and_send("PUT", url, headers, body)

    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes, *, at: tuple[str, int] | None = None
    ) -> Reply:
        """Create, or tell; `at` as in `get`."""
        return await self._count_and_send("POST", url, headers, body, at)

    async def patch(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Change in part."""
        return await self._count_and_send("PATCH", url, headers, body)

    async def delete(self, url: str, headers: Mapping[str, str]) -> Reply:
        """Delete."""
        return await self._count_and_send("DELETE", url, headers)


@dataclass(slots=True)
class _Progress:
    """Remembers whether anything of a request went out."""

    sent: bool = False


def _moved(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None, at: tuple[str, int]
) -> httpx.Request:
    """Make a request that goes to another address, while name and certificate check stay those of the URL."""
    host, port = (f"[{at[0]}]" if ":" in at[0] else at[0]), at[1]
    there = httpx.URL(url)
    return httpx.Request(
        method,
        there.copy_with(netloc=f"{host}:{port}".encode()),
        headers={**headers, "Host": there.netloc.decode()},
        content=body,
        extensions={"sni_hostname": there.host},
    )


def _judge(error: Exception, url: str, *, sent: bool) -> TransportError:
    """Make of whatever the library raised a sentence that says what to do."""
    host = shown(_host(url))
    if isinstance(error, httpx.ConnectError):
        reason, lasting = _connect_words(error, host)
        return TransportError(reason, sent=sent, lasting=lasting)
    if isinstance(error, httpx.ConnectTimeout):
        reason = f"no connection to {host} came about in time; check the network and the firewall"
        return TransportError(reason, sent=sent)
    if isinstance(error, httpx.RemoteProtocolError):
        # Its text quotes what the server sent, which may hold our token, cut or escaped beyond recognition.
        return TransportError(f"the answer of {host} broke off, or is no HTTP; try again", sent=sent)
    if isinstance(error, httpx.NetworkError | OSError):
        what = shown(str(error) or type(error).__name__)
        return TransportError(f"the connection to {host} broke off ({what}); try again", sent=sent)
    if isinstance(error, httpx.DecodingError):
        return TransportError(f"the answer of {host} cannot be decoded", sent=True)
    # What is left speaks of a value of ours (address, header) and may quote it, so its text is not shown.
    name = type(list(_causes(error))[-1]).__name__
    return TransportError(f"the request to {host} cannot be sent ({name})", sent=sent, lasting=True)


def _connect_words(error: Exception, host: str) -> tuple[str, bool]:
    """Say why there is no connection, and whether another attempt would end in the same way."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _certificate_words(host, cause), True
        if isinstance(cause, ssl.SSLError):
            why = shown(cause.reason or type(cause).__name__)
            return f"the TLS handshake with {host} failed ({why}); check that the port speaks TLS 1.2", True
        if isinstance(cause, socket.gaierror):
            return f"DNS knows no address of {host}; check the host name and the resolver", False
        if isinstance(cause, ConnectionRefusedError):
            return f"{host} refused the connection; check the address and the port", False
    what = shown(str(causes[-1]) or type(causes[-1]).__name__)
    return f"no connection to {host} ({what}); check the network and the firewall", False


def _certificate_words(host: str, error: ssl.SSLCertVerificationError) -> str:
    advice = "correct the address, or have the certificate renewed"
    if error.verify_code in UNKNOWN_ISSUER:
        advice = "name the authority that issued it with --ca-file or SSL_CERT_FILE"
    return f"the certificate of {host} failed the check ({shown(error.verify_message)}); {advice}"


def _causes(error: BaseException, depth: int = 8) -> Iterator[BaseException]:
    """Walk down to the roots: the library wraps each error, and several attempts into a group."""
    yield error
    below = (
        error.exceptions if isinstance(error, BaseExceptionGroup) else (error.__cause__ or error.__context__,)
    )
    for cause in below:
        if cause is not None and depth:
            yield from _causes(cause, depth - 1)


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2]
