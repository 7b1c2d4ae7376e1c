"""Where on GitHub a workflow runs, as its environment says; the token is kept apart from what is shown."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.errors import UsageError
from reconciler.model import Json

API = "https://api.github.com"
SERVER = "https://github.com"
EVENT_BYTES = 25 * 1024 * 1024
"""The most that GitHub sends as one event."""
REPOSITORY = re.compile(r"[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}")
COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
URL = re.compile(r"(https?)://([A-Za-z0-9.-]+|\[::1\])(:[0-9]{1,5})?(/[A-Za-z0-9._/-]*)?")
LOOPBACK = re.compile(r"localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]")


@dataclass(frozen=True, slots=True)
class Place:
    """One repository, and what of it the workflow is about."""

    api: str
    """Base URL of the API, without a slash at its end."""
    repository: str
    """`owner/name`."""
    token: str = field(repr=False)
    commit: str | None
    """The commit that a reviewer looks at: of a pull request its head, not the merge that is checked out."""
    pull: int | None
    run_url: str | None
    """The page of this workflow run, where artifacts are."""


def read_place(environ: Mapping[str, str]) -> Place:
    """Read the place and the token; `UsageError` names the variable, never the token."""
    repository = environ.get("GITHUB_REPOSITORY", "")
    if not REPOSITORY.fullmatch(repository):
        raise UsageError("GITHUB_REPOSITORY must be owner/name; a workflow sets it")
    token = environ.get("GITHUB_TOKEN") or environ.get("GH_TOKEN") or ""
    if not token.strip() or not all("!" <= letter <= "~" for letter in token):
        raise UsageError("GITHUB_TOKEN is not set; give the step env: GITHUB_TOKEN: ${{ github.token }}")
    event = read_event(environ)
    return Place(
        api=_checked_url("GITHUB_API_URL", environ.get("GITHUB_API_URL") or API),
        repository=repository,
        token=token,
        commit=_commit(event, environ.get("GITHUB_SHA", "")),
        pull=_pull(event),
        run_url=run_url(environ),
    )


def run_url(environ: Mapping[str, str]) -> str | None:
    """Give the page of this workflow run; None outside one."""
    server = environ.get("GITHUB_SERVER_URL") or SERVER
    repository, run = environ.get("GITHUB_REPOSITORY", ""), environ.get("GITHUB_RUN_ID", "")
    if not REPOSITORY.fullmatch(repository) or not run.isdecimal() or not URL.fullmatch(server):
        return None
    return f"{server.rstrip('/')}/{repository}/actions/runs/{run}"


def read_event(environ: Mapping[str, str]) -> Json:
    """Read the event that started the workflow; an empty object where there is none."""
    path = environ.get("GITHUB_EVENT_PATH")
    if not path:
        return {}
    try:
        with Path(path).open("rb") as file:
            event = json.loads(file.read(EVENT_BYTES))
    except OSError as error:
        raise UsageError(f"GITHUB_EVENT_PATH cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError("GITHUB_EVENT_PATH holds no JSON") from error
    return event if isinstance(event, dict) else {}


def _pull(event: Json) -> int | None:
    pull = event.get("pull_request")
    number = pull.get("number") if isinstance(pull, dict) else None
    return number if isinstance(number, int) and number > 0 else None


def _commit(event: Json, sha: str) -> str | None:
    pull = event.get("pull_request")
    head = pull.get("head") if isinstance(pull, dict) else None
    found = head.get("sha") if isinstance(head, dict) else sha
    return found if isinstance(found, str) and COMMIT.fullmatch(found) else None


def _checked_url(variable: str, text: str) -> str:
    match = URL.fullmatch(text)
    if not match or (match[1] == "http" and not LOOPBACK.fullmatch(match[2])):
        raise UsageError(f"{variable} must be an https URL; http is allowed to loopback only")
    return text.rstrip("/")
