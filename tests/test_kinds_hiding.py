from __future__ import annotations

import json
import string
from typing import Any

import pytest
from build import document
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds import KINDS, kind_named
from reconciler.kinds.hiding import HIDDEN, LABEL, hide, hide_named, is_hiding, is_secret
from reconciler.kinds.shape import ListOf, SetOf
from reconciler.kinds.web_messaging_configuration import SHAPE as CONFIGURATION
from reconciler.kinds.web_messaging_deployment import SHAPE as DEPLOYMENT
from reconciler.kinds.webchat import SHAPE as CHANNEL
from reconciler.kinds.webchat import WEBCHAT

NAMES = (
    "clientSecret", "client_secret", "CLIENT-SECRET", "apiKey", "api_key", "APIKey", "x-api-key", "token", "authToken",
    "refreshTokens", "password", "dbPasswd", "userPwd", "passphrase", "credentials", "Authorization", "bearer",
    "sessionCookie", "requestHeaders", "privateKey", "signing-key", "webhookSignature", "hmacValue", "jwt", "key",
    "auth", "pin", "otpSeed", "connection_string", "slackWebhookUrl",
)  # fmt: skip
PLAIN = (
    "theme", "keyboard", "authProviderId", "sessionDurationSeconds", "headless", "publicName", "bottomSpace", "monkey",
    "spinner", "author", "allowSessionUpgrade", "sessionPersistenceType",
)  # fmt: skip
TEXTS = (
    "-----BEGIN PRIVATE KEY-----\nMIIE", "eyJhbGciOi.eyJzdWIiOi.c2ln", "Bearer abcdef", "Basic dXNlcjpw",
    "https://user:hunter2@example.com/", "https://example.com/?a=1&access_token=abc", "AKIAIOSFODNN7EXAMPLE",
    "https://hooks.slack.com/services/T0/B0/x", "see https://example.com/x?sig=abc",
)  # fmt: skip
SECRETS = st.text(string.ascii_letters + string.digits, min_size=12, max_size=24).map("s3c-{}".format)
FIELDS = st.sampled_from(
    ("theme", "extra", "name", "webchatSettings", "corsAllowedOrigins", "messenger", "flow")
)


@pytest.mark.parametrize("name", NAMES)
def test_names_of_secrets_are_known_however_they_are_written(name: str) -> None:
    assert is_secret(name)
    assert is_hiding(hide({name: "hunter2"}))


@pytest.mark.parametrize("name", PLAIN)
def test_other_names_hide_nothing(name: str) -> None:
    assert hide({name: "as it is"}) == {name: "as it is"}


@pytest.mark.parametrize("text", TEXTS)
def test_a_credential_is_known_by_its_form_in_a_field_that_has_no_shape(text: str) -> None:
    assert is_hiding(hide({"extra": [{"deep": text}]}))
    assert hide({"description": text}, {"description": text}) == {"description": text}


@pytest.mark.parametrize("value", [True, False, None])
def test_what_can_be_no_secret_is_shown(value: Any) -> None:
    assert hide({"password": value}) == {"password": value}
    assert hide([{"name": "apiKey", "value": value}][0])["value"] is value


def test_a_hidden_value_shows_whether_it_moved_and_nothing_else() -> None:
    (one, other), again = (
        (hide({"token": text})["token"] for text in ("one", "other")),
        hide({"token": "one"}),
    )
    assert again == {"token": one}
    assert one != other
    assert HIDDEN.fullmatch(one)
    assert HIDDEN.fullmatch(hide({"token": {"a": ["hunter2"]}})["token"])
    assert HIDDEN.fullmatch(hide({"pin": 1234})["pin"])


def test_what_stands_beside_the_name_of_a_secret_is_hidden() -> None:
    held = {"extra": [{"name": "apiKey", "value": "hunter2"}, {"name": "theme", "value": "dark"}]}
    first, second = hide(held)["extra"]
    assert (first["name"], is_hiding(first), second) == ("apiKey", True, {"name": "theme", "value": "dark"})


