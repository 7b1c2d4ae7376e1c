"""A fleet by the number of its workers: the wall in ratios, the requests as the remotes count them."""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from turns import Spent, once, row, tool

ORGANISATIONS, CHANNELS, CHANGED = 12, 250, 3
SECONDS = 2.0
"""How long a remote thinks about its first list: what an organisation waits for beside the processor."""
WORKERS = (1, 2, 4, 8)


def fleets(_: int, runs: int) -> None:
    """Plan a fleet with more and more workers, and fail where an organisation cost other requests than promised."""
    import pytest
    from test_fleet import Fleet

    with (
        tempfile.TemporaryDirectory() as folder,
        pytest.MonkeyPatch.context() as environ,
        ExitStack() as stack,
    ):
        fleet = Fleet(Path(folder), [f"org{number:02d}" for number in range(ORGANISATIONS)], stack, environ)
        for name in fleet.emulators:
            fleet.fill(name, CHANNELS, CHANGED)
        best = {count: _best(fleet, count, runs) for count in WORKERS}
        alone = best[1]
        for count, spent in best.items():
            row(
                f"fleet plan, {ORGANISATIONS} organisations of {CHANNELS}, {count} workers",
                f"{spent.wall / alone.wall:.2f} of the wall of one worker,"
                f" {spent.cpu / ORGANISATIONS:.2f} s of processor an organisation",
                "falls with workers" if count > 1 else "",
            )
        _count(fleet, len(WORKERS) * runs)


def _best(fleet: Any, workers: int, runs: int) -> Spent:
    words = tool("fleet", "plan", "--repo", fleet.repo, "--workers", str(workers), "--quiet")
    found = []
    for _ in range(runs):
        for emulator in fleet.emulators.values():
            emulator.add_fault({"do": "delay", "seconds": SECONDS, "method": "GET", "times": 1})
        found.append(once(words, dict(os.environ)))
    # The least of several: other work on the machine only stretches a wall.
    return min(found, key=lambda spent: spent.wall)


def _count(fleet: Any, plans: int) -> None:
    promised = plans * (1 + -(-CHANNELS // 100))
    counts = {len(emulator.requests) for emulator in fleet.emulators.values()}
    row(
        f"requests an organisation of {CHANNELS} for {plans} plans",
        " or ".join(map(str, sorted(counts))),
        f"{promised}: a token and a request a page, each",
    )
    if counts != {promised}:
        raise SystemExit("the remotes counted other requests than promised")
