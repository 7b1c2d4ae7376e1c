"""Commands that run in turn, what each took, and the table that says so."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Spent:
    """What one command took, medians of several runs."""

    cpu: float
    """Seconds of processor time, of all its processes."""
    wall: float
    mebibytes: float
    """Peak of the largest process."""


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
