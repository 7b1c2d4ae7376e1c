from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from reconciler.emulator.serve import Emulator

CONFIGURATIONS = "/api/v2/webdeployments/configurations"
CONTENT: dict[str, Any] = {
    "name": "Look",
    "languages": ["en-us", "de"],
    "defaultLanguage": "en-us",
    "messenger": {"enabled": True, "styles": {"primaryColor": "#ff0000"}},
}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def http(emulator: Emulator) -> Iterator[httpx.Client]:
    with sign_in(emulator) as client:
        yield client


def sign_in(emulator: Emulator, *permissions: str) -> httpx.Client:
    """Give a client with these permissions; with none of them named, one that may do everything."""
    who = emulator.tokens.add_client("limited", permissions) if permissions else emulator.client
    token = emulator.tokens.issue(who, time.time(), 60)
    return httpx.Client(
        base_url=emulator.url,
        verify=ssl.create_default_context(cafile=emulator.ca_file),
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    )


def outcome(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def draft_of(entity: str) -> str:
    return f"{CONFIGURATIONS}/{entity}/versions/draft"


# The life of a configuration


def test_a_new_configuration_is_a_draft_that_is_pending_first_and_active_then(http: httpx.Client) -> None:
    answer = http.post(CONFIGURATIONS, json=CONTENT)
    made = answer.json()
    assert (answer.status_code, made["version"], made["status"]) == (200, "DRAFT", "Pending")
    assert {name: made[name] for name in CONTENT} == CONTENT
    read = http.get(draft_of(made["id"])).json()
    assert (read["id"], read["version"], read["status"]) == (made["id"], "DRAFT", "Active")
    assert http.get(f"{CONFIGURATIONS}/{made['id']}/versions").json()["entities"] == []


def test_each_publish_makes_the_next_version_as_a_text_and_keeps_the_ones_before(http: httpx.Client) -> None:
    entity = http.post(CONFIGURATIONS, json=CONTENT).json()["id"]
    first = http.post(draft_of(entity) + "/publish")
    assert (first.status_code, first.json()["version"], first.json()["status"]) == (200, "1", "Pending")
    http.put(draft_of(entity), json={**CONTENT, "description": "new"})
    assert http.post(draft_of(entity) + "/publish").json()["version"] == "2"
    page = http.get(f"{CONFIGURATIONS}/{entity}/versions").json()
    assert [(one["version"], one.get("description")) for one in page["entities"]] == [
        ("2", "new"),
        ("1", None),
    ]
    old = http.get(f"{CONFIGURATIONS}/{entity}/versions/1").json()
    assert (old["version"], old["status"], "description" in old) == ("1", "Active", False)
    assert http.get(f"{CONFIGURATIONS}/{entity}/versions/DRAFT").json()["description"] == "new"


def test_versions_are_counted_beyond_nine(http: httpx.Client) -> None:
    entity = http.post(CONFIGURATIONS, json=CONTENT).json()["id"]
    made = [http.post(draft_of(entity) + "/publish").json()["version"] for _ in range(11)]
    assert made == [str(number) for number in range(1, 12)]
    assert http.get(f"{CONFIGURATIONS}/{entity}/versions").json()["entities"][0]["version"] == "11"


def test_a_draft_put_replaces_everything_and_ignores_what_the_server_owns(http: httpx.Client) -> None:
    entity = http.post(CONFIGURATIONS, json={**CONTENT, "cobrowse": {"enabled": True}}).json()["id"]
    mine = {"id": "other", "version": "7", "dateCreated": "1999", "unknown": {"a": 1}, "description": None}
    http.put(draft_of(entity), json={**CONTENT, **mine})
    read = http.get(draft_of(entity)).json()
    assert (read["id"], read["version"], read["dateCreated"][:2]) == (entity, "DRAFT", "20")
    assert read["unknown"] == {"a": 1}
    assert {"cobrowse", "description"} & set(read) == set()


def test_a_deleted_configuration_is_gone_with_its_versions(emulator: Emulator, http: httpx.Client) -> None:
    entity = emulator.seed_configuration(CONTENT)
    assert http.delete(f"{CONFIGURATIONS}/{entity}").status_code == 204
    assert outcome(http.get(draft_of(entity))) == (404, "not.found")
    assert outcome(http.get(f"{CONFIGURATIONS}/{entity}/versions/1")) == (404, "not.found")
    assert outcome(http.delete(f"{CONFIGURATIONS}/{entity}")) == (404, "not.found")


@pytest.mark.parametrize("path", ["/nobody/versions", "/nobody/versions/draft", "/nobody/versions/1"])
def test_what_is_not_there_is_not_found(http: httpx.Client, path: str) -> None:
    assert outcome(http.get(CONFIGURATIONS + path)) == (404, "not.found")


def test_a_version_that_was_never_published_is_not_found(emulator: Emulator, http: httpx.Client) -> None:
    entity = emulator.seed_configuration(CONTENT)
    assert http.get(f"{CONFIGURATIONS}/{entity}/versions/1").status_code == 200
    assert outcome(http.get(f"{CONFIGURATIONS}/{entity}/versions/2")) == (404, "not.found")
    answer = http.put(f"{CONFIGURATIONS}/{entity}/versions/1", json=CONTENT)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")


# Statuses that settle later


def test_a_status_can_take_reads_to_settle_and_a_draft_cannot_be_published_before(
    emulator: Emulator, http: httpx.Client
) -> None:
    emulator.settings.web.status_reads = 2
    entity = http.post(CONFIGURATIONS, json=CONTENT).json()["id"]
    assert outcome(http.post(draft_of(entity) + "/publish")) == (400, "bad.request")
    assert [http.get(draft_of(entity)).json()["status"] for _ in range(3)] == ["Pending", "Pending", "Active"]
    assert http.post(draft_of(entity) + "/publish").json()["version"] == "1"
    published = f"{CONFIGURATIONS}/{entity}/versions/1"
    assert [http.get(published).json()["status"] for _ in range(3)] == ["Pending", "Pending", "Active"]


def test_a_draft_can_be_published_before_it_has_settled(emulator: Emulator, http: httpx.Client) -> None:
    emulator.settings.update({"web": {"status_seconds": 60, "publish_pending": "accept"}})
    entity = http.post(CONFIGURATIONS, json=CONTENT).json()["id"]
    assert http.post(draft_of(entity) + "/publish").json()["version"] == "1"


def test_the_list_of_versions_can_have_the_draft_in_it(emulator: Emulator, http: httpx.Client) -> None:
    entity = emulator.seed_configuration(CONTENT)
    emulator.settings.web.draft_in_versions = True
    page = http.get(f"{CONFIGURATIONS}/{entity}/versions").json()
    assert [one["version"] for one in page["entities"]] == ["DRAFT", "1"]


def test_a_status_can_take_time_and_another_word(emulator: Emulator, http: httpx.Client) -> None:
    emulator.settings.update({"web": {"status_seconds": 0.3, "pending_status": "InProgress"}})
    entity = http.post(CONFIGURATIONS, json=CONTENT).json()["id"]
    assert http.get(draft_of(entity)).json()["status"] == "InProgress"
    time.sleep(0.3)
    assert http.get(draft_of(entity)).json()["status"] == "Active"


def test_the_backend_can_fail(emulator: Emulator, http: httpx.Client) -> None:
    emulator.settings.web.settles_to = "Error"
    entity = http.post(CONFIGURATIONS, json=CONTENT).json()["id"]
    assert http.get(draft_of(entity)).json()["status"] == "Error"


def test_a_delete_can_take_a_while(emulator: Emulator, http: httpx.Client) -> None:
    emulator.settings.web.status_reads = 1
    entity = emulator.seed_configuration(CONTENT)
    http.delete(f"{CONFIGURATIONS}/{entity}")
    assert http.get(draft_of(entity)).json()["status"] == "Deleting"
    assert http.get(draft_of(entity)).status_code == 404
    assert emulator.store.web.document()["configurations"] == []


# What is not documented is a rule


@pytest.mark.parametrize(
    ("rule", "results"),
    [("bump", [200, "2"]), ("same", [200, "1"]), ("refuse", [400, None])],
)
def test_publishing_what_is_published(
    emulator: Emulator, http: httpx.Client, rule: str, results: list[object]
) -> None:
    entity = emulator.seed_configuration(CONTENT)
    emulator.settings.web.publish_unchanged = rule
    answer = http.post(draft_of(entity) + "/publish")
    assert [answer.status_code, answer.json().get("version")] == results


@pytest.mark.parametrize(
    ("rule", "only_published", "versions"),
    [
        ("latest", False, ["2", "DRAFT"]),
        ("latest", True, ["2"]),
        ("draft", False, ["DRAFT", "DRAFT"]),
        ("draft", True, ["2"]),
        ("every", False, ["DRAFT", "1", "2", "DRAFT"]),
        ("every", True, ["1", "2"]),
    ],
)
def test_what_stands_in_the_list(
    emulator: Emulator, http: httpx.Client, rule: str, only_published: bool, versions: list[str]
) -> None:
    emulator.seed_configuration(CONTENT, {**CONTENT, "description": "two"}, entity="a")
    emulator.seed_configuration(draft=CONTENT, entity="b")
    emulator.settings.web.listing = rule
    query = {"showOnlyPublished": str(only_published).lower()}
    page = http.get(CONFIGURATIONS, params=query).json()
    assert [one["version"] for one in page["entities"]] == versions


def test_two_configurations_may_have_one_name_or_not(emulator: Emulator, http: httpx.Client) -> None:
    emulator.seed_configuration(CONTENT, entity="a")
    assert http.post(CONFIGURATIONS, json=CONTENT).status_code == 200
    emulator.settings.web.duplicate_names = "refuse"
    assert outcome(http.post(CONFIGURATIONS, json=CONTENT)) == (409, "name.exists")


@pytest.mark.parametrize(("rule", "status"), [("refuse", 409), ("accept", 204)])
def test_deleting_what_a_deployment_pins(
    emulator: Emulator, http: httpx.Client, rule: str, status: int
) -> None:
    entity = emulator.seed_configuration(CONTENT)
    emulator.seed_deployment({"name": "Site", "configuration": {"id": entity, "version": "1"}})
    emulator.settings.web.delete_referenced = rule
    assert http.delete(f"{CONFIGURATIONS}/{entity}").status_code == status


def test_status_codes_can_be_others(emulator: Emulator, http: httpx.Client) -> None:
    emulator.settings.update({"web": {"create_status": 201, "publish_status": 202, "delete_status": 200}})
    made = http.post(CONFIGURATIONS, json=CONTENT)
    published = http.post(draft_of(made.json()["id"]) + "/publish")
    deleted = http.delete(f"{CONFIGURATIONS}/{made.json()['id']}")
    assert [made.status_code, published.status_code, deleted.status_code] == [201, 202, 200]
    assert deleted.content == b""


# Bodies


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"name": None}, ("missing", "name")),
        ({"name": ""}, ("invalid.value", "name")),
        ({"languages": None}, ("missing", "languages")),
        ({"languages": [1]}, ("invalid.value", "languages")),
        ({"defaultLanguage": "fr"}, ("invalid.value", "defaultLanguage")),
        ({"messenger": []}, ("invalid.value", "messenger")),
        (
            {"messenger": {"launcherButton": {"visibility": "Maybe"}}},
            ("invalid.value", "messenger.launcherButton.visibility"),
        ),
        ({"authenticationSettings": {"enabled": True}}, ("missing", "authenticationSettings.integrationId")),
        (
            {"authenticationSettings": {"enabled": "yes", "integrationId": "i"}},
            ("invalid.value", "authenticationSettings.enabled"),
        ),
    ],
)
def test_what_is_wrong_in_a_configuration_is_named(
    http: httpx.Client, change: dict[str, Any], wrong: tuple[str, str]
) -> None:
    answer = http.post(CONFIGURATIONS, json={**CONTENT, **change})
    assert outcome(answer) == (400, "bad.request")
    assert {"errorCode": wrong[0], "fieldName": wrong[1]} in answer.json()["details"]


