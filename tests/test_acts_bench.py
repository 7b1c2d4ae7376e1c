"""The looks and judgements that every kind of write shares."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from build import ID, channel, document, live
from genesys_remote import FakeClock, Scripted, client_of

from reconciler.acts.attempt import Attempt
from reconciler.acts.bench import Bench, Terms, held_back, lacking
from reconciler.kinds.webchat import WEBCHAT
from reconciler.model import Action, Change, PlanState, Result


def bench(**terms: Any) -> Bench:
    whole = Terms(**{"conflicts": 5, "concurrency": 1, "why_invalid": lambda *_: None, **terms})
    return Bench(client_of(Scripted()), FakeClock(), whole, asyncio.Event())


def attempt(action: Action = Action.UPDATE) -> Attempt:
    wanted = None if action is Action.DELETE else channel(title="Ours")
    base = None if action is Action.CREATE else live(3, theme="dark")
    return Attempt(Change(action, WEBCHAT.name, "secure-webchat", ID, wanted, base))


# Waiting for what a write began.


def waited(seconds: float, *answers: str) -> tuple[str, list[float]]:
    """Look at answers one by one, the last for ever; give the answer and the waits."""
    here, left = bench(), list(answers)

    async def look() -> str:
        return left.pop(0) if len(left) > 1 else left[0]

    found = asyncio.run(here.wait_until(look, seconds))
    return found, here.clock.slept  # type: ignore[attr-defined]


def test_what_is_there_at_once_is_not_waited_for() -> None:
    assert waited(60.0, "there") == ("there", [])


def test_pauses_grow_up_to_three_seconds() -> None:
    found, slept = waited(60.0, *[""] * 8, "there")
    assert found == "there"
    assert slept == [pytest.approx(pause) for pause in (0.2, 0.32, 0.512, 0.8192, 1.31072, 2.097152, 3, 3)]


def test_a_look_ends_with_the_last_answer_when_the_time_is_over() -> None:
    assert waited(0.1, "") == ("", [])
    assert waited(0.6, "") == ("", [pytest.approx(0.2), pytest.approx(0.32)])


def test_the_last_look_may_come_at_the_very_end() -> None:
    assert waited(0.2, "", "there") == ("there", [0.2])


# What is live is held against what was reviewed.


def test_a_channel_as_it_was_reviewed_is_built_on() -> None:
    tried = attempt()
    now = live(3, theme="dark")
    assert bench().judge(tried, now, "told") is None
    assert (tried.live, tried.state) == (now, None)


def test_the_same_write_may_go_again_in_doubt_but_never_onto_something_that_moved() -> None:
    tried = attempt()
    tried.doubtful = True
    assert bench().judge(tried, live(3, theme="dark"), "told") is None
    ended = bench().judge(tried, live(5, theme="light"), "told")
    assert ended is not None
    assert (ended.result, ended.state) == (Result.UNKNOWN, PlanState.STALE)


def test_strict_stops_what_moved_and_nothing_else() -> None:
    still = attempt()
    assert bench(strict=True).judge(still, live(3, theme="dark"), "told") is None
    ended = bench(strict=True).judge(still, live(4, theme="light"), "told")
    assert ended is not None
    assert ended.result is Result.CLASHED


def test_a_delete_asks_whether_it_is_gone() -> None:
    ended = bench().judge(attempt(Action.DELETE), None, "told")
    assert ended is not None
    assert (ended.result, ended.reason) == (Result.ALREADY, "told; the live state reads as wanted")
    clashed = bench().judge(attempt(Action.DELETE), live(4, name="Theirs"), "told")
    assert clashed is not None
    assert clashed.result is Result.CLASHED
    assert bench().judge(attempt(Action.DELETE), live(4, theme="light"), "told") is None


def test_a_create_goes_on_where_there_is_nothing_still() -> None:
    assert bench().judge(attempt(Action.CREATE), None, "told") is None
    ended = bench().judge(attempt(Action.CREATE), live(1, name="Theirs"), "told")
    assert ended is not None
    assert ended.result is Result.CLASHED


# What waits for something else.


def outcomes(*results: Result) -> list[Any]:
    return [attempt().outcome(result) for result in results]


@pytest.mark.parametrize("done", [(), (Result.APPLIED,), (Result.ALREADY, Result.APPLIED)])
def test_what_was_carried_out_holds_nothing_back(done: tuple[Result, ...]) -> None:
    assert held_back(attempt(), outcomes(*done), "it waits for") is None


@pytest.mark.parametrize("result", [one for one in Result if one not in (Result.APPLIED, Result.ALREADY)])
def test_what_was_not_carried_out_holds_back_what_waits_for_it(result: Result) -> None:
    held = held_back(attempt(), outcomes(Result.APPLIED, result), "it waits for")
    assert held is not None
    assert held.result is Result.NOT_REACHED
    assert held.reason == f"it waits for secure-webchat, which ended as {result}"


# Fields in words.


def test_only_what_was_sent_can_be_lacking() -> None:
    assert lacking({"name": "a", "deep": {"er": [1]}}, {"name": "a", "deep": {"er": [1]}, "more": 1}) == ()
    assert lacking({"name": "a", "deep": {"er": [1]}}, document(3)) == (("deep", "er"), ("name",))
