"""What each command loads: a command that needs no network must not even load what could reach one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))

from data import lay_out
from story import IDS, Story, git_environ

HEAVY = {
    *("httpx", "websockets", "git", "deepdiff", "jsonschema", "yaml", "rich", "ruamel"),
    *("starlette", "uvicorn", "trustme", "cryptography", "asyncio", "ssl", "socket"),
}
REACHING = {"httpx", "git", "deepdiff", "websockets"}
NEEDLESS = {
    "yaml",
    "jsonschema",
    "tomllib",
    "difflib",
    "publicsuffixlist",
    "confusable_homoglyphs",
    "zoneinfo",
}
"""What a plain file that breaks no rule has no use for."""
MODULES = 60
"""Modules of the house that the validation of one plain file may load; 56 are, of 208 in all with Python 3.11."""
LISTING = """
import contextlib, io, json, sys
from reconciler.cli.main import run
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    code = run(sys.argv[1:])
print(json.dumps([code, sorted({name.split(".")[0] for name in sys.modules})]))
"""


def loaded_by(*words: str, folder: Path | None = None, listing: str = LISTING) -> tuple[int, set[str]]:
    """Give the exit code of a command line in a process of its own, and the top modules it loaded."""
    command = [sys.executable, "-c", listing, *words]
    ended = subprocess.run(
        command, cwd=folder, env=git_environ(), capture_output=True, check=True, timeout=60
    )
    code, modules = json.loads(ended.stdout)
    return code, set(modules)


@pytest.mark.parametrize(
    "words",
    [["--help"], ["--version"], ["valdate"], ["plan", "--help"], ["apply", "--help"], ["explain"]],
    ids=" ".join,
)
def test_help_loads_click_and_nothing_heavy(words: list[str]) -> None:
    _, modules = loaded_by(*words)
    assert "click" in modules
    assert modules & HEAVY == set()


def test_validate_loads_nothing_that_reaches_out(story: Story) -> None:
    story.write("support", 0)
    story.write("careless", 1, corsAllowedOrigins=["http://app.example.com"])
    for form in ("text", "json", "github", "sarif"):
        code, modules = loaded_by("validate", "--format", form, folder=story.repo)
        assert code == 3
        assert {"yaml", "jsonschema"} <= modules
        assert modules & (REACHING | {"ssl", "asyncio"}) == set()


def test_the_validation_of_a_plain_file_loads_what_it_uses(tmp_path: Path) -> None:
    lay_out(tmp_path, 1)
    listing = LISTING.replace('{name.split(".")[0] for name in sys.modules}', "sys.modules")
    code, modules = loaded_by("validate", folder=tmp_path, listing=listing)
    assert code == 0
    assert {name.split(".")[0] for name in modules} & (NEEDLESS | REACHING) == set()
    # Nouns of plans and runs: making them takes longer than the file.
    assert {name for name in modules if name.startswith("reconciler.model.")} == {
        "reconciler.model.json",
        "reconciler.model.wanted",
    }
    house = [name for name in modules if name.split(".")[0] == "reconciler"]
    assert 40 < len(house) <= MODULES


def test_a_plan_without_changes_explains_none(story: Story) -> None:
    story.seed("support", 0)
    story.write("support", 0)
    code, modules = loaded_by("plan", folder=story.repo)
    assert code == 0
    # Nor rich, which httpx would load with a command line that nobody asked for.
    assert modules & {"deepdiff", "websockets", "rich", "ruamel", "jsonschema"} == set()
    story.emulator.edit(IDS[0], {"name": "Other"})
    code, modules = loaded_by("plan", folder=story.repo)
    assert (code, "deepdiff" in modules) == (0, True)
