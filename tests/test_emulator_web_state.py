from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.emulator.refusal import Unfit
from reconciler.emulator.serve import Emulator
from reconciler.emulator.settings import Settings
from reconciler.emulator.state import BrokenState, Store
from reconciler.emulator.web.rules import WebRules

CONTENT: dict[str, Any] = {"name": "Look"}
SITE: dict[str, Any] = {"id": "site", "name": "Site", "configuration": {"id": "look", "version": "1"}}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        running.seed_configuration(
            CONTENT, entity="look", draft={"name": "Look", "description": "unfinished"}
        )
        running.seed_deployment(SITE)
        yield running


@pytest.fixture
def http(emulator: Emulator) -> Iterator[httpx.Client]:
    context = ssl.create_default_context(cafile=emulator.ca_file)
    with httpx.Client(base_url=emulator.url, verify=context) as client:
        yield client


def a_web(**parts: Any) -> dict[str, Any]:
    configurations = [{"id": "look", "versions": [CONTENT]}]
    return {"format": 1, "web": {"configurations": configurations, "deployments": [SITE], **parts}}


# State


def test_a_saved_state_loads_into_the_same_state(emulator: Emulator) -> None:
    emulator.edit("site", {"description": "new"})
    emulator.publish("look")
    other = Store()
    other.load(emulator.store.document())
    assert other.document() == emulator.store.document()
    assert len(other.document()["web"]["audit"]) == 2


def test_the_state_outlives_the_process_and_each_commit_is_saved(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    with Emulator(state_file=file) as emulator:
        emulator.seed_configuration(CONTENT, entity="look")
        emulator.seed_deployment(SITE)
        emulator.edit("site", {"description": "new"})
        assert json.loads(file.read_text())["web"]["deployments"][0]["description"] == "new"
    with Emulator(state_file=file) as again:
        context = ssl.create_default_context(cafile=again.ca_file)
        answer = httpx.get(f"{again.url}/webdeployments/v1/deployments/site/config.json", verify=context)
        assert (answer.status_code, answer.json()["version"]) == (200, "1")
        assert again.store.document() == emulator.store.document()


def test_a_state_needs_no_more_than_names_and_contents() -> None:
    store = Store()
    store.load(a_web())
    (configuration,) = store.document()["web"]["configurations"]
    (deployment,) = store.document()["web"]["deployments"]
    assert (configuration["draft"]["version"], configuration["versions"][0]["version"]) == ("DRAFT", "1")
    assert (deployment["status"], deployment["allowedDomains"]) == ("Active", [])


def test_a_state_without_web_messaging_has_none_afterwards() -> None:
    store = Store()
    store.load(a_web())
    store.load({"format": 1})
    assert store.document()["web"] == {"configurations": [], "deployments": [], "audit": []}


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({"format": 1, "web": []}, '"web" of a state is an object, not []'),
        (a_web(deployments={}), '"deployments" of a state is a list of documents, not {}'),
        (
            a_web(deployments=[{"id": "x"}]),
            '"configuration" of a deployment is an object with the texts "id" and "version", not None',
        ),
        (
            a_web(configurations=[{"id": "x"}]),
            '"draft" of a configuration is an object, or left out after a version, not None',
        ),
        (
            a_web(configurations=[{"id": "x", "versions": [1]}]),
            '"versions" of a configuration is a list of objects, the oldest first, not [1]',
        ),
        (
            a_web(configurations=[{"id": "x", "versions": [{}]}] * 2),
            '"id" of each of "configurations" is one that no other has, not \'x\'',
        ),
        (a_web(audit=[{}]), '"audit" of "web" of a state is a list of audit entries with a date, not [{}]'),
    ],
)
def test_a_broken_state_is_refused_in_a_sentence_and_changes_nothing(state: object, sentence: str) -> None:
    store = Store()
    store.load(a_web())
    before = store.document()
    with pytest.raises(BrokenState) as error:
        store.load(state)
    assert str(error.value) == sentence
    assert store.document() == before


def test_what_a_caller_does_to_its_document_later_does_not_reach_the_store(emulator: Emulator) -> None:
    mine: dict[str, Any] = {**SITE, "id": "mine", "allowedDomains": ["a.example"]}
    emulator.seed_deployment(mine)
    mine["allowedDomains"].append("b.example")
    assert emulator.store.web.deployments.all["mine"].document["allowedDomains"] == ["a.example"]


def test_a_configuration_that_is_seeded_has_a_draft_or_a_version(emulator: Emulator) -> None:
    with pytest.raises(BrokenState, match="a configuration is one version, or a draft, at least"):
        emulator.seed_configuration()


