from __future__ import annotations

import copy
import email.utils
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from reconciler.emulator.serve import Emulator
from reconciler.emulator.tokens import OAuthClient

CHANNELS = "/api/v2/webchat/channels"
WEBHOOKS = "/api/v2/webhooks"
AUDIT = "/api/v2/auditlogs"
CHANNEL: dict[str, Any] = {
    "id": "a",
    "name": "A",
    "description": "first",
    "enabled": True,
    "webchatSettings": {
        "webchatUrl": "https://webchat.example.com",
        "corsAllowedOrigins": ["https://app.example.com"],
        "authProviderId": "p",
    },
}
WEBHOOK = {
    "name": "reconciler-health-a",
    "enabled": True,
    "event": "routing:conversation:analytic",
    "address": "https://monitor.example.com/hooks",
    "method": "POST",
    "filter": "channelType:webchat",
    "headers": {},
}
Login = Callable[..., httpx.Client]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        running.seed(CHANNEL)
        yield running


@pytest.fixture
def login(emulator: Emulator) -> Iterator[Login]:
    context = ssl.create_default_context(cafile=emulator.ca_file)
    opened: list[httpx.Client] = []

    def log_in(client: OAuthClient | None = None) -> httpx.Client:
        http = httpx.Client(base_url=emulator.url, verify=context, timeout=5)
        opened.append(http)
        http.headers["Authorization"] = (
            "Bearer " + ask_for_token(http, client or emulator.client).json()["access_token"]
        )
        return http

    yield log_in
    for http in opened:
        http.close()


@pytest.fixture
def http(login: Login) -> httpx.Client:
    return login()


def ask_for_token(http: httpx.Client, client: OAuthClient, secret: str | None = None) -> httpx.Response:
    form = {"grant_type": "client_credentials"}
    return http.post("/oauth/token", auth=(client.id, secret or client.secret), data=form)


def put(http: httpx.Client, body: dict[str, Any], **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return http.put(f"{CHANNELS}/a", json=body, headers=named)


def outcome(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


# Login and tokens


def test_client_credentials_buy_a_token(emulator: Emulator, http: httpx.Client) -> None:
    answer = ask_for_token(http, emulator.client)
    body = answer.json()
    assert (answer.status_code, body["token_type"], body["expires_in"]) == (200, "bearer", 86399)


def test_bad_credentials_are_refused_in_the_words_of_the_login(
    emulator: Emulator, http: httpx.Client
) -> None:
    answer = ask_for_token(http, emulator.client, "wrong")
    assert answer.status_code == 401
    assert answer.json() == {"error": "invalid_client", "description": "client not found or secret invalid"}


def test_another_grant_than_client_credentials_is_refused(emulator: Emulator, http: httpx.Client) -> None:
    who = (emulator.client.id, emulator.client.secret)
    answer = http.post("/oauth/token", auth=who, data={"grant_type": "password"})
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "authentication.required"),
        ("Basic x", "authentication.required"),
        ("Bearer x", "bad.credentials"),
    ],
)
def test_every_path_of_the_api_wants_a_token(
    http: httpx.Client, authorization: str | None, code: str
) -> None:
    del http.headers["Authorization"]
    headers = {"Authorization": authorization} if authorization else {}
    for path in (CHANNELS, f"{CHANNELS}/a", WEBHOOKS, AUDIT, "/api/v2/other"):
        assert outcome(http.get(path, headers=headers)) == (401, code)


def test_a_token_expires(emulator: Emulator, login: Login) -> None:
    emulator.settings.token_seconds = 0.2
    http = login()
    assert http.get(CHANNELS).status_code == 200
    time.sleep(0.2)
    assert outcome(http.get(CHANNELS)) == (401, "bad.credentials")


def test_tokens_can_be_expired_in_mid_run_and_renewed(emulator: Emulator, login: Login) -> None:
    http = login()
    emulator.tokens.expire_all()
    assert http.get(CHANNELS).status_code == 401
    assert login().get(CHANNELS).status_code == 200


