"""The tool as a process of its own, which can be sent signals and killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from story import Ended, Story

PATIENCE_SECONDS = 20.0


@dataclass
class Tool:
    """One running command."""

    process: subprocess.Popen[str]

    def send(self, number: signal.Signals) -> float:
        """Send a signal and give the instant."""
        self.process.send_signal(number)
        return time.monotonic()

    def ended(self) -> Ended:
        """Wait for the end; a test never waits for ever."""
        out, err = self.process.communicate(timeout=PATIENCE_SECONDS)
        return Ended(self.process.returncode, out, err)


def start(story: Story, *words: str) -> Tool:
    """Start a command of the tool in the story's repository, led to its remote."""
    command = [sys.executable, "-m", "reconciler", words[0], "--repo", str(story.repo), *words[1:]]
    return Tool(
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}
        )
    )


def until(happened: Callable[[], Any], what: str) -> None:
    """Wait until something has happened."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < end, f"it did not come to pass: {what}"
        time.sleep(0.005)


def recorded(story: Story) -> list[dict[str, Any]]:
    """Give every recorded run, as plain git shows it."""
    names = story.git("ls-tree", "-r", "--name-only", "reconciler-record", "runs").splitlines()
    return [
        json.loads(story.git("show", f"reconciler-record:{name}")) for name in names if name.endswith(".json")
    ]
