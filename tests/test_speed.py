"""What speed stands on, in counts that a busy machine does not change; `benchmarks/speed.py` measures the rest."""

from __future__ import annotations

import cProfile
import pstats
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from build import BINDING, channel, live

from reconciler.acts.load import load_channels
from reconciler.decide.plan import make_plan
from reconciler.desired.rules import RuleSettings

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


@pytest.mark.campaign
def test_the_server_counts_the_requests_that_are_promised() -> None:
    ended = subprocess.run(
        [sys.executable, SPEED, "requests"], capture_output=True, text=True, check=False, timeout=110
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "exit 0" in ended.stdout
