"""Writes to a server that is 30 ms away, beside plain sockets and the physical limit."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from turns import row

DISTANT = """
import asyncio, sys
async def answer(reader, writer):
    try:
        while head := await reader.readuntil(b"\\r\\n\\r\\n"):
            await reader.readexactly(int(head.lower().split(b"content-length:")[1].split(b"\\r\\n")[0]))
            await asyncio.sleep(0.030)
            writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: 2\\r\\n\\r\\n{}")
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()
async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
asyncio.run(main())
"""
WRITES = 320
BODY = b'{"a": 1}'


def applies(_: int, runs: int) -> None:
    """Compare writes 30 ms away with plain sockets, and with one pool of connections, in turn."""
    for concurrency in (8, 32):
        took: dict[str, list[float]] = {"plain sockets": [], "the transport": [], "one pool of httpx": []}
        with distant() as port:
            for _turn in range(runs):
                for name, each in (
                    ("plain sockets", plain),
                    ("the transport", lanes),
                    ("one pool of httpx", pool),
                ):
                    took[name].append(asyncio.run(each(port, concurrency, WRITES)))
        limit = 0.030 * WRITES / concurrency
        for name, seconds in took.items():
            goal = {8: "1.15", 32: "1.25"}[concurrency] if name == "the transport" else ""
            what = f"{WRITES} writes 30 ms away, {concurrency} at once, by {name}"
            row(what, f"{statistics.median(seconds) / limit:.2f} times latency x writes / concurrency", goal)


@contextmanager
def distant() -> Iterator[int]:
    """Run a server that answers after 30 ms, in a process of its own, and give its port."""
    process = subprocess.Popen([sys.executable, "-c", DISTANT], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if process.stdout is None:
        raise SystemExit("the server has no output")
    try:
        yield int(process.stdout.readline())
    finally:
        process.communicate()


async def timed(workers: Iterator[Any]) -> float:
    """Run workers side by side, and give the seconds."""
    began = time.perf_counter()
    await asyncio.gather(*workers)
    return time.perf_counter() - began


async def plain(port: int, concurrency: int, count: int) -> float:
    """Write with nothing but sockets."""
    left = iter(range(count))

    async def work() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in left:
            writer.write(b"PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n\r\n" + BODY)
            await reader.readuntil(b"{}")
        writer.close()

    return await timed(work() for _ in range(concurrency))


async def lanes(port: int, concurrency: int, count: int) -> float:
    """Write as an apply does."""
    from reconciler.transport import WriteTransport

    left = iter(range(count))
    async with WriteTransport(ca_file=None, connections=concurrency) as transport:

        async def work() -> None:
            for _ in left:
                await transport.put(f"http://127.0.0.1:{port}/", {"Content-Type": "application/json"}, BODY)

        return await timed(work() for _ in range(concurrency))


async def pool(port: int, concurrency: int, count: int) -> float:
    """Write with one client of httpx."""
    import httpx

    left = iter(range(count))
    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    async with httpx.AsyncClient(limits=limits, trust_env=False) as client:

        async def work() -> None:
            for _ in left:
                await client.put(f"http://127.0.0.1:{port}/", content=BODY)

        return await timed(work() for _ in range(concurrency))