def test_all_that_is_wrong_is_named_at_once(http: httpx.Client) -> None:
    answer = http.post(CONFIGURATIONS, json={"messenger": {"enabled": True}, "position": {"alignment": "Up"}})
    names = [detail["fieldName"] for detail in answer.json()["details"]]
    assert names == ["name", "position.alignment", "languages", "defaultLanguage"]


def test_an_organisation_can_lack_a_feature(emulator: Emulator, http: httpx.Client) -> None:
    emulator.settings.web.features_off = ["messenger.styles"]
    answer = http.post(CONFIGURATIONS, json=CONTENT)
    assert answer.json()["details"] == [
        {"errorCode": "feature is not yet implemented", "fieldName": "messenger.styles"}
    ]


# Who may


@pytest.mark.parametrize(
    ("method", "path", "missing"),
    [
        ("GET", "", "webDeployments:configuration:view"),
        ("POST", "", "webDeployments:configuration:add"),
        ("GET", "/a/versions", "webDeployments:configuration:view"),
        ("GET", "/a/versions/1", "webDeployments:configuration:view"),
        ("GET", "/a/versions/draft", "webDeployments:configuration:view"),
        ("PUT", "/a/versions/draft", "webDeployments:configuration:edit"),
        (
            "POST",
            "/a/versions/draft/publish",
            "webDeployments:configuration:edit, webDeployments:configuration:add",
        ),
        ("DELETE", "/a", "webDeployments:configuration:delete"),
    ],
)
def test_a_missing_permission_is_named(emulator: Emulator, method: str, path: str, missing: str) -> None:
    with sign_in(emulator, "webchat:webchat:write") as http:
        answer = http.request(method, CONFIGURATIONS + path, json={})
    assert outcome(answer) == (403, "missing.permissions")
    assert answer.json()["messageParams"] == {"permissions": missing}


