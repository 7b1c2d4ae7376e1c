from __future__ import annotations

from datetime import date

import pytest
from build import ADMIN, APP, BINDING, channel, identity, live

from reconciler.decide.approval import Approval, approval_document, unapproved
from reconciler.decide.plan import make_plan
from reconciler.kinds import kind_named
from reconciler.model import Exposure, FieldChange, Json, Plan, Waiver

ORIGINS = "/spec/webchatSettings/corsAllowedOrigins"
NEW = "https://new.example.com"


def widening(*origins: str) -> Plan:
    return make_plan(
        BINDING, [channel(corsAllowedOrigins=list(origins))], [live(corsAllowedOrigins=[APP])], ()
    )


def covering(*values: Json, pointer: str = ORIGINS) -> Approval:
    waiver = Waiver("w", "widening-approved", "secure-webchat", pointer, "r", "o", date(2030, 1, 1))

    def covers(name: str, at: str, value: Json) -> Waiver | None:
        return waiver if (name, at) == ("secure-webchat", pointer) and value in values else None

    return Approval(required=True, covers=covers)


def test_where_nobody_asks_nothing_waits() -> None:
    assert unapproved(widening(APP, NEW), Approval()) is None


def test_what_widens_waits_and_names_the_way() -> None:
    told = str(unapproved(widening(APP, NEW), Approval(required=True)))
    assert told.startswith("1 channel would be opened wider (secure-webchat)")
    assert "--approve-widening" in told
    assert unapproved(widening(APP, NEW), Approval(required=True, given=True)) is None


def test_every_new_member_must_be_covered() -> None:
    assert unapproved(widening(APP, NEW), covering(NEW)) is None
    assert unapproved(widening(APP, NEW, ADMIN), covering(NEW)) is not None
    assert unapproved(widening(APP, NEW, ADMIN), covering(NEW, ADMIN)) is None


def test_what_nobody_can_judge_waits_too() -> None:
    plan = make_plan(BINDING, [channel(authProviderId="other")], [live()], ())
    assert unapproved(plan, Approval(required=True)) is not None
    assert unapproved(plan, covering("other", pointer="/spec/webchatSettings/authProviderId")) is None


def test_a_channel_that_is_created_open_waits_and_one_that_is_shut_does_not() -> None:
    opened = make_plan(BINDING, [channel()], [], ())
    shut = make_plan(BINDING, [channel(enabled=False)], [], ())
    assert unapproved(opened, Approval(required=True)) is not None
    assert unapproved(shut, Approval(required=True)) is None


def test_many_channels_are_counted() -> None:
    files = [
        channel(f"c-{number}", id=identity(number), corsAllowedOrigins=[APP, NEW]) for number in range(8)
    ]
    remote = [live(id=identity(number), corsAllowedOrigins=[APP]) for number in range(8)]
    told = str(unapproved(make_plan(BINDING, files, remote, ()), Approval(required=True)))
    assert "8 channels would be opened wider (c-0, c-1, c-2, c-3, c-4 and 3 more)" in told


def test_the_record_says_what_was_approved_by_what() -> None:
    assert approval_document(widening(APP, NEW), covering(NEW)) == {
        "required": True,
        "given": False,
        "channels": [],
        "waived": [{"name": "secure-webchat", "waivers": ["w"]}],
    }
    assert approval_document(widening(APP), Approval(required=True))["channels"] == []


W, N, S, U = Exposure.WIDENS, Exposure.NARROWS, Exposure.NEUTRAL, Exposure.UNKNOWN
MOVES: dict[str, list[tuple[str, Json, Json, Exposure]]] = {
    "WebchatChannel": [
        ("enabled", False, True, W),
        ("enabled", True, False, N),
        ("name", "a", "b", S),
        ("description", None, "b", S),
        ("webchatSettings/corsAllowedOrigins", [APP], [APP, NEW], W),
        ("webchatSettings/corsAllowedOrigins", [APP, NEW], [APP], N),
        ("webchatSettings/corsAllowedOrigins", [APP], [NEW], W),
        ("webchatSettings/corsAllowedOrigins", [APP], [], U),
        ("webchatSettings/corsAllowedOrigins", [APP], None, U),
        ("webchatSettings/authProviderId", "a", None, W),
        ("webchatSettings/authProviderId", None, "a", N),
        ("webchatSettings/authProviderId", "a", "b", U),
        ("webchatSettings/webchatUrl", "a", "b", U),
    ],
    "WebMessagingDeployment": [
        ("status", "Inactive", "Active", W),
        ("status", "Active", "Inactive", N),
        ("allowAllDomains", False, True, W),
        ("allowAllDomains", True, False, N),
        ("allowedDomains", ["a.com"], ["a.com", "b.com"], W),
        ("allowedDomains", ["a.com", "b.com"], ["a.com"], N),
        ("name", "a", "b", S),
        ("configuration", {"id": "a"}, {"id": "b"}, U),
    ],
    "WebMessagingConfiguration": [
        ("authenticationSettings/enabled", True, False, W),
        ("authenticationSettings/enabled", False, True, N),
        ("authenticationSettings/allowSessionUpgrade", False, True, W),
        ("authenticationSettings/integrationId", "a", "b", U),
        ("cobrowse/allowAgentControl", False, True, W),
        ("cobrowse/maskSelectors", ["a"], [], W),
        ("cobrowse/maskSelectors", [], ["a"], N),
        ("messenger/fileUpload/enableAttachments", False, True, W),
        ("messenger/sessionPersistenceType", "DomainOrSubdomainOnly", "AcrossSubdomains", W),
        ("messenger/apps/conversations/sessionDurationSeconds", 60, 600, W),
        ("messenger/apps/conversations/sessionDurationSeconds", 600, 60, N),
        ("description", "a", "b", S),
    ],
}


@pytest.mark.parametrize(
    ("kind", "path", "before", "after", "expected"),
    [(kind, *move) for kind, moves in MOVES.items() for move in moves],
)
def test_each_move_of_a_field_widens_narrows_or_does_neither(
    kind: str, path: str, before: Json, after: Json, expected: Exposure
) -> None:
    change = FieldChange(tuple(path.split("/")), before, after)
    assert kind_named(kind).exposure(change) is expected