def test_a_missing_permission_is_named(emulator: Emulator, login: Login) -> None:
    reader = emulator.tokens.add_client("reader", ["webchat:webchat:read"])
    http = login(reader)
    assert http.get(CHANNELS).status_code == 200
    answer = put(http, {**CHANNEL, "version": 1})
    assert outcome(answer) == (403, "missing.permissions")
    assert answer.json()["message"].endswith("the following permission(s): webchat:webchat:write")
    assert outcome(http.get(WEBHOOKS)) == (403, "missing.permissions")


def test_the_three_permissions_of_the_specification_are_enough(emulator: Emulator, login: Login) -> None:
    enough = ["webchat:webchat:write", "webhook:webhook:write", "auditlog:auditlog:read"]
    http = login(emulator.tokens.add_client("writer", enough))
    statuses = [
        http.get(CHANNELS).status_code,
        put(http, {**CHANNEL, "version": 1}).status_code,
        http.get(WEBHOOKS).status_code,
        http.post(WEBHOOKS, json=WEBHOOK).status_code,
        http.get(AUDIT, params={"filter": "entityId:a"}).status_code,
    ]
    assert statuses == [200, 200, 200, 201, 200]


# Errors and the rate limit


def test_an_error_has_the_vendors_body_and_its_id_in_a_header(http: httpx.Client) -> None:
    answer = http.get(f"{CHANNELS}/nobody")
    body = answer.json()
    assert answer.headers["ININ-Correlation-Id"] == body.pop("contextId")
    assert body == {
        "message": "The requested channel nobody was not found",
        "code": "not.found",
        "status": 404,
        "messageWithParams": "The requested {noun} {id} was not found",
        "messageParams": {"noun": "channel", "id": "nobody"},
        "details": [],
        "errors": [],
    }


def test_an_unknown_path_and_an_unknown_method_have_that_body_too(http: httpx.Client) -> None:
    assert outcome(http.get("/api/v2/webchat")) == (404, "not.found")
    answer = http.patch(f"{CHANNELS}/a", json={})
    assert outcome(answer) == (405, "method.not.allowed")
    assert answer.headers["Allow"] == "GET, PUT, DELETE"


def test_the_rate_limit_is_told_on_every_answer_and_enforced(emulator: Emulator, http: httpx.Client) -> None:
    emulator.settings.rate_limit = 2
    answers = [http.get(CHANNELS) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["inin-ratelimit-count"] for answer in answers] == ["1", "2", "2"]
    assert {answer.headers["inin-ratelimit-allowed"] for answer in answers} == {"2"}
    assert answers[2].json()["code"] == "too.many.requests"
    assert 58 <= int(answers[2].headers["Retry-After"]) <= 60
    assert answers[2].headers["Retry-After"] == answers[2].headers["inin-ratelimit-reset"]


def test_the_rate_limit_slides_on(emulator: Emulator, http: httpx.Client) -> None:
    emulator.settings.update({"rate_limit": 1, "rate_window_seconds": 0.2})
    assert [http.get(CHANNELS).status_code for _ in range(2)] == [200, 429]
    time.sleep(0.2)
    assert http.get(CHANNELS).status_code == 200


def test_retry_after_can_be_a_date(emulator: Emulator, http: httpx.Client) -> None:
    emulator.settings.update({"rate_limit": 1, "retry_after": "date"})
    http.get(CHANNELS)
    when = email.utils.parsedate_to_datetime(http.get(CHANNELS).headers["Retry-After"])
    assert 58 <= when.timestamp() - time.time() <= 61


def test_the_rate_limit_can_be_off(emulator: Emulator, http: httpx.Client) -> None:
    emulator.settings.rate_limit = None
    assert "inin-ratelimit-count" not in http.get(CHANNELS).headers


# Reading channels


