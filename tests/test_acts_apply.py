"""Carrying out a plan against a remote that answers from a script: what goes out, what is waited for, how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from build import ADMIN, APP, ID, channel, document, identity, live, plan
from genesys_remote import Answer, Late, LoopClock, Scripted, Sent, broken, client_of, in_virtual_time, reply

from reconciler.acts.apply import Carrier, Terms, interrupted
from reconciler.acts.attempt import Attempt
from reconciler.decide.takes import Take, Takes
from reconciler.errors import Unauthorized
from reconciler.kinds.webchat import WEBCHAT
from reconciler.model import Action, Change, LiveChannel, Outcome, PlanState, Result, Side

ONE = f"{WEBCHAT.collection}/{ID}"
NEW = "https://new.example.com"
LOST = broken(sent=True)
CONFLICT = reply(409, {"message": "another version", "code": "version.conflict"})
THERE = reply(412, {"message": "there is one already"})
GONE = reply(404, {"message": "not found"})
STOPPED = "the run was told to stop"
CUT_OFF = "the run was stopped while its request was in flight; plan again to see"


class EvenClock(LoopClock):
    """Whose chance is always the middle."""

    def chance(self) -> float:
        return 0.5


@dataclass(frozen=True)
class Ended:
    """How a plan ended, and what a stranger saw of it."""

    outcomes: tuple[Outcome, ...]
    sent: list[Sent]
    slept: list[float]
    seconds: float
    told: list[Outcome]
    unauthorized: Unauthorized | None
    halted: str | None
    """Why no further change would be begun."""

    @property
    def outcome(self) -> Outcome:
        (outcome,) = self.outcomes
        return outcome

    @property
    def methods(self) -> str:
        return " ".join(sent.method for sent in self.sent)

    @property
    def preconditions(self) -> list[str | None]:
        """Of the writes."""
        return [sent.headers.get("If-Match") for sent in self.sent if sent.method != "GET"]


def carry_out(
    script: list[Answer] | Callable[[Sent], Answer],
    *changes: Change,
    stop_at: float | None = None,
    notice: Callable[[Outcome], None] = lambda _: None,
    **terms: Any,
) -> Ended:
    """Carry changes out in virtual time; terms beyond the defaults are named."""

    async def story() -> Ended:
        loop, stop, told = asyncio.get_running_loop(), asyncio.Event(), []
        complaints: list[Any] = []
        loop.set_exception_handler(lambda _, context: complaints.append(context))

        def note(outcome: Outcome) -> None:
            told.append(outcome)
            notice(outcome)

        if stop_at is not None:
            loop.call_later(stop_at, stop.set)
        transport = Scripted(script, clock=EvenClock())
        whole = Terms(**{"conflicts": 5, "concurrency": 1, "why_invalid": lambda *_: None, **terms})
        carrier = Carrier(client_of(transport), transport.clock, whole, stop, note)
        outcomes = await carrier.carry_out(plan(*changes))
        assert complaints == []
        slept = transport.clock.slept
        return Ended(outcomes, transport.sent, slept, loop.time(), told, carrier.unauthorized, carrier.halted)

    return in_virtual_time(story())


def update(base: LiveChannel | None = None, **fields: Any) -> Change:
    """Give a change of the name alone, unless fields say otherwise, of a channel at version 3."""
    base = base or live(3, theme="dark")
    wanted = channel(**{"title": "Ours", **fields})
    return Change(Action.UPDATE, WEBCHAT.name, wanted.name, base.id, wanted, base)


def create() -> Change:
    return Change(Action.CREATE, WEBCHAT.name, "secure-webchat", ID, channel(title="Ours"), None)


def delete(base: LiveChannel | None = None) -> Change:
    return Change(Action.DELETE, WEBCHAT.name, "secure-webchat", ID, None, base or live(3))


def shown(version: int, **fields: Any) -> Answer:
    """Answer with the channel as it is at a version."""
    return reply(200, document(version, **{"theme": "dark", **fields}), etag=f'"{version}"')


def stored(version: int, **fields: Any) -> Answer:
    """Answer with the channel as Git wants it."""
    return shown(version, **{"name": "Ours", **fields})


def test_an_update_is_one_write_of_the_whole_channel_at_the_version_that_was_reviewed() -> None:
    ended = carry_out([stored(4)], update())
    (put,) = ended.sent
    assert (put.method, put.path) == ("PUT", ONE)
    assert put.headers["If-Match"] == "3"
    assert "If-None-Match" not in put.headers
    assert put.body == document(3, name="Ours", theme="dark")
    outcome = ended.outcome
    assert (outcome.result, outcome.state) == (Result.APPLIED, PlanState.FRESH)
    assert (outcome.before, outcome.after, outcome.attempts) == ("3", "4", 1)
    assert (outcome.reason, outcome.warning, outcome.merged, outcome.carried) == (None, None, (), ())
    assert outcome.replaced == live(3, theme="dark")
    assert ended.slept == []
    assert (ended.told, ended.halted) == ([outcome], None)


def test_a_create_replaces_nothing_that_is_there() -> None:
    ended = carry_out([reply(201, document(1, name="Ours"))], create())
    (put,) = ended.sent
    assert (put.method, put.headers["If-None-Match"]) == ("PUT", "*")
    assert "If-Match" not in put.headers
    assert "version" not in put.body
    assert (ended.outcome.result, ended.outcome.after, ended.outcome.replaced) == (Result.APPLIED, "1", None)


def test_a_delete_names_the_version_that_was_reviewed() -> None:
    ended = carry_out([reply(204, b"")], delete())
    (sent,) = ended.sent
    assert (sent.method, sent.path, sent.headers["If-Match"]) == ("DELETE", ONE, "3")
    outcome = ended.outcome
    assert (outcome.result, outcome.state, outcome.replaced) == (Result.APPLIED, PlanState.FRESH, live(3))


def test_nothing_to_write_sends_nothing() -> None:
    idle = Change(Action.UNCHANGED, WEBCHAT.name, "secure-webchat", ID, channel(), live(3))
    ended = carry_out([], idle)
    assert (ended.outcomes, ended.sent, ended.seconds) == ((), [], 0.0)


def test_a_channel_takes_the_seconds_that_its_requests_were_on_their_way() -> None:
    ended = carry_out([Late(0.12345678, stored(4))], update())
    assert ended.outcome.seconds == 0.123457


def test_a_defect_of_our_own_ends_the_run_instead_of_passing_for_an_interruption() -> None:
    def fail(outcome: Outcome) -> None:
        raise LookupError(outcome.name)

    with pytest.raises(LookupError, match="secure-webchat"):
        carry_out([stored(4)], update(), notice=fail)


# What a conflict leads to.


def test_a_conflict_is_looked_at_and_the_next_write_stands_on_what_was_seen() -> None:
    ended = carry_out([CONFLICT, shown(4, theme="light"), stored(5, theme="light")], update())
    assert ended.methods == "PUT GET PUT"
    assert ended.preconditions == ["3", '"4"']
    assert ended.sent[2].body == document(4, name="Ours", theme="light")
    outcome = ended.outcome
    assert (outcome.result, outcome.state, outcome.attempts) == (
        Result.APPLIED,
        PlanState.STALE_EQUIVALENT,
        2,
    )
    assert outcome.carried == (("theme",),)
    assert outcome.reason == "kept a concurrent edit of /theme, which Git does not manage"
    assert ended.slept == [pytest.approx(0.3)]


def test_the_wait_after_a_conflict_is_drawn_so_that_two_runs_do_not_meet_again() -> None:
    script = [CONFLICT, shown(4, theme="light"), CONFLICT, shown(5, theme="blue"), stored(6, theme="blue")]
    assert carry_out(script, update()).slept == [pytest.approx(0.3), pytest.approx(0.3)]


def test_an_edit_of_a_field_that_git_manages_stops_the_channel() -> None:
    ended = carry_out([CONFLICT, shown(4, name="Theirs")], update())
    assert ended.methods == "PUT GET"
    outcome = ended.outcome
    assert (outcome.result, outcome.state, outcome.after) == (Result.CLASHED, PlanState.STALE, "4")
    assert [(one.path, one.base, one.theirs, one.ours) for one in outcome.clashes] == [
        (("name",), "Secure Webchat Endpoint", "Theirs", "Ours")
    ]
    assert "/name" in (outcome.reason or "")


def test_a_set_holds_both_edits_and_the_rules_judge_what_comes_of_it() -> None:
    ours = update(title="Secure Webchat Endpoint", corsAllowedOrigins=[ADMIN, APP, NEW])
    theirs = {"corsAllowedOrigins": [ADMIN, APP, "https://theirs.example.com"]}
    both = [ADMIN, APP, NEW, "https://theirs.example.com"]
    script = [CONFLICT, shown(4, **theirs), shown(5, corsAllowedOrigins=both)]
    ended = carry_out(script, ours)
    assert ended.sent[2].body["webchatSettings"]["corsAllowedOrigins"] == both
    outcome = ended.outcome
    assert (outcome.result, outcome.state) == (Result.APPLIED, PlanState.STALE)
    assert outcome.merged == (("webchatSettings", "corsAllowedOrigins"),)
    assert outcome.reason == "merged with a concurrent edit of /webchatSettings/corsAllowedOrigins"
    refused = carry_out(script[:2], ours, why_invalid=lambda *_: "too wide")
    assert refused.methods == "PUT GET"
    assert refused.outcome.result is Result.CLASHED
    assert "too wide" in (refused.outcome.reason or "")


def test_a_take_settles_a_clash_beforehand_and_is_told() -> None:
    takes = Takes((Take(Side.GIT, ("name",)),))
    ended = carry_out([CONFLICT, shown(4, name="Theirs"), stored(5)], update(), takes=takes)
    assert (ended.outcome.result, ended.outcome.state) == (Result.APPLIED, PlanState.STALE)
    assert ended.outcome.reason == "took the value of Git of /name, as --take says"
    assert ended.sent[2].body["name"] == "Ours"


@pytest.mark.parametrize(("seen", "result"), [("4", Result.APPLIED), ("5", Result.CLASHED)])
def test_a_take_of_one_revision_holds_for_no_other(seen: str, result: Result) -> None:
    takes = Takes((Take(Side.GIT, ("name",), seen),))
    ended = carry_out([CONFLICT, shown(4, name="Theirs"), stored(5)], update(), takes=takes)
    assert ended.outcome.result is result


def test_a_strict_run_merges_nothing() -> None:
    ended = carry_out([CONFLICT, shown(4, theme="light")], update(), strict=True)
    assert ended.methods == "PUT GET"
    assert ended.outcome.result is Result.CLASHED
    assert ended.outcome.reason == "it moved since the plan was made, and --strict merges nothing"


def test_a_channel_that_somebody_made_as_git_wants_it_is_left_alone() -> None:
    ended = carry_out([CONFLICT, stored(4)], update())
    assert ended.methods == "PUT GET"
    assert (ended.outcome.result, ended.outcome.state) == (Result.ALREADY, PlanState.STALE_EQUIVALENT)
    assert ended.outcome.after == "4"


def test_a_channel_that_was_deleted_is_not_made_anew() -> None:
    ended = carry_out([GONE, GONE], update())
    assert ended.methods == "PUT GET"
    assert (ended.outcome.result, ended.outcome.after) == (Result.CLASHED, None)
    assert ended.slept == []


def test_a_channel_that_somebody_created_first_clashes() -> None:
    ended = carry_out([THERE, THERE, shown(1, name="Theirs")], create())
    assert ended.methods == "PUT PUT GET"
    assert (ended.outcome.result, ended.outcome.attempts) == (Result.CLASHED, 2)


def test_a_create_that_is_refused_once_is_asked_for_again_before_any_read_is_believed() -> None:
    ended = carry_out([THERE, reply(201, document(1, name="Ours"))], create())
    assert [sent.headers.get("If-None-Match") for sent in ended.sent] == ["*", "*"]
    assert (ended.outcome.result, ended.outcome.attempts) == (Result.APPLIED, 2)
    assert ended.slept == [pytest.approx(0.3)]


def test_a_create_that_is_refused_after_a_lost_one_is_looked_after_at_once() -> None:
    ended = carry_out([LOST, GONE, THERE, stored(1)], create())
    assert (ended.methods, ended.outcome.result) == ("PUT GET PUT GET", Result.ALREADY)


def test_a_create_that_is_refused_when_the_run_is_stopped_is_not_asked_for_again() -> None:
    ended = carry_out([Late(1.0, THERE), stored(1)], create(), stop_at=0.5)
    assert (ended.methods, ended.outcome.result) == ("PUT GET", Result.ALREADY)


def test_what_was_reviewed_is_deleted_and_nothing_else() -> None:
    gone = carry_out([GONE, GONE], delete())
    assert (gone.methods, gone.outcome.result) == ("DELETE GET", Result.ALREADY)
    moved = carry_out([CONFLICT, shown(4, name="Theirs")], delete())
    assert (moved.methods, moved.outcome.result) == ("DELETE GET", Result.CLASHED)
    alike = carry_out([CONFLICT, shown(4, theme="light"), reply(204, b"")], delete())
    assert alike.preconditions == ["3", '"4"']
    assert (alike.outcome.result, alike.outcome.attempts) == (Result.APPLIED, 2)


def test_a_channel_that_moves_under_every_write_is_given_up() -> None:
    script = [CONFLICT, shown(4, theme="light"), CONFLICT, shown(5, theme="blue")]
    ended = carry_out(script, update(), conflicts=1)
    assert ended.methods == "PUT GET PUT GET"
    assert ended.outcome.result is Result.CLASHED
    assert ended.outcome.reason == "the channel moved under each of 2 writes; plan again when it is quiet"


# What a look may be believed.


def test_a_look_that_still_shows_the_refused_version_is_waited_out() -> None:
    script = [CONFLICT, shown(3), shown(3), shown(4, theme="light"), stored(5, theme="light")]
    ended = carry_out(script, update())
    assert ended.methods == "PUT GET GET GET PUT"
    assert ended.preconditions == ["3", '"4"']
    assert ended.slept == [pytest.approx(0.1), pytest.approx(0.2), pytest.approx(0.3)]


def test_looks_that_stay_behind_end_the_channel_and_not_the_run() -> None:
    ended = carry_out([CONFLICT, *[shown(3)] * 6], update())
    assert ended.methods == "PUT GET GET GET GET GET GET"
    assert ended.slept == [pytest.approx(wait) for wait in (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)]
    assert ended.outcome.result is Result.FAILED
    assert "reads stay behind the writes" in (ended.outcome.reason or "")


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(shown(2), id="older than what was reviewed"),
        pytest.param(stored(9, id=identity(9)), id="about another channel"),
        pytest.param(reply(200, {"id": ID, "name": "Ours"}), id="without a version"),
    ],
)
def test_a_look_that_cannot_be_about_this_channel_now_is_waited_out(odd: Answer) -> None:
    ended = carry_out([LOST, odd, shown(3), stored(4)], update())
    assert ended.methods == "PUT GET GET PUT"
    assert ended.preconditions == ["3", '"3"']
    assert ended.slept == [pytest.approx(0.1), pytest.approx(0.3)]
    assert (ended.outcome.result, ended.outcome.state) == (Result.APPLIED, PlanState.FRESH)


# What becomes of a write whose answer was lost.


def test_a_lost_write_that_was_not_carried_out_goes_out_again_as_it_was() -> None:
    ended = carry_out([LOST, shown(3), stored(4)], update())
    assert ended.methods == "PUT GET PUT"
    assert ended.sent[2].body == ended.sent[0].body
    assert ended.preconditions == ["3", '"3"']
    outcome = ended.outcome
    assert (outcome.result, outcome.state, outcome.attempts) == (Result.APPLIED, PlanState.FRESH, 2)
    assert (outcome.reason, outcome.carried) == (None, ())


def test_a_lost_write_that_was_carried_out_is_not_repeated() -> None:
    ended = carry_out([LOST, stored(4)], update())
    assert ended.methods == "PUT GET"
    outcome = ended.outcome
    assert (outcome.result, outcome.state, outcome.after) == (Result.ALREADY, PlanState.FRESH, "4")
    assert outcome.reason == (
        "the answer to the write was lost (the connection broke off); the live state reads as wanted"
    )


def test_a_lost_create_that_was_carried_out_is_not_repeated() -> None:
    ended = carry_out([LOST, stored(1)], create())
    assert (ended.methods, ended.outcome.result) == ("PUT GET", Result.ALREADY)
    assert ended.outcome.state is PlanState.FRESH


def test_a_lost_create_that_was_not_carried_out_is_created() -> None:
    ended = carry_out([LOST, GONE, reply(201, document(1, name="Ours"))], create())
    assert [sent.headers.get("If-None-Match") for sent in ended.sent] == ["*", None, "*"]
    assert (ended.outcome.result, ended.outcome.state) == (Result.APPLIED, PlanState.FRESH)


def test_an_answer_with_the_version_that_was_to_be_replaced_is_no_answer() -> None:
    ended = carry_out([stored(3), stored(4)], update())
    assert (ended.methods, ended.outcome.result) == ("PUT GET", Result.ALREADY)


def test_a_lost_write_and_an_edit_after_it_are_not_told_apart_from_two_edits() -> None:
    ended = carry_out([LOST, shown(5, theme="light")], update())
    assert ended.methods == "PUT GET"
    outcome = ended.outcome
    assert (outcome.result, outcome.after) == (Result.UNKNOWN, "5")
    assert "may have been carried out and edited again (somebody has moved it)" in (outcome.reason or "")


def test_what_reads_as_wanted_two_versions_on_is_not_called_ours() -> None:
    ended = carry_out([LOST, stored(5)], update())
    assert (ended.outcome.result, ended.outcome.state) == (Result.ALREADY, PlanState.STALE_EQUIVALENT)


def test_one_edit_of_somebody_proves_that_the_lost_write_was_not_carried_out() -> None:
    clashed = carry_out([LOST, shown(4, name="Theirs")], update())
    assert (clashed.methods, clashed.outcome.result) == ("PUT GET", Result.CLASHED)
    written = carry_out([LOST, shown(4, theme="light"), stored(5, theme="light")], update())
    assert (written.methods, written.outcome.result) == ("PUT GET PUT", Result.APPLIED)
    assert written.preconditions == ["3", '"4"']


def test_a_channel_that_is_gone_after_a_lost_write_may_have_been_written_before() -> None:
    ended = carry_out([LOST, GONE], update())
    assert (ended.methods, ended.outcome.result) == ("PUT GET", Result.UNKNOWN)


def test_a_write_that_never_got_an_answer_is_unknown() -> None:
    ended = carry_out([LOST, shown(3), LOST, shown(3)], update(), conflicts=1)
    assert ended.methods == "PUT GET PUT GET"
    assert ended.outcome.result is Result.UNKNOWN
    assert ended.outcome.reason == (
        f"whether the write was carried out is not known; plan again to see: PUT {ONE} failed:"
        " the connection broke off"
    )


def test_a_write_that_the_remote_failed_at_every_time_has_failed() -> None:
    fault = reply(500, {"message": "no luck"})
    ended = carry_out([fault, shown(3), fault, shown(3)], update(), conflicts=1)
    assert ended.methods == "PUT GET PUT GET"
    assert ended.outcome.result is Result.FAILED
    assert ended.outcome.reason == f"PUT {ONE} answered 500: no luck; the live state has not moved"


@pytest.mark.parametrize("no_answer", [0, 2])
def test_a_write_without_any_answer_may_arrive_late_whatever_its_repetition_met(no_answer: int) -> None:
    script: list[Answer] = [reply(500, {}), shown(3), reply(500, {}), shown(3)]
    script[no_answer] = LOST
    ended = carry_out(script, update(), conflicts=1)
    assert (ended.methods, ended.outcome.result) == ("PUT GET PUT GET", Result.UNKNOWN)


def test_a_write_that_never_went_out_is_not_looked_after() -> None:
    ended = carry_out([broken(sent=False, lasting=True)], update())
    assert ended.methods == "PUT"
    assert ended.outcome.result is Result.FAILED
    assert ended.outcome.reason == f"PUT {ONE} failed: the connection broke off"


# What ends one channel, and what ends all.


@pytest.mark.parametrize("status", [400, 403])
def test_a_refusal_is_the_end_of_one_channel_and_of_no_other(status: int) -> None:
    refusal = reply(status, {"message": "no"})
    ended = carry_out([refusal, stored(4)], update(), update())
    assert [outcome.result for outcome in ended.outcomes] == [Result.REJECTED, Result.APPLIED]
    assert (ended.outcomes[0].reason or "").startswith(f"PUT {ONE} answered {status}: no")


def test_a_refusal_does_not_say_what_became_of_the_lost_write_before_it() -> None:
    ended = carry_out([LOST, shown(3), reply(403, {"message": "no"})], update())
    assert ended.outcome.result is Result.UNKNOWN


def test_refused_credentials_end_the_run() -> None:
    ended = carry_out(lambda _: reply(401, {"message": "who?"}), update(), update())
    assert [outcome.result for outcome in ended.outcomes] == [Result.FAILED, Result.NOT_REACHED]
    assert ended.outcomes[1].reason == "the credentials were refused in mid-run"
    assert ended.outcomes[1].attempts == 0
    assert ended.unauthorized is not None
    assert ended.halted == "the credentials were refused in mid-run"
    tokens = [sent.token for sent in ended.sent]
    assert len(tokens) == len(
        set(tokens)
    )  # each token is tried once, and none of them for the second channel


# What a saved plan does not keep.

SECRET = {"apiKey": "s3cr3t"}
KEPT = WEBCHAT.read(WEBCHAT.without_secrets(document(3, theme="dark", **SECRET)))


def test_what_a_saved_plan_hides_is_read_again_before_it_is_written() -> None:
    ended = carry_out([shown(3, **SECRET), stored(4, **SECRET)], update(KEPT))
    assert ended.methods == "GET PUT"
    assert ended.sent[1].body == document(3, name="Ours", theme="dark", **SECRET)
    assert ended.preconditions == ['"3"']
    assert (ended.outcome.result, ended.outcome.attempts, ended.slept) == (Result.APPLIED, 1, [])


def test_a_take_of_live_changes_nothing_where_nothing_clashes() -> None:
    takes = Takes((Take(Side.LIVE, ("name",)),))
    ended = carry_out([shown(3, **SECRET), stored(4, **SECRET)], update(KEPT), takes=takes)
    assert (ended.methods, ended.sent[1].body["name"]) == ("GET PUT", "Ours")


def test_what_moved_since_a_plan_with_secrets_was_saved_clashes_before_anything_is_written() -> None:
    ended = carry_out([shown(4, name="Theirs", **SECRET)], update(KEPT))
    assert (ended.methods, ended.outcome.result, ended.outcome.attempts) == ("GET", Result.CLASHED, 0)
    gone = carry_out([GONE], update(KEPT))
    assert (gone.methods, gone.outcome.result) == ("GET", Result.CLASHED)


def test_a_secret_that_moved_since_the_plan_was_saved_is_carried_and_told() -> None:
    ended = carry_out([shown(4, apiKey="another"), stored(5, apiKey="another")], update(KEPT))
    assert (ended.methods, ended.preconditions) == ("GET PUT", ['"4"'])
    assert ended.sent[1].body["apiKey"] == "another"
    assert (ended.outcome.state, ended.outcome.carried) == (PlanState.STALE_EQUIVALENT, (("apiKey",),))


def test_a_delete_needs_no_secret() -> None:
    assert carry_out([reply(204, b"")], delete(KEPT)).methods == "DELETE"


# What being told to stop does.


def test_a_write_that_is_under_way_when_the_run_is_stopped_may_end() -> None:
    ended = carry_out([Late(2.0, stored(4))], update(), update(), stop_at=1.0)
    assert [outcome.result for outcome in ended.outcomes] == [Result.APPLIED, Result.NOT_REACHED]
    assert (ended.outcomes[1].reason, ended.outcomes[1].attempts) == (STOPPED, 0)
    assert ended.halted == STOPPED
    assert (ended.methods, ended.seconds) == ("PUT", pytest.approx(2.0, abs=0.1))


def test_a_write_that_does_not_end_is_cut_off_and_may_have_been_carried_out() -> None:
    ended = carry_out([Late(60.0, stored(4))], update(), stop_at=1.0)
    outcome = ended.outcome
    assert (outcome.result, outcome.reason, outcome.attempts) == (Result.UNKNOWN, CUT_OFF, 1)
    assert ended.seconds == pytest.approx(5.0, abs=0.1)


def test_a_wait_of_the_rate_limit_is_cut_off_at_once_and_wrote_nothing() -> None:
    ended = carry_out([reply(429, {}, retry_after="60")], update(), stop_at=1.0)
    outcome = ended.outcome
    assert (outcome.result, outcome.attempts) == (Result.FAILED, 1)
    assert outcome.reason == f"{STOPPED}; nothing was written"
    assert ended.seconds == pytest.approx(1.0, abs=0.01)


def test_a_look_before_the_first_write_is_cut_off_as_if_it_had_never_begun() -> None:
    busy = reply(503, {}, retry_after="30")
    ended = carry_out([busy], update(KEPT), stop_at=1.0)
    assert (ended.outcome.result, ended.outcome.reason) == (Result.NOT_REACHED, STOPPED)
    assert ended.seconds == pytest.approx(1.0, abs=0.01)


def test_a_doubt_is_settled_before_the_run_ends_also_where_that_takes_a_wait() -> None:
    # The first look is behind, so that for 0.1 s no request is on its way.
    ended = carry_out([LOST, shown(2), stored(4)], update(), stop_at=0.05)
    assert (ended.methods, ended.outcome.result) == ("PUT GET GET", Result.ALREADY)


def test_after_being_told_to_stop_no_write_is_repeated() -> None:
    ended = carry_out([LOST, Late(1.0, shown(3))], update(), stop_at=0.5)
    assert (ended.methods, ended.outcome.result) == ("PUT GET", Result.UNKNOWN)
    assert (ended.outcome.reason, ended.outcome.attempts) == (CUT_OFF, 1)


def test_a_conflict_right_before_the_stop_wrote_nothing() -> None:
    ended = carry_out([CONFLICT, Late(1.0, shown(4, theme="light"))], update(), stop_at=0.5)
    assert (ended.methods, ended.outcome.result) == ("PUT GET", Result.FAILED)
    assert ended.outcome.reason == f"{STOPPED}; nothing was written"


def test_a_write_of_several_steps_that_is_cut_off_says_what_of_it_was_done() -> None:
    tried = Attempt(update())
    tried.requests, tried.halfway = 2, "the draft is saved"
    sure = interrupted(tried.change, tried)
    assert (sure.result, sure.reason) == (Result.FAILED, f"{STOPPED}; the draft is saved")
    tried.doubtful = True
    doubted = interrupted(tried.change, tried)
    assert doubted.result is Result.UNKNOWN
    assert doubted.reason == f"{STOPPED}; the draft is saved; plan again to see"
