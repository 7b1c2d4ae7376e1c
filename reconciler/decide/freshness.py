"""Whether a saved plan is still true of one channel."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from reconciler.decide.diff import compare
from reconciler.decide.fields import same
from reconciler.decide.merge import Clash, Retry, Settled, settle, settle_delete
from reconciler.kinds.kind import Kind
from reconciler.model import Action, Change, JsonObject, LiveChannel, PlanState, pointer_text

Freshness = tuple[PlanState, str]

FRESH: Freshness = (PlanState.FRESH, "the channel is as the plan saw it")
DONE: Freshness = (PlanState.STALE_EQUIVALENT, "the channel is already as the plan wants it")
APART: Freshness = (
    PlanState.STALE_EQUIVALENT,
    "only fields that the plan does not touch changed since the plan was made",
)
BOTH = (
    "changed at the remote after the plan was made: {fields}; an apply merges both edits, and with --strict holds the"
    " channel"
)
GONE: Freshness = (PlanState.STALE, "the channel was deleted after the plan was made; make a new plan")


def _never_invalid(_spec: object) -> None:
    """Judge no rules."""


def freshness(
    kind: Kind,
    change: Change,
    theirs: LiveChannel | None,
    why_invalid: Callable[[JsonObject], str | None] = _never_invalid,
) -> Freshness:
    """Say whether the plan is still true of this channel, and why; `why_invalid` judges a merge as an apply would.

    `stale-equivalent`: the channel moved, but carrying the plan out would still do what the reviewer saw.
    """
    if change.live is not None and theirs is not None and _is_unmoved(kind, change.live, theirs):
        return FRESH
    if change.writes:
        return _of_write(kind, change, theirs, why_invalid)
    return _of_listed(kind, change, theirs)


def live_of(change: Change, live: Iterable[LiveChannel]) -> LiveChannel | None:
    """Give what a change is about now; a create whose id the remote chooses is known by the remote's name."""
    name = change.channel.spec.get("name") if change.channel and not change.id else None
    alike = (one for one in live if one.kind == change.kind)
    return next(
        (one for one in alike if one.id == change.id or (name is not None and one.name == name)), None
    )


def _is_unmoved(kind: Kind, base: LiveChannel, theirs: LiveChannel) -> bool:
    # A channel that was deleted and created anew counts its versions from 1 again.
    is_known = not base.document or is_as_kept(kind, base.document, theirs.document)
    return base.revision == theirs.revision and is_known


def is_as_kept(kind: Kind, base: JsonObject, theirs: JsonObject) -> bool:
    """Say whether a live document is the one that a plan keeps, in which secrets may be hidden."""
    return same(kind.without_secrets(base), kind.without_secrets(theirs))


def _of_write(
    kind: Kind, change: Change, theirs: LiveChannel | None, why_invalid: Callable[[JsonObject], str | None]
) -> Freshness:
    base = change.live.document if change.live else None
    now = theirs.document if theirs else None
    if change.channel is not None:
        settlement = settle(kind, base, now, change.channel.spec, why_invalid)
    else:
        settlement = settle_delete(kind, base or {}, now)
    match settlement:
        case Settled():
            return DONE
        case Clash(reason=reason):
            return (PlanState.STALE, reason)
        case Retry(merged=()):
            return FRESH if change.action is Action.CREATE else APART
        case Retry(merged=merged):
            names = ", ".join(map(pointer_text, merged))
            return (PlanState.STALE, BOTH.format(fields=names))


def _of_listed(kind: Kind, change: Change, theirs: LiveChannel | None) -> Freshness:
    if change.channel is None:
        stranger = "the channel is not managed, and changed after the plan was made"
        return (PlanState.STALE_EQUIVALENT, stranger)
    if theirs is None:
        return GONE
    moved = compare(kind, theirs.document, change.channel.spec)
    if not moved:
        return APART
    names = ", ".join(pointer_text(field.path) for field in moved)
    return (PlanState.STALE, f"changed at the remote after the plan was made: {names}; make a new plan")
