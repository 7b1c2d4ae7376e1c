"""The workflows under act, GitHub's runner as others have rebuilt it, where it is installed: host mode, no network.

What act of today lacks is replaced: references to the same repository, and the artifact actions by copies of files.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

import pytest
from github_api import REPOSITORY, TOKEN
from story import IDS, git_environ
from test_workflows import CHECKOUT, EVIL, SCRIPTS, GitHubStory, github
from workflows import git

from reconciler.cli.main import run

__all__ = ["github"]

ACT = shutil.which("act")
pytestmark = [
    pytest.mark.campaign,
    pytest.mark.timeout(300),
    pytest.mark.skipif(ACT is None, reason="act is not installed"),
]
COPY = """\
name: copy
description: Keep files, or bring them back.
inputs:
  name: {required: true, description: name}
  path: {required: true, description: path}
  if-no-files-found: {required: false, description: unused}
  overwrite: {required: false, description: unused}
  run-id: {required: false, description: run}
  github-token: {required: false, description: unused}
runs:
  using: composite
  steps:
    - shell: bash
      env: {NAME: "${{ inputs.name }}", FOLDER: "${{ inputs.path }}"}
      run: %s
"""


class Act:
    """The workflows of one repository under act."""

    def __init__(self, github: GitHubStory, repo: Path, environ: Mapping[str, str]) -> None:
        self.github = github
        self.repo = repo
        self.environ = environ
        """What the steps get besides what their files give them."""
        self.folder = github.runner.folder
        self.kept = self.folder / "kept"
        self.kept.mkdir(parents=True)
        up = self.stub("upload", 'mkdir -p "$KEPT/$NAME" && cp -r "$FOLDER/." "$KEPT/$NAME"')
        down = self.stub("download", 'mkdir -p "$FOLDER" && cp -r "$KEPT/$NAME/." "$FOLDER"')
        self.replaced = [
            f"actions/upload-artifact@330a01c490aca151604b8cf639adc76d48f6c5d4={up}",
            f"actions/download-artifact@018cc2cf5baa6db3ef3c5f8a56943fffe632ef53={down}",
        ]

    def stub(self, name: str, run: str) -> Path:
        folder = self.folder / name
        folder.mkdir()
        (folder / "action.yml").write_text(COPY % json.dumps(run))
        return folder

    def run(self, workflow: str, event: str, payload: dict[str, object]) -> str:
        for path in (self.repo / ".github" / "workflows").glob("*.yml"):
            path.write_text(path.read_text().replace("uses: $/", "uses: ./"))
        file = self.folder / "event.json"
        file.write_text(json.dumps(payload | {"repository": {"full_name": REPOSITORY}}))
        words = [str(ACT), event, "--workflows", f".github/workflows/{workflow}", "--eventpath", str(file)]
        words += ["--platform", "ubuntu-24.04=-self-hosted", "--pull=false", "--action-offline-mode"]
        words += [f"--local-repository={one}" for one in self.replaced]
        words += [f"--var={name}={value}" for name, value in self.github.runner.variables.items()]
        words += [f"--secret={name}={value}" for name, value in self.github.runner.secrets.items()]
        words += [f"--secret=GITHUB_TOKEN={TOKEN}", f"--env=KEPT={self.kept}"]
        words += [f"--env={name}={value}" for name, value in self.environ.items()]
        home = {
            "HOME": str(self.folder),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}",
        }
        ended = subprocess.run(
            words,
            cwd=self.repo,
            env=git_environ() | home,
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout


def led(github: GitHubStory) -> dict[str, str]:
    """Give the variables that lead the tool to the stand-ins; act would take two from a remote at github.com."""
    return {
        "GITHUB_API_URL": github.api.url,
        "GITHUB_REPOSITORY": REPOSITORY,
        **github.runner.environ,
    }


def wrapper(github: GitHubStory) -> Path:
    """Make a program that runs the tool of this checkout, so that nothing is installed."""
    path = github.runner.folder / "reconciler"
    exports = "".join(f"export {name}='{value}'\n" for name, value in led(github).items())
    path.write_text(f'#!/usr/bin/env bash\n{exports}exec {github.runner.program} "$@"\n')
    path.chmod(path.stat().st_mode | stat.S_IEXEC)
    return path


def index(github: GitHubStory) -> dict[str, str]:
    """Make an index of packages that holds the wheel of this checkout, and give pip's variables that lead to it.

    The libraries are those of this environment, so that nothing comes over a network. Whatever Python begins
    is led to the stand-ins.
    """
    folder = github.runner.folder / "index"
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True, timeout=120)
    (folder / "sitecustomize.py").write_text(f"import os\nos.environ.update({led(github)!r})\n")
    return {
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        # Among those libraries stands this checkout, too.
        "PIP_IGNORE_INSTALLED": "1",
        "PIP_FIND_LINKS": str(folder),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHONPATH": f"{folder}{os.pathsep}{sysconfig.get_path('purelib')}",
    }


def test_the_whole_way_under_act(github: GitHubStory) -> None:
    github.runner.folder.mkdir()
    story, api = github.story, github.api
    act = Act(github, story.repo, {"RECONCILER_BIN": str(wrapper(github))})
    story.git("remote", "set-url", "origin", str(github.runner.origin))
    sha = github.push("main")
    head = {"sha": sha, "repo": {"fork": False}}
    act.run("plan.yml", "pull_request", {"pull_request": {"number": 7, "head": head}})
    (comment,) = api.comments
    assert "Reconciler plan" in comment["body"]
    (name,) = [one.name for one in act.kept.iterdir()]
    api.artifacts.append(
        {
            "name": name,
            "expired": False,
            "workflow_run": {"id": 1, "repository_id": 1, "head_repository_id": 1},
        }
    )
    act.run("apply.yml", "push", {"ref": "refs/heads/main"})
    assert story.live()["name"] == "Channel support"
    assert "reconciler-record" in git("branch", "--list", folder=github.runner.origin)
    story.emulator.edit(IDS[0], {"webchatSettings": {"corsAllowedOrigins": [EVIL]}}, user="Dana")
    act.run("drift.yml", "schedule", {})
    (issue,) = api.issues
    assert "Dana" in issue["body"]


def test_an_empty_repository_reaches_a_green_first_pull_request_under_act(github: GitHubStory) -> None:
    """Nothing of this checkout is in it but what `init` lays down and what its action installs."""
    github.runner.folder.mkdir()
    repo, origin = github.runner.folder / "fresh", github.runner.folder / "fresh.git"
    git("init", "--quiet", "--bare", "--initial-branch=main", str(origin))
    git("clone", "--quiet", str(origin), str(repo))
    assert run(["init", "--repo", str(repo)]) == 0
    git("add", ".", folder=repo)
    git("commit", "--quiet", "--message", "Lay out channels", folder=repo)
    git("push", "--quiet", "origin", "HEAD:main", folder=repo)

    git("checkout", "--quiet", "-b", "first", folder=repo)
    shutil.copy(github.story.write("support", 0), repo / "channels")
    git("add", ".", folder=repo)
    git("commit", "--quiet", "--message", "Add a channel", folder=repo)
    git("push", "--quiet", "origin", "HEAD:first", folder=repo)
    pull = {
        "number": 7,
        "head": {"sha": git("rev-parse", "HEAD", folder=repo), "ref": "first", "repo": {"fork": False}},
        "base": {"ref": "main"},
    }
    Act(github, repo, index(github)).run("plan.yml", "pull_request", {"pull_request": pull})

    (comment,) = github.api.comments
    assert "support" in comment["body"]
    assert {check["conclusion"] for check in github.api.checks} <= {"success", "neutral"}
    assert {check["head_sha"] for check in github.api.checks} == {pull["head"]["sha"]}
    assert github.story.writes() == []
