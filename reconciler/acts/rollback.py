"""Put channels back whose endpoint check failed: under the version that this run wrote, and never wider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconciler.acts.bench import Api
from reconciler.acts.versions import read_live
from reconciler.decide.diff import compare
from reconciler.decide.rollback import restored_body, why_not_restored
from reconciler.errors import NotFound, RemoteError, Unavailable, VersionConflict
from reconciler.genesys.client import segment
from reconciler.kinds import kind_named
from reconciler.kinds.kind import Kind
from reconciler.model import Guard, LiveChannel, Outcome, Result, Rollback

RESTORED = "its endpoint check failed, so it was put back as it was before this run"
MOVED = "somebody moved the channel after this run wrote it, so it was left alone"


async def roll_back(api: Api, outcome: Outcome, others: Sequence[Outcome] = ()) -> Outcome:
    """Put one channel back as it was before this run wrote it, and say how that ended."""
    return replace(outcome, rollback=await _rolled_back(api, outcome, others))


async def _rolled_back(api: Api, outcome: Outcome, others: Sequence[Outcome]) -> Rollback:
    kind = kind_named(outcome.kind)
    before, written = outcome.replaced, outcome.written
    reason = (
        why_not_restored(kind, outcome, before.document, written.document, others)
        if before and written
        else None
    )
    if before is None or written is None or reason:
        left = reason or "the channel was created by this run, and a rollback deletes nothing"
        return Rollback(Result.NOT_REACHED, outcome.after, f"not put back: {left}")
    path = f"{kind.collection}/{segment(outcome.id)}"
    body = restored_body(kind, before, written)
    try:
        if (
            kind.guard is Guard.REREAD
            and read_live(kind, (await api.get(path)).value).revision != written.revision
        ):
            return Rollback(Result.CLASHED, None, MOVED)
        precondition = written.revision.precondition if kind.guard is Guard.IF_MATCH else None
        answer = await api.put(path, body, if_match=precondition)
        return Rollback(Result.APPLIED, read_live(kind, answer.value).revision.value, RESTORED)
    except (VersionConflict, NotFound):
        return Rollback(Result.CLASHED, None, MOVED)
    except Unavailable as error:
        return await _looked_up(api, kind, path, before, error)
    except RemoteError as error:
        return Rollback(Result.FAILED, outcome.after, f"not put back: {error}")


async def _looked_up(api: Api, kind: Kind, path: str, before: LiveChannel, lost: Unavailable) -> Rollback:
    """Say what became of a rollback whose answer was lost; it is not tried again."""
    try:
        live = read_live(kind, (await api.get(path)).value)
    except RemoteError as error:
        return Rollback(Result.UNKNOWN, None, f"whether it was put back is not known: {lost}; {error}")
    if not compare(kind, live.document, kind.normalise(before.document)):
        return Rollback(Result.ALREADY, live.revision.value, RESTORED)
    return Rollback(Result.FAILED, live.revision.value, f"not put back: {lost}")
