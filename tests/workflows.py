"""A small runner of GitHub workflows: the steps of the real files, on this machine, against local stand-ins.

It knows what the workflows of this repository use, and refuses anything else: jobs in the order of their needs,
`if`, expressions, composite actions of the repository itself, checkout and artifacts by the API's stand-in. A job gets
the environment that it names and the permissions that it asks for, and nothing else.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from github_api import REPOSITORY, TOKEN, GitHubApi
from story import git_environ

TOKENS = re.compile(r"\s*('(?:[^']|'')*'|[A-Za-z_][\w.-]*|\d+|==|!=|&&|\|\||!|\(|\))")
STEP_SECONDS = 90


@dataclass
class Runner:
    """One repository on GitHub, as far as its workflows can tell."""

    origin: Path
    """A bare repository."""
    api: GitHubApi
    folder: Path
    program: Path
    """The `reconciler` that steps run, so that nothing is installed."""
    variables: Mapping[str, str]
    secrets: Mapping[str, str]
    environ: Mapping[str, str] = field(default_factory=dict)
    """What the machine itself has, such as the CA of the stand-ins."""
    run_id: int = 100
    attempt: int = 1
    again: Any = None
    """What the last run was of."""
    log: str = ""

    def run(self, workflow: Path, event: str, payload: dict[str, Any], ref: str, sha: str) -> dict[str, str]:
        """Run a workflow for an event, and give each job's result: success, failure or skipped."""
        self.run_id += 1
        self.attempt = 1
        self.again = (workflow, event, payload, ref, sha)
        return self._run(*self.again)

    def run_again(self) -> dict[str, str]:
        """Run all jobs of the last run once more, as its page offers."""
        self.attempt += 1
        return self._run(*self.again)

    def _run(self, workflow: Path, event: str, payload: dict[str, Any], ref: str, sha: str) -> dict[str, str]:
        document = yaml.load(workflow.read_text(), Loader=yaml.BaseLoader)  # noqa: S506 - texts alone, as GitHub reads them
        github = {"event_name": event, "event": payload, "repository": REPOSITORY, "ref": ref, "sha": sha}
        results: dict[str, str] = {}
        outputs: dict[str, Any] = {}
        for name, job in document["jobs"].items():
            needs = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
            context = {
                "github": {**github, "token": TOKEN},
                "vars": dict(self.variables),
                "inputs": {},
                "needs": {need: {"outputs": outputs.get(need, {})} for need in needs},
            }
            wanted = all(results[need] == "success" for need in needs) and is_true(job.get("if"), context)
            results[name] = "skipped" if not wanted else Job(self, name, job, context).run()
            outputs[name] = context.get("outputs", {})
        return results