def test_250_channels_are_three_pages_of_100(emulator: Emulator, http: httpx.Client) -> None:
    emulator.delete("a")
    emulator.seed(*({**CHANNEL, "id": f"c-{number}"} for number in range(250)))
    pages = [
        http.get(CHANNELS, params={"pageSize": 100, "pageNumber": number}).json() for number in (1, 2, 3, 4)
    ]
    assert [len(page["entities"]) for page in pages] == [100, 100, 50, 0]
    assert {(page["total"], page["pageCount"], page["pageSize"]) for page in pages} == {(250, 3, 100)}
    ids = [channel["id"] for page in pages for channel in page["entities"]]
    assert ids == [f"c-{number}" for number in range(250)]


@pytest.mark.parametrize(
    "query", [{"pageSize": "101"}, {"pageSize": "0"}, {"pageNumber": "-1"}, {"pageNumber": "x"}]
)
def test_a_page_that_cannot_be_is_refused(http: httpx.Client, query: dict[str, str]) -> None:
    answer = http.get(CHANNELS, params=query)
    assert answer.status_code == 400
    assert answer.json()["details"] == [{"errorCode": "invalid", "fieldName": next(iter(query))}]


def test_a_channel_has_its_version_in_body_and_etag(http: httpx.Client) -> None:
    answer = http.get(f"{CHANNELS}/a")
    assert answer.json() == {**CHANNEL, "version": 1}
    assert answer.headers["ETag"] == '"1"'


def test_an_id_is_one_percent_encoded_segment(emulator: Emulator, http: httpx.Client) -> None:
    emulator.seed({**CHANNEL, "id": "b/c ü"})
    assert http.get(f"{CHANNELS}/b%2Fc%20%C3%BC").json()["id"] == "b/c ü"
    assert http.get(f"{CHANNELS}/b/c%20%C3%BC").status_code == 404


# Writing channels


@pytest.mark.parametrize("if_match", ['"1"', "1"])
def test_a_write_that_names_the_live_version_replaces_it(http: httpx.Client, if_match: str) -> None:
    answer = put(http, {**CHANNEL, "name": "B"}, if_match=if_match)
    assert (answer.status_code, answer.json()["version"], answer.headers["ETag"]) == (200, 2, '"2"')
    assert http.get(f"{CHANNELS}/a").json()["name"] == "B"


def test_the_version_may_stand_in_the_body_alone(http: httpx.Client) -> None:
    assert put(http, {**CHANNEL, "version": 1}).status_code == 200


@pytest.mark.parametrize(
    ("in_body", "if_match"),
    [(None, "2"), (None, '"0"'), (None, 'W/"1"'), (None, "undefined"), (2, None), (2, '"1"'), (1, '"2"')],
)
def test_a_version_that_is_not_the_live_one_is_a_conflict(
    emulator: Emulator, http: httpx.Client, in_body: int | None, if_match: str | None
) -> None:
    body = CHANNEL if in_body is None else {**CHANNEL, "version": in_body}
    assert outcome(put(http, body, **({"if_match": if_match} if if_match else {}))) == (
        409,
        "version.conflict",
    )
    assert emulator.store.channels.get("a")["version"] == 1


def test_a_write_that_names_no_version_is_refused(http: httpx.Client) -> None:
    assert outcome(put(http, CHANNEL)) == (428, "precondition.required")
    assert outcome(http.delete(f"{CHANNELS}/a")) == (428, "precondition.required")


def test_a_write_erases_what_it_does_not_carry_and_stores_what_it_does_not_know(
    emulator: Emulator, http: httpx.Client
) -> None:
    emulator.edit("a", {"serverOwned": {"routing": "queue-1"}})
    carried = put(http, {**CHANNEL, "version": 2, "serverOwned": {"routing": "queue-1"}, "new": 1}).json()
    assert (carried["serverOwned"], carried["new"]) == ({"routing": "queue-1"}, 1)
    erased = put(
        http, {name: CHANNEL[name] for name in CHANNEL if name != "description"} | {"version": 3}
    ).json()
    assert {"serverOwned", "description", "new"} & set(erased) == set()


