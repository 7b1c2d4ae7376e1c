"""The workflows under act, GitHub's runner as others have rebuilt it, where it is installed: host mode, no network.

What act of today lacks is replaced: references to the same repository, and the artifact actions by copies of files.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from github_api import REPOSITORY, TOKEN
from story import IDS, git_environ
from test_workflows import EVIL, GitHubStory, github
from workflows import git

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

    def __init__(self, github: GitHubStory) -> None:
        self.github = github
        self.folder = github.runner.folder
        self.kept = self.folder / "kept"
        self.kept.mkdir(parents=True)
        up = self.stub("upload", 'mkdir -p "$KEPT/$NAME" && cp -r "$FOLDER/." "$KEPT/$NAME"')
        down = self.stub("download", 'mkdir -p "$FOLDER" && cp -r "$KEPT/$NAME/." "$FOLDER"')
        self.replaced = [
            f"actions/upload-artifact@330a01c490aca151604b8cf639adc76d48f6c5d4={up}",
            f"actions/download-artifact@018cc2cf5baa6db3ef3c5f8a56943fffe632ef53={down}",
        ]
        self.program = self.wrapper()

    def stub(self, name: str, run: str) -> Path:
        folder = self.folder / name
        folder.mkdir()
        (folder / "action.yml").write_text(COPY % json.dumps(run))
        return folder

    def wrapper(self) -> Path:
        """Lead the tool to the stand-ins; act takes both from a remote that would be at github.com."""
        path = self.folder / "reconciler"
        told = {
            "GITHUB_API_URL": self.github.api.url,
            "GITHUB_REPOSITORY": REPOSITORY,
            **self.github.runner.environ,
        }
        exports = "".join(f"export {name}='{value}'\n" for name, value in told.items())
        path.write_text(f'#!/usr/bin/env bash\n{exports}exec {self.github.runner.program} "$@"\n')
        path.chmod(path.stat().st_mode | stat.S_IEXEC)
        return path

    def run(self, workflow: str, event: str, payload: dict[str, object]) -> str:
        story = self.github.story
        for path in (story.repo / ".github" / "workflows").glob("*.yml"):
            path.write_text(path.read_text().replace("uses: $/", "uses: ./"))
        story.commit()
        story.git("push", "--quiet", "--force", "origin", "HEAD:main")
        file = self.folder / "event.json"
        file.write_text(json.dumps(payload | {"repository": {"full_name": REPOSITORY}}))
        words = [str(ACT), event, "--workflows", f".github/workflows/{workflow}", "--eventpath", str(file)]
        words += ["--platform", "ubuntu-24.04=-self-hosted", "--pull=false", "--action-offline-mode"]
        words += [f"--local-repository={one}" for one in self.replaced]
        words += [f"--var={name}={value}" for name, value in self.github.runner.variables.items()]
        words += [f"--secret={name}={value}" for name, value in self.github.runner.secrets.items()]
        words += [
            f"--secret=GITHUB_TOKEN={TOKEN}",
            f"--env=RECONCILER_BIN={self.program}",
            f"--env=KEPT={self.kept}",
        ]
        home = {
            "HOME": str(self.folder),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "PATH": os.environ["PATH"],
        }
        ended = subprocess.run(
            words,
            cwd=story.repo,
            env=git_environ() | home,
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout


def test_the_whole_way_under_act(github: GitHubStory) -> None:
    act, story, api = Act(github), github.story, github.api
    story.git("remote", "set-url", "origin", str(github.runner.origin))
    sha = story.commit()
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
