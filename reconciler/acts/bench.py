"""What every write works with: the calls, the clock, the terms, and the looks that several of them share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeVar

from reconciler.acts.attempt import Attempt
from reconciler.clock import Clock
from reconciler.decide.fields import leaves, same, value_at
from reconciler.decide.merge import Clash, Retry, Settled, settle, settle_delete
from reconciler.decide.takes import Takes
from reconciler.errors import Unavailable
from reconciler.genesys.calls import Document
from reconciler.model import (
    Action,
    Change,
    JsonObject,
    LiveChannel,
    Outcome,
    Pointer,
    Result,
    pointer_text,
)

Found = TypeVar("Found")

SETTLE_SECONDS = 60.0
"""How long the remote may take to finish what a write began."""
FIRST_LOOK = 0.2
LONGEST_PAUSE = 3.0
OVERWRITTEN = "may-have-overwritten"


class Api(Protocol):
    """The calls that carrying out a plan needs."""

    @property
    def own_id(self) -> str:
        """The OAuth client that we are."""

    async def get(self, path: str) -> Document:
        """Read one resource."""

    async def put(
        self, path: str, body: JsonObject, *, if_match: str | None = None, if_none_match: bool = False
    ) -> Document:
        """Replace or create one resource."""

    async def post(self, path: str, body: JsonObject | None) -> Document:
        """Create one resource, or have done what the path says."""

    async def delete(self, path: str, *, if_match: str | None = None) -> None:
        """Delete one resource."""

    async def fetch_by_cursor(
        self, path: str, page_size: int, query: Mapping[str, str] | None = None
    ) -> tuple[JsonObject, ...]:
        """Read a whole list that goes on by cursor."""

    def seconds_in_flight(self) -> float:
        """Give the seconds that requests of the current task were on their way, queues and waits apart."""

    def writes_sent(self) -> int:
        """Give how many writes of the current task went out, whatever became of them."""

    def is_writing(self) -> bool:
        """Say whether a write of the current task is on its way, so that it may have been carried out."""

    def is_busy(self, task: asyncio.Future[None]) -> bool:
        """Say whether a request of a task is on its way: no queue and no wait."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which terms a plan is carried out."""

    conflicts: int
    concurrency: int
    why_invalid: Callable[[Change, JsonObject], str | None]
    """Judges a merged spec by the rules again; a sentence says why it must not be written."""
    strict: bool = False
    """Whether any concurrent edit clashes, also one to a field that Git does not manage."""
    takes: Takes = field(default_factory=Takes)
    """Clashes that a person settled beforehand."""
    overwrite_drafts: frozenset[str] = frozenset()
    """`metadata.name`s of configurations whose unpublished draft a person gave up."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What a write of several steps works with."""

    api: Api
    clock: Clock
    terms: Terms
    stop: asyncio.Event

    async def wait_until(
        self, look: Callable[[], Awaitable[Found]], seconds: float = SETTLE_SECONDS
    ) -> Found:
        """Look, with growing pauses, until what `look` gives is true, or the time is over; give its last answer."""
        ends, pause = self.clock.monotonic() + seconds, FIRST_LOOK
        while True:
            found = await look()
            if found or self.clock.monotonic() + pause > ends:
                return found
            await self.clock.sleep(pause)
            pause = min(pause * 1.6, LONGEST_PAUSE)

    def judge(self, attempt: Attempt, theirs: LiveChannel | None, told: str) -> Outcome | None:
        """Say how the change ended where what is live now is not what was reviewed, or build on it and say nothing."""
        change = attempt.change
        # Always what was reviewed: an edit that somebody took back again was never one against it.
        base = change.live.document if change.live else None
        now = theirs.document if theirs else None
        if change.action is Action.DELETE:
            verdict = settle_delete(attempt.kind, base, now)
        else:
            takes = self.terms.takes.at(theirs.revision if theirs else None)
            why_invalid = partial(self.terms.why_invalid, change)
            verdict = settle(attempt.kind, base, now, attempt.wanted, why_invalid, takes)
        if isinstance(verdict, Settled):
            return attempt.already(theirs, told, verdict)
        attempt.settle_doubt(theirs)
        if isinstance(verdict, Retry) and attempt.moved(theirs):
            if attempt.doubtful:
                verdict = Clash((), "somebody has moved it")
            elif self.terms.strict:
                verdict = Clash((), "it moved since the plan was made, and --strict merges nothing")
        if isinstance(verdict, Clash):
            return attempt.clashed(theirs, verdict)
        attempt.prepare(theirs, verdict)
        return None


def lacking(body: JsonObject, document: JsonObject) -> tuple[Pointer, ...]:
    """Give the fields of a body that a document has otherwise; what the document has besides is the remote's."""
    wanted = leaves(body)
    return tuple(
        path for path in sorted(wanted, key=pointer_text) if not same(wanted[path], value_at(document, path))
    )


def held_back(attempt: Attempt, before: Sequence[Outcome], reason: str) -> Outcome | None:
    """Say that a change is not begun because one that it waits for was not carried out."""
    failed = next((one for one in before if one.result not in (Result.APPLIED, Result.ALREADY)), None)
    if failed is None:
        return None
    return attempt.outcome(Result.NOT_REACHED, f"{reason} {failed.name}, which ended as {failed.result}")


def lost_words(error: Unavailable) -> str:
    """Say that it is not known whether a write was carried out."""
    return f"the answer to the write was lost ({error.message})"
