"""What is known of one change while it is being carried out, and how that becomes its one outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from reconciler.decide.diff import compare
from reconciler.decide.fields import leaves, same
from reconciler.decide.merge import Clash, Retry, Settled
from reconciler.errors import Unavailable
from reconciler.genesys.client import segment
from reconciler.kinds import kind_named
from reconciler.kinds.kind import Kind
from reconciler.model import (
    Change,
    JsonObject,
    LiveChannel,
    Outcome,
    PlanState,
    Pointer,
    Result,
    Taken,
    pointer_text,
)

VERSION = ("version",)
AMBIGUOUS = (
    "the answer to a write was lost, and the channel has moved since: the write may have been carried out and edited"
    " again ({reason})"
)
MOST_NAMED = 10


class Attempt:
    """What is known of one change while it is being carried out."""

    def __init__(self, change: Change) -> None:
        self.change = change
        self.kind: Kind = kind_named(change.kind)
        self.id = change.id
        """Empty until the remote has chosen it."""
        self.wanted: JsonObject = change.channel.spec if change.channel else {}
        """What Git wants, references resolved."""
        self.spec: JsonObject = self.wanted
        """What the next write says of the managed fields: what Git wants, or a merge of it."""
        self.live: LiveChannel | None = change.live
        """The document that the next body is built on, and whose revision it names."""
        self.state: PlanState | None = None
        self.merged: tuple[Pointer, ...] = ()
        self.carried: tuple[Pointer, ...] = ()
        self.taken: tuple[Taken, ...] = ()
        self.replaced: LiveChannel | None = None
        self.stored: LiveChannel | None = None
        self.revision: str | None = None
        self.requests = 0
        self.halfway: str | None = None
        """What of several steps was done, and what the next run makes of it; None before the first one."""
        self.pin: JsonObject | None = None
        self.looked_at: tuple[JsonObject, ...] = ()
        """What was read right before the last write, where that is all the guard there is."""
        self.doubtful = False
        """Whether a write may have been carried out without our having heard of it."""

    @property
    def path(self) -> str:
        """Give where the resource is; where there is none yet, its collection."""
        return f"{self.kind.collection}/{segment(self.id)}" if self.id else self.kind.collection

    def outcome(self, result: Result, reason: str | None = None, warning: str | None = None) -> Outcome:
        """Say how the change ended."""
        change = self.change
        return Outcome(
            name=change.name,
            kind=change.kind,
            id=self.id,
            action=change.action,
            result=result,
            guard=self.kind.guard,
            before=change.live.revision.value if change.live else None,
            after=self.revision,
            attempts=self.requests,
            reason=reason,
            warning=warning,
            merged=self.merged,
            exposure=change.exposure,
            state=self.state,
            carried=self.carried,
            taken=self.taken,
            replaced=self.replaced,
            spec=self.spec,
            written=self.stored,
            pin=self.pin,
            seen=last_moment(self.looked_at),
            looked_at=self.looked_at,
        )

    def written(self, answer: LiveChannel) -> Outcome:
        """Judge the answer to an accepted write; one that cannot be about it raises `Unavailable`."""
        before = self.live.revision.value if self.live else "0"
        if answer.id != self.change.id or answer.revision.value == before:
            raise Unavailable("the answer is not about this write", method="PUT", path=self.path)
        self.revision, self.replaced, self.stored = answer.revision.value, self.live, answer
        self.state = self.state or PlanState.FRESH
        if not _follows(before, answer.revision.value):
            return self.outcome(
                Result.APPLIED,
                f"the version went from {before} to {answer.revision.value}: somebody wrote in between,"
                " and the remote may have let us overwrite it; see the audit log",
                warning="may-have-overwritten",
            )
        different = compare(self.kind, answer.document, self.spec)
        if different:
            fields = shown_paths(tuple(field.path for field in different))
            return self.outcome(
                Result.APPLIED,
                f"the remote stored another value than was sent: {fields}",
                "stored-differently",
            )
        return self.outcome(Result.APPLIED, self.kept())

    def deleted(self) -> Outcome:
        """Give the outcome of a delete that was carried out."""
        self.replaced, self.state = self.live, self.state or PlanState.FRESH
        return self.outcome(Result.APPLIED)

    def already(self, theirs: LiveChannel | None, told: str, settled: Settled | None = None) -> Outcome:
        """Give the outcome of a channel that reads as wanted; `told` is what led to the look."""
        self.revision = theirs.revision.value if theirs else None
        if settled:
            self.spec, self.merged = settled.spec, settled.merged
        # Whose write it was is not known after a doubt, so nothing is called replaced.
        landed = self.doubtful and (self.live is None or _is_next(self.live, theirs))
        self.state = self.state or (PlanState.FRESH if landed else PlanState.STALE_EQUIVALENT)
        return self.outcome(Result.ALREADY, f"{told}; the live state reads as wanted")

    def clashed(self, theirs: LiveChannel | None, clash: Clash) -> Outcome:
        """Give the outcome of a channel that somebody else moved: nothing was written, or that is not known."""
        self.revision = theirs.revision.value if theirs else None
        self.state = PlanState.STALE
        if self.doubtful:
            unknown = self.outcome(Result.UNKNOWN, AMBIGUOUS.format(reason=clash.reason))
            return replace(unknown, clashes=clash.fields)
        return replace(self.outcome(Result.CLASHED, clash.reason), clashes=clash.fields)

    def prepare(self, theirs: LiveChannel | None, retry: Retry) -> None:
        """Build the next write on what is live now, and remember what of it is somebody else's."""
        if self.moved(theirs):
            self.carried = self._unmanaged_moves(theirs)
            self.merged, self.taken = retry.merged, retry.taken
            stale = self.merged or self.taken
            self.state = PlanState.STALE if stale else PlanState.STALE_EQUIVALENT
        self.spec, self.live = retry.spec, theirs

    def moved(self, theirs: LiveChannel | None) -> bool:
        """Say whether the channel is at another revision than the one that the last write named."""
        return (theirs.revision if theirs else None) != (self.live.revision if self.live else None)

    def settle_doubt(self, theirs: LiveChannel | None) -> None:
        """Forget the doubt where the live state proves that the lost write was not carried out, and never will be.

        One step from the version that it named, to something that is not what it wrote, was somebody else's. More
        steps may hold ours among them.
        """
        if self.live is not None and self.moved(theirs) and _is_next(self.live, theirs):
            self.doubtful = False

    def is_unproved(self, theirs: LiveChannel | None) -> bool:
        """Say whether a look after a lost create may show a channel that was deleted before.

        One just made is at version 1. Where it shows another, the create goes out again: if there is a channel, it is
        refused.
        """
        is_lost_create = self.live is None and self.doubtful and self.requests == 1
        return is_lost_create and theirs is not None and theirs.revision.value != "1"

    def behind(self, theirs: LiveChannel | None, *, moved: bool) -> bool:
        """Say whether a read is older than what we know, so that it must not be acted on.

        `moved` says that the remote has just refused the revision that we know as not the live one.
        """
        if theirs and theirs.id != self.id:
            return True  # whatever stands in between answered somebody else
        if moved and not self.moved(theirs):
            return True
        return bool(theirs and self.live and _is_older(theirs.revision.value, self.live.revision.value))

    def _unmanaged_moves(self, theirs: LiveChannel | None) -> tuple[Pointer, ...]:
        # A saved plan keeps the base with its secrets hidden.
        kept = self.kind.without_secrets
        before = leaves(kept(self.change.live.document)) if self.change.live else {}
        now = leaves(kept(theirs.document)) if theirs else {}
        managed = leaves(self.spec)
        return tuple(
            path
            for path in sorted({*before, *now}, key=pointer_text)
            if path not in managed and path != VERSION and not same(before.get(path), now.get(path))
        )

    def kept(self) -> str | None:
        """Say which concurrent edits this write kept."""
        parts = []
        if self.merged:
            parts.append(f"merged with a concurrent edit of {shown_paths(self.merged)}")
        if self.carried:
            parts.append(f"kept a concurrent edit of {shown_paths(self.carried)}, which Git does not manage")
        parts += [
            f"took {'the live value' if taken.side == 'live' else 'the value of Git'} of"
            f" {pointer_text(taken.clash.path)}, as --take says"
            for taken in self.taken
        ]
        return "; ".join(parts) or None


