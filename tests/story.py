"""A repository and a remote for whole stories: the real command line against the emulator over TLS."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.main import run
from reconciler.emulator.serve import Emulator

IDS = [f"00000000-0000-4000-8000-{number:012d}" for number in range(1, 1001)]
PATH = "/api/v2/webchat/channels/"


@dataclass(frozen=True)
class Ended:
    """How one command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What stands on stdout, which must be one JSON document."""
        return json.loads(self.out)


class Story:
    """One repository with channel files, led to one emulator."""

    def __init__(self, repo: Path, emulator: Emulator) -> None:
        self.repo = repo
        self.emulator = emulator
        (repo / "channels").mkdir(parents=True)

    def write(
        self, name: str = "support", number: int = 0, /, *, webhook: str | None = None, **spec: Any
    ) -> Path:
        """Write a channel file; `spec` overrides single fields, settings too."""
        wanted = desired(name, number, **spec)
        lines = ["apiVersion: reconciler/v1", "kind: WebchatChannel", "metadata:", f"  name: {name}"]
        lines += ["spec: " + json.dumps(wanted)]
        if webhook:
            lines += ["monitoring:", f"  healthWebhook: {webhook}"]
        path = self.repo / "channels" / f"{name}.yaml"
        path.write_text("\n".join(lines) + "\n")
        return path

    def seed(self, name: str = "support", number: int = 0, /, **extra: Any) -> str:
        """Put the channel that `write` describes into the remote, with fields of the remote's own."""
        document = desired(name, number)
        document["webchatSettings"] |= extra.pop("settings", {})
        self.emulator.seed({**document, **extra})
        return IDS[number]

    def live(self, number: int = 0) -> dict[str, Any]:
        """Give what the remote holds now."""
        return dict(self.emulator.store.channels.get(IDS[number]))

    def run(self, *words: str) -> Ended:
        """Run one command line in this process."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run([words[0], "--repo", str(self.repo), *words[1:]])
        return Ended(code, out.getvalue(), err.getvalue())

    def json(self, *words: str) -> tuple[int, Any]:
        """Run a command with JSON output."""
        ended = self.run(*words, "--format", "json")
        return ended.code, ended.json

    def own_fleet(self) -> None:
        """Write a fleet of one organisation, which is this remote, by the variables that lead to it."""
        variables = "{id: GENESYS_CLIENT_ID, secret: GENESYS_CLIENT_SECRET}"
        (self.repo / "fleet.yaml").write_text(
            f"organisations:\n- name: own\n  api: {self.emulator.url}\n"
            f"  credentials: {variables}\n  channels: channels\n"
        )

    def requests(self, *methods: str) -> list[dict[str, Any]]:
        """Give the remote's own log of API requests, by method."""
        return [
            request
            for request in self.emulator.requests
            if request["path"].startswith("/api/") and (not methods or request["method"] in methods)
        ]

    def interrupt(self, number: int, patch: dict[str, Any], user: str = "Dana") -> None:
        """Have somebody edit a channel in the console right before the next write of it arrives."""
        path = PATH + IDS[number]
        self.emulator.add_fault(
            {"do": "edit", "method": "PUT", "path": path, "id": IDS[number], "patch": patch, "user": user}
        )

    def writes(self) -> list[dict[str, Any]]:
        """Give the writes that the remote accepted."""
        return [request for request in self.requests("PUT", "POST", "DELETE") if request["committed"]]

    def git(self, *words: str) -> str:
        """Run git in the repository, with an identity that is ours."""
        identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
        ended = subprocess.run(
            ["git", *identity, *words],
            cwd=self.repo,
            capture_output=True,
            text=True,
            check=True,
            env=git_environ(),
        )
        return ended.stdout.strip()

    def commit(self) -> str:
        """Commit everything, in a repository that is made where there is none."""
        if not (self.repo / ".git").exists():
            self.git("init", "--quiet", "--initial-branch=main")
        self.git("add", ".")
        self.git("commit", "--quiet", "--allow-empty", "--message", "channels")
        return self.git("rev-parse", "HEAD")


def desired(name: str, number: int, /, **spec: Any) -> dict[str, Any]:
    """Give the spec of a channel that is valid, with single fields replaced."""
    settings = {
        "webchatUrl": f"https://{name}.example.com",
        "corsAllowedOrigins": ["https://app.example.com", "https://www.example.com"],
        "authProviderId": "oauth2-provider-1",
    }
    wanted: dict[str, Any] = {
        "id": IDS[number],
        "name": f"Channel {name}",
        "description": "A channel",
        "enabled": True,
        "webchatSettings": settings,
    }
    for field, value in spec.items():
        (settings if field in (*settings, "webchatId") else wanted)[field] = value
    return wanted


def git_environ() -> dict[str, str]:
    """Give an environment in which git finds no configuration of the machine's user."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}


@contextlib.contextmanager
def told(repo: Path, environ: pytest.MonkeyPatch) -> Iterator[Story]:
    """Tell a story in a folder of its own, against a remote of its own."""
    with Emulator() as emulator:
        for name in ("NO_COLOR", "FORCE_COLOR", "CI", "GENESYS_LOGIN_URL"):
            environ.delenv(name, raising=False)
        for name, value in (git_environ() | emulator.environment()).items():
            environ.setenv(name, value)
        yield Story(repo, emulator)


@pytest.fixture
def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    """Tell a story for one test alone."""
    with told(tmp_path / "repo", monkeypatch) as one:
        yield one
