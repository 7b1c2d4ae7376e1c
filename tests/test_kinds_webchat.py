from __future__ import annotations

from typing import Any

import pytest
from build import ADMIN, APP, ID, SETTINGS, document, live, spec
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds import KINDS, kind_named
from reconciler.kinds.webchat import WEBCHAT
from reconciler.model import Exposure, FieldChange, LiveChannel, Revision

ORIGINS = ("webchatSettings", "corsAllowedOrigins")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
ODD = st.dictionaries(st.sampled_from(["id", "name", "enabled", "webchatSettings", "version", "x"]), JSON) | (
    st.dictionaries(st.sampled_from([*SETTINGS, "x"]), JSON).map(
        lambda settings: {"webchatSettings": settings}
    )
)


def test_a_kind_is_found_by_its_name() -> None:
    assert kind_named("WebchatChannel") is WEBCHAT
    assert KINDS[0] is WEBCHAT


def test_an_unknown_kind_is_refused_without_its_control_characters() -> None:
    with pytest.raises(
        ValueError, match=r"^there is no kind 'Web\\u202e'; the kinds are WebchatChannel, Web"
    ):
        kind_named("Web\u202e")


def test_a_live_channel_keeps_its_whole_document() -> None:
    whole = document(version=3, future={"a": 1})
    assert WEBCHAT.read(whole) == LiveChannel(
        "WebchatChannel", ID, "Secure Webchat Endpoint", whole, Revision("3")
    )


@pytest.mark.parametrize(("version", "value"), [(1, "1"), ("7", "7"), (10**20, "1" + "0" * 20)])
def test_a_version_may_be_a_number_or_its_text(version: Any, value: str) -> None:
    assert WEBCHAT.read({"id": ID, "version": version}).revision == Revision(value)


@pytest.mark.parametrize(
    "version", [0, -1, True, 1.0, None, "", "0", "00", "-1", "1.0", "١", " 1", "9" * 31, [1]]
)
def test_any_other_version_is_refused_by_name(version: Any) -> None:
    with pytest.raises(ValueError, match="^version must be"):
        WEBCHAT.read({"id": ID, "version": version})


@pytest.mark.parametrize("identity", [None, "", 1, ["a"]])
def test_a_live_channel_without_an_id_is_refused(identity: Any) -> None:
    with pytest.raises(ValueError, match="^id must be"):
        WEBCHAT.read({"id": identity, "version": 1})


def test_the_normal_form_holds_known_fields_with_sets_sorted_and_nothing_twice() -> None:
    settings = {"corsAllowedOrigins": [APP, ADMIN, APP], "webchatId": None, "theme": "dark"}
    assert WEBCHAT.normalise({"id": ID, "enabled": False, "version": 3, "webchatSettings": settings}) == {
        "id": ID,
        "enabled": False,
        "webchatSettings": {"corsAllowedOrigins": [ADMIN, APP]},
    }


def test_odd_elements_of_a_set_keep_their_types() -> None:
    normal = WEBCHAT.normalise({"webchatSettings": {"corsAllowedOrigins": [True, 1, {"a": 1}, 1, "1"]}})
    assert [(type(value), value) for value in normal["webchatSettings"]["corsAllowedOrigins"]] == [
        (str, "1"),
        (int, 1),
        (bool, True),
        (dict, {"a": 1}),
    ]


@given(ODD)
def test_normalising_takes_anything_and_once_is_enough(anything: dict[str, Any]) -> None:
    normal = WEBCHAT.normalise(anything)
    assert WEBCHAT.normalise(normal) == normal


def test_a_body_keeps_every_unmanaged_field_and_the_version_as_read() -> None:
    base = live(version=3, description="theirs", future={"a": 1})
    base.document["webchatSettings"]["theme"] = "dark"
    body = WEBCHAT.body(spec(description=..., webchatId=..., corsAllowedOrigins=[APP]), base)
    assert body == {
        **document(version=3, description="theirs", future={"a": 1}),
        "webchatSettings": {
            "webchatUrl": "https://webchat.example.com",
            "corsAllowedOrigins": [APP],
            "authProviderId": "oauth2-provider-12345",
            "webchatId": "webchat-instance-67890",
            "theme": "dark",
        },
    }
    assert base.document["webchatSettings"]["corsAllowedOrigins"] == [ADMIN, APP]


def test_a_new_body_names_no_version() -> None:
    assert WEBCHAT.body(spec(), None) == spec()


@given(ODD)
def test_a_body_holds_what_git_wants_over_any_live_document(anything: dict[str, Any]) -> None:
    base = LiveChannel("WebchatChannel", ID, "", anything, Revision("1"))
    assert WEBCHAT.normalise(WEBCHAT.body(spec(), base)) == WEBCHAT.normalise(spec())


@pytest.mark.parametrize(
    ("path", "before", "after", "exposure"),
    [
        (("enabled",), False, True, Exposure.WIDENS),
        (("enabled",), None, True, Exposure.WIDENS),
        (("enabled",), True, False, Exposure.NARROWS),
        (("enabled",), True, "no", Exposure.UNKNOWN),
        (ORIGINS, [APP], [APP, ADMIN], Exposure.WIDENS),
        (ORIGINS, [APP], [ADMIN], Exposure.WIDENS),
        (ORIGINS, None, [ADMIN], Exposure.WIDENS),
        (ORIGINS, [APP, ADMIN], [APP], Exposure.NARROWS),
        (ORIGINS, APP, [APP], Exposure.UNKNOWN),
        (ORIGINS, [APP], None, Exposure.UNKNOWN),
        (("webchatSettings", "authProviderId"), "a", "b", Exposure.UNKNOWN),
        (("webchatSettings", "webchatUrl"), "a", "b", Exposure.UNKNOWN),
        (("webchatSettings", "webchatId"), "a", "b", Exposure.UNKNOWN),
        (("id",), "a", "b", Exposure.UNKNOWN),
        (("name",), "a", "b", Exposure.NEUTRAL),
        (("description",), None, "b", Exposure.NEUTRAL),
    ],
)
def test_each_field_says_what_it_does_to_exposure(
    path: tuple[str, ...], before: Any, after: Any, exposure: Exposure
) -> None:
    assert WEBCHAT.exposure(FieldChange(path, before, after)) is exposure


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("https://webchat.example.com", "wss://webchat.example.com/webchat"),
        ("https://webchat.example.com/", "wss://webchat.example.com/webchat"),
        ("https://webchat.example.com:8443/a/b/", "wss://webchat.example.com:8443/a/b/webchat"),
    ],
)
def test_the_endpoint_is_the_url_as_wss_with_one_more_segment(url: str, endpoint: str) -> None:
    assert WEBCHAT.endpoint(spec(webchatUrl=url)) == endpoint


@pytest.mark.parametrize("url", ["http://webchat.example.com", "webchat.example.com", "https:///x", None, 7])
def test_nothing_but_https_has_an_endpoint(url: Any) -> None:
    with pytest.raises(ValueError, match="webchatUrl"):
        WEBCHAT.endpoint(spec(webchatUrl=url))


def test_origins_are_the_texts_of_the_set() -> None:
    assert WEBCHAT.origins(spec(corsAllowedOrigins=[APP, 1, ADMIN, APP])) == (ADMIN, APP)
    assert WEBCHAT.origins({"webchatSettings": "odd"}) == ()


@pytest.mark.parametrize(("value", "enabled"), [(True, True), (False, False), (1, False), ("true", False)])
def test_only_true_is_enabled(value: Any, enabled: bool) -> None:
    assert WEBCHAT.enabled({"enabled": value}) is enabled