def test_what_is_being_deleted_is_in_no_state(emulator: Emulator) -> None:
    emulator.settings.update({"web": {"status_reads": 1, "delete_referenced": "accept"}})
    emulator.delete("look")
    emulator.delete("site")
    web = emulator.store.document()["web"]
    assert (web["configurations"], web["deployments"], len(web["audit"])) == ([], [], 2)


def test_a_deployment_that_is_seeded_pins_a_version(emulator: Emulator) -> None:
    with pytest.raises(BrokenState, match='"configuration" of a deployment is an object with the texts'):
        emulator.seed_deployment({"name": "Site"})


# Control


def test_a_person_works_through_the_control_requests(emulator: Emulator, http: httpx.Client) -> None:
    edit = {"id": "look", "patch": {"description": "better"}, "user": "Robin"}
    assert http.post("/_emulator/edit", json=edit).json()["description"] == "better"
    published = http.post("/_emulator/publish", json={"id": "look", "user": "Robin"}).json()
    assert (published["version"], published["description"]) == ("2", "better")
    assert http.post("/_emulator/delete", json={"id": "site", "user": "Dana"}).status_code == 200
    names = [entry["user"]["name"] for entry in emulator.store.web.trail.entries]
    assert names == ["Robin", "Robin", "Dana"]
    assert http.post("/_emulator/publish", json={"id": "nobody"}).status_code == 404


@pytest.mark.parametrize(
    "patch", [{"configuration": None}, {"configuration": {"version": 2}}, {"status": None}]
)
def test_the_console_leaves_no_deployment_without_what_it_needs(
    http: httpx.Client, patch: dict[str, Any]
) -> None:
    before = http.get("/_emulator/state").json()
    assert http.post("/_emulator/edit", json={"id": "site", "patch": patch}).status_code == 400
    assert http.get("/_emulator/state").json() == before


def test_the_console_may_not_delete_what_the_api_may_not(http: httpx.Client) -> None:
    answer = http.post("/_emulator/delete", json={"id": "look"})
    assert (answer.status_code, answer.json()) == (409, {"error": "A deployment uses the configuration"})


def test_the_whole_can_be_put_in_by_another_process(http: httpx.Client) -> None:
    state = http.get("/_emulator/state").json()
    state["web"]["deployments"] = []
    assert http.put("/_emulator/state", json=state).status_code == 200
    assert http.get("/_emulator/state").json() == state
    assert http.get("/webdeployments/v1/deployments/site/config.json").status_code == 404


def test_rules_are_set_one_by_one(emulator: Emulator, http: httpx.Client) -> None:
    http.put("/_emulator/settings", json={"web": {"cdn_lag_reads": 3}})
    http.put("/_emulator/settings", json={"web": {"auto_started": True}, "rate_limit": None})
    rules = http.get("/_emulator/settings").json()["web"]
    assert (rules["cdn_lag_reads"], rules["auto_started"]) == (3, True)
    assert emulator.settings.web == WebRules(cdn_lag_reads=3, auto_started=True)


# Rules


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        (3, "web is an object with the rules to set, not 3"),
        ({"listing": "all"}, "listing of web is one of latest, draft, every, not 'all'"),
        ({"auto_started": 1}, "auto_started of web is true or false, not 1"),
        ({"cdn_lag_reads": -1}, "cdn_lag_reads of web is a whole number from 0, not -1"),
        ({"status_seconds": "1"}, "status_seconds of web is a number of seconds from 0 to 3600, not '1'"),
        ({"unknown_status": 99}, "unknown_status of web is 200 to 599, not 99"),
        ({"audit_most_days": 0}, "audit_most_days of web is a whole number from 1, or null for any, not 0"),
        ({"features_off": "all"}, "features_off of web is a list of dotted names, not 'all'"),
        ({"audit_words": []}, "audit_words of web is an object with a pair of words for each deed, not []"),
        (
            {"audit_words": {"publish": ["Publish"]}},
            "audit_words of publish is a list of an entity type and an action, not ['Publish']",
        ),
    ],
)
def test_a_rule_that_cannot_be_is_refused_in_a_sentence_and_sets_nothing(
    rules: object, sentence: str
) -> None:
    settings = Settings()
    with pytest.raises(Unfit) as error:
        settings.update({"rate_limit": 5, "web": rules})
    assert str(error.value) == sentence
    assert settings == Settings()


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ({"speed": 1}, r"the name of a rule of web is one of status_seconds, .*, not 'speed'"),
        ({"audit_words": {"sing": ["A", "B"]}}, r"a deed in audit_words of web is one of .*, not 'sing'"),
    ],
)
def test_an_unknown_name_is_answered_with_the_known_ones(rules: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Unfit, match=sentence):
        Settings().update({"web": rules})
