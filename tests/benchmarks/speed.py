"""Speed side by side in one run: ratios of processor time, counts by the server, growth. Everything on loopback.

    python tests/benchmarks/speed.py [--files 10000] [--runs 3] [PART …]

Ratios come from processes that ran in turn, so that a busy machine slows all alike; processor time counts, children
included, since other work on the machine only stretches the wall clock.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
SCAN = """
import os, sys
from yaml._yaml import CParser
for entry in sorted(os.scandir(sys.argv[1]), key=lambda entry: entry.name):
    with open(entry.path, "rb", buffering=0) as file:
        parser = CParser(file.read())
    while parser.get_event() is not None:
        pass
"""
SERVE = """
import json, os, sys
from reconciler.emulator.serve import Emulator, run_until_signal
with Emulator() as emulator:
    emulator.settings.rate_limit = None
    for document in json.load(open(sys.argv[1])):
        emulator.seed(document)
    json.dump(emulator.environment(), open(sys.argv[2] + ".new", "w"))
    os.rename(sys.argv[2] + ".new", sys.argv[2])
    sys.stdin.read()
"""
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
FILE = """\
# yaml-language-server: $schema=../schemas/webchat-channel.schema.json
apiVersion: reconciler/v1
kind: WebchatChannel
metadata:
  name: {name}
  owner: {team}
  labels:
    region: {region}
    tier: gold
spec:
  id: {id}
  name: {title}
  description: "{description}"
  enabled: true
  webchatSettings:
    webchatUrl: {url}
    corsAllowedOrigins:
{origins}    authProviderId: {provider}
    webchatId: webchat-instance-{number}
"""


@dataclass(frozen=True)
class Spent:
    """What one command took, medians of several runs."""

    cpu: float
    """Seconds of processor time, of all its processes."""
    wall: float
    mebibytes: float
    """Peak of the largest process."""


def lay_out(folder: Path, count: int, changed_every: int = 100) -> Path:
    """Write so many channel files, and beside them the live documents, of which one in a hundred differs."""
    channels = folder / "channels"
    channels.mkdir(parents=True)
    live = []
    for number in range(count):
        spec, text = channel(number)
        (channels / f"channel-{number:06d}.yaml").write_text(text)
        if number % changed_every == 0:
            spec["webchatSettings"]["corsAllowedOrigins"] = spec["webchatSettings"]["corsAllowedOrigins"][:-1]
        live.append(spec)
    path = folder / "live.json"
    path.write_text(json.dumps(live))
    return path


def channel(number: int) -> tuple[dict[str, Any], str]:
    """Make one channel as a spec and as a file of about 30 lines; the same for the same number."""
    chance = random.Random(number)
    team = chance.choice(["payments", "retail", "claims", "support", "travel", "loyalty"])
    region = chance.choice(["us-east", "eu-west", "eu-central", "ap-southeast"])
    hosts = ["admin", "app", "beta", "help", "m", "portal", "shop", "www"][: chance.randint(2, 8)]
    origins = [f"https://{host}.t{number}.example.com" for host in hosts]
    spec: dict[str, Any] = {
        "id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        "name": f"{team} webchat {number:06d}",
        "description": f"Web chat of the {team} team in {region}, number {number}",
        "enabled": True,
        "webchatSettings": {
            "webchatUrl": f"https://chat.t{number}.example.com",
            "corsAllowedOrigins": origins,
            "authProviderId": f"oauth2-provider-{chance.randint(10_000, 99_999)}",
            "webchatId": f"webchat-instance-{number}",
        },
    }
    settings = spec["webchatSettings"]
    text = FILE.format(
        name=f"channel-{number:06d}", team=team, region=region, id=spec["id"], title=spec["name"], number=number,
        description=spec["description"], url=settings["webchatUrl"], provider=settings["authProviderId"],
        origins="".join(f"      - {origin}\n" for origin in origins),
    )  # fmt: skip
    return spec, text


@contextmanager
def served(live: Path) -> Iterator[dict[str, str]]:
    """Serve live documents from a process of its own, and give the environment that leads there."""
    ready = live.with_suffix(".env")
    process = subprocess.Popen([sys.executable, "-c", SERVE, live, ready], stdin=subprocess.PIPE)
    try:
        while not ready.exists():
            if process.poll() is not None:
                raise SystemExit("the emulator ended before it served")
            time.sleep(0.05)
        yield {**os.environ, **json.loads(ready.read_text()), "RECONCILER_CACHE": "off"}
    finally:
        process.communicate()
        ready.unlink(missing_ok=True)


def in_turn(runs: int, commands: dict[str, tuple[Sequence[str | Path], dict[str, str]]]) -> dict[str, Spent]:
    """Run commands in turn, one round uncounted, and give the medians of each."""
    spent: dict[str, list[Spent]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, (words, environ) in commands.items():
            one = once(words, environ)
            if turn:
                spent[name].append(one)
    return {
        name: Spent(
            *(
                statistics.median(getattr(one, field) for one in all_)
                for field in ("cpu", "wall", "mebibytes")
            )
        )
        for name, all_ in spent.items()
    }


def once(words: Sequence[str | Path], environ: dict[str, str]) -> Spent:
    """Run one command and give what it took; its output goes nowhere."""
    quiet = [
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]
    began = time.perf_counter()
    process = os.posix_spawn(str(words[0]), list(map(str, words)), environ, file_actions=quiet)
    _, status, usage = os.wait4(process, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 2):
        raise SystemExit(f"{' '.join(map(str, words))} ended with {os.waitstatus_to_exitcode(status)}")
    return Spent(usage.ru_utime + usage.ru_stime, time.perf_counter() - began, usage.ru_maxrss / 1024)


def tool(*words: str | Path) -> list[str | Path]:
    """Give the command line of the tool."""
    return [sys.executable, "-m", "reconciler", *words]


def row(what: str, seen: str, goal: str = "") -> None:
    """Print one line of the table."""
    print(f"| {what} | {seen} | {goal} |", flush=True)


def plans(files: int, runs: int) -> None:
    """Compare whole plans and validations with a scan of the same files to libyaml's events."""
    with tempfile.TemporaryDirectory() as folder:
        repo = Path(folder)
        with served(lay_out(repo, files)) as environ:
            warm = environ | {"RECONCILER_CACHE": "", "XDG_CACHE_HOME": f"{folder}/cache", "CI": ""}
            pinned = [
                shutil.which("taskset") or "/usr/bin/env",
                *(["-c", "0"] if shutil.which("taskset") else []),
            ]
            spent = in_turn(
                runs,
                {
                    "scan": ([sys.executable, "-c", SCAN, repo / "channels"], environ),
                    "validate": (tool("validate", "--repo", repo, "--quiet"), environ),
                    "validate, warm": (tool("validate", "--repo", repo, "--quiet"), warm),
                    "plan, one core": ([*pinned, *tool("plan", "--repo", repo, "--quiet")], environ),
                    "plan": (tool("plan", "--repo", repo, "--quiet"), environ),
                    "plan, warm": (tool("plan", "--repo", repo, "--quiet"), warm),
                },
            )
    scan = spent["scan"]
    goals = {"plan, one core": "2.0 cpu", "plan": "1.3 wall", "plan, warm": "0.4 cpu"}
    for name, one in spent.items():
        ratios = f"cpu {one.cpu:.2f} s ({one.cpu / scan.cpu:.2f}), wall {one.wall:.2f} s ({one.wall / scan.wall:.2f})"
        row(f"{name}, {files} files", f"{ratios}, {one.mebibytes:.0f} MiB", goals.get(name, ""))


