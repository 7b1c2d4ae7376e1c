"""The repository itself: the lock, the workflows, and what its pages promise."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parent.parent
WORKFLOWS = sorted((CHECKOUT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*")
TEST_COMMAND = "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest"


def bare(requirement: str) -> str:
    """Give the name of a requirement, as indexes spell it."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def test_the_lock_names_every_library_with_hashes_and_no_index() -> None:
    text = (CHECKOUT / "requirements.lock").read_text()
    assert re.search(r"://|index-url|trusted-host|find-links", text) is None
    entries = re.split(r"\n(?=\w)", re.sub(r"(?m)^ *#.*\n?", "", text))
    locked = {bare(entry) for entry in entries}
    for entry in entries:
        assert re.match(
            r"[\w.-]+==[\w.+!-]+( ; [^\n]+)? \\\n( +--hash=sha256:[0-9a-f]{64}( \\)?\n?)+$", entry
        )
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    extras = [one for extra in project["optional-dependencies"].values() for one in extra]
    wanted = {bare(one) for one in (*project["dependencies"], *extras)} - {project["name"]}
    assert wanted - locked == set(), "renew the lock, as CONTRIBUTING.md says"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_pin_their_actions_and_ask_for_little(path: Path) -> None:
    text = path.read_text()
    uses = [line.strip(" -") for line in text.splitlines() if "uses:" in line and "uses: ./" not in line]
    assert [line for line in uses if not PINNED.fullmatch(line)] == []
    workflow: Any = yaml.safe_load(text)
    assert workflow["permissions"] in ({}, {"contents": "read"})
    assert "pull_request_target" not in text
    for job in workflow["jobs"].values():
        assert "uses" in job or job["timeout-minutes"] <= 60
        for step in job.get("steps", ()):
            assert "${{" not in step.get("run", ""), "values go into a script through env:"
            if str(step.get("uses", "")).startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_what_decides_runs_the_campaigns_and_ends_with_the_test_command() -> None:
    script = (CHECKOUT / ".ci" / "run").read_text().splitlines()
    assert "set -euo pipefail" in script
    assert TEST_COMMAND.endswith(script[-1])
    assert f"{script[-1]} -m campaign" in script
    assert {".venv/bin/mypy", ".venv/bin/lint-imports", ".venv/bin/ruff format --check ."} <= set(script)