class Job:
    """One job in a workspace of its own."""

    def __init__(self, runner: Runner, name: str, job: dict[str, Any], context: dict[str, Any]) -> None:
        self.runner, self.job, self.context = runner, job, context
        self.place = runner.folder / f"run-{runner.run_id}-{runner.attempt}-{name}"
        self.workspace = self.place / "work"
        self.failed = False
        for folder in (self.workspace, self.place / "temp"):
            folder.mkdir(parents=True)
        context |= {"steps": {}, "runner": {"temp": str(self.place / "temp")}}
        # Secrets stand in environments: a job that names none has none.
        context["secrets"] = dict(runner.secrets) if "environment" in job else {}

    def run(self) -> str:
        granted = {name for name, level in self.job.get("permissions", {}).items() if level == "write"}
        read = {name for name in self.job.get("permissions", {}) if name == "actions"}
        before, self.runner.api.permissions = self.runner.api.permissions, granted | read
        try:
            self.steps(self.job["steps"], self.context, {}, None)
        finally:
            self.runner.api.permissions = before
        named = self.job.get("outputs", {})
        self.context["outputs"] = {name: filled(value, self.context) for name, value in named.items()}
        return "failure" if self.failed else "success"

    def steps(
        self,
        steps: list[dict[str, Any]],
        context: dict[str, Any],
        environ: dict[str, str],
        action: Path | None,
    ) -> None:
        for step in steps:
            context["failed"] = self.failed
            if not is_true(step.get("if", "success()"), context):
                continue
            own = environ | {name: filled(value, context) for name, value in step.get("env", {}).items()}
            outputs = (
                self.uses(step, context, own) if "uses" in step else self.script(step, context, own, action)
            )
            if "id" in step:
                context["steps"][step["id"]] = {"outputs": outputs}

    def uses(self, step: dict[str, Any], context: dict[str, Any], environ: dict[str, str]) -> dict[str, str]:
        given = {name: filled(value, context) for name, value in step.get("with", {}).items()}
        action = step["uses"].partition("@")[0]
        if action.startswith("$/"):
            return self.composite(self.workspace / action[2:], given, environ)
        known: dict[str, Callable[[dict[str, str]], None]] = {
            "actions/checkout": self.checkout,
            "actions/upload-artifact": self.upload,
            "actions/download-artifact": self.download,
        }
        known[action](given)
        return {}

    def composite(self, folder: Path, given: dict[str, str], environ: dict[str, str]) -> dict[str, str]:
        action = yaml.load((folder / "action.yml").read_text(), Loader=yaml.BaseLoader)  # noqa: S506 - texts alone, as GitHub reads them
        unknown = set(given) - set(action["inputs"])
        assert not unknown, f"the action has no input {unknown}"
        inputs = {name: given.get(name, one.get("default", "")) for name, one in action["inputs"].items()}
        # A composite action sees neither secrets nor variables, only its inputs and its environment.
        context: dict[str, Any] = {"inputs": inputs, "steps": {}, "github": {}}
        self.steps(action["runs"]["steps"], context, environ, folder)
        return {name: filled(one["value"], context) for name, one in action["outputs"].items()}

    def script(
        self, step: dict[str, Any], context: dict[str, Any], environ: dict[str, str], action: Path | None
    ) -> dict[str, str]:
        assert "${{" not in step["run"], "a value must reach a script through its environment"
        files = {name: self.place / "temp" / name for name in ("output", "summary", "event.json")}
        files["output"].write_text("")
        files["event.json"].write_text(json.dumps(self.context["github"]["event"]))
        ended = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", step["run"]],
            cwd=self.workspace,
            env=self.environ(files, action) | environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=STEP_SECONDS,
        )
        self.runner.log += ended.stdout + ended.stderr
        self.failed = self.failed or ended.returncode != 0
        return dict(read_outputs(files["output"].read_text()))

    def environ(self, files: Mapping[str, Path], action: Path | None) -> dict[str, str]:
        github = self.context["github"]
        return git_environ() | {
            **self.runner.environ,
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.runner.api.url,
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_RUN_ID": str(self.runner.run_id),
            "GITHUB_SHA": github["sha"],
            "GITHUB_EVENT_PATH": str(files["event.json"]),
            "GITHUB_OUTPUT": str(files["output"]),
            "GITHUB_STEP_SUMMARY": str(files["summary"]),
            "GITHUB_ACTION_PATH": str(action or ""),
            "RUNNER_TEMP": str(self.place / "temp"),
            "RECONCILER_BIN": str(self.runner.program),
        }

    def checkout(self, given: dict[str, str]) -> None:
        assert given.get("persist-credentials") == "false"
        words = ("clone", "--quiet", "--no-local", "--depth=1", "--branch", self.context["github"]["ref"])
        git(*words, f"file://{self.runner.origin}", str(self.workspace))

    def upload(self, given: dict[str, str]) -> None:
        source = self.workspace / given["path"]
        if not source.exists():
            assert given.get("if-no-files-found") == "ignore"
            return
        kept = self.kept(self.runner.run_id, given["name"])
        # A second attempt is the same run, in which a name can be kept once.
        if kept.exists() and given.get("overwrite") == "true":
            shutil.rmtree(kept)
            self.runner.api.artifacts = [
                one
                for one in self.runner.api.artifacts
                if (one["name"], one["workflow_run"]["id"]) != (given["name"], self.runner.run_id)
            ]
        shutil.copytree(source, kept)
        head = self.context["github"]["event"].get("pull_request", {}).get("head", {}).get("repo", {})
        run = {
            "id": self.runner.run_id,
            "repository_id": 1,
            "head_repository_id": 2 if head.get("fork") else 1,
        }
        self.runner.api.artifacts.append({"name": given["name"], "expired": False, "workflow_run": run})

    def download(self, given: dict[str, str]) -> None:
        kept = self.kept(int(given.get("run-id") or self.runner.run_id), given["name"])
        if not kept.exists():
            self.failed = True
            return
        shutil.copytree(kept, self.workspace / given["path"], dirs_exist_ok=True)

    def kept(self, run: int, name: str) -> Path:
        return self.runner.folder / "artifacts" / str(run) / name