def test_of_many_writers_of_one_version_exactly_one_wins(emulator: Emulator, login: Login) -> None:
    writers = [login() for _ in range(6)]
    with ThreadPoolExecutor(6) as threads:
        bodies = [{**CHANNEL, "name": str(number), "version": 1} for number in range(6)]
        statuses = [answer.status_code for answer in threads.map(put, writers, bodies)]
    assert sorted(statuses) == [200, 409, 409, 409, 409, 409]
    assert emulator.store.channels.get("a")["version"] == 2


def test_a_create_makes_version_1_once(http: httpx.Client) -> None:
    new = {**CHANNEL, "id": "n"}
    answers = [http.put(f"{CHANNELS}/n", json=new, headers={"If-None-Match": "*"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 412]
    assert (answers[0].json()["version"], answers[0].headers["ETag"]) == (1, '"1"')


def test_a_write_to_an_unknown_id_without_creating_is_not_found(http: httpx.Client) -> None:
    answer = http.put(f"{CHANNELS}/n", json={**CHANNEL, "id": "n"}, headers={"If-Match": '"1"'})
    assert outcome(answer) == (404, "not.found")


def test_a_delete_wants_the_live_version(emulator: Emulator, http: httpx.Client) -> None:
    assert outcome(http.delete(f"{CHANNELS}/a", headers={"If-Match": '"9"'})) == (409, "version.conflict")
    assert http.delete(f"{CHANNELS}/a", headers={"If-Match": '"1"'}).status_code == 204
    assert outcome(http.delete(f"{CHANNELS}/a", headers={"If-Match": '"1"'})) == (404, "not.found")
    assert emulator.store.channels.live == {}


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", None, "missing"),
        ("name", "", "invalid"),
        ("enabled", "yes", "invalid"),
        ("webchatSettings", {}, "missing"),
        ("webchatSettings.webchatUrl", None, "missing"),
        ("webchatSettings.corsAllowedOrigins", [], "invalid"),
        ("webchatSettings.corsAllowedOrigins", [1], "invalid"),
        ("webchatSettings.authProviderId", None, "missing"),
    ],
)
def test_a_field_that_is_missing_or_wrong_is_named(
    http: httpx.Client, field: str, value: object, code: str
) -> None:
    body = copy.deepcopy(CHANNEL) | {"version": 1}
    first, _, second = field.partition(".")
    (body[first] if second else body)[second or first] = value
    answer = put(http, body)
    assert answer.status_code == 400
    named = field if field != "webchatSettings" else "webchatSettings.webchatUrl"
    assert {"errorCode": code, "fieldName": named} in answer.json()["details"]


