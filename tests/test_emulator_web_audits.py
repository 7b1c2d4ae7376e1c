from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from reconciler.emulator.serve import Emulator

QUERY = "/api/v2/audits/query"
REALTIME = QUERY + "/realtime"
DEPLOYMENTS = "/api/v2/webdeployments/deployments"
CONFIGURATIONS = "/api/v2/webdeployments/configurations"
CONTENT: dict[str, Any] = {"name": "Look", "messenger": {"enabled": False}}
SITE: dict[str, Any] = {
    "name": "Site",
    "allowedDomains": ["example.com"],
    "configuration": {"id": "look", "version": "1"},
}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        running.seed_configuration(CONTENT, entity="look")
        running.seed_deployment({"id": "site", **SITE})
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


def interval(days: float = 1) -> str:
    now = datetime.now(UTC)
    return f"{(now - timedelta(days=days)).isoformat()}/{(now + timedelta(minutes=1)).isoformat()}"


def a_question(**fields: Any) -> dict[str, Any]:
    return {"interval": interval(), "serviceName": "WebDeployments", **fields}


def about(entity: str) -> list[dict[str, str]]:
    return [{"property": "EntityId", "value": entity}]


def answer(http: httpx.Client, question: dict[str, Any], **query: Any) -> list[dict[str, Any]]:
    """Ask, wait, and read all pages."""
    entity = http.post(QUERY, json=question).json()["id"]
    while http.get(f"{QUERY}/{entity}").json()["state"] != "Succeeded":
        pass
    entries: list[dict[str, Any]] = []
    while True:
        page = http.get(f"{QUERY}/{entity}/results", params=query).json()
        entries += page["entities"]
        if "cursor" not in page:
            return entries
        query["cursor"] = page["cursor"]


def test_a_question_is_asked_waited_for_and_read(emulator: Emulator, http: httpx.Client) -> None:
    emulator.settings.web.audit_query_reads = 2
    emulator.edit("site", {"description": "new"}, user="Robin")
    asked = http.post(QUERY, json=a_question()).json()
    assert asked["state"] == "Queued"
    results = f"{QUERY}/{asked['id']}/results"
    assert http.get(results).status_code == 400
    assert [http.get(f"{QUERY}/{asked['id']}").json()["state"] for _ in range(3)] == [
        "Queued",
        "Running",
        "Succeeded",
    ]
    page = http.get(results).json()
    assert (page["id"], page["pageSize"], len(page["entities"])) == (asked["id"], 25, 1)


def test_a_persons_edit_and_a_clients_write_are_told_apart(emulator: Emulator, http: httpx.Client) -> None:
    emulator.edit("site", {"allowedDomains": ["example.com", "robin.example"]}, user="Robin")
    http.put(f"{DEPLOYMENTS}/site", json={**SITE, "allowAllDomains": False})
    ours, robins = answer(http, a_question(filters=about("site")), expand="user")
    assert (ours["client"]["id"], ours["user"]["name"]) == (emulator.client.id, "reconciler")
    assert (robins["client"]["id"] == emulator.client.id, robins["user"]["name"]) == (False, "Robin")
    assert [robins[name] for name in ("serviceName", "entityType", "action", "entity", "status")] == [
        "WebDeployments",
        "Deployment",
        "Update",
        {"id": "site", "name": "Site"},
        "SUCCESS",
    ]
    assert robins["propertyChanges"] == [
        {
            "property": "allowedDomains",
            "oldValues": ["example.com"],
            "newValues": ["example.com", "robin.example"],
        }
    ]


def test_values_are_texts_or_as_they_are(emulator: Emulator, http: httpx.Client) -> None:
    emulator.edit("look", {"messenger": {"enabled": True}})
    emulator.settings.web.audit_values = "json"
    emulator.edit("look", {"messenger": {"enabled": False}})
    changes = [entry["propertyChanges"] for entry in answer(http, a_question())]
    assert changes == [
        [{"property": "messenger.enabled", "oldValues": [True], "newValues": [False]}],
        [{"property": "messenger.enabled", "oldValues": ["false"], "newValues": ["true"]}],
    ]


