"""The workflows: checked by those who know GitHub's rules, and run end to end against local stand-ins."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from github_api import GitHubApi, serve
from story import IDS, Story
from workflows import Runner, evaluate, git

from reconciler import __version__
from reconciler.cli.main import COMMANDS, run

CHECKOUT = Path(__file__).parent.parent
WORKFLOWS = CHECKOUT / ".github" / "workflows"
ACTION = CHECKOUT / ".github" / "actions" / "reconciler" / "action.yml"
SCRIPTS = Path(sys.executable).parent
EVIL = "https://evil.example.net"


@dataclass
class GitHubStory:
    """A repository on GitHub with the workflows of this one, and an organisation of Genesys Cloud."""

    story: Story
    api: GitHubApi
    runner: Runner
    workflows: Path = WORKFLOWS

    def push(self, branch: str) -> str:
        sha = self.story.commit()
        self.story.git("push", "--quiet", "--force", "origin", f"HEAD:{branch}")
        return sha

    def pull_request(self, *, fork: bool = False) -> dict[str, str]:
        sha = self.push("refs/heads/change")
        head = {"sha": sha, "repo": {"fork": fork}}
        payload = {"pull_request": {"number": 7, "head": head}}
        return self.runner.run(self.workflows / "plan.yml", "pull_request", payload, "change", sha)

    def merge(self) -> dict[str, str]:
        """Squash: the same files under another commit, as the branch is replaced."""
        self.story.git("commit", "--quiet", "--amend", "--allow-empty", "--message", "squashed")
        sha = self.push("refs/heads/main")
        return self.runner.run(self.workflows / "apply.yml", "push", {}, "main", sha)

    def night(self) -> dict[str, str]:
        sha = self.story.git("rev-parse", "HEAD")
        return self.runner.run(self.workflows / "drift.yml", "schedule", {}, "main", sha)


@pytest.fixture
def github(story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubStory]:
    origin = tmp_path / "origin.git"
    git("init", "--quiet", "--bare", "--initial-branch=main", str(origin))
    shutil.copytree(CHECKOUT / ".github", story.repo / ".github")
    given = story.emulator.environment()
    secrets = {name: given.pop(name) for name in ("GENESYS_CLIENT_ID", "GENESYS_CLIENT_SECRET")}
    variables = {"GENESYS_ENV_URL": given.pop("GENESYS_ENV_URL")}
    for name in (*secrets, *variables):
        monkeypatch.delenv(name)
    story.write("support", 0)
    story.commit()
    story.git("remote", "add", "origin", str(origin))
    with serve() as api:
        runner = Runner(origin, api, tmp_path / "runs", SCRIPTS / "reconciler", variables, secrets, given)
        yield GitHubStory(story, api, runner)


@pytest.mark.campaign
@pytest.mark.timeout(300)
def test_a_change_is_planned_reviewed_merged_applied_and_watched(github: GitHubStory) -> None:
    story, api = github.story, github.api

    assert github.pull_request() == {"plan": "success", "report": "success"}, github.runner.log
    (comment,) = api.comments
    assert "Reconciler plan" in comment["body"]
    assert "support" in comment["body"]
    assert {check["name"].split(" (")[0] for check in api.checks} == {"reconciler plan", "reconciler drift"}
    assert story.writes() == []

    story.write("support", 0, description="As reviewed")
    assert github.pull_request() == {"plan": "success", "report": "success"}
    assert github.runner.run_again() == {"plan": "success", "report": "success"}, "a second attempt"
    assert len(api.comments) == 1

    assert github.merge() == {"apply": "success"}, github.runner.log
    assert story.live()["description"] == "As reviewed"
    names = git("ls-tree", "-r", "--name-only", "reconciler-record", folder=github.runner.origin).splitlines()
    assert [name for name in names if name.startswith("applied/") and name.endswith("/support.json")]

    assert github.night() == {"drift": "success", "issue": "success"}, github.runner.log
    assert api.issues == []
    settings = {"corsAllowedOrigins": [*story.live()["webchatSettings"]["corsAllowedOrigins"], EVIL]}
    story.emulator.edit(IDS[0], {"webchatSettings": settings}, user="Dana")
    assert github.night() == {"drift": "success", "issue": "success"}, github.runner.log
    (issue,) = api.issues
    assert (issue["state"], "widens" in issue["title"], "Dana" in issue["body"]) == ("open", True, True)
    assert github.night()["issue"] == "success"
    assert len(api.issues) == 1
    story.emulator.edit(
        IDS[0], {"webchatSettings": {"corsAllowedOrigins": settings["corsAllowedOrigins"][:-1]}}
    )
    assert github.night()["issue"] == "success"
    assert [one["state"] for one in api.issues] == ["closed"]
    for secret in (*github.runner.secrets.values(), "ghs_local"):
        assert secret not in github.runner.log.replace(f"::add-mask::{secret}", "")


def test_an_apply_refuses_what_no_pull_request_planned(github: GitHubStory) -> None:
    github.push("refs/heads/main")
    assert github.merge() == {"apply": "failure"}
    assert "no pull request planned these channel files" in github.runner.log
    assert github.story.writes() == []


@pytest.mark.campaign
def test_an_apply_refuses_a_plan_that_went_stale(github: GitHubStory) -> None:
    story = github.story
    story.seed("support", 0)
    story.write("support", 0, description="As reviewed")
    assert github.pull_request()["plan"] == "success"
    story.emulator.edit(IDS[0], {"description": "Dana's"}, user="Dana")
    assert github.merge() == {"apply": "failure"}
    assert "stale" in github.runner.log
    assert story.live()["description"] == "Dana's"


def test_a_fork_gets_no_secret_and_a_plan_against_the_record(github: GitHubStory) -> None:
    github.runner.secrets = {}
    before = len(github.story.emulator.requests)
    assert github.pull_request(fork=True) == {"plan": "success", "report": "skipped"}, github.runner.log
    assert len(github.story.emulator.requests) == before
    assert github.api.writes() == []
    assert github.merge() == {"apply": "failure"}


@pytest.mark.campaign
def test_where_nothing_is_set_up_yet_a_pull_request_is_green_all_the_same(github: GitHubStory) -> None:
    github.runner.secrets, github.runner.variables = {}, {}
    assert github.pull_request() == {"plan": "success", "report": "success"}, github.runner.log
    assert "live was not looked at" in github.api.comments[0]["body"].replace("`", "")
    assert github.merge() == {"apply": "skipped"}
    assert github.night() == {"drift": "skipped", "issue": "skipped"}


def test_files_that_are_invalid_end_a_plan_with_annotations(github: GitHubStory) -> None:
    github.story.write("support", 0, corsAllowedOrigins=["http://app.example.com"])
    assert github.pull_request() == {"plan": "failure", "report": "skipped"}
    assert "::error file=channels/support.yaml" in github.runner.log


@pytest.mark.campaign
def test_an_empty_repository_gets_a_green_first_pull_request(github: GitHubStory) -> None:
    story = github.story
    for name in ("channels", ".github"):
        shutil.rmtree(story.repo / name)
    story.commit()
    assert story.run("init").code == 0
    action = (story.repo / ".github" / "actions" / "reconciler" / "action.yml").read_text()
    assert f"default: genesys-reconciler=={__version__}" in action
    github.workflows = story.repo / ".github" / "workflows"
    assert github.pull_request() == {"plan": "success", "report": "success"}, github.runner.log
    (comment,) = github.api.comments
    assert "example-webchat" in comment["body"]
    assert {check["conclusion"] for check in github.api.checks} <= {"success", "neutral"}
    run_tool(
        "check-jsonschema", "--builtin-schema", "vendor.github-workflows", str(github.workflows / "plan.yml")
    )
    before = {path: path.read_bytes() for path in story.repo.rglob("*") if path.is_file()}
    assert story.run("init").code == 0
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.b == 'x' && 'yes' || 'no'", "yes"),
        ("a.c != '' && 'yes' || 'no'", "no"),
        ("!(a.b == 'it''s')", True),
        ("a.missing.deep", None),
        ("always()", True),
        ("a.fork != true", True),
    ],
)
def test_expressions_mean_what_they_mean_on_github(text: str, expected: Any) -> None:
    assert evaluate(text, {"a": {"b": "x", "c": ""}}) == expected


def run_tool(*words: str) -> None:
    if not (SCRIPTS / words[0]).exists():
        pytest.skip(f"{words[0]} is not installed")
    ended = subprocess.run(
        [SCRIPTS / words[0], *words[1:]],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.fixture(scope="module")
def laid_down(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `init` lays into an empty repository."""
    repo = tmp_path_factory.mktemp("laid") / "repo"
    git("init", "--quiet", str(repo))
    # With a fleet, so that everything is laid down.
    (repo / "fleet.yaml").write_text("organisations: []\n")
    assert run(["init", "--repo", str(repo)]) == 0
    assert (repo / ".github" / "workflows" / "fleet.yml").is_file()
    return repo


