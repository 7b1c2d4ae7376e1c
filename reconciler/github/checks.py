"""A check run of ours on a commit: one a name, updated in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciler.errors import Unavailable
from reconciler.github.client import GitHub
from reconciler.github.texts import Deed, Kept
from reconciler.model import Json, JsonObject

SUMMARY_LIMIT = 65_000
"""Bytes; GitHub takes 65,535 characters."""
ANNOTATIONS = 50
"""Of one request; more are added by further requests."""
MOST_ANNOTATIONS = 500


@dataclass(frozen=True, slots=True)
class Check:
    """What a check run says."""

    name: str
    conclusion: str
    """`success`, `neutral`, `failure` or `action_required`."""
    title: str
    summary: str
    mark: str
    """By which ours is known: the external id."""
    annotations: Sequence[Mapping[str, object]] = ()
    details_url: str | None = None


async def keep_check(github: GitHub, commit: str, check: Check) -> Kept:
    """Create the check run of this name and mark on a commit, or bring it up to date."""
    known = await _find(github, commit, check)
    notes = list(check.annotations[:MOST_ANNOTATIONS])
    content = _content(check, notes[:ANNOTATIONS])
    if known is None:
        answer = await _create(github, commit, check, content)
    else:
        answer = await github.patch(f"/check-runs/{known}", content)
    for first in range(ANNOTATIONS, len(notes), ANNOTATIONS):
        more = notes[first : first + ANNOTATIONS]
        await github.patch(f"/check-runs/{answer.get('id')}", {"output": _output(check, more)})
    url = answer.get("html_url") if isinstance(answer, dict) else None
    return Kept(Deed.CREATED if known is None else Deed.UPDATED, url if isinstance(url, str) else None)


async def _create(github: GitHub, commit: str, check: Check, content: JsonObject) -> Json:
    wanted = {"name": check.name, "head_sha": commit, **content}
    try:
        return await github.post("/check-runs", wanted)
    except Unavailable as error:
        if not error.sent:
            raise
        # The answer was lost: it may be there.
        known = await _find(github, commit, check)
        return {"id": known} if known is not None else await github.post("/check-runs", wanted)


async def _find(github: GitHub, commit: str, check: Check) -> int | None:
    path = f"/commits/{commit}/check-runs"
    async for run in github.pages(path, "check_runs", check_name=check.name, filter="latest"):
        number = run.get("id")
        if run.get("external_id") == check.mark and isinstance(number, int):
            return number
    return None


def _content(check: Check, notes: Sequence[Mapping[str, object]]) -> JsonObject:
    content: dict[str, object] = {
        "status": "completed",
        "conclusion": check.conclusion,
        "external_id": check.mark,
        "output": _output(check, notes),
    }
    return content | ({"details_url": check.details_url} if check.details_url else {})


def _output(check: Check, notes: Sequence[Mapping[str, object]]) -> JsonObject:
    return {"title": check.title, "summary": check.summary, "annotations": list(notes)}
