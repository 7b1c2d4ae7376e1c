from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from reconciler.emulator.serve import Emulator

DEPLOYMENTS = "/api/v2/webdeployments/deployments"
CONTENT: dict[str, Any] = {"name": "Look", "messenger": {"enabled": False}}
SITE: dict[str, Any] = {
    "name": "Site",
    "description": "the shop",
    "allowAllDomains": False,
    "allowedDomains": ["example.com"],
    "flow": {"id": "flow-1"},
    "status": "Active",
    "configuration": {"id": "look", "version": "1"},
}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        running.seed_configuration(CONTENT, {**CONTENT, "description": "two"}, entity="look")
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


def outcome(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


# The life of a deployment


def test_a_new_deployment_is_pending_first_and_active_then(http: httpx.Client) -> None:
    answer = http.post(DEPLOYMENTS, json={**SITE, "name": "Other"})
    made = answer.json()
    assert (answer.status_code, made["status"]) == (200, "Pending")
    read = http.get(f"{DEPLOYMENTS}/{made['id']}").json()
    assert (read["status"], read["allowedDomains"], read["flow"]) == (
        "Active",
        ["example.com"],
        {"id": "flow-1"},
    )
    assert (read["configuration"]["id"], read["configuration"]["version"]) == ("look", "1")
    assert "version" not in read
    assert "ETag" not in answer.headers


@pytest.mark.parametrize("status", ["Active", "Inactive"])
def test_a_put_settles_to_the_status_that_it_asks_for(http: httpx.Client, status: str) -> None:
    answer = http.put(f"{DEPLOYMENTS}/site", json={**SITE, "status": status})
    assert (answer.status_code, answer.json()["status"]) == (200, "Pending")
    assert http.get(f"{DEPLOYMENTS}/site").json()["status"] == status


def test_a_status_can_take_reads_to_settle(emulator: Emulator, http: httpx.Client) -> None:
    emulator.settings.web.status_reads = 2
    http.put(f"{DEPLOYMENTS}/site", json={**SITE, "status": "Inactive"})
    seen = [http.get(f"{DEPLOYMENTS}/site").json()["status"] for _ in range(3)]
    assert seen == ["Pending", "Pending", "Inactive"]


def test_the_backend_can_fail(emulator: Emulator, http: httpx.Client) -> None:
    emulator.settings.web.settles_to = "Error"
    http.put(f"{DEPLOYMENTS}/site", json=SITE)
    assert http.get(f"{DEPLOYMENTS}/site").json()["status"] == "Error"


def test_a_put_replaces_everything_and_keeps_what_it_does_not_know(http: httpx.Client) -> None:
    profile = {"id": "profile-1", "name": "Pictures"}
    http.put(
        f"{DEPLOYMENTS}/site",
        json={**SITE, "supportedContent": profile, "pushIntegrations": [{"id": "p"}], "later": 1},
    )
    read = http.get(f"{DEPLOYMENTS}/site").json()
    assert (read["supportedContent"], read["pushIntegrations"], read["later"]) == (profile, [{"id": "p"}], 1)
    http.put(f"{DEPLOYMENTS}/site", json={"name": "Site", "configuration": {"id": "look", "version": "2"}})
    bare = http.get(f"{DEPLOYMENTS}/site").json()
    assert {"description", "flow", "pushIntegrations", "later"} & set(bare) == set()
    assert (bare["supportedContent"]["name"], bare["allowedDomains"]) == ("Default", [])
    assert bare["configuration"]["version"] == "2"


def test_a_put_has_no_precondition_and_so_overwrites_an_edit(emulator: Emulator, http: httpx.Client) -> None:
    """The remote cannot tell; a test against this remote that looks at the store can."""
    seen = http.get(f"{DEPLOYMENTS}/site").json()
    emulator.edit("site", {"allowedDomains": ["example.com", "robin.example"]}, user="Robin")
    answer = http.put(f"{DEPLOYMENTS}/site", json={**seen, "description": "mine"}, headers={"If-Match": "1"})
    assert answer.status_code == 200
    assert http.get(f"{DEPLOYMENTS}/site").json()["allowedDomains"] == ["example.com"]


def test_what_the_server_owns_cannot_be_set(http: httpx.Client) -> None:
    before = http.get(f"{DEPLOYMENTS}/site").json()
    owned = {
        "id": "x",
        "dateCreated": "1999",
        "dateModified": "1999",
        "snippet": "x",
        "lastModifiedUser": {"id": "x"},
    }
    http.put(f"{DEPLOYMENTS}/site", json={**SITE, **owned})
    after = http.get(f"{DEPLOYMENTS}/site").json()
    assert [after[name] for name in ("id", "dateCreated", "snippet")] == [
        before[name] for name in ("id", "dateCreated", "snippet")
    ]
    assert after["dateModified"] > before["dateModified"]


def test_a_write_says_who_made_it(emulator: Emulator, http: httpx.Client) -> None:
    http.put(f"{DEPLOYMENTS}/site", json=SITE)
    assert http.get(f"{DEPLOYMENTS}/site").json()["lastModifiedUser"]["id"] == emulator.client.id
    emulator.edit("site", {"description": "by Robin"}, user="Robin")
    read = http.get(f"{DEPLOYMENTS}/site").json()
    assert (read["description"], read["status"]) == ("by Robin", "Active")
    assert read["lastModifiedUser"]["id"] == emulator.store.web.trail.entries[-1]["user"]["id"]
    assert read["lastModifiedUser"]["id"] != emulator.client.id


def test_publishing_moves_no_deployment(emulator: Emulator, http: httpx.Client) -> None:
    emulator.publish("look")
    assert http.get(f"{DEPLOYMENTS}/site").json()["configuration"]["version"] == "1"


def test_a_deleted_deployment_is_gone_now_or_later(emulator: Emulator, http: httpx.Client) -> None:
    assert http.delete(f"{DEPLOYMENTS}/site").status_code == 204
    assert outcome(http.get(f"{DEPLOYMENTS}/site")) == (404, "not.found")
    entity = emulator.seed_deployment(SITE)
    emulator.settings.web.status_reads = 1
    http.delete(f"{DEPLOYMENTS}/{entity}")
    assert outcome(http.put(f"{DEPLOYMENTS}/{entity}", json=SITE)) == (409, "conflict")
    assert http.get(f"{DEPLOYMENTS}/{entity}").json()["status"] == "Deleting"
    assert http.get(f"{DEPLOYMENTS}/{entity}").status_code == 404


def test_what_is_not_there_is_not_found_whatever_the_body(http: httpx.Client) -> None:
    assert outcome(http.get(f"{DEPLOYMENTS}/nobody")) == (404, "not.found")
    assert outcome(http.put(f"{DEPLOYMENTS}/nobody", json={})) == (404, "not.found")
    assert outcome(http.delete(f"{DEPLOYMENTS}/nobody")) == (404, "not.found")
    assert http.patch(f"{DEPLOYMENTS}/site", json={}).headers["Allow"] == "GET, PUT, DELETE"


def test_a_list_has_whole_deployments_by_cursor(emulator: Emulator, http: httpx.Client) -> None:
    emulator.seed_deployment({**SITE, "id": "second"})
    first = http.get(DEPLOYMENTS, params={"pageSize": 1}).json()
    second = http.get(first["nextUri"]).json()
    assert [one["id"] for one in first["entities"] + second["entities"]] == ["site", "second"]
    assert first["entities"][0] == http.get(f"{DEPLOYMENTS}/site").json()
    assert "nextUri" not in second


def test_the_configuration_can_be_expanded(http: httpx.Client) -> None:
    plain = http.get(DEPLOYMENTS).json()["entities"][0]["configuration"]
    expanded = http.get(DEPLOYMENTS, params={"expand": "Configuration"}).json()["entities"][0][
        "configuration"
    ]
    assert ("messenger" in plain, expanded["messenger"]) == (False, {"enabled": False})
    active = http.get(f"{DEPLOYMENTS}/site/configurations").json()
    assert (active["configurationVersion"]["version"], active["deployment"]["id"]) == ("1", "site")


# What is not documented is a rule


@pytest.mark.parametrize(("rule", "status"), [("reset", "Active"), ("keep", "Inactive")])
def test_a_put_without_a_status(emulator: Emulator, http: httpx.Client, rule: str, status: str) -> None:
    emulator.edit("site", {"status": "Inactive"})
    emulator.settings.web.omitted_status = rule
    http.put(f"{DEPLOYMENTS}/site", json={name: SITE[name] for name in SITE if name != "status"})
    assert http.get(f"{DEPLOYMENTS}/site").json()["status"] == status


def test_a_put_without_a_status_can_be_refused(emulator: Emulator, http: httpx.Client) -> None:
    emulator.settings.web.omitted_status = "refuse"
    answer = http.put(f"{DEPLOYMENTS}/site", json={**SITE, "status": None})
    assert answer.json()["details"] == [{"errorCode": "missing", "fieldName": "status"}]


def test_a_put_can_keep_what_it_leaves_out(emulator: Emulator, http: httpx.Client) -> None:
    emulator.settings.web.omitted_fields = "keep"
    http.put(f"{DEPLOYMENTS}/site", json={"name": "Site", "configuration": SITE["configuration"]})
    read = http.get(f"{DEPLOYMENTS}/site").json()
    assert (read["description"], read["flow"], read["allowedDomains"]) == (
        "the shop",
        {"id": "flow-1"},
        ["example.com"],
    )


def test_a_pending_status_that_comes_back_asks_for_nothing(emulator: Emulator, http: httpx.Client) -> None:
    emulator.settings.web.status_reads = 1
    seen = http.put(f"{DEPLOYMENTS}/site", json=SITE).json()
    http.put(f"{DEPLOYMENTS}/site", json=seen)
    assert [http.get(f"{DEPLOYMENTS}/site").json()["status"] for _ in range(2)] == ["Pending", "Active"]


def test_domains_can_be_lowered_and_sorted(emulator: Emulator, http: httpx.Client) -> None:
    body = {**SITE, "allowedDomains": ["B.example.com", "a.example.com"]}
    http.put(f"{DEPLOYMENTS}/site", json=body)
    assert http.get(f"{DEPLOYMENTS}/site").json()["allowedDomains"] == ["B.example.com", "a.example.com"]
    emulator.settings.update({"web": {"domain_case": "lower", "domain_order": "sort"}})
    http.put(f"{DEPLOYMENTS}/site", json=body)
    assert http.get(f"{DEPLOYMENTS}/site").json()["allowedDomains"] == ["a.example.com", "b.example.com"]


def test_the_date_can_move_when_the_status_settles(emulator: Emulator, http: httpx.Client) -> None:
    emulator.settings.update({"web": {"status_seconds": 0.2, "transition_moves_date": True}})
    written = http.put(f"{DEPLOYMENTS}/site", json=SITE).json()["dateModified"]
    time.sleep(0.2)
    assert http.get(f"{DEPLOYMENTS}/site").json()["dateModified"] > written


# Bodies and permissions


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"name": None}, ("missing", "name")),
        ({"configuration": None}, ("missing", "configuration")),
        ({"configuration": {"id": "look"}}, ("missing", "configuration.version")),
        ({"configuration": {"id": "look", "version": 1}}, ("invalid.value", "configuration.version")),
        ({"configuration": {"id": "nobody", "version": "1"}}, ("not.found", "configuration.id")),
        ({"configuration": {"id": "look", "version": "9"}}, ("not.found", "configuration.version")),
        ({"configuration": {"id": "look", "version": "DRAFT"}}, ("not.found", "configuration.version")),
        ({"allowAllDomains": "yes"}, ("invalid.value", "allowAllDomains")),
        ({"allowAllDomains": True}, ("invalid.value", "allowedDomains")),
        ({"allowedDomains": [1]}, ("invalid.value", "allowedDomains")),
        ({"flow": {}}, ("missing", "flow.id")),
        ({"status": "Deleting"}, ("invalid.value", "status")),
        ({"status": "On"}, ("invalid.value", "status")),
    ],
)
def test_what_is_wrong_in_a_deployment_is_named_and_nothing_is_written(
    http: httpx.Client, change: dict[str, Any], wrong: tuple[str, str]
) -> None:
    before = http.get(f"{DEPLOYMENTS}/site").json()
    for answer in (
        http.put(f"{DEPLOYMENTS}/site", json={**SITE, **change}),
        http.post(DEPLOYMENTS, json={**SITE, **change}),
    ):
        assert outcome(answer) == (400, "bad.request")
        assert {"errorCode": wrong[0], "fieldName": wrong[1]} in answer.json()["details"]
    assert http.get(DEPLOYMENTS).json()["entities"] == [before]


