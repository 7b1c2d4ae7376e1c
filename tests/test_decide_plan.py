from __future__ import annotations

import random

import pytest
from build import ADMIN, APP, BINDING, ID, channel, identity, live, once_managed

from reconciler.decide.plan import make_plan
from reconciler.kinds.webchat import WEBCHAT
from reconciler.model import Action, Change, Exposure, FieldChange, LiveChannel, Plan

DESCRIPTION = ("description",)


def actions(plan: Plan) -> list[tuple[str, str]]:
    return [(change.name, str(change.action)) for change in plan.changes]


def test_a_channel_as_git_wants_it_is_unchanged_and_keeps_no_document() -> None:
    known = LiveChannel("WebchatChannel", ID, "Secure Webchat Endpoint", {}, live(3).revision)
    assert make_plan(BINDING, [channel()], [live(3)], ()).changes == (
        Change(Action.UNCHANGED, "WebchatChannel", "secure-webchat", ID, channel(), known),
    )


def test_a_channel_that_differs_is_updated_from_the_document_that_was_read() -> None:
    before = live(3, description="Old")
    assert make_plan(BINDING, [channel(description="New")], [before], ()).changes == (
        Change(
            Action.UPDATE,
            "WebchatChannel",
            "secure-webchat",
            ID,
            channel(description="New"),
            before,
            (FieldChange(DESCRIPTION, "Old", "New", Exposure.NEUTRAL),),
            Exposure.NEUTRAL,
        ),
    )


def test_a_channel_that_is_not_live_is_created_with_all_its_fields() -> None:
    [change] = make_plan(BINDING, [channel()], [], ()).changes
    assert (change.action, change.live, change.exposure) == (Action.CREATE, None, Exposure.WIDENS)
    assert {field.path[-1]: field.exposure for field in change.fields} == {
        "id": Exposure.NEUTRAL,
        "name": Exposure.NEUTRAL,
        "description": Exposure.NEUTRAL,
        "enabled": Exposure.WIDENS,
        "webchatUrl": Exposure.NEUTRAL,
        "corsAllowedOrigins": Exposure.WIDENS,
        "authProviderId": Exposure.NEUTRAL,
        "webchatId": Exposure.NEUTRAL,
    }


def test_creating_a_disabled_channel_is_neutral() -> None:
    [change] = make_plan(BINDING, [channel(enabled=False)], [], ()).changes
    assert change.exposure is Exposure.NEUTRAL


def test_a_change_is_as_exposed_as_its_strongest_field() -> None:
    before = live(enabled=True, corsAllowedOrigins=[APP])
    [change] = make_plan(BINDING, [channel(enabled=False, corsAllowedOrigins=[ADMIN])], [before], ()).changes
    assert change.exposure is Exposure.WIDENS


@pytest.mark.parametrize(
    ("prune", "applied", "action"),
    [
        (True, {ID}, Action.DELETE),
        (False, {ID}, Action.UNMANAGED),
        (True, {identity(1)}, Action.UNMANAGED),
        (True, set(), Action.UNMANAGED),
    ],
)
def test_only_what_git_once_managed_is_deleted_and_only_when_asked(
    prune: bool, applied: set[str], action: Action
) -> None:
    [change] = make_plan(BINDING, [], [live()], (), applied=once_managed(*applied), prune=prune).changes
    assert change.action is action
    assert change.channel is None


def test_a_delete_keeps_the_reviewed_document_and_narrows() -> None:
    [change] = make_plan(BINDING, [], [live()], (), applied=once_managed(ID), prune=True).changes
    assert (change.live, change.exposure) == (live(), Exposure.NARROWS)


def test_a_delete_bears_the_name_under_which_git_managed_the_channel() -> None:
    applied = {("WebchatChannel", ID): "secure-webchat"}
    [change] = make_plan(BINDING, [], [live(name="Renamed since")], (), applied=applied, prune=True).changes
    assert change.name == "secure-webchat"


def test_a_plan_holds_nothing_of_a_channel_that_git_does_not_manage_but_its_name() -> None:
    [change] = make_plan(BINDING, [], [live(3, name="Theirs", future="private")], ()).changes
    assert (change.name, change.live) == (
        "Theirs",
        LiveChannel("WebchatChannel", ID, "Theirs", {}, live(3).revision),
    )


def test_a_channel_that_a_file_names_is_never_pruned() -> None:
    plan = make_plan(BINDING, [channel()], [live()], (), applied=once_managed(ID), prune=True)
    assert actions(plan) == [("secure-webchat", "unchanged")]


def test_only_the_named_channels_appear() -> None:
    files = [
        channel("a", id=identity(1), health_webhook="https://monitor.example.com"),
        channel("b", id=identity(2), health_webhook="https://monitor.example.com"),
    ]
    remote = [live(id=identity(3)), live(id=identity(4))]
    plan = make_plan(
        BINDING,
        files,
        remote,
        (),
        applied=once_managed(identity(3)),
        prune=True,
        only=frozenset({"b"}),
    )
    assert actions(plan) == [("b", "create")]
    assert [hook.channel for hook in plan.webhooks] == ["b"]


def test_files_come_first_then_deletes_then_unmanaged_channels_whatever_the_order_of_reading() -> None:
    files = [channel("b", id=identity(2)), channel("c", id=identity(3)), channel("a", id=identity(1))]
    remote = [
        live(id=identity(3)),
        live(id=identity(5), name="Aa"),
        live(id=identity(4), name="Zz"),
        live(id=identity(1), description="x"),
        live(id=identity(6), name="Aa"),
    ]
    shuffled = random.Random(7).sample(remote, len(remote))
    applied = once_managed(identity(4))
    plan = make_plan(BINDING, files, remote, (), applied=applied, prune=True)
    assert plan == make_plan(BINDING, files[::-1], shuffled, (), applied=applied, prune=True)
    assert [(change.id[-1], str(change.action)) for change in plan.changes] == [
        ("1", "update"),
        ("2", "create"),
        ("3", "unchanged"),
        ("4", "delete"),
        ("5", "unmanaged"),
        ("6", "unmanaged"),
    ]


def test_a_plan_made_after_it_was_written_is_empty() -> None:
    wanted = channel(description="New")
    plan = make_plan(BINDING, [wanted], [live(3, description="Old", future=1)], ())
    assert plan.writes is True
    written = WEBCHAT.body(wanted.spec, plan.changes[0].live)
    live_now = WEBCHAT.read({**written, "version": 4})
    assert live_now.document["future"] == 1
    assert not make_plan(BINDING, [wanted], [live_now], ()).writes
