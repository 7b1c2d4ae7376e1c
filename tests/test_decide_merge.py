"""The merge by literals, and against a second way of saying what it must do, on generated documents."""

from __future__ import annotations

from typing import Any

from build import ADMIN, APP, document, spec
from hypothesis import given
from hypothesis import strategies as st

from reconciler.decide.merge import Clash, Retry, Settled, settle, settle_delete
from reconciler.kinds.webchat import ORIGINS, WEBCHAT
from reconciler.model import Side

NEW = "https://new.example.com"
THEIRS = "https://theirs.example.com"
NAME = ("name",)


def decide(base: Any, theirs: Any, ours: Any, takes: Any = None, broken: str | None = None) -> Any:
    return settle(WEBCHAT, base, theirs, ours, lambda _: broken, takes or {})


def test_live_as_git_wants_it_is_settled() -> None:
    assert decide(document(1, name="Old"), document(2, name="New"), spec(name="New")) == Settled()


def test_an_edit_of_what_git_does_not_manage_is_written_over() -> None:
    theirs = document(2, theme="light")
    assert decide(document(1), theirs, spec(name="New")) == Retry(spec(name="New"), theirs)


def test_an_edit_of_what_git_manages_clashes_with_all_three_values() -> None:
    clash = decide(document(1), document(2, name="Theirs"), spec(name="Ours"))
    assert isinstance(clash, Clash)
    (field,) = clash.fields
    assert (field.path, field.base, field.theirs, field.ours) == (
        NAME,
        "Secure Webchat Endpoint",
        "Theirs",
        "Ours",
    )


def test_a_field_that_moved_and_moved_back_is_no_clash() -> None:
    theirs = document(5)
    assert decide(document(3), theirs, spec(name="Ours")) == Retry(spec(name="Ours"), theirs)


def test_sets_hold_the_additions_and_removals_of_both_edits() -> None:
    theirs = document(2, corsAllowedOrigins=[APP, ADMIN, THEIRS])
    retry = decide(document(1), theirs, spec(corsAllowedOrigins=[APP, NEW]))
    assert retry.merged == (ORIGINS,)
    assert retry.spec["webchatSettings"]["corsAllowedOrigins"] == sorted([APP, NEW, THEIRS])


def test_two_harmless_edits_that_break_a_rule_together_clash() -> None:
    theirs = document(2, corsAllowedOrigins=[APP, ADMIN, THEIRS])
    clash = decide(document(1), theirs, spec(corsAllowedOrigins=[APP, NEW]), broken="too many")
    assert isinstance(clash, Clash)
    assert "too many" in clash.reason


def test_what_git_wants_alone_was_judged_before_and_is_not_again() -> None:
    theirs = document(2, theme="light")
    assert decide(document(1), theirs, spec(name="New"), broken="too wide") == Retry(spec(name="New"), theirs)


def test_a_channel_that_is_gone_clashes_and_one_that_never_was_is_created() -> None:
    assert isinstance(decide(document(1), None, spec()), Clash)
    assert decide(None, None, spec()) == Retry(spec(), None)
    assert isinstance(decide(None, document(1, name="Theirs"), spec()), Clash)
    assert decide(None, document(1), spec()) == Settled()


def test_a_delete_of_what_moved_clashes() -> None:
    assert settle_delete(WEBCHAT, document(1), None) == Settled()
    assert settle_delete(WEBCHAT, document(1), document(2, theme="light")) == Retry(
        {}, document(2, theme="light")
    )
    assert isinstance(settle_delete(WEBCHAT, document(1), document(2, name="Theirs")), Clash)


def test_taking_the_side_of_git_writes_over_a_clash_and_says_what_was_there() -> None:
    theirs = document(2, name="Theirs")
    retry = decide(document(1), theirs, spec(name="Ours"), {NAME: Side.GIT})
    assert retry.spec["name"] == "Ours"
    (taken,) = retry.taken
    assert (taken.side, taken.clash.theirs) == (Side.GIT, "Theirs")


def test_taking_the_live_side_writes_the_rest() -> None:
    theirs = document(2, name="Theirs", description=...)
    takes = {NAME: Side.LIVE, ("description",): Side.LIVE}
    retry = decide(document(1), theirs, spec(name="Ours", enabled=False), takes)
    assert (retry.spec["name"], "description" in retry.spec, retry.spec["enabled"]) == (
        "Theirs",
        False,
        False,
    )
    assert {taken.side for taken in retry.taken} == {Side.LIVE}


def test_taking_one_field_leaves_the_clash_of_another() -> None:
    theirs = document(2, name="Theirs", description="Theirs")
    clash = decide(document(1), theirs, spec(name="Ours", description="Ours"), {NAME: Side.GIT})
    assert isinstance(clash, Clash)
    assert [field.path for field in clash.fields] == [("description",)]


