"""The same plan and the same validation by what a user would pick instead, side by side in one run.

    python tests/benchmarks/peers.py [--files 10000] [--checked 1000] [--runs 3]

Plans so many objects of which 1 % differ: by this tool, by octoDNS and by Terraform or OpenTofu; and validates channel
files by this tool, by check-jsonschema with the same schema and by yamllint. Makes its data and a virtual environment
for the others in a temporary folder; needs pip's network and, unless `terraform` or `tofu` is on the PATH, Go.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import re
import resource
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from data import lay_out, served
from peer_data import CHANGED_EVERY, lay_out_records, lay_out_resources
from peer_tools import Peers, ended, find_peers, own_environment
from turns import Spent, in_turn, tool

SCHEMA = Path(__file__).resolve().parents[2] / "schemas" / "webchat-channel.schema.json"
Commands = dict[str, tuple[Sequence[str | Path], dict[str, str]]]

PLAN_GOALS = {"octoDNS": "5 times the wall", "terraform": "50 times the wall, 20 times the memory"}
CHECK_GOALS = {"check-jsonschema": "6 times the wall", "yamllint": "15 times the wall"}


def plans(folder: Path, files: int, runs: int, peers: Peers) -> tuple[dict[str, Spent], float]:
    """Plan so many objects by each tool, after seeing each find the same number of changes.

    The second value is what our remote took for each plan of ours: seconds of processor time, its start included.
    """
    repo = folder / "plans"
    apart(lay_out, repo, files, CHANGED_EVERY)
    apart(lay_out_records, repo / "octodns", files)
    records = [peers.octodns, "--config-file", repo / "octodns" / "config.yaml"]
    resources = [peers.terraform or "", f"-chdir={repo / 'terraform'}", "plan", "-no-color", "-input=false"]
    changed = changes(files)
    apart(expect, rf"Creates=0, Updates={changed}, Deletes=0", *records)
    if peers.terraform:
        apart(lay_out_resources, repo / "terraform", repo / "channels", repo / "live.json")
        ended(peers.terraform, f"-chdir={repo / 'terraform'}", "init", "-no-color", "-input=false")
        apart(expect, rf"0 to add, {changed} to change, 0 to destroy", *resources)
    with served(repo / "live.json") as environ:
        apart(require_changes, repo, environ, changed)
        ours = tool("plan", "--repo", repo, "--quiet")
        warm = environ | {"RECONCILER_CACHE": "", "XDG_CACHE_HOME": str(folder / "cache")}
        commands: Commands = {
            "Reconciler, cold": (ours, environ),
            "Reconciler, warm": (ours, warm),
            "octoDNS": (records, dict(os.environ)),
        }
        if peers.terraform:
            commands["terraform"] = (resources, dict(os.environ))
        spent = in_turn(runs, commands)
        before = children()
    return spent, (children() - before) / (1 + 2 * (1 + runs))


def children() -> float:
    """Give the processor time of all processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def require_changes(repo: Path, environ: dict[str, str], changed: int) -> None:
    """Plan once, and end everything where this finds another number of changes."""
    command = ["env", *(f"{name}={value}" for name, value in environ.items()), *tool("plan", "--repo", repo)]
    found = json.loads(ended(*command, "--format", "json").stdout)["summary"]
    if (found["create"], found["update"], found["delete"]) != (0, changed, 0):
        raise SystemExit(f"the plan finds {found}, not {changed} updates")


def checks(folder: Path, files: int, runs: int, peers: Peers) -> dict[str, Spent]:
    """Validate so many channel files by each tool."""
    repo = folder / "checks"
    apart(lay_out, repo, files, CHANGED_EVERY)
    channels = sorted((repo / "channels").glob("*.yaml"))
    cold = {**os.environ, "RECONCILER_CACHE": "off"}
    warm = cold | {"RECONCILER_CACHE": "", "XDG_CACHE_HOME": str(folder / "cache")}
    ours = tool("validate", "--repo", repo, "--quiet")
    return in_turn(
        runs,
        {
            "Reconciler, cold": (ours, cold),
            "Reconciler, warm": (ours, warm),
            "check-jsonschema": ([peers.check_jsonschema, "--schemafile", SCHEMA, *channels], cold),
            "yamllint": ([peers.yamllint, "-d", "relaxed", repo / "channels"], cold),
        },
    )


def changes(files: int) -> int:
    """Give how many of so many objects differ."""
    return len(range(0, files, CHANGED_EVERY))


def expect(pattern: str, *words: str | Path) -> None:
    """Run a command once, and end everything where its output does not hold what it should."""
    process = ended(*words)
    if not re.search(pattern, process.stdout + process.stderr):
        raise SystemExit(f"{' '.join(map(str, words))} does not say {pattern!r}:\n{process.stdout[-2000:]}")


def apart(act: Callable[..., Any], *words: Any) -> None:
    """Do something in a process of its own: the memory of this one would count in the peak of its children."""
    process = multiprocessing.get_context("fork").Process(target=act, args=words)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{act.__name__} ended with {process.exitcode}")


def table(what: str, spent: dict[str, Spent], goals: dict[str, str], names: dict[str, str]) -> list[str]:
    """Give a row a tool, each beside the first."""
    first = next(iter(spent.values()))
    return [
        f"| {what} | {names.get(name, name)} | {one.wall:.2f} s | {one.cpu:.2f} s | {one.mebibytes:.0f} MiB"
        f" | {one.wall / first.wall:.1f} | {one.cpu / first.cpu:.1f} | {one.mebibytes / first.mebibytes:.1f}"
        f" | {goals.get(name, '')} |"
        for name, one in spent.items()
    ]


def facts(peers: Peers) -> str:
    """Say when, on what and with which versions."""
    from reconciler import __version__

    versions = {"Reconciler": __version__, **peers.versions}
    shown = ", ".join(f"{name} {version}" for name, version in versions.items())
    machine = f"{os.cpu_count()} processors, {platform.machine()}, Python {platform.python_version()}"
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return f"{datetime.now(UTC):%d %B %Y, %H:%M} UTC. {machine}; load {load}. {shown}."


def main() -> int:
    """Print the facts and the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=10_000, help="objects to plan")
    parser.add_argument("--checked", type=int, default=1_000, help="files to validate")
    parser.add_argument("--runs", type=int, default=3, help="counted runs in turn; medians are shown")
    asked = parser.parse_args()
    own_environment()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        peers = find_peers(folder)
        print(facts(peers), "\n")
        print("| what | by | wall | CPU | peak | × wall | × CPU | × memory | goal |\n" + "|---" * 9 + "|")
        terraform = next((name for name in ("Terraform", "OpenTofu") if name in peers.versions), "")
        names = {"octoDNS": "octoDNS, dry run", "terraform": f"{terraform}, resource blocks"}
        planned = f"plan of {asked.files:,}, {changes(asked.files):,} changed"
        spent, remote = plans(folder, asked.files, asked.runs, peers)
        print(*table(planned, spent, PLAN_GOALS, names), sep="\n", flush=True)
        spent = checks(folder, asked.checked, asked.runs, peers)
        print(*table(f"validate {asked.checked:,} files", spent, CHECK_GOALS, names), sep="\n")
    print(
        f"\nFor each plan of ours the emulator took {remote:.2f} s of processor time in a process of its own."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
