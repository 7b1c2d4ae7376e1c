"""Carry out a plan: one version-checked write a channel, doubts settled by looking, one outcome each.

This room asks and obeys: what a conflict means is decided in `decide.merge`, how long to wait in `genesys`. It
never sends a body that was computed from another version than the one it names.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from reconciler.acts.attempt import Attempt
from reconciler.acts.bench import Api, Bench, Terms
from reconciler.acts.deploy import deploy
from reconciler.acts.publish import publish
from reconciler.acts.versions import read_live
from reconciler.clock import Clock
from reconciler.decide.freshness import is_as_kept
from reconciler.decide.pairing import Precedence
from reconciler.errors import (
    Forbidden,
    NotFound,
    Rejected,
    RemoteError,
    Unauthorized,
    Unavailable,
    VersionConflict,
)
from reconciler.kinds.hiding import is_hiding
from reconciler.kinds.kind import Steps
from reconciler.model import Action, Change, LiveChannel, Outcome, Plan, Result

STALE_READS = 6
"""How often a read that is behind our own knowledge is repeated, with growing waits: about 6 seconds in all."""
GRACE_SECONDS = 4.0
"""How long a request in flight may take to end once the run was told to stop.

A hosted runner sends SIGTERM 7.5 seconds after SIGINT, and kills 2.5 seconds later: the record needs the rest.
"""
LOOK_SECONDS = 0.05
STOPPED = "the run was told to stop"
CUT_OFF = "the run was stopped while its request was in flight"


class Carrier:
    """Carries out the changes of one plan."""

    def __init__(
        self, api: Api, clock: Clock, terms: Terms, stop: asyncio.Event, notice: Callable[[Outcome], None]
    ) -> None:
        self._api = api
        self._clock = clock
        self._terms = terms
        self._stop = stop
        self._notice = notice
        self._bench = Bench(api, clock, terms, stop)
        self._ends: Precedence[asyncio.Future[Outcome]] = Precedence()
        """How each change ended, those of earlier parts of the plan too."""
        self._halt: str | None = None
        """Why no further change is begun; set by a failure that all of them would meet."""
        self.unauthorized: Unauthorized | None = None
        self._at: dict[asyncio.Future[None], Attempt] = {}
        """What each worker is at."""

    @property
    def halted(self) -> str | None:
        """Say why no further change is begun; None where one would be."""
        return STOPPED if self._stop.is_set() else self._halt

    async def carry_out(self, plan: Plan) -> tuple[Outcome, ...]:
        """Write what the plan says; one failing channel stops none of the others.

        Gives one outcome for each change that writes, in the plan's order.
        """
        changes = [change for change in plan.changes if change.writes]
        outcomes: list[Outcome | None] = [None] * len(changes)
        queue = iter(enumerate(changes))
        attempts = [Attempt(change) for change in changes]
        ends = [asyncio.get_running_loop().create_future() for _ in changes]
        for change, end in zip(changes, ends, strict=True):
            self._ends.add(change, end)

        async def work() -> None:
            for position, change in queue:
                # Whatever a change waits for stands before it, so that no worker is waited for in vain.
                try:
                    before = [await end for end in self._ends.before(change)]
                    outcome = await self._outcome(change, attempts[position], before)
                except BaseException:
                    # Whoever waits for this change must not wait for ever.
                    ends[position].cancel()
                    raise
                outcomes[position] = outcome
                ends[position].set_result(outcome)
                self._notice(outcome)

        workers = [asyncio.ensure_future(work()) for _ in range(min(self._terms.concurrency, len(changes)))]
        await self._until_done_or_stopped(workers)
        return tuple(
            outcome or interrupted(change, attempt)
            for outcome, change, attempt in zip(outcomes, changes, attempts, strict=True)
        )

    async def _until_done_or_stopped(self, workers: Sequence[asyncio.Future[None]]) -> None:
        if not workers:
            return
        done = asyncio.ensure_future(asyncio.wait(workers))
        told = asyncio.ensure_future(self._stop.wait())
        await asyncio.wait([done, told], return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        until = self._clock.monotonic() + GRACE_SECONDS
        while not done.done() and self._are_busy(workers) and self._clock.monotonic() < until:
            await asyncio.wait([done], timeout=LOOK_SECONDS)
        done.cancel()
        for worker in workers:
            worker.cancel()
        for ended in await asyncio.gather(*workers, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended

    def _are_busy(self, workers: Sequence[asyncio.Future[None]]) -> bool:
        """Say whether a request is in flight, or a doubt not settled; what only waits for its turn need not end."""
        return any(
            not worker.done()
            and (self._api.is_busy(worker) or (worker in self._at and self._at[worker].doubtful))
            for worker in workers
        )

    async def _outcome(self, change: Change, attempt: Attempt, before: Sequence[Outcome]) -> Outcome:
        if self.halted:
            return change_not_reached(change, self.halted)
        worker = asyncio.current_task()
        if worker is not None:
            self._at[worker] = attempt
        began = self._api.seconds_in_flight()
        outcome = await self._ending(attempt, before)
        return replace(outcome, seconds=round(self._api.seconds_in_flight() - began, 6))

    async def _ending(self, attempt: Attempt, before: Sequence[Outcome]) -> Outcome:
        try:
            return await self._counted(attempt, before)
        except asyncio.CancelledError:
            attempt.doubtful = attempt.doubtful or self._api.is_writing()
            raise
        except Unauthorized as error:
            self.unauthorized = error
            self._halt = "the credentials were refused in mid-run"
            return _failed(attempt, error)
        except (Rejected, Forbidden) as error:
            result = Result.UNKNOWN if attempt.doubtful else Result.REJECTED
            return attempt.outcome(result, _words(attempt, error))
        except RemoteError as error:
            return _failed(attempt, error)

    async def _counted(self, attempt: Attempt, before: Sequence[Outcome]) -> Outcome:
        """Take the steps of a kind; where they break off, count no write of which nothing went out."""
        written = self._api.writes_sent()
        try:
            match attempt.kind.steps:
                case Steps.REPLACE:
                    return await self._settle(attempt)
                case Steps.PUBLISH:
                    return await publish(self._bench, attempt, before)
                case Steps.DEPLOY:
                    return await deploy(self._bench, attempt, before)
        except (asyncio.CancelledError, RemoteError):
            # The last one may have been waiting for its turn or for a token, which it never got.
            attempt.requests = min(attempt.requests, self._api.writes_sent() - written)
            raise

    async def _settle(self, attempt: Attempt) -> Outcome:
        """Write, and where the write met something unexpected look before anything else is done."""
        if ended := await self._fill(attempt):
            return ended
        lost: Unavailable | None = None
        for _ in range(self._terms.conflicts + 1):
            if self._stop.is_set():
                return interrupted(attempt.change, attempt)
            try:
                return await self._write(attempt)
            except (VersionConflict, NotFound) as error:
                # A write that was lost before may be what moved the channel, so a doubt stays.
                lost, told = None, f"{error}"
                theirs = await self._reread(attempt, moved=True)
            except Unavailable as error:
                if not error.sent:
                    raise
                attempt.doubtful = True
                # What was never answered may arrive late, whatever its repetition was answered.
                lost = error if lost is None or lost.status is not None else lost
                told = f"the answer to the write was lost ({error.message})"
                theirs = await self._reread(attempt, moved=False)
            outcome = None if attempt.is_unproved(theirs) else self._bench.judge(attempt, theirs, told)
            if outcome:
                return outcome
            await self._pause()
        if lost is None:
            tries = f"the channel moved under each of {attempt.requests} writes; plan again when it is quiet"
            return attempt.outcome(Result.UNKNOWN if attempt.doubtful else Result.CLASHED, tries)
        if lost.status is None:
            raise lost
        return attempt.outcome(Result.FAILED, f"{lost}; the live state has not moved")

    async def _pause(self) -> None:
        """Wait a moment, by chance longer or shorter, so that two runs do not meet again and again."""
        await self._clock.sleep(0.1 + 0.4 * self._clock.chance())

    async def _fill(self, attempt: Attempt) -> Outcome | None:
        """Read again what a saved plan does not keep, secrets in fields that Git does not manage, since a body has all.

        With None there is something to write.
        """
        base = attempt.live
        if base is None or attempt.change.action is Action.DELETE or not is_hiding(base.document):
            return None
        theirs = await self._reread(attempt, moved=False)
        if theirs and not attempt.moved(theirs) and is_as_kept(attempt.kind, base.document, theirs.document):
            attempt.live = theirs
            return None
        return self._bench.judge(attempt, theirs, "it moved after the plan was made")

    async def _write(self, attempt: Attempt) -> Outcome:
        change, kind, live = attempt.change, attempt.kind, attempt.live
        attempt.requests += 1
        if change.action is Action.DELETE:
            if live is None:
                raise AssertionError("a delete has a reviewed base")
            await self._api.delete(attempt.path, if_match=live.revision.precondition)
            return attempt.deleted()
        body = kind.body(attempt.spec, live)
        precondition = live.revision.precondition if live else None
        try:
            answer = await self._api.put(
                attempt.path, body, if_match=precondition, if_none_match=live is None
            )
        except VersionConflict:
            if live or attempt.requests > 1 or self._stop.is_set():
                raise
            # A create names no version that a read could be behind, so that a look might show what was deleted since.
            # A second refusal says that there is a channel to look at.
            await self._pause()
            return await self._write(attempt)
        return attempt.written(read_live(kind, answer.value))

    async def _reread(self, attempt: Attempt, *, moved: bool) -> LiveChannel | None:
        """Read what is live now; where it must have moved, wait until the read shows it.

        A read that cannot be understood, or is about another channel, says nothing of this one. One that still shows
        the version which the remote has just refused is stale, and so is one that shows an older version than we
        know. All of these are waited out, and never acted on.
        """
        for read in range(STALE_READS):
            understood, theirs = await self._read(attempt)
            if understood and not attempt.behind(theirs, moved=moved):
                return theirs
            await self._clock.sleep(0.1 * 2**read)
        raise Unavailable(
            "reads stay behind the writes, or the channel was deleted and created anew; plan again in a minute",
            method="GET",
            path=attempt.path,
            sent=False,
        )

    async def _read(self, attempt: Attempt) -> tuple[bool, LiveChannel | None]:
        """Read what is live; the first word says whether the answer could be understood."""
        try:
            answer = await self._api.get(attempt.path)
        except NotFound:
            return True, None
        try:
            theirs = read_live(attempt.kind, answer.value)
        except Unavailable:
            return False, None
        return True, replace(theirs, revision=replace(theirs.revision, etag=answer.etag))


def _failed(attempt: Attempt, error: RemoteError) -> Outcome:
    return attempt.outcome(Result.UNKNOWN if attempt.doubtful else Result.FAILED, _words(attempt, error))


def _words(attempt: Attempt, error: RemoteError) -> str:
    if not attempt.doubtful:
        return str(error)
    return (
        f"{attempt.halfway or 'whether the write was carried out is not known'}; plan again to see: {error}"
    )


def change_not_reached(change: Change, reason: str) -> Outcome:
    """Give the outcome of a change that was never begun."""
    return Attempt(change).outcome(Result.NOT_REACHED, reason)


def changes_not_reached(plan: Plan, reason: str) -> tuple[Outcome, ...]:
    """Give the outcomes of every change that would write, and was never begun."""
    return tuple(change_not_reached(change, reason) for change in plan.changes if change.writes)


def interrupted(change: Change, attempt: Attempt) -> Outcome:
    """Give the outcome of a change that the end of the run cut off."""
    if attempt.doubtful:
        what = f"{STOPPED}; {attempt.halfway}" if attempt.halfway else CUT_OFF
        return attempt.outcome(Result.UNKNOWN, f"{what}; plan again to see")
    if attempt.requests == 0:
        return change_not_reached(change, STOPPED)
    return attempt.outcome(Result.FAILED, f"{STOPPED}; {attempt.halfway or 'nothing was written'}")