@pytest.mark.parametrize("persona", ["regular", "pedantic", "auditor"])
def test_zizmor_finds_nothing_as_any_of_its_personas(persona: str, laid_down: Path) -> None:
    for folder in (CHECKOUT, laid_down):
        found = [
            str(folder / name) for name in (".github", ".pre-commit-hooks.yaml", ".pre-commit-config.yaml")
        ]
        there = [name for name in found if Path(name).exists()]
        run_tool("zizmor", "--offline", "--quiet", "--strict-collection", "--persona", persona, *there)


def test_the_files_hold_to_the_schemas_of_github() -> None:
    files = sorted(str(path) for path in WORKFLOWS.glob("*.yml"))
    run_tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *files)
    run_tool("check-jsonschema", "--builtin-schema", "vendor.github-actions", str(ACTION))


def actionlint(folder: Path, copy: Path, **replaced: str) -> subprocess.CompletedProcess[str]:
    """Judge a copy of the workflows of a folder, in which `$/` became `./`.

    GitHub has had that reference to the same repository since July 2026, and actionlint does not know it yet. Both
    mean the same files, so that it judges how the action is called, too.
    """
    program = shutil.which("actionlint")
    if program is None:
        pytest.skip("actionlint is not installed")
    git("init", "--quiet", str(copy))
    shutil.copytree(folder / ".github", copy / ".github")
    files = sorted((copy / ".github" / "workflows").glob("*.yml"))
    for file in files:
        text = file.read_text().replace("uses: $/", "uses: ./")
        for old, new in replaced.items():
            text = text.replace(old, new)
        file.write_text(text)
    words = [program, "-no-color", "-shellcheck=", "-pyflakes=", *map(str, files)]
    return subprocess.run(words, cwd=copy, capture_output=True, text=True, check=False, timeout=60)


