"""The table of seed defects: complete, its tests there, and each defect caught when it is put back."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import seed_mutants

TESTS = Path(__file__).parent
TABLE = (TESTS.parent / "docs" / "seed-defects.md").read_text()
ROWS = re.findall(r"(?m)^\| (S\d+(?:-\w+)?)( ▸)? \| .+ \| `(\S+\.py)::(\w+)` \|$", TABLE)


def test_the_table_holds_every_defect_and_every_mutant() -> None:
    assert {name.partition("-")[0] for name, *_ in ROWS} == {f"S{number}" for number in range(1, 35)}
    assert [name for name, mark, *_ in ROWS if mark] == list(seed_mutants.MUTANTS)


@pytest.mark.parametrize(("file", "test"), [row[2:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_what_stands_against_a_defect_is_there(file: str, test: str) -> None:
    assert re.search(rf"(?m)^(async )?def {test}\(", (TESTS / file).read_text())


@pytest.mark.campaign
@pytest.mark.parametrize(
    ("name", "file", "test"),
    [(name, file, test) for name, mark, file, test in ROWS if mark],
    ids=[row[0] for row in ROWS if row[1]],
)
def test_a_defect_that_is_put_back_is_caught(name: str, file: str, test: str) -> None:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-n",
        "0",
        "-q",
        "-x",
        "--timeout",
        "15",
        "-p",
        "no:cacheprovider",
    ]
    ended = subprocess.run(
        [*command, f"{TESTS / file}::{test}"],
        env=os.environ | {"SEED_DEFECT": name},
        cwd=TESTS.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert ended.returncode == 1, f"{name} came back, and {test} says: {ended.stdout[-2000:]}{ended.stderr}"
    assert re.search(r"\d+ failed", ended.stdout)
    # A mutant that no longer fits the program proves nothing.
    assert re.search(r"\b(Type|Name|Attribute|Import)Error\b", ended.stdout) is None, ended.stdout[-3000:]
    assert " error" not in ended.stdout.splitlines()[-1]
