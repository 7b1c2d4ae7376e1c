"""Whether a saved plan is still true of one channel."""

from __future__ import annotations

from typing import Literal

from reconciler.decide.diff import compare
from reconciler.decide.merge import Clash, Retry, Settled, settle, settle_delete
from reconciler.kinds.kind import Kind
from reconciler.model import Action, Change, LiveChannel, pointer_text

State = Literal["fresh", "stale-equivalent", "stale"]
Freshness = tuple[State, str]

FRESH: Freshness = ("fresh", "the channel is as the plan saw it")
DONE: Freshness = ("stale-equivalent", "the channel is already as the plan wants it")
APART: Freshness = (
    "stale-equivalent",
    "only fields that the plan does not touch changed since the plan was made",
)
GONE: Freshness = ("stale", "the channel was deleted after the plan was made; make a new plan")


def freshness(kind: Kind, change: Change, theirs: LiveChannel | None) -> Freshness:
    """Say whether the plan is still true of this channel, and why.

    `stale-equivalent`: the channel moved, but carrying the plan out would still do what the reviewer saw.
    """
    if change.live is not None and theirs is not None and change.live.revision == theirs.revision:
        return FRESH
    if change.writes:
        return _of_write(kind, change, theirs)
    return _of_listed(kind, change, theirs)


def _of_write(kind: Kind, change: Change, theirs: LiveChannel | None) -> Freshness:
    base = change.live.document if change.live else None
    now = theirs.document if theirs else None
    if change.channel is not None:
        settlement = settle(kind, base, now, change.channel.spec, _never_invalid)
    else:
        settlement = settle_delete(kind, base or {}, now)
    match settlement:
        case Settled():
            return DONE
        case Clash(reason=reason):
            return ("stale", reason)
        case Retry(merged=()):
            return FRESH if change.action is Action.CREATE else APART
        case Retry(merged=merged):
            names = ", ".join(map(pointer_text, merged))
            return (
                "stale",
                f"changed at the remote after the plan was made: {names}; an apply would keep both edits",
            )


def _of_listed(kind: Kind, change: Change, theirs: LiveChannel | None) -> Freshness:
    if change.channel is None:
        return ("stale-equivalent", "the channel is not managed, and changed after the plan was made")
    if theirs is None:
        return GONE
    moved = compare(kind, theirs.document, change.channel.spec)
    if not moved:
        return APART
    names = ", ".join(pointer_text(field.path) for field in moved)
    return ("stale", f"changed at the remote after the plan was made: {names}; make a new plan")


def _never_invalid(_spec: object) -> None:
    """Judge no rules: what is asked here is whether anything was merged at all."""
