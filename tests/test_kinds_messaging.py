from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from reconciler.decide.diff import compare
from reconciler.kinds.shape import ListOf, SetOf, as_set, normal, overlaid, sets_in
from reconciler.kinds.web_messaging_configuration import WEB_MESSAGING_CONFIGURATION as CONFIGURATION
from reconciler.kinds.web_messaging_configuration import version_number
from reconciler.kinds.web_messaging_deployment import WEB_MESSAGING_DEPLOYMENT as DEPLOYMENT
from reconciler.kinds.web_messaging_deployment import is_settled
from reconciler.model import Exposure, FieldChange

SHAPE: Any = {
    "name": None,
    "tags": SetOf(),
    "steps": ListOf({"id": None}),
    "ref": {"id": None},
    "deep": {"a": {"b": None}},
}
PIN = {"id": "c1", "version": "3"}
VALUES = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(max_size=4),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
DOCUMENTS = some.dictionaries(some.sampled_from([*SHAPE, "unknown"]), VALUES, max_size=6)


def version(number: str = "3", **fields: Any) -> dict[str, Any]:
    return {"id": "c1", "version": number, "name": "Messenger", "status": "Active", **fields}


def deployment(**fields: Any) -> dict[str, Any]:
    return {"id": "d1", "name": "Shop", "status": "Active", "configuration": PIN, **fields}


# shape


def test_the_normal_form_knows_its_fields_alone_and_sorts_sets_wherever_they_are() -> None:
    value = {
        "name": "x",
        "tags": ["b", "a", "b"],
        "steps": [{"id": 2, "more": 1}, {"id": 1}],
        "odd": 1,
        "ref": None,
    }

    assert normal(SHAPE, value) == {"name": "x", "tags": ["a", "b"], "steps": [{"id": 2}, {"id": 1}]}
    assert normal(SetOf({"k": None, "in": SetOf()}), [{"k": 2, "in": [2, 1]}, {"k": 1, "x": 1}]) == [
        {"k": 2, "in": [1, 2]},
        {"k": 1},
    ]


def test_a_set_of_mixed_values_is_sorted_by_its_text() -> None:
    assert as_set([2, "a", True, 1, True]) == sorted(
        [2, "a", True, 1], key=lambda one: __import__("json").dumps(one)
    )


@given(DOCUMENTS)
def test_a_normal_form_is_its_own(document: Any) -> None:
    once = normal(SHAPE, document)

    assert normal(SHAPE, once) == once


@given(DOCUMENTS, DOCUMENTS)
def test_what_is_laid_over_shows_and_what_only_the_lower_one_has_survives(below: Any, above: Any) -> None:
    whole = overlaid(SHAPE, below, above)

    assert set(whole) == {*below, *above}
    assert all(whole[name] == below[name] for name in below if name not in above)


def test_an_unchanged_field_stays_as_it_came_with_whatever_nobody_knows_in_it() -> None:
    below = {"steps": [{"id": 1, "new": True}], "tags": ["b", "a"], "deep": {"a": {"b": 1, "c": 2}}}

    assert overlaid(SHAPE, below, {"steps": [{"id": 1}], "tags": ["a", "b"]}) == below
    assert overlaid(SHAPE, below, {"deep": {"a": {"b": 9}}})["deep"] == {"a": {"b": 9, "c": 2}}


def test_an_object_of_another_id_is_another_object() -> None:
    below = {"ref": {"id": "old", "name": "Old"}}

    assert overlaid(SHAPE, below, {"ref": {"id": "new"}}) == {"ref": {"id": "new"}}
    assert overlaid(SHAPE, below, {"ref": {"id": "old"}}) == below


def test_sets_are_found_below_objects_and_not_below_lists() -> None:
    assert sets_in({"a": SetOf(), "b": {"c": SetOf()}, "d": ListOf({"e": SetOf()})}) == {("a",), ("b", "c")}