def test_the_life_of_a_configuration_leaves_a_trail(http: httpx.Client) -> None:
    entity = http.post(CONFIGURATIONS, json=CONTENT).json()["id"]
    http.put(f"{CONFIGURATIONS}/{entity}/versions/draft", json={**CONTENT, "description": "new"})
    http.post(f"{CONFIGURATIONS}/{entity}/versions/draft/publish")
    http.delete(f"{CONFIGURATIONS}/{entity}")
    order = [{"name": "Timestamp", "sortOrder": "ascending"}]
    entries = answer(http, a_question(filters=about(entity), sort=order))
    assert [(entry["entityType"], entry["action"]) for entry in entries] == [
        ("Configuration", "Create"),
        ("ConfigurationVersion", "Save"),
        ("ConfigurationVersion", "Publish"),
        ("Configuration", "Delete"),
    ]
    assert entries[2]["context"] == {"version": "1"}


def test_the_words_of_a_deed_and_the_user_of_a_client_can_be_others(
    emulator: Emulator, http: httpx.Client
) -> None:
    words = {"deployment-update": ["WebDeployment", "Edit"]}
    emulator.settings.update({"web": {"audit_words": words, "audit_client_user": False}})
    http.put(f"{DEPLOYMENTS}/site", json=SITE)
    (entry,) = answer(http, a_question())
    assert (entry["entityType"], entry["action"], "user" in entry) == ("WebDeployment", "Edit", False)


def test_a_users_name_goes_out_only_when_asked_for(emulator: Emulator, http: httpx.Client) -> None:
    emulator.edit("site", {"description": "new"}, user="Robin")
    assert list(answer(http, a_question())[0]["user"]) == ["id"]
    assert answer(http, a_question(), expand="user")[0]["user"]["name"] == "Robin"


def test_results_are_read_by_cursor(emulator: Emulator, http: httpx.Client) -> None:
    for number in range(5):
        emulator.edit("site", {"description": str(number)})
    entries = answer(http, a_question(), pageSize=2)
    assert [entry["propertyChanges"][0]["newValues"] for entry in entries] == [
        ["4"],
        ["3"],
        ["2"],
        ["1"],
        ["0"],
    ]


def test_a_cursor_can_repeat(emulator: Emulator, http: httpx.Client) -> None:
    emulator.edit("site", {"description": "new"})
    emulator.settings.web.audit_query_reads = 0
    emulator.add_fault({"do": "repeat-cursor", "times": None})
    results = f"{QUERY}/{http.post(QUERY, json=a_question()).json()['id']}/results"
    first = http.get(results).json()
    assert http.get(results, params={"cursor": first["cursor"]}).json() == first


@pytest.mark.parametrize(
    ("name", "value", "count"),
    [
        ("EntityId", "site", 1),
        ("EntityId", "nobody", 0),
        ("EntityType", "Deployment", 1),
        ("Action", "Save", 1),
        ("ClientId", "nobody", 0),
        ("UserId", "nobody", 0),
    ],
)
def test_filters_choose(emulator: Emulator, http: httpx.Client, name: str, value: str, count: int) -> None:
    emulator.edit("site", {"description": "new"})
    emulator.edit("look", {"description": "new"})
    assert len(answer(http, a_question(filters=[{"property": name, "value": value}]))) == count


def test_another_service_and_another_time_have_no_such_entries(
    emulator: Emulator, http: httpx.Client
) -> None:
    emulator.edit("site", {"description": "new"})
    assert answer(http, a_question(serviceName="Triggers")) == []
    assert answer(http, a_question(interval="2020-01-01T00:00:00Z/2020-01-02T00:00:00Z")) == []
    assert len(answer(http, a_question())) == 1


def test_an_entry_can_take_a_while_to_be_seen(emulator: Emulator, http: httpx.Client) -> None:
    emulator.settings.audit_lag_seconds = 0.5
    emulator.edit("site", {"description": "new"})
    assert answer(http, a_question()) == []
    time.sleep(0.5)
    assert len(answer(http, a_question())) == 1


