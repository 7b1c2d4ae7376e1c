"""What is known of one change, and what it is called in the end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from build import ID, channel, identity, live

from reconciler.acts.attempt import Attempt, last_moment
from reconciler.decide.merge import Clash, Retry, Settled
from reconciler.errors import Unavailable
from reconciler.kinds.web_messaging_deployment import WEB_MESSAGING_DEPLOYMENT as DEPLOYMENT
from reconciler.kinds.webchat import WEBCHAT
from reconciler.model import (
    Action,
    Change,
    FieldClash,
    LiveChannel,
    PlanState,
    Result,
    Revision,
    Side,
    Taken,
)


def attempt(version: str = "3", **fields: Any) -> Attempt:
    """Give an attempt to name a channel `Ours`; fields are those of the reviewed document."""
    base = at(version, **{"theme": "dark", **fields})
    change = Change(Action.UPDATE, WEBCHAT.name, "secure-webchat", ID, channel(title="Ours"), base)
    return Attempt(change)


def at(version: str, **fields: Any) -> LiveChannel:
    return replace(live(**fields), revision=Revision(version))


def ours(version: str, **fields: Any) -> LiveChannel:
    return at(version, **{"name": "Ours", "theme": "dark", **fields})


def test_a_resource_that_the_remote_has_given_no_id_is_looked_for_in_its_collection() -> None:
    change = replace(attempt().change, kind=DEPLOYMENT.name, id="", live=None)
    assert Attempt(change).path == "/api/v2/webdeployments/deployments"
    tried = attempt()
    tried.id = "a/b"
    assert tried.path == "/api/v2/webchat/channels/a%2Fb"


# The answer to an accepted write.


def test_an_answer_one_version_on_needs_no_words() -> None:
    outcome = attempt().written(ours("4"))
    assert (outcome.result, outcome.after, outcome.reason, outcome.warning) == (
        Result.APPLIED,
        "4",
        None,
        None,
    )
    assert (outcome.written, outcome.replaced) == (ours("4"), at("3", theme="dark"))


def test_a_version_that_was_left_out_was_somebody_elses() -> None:
    outcome = attempt().written(ours("5"))
    assert (outcome.result, outcome.warning) == (Result.APPLIED, "may-have-overwritten")
    assert (outcome.reason or "").startswith("the version went from 3 to 5: somebody wrote in between")


@pytest.mark.parametrize(("before", "after"), [("a", "b"), ("a", "7"), ("7", "b")])
def test_versions_that_are_no_numbers_are_never_counted(before: str, after: str) -> None:
    assert attempt(before).written(ours(after)).warning is None


@pytest.mark.parametrize("answer", [ours("3"), ours("4", id=identity(9))])
def test_an_answer_that_cannot_be_about_the_write_is_none(answer: LiveChannel) -> None:
    with pytest.raises(Unavailable, match="not about this write"):
        attempt().written(answer)


def test_a_remote_that_stored_something_else_is_told_of() -> None:
    outcome = attempt().written(ours("4", name="ours", description="shorter"))
    assert (outcome.result, outcome.warning) == (Result.APPLIED, "stored-differently")
    assert outcome.reason == "the remote stored another value than was sent: /description, /name"


# What reads as wanted.


def test_what_reads_as_wanted_without_a_doubt_is_somebody_elses_work() -> None:
    outcome = attempt().already(ours("4"), "somebody was here")
    assert (outcome.result, outcome.state) == (Result.ALREADY, PlanState.STALE_EQUIVALENT)
    assert outcome.reason == "somebody was here; the live state reads as wanted"


def test_what_is_gone_without_a_merge_has_no_spec_of_its_own() -> None:
    tried = attempt()
    outcome = tried.already(None, "somebody deleted it")
    assert (outcome.after, outcome.spec, outcome.merged) == (None, tried.wanted, ())


def test_what_holds_both_edits_is_told_with_both() -> None:
    both = Settled({"name": "Both"}, (("webchatSettings", "corsAllowedOrigins"),))
    outcome = attempt().already(ours("4"), "told", both)
    assert outcome.spec == {"name": "Both"}
    assert outcome.merged == (("webchatSettings", "corsAllowedOrigins"),)


@pytest.mark.parametrize(
    ("base", "now", "state"),
    [
        (at("3"), ours("4"), PlanState.FRESH),
        (at("3"), ours("5"), PlanState.STALE_EQUIVALENT),
        (at("3"), None, PlanState.STALE_EQUIVALENT),
        (at("a"), ours("b"), PlanState.STALE_EQUIVALENT),
        (at("3"), ours("b"), PlanState.STALE_EQUIVALENT),
        (None, ours("1"), PlanState.FRESH),
    ],
)
def test_after_a_doubt_only_the_next_version_can_be_ours(
    base: LiveChannel | None, now: LiveChannel | None, state: PlanState
) -> None:
    tried = attempt()
    tried.live, tried.doubtful = base, True
    assert tried.already(now, "told").state is state


def test_a_plan_that_was_found_stale_stays_so() -> None:
    tried = attempt()
    tried.state = PlanState.STALE
    assert tried.already(ours("4"), "told").state is PlanState.STALE
    assert tried.written(ours("4")).state is PlanState.STALE
    assert tried.deleted().state is PlanState.STALE


# Doubts.


@pytest.mark.parametrize(
    ("now", "result"),
    [
        (at("4"), Result.CLASHED),
        (at("3"), Result.UNKNOWN),
        (at("5"), Result.UNKNOWN),
        (at("b"), Result.UNKNOWN),
        (None, Result.UNKNOWN),
    ],
)
def test_only_one_edit_of_somebody_ends_a_doubt(now: LiveChannel | None, result: Result) -> None:
    tried = attempt()
    tried.doubtful = True
    tried.settle_doubt(now)
    outcome = tried.clashed(now, Clash((), "why"))
    assert (outcome.result, outcome.state) == (result, PlanState.STALE)
    assert "why" in (outcome.reason or "")


def test_no_edit_ends_the_doubt_about_a_create() -> None:
    tried = attempt()
    tried.live, tried.doubtful = None, True
    tried.settle_doubt(at("1"))
    assert tried.doubtful


def test_an_unknown_outcome_shows_the_clash_as_well() -> None:
    side = FieldClash(("name",), "a", "b", "c")
    tried = attempt()
    tried.doubtful = True
    assert tried.clashed(at("5"), Clash((side,), "why")).clashes == (side,)


# Reads that are behind.


@pytest.mark.parametrize(
    ("now", "moved", "behind"),
    [
        (at("3"), False, False),
        (at("3"), True, True),
        (at("4"), True, False),
        (at("2"), False, True),
        (at("2"), True, True),
        (at("b"), True, False),
        (at("10"), False, False),
        (at("4", id=identity(9)), True, True),
        (None, True, False),
        (None, False, False),
    ],
)
def test_a_read_is_behind_where_it_shows_less_than_we_know(
    now: LiveChannel | None, moved: bool, behind: bool
) -> None:
    assert attempt().behind(now, moved=moved) is behind


def test_versions_that_are_no_numbers_are_never_behind() -> None:
    assert not attempt("b").behind(at("2"), moved=False)
    assert not attempt("b").behind(at("a"), moved=False)


def test_nothing_is_behind_a_create_but_nothing() -> None:
    tried = attempt()
    tried.live = None
    assert not tried.behind(at("1"), moved=True)
    assert tried.behind(None, moved=True)


# What of the next write is somebody else's.


def test_only_moves_that_git_does_not_manage_are_carried() -> None:
    tried = attempt(theme="dark", gone=1, same=[1])
    now = at("4", name="Theirs", theme="light", new=2, same=[1])
    tried.prepare(now, Retry(tried.wanted, now.document))
    assert tried.carried == (("gone",), ("new",), ("theme",))
    assert (tried.state, tried.live) == (PlanState.STALE_EQUIVALENT, now)


def test_a_channel_that_did_not_move_carries_nothing_and_stays_fresh() -> None:
    tried = attempt(theme="dark")
    now = at("3", theme="dark")
    tried.prepare(now, Retry(tried.wanted, now.document))
    assert (tried.carried, tried.state) == ((), None)


SET = ("webchatSettings", "corsAllowedOrigins")


@pytest.mark.parametrize(
    ("merged", "taken"),
    [((SET,), ()), ((), (Taken(FieldClash(("name",), "a", "b", "c"), Side.GIT),))],
)
def test_a_merge_or_a_take_makes_the_plan_a_stale_one(merged: Any, taken: Any) -> None:
    tried = attempt()
    tried.prepare(at("4", theme="dark"), Retry(tried.wanted, {}, merged, taken))
    assert tried.state is PlanState.STALE
    assert tried.written(ours("5")).merged == merged


def test_a_write_says_which_edits_it_kept() -> None:
    tried = attempt()
    tried.merged, tried.carried = (SET,), (("theme",), ("a~b/c",))
    tried.taken = (
        Taken(FieldClash(("name",), "a", "b", "c"), Side.LIVE),
        Taken(FieldClash(("description",), "a", "b", "c"), Side.GIT),
    )
    assert tried.kept() == (
        "merged with a concurrent edit of /webchatSettings/corsAllowedOrigins;"
        " kept a concurrent edit of /theme, /a~0b~1c, which Git does not manage;"
        " took the live value of /name, as --take says;"
        " took the value of Git of /description, as --take says"
    )
    assert attempt().kept() is None


@pytest.mark.parametrize(("count", "end"), [(10, "/9"), (11, "/9 and 1 more"), (25, "/9 and 15 more")])
def test_ten_fields_are_named_and_the_rest_counted(count: int, end: str) -> None:
    tried = attempt()
    tried.merged = tuple((number,) for number in range(count))
    assert (tried.kept() or "").endswith(end)


# The remote's own time of the last edit.


@pytest.mark.parametrize(
    ("documents", "moment"),
    [
        ([], None),
        ([{}], None),
        ([{"dateModified": "soon"}, {"datePublished": 7}, {"dateModified": None}], None),
        ([{"dateModified": "2026-03-01T12:00:00"}], None),
        ([{"dateModified": "2026-03-01T12:00:00Z"}, {"dateModified": 9}], "2026-03-01T12:00:00Z"),
        (
            [{"dateModified": "2026-03-01T12:00:00Z", "datePublished": "2026-03-01T14:00:00+01:00"}],
            "2026-03-01T14:00:00+01:00",
        ),
        (
            [{"dateModified": "2026-03-01T12:00:00Z"}, {"dateModified": "2026-03-01T13:00:00+02:00"}],
            "2026-03-01T12:00:00Z",
        ),
    ],
)
def test_the_last_edit_is_the_latest_moment_as_it_was_written(documents: Any, moment: str | None) -> None:
    assert last_moment(documents) == moment
