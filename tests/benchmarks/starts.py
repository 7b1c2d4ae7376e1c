"""What the start of commands takes beside that of Python."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from data import lay_out
from turns import in_turn, row, tool


def starts(_: int, runs: int) -> None:
    """Compare the start of commands with that of Python."""
    with tempfile.TemporaryDirectory() as folder:
        lay_out(Path(folder), 1)
        environ = dict(os.environ)
        spent = in_turn(
            max(runs, 5),
            {
                "pass": ([sys.executable, "-c", "pass"], environ),
                "import click": ([sys.executable, "-c", "import click"], environ),
                "--help": (tool("--help"), environ),
                "validate": (tool("validate", "--repo", folder), environ),
            },
        )
    for name, one in spent.items():
        row(
            f"start of {name}",
            f"{one.cpu / spent['pass'].cpu:.1f} times python -c pass",
            "6" if name == "validate" else "",
        )