def last_moment(documents: Sequence[JsonObject]) -> str | None:
    """Give the remote's own time of the last edit that documents show, as it wrote it."""
    told = [document.get(name) for document in documents for name in ("dateModified", "datePublished")]
    moments = {moment: text for text in told if isinstance(text, str) and (moment := _moment(text))}
    return moments[max(moments)] if moments else None


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def shown_paths(paths: Sequence[Pointer]) -> str:
    """Name some fields, and count the rest."""
    more = f" and {len(paths) - MOST_NAMED} more" if len(paths) > MOST_NAMED else ""
    return ", ".join(map(pointer_text, paths[:MOST_NAMED])) + more


def _follows(before: str, after: str) -> bool:
    """Say whether the versions are one apart; versions that are no numbers are never compared by size."""
    return not (before.isdigit() and after.isdigit()) or int(after) == int(before) + 1


def _is_next(before: LiveChannel, after: LiveChannel | None) -> bool:
    """Say whether exactly one write lies between two revisions, which numbers alone can prove."""
    if after is None:
        return False
    old, new = before.revision.value, after.revision.value
    return old.isdigit() and new.isdigit() and int(new) == int(old) + 1


def _is_older(one: str, other: str) -> bool:
    return one.isdigit() and other.isdigit() and int(one) < int(other)