def test_a_set_that_is_taken_from_git_is_not_merged() -> None:
    theirs = document(2, corsAllowedOrigins=[APP, ADMIN, THEIRS])
    retry = decide(document(1), theirs, spec(corsAllowedOrigins=[APP, NEW]), {ORIGINS: Side.GIT})
    assert (retry.spec["webchatSettings"]["corsAllowedOrigins"], retry.merged) == ([APP, NEW], ())


VALUES = st.sampled_from(["a", "b", "c"])
SETS = st.sets(st.sampled_from([APP, ADMIN, NEW, THEIRS]), min_size=1).map(sorted)
SCALARS = ("name", "description", "authProviderId")


@st.composite
def sides(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Three documents that differ in three texts, a set, and one field that Git does not manage."""

    def one() -> dict[str, Any]:
        return {name: draw(VALUES) for name in SCALARS} | {"corsAllowedOrigins": draw(SETS)}

    return (
        document(1, **one(), theme=draw(VALUES)),
        document(2, **one(), theme=draw(VALUES)),
        spec(**one()),
    )


def flat(whole: Any) -> dict[str, Any]:
    settings = whole["webchatSettings"]
    return {
        "name": whole["name"],
        "description": whole["description"],
        "authProviderId": settings["authProviderId"],
        "corsAllowedOrigins": set(settings["corsAllowedOrigins"]),
    }


@given(sides())
def test_every_decision_is_the_one_that_the_fields_say(
    three: tuple[dict[str, Any], dict[str, Any], dict[str, Any]],
) -> None:
    base, theirs, ours = three
    verdict = decide(base, theirs, ours)
    was, now, wanted = flat(base), flat(theirs), flat(ours)
    stuck = {name for name in SCALARS if now[name] not in (was[name], wanted[name])}
    sets = [side["corsAllowedOrigins"] for side in (was, now, wanted)]
    # What was there stays if both keep it; what was not comes if either adds it.
    merged = {one for one in set().union(*sets) if _belongs(*(one in side for side in sets))}
    if stuck:
        assert isinstance(verdict, Clash)
        assert {field.path[-1] for field in verdict.fields} == stuck
    elif now in (wanted, wanted | {"corsAllowedOrigins": merged}):
        assert isinstance(verdict, Settled)
        assert flat(verdict.spec)["corsAllowedOrigins"] == now["corsAllowedOrigins"]
    else:
        assert isinstance(verdict, Retry)
        body = WEBCHAT.body(verdict.spec, WEBCHAT.read(theirs))
        assert (body["theme"], body["version"]) == (theirs["theme"], 2)
        assert flat(body) == wanted | {"corsAllowedOrigins": merged}


def _belongs(was: bool, theirs: bool, ours: bool) -> bool:
    return theirs and ours if was else theirs or ours


@given(sides())
def test_merging_sets_does_not_depend_on_who_came_first(
    three: tuple[dict[str, Any], dict[str, Any], dict[str, Any]],
) -> None:
    base, theirs, ours = three
    same = {name: base["webchatSettings"].get(name, base.get(name)) for name in SCALARS}
    theirs, ours = (
        document(2, **same, corsAllowedOrigins=theirs["webchatSettings"]["corsAllowedOrigins"]),
        spec(**same, corsAllowedOrigins=ours["webchatSettings"]["corsAllowedOrigins"]),
    )

    def merged(first: Any, second: Any) -> set[str]:
        verdict = decide(base, {**first, "version": 2}, second)
        chosen = verdict.spec if isinstance(verdict, Retry) else first
        return set(chosen["webchatSettings"]["corsAllowedOrigins"])

    assert merged(theirs, ours) == merged(ours, theirs)


@given(sides())
def test_a_merged_write_that_landed_is_settled_when_it_is_judged_again(
    three: tuple[dict[str, Any], dict[str, Any], dict[str, Any]],
) -> None:
    base, theirs, ours = three
    verdict = decide(base, theirs, ours)
    if isinstance(verdict, Retry):
        landed = {**WEBCHAT.body(verdict.spec, WEBCHAT.read(theirs)), "version": 3}
        assert isinstance(decide(base, landed, ours), Settled)


def test_a_create_merges_nothing_into_a_channel_that_somebody_made() -> None:
    clash = decide(None, document(1, corsAllowedOrigins=[APP, THEIRS]), spec(corsAllowedOrigins=[APP, NEW]))
    assert isinstance(clash, Clash)
    assert "was created after the plan was made" in clash.reason


def test_a_set_is_merged_with_one_that_was_not_there_and_not_with_what_was_no_set() -> None:
    theirs, ours = document(2, corsAllowedOrigins=[THEIRS]), spec(corsAllowedOrigins=[NEW])
    merged = decide(document(1, corsAllowedOrigins=...), theirs, ours)
    assert merged.spec["webchatSettings"]["corsAllowedOrigins"] == sorted([NEW, THEIRS])
    assert isinstance(decide(document(1, corsAllowedOrigins="*"), theirs, ours), Clash)


def test_a_value_that_both_sides_add_clashes() -> None:
    clash = decide(document(1, description=...), document(2, description="Theirs"), spec(description="Ours"))
    assert isinstance(clash, Clash)