@pytest.mark.parametrize(
    ("rules", "domains"),
    [({"no_domains": "refuse"}, []), ({"domain_grammar": "host"}, ["https://example.com"])],
)
def test_the_server_can_be_strict_about_domains(
    emulator: Emulator, http: httpx.Client, rules: dict[str, str], domains: list[str]
) -> None:
    body = {**SITE, "allowedDomains": domains}
    assert http.put(f"{DEPLOYMENTS}/site", json=body).status_code == 200
    emulator.settings.update({"web": rules})
    answer = http.put(f"{DEPLOYMENTS}/site", json=body)
    assert answer.json()["details"] == [{"errorCode": "invalid.value", "fieldName": "allowedDomains"}]
    assert http.put(f"{DEPLOYMENTS}/site", json=SITE).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "verb"),
    [
        ("GET", "", "view"),
        ("POST", "", "add"),
        ("GET", "/site", "view"),
        ("PUT", "/site", "edit"),
        ("DELETE", "/site", "delete"),
    ],
)
def test_a_missing_permission_is_named(emulator: Emulator, method: str, path: str, verb: str) -> None:
    with sign_in(emulator, "webDeployments:configuration:view") as http:
        answer = http.request(method, DEPLOYMENTS + path, json={})
    assert outcome(answer) == (403, "missing.permissions")
    assert answer.json()["message"].endswith(f"the following permission(s): webDeployments:deployment:{verb}")


