from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from reconciler.emulator.serve import Emulator


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        running.seed({"id": "a", "name": "A"})
        yield running


@pytest.fixture
def http(emulator: Emulator) -> Iterator[httpx.Client]:
    context = ssl.create_default_context(cafile=emulator.ca_file)
    with httpx.Client(base_url=emulator.url + "/_emulator", verify=context) as client:
        yield client


def test_the_request_log_can_be_read_and_cleared_and_holds_no_control_requests(
    emulator: Emulator, http: httpx.Client
) -> None:
    http.get(emulator.url + "/api/v2/webhooks")
    assert [entry["path"] for entry in http.get("/requests").json()["requests"]] == ["/api/v2/webhooks"]
    http.delete("/requests")
    assert http.get("/requests").json() == {"requests": [], "handshakes": []}


def test_faults_can_be_scheduled_listed_and_cleared(emulator: Emulator, http: httpx.Client) -> None:
    http.post("/faults", json={"do": "reply", "status": 500})
    http.post("/faults", json=[{"do": "drop"}, {"do": "truncate"}])
    assert [fault["do"] for fault in http.get("/faults").json()["faults"]] == ["reply", "drop", "truncate"]
    http.delete("/faults")
    assert emulator.faults.scheduled == []


def test_control_requests_meet_no_fault(http: httpx.Client) -> None:
    http.post("/faults", json={"do": "drop", "times": None})
    assert http.get("/settings").status_code == 200


def test_a_person_can_edit_and_delete_a_channel(emulator: Emulator, http: httpx.Client) -> None:
    edited = http.post("/edit", json={"id": "a", "patch": {"name": "B"}, "user": "Robin"}).json()
    assert edited == {"id": "a", "name": "B", "version": 2}
    assert http.post("/delete", json={"id": "a"}).status_code == 200
    assert [entry["user"]["name"] for entry in emulator.store.audit.entries] == ["Robin", "Dana"]
    assert http.post("/edit", json={"id": "a", "patch": {}}).status_code == 404


def test_the_state_can_be_taken_and_put_back(emulator: Emulator, http: httpx.Client) -> None:
    before = http.get("/state").json()
    emulator.edit("a", {"name": "B"})
    assert http.put("/state", json=before).status_code == 200
    assert http.get("/state").json() == before
    assert before["channels"] == [{"id": "a", "name": "A", "version": 1}]


def test_settings_can_be_read_and_set(emulator: Emulator, http: httpx.Client) -> None:
    assert http.put("/settings", json={"rate_limit": 5}).json()["rate_limit"] == 5
    assert http.get("/settings").json()["rate_limit"] == emulator.settings.rate_limit == 5


def test_another_client_can_be_made_and_all_tokens_expired(emulator: Emulator, http: httpx.Client) -> None:
    made = http.post("/clients", json={"permissions": ["webchat:webchat:read"]}).json()
    form = {"grant_type": "client_credentials"}
    token = http.post(emulator.url + "/oauth/token", auth=(made["id"], made["secret"]), data=form).json()
    channels, headers = (
        emulator.url + "/api/v2/webchat/channels",
        {"Authorization": "Bearer " + token["access_token"]},
    )
    assert http.get(channels, headers=headers).status_code == 200
    http.post("/expire-tokens")
    assert http.get(channels, headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "value", "sentence"),
    [
        ("POST", "/faults", {"do": "explode"}, "do of a fault is one of reply, "),
        ("POST", "/faults", [{"do": "drop"}, 3], "a fault is an object, not 3"),
        ("POST", "/edit", {"id": "a"}, "patch is an object in the object that this takes, not None"),
        ("POST", "/edit", [], "id is a text in the object that this takes, not None"),
        ("POST", "/delete", {"id": 3}, "id is a text in the object that this takes, not 3"),
        ("PUT", "/state", {}, 'a state is a JSON object with "format": 1, not {}'),
        (
            "PUT",
            "/settings",
            {"rate_limit": 0},
            "rate_limit is a whole number from 1, or null for none, not 0",
        ),
        ("PUT", "/settings", 3, "a set of settings is an object, not 3"),
        (
            "POST",
            "/clients",
            {"permissions": "all"},
            "permissions is a list of texts, or null for all, not 'all'",
        ),
    ],
)
def test_bad_input_is_answered_400_with_a_sentence_and_does_nothing(
    emulator: Emulator, http: httpx.Client, method: str, path: str, value: Any, sentence: str
) -> None:
    answer = http.request(method, path, json=value)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(sentence)
    assert emulator.faults.scheduled == []


def test_what_is_no_json_is_answered_400(http: httpx.Client) -> None:
    assert http.post("/edit", content=b"{").status_code == 400


def test_an_unknown_control_request_is_answered_with_the_known_ones(http: httpx.Client) -> None:
    answer = http.get("/nothing")
    assert answer.status_code == 404
    assert "POST /_emulator/expire-tokens" in answer.json()["error"]
