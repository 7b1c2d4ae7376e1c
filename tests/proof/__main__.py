"""Run hostile schedules from the command line: `python -m proof [--from SEED] [--count N]`, from `tests/`."""

from __future__ import annotations

import argparse
import sys
import time

from .judge import broken
from .play import play
from .schedules import make_schedule

SHOWN = 10


def bound(count: int) -> str:
    """Say what no failure in so many supports, at 95 % (the rule of three)."""
    return f"0 in {count:,}: a true rate below {300 / count:.4g} % at 95 %"


def main() -> int:
    """Play schedules and print every promise that was broken."""
    parser = argparse.ArgumentParser(prog="python -m proof")
    parser.add_argument("--from", dest="first", type=int, default=0, metavar="SEED")
    parser.add_argument("--count", type=int, default=10_000, metavar="N")
    words = parser.parse_args()
    began, failed = time.monotonic(), 0
    for seed in range(words.first, words.first + words.count):
        schedule = make_schedule(seed)
        told = broken(play(schedule))
        if told:
            failed += 1
            if failed <= SHOWN:
                print(schedule.told(), *told, sep="\n    ")
    seconds = time.monotonic() - began
    verdict = bound(words.count) if not failed else f"{failed} of {words.count:,} schedules broke a promise"
    print(f"{words.count:,} schedules in {seconds:.1f} s: {verdict}")
    return 1 if failed else 0


sys.exit(main())