def test_a_property_of_the_audit_log_is_hidden_by_its_path() -> None:
    assert is_hiding(hide_named("webchatSettings.apiKey", ["hunter2"]))
    assert is_hiding(hide_named("extra", {"password": "hunter2"}))
    assert hide_named("webchatSettings.authProviderId", "p-1") == "p-1"


def test_entries_of_a_list_that_has_a_shape_keep_what_the_shape_names() -> None:
    labels = [
        {"language": "de", "localizedLabels": [{"key": "TokenLabel", "value": "Hallo", "apiKey": "hunter2"}]}
    ]
    hidden = kind_named("WebMessagingConfiguration").without_secrets(
        {"version": "1", "customI18nLabels": labels}
    )
    (label,) = hidden["customI18nLabels"][0]["localizedLabels"]
    assert (label["key"], label["value"], is_hiding(label)) == ("TokenLabel", "Hallo", True)


@pytest.mark.parametrize("shape", [CHANNEL, CONFIGURATION, DEPLOYMENT])
def test_no_field_that_git_can_manage_is_named_like_a_secret(shape: Any) -> None:
    assert {name for name in _names(shape) if is_secret(name)} <= {LABEL}


def _names(shape: Any) -> set[str]:
    if isinstance(shape, SetOf | ListOf):
        return _names(shape.of)
    return {*shape, *(name for inner in shape.values() for name in _names(inner))} if shape else set()


@given(
    secret=SECRETS,
    name=st.sampled_from(NAMES),
    way=st.lists(FIELDS | st.just("[]"), max_size=6),
    kind=st.sampled_from(KINDS),
    held=st.sampled_from(("text", "list", "object", "pair")),
)
def test_a_secret_at_any_depth_is_in_no_plan(
    secret: str, name: str, way: list[str], kind: Any, held: str
) -> None:
    value: Any = {"text": secret, "list": [secret], "object": {"inner": secret}, "pair": secret}[held]
    part: Any = {"name": name, "value": value} if held == "pair" else {name: value}
    for step in way:
        part = [part] if step == "[]" else {step: part}
    whole = {**document(3), "version": "3", "extra": part}
    hidden = kind.without_secrets(whole)
    assert secret not in json.dumps(hidden)
    assert kind.without_secrets(hidden) == hidden
    assert kind.normalise(hidden) == kind.normalise(whole)
    assert kind.read(hidden).revision == kind.read(whole).revision


def test_a_channel_without_secrets_stays_as_it_is() -> None:
    whole = document(3, theme="dark", extra={"deep": [1, {"more": "text"}]})
    assert WEBCHAT.without_secrets(whole) == whole


@pytest.mark.timeout(5)
@pytest.mark.parametrize("part", ["://:", "?", "eyJ-", "eyJa.", "&a=", "a1A"])
def test_a_long_text_is_looked_at_in_no_time(part: str) -> None:
    hide({"extra": part * 100_000})
    is_secret(part * 100_000)


def test_the_order_of_fields_moves_no_check() -> None:
    assert hide({"token": {"a": 1, "b": 2}}) == hide({"token": {"b": 2, "a": 1}})


def test_plain_documents_and_texts_that_only_look_hidden_hide_nothing() -> None:
    assert not is_hiding({"a": ["text", 1, None, {"b": "[hidden] or so"}]})
    assert not is_hiding("[hidden 12345]")
    assert is_hiding([{"a": "[hidden 12ab]"}])


def test_a_field_that_has_a_shape_stays_however_deep_it_stands_and_whatever_it_is_called() -> None:
    value = {"deep": {"er": {"token": "a", "otherToken": "b"}}}
    hidden = hide(value, {"deep": {"er": {"token": "a"}}})["deep"]["er"]
    assert hidden["token"] == "a"
    assert HIDDEN.fullmatch(hidden["otherToken"])