def test_of_the_two_permissions_to_publish_the_missing_one_is_named(emulator: Emulator) -> None:
    entity = emulator.seed_configuration(CONTENT)
    with sign_in(emulator, "webDeployments:configuration:edit") as http:
        answer = http.post(draft_of(entity) + "/publish")
    assert answer.json()["messageParams"] == {"permissions": "webDeployments:configuration:add"}


def test_a_request_without_a_token_is_refused(http: httpx.Client) -> None:
    del http.headers["Authorization"]
    assert outcome(http.get(CONFIGURATIONS)) == (401, "authentication.required")


# Others


def test_a_person_edits_the_draft_and_publishes_it(emulator: Emulator, http: httpx.Client) -> None:
    entity = emulator.seed_configuration(CONTENT)
    emulator.edit(entity, {"messenger": {"styles": {"primaryColor": "#00ff00"}}}, user="Robin")
    draft = http.get(draft_of(entity)).json()
    assert (draft["messenger"]["styles"]["primaryColor"], draft["status"]) == ("#00ff00", "Active")
    assert http.get(f"{CONFIGURATIONS}/{entity}/versions/1").json()["messenger"] == CONTENT["messenger"]
    assert emulator.publish(entity, user="Robin")["version"] == "2"
    assert http.get(f"{CONFIGURATIONS}/{entity}/versions/2").json()["messenger"] == draft["messenger"]


