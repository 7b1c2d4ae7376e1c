"""Carry out the change of a configuration: draft, wait, publish, verify.

Nothing of this is version-checked by the remote. What can be known is: which version is the newest, what the draft
holds, and which number publishing gives. A run that was cut off between two steps is gone on with by the next one:
a draft that holds what we want is published as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.acts.attempt import Attempt, shown_paths
from reconciler.acts.bench import (
    OVERWRITTEN,
    SETTLE_SECONDS,
    Bench,
    held_back,
    lacking,
    lost_words,
)
from reconciler.acts.versions import fetch_draft, fetch_versions, foreign_draft, newest, read_live
from reconciler.decide.diff import compare
from reconciler.decide.fields import same, value_at
from reconciler.decide.merge import Clash
from reconciler.errors import NotFound, Rejected, Unavailable
from reconciler.kinds.web_messaging_configuration import content, version_number
from reconciler.model import (
    Action,
    FieldClash,
    JsonObject,
    LiveChannel,
    Outcome,
    PlanState,
    Result,
)

UNREADY_SECONDS = 15.0
"""How long publishing may be refused for no stated reason: the remote's parts agree only after a while."""
UNFINISHED = ("Pending", "InProgress")


async def publish(bench: Bench, attempt: Attempt, before: Sequence[Outcome]) -> Outcome:
    """Make what Git wants the newest published version; or delete the configuration with all its versions."""
    if attempt.change.action is Action.DELETE:
        return await _remove(bench, attempt, before)
    ended = await (_look(bench, attempt) if attempt.id else _create(bench, attempt))
    if ended:
        return ended
    return await _write(bench, attempt)


async def _create(bench: Bench, attempt: Attempt) -> Outcome | None:
    """Make the configuration, or find the one that somebody made in the meantime; then go on with its draft."""
    found = await _named(bench, attempt)
    if found is None:
        attempt.requests += 1
        try:
            answer = await bench.api.post(attempt.kind.collection, attempt.kind.body(attempt.spec, None))
        except Unavailable as error:
            if not error.sent:
                raise
            attempt.doubtful = True
            found = await _named(bench, attempt)
            if found is None:
                return attempt.outcome(Result.UNKNOWN, f"{lost_words(error)}; plan again to see")
            attempt.doubtful = False
        else:
            found = read_live(attempt.kind, answer.value)
    attempt.id = found.id
    if version_number(found.revision.value):
        return bench.judge(attempt, found, "it was created and published after the plan was made")
    attempt.live = found
    return None


async def _named(bench: Bench, attempt: Attempt) -> LiveChannel | None:
    """Look for a configuration of the wanted name; names are not unique at the remote, and ours must be."""
    kind = attempt.kind
    listed = newest(kind, await bench.api.fetch_by_cursor(kind.collection, kind.page_size))
    found = [live for live in listed.values() if live.name == attempt.spec.get("name")]
    if len(found) > 1:
        raise Rejected(
            f"{len(found)} live configurations have this name; write the id of the right one as spec.id",
            method="GET",
            path=kind.collection,
        )
    return found[0] if found else None


async def _look(bench: Bench, attempt: Attempt) -> Outcome | None:
    """Read what is published now; end where it is wanted, or moved from what was reviewed in a way that clashes."""
    try:
        versions = await fetch_versions(bench.api, attempt.kind, attempt.id)
        draft = None if versions else await fetch_draft(bench.api, attempt.kind, attempt.id)
    except NotFound as error:
        return bench.judge(attempt, None, str(error))
    theirs = versions[0] if versions else draft
    if attempt.moved(theirs):
        return bench.judge(attempt, theirs, "another version was published after the plan was made")
    # The same version, with what a saved plan does not keep: secrets in fields that Git does not manage.
    attempt.live = theirs
    return None


async def _write(bench: Bench, attempt: Attempt) -> Outcome:
    live = attempt.live
    if live is None:
        raise AssertionError("a draft has been read or made")
    body = attempt.kind.body(attempt.spec, live)
    draft = await fetch_draft(bench.api, attempt.kind, attempt.id)
    attempt.looked_at = (draft.document, live.document)
    if not same(content(draft.document), body):
        foreign = foreign_draft(attempt.kind, draft, live, attempt.spec)
        if foreign and attempt.change.name not in bench.terms.overwrite_drafts:
            return attempt.clashed(draft, Clash(_sides(attempt, draft), foreign))
        ended = await _save(bench, attempt, body, draft)
        if ended:
            return ended
    attempt.halfway = "the draft is saved, and the next run publishes it"
    return await _settle_and_publish(bench, attempt, body)


async def _save(bench: Bench, attempt: Attempt, body: JsonObject, before: LiveChannel) -> Outcome | None:
    """Put the body in the place of the draft; a lost answer is looked after, and the same body may go again."""
    for _ in range(bench.terms.conflicts + 1):
        attempt.requests += 1
        try:
            await bench.api.put(f"{attempt.path}/versions/draft", body)
        except Unavailable as error:
            if not error.sent:
                raise
            now = await fetch_draft(bench.api, attempt.kind, attempt.id)
            if not lacking(body, now.document):
                return None
            if not same(content(now.document), content(before.document)):
                reason = f"{lost_words(error)}, and the draft holds something else now; nothing was published"
                return attempt.clashed(now, Clash(_sides(attempt, now), reason))
            await bench.clock.sleep(0.2)
        else:
            return None
    return attempt.outcome(
        Result.FAILED, "the draft could not be saved: every answer was lost; nothing was published"
    )


