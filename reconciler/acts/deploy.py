"""Carry out the change of a deployment: look, write, wait, look again.

The remote has no precondition, so the guard is a look right before the write: what moved since the review is merged,
or stops the change. Between that look and the write somebody may slip in; nothing here calls that impossible, and
the audit log is asked about it afterwards (`decide.overwrites`).
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.acts.attempt import Attempt, last_moment, shown_paths
from reconciler.acts.bench import (
    OVERWRITTEN,
    SETTLE_SECONDS,
    Bench,
    held_back,
    lacking,
    lost_words,
)
from reconciler.acts.versions import read_live
from reconciler.decide.diff import compare
from reconciler.errors import NotFound, Rejected, Unavailable
from reconciler.kinds.web_messaging_deployment import content, is_settled
from reconciler.model import Action, LiveChannel, Outcome, PlanState, Pointer, Result

DIFFERENT = "stored-differently"
UNREAD = "the write was accepted, and was not read back"
AGREE_SECONDS = 8.0
"""How long reads may show something else than the remote said that it stored."""


async def deploy(bench: Bench, attempt: Attempt, before: Sequence[Outcome]) -> Outcome:
    """Make a deployment what Git wants, or delete it."""
    blocked = held_back(attempt, before, "it waits for the configuration") or _pin(attempt, before)
    if blocked:
        return blocked
    if attempt.change.action is Action.DELETE:
        return await _remove(bench, attempt)
    ended = None if attempt.id else await _create(bench, attempt)
    if ended and ended.warning == DIFFERENT and attempt.stored:
        # A create may leave out what an update takes, such as being Inactive from the beginning.
        attempt.live, ended = attempt.stored, None
    return ended or await _replace(bench, attempt)


def _pin(attempt: Attempt, before: Sequence[Outcome]) -> Outcome | None:
    """Put the version that was just published in the place of the reference; the plan could only foretell it."""
    name = attempt.change.waits_for
    if name is None or attempt.change.action is Action.DELETE:
        return None
    published = next((one for one in before if one.name == name), None)
    if published is None or published.after is None:
        reason = f"it waits for the configuration {name}, which is not part of this run"
        return attempt.outcome(Result.NOT_REACHED, reason)
    pin = {"id": published.id, "version": published.after}
    attempt.wanted = attempt.spec = {**attempt.wanted, "configuration": pin}
    return None


async def _create(bench: Bench, attempt: Attempt) -> Outcome | None:
    """Make the deployment unless one of its name is there by now; with None, there is something to go on with."""
    found = await _named(bench, attempt)
    if found is not None:
        attempt.id = found.id
        return bench.judge(attempt, found, "it was created after the plan was made")
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
        attempt.id = found.id
        return await _settled(bench, attempt, found)
    created = read_live(attempt.kind, answer.value)
    attempt.id = created.id
    return await _settled(bench, attempt, created)


async def _named(bench: Bench, attempt: Attempt) -> LiveChannel | None:
    """Look for a deployment of the wanted name; names are not unique at the remote, and ours must be."""
    kind = attempt.kind
    listed = [
        read_live(kind, document)
        for document in await bench.api.fetch_by_cursor(kind.collection, kind.page_size)
    ]
    found = {live.id: live for live in listed if live.name == attempt.spec.get("name")}
    if len(found) > 1:
        raise Rejected(
            f"{len(found)} live deployments have this name; write the id of the right one as spec.id",
            method="GET",
            path=kind.collection,
        )
    return next(iter(found.values()), None)


async def _replace(bench: Bench, attempt: Attempt) -> Outcome:
    """Look, and write on what is there; a lost answer leads to another look, never to another write unseen."""
    for _ in range(bench.terms.conflicts + 1):
        theirs = await _read_settled(bench, attempt)
        if theirs is None or attempt.moved(theirs) or attempt.doubtful:
            told = (
                "it moved after the plan was made"
                if not attempt.doubtful
                else "the answer to the write was lost"
            )
            attempt.pin = _pinned(theirs) if theirs else None
            ended = bench.judge(attempt, theirs, told)
            if ended:
                return ended
            attempt.doubtful = False
        if theirs is None:
            raise AssertionError("a deployment that is gone has ended as clashed")
        attempt.live = theirs
        attempt.looked_at = (theirs.document,)
        attempt.requests += 1
        try:
            answer = await bench.api.put(attempt.path, attempt.kind.body(attempt.spec, theirs))
        except NotFound:
            continue
        except Unavailable as error:
            if not error.sent:
                raise
            attempt.doubtful = True
            await bench.clock.sleep(0.2)
        else:
            return await _settled(bench, attempt, read_live(attempt.kind, answer.value))
    result = Result.UNKNOWN if attempt.doubtful else Result.CLASHED
    return attempt.outcome(
        result, f"it moved, or answers were lost, under each of {attempt.requests} writes; plan again"
    )


async def _read_settled(bench: Bench, attempt: Attempt) -> LiveChannel | None:
    """Read the deployment once nobody's write is under way; None where it is gone.

    Where a write of ours may have been carried out, a read that does not show it may be behind, and is believed only
    after a while: a second write would take back what somebody did in between.
    """
    latest: LiveChannel | None = None
    ends = bench.clock.monotonic() + (AGREE_SECONDS if attempt.doubtful else 0.0)

    async def is_quiet() -> bool:
        nonlocal latest
        latest = await _read(bench, attempt)
        if latest is None:
            return True
        if not is_settled(latest.document) or _is_behind(latest, attempt.live):
            return False
        return attempt.moved(latest) or bench.clock.monotonic() >= ends

    await bench.wait_until(is_quiet)
    return latest


def _is_behind(latest: LiveChannel, known: LiveChannel | None) -> bool:
    """Say whether a read is older than what we know: whatever it shows was overwritten since."""
    if known is None:
        return False
    now, then = last_moment([latest.document]), last_moment([known.document])
    return last_moment([latest.document, known.document]) == then != now if now and then else False


async def _read(bench: Bench, attempt: Attempt) -> LiveChannel | None:
    try:
        answer = await bench.api.get(attempt.path)
    except NotFound:
        return None
    live = read_live(attempt.kind, answer.value)
    return None if live.document.get("status") == "Deleting" else live


async def _settled(bench: Bench, attempt: Attempt, stored: LiveChannel) -> Outcome:
    """Wait until the remote has carried the write out, read it back, and say how it ended."""
    # Whatever keeps us from reading it back does not undo it.
    attempt.halfway, attempt.doubtful = UNREAD, True
    latest: LiveChannel | None = stored
    written = {name: value for name, value in content(stored.document).items() if name != "status"}
    ends = bench.clock.monotonic() + AGREE_SECONDS

    async def is_done() -> bool:
        nonlocal latest
        latest = await _read(bench, attempt)
        if latest is None or not is_settled(latest.document):
            return False
        # A read may be behind the write for a while; after that, what it shows is what is there.
        return not lacking(written, latest.document) or bench.clock.monotonic() > ends

    done = await bench.wait_until(is_done)
    attempt.doubtful = False
    attempt.replaced, attempt.state = attempt.live, attempt.state or PlanState.FRESH
    if latest is None:
        return attempt.outcome(
            Result.UNKNOWN, "the write was accepted, and the deployment is gone now; plan again"
        )
    attempt.revision, attempt.stored = latest.revision.value, latest
    attempt.pin = _pinned(latest)
    status = latest.document.get("status")
    if not done or status == "Error":
        words = (
            "could not carry it out (status Error)" if status == "Error" else f"shows it as {status} still"
        )
        reason = f"the write was accepted, but the remote {words} after {SETTLE_SECONDS:g} s at the most"
        return attempt.outcome(Result.FAILED, f"{reason}; plan again, or look into the console")
    return _read_back(attempt, latest, lacking(written, latest.document))


def _read_back(attempt: Attempt, latest: LiveChannel, moved: tuple[Pointer, ...]) -> Outcome:
    unwanted = compare(attempt.kind, latest.document, attempt.spec)
    if moved:
        return attempt.outcome(
            Result.APPLIED,
            f"somebody wrote at the same time: {shown_paths(moved)} reads otherwise than the remote answered to us;"
            " see the audit log, and plan again",
            OVERWRITTEN,
        )
    if unwanted:
        fields = shown_paths(tuple(field.path for field in unwanted))
        return attempt.outcome(
            Result.APPLIED, f"the remote stored another value than was sent: {fields}", DIFFERENT
        )
    return attempt.outcome(Result.APPLIED, attempt.kept())


async def _remove(bench: Bench, attempt: Attempt) -> Outcome:
    """Delete what was reviewed, and wait until it is gone, since its configuration may be next."""
    theirs = await _read_settled(bench, attempt)
    if theirs is None or attempt.moved(theirs):
        ended = bench.judge(attempt, theirs, "it moved after the plan was made")
        if ended:
            return ended
    attempt.looked_at = (theirs.document,) if theirs else ()
    attempt.requests += 1
    try:
        await bench.api.delete(attempt.path)
    except NotFound:
        return attempt.already(None, "somebody deleted it at the same time")
    except Unavailable as error:
        if not error.sent:
            raise
        attempt.doubtful = True
        if not await _is_gone(bench, attempt):
            return attempt.outcome(Result.UNKNOWN, f"{lost_words(error)}; plan again to see")
        attempt.doubtful = False
        return attempt.deleted()
    if not await _is_gone(bench, attempt):
        return attempt.outcome(
            Result.FAILED, f"it is still there {SETTLE_SECONDS:g} s after the delete was accepted"
        )
    return attempt.deleted()


async def _is_gone(bench: Bench, attempt: Attempt) -> bool:
    async def look() -> bool:
        try:
            await bench.api.get(attempt.path)
        except NotFound:
            return True
        return False

    return bool(await bench.wait_until(look))


def _pinned(live: LiveChannel) -> dict[str, object] | None:
    pin = live.document.get("configuration")
    return {name: pin[name] for name in ("id", "version") if name in pin} if isinstance(pin, dict) else None