def test_actionlint_finds_nothing_where_it_is_installed(laid_down: Path, tmp_path: Path) -> None:
    for folder in (CHECKOUT, laid_down):
        ended = actionlint(folder, tmp_path / folder.name)
        assert ended.returncode == 0, ended.stdout + ended.stderr


def test_actionlint_sees_what_the_action_takes(laid_down: Path, tmp_path: Path) -> None:
    ended = actionlint(laid_down, tmp_path / "copy", command="comand")
    assert 'input "comand" is not defined in action' in ended.stdout


def test_every_reference_to_this_repository_leads_to_an_action() -> None:
    """Such a reference names no commit: it is that of the workflow which runs."""
    found = [
        line.partition("uses: $/")[2].strip()
        for path in WORKFLOWS.glob("*.yml")
        for line in path.read_text().splitlines()
        if "uses: $/" in line
    ]
    assert found
    for name in found:
        assert (CHECKOUT / name / "action.yml").is_file(), name


@pytest.mark.parametrize("script", sorted(ACTION.parent.glob("*.sh")), ids=lambda path: path.name)
def test_scripts_are_whole(script: Path) -> None:
    subprocess.run(["bash", "-n", script], check=True, timeout=10)
    assert "${{" not in script.read_text()
    assert os.access(script, os.R_OK)


def test_the_hooks_of_pre_commit_name_commands_that_are_there() -> None:
    hooks = yaml.safe_load((CHECKOUT / ".pre-commit-hooks.yaml").read_text())
    assert [hook["id"] for hook in hooks] == ["reconciler-validate", "reconciler-fmt"]
    for hook in hooks:
        program, command = hook["entry"].split()
        assert (program, command in COMMANDS, hook["language"]) == ("reconciler", True, "python")
        assert re.search(hook["files"], "channels/eu/support.yaml")
        assert not re.search(hook["files"], "docs/channels.yaml")