async def _settle_and_publish(bench: Bench, attempt: Attempt, body: JsonObject) -> Outcome:
    draft: LiveChannel | None = None

    async def is_ready() -> bool:
        nonlocal draft
        draft = await fetch_draft(bench.api, attempt.kind, attempt.id)
        return draft.document.get("status") not in UNFINISHED and not lacking(body, draft.document)

    ready = await bench.wait_until(is_ready)
    status = draft.document.get("status") if draft else None
    if not ready:
        other = lacking(body, draft.document) if draft else ()
        if draft and other:
            reason = f"somebody changed the draft while it was written ({shown_paths(other)}); nothing was published"
            return attempt.clashed(draft, Clash(_sides(attempt, draft), reason))
        return attempt.outcome(
            Result.FAILED,
            f"the draft is still {status} after {SETTLE_SECONDS:g} s; nothing was published, and the next run goes on",
        )
    if status == "Error":
        return attempt.outcome(
            Result.FAILED, "the remote could not process the draft (status Error); nothing was published"
        )
    if bench.stop.is_set():
        return attempt.outcome(Result.FAILED, f"the run was told to stop; {attempt.halfway}")
    return await _publish(bench, attempt, body)


async def _publish(bench: Bench, attempt: Attempt, body: JsonObject) -> Outcome:
    before = version_number(attempt.live.revision.value if attempt.live else None) or 0
    ends = bench.clock.monotonic() + UNREADY_SECONDS
    pause = 0.3
    while True:
        attempt.requests += 1
        try:
            answer = await bench.api.post(f"{attempt.path}/versions/draft/publish", None)
        except Rejected as error:
            # A refusal that names fields is meant; one right after a write only says that it came too early.
            if error.status != 400 or error.fields or bench.clock.monotonic() + pause > ends:
                raise
        except Unavailable as error:
            if not error.sent:
                raise
            attempt.doubtful = True
            found = await _landed(bench, attempt, before)
            if found is None:
                return attempt.outcome(
                    Result.UNKNOWN, f"{lost_words(error)}; the next run goes on from there"
                )
            attempt.doubtful = False
            return _published(attempt, body, before, found)
        else:
            return _published(attempt, body, before, read_live(attempt.kind, answer.value))
        await bench.clock.sleep(pause)
        pause *= 2


async def _landed(bench: Bench, attempt: Attempt, before: int) -> LiveChannel | None:
    """Look whether a version was published although its answer was lost; never publish a second time on a doubt."""

    async def is_there() -> LiveChannel | None:
        versions = await fetch_versions(bench.api, attempt.kind, attempt.id)
        known = [version for version in versions if (version_number(version.revision.value) or 0) > before]
        return known[-1] if known else None

    found = await bench.wait_until(is_there, 6.0)
    return found if isinstance(found, LiveChannel) else None


def _published(attempt: Attempt, body: JsonObject, before: int, version: LiveChannel) -> Outcome:
    number = version_number(version.revision.value) or 0
    attempt.revision, attempt.replaced = version.revision.value, attempt.change.live
    attempt.stored = version
    attempt.state = attempt.state or PlanState.FRESH
    unwanted = compare(attempt.kind, version.document, attempt.spec)
    other = lacking(body, version.document)
    if number > before + 1 or (other and not unwanted):
        what = (
            f"version {number} was published where {before + 1} was expected"
            if number > before + 1
            else (
                f"version {number} holds another value of {shown_paths(other)} than the draft that we wrote"
            )
        )
        return attempt.outcome(
            Result.APPLIED, f"{what}: somebody wrote at the same time; see the audit log", OVERWRITTEN
        )
    if unwanted:
        fields = shown_paths(tuple(field.path for field in unwanted))
        return attempt.outcome(
            Result.APPLIED, f"the remote stored another value than was sent: {fields}", "stored-differently"
        )
    return attempt.outcome(Result.APPLIED, attempt.kept())


async def _remove(bench: Bench, attempt: Attempt, before: Sequence[Outcome]) -> Outcome:
    """Delete every version, if none was published since the review and the draft holds nobody's work."""
    blocked = held_back(
        attempt, [one for one in before if one.action is Action.DELETE], "it waits for the deployment"
    )
    if blocked:
        return blocked
    ended = await _look(bench, attempt)
    if ended:
        return ended
    if attempt.live is None:
        raise AssertionError("a delete has a reviewed base")
    draft = await fetch_draft(bench.api, attempt.kind, attempt.id)
    foreign = foreign_draft(attempt.kind, draft, attempt.live, {})
    if foreign and attempt.change.name not in bench.terms.overwrite_drafts:
        return attempt.clashed(draft, Clash((), foreign))
    attempt.requests += 1
    try:
        await bench.api.delete(attempt.path)
    except NotFound:
        return attempt.already(None, "somebody deleted it at the same time")
    return attempt.deleted()


def _sides(attempt: Attempt, draft: LiveChannel) -> tuple[FieldClash, ...]:
    """Show published, drafted and wanted side by side, for each field that Git manages."""
    kind, live = attempt.kind, attempt.live
    held = {**draft.document, "version": "1"}
    moved = compare(kind, held, attempt.spec)
    published = kind.normalise(live.document) if live else {}
    return tuple(
        FieldClash(field.path, value_at(published, field.path), field.before, field.after) for field in moved
    )