def test_the_id_of_the_body_is_that_of_the_path(http: httpx.Client) -> None:
    answer = put(http, {**CHANNEL, "id": "b", "version": 1})
    assert answer.json()["details"] == [{"errorCode": "invalid", "fieldName": "id"}]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version": NaN}', b"[" * 100_000, b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(http: httpx.Client, content: bytes) -> None:
    headers = {"Content-Type": "application/json", "If-Match": '"1"'}
    assert http.put(f"{CHANNELS}/a", content=content, headers=headers).status_code == 400


def test_a_body_that_does_not_say_it_is_json_is_refused(http: httpx.Client) -> None:
    assert outcome(http.put(f"{CHANNELS}/a", content=b"{}")) == (415, "unsupported.media.type")


def test_a_body_over_one_mib_is_refused(http: httpx.Client) -> None:
    answer = put(http, {**CHANNEL, "description": "x" * 1024 * 1024})
    assert outcome(answer) == (413, "request.entity.too.large")


def test_a_client_that_sends_its_old_body_under_the_new_version_loses_an_edit(
    emulator: Emulator, http: httpx.Client
) -> None:
    """The remote cannot tell; a test against this remote that looks at the store can."""
    emulator.edit("a", {"description": "seen"})
    planned = {**CHANNEL, "description": "seen", "name": "B"}
    emulator.edit("a", {"description": "by Dana"})
    version = 2
    while put(http, planned, if_match=f'"{version}"').status_code == 409:
        version = http.get(f"{CHANNELS}/a").json()["version"]
    assert emulator.store.channels.get("a")["description"] == "seen"
    assert [entry["status"] for entry in emulator.requests if entry["method"] == "PUT"] == [409, 200]


# Webhooks


def test_a_webhook_is_created_once_under_its_name(http: httpx.Client) -> None:
    created, again = (http.post(WEBHOOKS, json=WEBHOOK) for _ in range(2))
    body = created.json()
    assert (created.status_code, body["version"], body["address"]) == (201, 1, WEBHOOK["address"])
    assert outcome(again) == (409, "name.exists")
    assert http.get(WEBHOOKS, params={"pageSize": 100, "pageNumber": 1}).json()["entities"] == [body]


def test_a_webhook_is_replaced_under_its_version(http: httpx.Client) -> None:
    entity = http.post(WEBHOOKS, json=WEBHOOK).json()["id"]
    moved = {**WEBHOOK, "address": "https://monitor.example.com/new"}
    answers = [http.put(f"{WEBHOOKS}/{entity}", json=moved, headers={"If-Match": '"1"'}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 409]
    assert (answers[0].json()["version"], answers[0].json()["address"]) == (2, moved["address"])


def test_a_webhook_without_an_address_is_refused(http: httpx.Client) -> None:
    answer = http.post(WEBHOOKS, json={**WEBHOOK, "address": None})
    assert answer.json()["details"] == [{"errorCode": "missing", "fieldName": "address"}]


# Audit log


def test_the_audit_log_tells_a_persons_edit_from_a_clients_write(
    emulator: Emulator, http: httpx.Client
) -> None:
    emulator.edit(
        "a", {"webchatSettings": {"corsAllowedOrigins": ["https://evil.example.com"]}}, user="Robin"
    )
    put(http, {**CHANNEL, "version": 2})
    page = http.get(AUDIT, params={"filter": "entityId:a"}).json()
    assert [
        (entry["user"]["name"], entry["client"]["id"] == emulator.client.id) for entry in page["entities"]
    ] == [
        ("reconciler", True),
        ("Robin", False),
    ]
    assert page["entities"][1]["propertyChanges"] == [
        {
            "property": "webchatSettings.corsAllowedOrigins",
            "oldValues": ["https://app.example.com"],
            "newValues": ["https://evil.example.com"],
        }
    ]
    assert "nextPageCursor" not in page


def test_the_audit_log_is_read_by_cursor(emulator: Emulator, http: httpx.Client) -> None:
    for number in range(5):
        emulator.edit("a", {"name": str(number)})
    query = {"filter": "entityId:a", "pageSize": "2"}
    names: list[str] = []
    while True:
        page = http.get(AUDIT, params=query).json()
        names += [entry["propertyChanges"][0]["newValues"][0] for entry in page["entities"]]
        if "nextPageCursor" not in page:
            break
        query["cursor"] = page["nextPageCursor"]
    assert names == ["4", "3", "2", "1", "0"]


def test_an_audit_entry_can_take_a_while_to_be_seen(emulator: Emulator, http: httpx.Client) -> None:
    emulator.settings.audit_lag_seconds = 0.3
    emulator.edit("a", {"name": "B"})
    query = {"filter": "entityId:a"}
    assert http.get(AUDIT, params=query).json()["entities"] == []
    time.sleep(0.3)
    assert len(http.get(AUDIT, params=query).json()["entities"]) == 1


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "filter"),
        ({"filter": "userId:a"}, "filter"),
        ({"filter": "entityId:a", "startTime": "yesterday"}, "startTime"),
        ({"filter": "entityId:a", "endTime": "2026-03-01T12:00:00"}, "endTime"),
        ({"filter": "entityId:a", "pageSize": "101"}, "pageSize"),
        ({"filter": "entityId:a", "cursor": "x"}, "cursor"),
    ],
)
def test_a_question_to_the_audit_log_that_cannot_be_is_refused(
    http: httpx.Client, query: dict[str, str], field: str
) -> None:
    answer = http.get(AUDIT, params=query)
    assert answer.json()["details"] == [{"errorCode": "invalid", "fieldName": field}]