@pytest.mark.parametrize("state", ["Failed", "Cancelled"])
def test_a_query_can_fail(emulator: Emulator, http: httpx.Client, state: str) -> None:
    emulator.settings.update({"web": {"audit_query_state": state, "audit_query_reads": 0}})
    entity = http.post(QUERY, json=a_question()).json()["id"]
    assert http.get(f"{QUERY}/{entity}").json()["state"] == state
    assert http.get(f"{QUERY}/{entity}/results").status_code == 400


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"serviceName": None}, "serviceName"),
        ({"interval": "yesterday"}, "interval"),
        ({"interval": "2026-01-02T00:00:00Z/2026-01-01T00:00:00Z"}, "interval"),
        ({"interval": "2026-01-01T00:00:00Z/2026-03-01T00:00:00Z"}, "interval"),
        ({"filters": [{"property": "Name", "value": "x"}]}, "filters"),
        ({"sort": [{"name": "Name"}]}, "sort"),
    ],
)
def test_a_question_that_cannot_be_is_refused(http: httpx.Client, fields: dict[str, Any], name: str) -> None:
    answered = http.post(QUERY, json=a_question(**fields))
    assert answered.status_code == 400
    assert answered.json()["details"][0]["fieldName"] == name


def test_the_longest_interval_is_a_rule(emulator: Emulator, http: httpx.Client) -> None:
    assert http.post(QUERY, json=a_question(interval=interval(40))).status_code == 400
    emulator.settings.web.audit_most_days = None
    assert http.post(QUERY, json=a_question(interval=interval(40))).status_code == 200


def test_what_was_never_asked_is_not_found_and_a_foreign_cursor_refused(
    emulator: Emulator, http: httpx.Client
) -> None:
    assert http.get(f"{QUERY}/nobody").status_code == 404
    emulator.settings.web.audit_query_reads = 0
    results = f"{QUERY}/{http.post(QUERY, json=a_question()).json()['id']}/results"
    assert http.get(results, params={"cursor": "x"}).json()["details"][0]["fieldName"] == "cursor"


# The realtime query


def test_the_realtime_query_answers_at_once_by_number(emulator: Emulator, http: httpx.Client) -> None:
    for number in range(3):
        emulator.edit("site", {"description": str(number)}, user="Robin")
    page = http.post(REALTIME, json=a_question(pageSize=2, pageNumber=2), params={"expand": "user"}).json()
    (entry,) = page.pop("entities")
    assert page == {"pageSize": 2, "pageNumber": 2, "total": 3, "pageCount": 2}
    assert (entry["propertyChanges"][0]["newValues"], entry["user"]["name"]) == (["0"], "Robin")


def test_the_realtime_query_knows_14_days_and_maybe_not_this_service(
    emulator: Emulator, http: httpx.Client
) -> None:
    assert http.post(REALTIME, json=a_question(interval=interval(14))).status_code == 200
    assert http.post(REALTIME, json=a_question(interval=interval(15))).status_code == 400
    emulator.settings.web.audit_realtime = False
    assert http.post(REALTIME, json=a_question()).json()["details"][0]["fieldName"] == "serviceName"
    assert http.get(REALTIME + "/servicemapping").json() == {"services": []}


def test_the_service_mapping_has_the_words(http: httpx.Client) -> None:
    for path in (QUERY, REALTIME):
        (service,) = http.get(path + "/servicemapping").json()["services"]
        names = [entity["name"] for entity in service["entities"]]
        assert (service["name"], names) == (
            "WebDeployments",
            ["Configuration", "ConfigurationVersion", "Deployment"],
        )


@pytest.mark.parametrize(
    ("method", "path"), [("POST", ""), ("GET", "/x"), ("GET", "/x/results"), ("POST", "/realtime")]
)
def test_the_audits_want_their_permission(emulator: Emulator, method: str, path: str) -> None:
    with sign_in(emulator, "auditlog:auditlog:read") as http:
        answered = http.request(method, QUERY + path, json={})
    assert answered.status_code == 403
    assert answered.json()["messageParams"] == {"permissions": "audits:audit:view"}


def test_the_audit_log_of_the_channels_has_none_of_it(emulator: Emulator, http: httpx.Client) -> None:
    emulator.edit("site", {"description": "new"})
    assert http.get("/api/v2/auditlogs", params={"filter": "entityId:site"}).json()["entities"] == []
