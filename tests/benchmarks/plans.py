"""Whole plans and validations beside a scan of the same files, and how they grow."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from data import lay_out, served
from turns import in_turn, row, tool

SCAN = """
import os, sys
from yaml._yaml import CParser
for entry in sorted(os.scandir(sys.argv[1]), key=lambda entry: entry.name):
    with open(entry.path, "rb", buffering=0) as file:
        parser = CParser(file.read())
    while parser.get_event() is not None:
        pass
"""


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