# configuration


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        ("12", 12),
        (7, 7),
        ("0", None),
        ("DRAFT", None),
        ("-1", None),
        ("٣", None),
        (True, None),
        ("1" * 10, None),
    ],
)
def test_a_published_version_is_a_plain_number(text: Any, number: int | None) -> None:
    assert version_number(text) == number


@pytest.mark.parametrize(
    "document", [version("0"), version("x"), {**version(), "id": ""}, {**version(), "id": 1}]
)
def test_what_is_no_version_cannot_be_read(document: Any) -> None:
    with pytest.raises(ValueError, match="must be"):
        CONFIGURATION.read(document)


def test_a_draft_that_was_never_published_is_nothing_yet() -> None:
    live = CONFIGURATION.read(version("DRAFT", description="half"))

    assert live.revision.value == "DRAFT"
    assert CONFIGURATION.normalise(live.document) == {}
    assert [field.path for field in compare(CONFIGURATION, live.document, {"name": "Messenger"})] == [
        ("name",)
    ]


def test_the_body_of_a_draft_holds_what_is_live_and_nothing_that_the_server_says() -> None:
    live = CONFIGURATION.read(
        version(createdUser={"id": "u"}, selfUri="/x", position={"alignment": "Auto"}, new={"a": 1}, old=None)
    )

    body = CONFIGURATION.body({"id": "c1", "name": "Messenger", "position": {"sideSpace": 1}}, live)

    assert body == {"name": "Messenger", "position": {"alignment": "Auto", "sideSpace": 1}, "new": {"a": 1}}


@pytest.mark.parametrize(
    ("path", "before", "after", "exposure"),
    [
        ("name", "a", "b", Exposure.NEUTRAL),
        ("messenger.styles.primaryColor", "#fff", "#000", Exposure.NEUTRAL),
        ("authenticationSettings.enabled", True, False, Exposure.WIDENS),
        ("authenticationSettings.enabled", False, True, Exposure.NARROWS),
        ("authenticationSettings.allowSessionUpgrade", False, True, Exposure.WIDENS),
        ("authenticationSettings.integrationId", "a", "b", Exposure.UNKNOWN),
        ("cobrowse.allowAgentControl", False, True, Exposure.WIDENS),
        ("cobrowse.maskSelectors", ["#card"], [], Exposure.WIDENS),
        ("cobrowse.maskSelectors", ["#card"], ["#card", "#iban"], Exposure.NARROWS),
        ("cobrowse.channels", ["Voice"], ["Voice", "Webmessaging"], Exposure.WIDENS),
        ("cobrowse.pauseCriteria", [], [{"urlFragment": "x"}], Exposure.UNKNOWN),
        ("messenger.sessionPersistenceType", "DomainOrSubdomainOnly", "AcrossSubdomains", Exposure.WIDENS),
        ("messenger.apps.conversations.sessionDurationSeconds", 10, 20, Exposure.WIDENS),
        ("messenger.apps.conversations.sessionDurationSeconds", 20, 10, Exposure.NARROWS),
        ("messenger.apps.conversations.sessionDurationSeconds", None, 10, Exposure.UNKNOWN),
        ("journeyEvents.formsTrackEvents", [], [{"selector": "form"}], Exposure.UNKNOWN),
    ],
)
def test_what_a_field_of_a_configuration_opens(
    path: str, before: Any, after: Any, exposure: Exposure
) -> None:
    assert CONFIGURATION.exposure(FieldChange(tuple(path.split(".")), before, after)) is exposure


# deployment


def test_the_revision_of_a_deployment_is_what_somebody_wrote_in_it() -> None:
    one = DEPLOYMENT.read(deployment(dateModified="2026-01-01T00:00:00Z", lastModifiedUser={"id": "u"}))

    assert (
        DEPLOYMENT.read(deployment(dateModified="2026-02-02T00:00:00Z", snippet="<script>")).revision
        == one.revision
    )
    assert DEPLOYMENT.read(deployment(description="new")).revision != one.revision
    assert DEPLOYMENT.read(deployment(unknown=1)).revision != one.revision