def git(*words: str, folder: Path | None = None) -> str:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    ended = subprocess.run(
        ["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True, env=git_environ()
    )
    return ended.stdout.strip()


def read_outputs(text: str) -> Iterator[tuple[str, str]]:
    lines = iter(text.splitlines())
    for line in lines:
        name, _, fence = line.partition("<<")
        content = []
        for inner in lines:
            if inner == fence:
                break
            content.append(inner)
        yield name, "\n".join(content)


def filled(text: str, context: dict[str, Any]) -> str:
    """Fill the expressions of a text."""

    def value(match: re.Match[str]) -> str:
        found = evaluate(match[1], context)
        return {None: "", True: "true", False: "false"}.get(found, str(found))

    return re.sub(r"\$\{\{(.*?)\}\}", value, text)


def is_true(text: str | None, context: dict[str, Any]) -> bool:
    return text is None or bool(evaluate(text.removeprefix("${{").removesuffix("}}"), context))


def evaluate(text: str, context: dict[str, Any]) -> Any:
    """Evaluate an expression as GitHub does, as far as it uses what stands in these workflows."""
    tokens = TOKENS.findall(text)
    assert "".join(tokens) == re.sub(r"\s+(?=(?:[^']*'[^']*')*[^']*$)", "", text), f"not understood: {text}"
    rest = list(tokens)
    found = _either(rest, context)
    assert not rest, f"not understood: {text}"
    return found


def _either(rest: list[str], context: dict[str, Any]) -> Any:
    left = _both(rest, context)
    while rest and rest[0] == "||":
        rest.pop(0)
        right = _both(rest, context)
        left = left or right
    return left


def _both(rest: list[str], context: dict[str, Any]) -> Any:
    left = _equal(rest, context)
    while rest and rest[0] == "&&":
        rest.pop(0)
        right = _equal(rest, context)
        left = left and right
    return left


def _equal(rest: list[str], context: dict[str, Any]) -> Any:
    left = _value(rest, context)
    while rest and rest[0] in ("==", "!="):
        wanted = rest.pop(0) == "=="
        right = _value(rest, context)
        # A missing value is equal to the empty text, as GitHub makes both the number 0.
        left = ((left or "") == (right or "")) is wanted
    return left


def _value(rest: list[str], context: dict[str, Any]) -> Any:
    token = rest.pop(0)
    if token == "!":
        return not _value(rest, context)
    if token == "(":
        found = _either(rest, context)
        assert rest.pop(0) == ")"
        return found
    if token[0] == "'":
        return token[1:-1].replace("''", "'")
    if rest[:2] == ["(", ")"]:
        del rest[:2]
        return {"success": not context.get("failed"), "always": True, "failure": bool(context.get("failed"))}[
            token
        ]
    if token in ("true", "false"):
        return token == "true"
    found: Any = context
    for name in token.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found