# Faults, limits and logs


def test_somebody_can_edit_between_the_read_and_the_put(emulator: Emulator, http: httpx.Client) -> None:
    emulator.add_fault({"do": "edit", "method": "PUT", "patch": {"description": "by Robin"}, "user": "Robin"})
    http.put(f"{DEPLOYMENTS}/site", json={**SITE, "description": "mine"})
    changes = [entry["propertyChanges"][0]["newValues"] for entry in emulator.store.web.trail.entries]
    assert changes == [["by Robin"], ["mine"]]


def test_somebody_can_delete_before_the_put(emulator: Emulator, http: httpx.Client) -> None:
    emulator.add_fault({"do": "delete", "method": "PUT"})
    assert outcome(http.put(f"{DEPLOYMENTS}/site", json=SITE)) == (404, "not.found")


def test_a_read_can_be_stale(emulator: Emulator, http: httpx.Client) -> None:
    emulator.edit("site", {"description": "new"})
    emulator.add_fault({"do": "stale"})
    assert http.get(f"{DEPLOYMENTS}/site").json()["description"] == "the shop"
    assert http.get(f"{DEPLOYMENTS}/site").json()["description"] == "new"


def test_an_answer_can_be_replaced_and_the_request_is_logged(emulator: Emulator, http: httpx.Client) -> None:
    emulator.add_fault({"do": "reply", "method": "PUT", "status": 504, "when": "after"})
    http.put(f"{DEPLOYMENTS}/site", json={**SITE, "description": "landed"})
    assert emulator.store.web.deployments.all["site"].document["description"] == "landed"
    entry = emulator.requests[-1]
    assert (entry["path"], entry["status"], entry["committed"]) == (f"{DEPLOYMENTS}/site", 504, True)


def test_the_rate_limit_holds_here_too(emulator: Emulator, http: httpx.Client) -> None:
    emulator.settings.rate_limit = 1
    answers = [http.get(DEPLOYMENTS) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].json()["code"] == "too.many.requests"
