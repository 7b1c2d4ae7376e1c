"""A local stand-in of the part of GitHub's API that is used here, with its limits, permissions and errors.

Shapes, limits and messages are those of the REST API of 2022-11-28.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

REPOSITORY = "acme/chat-channels"
TOKEN = "ghs_local-stand-in-token"
BOT = {"login": "github-actions[bot]", "id": 41898282, "type": "Bot"}
MOST_BODY = 65_536
MOST_SUMMARY = 65_535
MOST_ANNOTATIONS = 50
Answer = tuple[int, Any]


@dataclass
class GitHubApi:
    """What the stand-in holds, and how it misbehaves next."""

    comments: list[dict[str, Any]] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    permissions: set[str] = field(default_factory=lambda: {"issues", "pull-requests", "checks", "actions"})
    requests: list[tuple[str, str]] = field(default_factory=list)
    faults: list[tuple[str, int, dict[str, str], bool, str]] = field(default_factory=list)
    """Method, status (0: the connection breaks), headers, whether the request is carried out first, and the message."""
    user: dict[str, Any] | None = None
    """The person whose token it is; None for the token of a workflow."""
    url: str = ""

    def fail(
        self, method: str, status: int, *, landed: bool = False, message: str = "", **headers: str
    ) -> None:
        """Let the next request of this method fail."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        told = "You have exceeded a secondary rate limit." if named else "Server Error"
        self.faults.append((method, status, named, landed, message or told))

    def writes(self) -> list[tuple[str, str]]:
        return [request for request in self.requests if request[0] != "GET"]

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        if path == "/user":
            return (200, self.user) if self.user else _forbidden()
        prefix = f"/repos/{REPOSITORY}"
        if not path.startswith(prefix + "/"):
            return _missing()
        for verb, pattern, act in ROUTES:
            match = re.fullmatch(pattern, path.removeprefix(prefix))
            if match and verb == method:
                return act(self, match.groups(), query, body)
        return _missing()

    def author(self) -> dict[str, Any]:
        return self.user or BOT


def _forbidden() -> Answer:
    return 403, {"message": "Resource not accessible by integration", "status": "403"}


def _missing() -> Answer:
    return 404, {"message": "Not Found", "status": "404"}


def _invalid(message: str) -> Answer:
    errors = [{"resource": "IssueComment", "code": "unprocessable", "message": message}]
    return 422, {"message": "Validation Failed", "errors": errors, "status": "422"}


def _page(rows: list[Any], query: dict[str, str]) -> list[Any]:
    size, number = min(int(query.get("per_page", "30")), 100), int(query.get("page", "1"))
    return rows[(number - 1) * size : number * size]


def _list_comments(api: GitHubApi, parts: Any, query: Any, _: Any) -> Answer:
    return 200, _page([one for one in api.comments if one["issue"] == int(parts[0])], query)


def _add_comment(api: GitHubApi, parts: Any, _: Any, body: Any) -> Answer:
    if not api.permissions & {"issues", "pull-requests"}:
        return _forbidden()
    if len(body["body"]) > MOST_BODY:
        return _invalid("body is too long (maximum is 65536 characters)")
    number = max((one["id"] for one in api.comments), default=999) + 1
    url = f"https://github.example/{REPOSITORY}/pull/{parts[0]}#issuecomment-{number}"
    api.comments.append(
        {"id": number, "issue": int(parts[0]), "body": body["body"], "user": api.author(), "html_url": url}
    )
    return 201, api.comments[-1]


def _edit_comment(api: GitHubApi, parts: Any, _: Any, body: Any) -> Answer:
    if not api.permissions & {"issues", "pull-requests"}:
        return _forbidden()
    found = [one for one in api.comments if one["id"] == int(parts[0])]
    if not found:
        return _missing()
    if len(body["body"]) > MOST_BODY:
        return _invalid("body is too long (maximum is 65536 characters)")
    found[0]["body"] = body["body"]
    return 200, found[0]


def _delete_comment(api: GitHubApi, parts: Any, _: Any, __: Any) -> Answer:
    if not api.permissions & {"issues", "pull-requests"}:
        return _forbidden()
    found = [one for one in api.comments if one["id"] == int(parts[0])]
    for one in found:
        api.comments.remove(one)
    return (204, None) if found else _missing()


def _list_issues(api: GitHubApi, _: Any, query: Any, __: Any) -> Answer:
    rows = [
        one
        for one in api.issues
        if query.get("labels", "") in ("", *one["labels"]) and query.get("state") in ("all", one["state"])
    ]
    return 200, _page(rows, query)


def _add_issue(api: GitHubApi, _: Any, __: Any, body: Any) -> Answer:
    if "issues" not in api.permissions:
        return _forbidden()
    if len(body["body"]) > MOST_BODY or len(body["title"]) > 256:
        return _invalid("body is too long (maximum is 65536 characters)")
    number = len(api.issues) + 1
    url = f"https://github.example/{REPOSITORY}/issues/{number}"
    api.issues.append({"number": number, "state": "open", "user": api.author(), "html_url": url, **body})
    return 201, api.issues[-1]