@pytest.mark.parametrize(
    ("written", "implied"),
    [
        ({"allowAllDomains": True}, {"allowAllDomains": True, "allowedDomains": []}),
        ({"allowedDomains": ["b", "a"]}, {"allowAllDomains": False, "allowedDomains": ["a", "b"]}),
        ({"status": "Pending"}, {}),
        ({"status": "Inactive"}, {"status": "Inactive"}),
        ({"configuration": {"id": "c1", "version": 3, "name": "x"}}, {"configuration": PIN}),
        ({"configuration": {"ref": "m"}}, {"configuration": {"ref": "m"}}),
        ({"flow": {"id": "f", "name": "Flow"}}, {"flow": {"id": "f"}}),
        ({"allowedDomains": None, "description": None}, {}),
    ],
)
def test_what_is_implied_is_written_out(written: Any, implied: Any) -> None:
    assert DEPLOYMENT.normalise(written) == implied


def test_a_new_deployment_that_says_nothing_of_domains_is_closed() -> None:
    body = DEPLOYMENT.body(
        {"name": "Shop", "status": "Active", "configuration": {"id": "c1", "version": 3}}, None
    )

    assert body == {
        "allowAllDomains": False,
        "allowedDomains": [],
        "name": "Shop",
        "status": "Active",
        "configuration": PIN,
    }


def test_the_body_of_an_update_carries_all_that_git_does_not_manage() -> None:
    live = DEPLOYMENT.read(
        deployment(
            flow={"id": "f", "name": "Flow"},
            configuration={**PIN, "selfUri": "/x", "name": "Messenger"},
            supportedContent={"id": "s", "name": "Default"},
            snippet="<script>",
            new=[1],
        )
    )

    body = DEPLOYMENT.body({"status": "Inactive", "configuration": {"id": "c1", "version": "4"}}, live)

    assert body == {
        "name": "Shop",
        "status": "Inactive",
        "configuration": {"id": "c1", "version": "4"},
        "flow": {"id": "f", "name": "Flow"},
        "supportedContent": {"id": "s", "name": "Default"},
        "new": [1],
    }


@pytest.mark.parametrize(
    ("path", "before", "after", "exposure"),
    [
        ("status", "Inactive", "Active", Exposure.WIDENS),
        ("status", "Active", "Inactive", Exposure.NARROWS),
        ("allowAllDomains", False, True, Exposure.WIDENS),
        ("allowAllDomains", True, False, Exposure.NARROWS),
        ("allowedDomains", ["a"], ["a", "b"], Exposure.WIDENS),
        ("allowedDomains", ["a", "b"], ["a"], Exposure.NARROWS),
        ("allowedDomains", ["a"], ["b"], Exposure.WIDENS),
        ("configuration.version", "1", "2", Exposure.UNKNOWN),
        ("supportedContent.id", "a", "b", Exposure.UNKNOWN),
        ("name", "a", "b", Exposure.NEUTRAL),
    ],
)
def test_what_a_field_of_a_deployment_opens(path: str, before: Any, after: Any, exposure: Exposure) -> None:
    assert DEPLOYMENT.exposure(FieldChange(tuple(path.split(".")), before, after)) is exposure


def test_origins_are_the_domains_of_browsers_pages() -> None:
    assert DEPLOYMENT.origins({"allowedDomains": ["b.example.com", "a.example.com", 1]}) == (
        "https://a.example.com",
        "https://b.example.com",
    )
    assert DEPLOYMENT.origins({}) == ()


@pytest.mark.parametrize(
    ("status", "settled"),
    [("Pending", False), ("InProgress", False), ("Active", True), ("Error", True), (None, False)],
)
def test_a_status_settles(status: Any, *, settled: bool) -> None:
    assert is_settled({"status": status}) is settled
