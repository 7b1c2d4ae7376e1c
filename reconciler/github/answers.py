"""What an answer of GitHub's API means: its JSON, or an error of the house with what to do about it."""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime

from reconciler.errors import (
    Forbidden,
    NotFound,
    Rejected,
    RemoteError,
    Throttled,
    Unauthorized,
    Unavailable,
)
from reconciler.model import Json
from reconciler.report.escape import shown
from reconciler.transport import Reply

MESSAGE = 300
LIMIT_SECONDS = 60.0
"""How long GitHub asks to wait at a limit that names no time."""
LONGEST_WAIT_SECONDS = 120.0
SECONDARY = ("secondary rate limit", "abuse detection")
"""What stands in a refusal that is about a limit, and has no header that says so."""
NO_REASON = "no reason was given"


class Limited(Throttled):
    """A limit of the API, with how long it asks to wait."""

    seconds = 0.0


def value_of(reply: Reply, method: str, path: str) -> Json:
    """Give what an answer holds, or raise what it means."""
    asked = path.partition("?")[0]
    if 200 <= reply.status < 300:
        if not reply.body:
            return {}
        try:
            return json.loads(reply.body)
        except (ValueError, RecursionError) as error:
            raise Unavailable(
                "the answer is no JSON", method=method, path=asked, status=reply.status
            ) from error
    raise _refusal(reply, method, asked)


def _refusal(reply: Reply, method: str, path: str) -> RemoteError:
    seconds = limit_seconds(reply)
    kind, hint = (Limited, _waiting(seconds)) if seconds is not None else _meaning(reply.status, path)
    message = _message(reply)
    error = kind(
        f"{message}; {hint}" if hint else message,
        method=method,
        path=path,
        status=reply.status,
        request_id=_header(reply, "x-github-request-id"),
        sent=seconds is None,
    )
    if isinstance(error, Limited):
        error.seconds = seconds or 0.0
    return error


def _waiting(seconds: float) -> str:
    if seconds <= LONGEST_WAIT_SECONDS:
        return ""
    longest = f"longer than the {LONGEST_WAIT_SECONDS:.0f} s that are waited"
    return f"it asks to wait {seconds:.0f} s, {longest}; run the job again after that"


def _meaning(status: int, path: str) -> tuple[type[RemoteError], str]:
    match status:
        case 401:
            told = "the token of a workflow ends with its job, and is given by env: GITHUB_TOKEN: ${{ github.token }}"
            return Unauthorized, f"GITHUB_TOKEN is not valid here; {told}"
        case 403:
            return Forbidden, _needed(path)
        case 404:
            return NotFound, f"{_needed(path)}, or it is not there"
        case 410:
            return (
                Rejected,
                "issues are switched off in this repository; Settings, Features, Issues has the switch",
            )
        case _ if status >= 500:
            return Unavailable, "GitHub itself is not well; www.githubstatus.com says more"
        case _ if status < 400:
            return Rejected, "the repository was moved or renamed; GITHUB_REPOSITORY must be its name of now"
        case _:
            return Rejected, ""


def _needed(path: str) -> str:
    wanted = "issues: write"
    if "/comments" in path:
        wanted = "issues: write, or pull-requests: write"
    elif "/check-runs" in path:
        wanted = "checks: write"
    elif "/actions/" in path:
        wanted = "actions: read"
    return f"the job needs the permission {wanted} (a pull request from a fork never has it)"


def _message(reply: Reply) -> str:
    try:
        document = json.loads(reply.body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        return NO_REASON
    details = document.get("errors")
    first = details[0] if isinstance(details, list) and details else None
    detail = first.get("message") if isinstance(first, dict) else first
    told = [text for text in (document.get("message"), detail) if isinstance(text, str) and text]
    return shown(": ".join(told), MESSAGE) or NO_REASON


def limit_seconds(reply: Reply) -> float | None:
    """Say how long a limit asks to wait; None where the answer is about no limit."""
    if reply.status not in (403, 429):
        return None
    after = _number(_header(reply, "retry-after"))
    if after is not None:
        return after
    if _header(reply, "x-ratelimit-remaining") == "0":
        reset, now = _number(_header(reply, "x-ratelimit-reset")), _seconds(_header(reply, "date"))
        # Both times are the server's own, so that our clock does not matter.
        return max(reset - now, 1.0) if reset is not None and now is not None else LIMIT_SECONDS
    told = _message(reply).lower()
    return LIMIT_SECONDS if reply.status == 429 or any(word in told for word in SECONDARY) else None


def _number(text: str | None) -> float | None:
    return float(text) if text and text.isascii() and text.isdecimal() and len(text) < 15 else None


def _seconds(text: str | None) -> float | None:
    try:
        return parsedate_to_datetime(text or "").timestamp()
    except ValueError:
        return None


def _header(reply: Reply, name: str) -> str | None:
    value = reply.headers.get(name)
    return shown(value) if value else None