def test_somebody_can_publish_between_my_save_and_my_publish(emulator: Emulator, http: httpx.Client) -> None:
    entity = emulator.seed_configuration(CONTENT)
    emulator.add_fault({"do": "publish", "path": "*/publish", "user": "Robin"})
    http.put(draft_of(entity), json={**CONTENT, "description": "mine"})
    assert http.post(draft_of(entity) + "/publish").json()["version"] == "3"


def test_a_publish_whose_answer_is_lost_has_happened(emulator: Emulator, http: httpx.Client) -> None:
    entity = emulator.seed_configuration(CONTENT)
    emulator.add_fault({"do": "drop", "method": "POST", "when": "after"})
    with pytest.raises(httpx.TransportError):
        http.post(draft_of(entity) + "/publish")
    assert (emulator.requests[-1]["status"], emulator.requests[-1]["committed"]) == (None, True)
    assert http.get(f"{CONFIGURATIONS}/{entity}/versions/2").status_code == 200


def test_a_stale_read_misses_the_last_write(emulator: Emulator, http: httpx.Client) -> None:
    entity = emulator.seed_configuration(CONTENT)
    emulator.edit(entity, {"description": "new"})
    emulator.publish(entity)
    emulator.add_fault({"do": "stale", "times": 3})
    assert "description" not in http.get(draft_of(entity)).json()
    assert len(http.get(f"{CONFIGURATIONS}/{entity}/versions").json()["entities"]) == 1
    assert http.get(f"{CONFIGURATIONS}/{entity}/versions/2").status_code == 404
    assert http.get(f"{CONFIGURATIONS}/{entity}/versions/2").status_code == 200


