"""Writes to a server that is 30 ms away, beside plain sockets and the physical limit."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data import lay_out
from turns import row, tool

HERE = Path(__file__).resolve().parent

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
SECONDS = 0.030
GOALS = {8: "1.15", 32: "1.25"}
BODY = b'{"a": 1}'


def applies(_: int, runs: int) -> None:
    """Compare writes 30 ms away with plain sockets, and with one pool of connections, in turn; then whole applies."""
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
        limit = SECONDS * WRITES / concurrency
        for name, seconds in took.items():
            goal = GOALS[concurrency] if name == "the transport" else ""
            what = f"{WRITES} writes 30 ms away, {concurrency} at once, by {name}"
            row(what, f"{statistics.median(seconds) / limit:.2f} times latency x writes / concurrency", goal)
    for concurrency in (8, 32):
        played = [whole(concurrency) for _ in range(runs)]
        if {(one.writes, one.code) for one in played} != {(WRITES, 0)}:
            raise SystemExit(f"an apply did not write what it should: {played}")
        limit = SECONDS * WRITES / concurrency
        row(
            f"`apply` of {WRITES} changes 30 ms away over TLS, {concurrency} at once, first write to last answer",
            f"{statistics.median(one.seconds for one in played) / limit:.2f} times latency x writes / concurrency,"
            f" {max(one.connections for one in played)} connections",
            GOALS[concurrency],
        )


@dataclass(frozen=True)
class Played:
    """One apply, as the server saw it."""

    code: int
    writes: int
    connections: int
    seconds: float


def whole(concurrency: int) -> Played:
    """Play the command line against a remote that is 30 ms away: files, plan, journal and all; no record, no probes."""
    import trustme

    with tempfile.TemporaryDirectory() as folder:
        repo, authority = Path(folder), trustme.CA()
        live = lay_out(repo, WRITES, changed_every=1)
        (repo / "reconciler.toml").write_text("[record]\naudit_channels = 0\n")
        authority.cert_pem.write_to_path(repo / "ca.pem")
        authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(repo / "server.pem")
        words = [sys.executable, HERE / "distant.py", live, str(SECONDS), repo / "server.pem"]
        server = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if server.stdout is None:
            raise SystemExit("the server has no output")
        environ = {
            **os.environ,
            "GENESYS_CLIENT_ID": "bench",
            "GENESYS_CLIENT_SECRET": "bench-secret",
            "GENESYS_ENV_URL": f"https://localhost:{int(server.stdout.readline())}",
            "SSL_CERT_FILE": str(repo / "ca.pem"),
            "RECONCILER_CACHE": "off",
        }
        limits = ["--concurrency", str(concurrency), "--rate", "100000", "--allow-changes", str(WRITES)]
        quiet = ["--yes", "--quiet", "--probe", "none", "--no-record"]
        command = tool("apply", "--repo", repo, *quiet, *limits)
        ended = subprocess.run(command, env=environ, capture_output=True, check=False)
        told, _ = server.communicate("")
        return Played(ended.returncode, *json.loads(told))


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
