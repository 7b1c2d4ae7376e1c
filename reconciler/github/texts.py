"""Texts of ours that are kept once, found by the hidden line that they begin with: a comment, an issue.

Anybody may write such a line into a text of their own: only what the token's own user, or an app, wrote is ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from reconciler.errors import NotFound, Unavailable
from reconciler.github.client import GitHub
from reconciler.model import Json, JsonObject

LABEL = "reconciler-drift"


class Deed(StrEnum):
    """What became of a text."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    CLOSED = "closed"
    NOTHING = "nothing"
    """There was nothing to say, and nothing of ours to correct."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a text is now."""

    deed: Deed
    url: str | None = None


async def keep_comment(
    github: GitHub, number: int, body: str, *, new: bool = False, only_update: bool = False
) -> Kept:
    """Create the one comment of a pull request that begins as `body` does, or bring it up to date.

    `new` writes another one in any case, for history; `only_update` creates none.
    """
    mark, path = mark_of(body), f"/issues/{number}/comments"
    mine = [] if new else await _find(github, path, mark)
    if not mine:
        if only_update:
            return Kept(Deed.NOTHING)
        created = await _create_comment(github, path, body)
        return Kept(Deed.CREATED, _url(created)) if new else await _the_first(github, path, created, body)
    last = mine[-1]
    if last.get("body") == body:
        return Kept(Deed.UNCHANGED, _url(last))
    try:
        changed = await _edit(github, last, body)
    except NotFound:
        # Somebody deleted it since we looked.
        return Kept(Deed.CREATED, _url(await _create_comment(github, path, body)))
    return Kept(Deed.UPDATED, _url(changed))


async def keep_issue(github: GitHub, title: str, body: str, *, clean: bool) -> Kept:
    """Keep the one issue that begins as `body` does: created, edited, reopened, and closed when all is clean."""
    mark = mark_of(body)
    mine = await _find_issues(github, mark)
    if not mine:
        return Kept(Deed.NOTHING) if clean else await _create_issue(github, title, body)
    current = next((one for one in mine if one.get("state") == "open"), mine[-1])
    for other in mine:
        if other is not current and other.get("state") == "open":
            await _close(github, other)
    return await _bring_up_to_date(github, current, title, body, clean=clean)


def mark_of(body: str) -> str:
    """Give the hidden first line of a text, up to what changes with its content."""
    match = re.match(r"<!-- reconciler:[a-z]+:[A-Za-z0-9._-]{1,64}", body)
    if not match:
        raise ValueError("the text does not begin with a hidden line of ours")
    return match[0] + " "


async def _bring_up_to_date(
    github: GitHub, current: JsonObject, title: str, body: str, *, clean: bool
) -> Kept:
    is_open = current.get("state") == "open"
    if clean and not is_open:
        return Kept(Deed.NOTHING, _url(current))
    if not clean and is_open and _first_line(current.get("body")) == _first_line(body):
        # The hidden line holds a digest of the result: the same result tells nobody anything new.
        return Kept(Deed.UNCHANGED, _url(current))
    state = {"state": "closed", "state_reason": "completed"} if clean else {"state": "open"}
    path = f"/issues/{_number(current, 'number')}"
    changed = await github.patch(path, {"title": title, "body": body, **state})
    return Kept(Deed.CLOSED if clean else Deed.UPDATED, _url(changed))


async def _create_comment(github: GitHub, path: str, body: str) -> JsonObject:
    try:
        return _row(await github.post(path, {"body": body}))
    except Unavailable as error:
        if not error.sent:
            raise
        # The answer was lost: it may be there.
        found = [one for one in await _find(github, path, mark_of(body)) if one.get("body") == body]
        return found[-1] if found else _row(await github.post(path, {"body": body}))


async def _the_first(github: GitHub, path: str, created: JsonObject, body: str) -> Kept:
    """Keep one comment where two jobs looked at the same moment, and found nothing: the older one."""
    mine = await _find(github, path, mark_of(body))
    if not mine or _number(mine[0], "id") == _number(created, "id"):
        return Kept(Deed.CREATED, _url(created))
    await github.delete(f"/issues/comments/{_number(created, 'id')}")
    return Kept(Deed.UPDATED, _url(await _edit(github, mine[0], body)))


async def _edit(github: GitHub, comment: JsonObject, body: str) -> JsonObject:
    return _row(await github.patch(f"/issues/comments/{_number(comment, 'id')}", {"body": body}))


async def _create_issue(github: GitHub, title: str, body: str) -> Kept:
    wanted = {"title": title, "body": body, "labels": [LABEL]}
    try:
        created = await github.post("/issues", wanted)
    except Unavailable as error:
        if not error.sent:
            raise
        found = await _find_issues(github, mark_of(body))
        created = found[0] if found else await github.post("/issues", wanted)
    # Two jobs may have looked at the same moment, and found nothing: the older issue is the one.
    mine = [one for one in await _find_issues(github, mark_of(body)) if one.get("state") == "open"]
    first = mine[0] if mine else created
    if _number(first, "number") != _number(created, "number"):
        await _close(github, created)
        return Kept(Deed.UPDATED, _url(first))
    return Kept(Deed.CREATED, _url(created))


async def _close(github: GitHub, issue: JsonObject) -> None:
    path = f"/issues/{_number(issue, 'number')}"
    await github.patch(path, {"state": "closed", "state_reason": "not_planned"})


async def _find(github: GitHub, path: str, mark: str) -> list[JsonObject]:
    """Give our texts with this mark, oldest first."""
    found = [row async for row in github.pages(path) if _begins(row.get("body"), mark)]
    login = await github.login() if found else None
    return sorted((row for row in found if _is_ours(row, login)), key=lambda row: _number(row, "id"))


async def _find_issues(github: GitHub, mark: str) -> list[JsonObject]:
    rows = github.pages("/issues", labels=LABEL, state="all", sort="created", direction="asc")
    found = [row async for row in rows if _begins(row.get("body"), mark) and "pull_request" not in row]
    login = await github.login() if found else None
    return sorted((row for row in found if _is_ours(row, login)), key=lambda row: _number(row, "number"))


def _is_ours(row: JsonObject, login: str | None) -> bool:
    user = row.get("user")
    if not isinstance(user, dict):
        return False
    return user.get("type") == "Bot" if login is None else user.get("login") == login


def _begins(body: object, mark: str) -> bool:
    return isinstance(body, str) and body.startswith(mark)


def _first_line(body: object) -> str:
    return body.splitlines()[0] if isinstance(body, str) and body else ""


def _row(answer: Json) -> JsonObject:
    return answer if isinstance(answer, dict) else {}


def _url(row: JsonObject) -> str | None:
    url = row.get("html_url")
    return url if isinstance(url, str) else None


def _number(row: JsonObject, name: str) -> int:
    number = row.get(name)
    return number if isinstance(number, int) else 0