# Pages


def ids(page: dict[str, Any]) -> list[str]:
    return [one["id"] for one in page["entities"]]


def test_a_list_is_read_by_the_cursor_in_its_next_uri(emulator: Emulator, http: httpx.Client) -> None:
    for number in range(5):
        emulator.seed_configuration(CONTENT, entity=f"c-{number}")
    first = http.get(CONFIGURATIONS, params={"pageSize": 2}).json()
    second = http.get(first["nextUri"]).json()
    third = http.get(second["nextUri"]).json()
    assert [ids(first), ids(second), ids(third)] == [["c-0", "c-1"], ["c-2", "c-3"], ["c-4"]]
    assert [page["total"] for page in (first, second, third)] == [5, 5, 5]
    assert ("previousUri" in first, "nextUri" in third) == (False, False)
    assert ids(http.get(third["previousUri"]).json()) == ["c-2", "c-3"]
    assert {"cursor", "pageNumber", "pageCount"} & set(first) == set()


def test_a_cursor_survives_that_its_object_is_deleted(emulator: Emulator, http: httpx.Client) -> None:
    for number in range(4):
        emulator.seed_configuration(CONTENT, entity=f"c-{number}")
    first = http.get(CONFIGURATIONS, params={"pageSize": 2}).json()
    emulator.delete("c-1")
    assert ids(http.get(first["nextUri"]).json()) == ["c-2", "c-3"]


def test_a_page_holds_300_unless_fewer_are_asked_for(emulator: Emulator, http: httpx.Client) -> None:
    for number in range(301):
        emulator.seed_configuration(CONTENT, entity=f"c-{number}")
    first = http.get(CONFIGURATIONS).json()
    assert (len(first["entities"]), ids(http.get(first["nextUri"]).json())) == (300, ["c-300"])


@pytest.mark.parametrize(
    "query", [{"pageSize": "301"}, {"pageSize": "0"}, {"after": "x"}, {"before": "eA=="}]
)
def test_a_page_that_cannot_be_is_refused(http: httpx.Client, query: dict[str, str]) -> None:
    answer = http.get(CONFIGURATIONS, params=query)
    assert answer.json()["details"] == [{"errorCode": "invalid", "fieldName": next(iter(query))}]


def test_a_cursor_can_repeat_and_a_page_be_late(emulator: Emulator, http: httpx.Client) -> None:
    for number in range(4):
        emulator.seed_configuration(CONTENT, entity=f"c-{number}")
    first = http.get(CONFIGURATIONS, params={"pageSize": 2}).json()
    emulator.add_fault({"do": "duplicate"})
    assert ids(http.get(first["nextUri"]).json()) == ["c-1", "c-2"]
    emulator.add_fault({"do": "repeat-cursor", "times": None})
    last = http.get(first["nextUri"]).json()
    assert (ids(last), last["nextUri"]) == (["c-2", "c-3"], first["nextUri"])
    again = http.get(CONFIGURATIONS, params={"pageSize": 2}).json()
    assert ids(http.get(again["nextUri"]).json()) == ids(again)
