"""The repository itself: the lock, the workflows, and what its pages promise."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import click
import pytest
import yaml

from reconciler import settings, settings_file
from reconciler.cli.main import COMMANDS, cli

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
    uses = [line.strip(" -") for line in text.splitlines() if "uses:" in line and "uses: $/" not in line]
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
    assert any(line.startswith(f"{script[-1]} -m campaign") for line in script)
    assert {".venv/bin/mypy", ".venv/bin/lint-imports", ".venv/bin/ruff format --check ."} <= set(script)


def page(name: str) -> str:
    return (CHECKOUT / name).read_text()


def rows(text: str) -> list[list[str]]:
    """Give the cells of every row of every table, without heads and lines."""
    found = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in found if not set(row[0]) <= {"-", " ", ":"}]


def test_the_first_screen_of_the_readme_holds_both_commands_and_the_picture() -> None:
    screen = page("README.md").splitlines()[:24]
    assert f"    {TEST_COMMAND}" in screen
    demo = "python3 -m venv .venv && .venv/bin/pip install -e '.[demo]' && .venv/bin/reconciler demo"
    assert f"    {demo}" in screen
    assert any(line.startswith("![") and "docs/demo.svg" in line for line in screen)


def test_the_readme_says_that_the_seeds_endpoints_do_not_exist() -> None:
    text = " ".join(page("README.md").split())
    assert "`/api/v2/webchat/channels`" in text
    assert "Today's Genesys Cloud offers no such endpoint" in text


def test_the_picture_loads_nothing_from_elsewhere() -> None:
    picture = page("docs/demo.svg")
    assert re.search(r"@import|@font-face|url\((?!#)|href=\"(?!#)|<script", picture) is None
    assert "reconciler" in picture


@pytest.mark.parametrize(
    "path",
    [*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").rglob("*.md")],
    ids=lambda path: path.relative_to(CHECKOUT).as_posix(),
)
def test_links_of_pages_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        if "://" not in target:
            name, _, anchor = target.partition("#")
            found = path.parent / name if name else path
            assert found.exists(), target
            heads = re.findall(r"(?m)^#+ (.*)$", found.read_text()) if anchor else []
            assert not anchor or anchor in {head.lower().replace(" ", "-") for head in heads}, target


def test_the_exit_codes_of_the_readme_are_those_of_the_program() -> None:
    text = page("README.md").split("## Exit codes")[1].split("##")[0]
    told = {code for row in rows(text)[1:] for code in row[0].split(", ")}
    helped = cli.epilog or ""
    assert told == set(re.findall(r"\b\d+\b", helped.split("Exit codes:")[1]))


def test_every_setting_stands_in_the_page_of_limits_with_its_default_and_bounds() -> None:
    told = {row[0].strip("`"): row[1:3] for row in rows(page("docs/limits.md")) if len(row) == 4}
    for name in settings_file.TABLES["limits"]:
        assert told[name][0] == f"{getattr(settings.Limits(), name):g}", name
    for name in (*settings_file.TABLES["limits"], "audit_channels"):
        smallest, largest = settings_file.SMALLEST.get(name, 1), settings_file.LARGEST.get(name, 1_000_000)
        assert told[name][1] == f"{smallest} … {largest}", name


FIXED = [row for row in rows(page("docs/limits.md")) if len(row) == 3 and row[0] != "what"]


@pytest.mark.parametrize(("number", "where"), [row[1:] for row in FIXED], ids=[row[0] for row in FIXED])
def test_a_number_in_the_page_of_limits_is_the_one_of_the_code(number: str, where: str) -> None:
    assert float(number) == constant(where.strip("`"))


def constant(where: str) -> float:
    """Look up `module.NAME`, `module.Class.field`, `module.call(parameter)` or `file.json#/pointer`."""
    if "#/" in where:
        name, pointer = where.split("#/")
        found: Any = json.loads(page(f"schemas/{name}"))
        for step in pointer.split("/"):
            found = found[step]
        return float(found)
    path, _, parameter = where.rstrip(")").partition("(")
    if parameter:
        return float(inspect.signature(resolve_name(path)).parameters[parameter].default)
    owner, _, name = path.rpartition(".")
    holder = resolve_name(owner)
    if dataclasses.is_dataclass(holder):
        return float(next(field.default for field in dataclasses.fields(holder) if field.name == name))
    return float(getattr(holder, name))


def options(group: click.Group, name: str) -> Iterator[str]:
    """Give the long options of a command, and of the commands in it."""
    command = group.get_command(click.Context(group), name)
    assert command
    yield from (word for one in command.params for word in one.opts if word.startswith("--"))
    if isinstance(command, click.Group):
        for one in command.list_commands(click.Context(command)):
            yield from options(command, one)


def test_the_page_of_commands_names_every_command_and_option_and_no_other() -> None:
    head, *sections = re.split(r"(?m)^## `(\w+).*$", page("docs/commands.md"))
    told = dict(zip(sections[::2], sections[1::2], strict=True))
    assert list(told) == list(COMMANDS)
    everywhere = set(re.findall(r"--[a-z-]+", head))
    for name, text in told.items():
        known = set(options(cli, name))
        named = set(re.findall(r"--[a-z-]+", text))
        assert named <= known, f"{name} has no such option"
        assert known <= named | everywhere, f"docs/commands.md leaves out an option of {name}"


def test_the_page_of_commands_names_every_variable_that_is_read() -> None:
    told = set(re.findall(r"`((?:GENESYS|RECONCILER)_[A-Z_]+)`", page("docs/commands.md")))
    code = "".join(
        path.read_text() for path in (CHECKOUT / "reconciler").rglob("*.py") if "emulator" not in path.parts
    )
    assert told == set(re.findall(r"\b(?:GENESYS|RECONCILER)_[A-Z_]+\b", code))


def test_the_page_of_the_architecture_names_every_room_and_every_library() -> None:
    text = page("docs/architecture.md")
    told = set(re.findall(r"`([a-z_]+(?:/|\.py))`", text))
    rooms = {f"{path.name}/" if path.is_dir() else path.name for path in (CHECKOUT / "reconciler").iterdir()}
    unnamed = {"__init__.py", "__main__.py", "__pycache__/", "py.typed", "_files/"}
    assert rooms - unnamed - told == set()
    assert told - rooms - {"story.py"} <= {"docs/", "channels/"}
    project = tomllib.loads(page("pyproject.toml"))["project"]
    libraries = {bare(one) for one in (*project["dependencies"], *project["optional-dependencies"]["demo"])}
    named = {bare(name) for row in rows(text) if len(row) == 3 for name in row[2].split(", ") if name}
    assert libraries - named == set(), "give the library its home in docs/architecture.md"
