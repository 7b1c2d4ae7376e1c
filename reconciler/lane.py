"""One connection to one server, over the loop's own sockets: httpx's way to put another network below it.

A pool of httpx looks through all its connections twice a request, and its sockets do each read and write three layers
deep: with 32 requests at once that is half of an apply. Here a lane has one connection, which is opened by its first
request and anew where it was lost, and httpcore speaks HTTP over it as it does below httpx's own pool.
"""

from __future__ import annotations

import asyncio
import select
import socket
import ssl
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import reconciler.lean  # noqa: F401  isort: skip - before httpx
import httpcore
import httpx

IDLE_SECONDS = 5.0
"""How long a connection may lie idle and be used again; behind a balancer an old one may be gone unseen."""
NEXT_ADDRESS_SECONDS = 0.25
"""RFC 8305: how long the first address of a name may take before the next is tried beside it."""
HIGH_WATER = 256 * 1024
"""Bytes received and not yet asked for, from which on the server has to wait."""
ADDRESSES = 8
LAST_PORT = 65_535

Place = tuple[bytes, bytes, int, str]
"""Scheme, host, port, and the name that the certificate must have."""


class Wire(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """A connected socket, in the clear or within TLS."""

    def __init__(self) -> None:
        self.has_written = False
        """Whether anything was handed to the network since somebody last set this to False."""
        self._received = bytearray()
        self._ended = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._closed = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket over."""
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Keep what came until it is asked for."""
        self._received += data
        if len(self._received) > HIGH_WATER and self._transport:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """Note that nothing will follow; the transport closes itself."""
        self._ended = True
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        """Note that the connection is gone, and why."""
        self._ended, self._error = True, error
        if not self._closed.done():
            self._closed.set_result(None)
        self._wake()

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109, ARG002 - as httpcore asks
        """Give what came, nothing at the end; the deadline is the caller's."""
        while not self._received and not self._ended:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        if not self._received and self._error:
            raise httpcore.ReadError(str(self._error)) from self._error
        data = bytes(self._received[:max_bytes])
        del self._received[:max_bytes]
        if self._transport and not self._ended and len(self._received) < HIGH_WATER:
            self._transport.resume_reading()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109, ARG002 - as above
        """Hand bytes to the network."""
        if self._ended or not self._transport:
            raise httpcore.WriteError("the connection is gone")
        self.has_written = True
        self._transport.write(buffer)

    async def aclose(self) -> None:
        """Give the socket back, and wait until it is."""
        if self._transport:
            self._transport.abort()
            await asyncio.shield(self._closed)

    def get_extra_info(self, info: str) -> Any:
        """Say whether something came that nobody asked for: the end, most of the time."""
        if info != "is_readable":
            return None
        return bool(self._received) or self._ended or _is_readable(self._transport)


class Lane(httpx.AsyncBaseTransport):
    """Sends one request at a time to wherever its address leads."""

    def __init__(self, context: ssl.SSLContext, connect_seconds: float) -> None:
        self._context = context
        self._connect_seconds = connect_seconds
        self._place: Place | None = None
        self._wire: Wire | None = None
        self._connection: httpcore.AsyncHTTP11Connection | None = None

    @property
    def has_sent(self) -> bool:
        """Whether anything of the latest request went out."""
        return self._wire is not None and self._wire.has_written

    def is_at(self, place: Place) -> bool:
        """Say whether the connection, if there is one, leads there."""
        return self._place == place

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and give the answer with its body still to be read."""
        place, target = place_of(request), request.url.raw_path
        with _told_by_httpx():
            connection = await self._connect(place)
            answer = await connection.handle_async_request(
                httpcore.Request(
                    request.method,
                    httpcore.URL(scheme=place[0], host=place[1], port=place[2], target=target),
                    headers=request.headers.raw,
                    content=request.stream,
                )
            )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer), request=request)

    async def aclose(self) -> None:
        """Close the connection."""
        connection, self._connection, self._wire = self._connection, None, None
        if connection:
            await connection.aclose()

    async def _connect(self, place: Place) -> httpcore.AsyncHTTP11Connection:
        """Give the connection there, which is idle; another one where it is not, or is gone."""
        if self._connection and self._wire and place == self._place and self._connection.is_available():
            self._wire.has_written = False
            if not self._connection.has_expired():
                return self._connection
        await self.aclose()
        self._wire = await self._open(place)
        origin = httpcore.Origin(*place[:3])
        self._connection = httpcore.AsyncHTTP11Connection(origin, self._wire, keepalive_expiry=IDLE_SECONDS)
        self._place = place
        return self._connection

    async def _open(self, place: Place) -> Wire:
        scheme, host, port, name = place
        secure: dict[str, Any] = {}
        if scheme == b"https":
            secure = {
                "ssl": self._context,
                "server_hostname": name,
                # Its own bound, because a handshake that is cancelled leaks.
                "ssl_handshake_timeout": self._connect_seconds,
            }
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_seconds):
                connected = await _dial(host.decode("ascii"), port)
            _, wire = await loop.create_connection(Wire, sock=connected, **secure)
        except (TimeoutError, ConnectionAbortedError) as error:
            # The second is the loop's word for a handshake that took too long.
            raise httpx.ConnectTimeout("no connection in time") from error
        except (OSError, ExceptionGroup) as error:
            raise httpx.ConnectError(str(error)) from error
        return wire


class _Body(httpx.AsyncByteStream):
    """The body of an answer, as it comes."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _told_by_httpx():
            async for part in self._answer.aiter_stream():
                yield part

    async def aclose(self) -> None:
        await self._answer.aclose()


def place_of(request: httpx.Request) -> Place:
    """Say where a request goes, and whose certificate must be there."""
    url = request.url
    scheme = url.raw_scheme
    if scheme not in (b"http", b"https") or not url.raw_host:
        raise httpx.UnsupportedProtocol("an address begins with https://, or http:// on loopback")
    port = url.port or (443 if scheme == b"https" else 80)
    if port > LAST_PORT:
        raise httpx.InvalidURL("the last port is 65535")
    return scheme, url.raw_host, port, request.extensions.get("sni_hostname") or url.raw_host.decode("ascii")


@contextmanager
def _told_by_httpx() -> Iterator[None]:
    """Raise what httpcore raises as the exception of httpx of that name, as httpx's own transport does."""
    try:
        yield
    except (httpcore.ProtocolError, httpcore.NetworkError) as error:
        raise getattr(httpx, type(error).__name__, httpx.RemoteProtocolError)(str(error)) from error


async def _dial(host: str, port: int) -> socket.socket:
    """Connect to the first address of a name that answers; raises `OSError`, of several an `ExceptionGroup`."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    left = list(dict.fromkeys((family, address) for family, _, _, _, address in found))[:ADDRESSES]
    waiting: set[asyncio.Task[socket.socket]] = set()
    failures: list[OSError] = []
    try:
        while left or waiting:
            if left:
                waiting.add(asyncio.create_task(_dial_one(*left.pop(0))))
            patience = NEXT_ADDRESS_SECONDS if left else None
            ended, waiting = await asyncio.wait(
                waiting, timeout=patience, return_when=asyncio.FIRST_COMPLETED
            )
            failures += [error for task in ended if isinstance(error := task.exception(), OSError)]
            connected = [task.result() for task in ended if task.exception() is None]
            if connected:
                _close(connected[1:])
                return connected[0]
    finally:
        _close([task.result() for task in waiting if not task.cancel() and task.exception() is None])
    raise failures[0] if len(failures) == 1 else ExceptionGroup("no address answers", failures)


async def _dial_one(family: int, address: Any) -> socket.socket:
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(0)
        await asyncio.get_running_loop().sock_connect(connection, address)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        connection.close()
        raise
    return connection


def _close(connections: Sequence[socket.socket]) -> None:
    for connection in connections:
        connection.close()


def _is_readable(transport: asyncio.Transport | None) -> bool:
    """Ask the kernel whether something came that the loop has not seen yet."""
    connection = transport.get_extra_info("socket") if transport else None
    if connection is None or connection.fileno() < 0:
        return True
    if not hasattr(select, "poll"):
        return bool(select.select([connection], [], [], 0)[0])
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))