def growth(files: int, runs: int) -> None:
    """Compare a validation of so many files with one of a tenth."""
    with tempfile.TemporaryDirectory() as few, tempfile.TemporaryDirectory() as many:
        lay_out(Path(few), files // 10)
        lay_out(Path(many), files)
        environ = {**os.environ, "RECONCILER_CACHE": "off"}
        spent = in_turn(
            runs,
            {
                "none": (
                    tool("validate", "--repo", few, "--quiet", f"{few}/channels/channel-000000.yaml"),
                    environ,
                ),
                "few": (tool("validate", "--repo", few, "--quiet"), environ),
                "many": (tool("validate", "--repo", many, "--quiet"), environ),
            },
        )
    row(
        f"validate, {files} files against {files // 10}",
        f"{spent['many'].cpu / spent['few'].cpu:.1f} times",
        "10.5",
    )


def starts(_: int, runs: int) -> None:
    """Compare the start of commands with that of Python."""
    with tempfile.TemporaryDirectory() as folder:
        lay_out(Path(folder), 1)
        environ = dict(os.environ)
        spent = in_turn(
            max(runs, 5),
            {
                "pass": ([sys.executable, "-c", "pass"], environ),
                "import click": ([sys.executable, "-c", "import click"], environ),
                "--help": (tool("--help"), environ),
                "validate": (tool("validate", "--repo", folder), environ),
            },
        )
    for name, one in spent.items():
        row(
            f"start of {name}",
            f"{one.cpu / spent['pass'].cpu:.1f} times python -c pass",
            "6" if name == "validate" else "",
        )


def requests(_: int, __: int) -> None:
    """Count the requests of a plan, an apply and a conflict, as the server saw them."""
    import pytest
    from story import told

    with (
        tempfile.TemporaryDirectory() as folder,
        pytest.MonkeyPatch.context() as environ,
        told(Path(folder) / "repo", environ) as story,
    ):
        for number in range(250):
            story.seed(f"channel-{number}", number)
            story.write(f"channel-{number}", number, **({"description": "New"} if number < 25 else {}))
        story.emulator.clear()
        story.interrupt(7, {"theirs": "kept"})
        code = story.run("apply", "--yes", "--no-record", "--probe", "none").code
        counts = Counter(map(_kind, (one for one in story.emulator.requests if "audit" not in one["path"])))
    wanted = {"token": 1, "GET list": 3, "PUT one": 26, "GET one": 1}
    row("requests: 250 channels, 25 changed, 1 conflict", f"{dict(counts)}, exit {code}", f"{wanted}")
    if dict(counts) != wanted:
        raise SystemExit("the server counted other requests than promised")


def _kind(seen: dict[str, Any]) -> str:
    if seen["path"] == "/oauth/token":
        return "token"
    return f"{seen['method']} {'list' if seen['path'].endswith('/channels') else 'one'}"


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


PARTS: dict[str, Callable[[int, int], None]] = {
    # What this process loads itself comes last: a child's peak of memory counts from its parent's.
    "starts": starts,
    "plans": plans,
    "growth": growth,
    "applies": applies,
    "requests": requests,
}


def main() -> int:
    """Print a table of what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    print("| what | seen | goal |\n|---|---|---|")
    for name, part in PARTS.items():
        if name in (asked.parts or PARTS):
            part(asked.files, asked.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
