"""One connection: kept, given up, opened anew, and what of a request went out."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from reconciler import lane as lanes
from reconciler.lane import Lane
from reconciler.transport import TransportError, WriteTransport

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

Talk = Callable[[int, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""Serves a connection, given its number from 1 on."""


def with_lane(talk: Talk, story: Callable[[Lane, str], Awaitable[Any]]) -> tuple[Any, int]:
    """Let a story use a lane; gives what it gives, and how many connections were opened."""
    opened = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal opened
        opened += 1
        try:
            await talk(opened, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.transport.abort()

    async def play() -> Any:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        lane = Lane(CONTEXT, 5.0)
        try:
            async with asyncio.timeout(20):
                return await story(lane, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        finally:
            await lane.aclose()
            server.close()
            await asyncio.sleep(0.01)

    return asyncio.run(play()), opened


async def ask(lane: Lane, url: str) -> bytes:
    answer = await lane.handle_async_request(httpx.Request("GET", url))
    try:
        return await answer.aread()
    finally:
        await answer.aclose()


async def answering(_: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.readuntil(b"\r\n\r\n"):
        writer.write(ANSWER)


def test_one_connection_serves_one_request_after_another() -> None:
    async def story(lane: Lane, url: str) -> list[bytes]:
        return [await ask(lane, url) for _ in range(5)]

    assert with_lane(answering, story) == ([b"{}"] * 5, 1)


def test_a_connection_that_the_server_closed_is_opened_anew() -> None:
    async def once(_: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        await writer.drain()
        writer.write_eof()
        await reader.read()

    async def story(lane: Lane, url: str) -> list[bytes]:
        got = []
        for _ in range(3):
            got.append(await ask(lane, url))
            await asyncio.sleep(0.02)
        return got

    assert with_lane(once, story) == ([b"{}"] * 3, 3)


def test_what_comes_unasked_answers_no_request() -> None:
    async def eager(number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        if number == 1:
            await writer.drain()
            await asyncio.sleep(0.02)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong")
        await reader.read()

    async def story(lane: Lane, url: str) -> list[bytes]:
        first = await ask(lane, url)
        await asyncio.sleep(0.06)
        return [first, await ask(lane, url)]

    assert with_lane(eager, story) == ([b"{}", b"{}"], 2)


def test_an_answer_that_nobody_read_to_its_end_takes_its_connection_with_it() -> None:
    async def story(lane: Lane, url: str) -> bytes:
        answer = await lane.handle_async_request(httpx.Request("GET", url))
        await answer.aclose()
        return await ask(lane, url)

    assert with_lane(answering, story) == (b"{}", 2)


def test_a_long_answer_waits_for_its_reader() -> None:
    held: list[int] = []

    async def flood(_: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n")
        for _ in range(50):
            writer.write(b"x" * 100_000)
            await writer.drain()

    async def story(lane: Lane, url: str) -> int:
        answer = await lane.handle_async_request(httpx.Request("GET", url))
        total = 0
        async for chunk in answer.aiter_raw():
            total += len(chunk)
            held.append(len(lane._wire._received) if lane._wire else 0)
            await asyncio.sleep(0.001)
        await answer.aclose()
        return total

    assert with_lane(flood, story) == (5_000_000, 1)
    assert max(held) <= 2 * lanes.HIGH_WATER


def test_what_httpcore_would_not_send_was_not_sent() -> None:
    async def story(_: Lane, url: str) -> bool:
        async with WriteTransport(ca_file=None, connections=1) as transport:
            with pytest.raises(TransportError) as caught:
                await transport.put(url, {"If-Match": "3\r\nX: 1"}, b"{}")
            return caught.value.sent

    assert with_lane(answering, story)[0] is False


# Addresses


def named(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let every name have these addresses."""

    async def getaddrinfo(_: Any, host: str, port: int, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)


def test_an_address_that_refuses_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    named(monkeypatch, "127.0.0.9", "127.0.0.1")
    assert with_lane(answering, ask) == (b"{}", 1)


def test_an_address_that_is_silent_is_overtaken(monkeypatch: pytest.MonkeyPatch) -> None:
    named(monkeypatch, "127.0.0.9", "127.0.0.1")
    monkeypatch.setattr(lanes, "NEXT_ADDRESS_SECONDS", 0.02)
    dial, gone = lanes._dial_one, []

    async def slow(family: int, address: tuple[str, int]) -> socket.socket:
        if address[0] == "127.0.0.9":
            try:
                await asyncio.sleep(99)
            except asyncio.CancelledError:
                gone.append(address[0])
                raise
        return await dial(family, address)

    monkeypatch.setattr(lanes, "_dial_one", slow)
    assert with_lane(answering, ask) == (b"{}", 1)
    assert gone == ["127.0.0.9"]


def test_a_name_whose_addresses_all_refuse_is_told_like_one_that_refuses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    named(monkeypatch, "127.0.0.8", "127.0.0.9")

    async def story() -> TransportError:
        async with WriteTransport(ca_file=None, connections=1) as transport:
            with pytest.raises(TransportError) as caught:
                await transport.put("http://api.example.com/", {}, b"{}")
            return caught.value

    error = asyncio.run(story())
    assert (error.reason.partition(";")[0], error.sent, error.lasting) == (
        "api.example.com refused the connection",
        False,
        False,
    )


@pytest.mark.parametrize("after", [0.0, 0.02])
def test_a_connection_that_is_cut_off_while_it_opens_leaves_no_socket_behind(after: float) -> None:
    async def mute(_: int, reader: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        await reader.read(1_000)
        await reader.read()

    async def story(lane: Lane, url: str) -> str:
        opening = asyncio.create_task(ask(lane, url.replace("http:", "https:")))
        await asyncio.sleep(after)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        await asyncio.sleep(0.02)
        gc.collect()  # an open socket would warn here, and a warning fails the test
        return "gone"

    assert with_lane(mute, story)[0] == "gone"
