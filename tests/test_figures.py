"""The promised figures as one run prints them; the counts among them are guarded by the stories too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FIGURES = Path(__file__).parent / "benchmarks" / "figures.py"


@pytest.mark.campaign
def test_every_promised_figure_holds() -> None:
    ended = subprocess.run(
        [sys.executable, FIGURES], capture_output=True, text=True, check=False, timeout=110
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.count("ok  ") == 4
