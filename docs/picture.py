"""Draw the README's picture from what `reconciler demo` really prints: `.venv/bin/python docs/picture.py`."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

PICTURE = Path(__file__).with_name("demo.svg")
COLUMNS = 100
SCENES = (("Dana adds an origin", "$ reconciler apply"), ("Dana changes it too", "Audit log"))
"""The acts that are shown: a piece of the heading, and the line before which to stop."""
FONT_FACES = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)


def tell() -> str:
    """Run the demo as on a terminal, and give its output with its colours."""
    environ = os.environ | {"FORCE_COLOR": "1", "COLUMNS": str(COLUMNS)}
    environ.pop("NO_COLOR", None)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "reconciler", "demo"]
        ended = subprocess.run(
            command, cwd=folder, env=environ, capture_output=True, text=True, check=True, timeout=120
        )
    return ended.stdout


def scenes(output: str) -> Iterator[Text]:
    """Give the lines of the acts that are shown; an act that is not there is an error."""
    lines = [Text.from_ansi(line) for line in output.splitlines()]
    for heading, end in SCENES:
        first = next(number for number, line in enumerate(lines) if heading in line.plain)
        last = next(number for number in range(first, len(lines)) if lines[number].plain.startswith(end))
        while not lines[last - 1].plain.strip():
            last -= 1
        yield from lines[first:last]
        yield Text()


def draw(lines: Iterator[Text]) -> str:
    """Draw lines as a terminal window, with no font from anywhere else."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    for line in lines:
        console.print(line)
    svg = console.export_svg(title="reconciler demo", unique_id="demo")
    return FONT_FACES.sub("", svg)


if __name__ == "__main__":
    PICTURE.write_text(draw(scenes(tell())))
