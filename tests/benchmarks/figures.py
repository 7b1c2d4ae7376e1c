"""Measure what the project promises in figures, side by side in one run, and end with 1 where one does not hold.

Run it by `.venv/bin/python tests/benchmarks/figures.py`. Times are medians of commands run in turn, so that only
their ratios mean anything; requests are those of the remote's own log.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from story import Story, told
from test_imports import REACHING, loaded_by

ROUNDS = 15
CHANNELS = 250


@dataclass(frozen=True)
class Figure:
    """One promise, and what was seen."""

    what: str
    seen: str
    promised: str
    holds: bool


def figures() -> Iterator[Figure]:
    """Measure all of them."""
    yield start_up()
    with tempfile.TemporaryDirectory() as folder:
        yield from in_stories(Path(folder))


def start_up() -> Figure:
    """Compare `reconciler --help` with an interpreter that imports click and does nothing."""
    script = Path(sys.executable).with_name("reconciler")
    ours, click = medians([script, "--help"], [sys.executable, "-c", "import click"])
    seen = f"{ours / click:.2f} times ({ours * 1000:.0f} ms against {click * 1000:.0f} ms)"
    return Figure(
        "reconciler --help, against python -c 'import click'", seen, "at most 1.5 times", ours <= 1.5 * click
    )


def medians(*commands: list[str | Path]) -> list[float]:
    """Give the median seconds of each command, run in turn so that all meet the same machine."""
    spent: list[list[float]] = [[] for _ in commands]
    for _ in range(ROUNDS):
        for times, command in zip(spent, commands, strict=True):
            began = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
            times.append(time.perf_counter() - began)
    return [statistics.median(times) for times in spent]


def in_stories(folder: Path) -> Iterator[Figure]:
    """Measure what needs a repository and a remote."""
    with pytest.MonkeyPatch.context() as environ, told(folder / "many", environ) as story:
        for number in range(CHANNELS):
            story.write(f"channel-{number}", number)
            story.seed(f"channel-{number}", number)
        yield imports(story)
        yield unchanged(story)
    with pytest.MonkeyPatch.context() as environ, told(folder / "twice", environ) as story:
        yield twice(story)


def imports(story: Story) -> Figure:
    """List what a validation of all files loads."""
    code, modules = loaded_by("validate", folder=story.repo)
    reaching = sorted(modules & REACHING)
    others = sorted(modules - set(sys.stdlib_module_names) - {"__main__", "reconciler"})
    seen = f"{', '.join(reaching) or 'none'} (it loads {', '.join(others)})"
    what = f"of {', '.join(sorted(REACHING))}, what validate loads"
    return Figure(what, seen, "none", code == 0 and not reaching)


def unchanged(story: Story) -> Figure:
    """Plan channels that are all as Git wants them."""
    story.emulator.clear()
    code, document = story.json("plan")
    paths = Counter(str(request["path"]) for request in story.emulator.requests)
    wanted = {"/api/v2/webchat/channels": 3, "/oauth/token": 1}
    seen = ", ".join(f"{count} {path}" for path, count in sorted(paths.items()))
    holds = code == 0 and document["summary"]["unchanged"] == CHANNELS and paths == wanted
    return Figure(
        f"requests of a plan over {CHANNELS} unchanged channels", seen, "3 lists and 1 token", holds
    )


def twice(story: Story) -> Figure:
    """Apply channels with health webhooks, then apply them again."""
    for number in range(20):
        story.write(f"channel-{number}", number, webhook=f"https://monitor.example.com/hooks/{number}")
    first = story.run("apply", "--yes", "--no-record", "--probe", "none").code
    written = len(story.writes())
    story.emulator.clear()
    second = story.run("apply", "--yes", "--no-record", "--probe", "none").code
    again = len(story.requests("PUT", "POST", "PATCH", "DELETE"))
    holds = (first, second, written, again) == (0, 0, 40, 0)
    return Figure(
        "writes of a second apply", f"{again} (the first made {written})", "0 after 40 writes", holds
    )


def main() -> int:
    """Print every figure beside its promise."""
    seen = list(figures())
    for figure in seen:
        print(f"{'ok  ' if figure.holds else 'FAIL'} {figure.what}")
        print(f"       promised: {figure.promised}")
        print(f"       seen:     {figure.seen}")
    return 0 if all(figure.holds for figure in seen) else 1


if __name__ == "__main__":
    sys.exit(main())