# Faults and the request log


def test_an_injected_answer_before_the_commit_commits_nothing(emulator: Emulator, http: httpx.Client) -> None:
    emulator.add_fault(
        {"do": "reply", "method": "PUT", "status": 503, "headers": {"Retry-After": "2"}, "body": {"x": 1}}
    )
    answer = put(http, {**CHANNEL, "version": 1})
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()) == (503, "2", {"x": 1})
    assert emulator.store.channels.get("a")["version"] == 1
    assert put(http, {**CHANNEL, "version": 1}).status_code == 200


def test_an_injected_answer_after_the_commit_hides_that_it_landed(
    emulator: Emulator, http: httpx.Client
) -> None:
    emulator.add_fault(
        {"do": "reply", "method": "PUT", "status": 502, "when": "after", "body": "<h1>Bad gateway</h1>"}
    )
    answer = put(http, {**CHANNEL, "version": 1})
    assert (answer.status_code, answer.text) == (502, "<h1>Bad gateway</h1>")
    assert answer.headers["Content-Type"].startswith("text/html")
    assert emulator.store.channels.get("a")["version"] == 2
    assert [(e["status"], e["committed"]) for e in emulator.requests[1:]] == [(502, True)]


@pytest.mark.parametrize(("when", "version"), [("before", 1), ("after", 2)])
def test_a_connection_can_be_dropped_before_or_after_the_commit(
    emulator: Emulator, http: httpx.Client, when: str, version: int
) -> None:
    emulator.add_fault({"do": "drop", "method": "PUT", "when": when})
    with pytest.raises(httpx.TransportError):
        put(http, {**CHANNEL, "version": 1})
    assert emulator.store.channels.get("a")["version"] == version
    assert (emulator.requests[-1]["status"], emulator.requests[-1]["committed"]) == (None, version == 2)
    assert http.get(f"{CHANNELS}/a").json()["version"] == version


def test_a_body_can_break_off_in_the_middle(emulator: Emulator, http: httpx.Client) -> None:
    emulator.add_fault({"do": "truncate"})
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        http.get(CHANNELS)
    assert http.get(CHANNELS).status_code == 200


def test_an_answer_can_be_late_without_holding_up_others(emulator: Emulator, login: Login) -> None:
    slow, quick = login(), login()
    emulator.add_fault({"do": "delay", "seconds": 5, "method": "PUT", "when": "after"})
    with pytest.raises(httpx.ReadTimeout):
        slow.put(f"{CHANNELS}/a", json={**CHANNEL, "version": 1}, timeout=0.2)
    assert quick.get(f"{CHANNELS}/a").json()["version"] == 2


def test_a_write_whose_client_gave_up_can_land_later(emulator: Emulator, login: Login) -> None:
    slow, quick = login(), login()
    emulator.add_fault({"do": "delay", "seconds": 0.4, "method": "PUT"})
    with pytest.raises(httpx.ReadTimeout):
        slow.put(f"{CHANNELS}/a", json={**CHANNEL, "version": 1}, timeout=0.1)
    assert quick.get(f"{CHANNELS}/a").json()["version"] == 1
    deadline = time.monotonic() + 5
    while emulator.store.channels.get("a")["version"] == 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert quick.get(f"{CHANNELS}/a").json()["version"] == 2


