"""Run hostile schedules: `python -m proof [--from SEED] [--count N] [--processes N]`, from `tests/`."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from .judge import broken
from .play import play
from .schedules import make_schedule

SHOWN = 10
SHARE = 500
"""Schedules that a process takes at a time."""
TOLD = 50
"""Shares after which it is said how far it is."""


def bound(count: int) -> str:
    """Say what no failure in so many supports, at 95 % (the rule of three)."""
    return f"0 in {count:,}: a true rate below {300 / count:.4g} % at 95 %"


def broken_ones(seeds: range) -> list[str]:
    """Play these schedules and tell of each that broke a promise."""
    played = ((schedule, broken(play(schedule))) for schedule in map(make_schedule, seeds))
    return ["\n    ".join([schedule.told(), *told]) for schedule, told in played if told]


def _prepare() -> None:
    # A loop would put its own handler in place for each schedule, which costs a twentieth of it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.freeze()
    gc.set_threshold(20_000)


def _shares(first: int, count: int) -> Iterator[range]:
    for start in range(first, first + count, SHARE):
        yield range(start, min(start + SHARE, first + count))


def main() -> int:
    """Play schedules, with every processor, and print the promises that were broken."""
    parser = argparse.ArgumentParser(prog="python -m proof")
    parser.add_argument("--from", dest="first", type=int, default=0, metavar="SEED")
    parser.add_argument("--count", type=int, default=10_000, metavar="N")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, metavar="N")
    words = parser.parse_args()
    began, failed = time.monotonic(), 0
    with ProcessPoolExecutor(words.processes, initializer=_prepare) as pool:
        for number, told in enumerate(pool.map(broken_ones, _shares(words.first, words.count)), 1):
            for one in told[: max(0, SHOWN - failed)]:
                print(one, flush=True)
            failed += len(told)
            if number % TOLD == 0:
                print(f"{number * SHARE:,} played, {failed} broke a promise", file=sys.stderr, flush=True)
    seconds = time.monotonic() - began
    verdict = bound(words.count) if not failed else f"{failed} of {words.count:,} schedules broke a promise"
    print(f"{words.count:,} schedules in {seconds:.1f} s: {verdict}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
