"""What speed stands on, in counts that a busy machine does not change; `benchmarks/speed.py` measures the rest."""

from __future__ import annotations

import asyncio
import cProfile
import pstats
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from benchmarks import distant
from build import BINDING, channel, live
from genesys_remote import Keys
from story import told

from reconciler import tls
from reconciler.acts.apply import Carrier
from reconciler.acts.bench import Terms
from reconciler.acts.load import load_channels
from reconciler.clock import SystemClock
from reconciler.decide.plan import make_plan
from reconciler.desired.rules import RuleSettings
from reconciler.genesys.client import Client
from reconciler.genesys.pacing import ClientLimits
from reconciler.genesys.token import TokenSource
from reconciler.model import Result
from reconciler.transport import WriteTransport

SPEED = Path(__file__).parent / "benchmarks" / "speed.py"
FILE = """\
apiVersion: reconciler/v1
kind: WebchatChannel
metadata: {{name: channel-{number}}}
spec:
  id: 00000000-0000-4000-8000-{number:012d}
  name: Channel {number}
  enabled: true
  webchatSettings:
    webchatUrl: https://webchat.t{number}.example.com
    corsAllowedOrigins: [https://app.t{number}.example.com]
    authProviderId: oauth2-provider-1
"""
GROWTH = 1.05
"""How much more than twice the calls twice the input may take."""


PLAIN = 550
"""Calls of functions for a plain file of twelve lines, all rules included; read event by event it takes 100 more."""

WRITTEN = 2_700
"""Calls of functions for a write, from plan to outcome, the server's included: four fifths in httpx and below."""

AT_ONCE = 8

PLANNED = 90
"""Calls of functions for a channel that is as Git wants it; by way of normal forms it takes 280 more."""


def calls(act: Callable[[], Any]) -> int:
    """Count the calls of functions that something takes, those of libraries included."""
    profile = cProfile.Profile()
    profile.runcall(act)
    return int(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]


def loading(folder: Path, count: int) -> int:
    (folder / "channels").mkdir(parents=True)
    for number in range(count):
        (folder / "channels" / f"channel-{number}.yaml").write_text(FILE.format(number=number))
    return calls(lambda: load_channels(folder, "channels", RuleSettings()))


def test_twice_the_files_take_twice_the_work(tmp_path: Path) -> None:
    loading(tmp_path / "first", 1)
    few, many = loading(tmp_path / "few", 100), loading(tmp_path / "many", 200)
    assert many <= 2 * GROWTH * few


def test_a_plain_file_is_not_read_event_by_event(tmp_path: Path) -> None:
    loading(tmp_path / "first", 1)
    few, many = loading(tmp_path / "few", 100), loading(tmp_path / "many", 200)
    assert (many - few) / 100 < PLAIN


def test_twice_the_channels_take_twice_the_planning() -> None:
    def planning(count: int) -> int:
        ids = [f"00000000-0000-4000-8000-{number:012d}" for number in range(count)]
        wanted = [channel(f"channel-{number}", id=id_) for number, id_ in enumerate(ids)]
        there = [live(id=id_) for id_ in ids]
        return calls(lambda: make_plan(BINDING, wanted, there, []))

    planning(1)
    few, many = planning(200), planning(400)
    assert many <= 2 * GROWTH * few
    assert (many - few) / 200 < PLANNED


def writing(count: int) -> tuple[int, distant.Remote]:
    """Count the calls of carrying out so many changes, those of the smallest server in the same loop included."""
    ids = [f"00000000-0000-4000-8000-{number:012d}" for number in range(count)]
    there = [live(id=id_) for id_ in ids]
    wanted = [channel(f"channel-{number}", id=id_, description="New") for number, id_ in enumerate(ids)]
    plan = make_plan(BINDING, wanted, there, [])
    remote = distant.Remote([dict(one.document) for one in there], 0.0)

    async def story() -> int:
        clock = SystemClock()
        limits = ClientLimits(concurrency=AT_ONCE, rate=100_000)
        server = await asyncio.get_running_loop().create_server(lambda: distant.Talk(remote), "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with WriteTransport(ca_file=None, connections=AT_ONCE) as transport:
            tokens = TokenSource(transport, url, Keys(), clock, limits)
            client = Client(transport, url, tokens, clock, limits)
            terms = Terms(conflicts=5, concurrency=AT_ONCE, why_invalid=lambda *_: None)
            carrier = Carrier(client, clock, terms, asyncio.Event(), lambda _: None)
            outcomes = await carrier.carry_out(plan)
        server.close()
        return sum(outcome.result is Result.APPLIED for outcome in outcomes)

    made: list[int] = []
    spent = calls(lambda: made.append(asyncio.run(story())))
    assert made == [count]
    return spent, remote


def test_a_write_takes_so_many_calls_however_many_there_are() -> None:
    writing(1)
    (few, _), (some, remote), (many, _) = writing(20), writing(40), writing(80)
    assert (many - some) / 40 < WRITTEN
    assert many - some <= 2 * GROWTH * (some - few)
    assert (remote.writes, remote.connections) == (40, AT_ONCE)


def test_a_run_makes_one_tls_context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The listing, the writes and the checks of endpoints share it."""
    with told(tmp_path / "repo", monkeypatch) as story:
        story.seed("support")
        story.write("support", description="New")
        tls._made.cache_clear()
        story.run("apply", "--yes", "--no-record")
        assert len(story.writes()) == 1
        assert tls._made.cache_info().misses == 1
    tls._made.cache_clear()


@pytest.mark.campaign
def test_the_server_counts_the_requests_that_are_promised() -> None:
    ended = subprocess.run(
        [sys.executable, SPEED, "requests"], capture_output=True, text=True, check=False, timeout=110
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "exit 0" in ended.stdout