def _edit_issue(api: GitHubApi, parts: Any, _: Any, body: Any) -> Answer:
    if "issues" not in api.permissions:
        return _forbidden()
    api.issues[int(parts[0]) - 1].update(body)
    return 200, api.issues[int(parts[0]) - 1]


def _list_checks(api: GitHubApi, parts: Any, query: Any, _: Any) -> Answer:
    rows = [
        one for one in api.checks if one["head_sha"] == parts[0] and one["name"] == query.get("check_name")
    ]
    return 200, {"total_count": len(rows), "check_runs": _page(rows, query)}


def _add_check(api: GitHubApi, _: Any, __: Any, body: Any) -> Answer:
    return _keep_check(api, body, {"id": 7000 + len(api.checks), "output": {"annotations": []}})


def _edit_check(api: GitHubApi, parts: Any, _: Any, body: Any) -> Answer:
    found = [one for one in api.checks if one["id"] == int(parts[0])]
    return _keep_check(api, body, found[0]) if found else _missing()


def _keep_check(api: GitHubApi, body: Any, check: dict[str, Any]) -> Answer:
    output = body.get("output", {})
    if "checks" not in api.permissions:
        return _forbidden()
    if len(output.get("summary", "")) > MOST_SUMMARY:
        return _invalid("Only 65535 characters are allowed; 65536 were supplied.")
    if len(output.get("annotations", [])) > MOST_ANNOTATIONS:
        return _invalid("No more than 50 items are allowed; 51 were supplied.")
    # GitHub appends the annotations of an update to those it has.
    known = check["output"]["annotations"] if check in api.checks else []
    check.update(body)
    check["output"] = {**output, "annotations": known + output.get("annotations", [])}
    check["html_url"] = f"https://github.example/{REPOSITORY}/runs/{check['id']}"
    if check not in api.checks:
        api.checks.append(check)
    return 200, check


def _list_artifacts(api: GitHubApi, _: Any, query: Any, __: Any) -> Answer:
    if "actions" not in api.permissions:
        return _forbidden()
    rows = [one for one in api.artifacts if one["name"] == query.get("name")]
    return 200, {"total_count": len(rows), "artifacts": _page(rows, query)}


ROUTES: list[tuple[str, str, Callable[[GitHubApi, Any, Any, Any], Answer]]] = [
    ("GET", r"/issues/(\d+)/comments", _list_comments),
    ("POST", r"/issues/(\d+)/comments", _add_comment),
    ("PATCH", r"/issues/comments/(\d+)", _edit_comment),
    ("DELETE", r"/issues/comments/(\d+)", _delete_comment),
    ("GET", r"/issues", _list_issues),
    ("POST", r"/issues", _add_issue),
    ("PATCH", r"/issues/(\d+)", _edit_issue),
    ("GET", r"/commits/([0-9a-f]+)/check-runs", _list_checks),
    ("POST", r"/check-runs", _add_check),
    ("PATCH", r"/check-runs/(\d+)", _edit_check),
    ("GET", r"/actions/artifacts", _list_artifacts),
]


class Handler(BaseHTTPRequestHandler):
    api: GitHubApi
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        return

    def _serve(self) -> None:
        split = urlsplit(self.path)
        length = int(self.headers.get("content-length") or 0)
        data = self.rfile.read(length)
        self.api.requests.append((self.command, split.path))
        fault = next((one for one in self.api.faults if one[0] == self.command), None)
        if fault:
            self.api.faults.remove(fault)
        if fault and not fault[3]:
            return self._fail(fault)
        status, value = self._judge(split.path, split.query, data)
        return self._fail(fault) if fault else self._reply(status, value, {})

    def _judge(self, path: str, query: str, data: bytes) -> Answer:
        if not self.headers.get("user-agent", "").startswith("reconciler/"):
            return 403, {"message": "Request forbidden by administrative rules."}
        if self.headers.get("authorization") != f"Bearer {TOKEN}":
            return 401, {"message": "Bad credentials", "status": "401"}
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        return self.api.answer(self.command, path, asked, json.loads(data or b"null"))

    def _fail(self, fault: tuple[str, int, dict[str, str], bool, str]) -> None:
        if fault[1] == 0:
            self.close_connection = True
            return
        self._reply(fault[1], {"message": fault[4]}, fault[2])

    def _reply(self, status: int, value: Any, headers: dict[str, str]) -> None:
        content = json.dumps(value).encode() if status != 204 else b""
        self.send_response(status)
        for name, text in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - as the library calls them


@contextmanager
def serve() -> Iterator[GitHubApi]:
    """Run a stand-in on a loopback port until the block ends."""
    api = GitHubApi()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Serving", (Handler,), {"api": api}))
    server.daemon_threads = True
    api.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
