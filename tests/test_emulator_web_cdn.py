from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from reconciler.emulator.serve import Emulator

DEPLOYMENTS = "/api/v2/webdeployments/deployments"
LOOK: dict[str, Any] = {
    "name": "Look",
    "languages": ["en-us"],
    "defaultLanguage": "en-us",
    "messenger": {"enabled": True, "apps": {"conversations": {"autoStart": {"enabled": True}}}},
    "authenticationSettings": {"enabled": True, "integrationId": "i", "allowSessionUpgrade": True},
}
CONTENT: dict[str, Any] = {**LOOK}
SITE: dict[str, Any] = {
    "name": "Site",
    "description": "the shop",
    "allowAllDomains": False,
    "allowedDomains": ["example.com"],
    "flow": {"id": "flow-1"},
    "status": "Active",
    "configuration": {"id": "look", "version": "1"},
}

FILE = "/webdeployments/v1/deployments/site/config.json"


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


@pytest.fixture
def browser(emulator: Emulator) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=emulator.url, verify=ssl.create_default_context(cafile=emulator.ca_file)
    ) as client:
        yield client


def versions(browser: httpx.Client, count: int) -> list[str]:
    return [browser.get(FILE).json()["version"] for _ in range(count)]


def test_the_file_is_public_and_says_what_browsers_need(emulator: Emulator, browser: httpx.Client) -> None:
    answer = browser.get(FILE)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    host = f"127.0.0.1:{emulator.port}"
    assert answer.json() == {
        "id": "site",
        "version": "1",
        "languages": ["en-us"],
        "defaultLanguage": "en-us",
        "status": "Active",
        "auth": {"enabled": True, "allowSessionUpgrade": True},
        "journeyEvents": {"enabled": False},
        "messenger": {
            "enabled": True,
            "apps": {"conversations": {"autoStart": {"enabled": True}, "messagingEndpoint": f"wss://{host}"}},
        },
        "apiEndpoint": f"https://{host}",
    }


def test_it_follows_the_pinned_version_and_the_status(http: httpx.Client, browser: httpx.Client) -> None:
    pinned = {"id": "look", "version": "2"}
    http.put(f"{DEPLOYMENTS}/site", json={**SITE, "configuration": pinned, "status": "Inactive"})
    file = browser.get(FILE).json()
    assert (file["version"], file["status"]) == ("2", "Inactive")


def test_it_can_be_behind_by_reads(emulator: Emulator, browser: httpx.Client) -> None:
    emulator.settings.web.cdn_lag_reads = 2
    emulator.edit("site", {"configuration": {"version": "2"}})
    assert versions(browser, 4) == ["1", "1", "2", "2"]


def test_it_can_be_behind_by_seconds(emulator: Emulator, browser: httpx.Client) -> None:
    emulator.settings.web.cdn_lag_seconds = 0.3
    emulator.edit("site", {"configuration": {"version": "2"}})
    assert versions(browser, 2) == ["1", "1"]
    time.sleep(0.3)
    assert versions(browser, 1) == ["2"]


def test_it_changes_only_when_the_status_has_settled(
    emulator: Emulator, http: httpx.Client, browser: httpx.Client
) -> None:
    emulator.settings.web.status_seconds = 0.3
    http.put(f"{DEPLOYMENTS}/site", json={**SITE, "configuration": {"id": "look", "version": "2"}})
    assert versions(browser, 1) == ["1"]
    time.sleep(0.3)
    assert versions(browser, 1) == ["2"]


def test_publishing_alone_changes_no_file(emulator: Emulator, browser: httpx.Client) -> None:
    emulator.publish("look")
    assert versions(browser, 1) == ["1"]


def test_a_write_that_fails_in_the_backend_changes_no_file(
    emulator: Emulator, http: httpx.Client, browser: httpx.Client
) -> None:
    emulator.settings.web.settles_to = "Error"
    http.put(f"{DEPLOYMENTS}/site", json={**SITE, "configuration": {"id": "look", "version": "2"}})
    assert versions(browser, 1) == ["1"]


def test_the_file_of_a_deployment_that_is_not_there_is_not_found(
    emulator: Emulator, http: httpx.Client, browser: httpx.Client
) -> None:
    assert browser.get(FILE.replace("site", "nobody")).status_code == 404
    http.delete(f"{DEPLOYMENTS}/site")
    assert browser.get(FILE).status_code == 404


def test_a_new_deployment_has_a_file(http: httpx.Client, browser: httpx.Client) -> None:
    entity = http.post(DEPLOYMENTS, json={**SITE, "name": "New"}).json()["id"]
    assert browser.get(FILE.replace("site", entity)).json()["id"] == entity


def test_its_reads_are_logged_meet_faults_and_count_in_no_rate_limit(
    emulator: Emulator, browser: httpx.Client
) -> None:
    emulator.settings.rate_limit = 1
    emulator.add_fault({"do": "reply", "path": "/webdeployments/*", "status": 503})
    assert [browser.get(FILE).status_code for _ in range(3)] == [503, 200, 200]
    assert [(entry["path"], entry["client"], entry["status"]) for entry in emulator.requests] == [
        (FILE, None, 503),
        (FILE, None, 200),
        (FILE, None, 200),
    ]
    assert browser.post(FILE).status_code == 401