def test_somebody_can_edit_right_before_a_write(emulator: Emulator, http: httpx.Client) -> None:
    emulator.add_fault({"do": "edit", "method": "PUT", "patch": {"description": "by Robin"}, "user": "Robin"})
    assert outcome(put(http, {**CHANNEL, "version": 1})) == (409, "version.conflict")
    assert emulator.store.channels.get("a")["description"] == "by Robin"
    assert emulator.store.audit.entries[-1]["user"]["name"] == "Robin"


def test_somebody_can_delete_right_before_a_write(emulator: Emulator, http: httpx.Client) -> None:
    emulator.add_fault({"do": "delete", "method": "PUT"})
    assert outcome(put(http, {**CHANNEL, "version": 1})) == (404, "not.found")


def test_an_edit_of_what_is_not_there_is_none(emulator: Emulator, http: httpx.Client) -> None:
    emulator.add_fault({"do": "edit", "id": "nobody", "patch": {}})
    assert http.get(CHANNELS).status_code == 200


def test_reads_can_be_stale(emulator: Emulator, http: httpx.Client) -> None:
    emulator.edit("a", {"name": "B"})
    emulator.add_fault({"do": "stale", "times": 2})
    assert http.get(CHANNELS).json()["entities"][0]["version"] == 1
    assert http.get(f"{CHANNELS}/a").headers["ETag"] == '"1"'
    assert http.get(f"{CHANNELS}/a").headers["ETag"] == '"2"'


def test_a_list_can_give_one_channel_twice_and_another_never(emulator: Emulator, http: httpx.Client) -> None:
    emulator.seed(*({**CHANNEL, "id": f"c-{number}"} for number in range(5)))
    emulator.add_fault({"do": "duplicate", "times": None})
    pages = [http.get(CHANNELS, params={"pageSize": 3, "pageNumber": number}).json() for number in (1, 2)]
    assert [channel["id"] for page in pages for channel in page["entities"]] == [
        "a",
        "c-0",
        "c-1",
        "c-1",
        "c-2",
        "c-3",
    ]
    assert {page["total"] for page in pages} == {6}


def test_the_audit_log_can_repeat_its_cursor(emulator: Emulator, http: httpx.Client) -> None:
    emulator.edit("a", {"name": "B"})
    emulator.add_fault({"do": "repeat-cursor", "times": None})
    query = {"filter": "entityId:a"}
    first = http.get(AUDIT, params=query).json()
    second = http.get(AUDIT, params={**query, "cursor": first["nextPageCursor"]}).json()
    assert second == first


def test_the_login_can_misbehave_too(emulator: Emulator, http: httpx.Client) -> None:
    emulator.add_fault({"do": "reply", "path": "/oauth/token", "status": 500})
    assert ask_for_token(http, emulator.client).status_code == 500
    assert ask_for_token(http, emulator.client).status_code == 200


def test_the_request_log_tells_what_was_asked_and_what_became_of_it(
    emulator: Emulator, http: httpx.Client
) -> None:
    emulator.clear()
    put(http, {**CHANNEL, "version": 1}, if_match='"1"')
    http.get(CHANNELS, params={"pageSize": 100})
    wanted = (
        "method",
        "path",
        "query",
        "status",
        "client",
        "if_match",
        "if_none_match",
        "body_version",
        "committed",
    )
    assert [[entry[name] for name in wanted] for entry in emulator.requests] == [
        ["PUT", f"{CHANNELS}/a", {}, 200, emulator.client.id, '"1"', None, 1, True],
        ["GET", CHANNELS, {"pageSize": "100"}, 200, emulator.client.id, None, None, None, False],
    ]
    assert abs(emulator.requests[0]["at"] - time.time()) < 5


def test_answers_come_without_the_delay_of_nagles_algorithm(emulator: Emulator, http: httpx.Client) -> None:
    times = []
    for version in range(1, 6):
        began = time.monotonic()
        assert put(http, {**CHANNEL, "version": version}).status_code == 200
        times.append(time.monotonic() - began)
    # A busy machine may be slow by chance, Nagle's algorithm holds back 40 ms each time.
    assert min(times) < 0.030
