"""Ways to be wrong, each as a change of the running code: the defects of the seed, and those of careful people.

A proof that lets one of these pass proves nothing. `S` numbers are those of the list of the seed's defects.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from reconciler.acts import webhooks as acts_webhooks
from reconciler.acts.apply import Carrier
from reconciler.acts.attempt import Attempt
from reconciler.acts.bench import Bench
from reconciler.decide import merge, plan
from reconciler.decide import webhooks as decide_webhooks
from reconciler.decide.merge import Retry
from reconciler.errors import (
    Forbidden,
    Rejected,
    RemoteError,
    Throttled,
    Unavailable,
    VersionConflict,
)
from reconciler.genesys import answers
from reconciler.genesys.calls import Document, Setback
from reconciler.genesys.client import Client
from reconciler.genesys.patience import Patience
from reconciler.kinds.webchat import WEBCHAT
from reconciler.model import Action, Outcome, Plan, Result

Mutant = Callable[[], Any]
MUTANTS: dict[str, Mutant] = {}


def mutant(name: str) -> Callable[[Mutant], Mutant]:
    """Put a mutant into the list under a sentence that says what it does."""

    def enter(make: Mutant) -> Mutant:
        MUTANTS[name] = contextmanager(make)
        return make

    return enter


def _patched(place: Any, name: str, value: Any) -> Any:
    return mock.patch.object(place, name, value)


def _kind(**changes: Any) -> Any:
    changed = dataclasses.replace(WEBCHAT, **changes)
    return mock.patch.multiple("reconciler.acts.attempt", kind_named=lambda _name: changed)


@mutant("S1: the first write names no version")
def _s1() -> Iterator[None]:
    async def put(
        self: Client, path: str, body: Any, *, if_match: Any = None, if_none_match: Any = False
    ) -> Any:
        bare = {name: value for name, value in body.items() if name != "version"}
        return await real(self, path, bare, if_none_match=if_none_match)

    real = Client.put
    with _patched(Client, "put", put):
        yield


@mutant("S2: a conflict is answered with the new version and the old body")
def _s2() -> Iterator[None]:
    def judge(self: Bench, attempt: Attempt, theirs: Any, told: str) -> Any:
        if theirs is None or attempt.live is None:
            return real(self, attempt, theirs, told)
        attempt.live = dataclasses.replace(
            attempt.live,
            document={**attempt.live.document, "version": theirs.document["version"]},
            revision=theirs.revision,
        )
        return None

    real = Bench.judge
    with _patched(Bench, "judge", judge):
        yield


@mutant("S2b: a conflict is answered with Git's fields on the new document, whoever moved them")
def _s2b() -> Iterator[None]:
    def settle(kind: Any, base: Any, theirs: Any, spec: Any, why_invalid: Any, takes: Any = None) -> Any:
        return Retry(spec, theirs) if theirs is not None else real(kind, base, theirs, spec, why_invalid)

    real = merge.settle
    with mock.patch("reconciler.acts.bench.settle", settle):
        yield


@mutant("S3: a write holds what Git manages and nothing else")
def _s3() -> Iterator[None]:
    def body(spec: Any, live: Any) -> Any:
        return {**spec, **({"version": live.document["version"]} if live else {})}

    with _kind(body=body):
        yield


@mutant("S3b: nested objects are replaced whole")
def _s3b() -> Iterator[None]:
    with _kind(body=lambda spec, live: {**(live.document if live else {}), **spec}):
        yield


@mutant("S3c: a channel that differs in nothing is written all the same")
def _s3c() -> Iterator[None]:
    def make_plan(*words: Any, **named: Any) -> Plan:
        made = real(*words, **named)
        changes = [
            dataclasses.replace(
                change,
                action=Action.UPDATE,
                live=dataclasses.replace(change.live, document=documents[change.id]),
            )
            if change.action is Action.UNCHANGED and change.live
            else change
            for change in made.changes
            for documents in [{one.id: one.document for one in words[2]}]
        ]
        return dataclasses.replace(made, changes=tuple(changes))

    real = plan.make_plan
    with mock.patch("reconciler.reading.make_plan", make_plan):
        yield


@mutant("S4: only 409 is known as a conflict")
def _s4() -> Iterator[None]:
    def judge(call: Any, reply: Any, tell: Any, now: Any) -> Any:
        result = real(call, reply, tell, now)
        if isinstance(result, Setback) and result.kind is VersionConflict and reply.status != 409:
            return dataclasses.replace(result, kind=Unavailable, sent=False)
        return result

    real = answers.judge
    # Judged by the way out: without the reread a merged edit is not kept, and the run fails for nothing.
    with mock.patch("reconciler.genesys.client.judge", judge):
        yield


@mutant("S5: a lost answer is called a failure")
def _s5() -> Iterator[None]:
    async def ending(self: Carrier, attempt: Attempt, before: Any) -> Outcome:
        try:
            return await self._write(attempt)
        except RemoteError as error:
            return attempt.outcome(Result.FAILED, str(error))

    with _patched(Carrier, "_ending", ending):
        yield


@mutant("S5b: a lost answer is called success")
def _s5b() -> Iterator[None]:
    async def settle(self: Carrier, attempt: Attempt) -> Outcome:
        try:
            return await self._write(attempt)
        except Unavailable:
            return attempt.outcome(Result.APPLIED)

    with _patched(Carrier, "_settle", settle):
        yield


@mutant("S5c: a lost webhook is sent again without a look, and called failed")
def _s5c() -> Iterator[None]:
    async def keep(client: Any, change: Any, conflicts: int) -> Any:
        ended = await real(client, change, conflicts)
        is_unknown = ended.result is Result.UNKNOWN
        return dataclasses.replace(ended, result=Result.FAILED) if is_unknown else ended

    async def find(_client: Any, _name: str) -> None:
        return None

    real = acts_webhooks._keep
    with mock.patch.object(acts_webhooks, "_find", find), mock.patch.object(acts_webhooks, "_keep", keep):
        yield


@mutant("S6: what Git does not hold is deleted without being asked for")
def _s6() -> Iterator[None]:
    def without_files(live: Any, _prunable: Any) -> Any:
        return real(live, {(one.kind, one.id): one.name for one in live})

    real = plan._without_files
    with _patched(plan, "_without_files", without_files):
        yield


@mutant("S8: a wait is as long as the remote says, however long that is")
def _s8() -> Iterator[None]:
    with (
        mock.patch("reconciler.genesys.patience.refuse_wait", return_value=None),
        mock.patch("reconciler.genesys.patience.next_wait", lambda _n, asked, *_: max(asked or 0.0, 1_000.0)),
    ):
        yield


@mutant("S9: conflicts and rate limit share a budget, and the last word is a false one")
def _s9() -> Iterator[None]:
    async def persist(self: Patience, once: Any, method: str, path: str) -> Any:
        result = await once()
        if isinstance(result, Setback) and result.kind in (Throttled, Unavailable) and not result.sent:
            raise VersionConflict("max retries exceeded for version conflict", method=method, path=path)
        if isinstance(result, Setback):
            raise result.error(method, path, 1)
        return result

    with _patched(Patience, "persist", persist):
        yield


@mutant("S10: a write is repeated on 5xx under no precondition")
def _s10() -> Iterator[None]:
    async def ask(self: Client, call: Any) -> Document:
        try:
            return await real(self, call)
        except Unavailable:
            if call.method == "PUT" and call.headers.get("If-Match"):
                call = dataclasses.replace(call, headers={"If-None-Match": "*"})
            return await real(self, call)

    real = Client._ask
    with _patched(Client, "_ask", ask):
        yield


@mutant("S11: a run goes on for as long as it takes")
def _s11() -> Iterator[None]:
    async def until_done(self: Carrier, workers: Any) -> None:
        await asyncio.gather(*workers)

    with _patched(Carrier, "_until_done_or_stopped", until_done):
        yield


@mutant("S19: each webhook has a name of its own, by the time")
def _s19() -> Iterator[None]:
    counter = iter(range(10**9))
    with _patched(decide_webhooks, "webhook_name", lambda name: f"reconciler-health-{name}-{next(counter)}"):
        yield


@mutant("S21: a webhook that fails makes the channel a failure")
def _s21() -> Iterator[None]:
    async def keep_webhooks(client: Any, made: Plan, outcomes: Any, conflicts: int, stop: Any) -> Any:
        hooks = await real(client, made, outcomes, conflicts, stop)
        for hook, change in zip(hooks, (one for one in made.webhooks if one.writes), strict=True):
            if hook.result not in (Result.APPLIED, Result.ALREADY) and change.channel in outcomes:
                outcome = outcomes[change.channel]
                object.__setattr__(outcome, "result", Result.FAILED)
        return hooks

    real = acts_webhooks.keep_webhooks
    with mock.patch("reconciler.run.keep_webhooks", keep_webhooks):
        yield


@mutant("S27: a token that is refused is never renewed, and the refusal is called a conflict")
def _s27() -> Iterator[None]:
    async def send(self: Client, call: Any) -> Any:
        token = await self._admit()
        reply = token if isinstance(token, Setback) else await self._send(call, token)
        if not isinstance(reply, Setback) and reply.status == 401:
            return Setback(VersionConflict, "conflict", 409)
        return reply

    with _patched(Client, "_send_with_token", send):
        yield


@mutant("S28: an id stands in the path as it is")
def _s28() -> Iterator[None]:
    with mock.patch("reconciler.acts.attempt.segment", lambda text: text.split("-")[0]):
        yield


@mutant("a deleted channel is created again")
def _recreated() -> Iterator[None]:
    def settle(kind: Any, base: Any, theirs: Any, spec: Any, why_invalid: Any, takes: Any = None) -> Any:
        if theirs is None:
            return Retry(spec, None)
        return real(kind, base, theirs, spec, why_invalid, takes or {})

    real = merge.settle
    with mock.patch("reconciler.acts.bench.settle", settle):
        yield


@mutant("Git owns its sets whole: a concurrent addition is taken away")
def _whole_sets() -> Iterator[None]:
    with _patched(merge, "_merged_set", lambda side: side.ours):
        yield


@mutant("sets only ever grow: a removal is forgotten")
def _growing_sets() -> Iterator[None]:
    with _patched(merge, "_merged_set", lambda side: sorted({*side.theirs, *side.ours})):
        yield


@mutant("the live side wins every set")
def _live_sets() -> Iterator[None]:
    with _patched(merge, "_merged_set", lambda side: side.theirs):
        yield


@mutant("a reread that is behind is believed")
def _stale() -> Iterator[None]:
    with _patched(Attempt, "behind", lambda *_, **__: False):
        yield


@mutant("a reread that is older is believed")
def _older() -> Iterator[None]:
    def behind(self: Attempt, theirs: Any, *, moved: bool) -> bool:
        return moved and not self.moved(theirs)

    with _patched(Attempt, "behind", behind):
        yield


@mutant("a conflict ends the doubt about a lost write")
def _no_doubt() -> Iterator[None]:
    def settle_doubt(self: Attempt, _theirs: Any) -> None:
        self.doubtful = False

    with _patched(Attempt, "settle_doubt", settle_doubt):
        yield


@mutant("a lost write leaves no doubt")
def _certain() -> Iterator[None]:
    never = property(lambda _: False, lambda _self, _value: None)
    with mock.patch.object(Attempt, "doubtful", never, create=True):
        yield


@mutant("whatever reads as wanted was written by us")
def _ours() -> Iterator[None]:
    def already(self: Attempt, theirs: Any, told: str, settled: Any = None) -> Outcome:
        self.revision = theirs.revision.value if theirs else None
        return self.outcome(Result.APPLIED, told)

    with _patched(Attempt, "already", already):
        yield


@mutant("what clashed is called done")
def _clash_done() -> Iterator[None]:
    def clashed(self: Attempt, theirs: Any, clash: Any) -> Outcome:
        self.revision = theirs.revision.value if theirs else None
        return self.outcome(Result.ALREADY, clash.reason)

    with _patched(Attempt, "clashed", clashed):
        yield


@mutant("an unknown end is called a clash")
def _unknown_clash() -> Iterator[None]:
    def clashed(self: Attempt, theirs: Any, clash: Any) -> Outcome:
        self.doubtful = False
        return real(self, theirs, clash)

    real = Attempt.clashed
    with _patched(Attempt, "clashed", clashed):
        yield


@mutant("the answer to a write is not looked at")
def _unread() -> Iterator[None]:
    def written(self: Attempt, answer: Any) -> Outcome:
        self.revision = "1"
        return self.outcome(Result.APPLIED)

    with _patched(Attempt, "written", written):
        yield


@mutant("a delete is answered, so it was done")
def _any_delete() -> Iterator[None]:
    def judge(call: Any, reply: Any, tell: Any, now: Any) -> Any:
        if call.method == "DELETE" and 200 <= reply.status < 300:
            return Document({}, None)
        return real(call, reply, tell, now)

    real = answers.judge
    with mock.patch("reconciler.genesys.client.judge", judge):
        yield


@mutant("an answer about another channel is believed")
def _other_channel() -> Iterator[None]:
    def behind(self: Attempt, theirs: Any, *, moved: bool) -> bool:
        ours = dataclasses.replace(theirs, id=self.id) if theirs else None
        return real(self, ours, moved=moved)

    real = Attempt.behind
    with _patched(Attempt, "behind", behind):
        yield


@mutant("a rejection is tried again as a create")
def _rejected_create() -> Iterator[None]:
    async def write(self: Carrier, attempt: Attempt) -> Outcome:
        try:
            return await real(self, attempt)
        except (Rejected, Forbidden):
            attempt.live = None
            return await real(self, attempt)

    real = Carrier._write
    with _patched(Carrier, "_write", write):
        yield


@mutant("the run stops at the first channel that fails")
def _first_failure() -> Iterator[None]:
    async def ending(self: Carrier, attempt: Attempt, before: Any) -> Outcome:
        outcome = await real(self, attempt, before)
        if outcome.result not in (Result.APPLIED, Result.ALREADY):
            raise asyncio.CancelledError
        return outcome

    real = Carrier._ending
    with _patched(Carrier, "_ending", ending):
        yield


@mutant("what was not reached is left out of the report")
def _left_out() -> Iterator[None]:
    async def carry_out(self: Carrier, made: Plan) -> Any:
        outcomes = await real(self, made)
        return tuple(one for one in outcomes if one.result not in (Result.NOT_REACHED, Result.FAILED))

    real = Carrier.carry_out
    with _patched(Carrier, "carry_out", carry_out):
        yield


@mutant("the version of the body is the one that was planned, whatever the header says")
def _two_versions() -> Iterator[None]:
    def body(spec: Any, live: Any) -> Any:
        whole = WEBCHAT.body(spec, live)
        return {**whole, "version": 1} if live else whole

    with _kind(body=body):
        yield


@mutant("a saved plan forgets the base and takes what is live for it")
def _no_base() -> Iterator[None]:
    def settle(kind: Any, base: Any, theirs: Any, spec: Any, why_invalid: Any, takes: Any = None) -> Any:
        return real(kind, theirs if base is not None else None, theirs, spec, why_invalid, takes or {})

    real = merge.settle
    with mock.patch("reconciler.acts.bench.settle", settle):
        yield


@mutant("the base is what was live at the last look")
def _moving_base() -> Iterator[None]:
    def judge(self: Bench, attempt: Attempt, theirs: Any, told: str) -> Any:
        outcome = real(self, attempt, theirs, told)
        if outcome is None and attempt.live is not None:
            attempt.change = dataclasses.replace(attempt.change, live=attempt.live)
            attempt.wanted = attempt.spec
        return outcome

    real = Bench.judge
    with _patched(Bench, "judge", judge):
        yield


@mutant("a strict run merges all the same")
def _lax() -> Iterator[None]:
    def judge(self: Bench, attempt: Attempt, theirs: Any, told: str) -> Any:
        lax = dataclasses.replace(self, terms=dataclasses.replace(self.terms, strict=False))
        return real(lax, attempt, theirs, told)

    real = Bench.judge
    with _patched(Bench, "judge", judge):
        yield


@mutant("the secret stands in what the remote said")
def _leak() -> Iterator[None]:
    from genesys_remote import SECRET

    def outcome(self: Attempt, result: Result, reason: Any = None, warning: Any = None) -> Outcome:
        return real(self, result, f"{reason} {SECRET}", warning)

    real = Attempt.outcome
    with _patched(Attempt, "outcome", outcome):
        yield


@mutant("a saved plan keeps the secrets of a channel")
def _telling() -> Iterator[None]:
    with mock.patch("reconciler.kinds.kind.hide", lambda document, known: dict(document)):
        yield


@mutant("what a saved plan does not keep is written over by what it keeps")
def _unfilled() -> Iterator[None]:
    async def fill(self: Carrier, attempt: Attempt) -> None:
        return None

    with _patched(Carrier, "_fill", fill):
        yield


@mutant("what is read again for its secrets is written whatever happened since the review")
def _filled_blindly() -> Iterator[None]:
    async def fill(self: Carrier, attempt: Attempt) -> None:
        if attempt.live is not None and attempt.change.action is not Action.DELETE:
            attempt.live = await self._reread(attempt, moved=False)

    with _patched(Carrier, "_fill", fill):
        yield


__all__ = ["MUTANTS"]
