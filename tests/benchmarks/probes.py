"""Checks of endpoints beside TLS with a raw upgrade, and beside the round trips that they take."""

from __future__ import annotations

import asyncio
import gc
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import trustme
from turns import row

HERE = Path(__file__).resolve().parent
AT_ONCE = 32
SECONDS = 0.030
ROUND_TRIPS = 3
"""TCP, TLS 1.3, the upgrade."""
UPGRADE = (
    b"GET /webchat HTTP/1.1\r\nHost: t0.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def probes(_: int, runs: int, near: int = 320, far: int = 1_000) -> None:
    """Compare with what TLS and an upgrade cost on loopback, and with the distance elsewhere."""
    from reconciler.cli.main import OBJECTS

    gc.set_threshold(OBJECTS)  # as the command line does, for both sides
    with endpoints() as (authority, here, away):
        context = ssl.create_default_context(cafile=authority)
        acts: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            "raw": lambda: raw(context, here, near),
            "refused": lambda: probed(authority, here, near, "refused"),
            "accepted": lambda: probed(authority, here, near, "webchat"),
            "far": lambda: probed(authority, away, far, "webchat"),
        }
        wall: dict[str, list[float]] = {name: [] for name in acts}
        cpu: dict[str, list[float]] = {name: [] for name in acts}
        # Short ones in many turns, so that whatever else the machine does meets all alike.
        for turn in range(3 * runs + 1):
            for name, act in acts.items():
                if name == "far" and turn % 3 != 1:
                    continue
                began, spent = time.perf_counter(), time.process_time()
                asyncio.run(act())
                if turn:
                    wall[name].append(time.perf_counter() - began)
                    cpu[name].append(time.process_time() - spent)
    for name, what, goal in (
        ("refused", "handshakes of checks", "0.7"),
        ("accepted", "checks with the watch over what was opened, and the goodbye", ""),
    ):
        rate, spent = (statistics.median(each["raw"]) / statistics.median(each[name]) for each in (wall, cpu))
        row(
            f"{what}, on loopback, {AT_ONCE} at once, beside TLS and a raw upgrade",
            f"{rate:.2f} of its rate, {spent:.2f} by processor time",
            goal,
        )
    limit = ROUND_TRIPS * SECONDS * far / AT_ONCE
    row(
        f"{far} endpoints {SECONDS * 1000:.0f} ms away, {AT_ONCE} at once",
        f"{statistics.median(wall['far']) / limit:.2f} times round trips x endpoints / concurrency",
        "1.3",
    )


@contextmanager
def endpoints() -> Iterator[tuple[Path, int, int]]:
    """Serve endpoints, and give the authority of their certificate and the ports near and far."""
    with tempfile.TemporaryDirectory() as folder:
        authority, certificate = Path(folder) / "ca.pem", Path(folder) / "server.pem"
        ours = trustme.CA()
        ours.cert_pem.write_to_path(authority)
        ours.issue_cert("*.example.com").private_key_and_cert_chain_pem.write_to_path(certificate)
        words = [sys.executable, HERE / "endpoints.py", certificate, str(SECONDS)]
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if process.stdout is None:
            raise SystemExit("the endpoints have no output")
        try:
            here, away = map(int, process.stdout.readline().split())
            yield authority, here, away
        finally:
            process.communicate()


async def raw(context: ssl.SSLContext, port: int, count: int) -> None:
    """Do the least that an upgrade over verified TLS takes."""
    left = iter(range(count))

    async def work() -> None:
        for number in left:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=context, server_hostname=f"t{number}.example.com"
            )
            writer.write(UPGRADE)
            if b" 101 " not in await reader.readuntil(b"\r\n\r\n"):
                raise SystemExit("no upgrade")
            writer.transport.abort()

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))


async def probed(authority: Path, port: int, count: int, path: str) -> None:
    """Check as many endpoints as a run does."""
    from reconciler.model import Target, Verdict
    from reconciler.probe.endpoint import probe_all
    from reconciler.probe.rules import ConnectTo, ProbeRules

    rules = ProbeRules(
        ca_file=authority, connect_to=(ConnectTo(None, None, "127.0.0.1", port),), concurrency=AT_ONCE
    )
    targets = [
        Target(
            f"channel-{number}",
            f"wss://t{number}.example.com/{path}",
            "https://app.example.com",
            Verdict.REFUSED if path == "refused" else Verdict.ACCEPTED,
        )
        for number in range(count)
    ]
    for probe in await probe_all(targets, rules):
        if not probe.ok:
            raise SystemExit(f"a check failed: {probe.reason}")
