"""What the schedules once found, as the shortest story that shows it."""

from __future__ import annotations

from typing import Any

import pytest
from build import ADMIN, APP, channel, document, identity

from reconciler.model import Result
from reconciler.transport import Reply

from .judge import broken
from .play import Played, play
from .schedules import NEW, OTHER, Edit, Schedule, lost, make_schedule, refused, stale, straying, swapped

ID = identity(1)


def story(**parts: Any) -> Schedule:
    live = document(3, id=ID, theme="dark")
    return Schedule(1, live=[live], **{"channels": [channel("c", id=ID, title="ours")], **parts})


def answer(body: Any) -> Reply:
    import json

    return Reply(200, {"content-type": "application/json"}, json.dumps(body).encode())


def ended(schedule: Schedule) -> Played:
    played = play(schedule)
    assert broken(played) == []
    return played


def test_a_look_that_answers_about_another_channel_is_not_believed() -> None:
    stranger = answer(document(4, id=identity(9), name="ours"))
    played = ended(
        story(
            faults={
                0: ("lost before", lost(committed=False)),
                1: ("another channel", swapped(stranger)),
            }
        )
    )
    assert played.run.outcomes[0].result is Result.APPLIED


@pytest.mark.parametrize("body", [{}, {"id": ID}, []])
def test_a_delete_that_something_in_between_answered_is_looked_after(body: Any) -> None:
    edit = Edit(ID, {"name": "theirs"}, "Dana")
    played = ended(
        story(
            channels=[channel("other", id=identity(2))],
            pruned={("WebchatChannel", ID): "c"},
            between=[edit],
            faults={1: ("200", swapped(answer(body)))},
        )
    )
    results = {outcome.name: outcome.result for outcome in played.run.outcomes}
    assert results["c"] is Result.CLASHED
    assert ID not in [
        one.entity for one in played.world.channels.commits[: played.ended] if one.after is None
    ]


def test_an_edit_that_somebody_took_back_is_none_against_the_review() -> None:
    wanted = [channel("c", id=ID, corsAllowedOrigins=[APP, ADMIN, NEW])]

    def origins(*these: str) -> Edit:
        return Edit(ID, {"webchatSettings": {"corsAllowedOrigins": [*these]}}, "Robin")

    played = ended(
        story(
            channels=wanted,
            between=[origins(APP, ADMIN, NEW, OTHER)],
            edits={2: [origins(APP, ADMIN, OTHER)]},
        )
    )
    live = played.world.channels.live[ID]["webchatSettings"]["corsAllowedOrigins"]
    # Robin put the new origin there and took it away again before we wrote: the review still wants it.
    assert played.healed is not None
    assert sorted(live) == sorted([APP, ADMIN, NEW])


def test_a_set_that_holds_both_edits_already_is_told_with_both() -> None:
    both = {"webchatSettings": {"corsAllowedOrigins": [APP, ADMIN, NEW, OTHER]}}
    played = ended(
        story(
            channels=[channel("c", id=ID, corsAllowedOrigins=[APP, ADMIN, NEW])],
            between=[Edit(ID, both, "Robin")],
        )
    )
    (outcome,) = played.run.outcomes
    assert outcome.result is Result.ALREADY
    assert sorted(outcome.spec["webchatSettings"]["corsAllowedOrigins"]) == sorted([APP, ADMIN, NEW, OTHER])
    assert outcome.merged == (("webchatSettings", "corsAllowedOrigins"),)


def test_a_conflict_does_not_end_the_doubt_about_the_write_before_it() -> None:
    played = ended(
        story(
            faults={0: ("lost after", lost(committed=True)), 1: ("503", refused(503))},
            edits={2: [Edit(ID, {"name": "theirs"}, "Dana")]},
        )
    )
    assert played.run.outcomes[0].result in (Result.UNKNOWN, Result.CLASHED)


def test_a_write_that_was_cut_off_before_anything_went_out_is_not_counted() -> None:
    seed = 7794  # a 429 for the token, and a stop while the write waits for its turn
    assert broken(play(make_schedule(seed))) == []


def test_a_refused_create_is_not_called_there_because_a_read_shows_what_was_deleted() -> None:
    deleted, refusal = Edit(ID, None, "Robin"), ("409", refused(409, "version conflict"))
    wanted = channel("c", id=ID, title="support webchat")
    schedule = story(channels=[wanted], early=[deleted], faults={0: refusal, 1: ("stale", stale())})
    schedule.live[0] |= wanted.spec
    played = ended(schedule)
    assert played.run.outcomes[0].result is Result.APPLIED


def test_a_lost_create_is_not_called_there_because_a_read_shows_what_was_deleted() -> None:
    deleted, never = Edit(ID, None, "Robin"), ("lost before", lost(committed=False))
    wanted = channel("c", id=ID, title="support webchat")
    schedule = story(channels=[wanted], early=[deleted], faults={0: never, 1: ("stale", stale())})
    schedule.live[0] |= wanted.spec
    assert ended(schedule).run.outcomes[0].result is Result.APPLIED


def test_a_write_for_which_there_was_no_token_left_is_not_counted() -> None:
    # Both channels are at it, and the last token is refused to the other one.
    outcome = ended(make_schedule(64_122)).run.outcomes[0]
    assert (outcome.result, outcome.attempts) == (Result.FAILED, 1)


def test_a_channel_that_is_said_to_be_gone_and_reads_as_it_was_is_in_doubt_while_a_write_is_out() -> None:
    outcome = ended(make_schedule(98_629)).run.outcomes[0]
    assert (outcome.result, outcome.attempts) == (Result.UNKNOWN, 2)


def test_a_write_that_was_put_off_ends_where_every_token_is_refused_meanwhile() -> None:
    results = [outcome.result for outcome in ended(make_schedule(120_730)).run.outcomes]
    assert results == [Result.APPLIED, Result.FAILED, Result.FAILED]


def test_a_write_without_an_answer_that_lands_after_the_run_was_not_called_failed() -> None:
    refusals = {number: ("503", refused(503)) for number in (2, 4, 6, 8, 10)}
    played = ended(story(faults={0: ("straying", straying(60.0)), **refusals}))
    assert played.world.is_ours(played.commits[0], "tool")
    assert played.run.outcomes[0].result is Result.UNKNOWN
