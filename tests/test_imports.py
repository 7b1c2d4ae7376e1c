"""What each command loads: a command that needs no network must not even load what could reach one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from story import IDS, Story, git_environ

HEAVY = {
    *("httpx", "websockets", "git", "deepdiff", "jsonschema", "yaml", "rich", "ruamel"),
    *("starlette", "uvicorn", "trustme", "cryptography", "asyncio", "ssl", "socket"),
}
REACHING = {"httpx", "git", "deepdiff", "websockets"}
LISTING = """
import contextlib, io, json, sys
from reconciler.cli.main import run
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    code = run(sys.argv[1:])
print(json.dumps([code, sorted({name.split(".")[0] for name in sys.modules})]))
"""


def loaded_by(*words: str, folder: Path | None = None) -> tuple[int, set[str]]:
    """Give the exit code of a command line in a process of its own, and the top modules it loaded."""
    command = [sys.executable, "-c", LISTING, *words]
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
