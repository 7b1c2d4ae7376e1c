from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus
from websockets.typing import Origin

from reconciler.emulator.audit import person
from reconciler.emulator.serve import Emulator

CONTENT: dict[str, Any] = {"name": "Look", "messenger": {"enabled": False}}
GUARDED = {**CONTENT, "authenticationSettings": {"enabled": True, "integrationId": "i"}}
SITE: dict[str, Any] = {
    "id": "site",
    "name": "Site",
    "allowedDomains": ["example.com"],
    "configuration": {"id": "look", "version": "1"},
}
ALLOWED = "https://example.com"
Talk = Callable[[ClientConnection], Awaitable[Any]]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        running.seed_configuration(CONTENT, GUARDED, entity="look")
        running.seed_deployment(SITE)
        yield running


def visit(
    emulator: Emulator,
    talk: Talk | None = None,
    origin: str | None = ALLOWED,
    path: str = "/v1?deploymentId=site",
    patience_seconds: float = 5.0,
) -> Any:
    """Open a guest socket and talk; give what the talk gives, or raise as the client does."""

    async def go() -> Any:
        context = ssl.create_default_context(cafile=emulator.ca_file)
        named = None if origin is None else Origin(origin)
        url = f"wss://webmessaging.example.net{path}"
        way: dict[str, Any] = {"host": "127.0.0.1", "port": emulator.port, "open_timeout": patience_seconds}
        async with connect(url, ssl=context, origin=named, proxy=None, **way) as socket:
            return await talk(socket) if talk else None

    return asyncio.run(go())


def refusal(emulator: Emulator, **asked: Any) -> int:
    with pytest.raises(InvalidStatus) as error:
        visit(emulator, **asked)
    return error.value.response.status_code


async def say(socket: ClientConnection, action: str, **fields: Any) -> dict[str, Any]:
    await socket.send(json.dumps({"action": action, **fields}))
    answer: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), 5))
    return answer


async def configure(socket: ClientConnection) -> dict[str, Any]:
    return await say(socket, "configureSession", deploymentId="site", token="t", tracingId="1")


# The upgrade


@pytest.mark.parametrize(
    "origin", [ALLOWED, "https://shop.example.com", "https://EXAMPLE.com", "example.com"]
)
def test_an_allowed_domain_and_those_below_it_are_accepted(emulator: Emulator, origin: str) -> None:
    visit(emulator, origin=origin)
    (entry,) = emulator.handshakes
    del entry["at"]
    assert entry == {
        "host": "webmessaging.example.net",
        "path": "/v1",
        "origin": origin,
        "status": 101,
        "deployment": "site",
        "said": [],
    }


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://example.com.evil.example",
        "https://notexample.com",
        "http://example.com",
        "null",
        "",
        None,
    ],
)
def test_an_origin_that_is_not_allowed_is_refused_at_the_upgrade(
    emulator: Emulator, origin: str | None
) -> None:
    assert refusal(emulator, origin=origin) == 403


def test_allow_all_domains_accepts_everybody(emulator: Emulator) -> None:
    emulator.edit("site", {"allowAllDomains": True, "allowedDomains": []})
    for origin in ("https://evil.example", None):
        visit(emulator, origin=origin)
    assert [entry["status"] for entry in emulator.handshakes] == [101, 101]


def test_domains_are_those_of_the_live_deployment(emulator: Emulator) -> None:
    emulator.edit("site", {"allowedDomains": ["new.example"]})
    assert refusal(emulator) == 403
    visit(emulator, origin="https://new.example")


def test_while_a_write_is_pending_what_was_before_holds(emulator: Emulator) -> None:
    web = emulator.store.web
    emulator.settings.web.status_seconds = 60
    web.deployments.replace(
        "site", {**SITE, "allowedDomains": ["new.example"]}, emulator.remote.visit(person("Dana"))
    )
    visit(emulator)
    assert refusal(emulator, origin="https://new.example") == 403


@pytest.mark.parametrize("path", ["/v1?deploymentId=nobody", "/v1", "/v1?deploymentId="])
def test_an_unknown_deployment_is_refused_as_the_rule_says(emulator: Emulator, path: str) -> None:
    assert refusal(emulator, path=path) == 403
    emulator.settings.web.unknown_status = 404
    assert refusal(emulator, path=path) == 404


def test_an_inactive_deployment_is_refused_as_the_rule_says(emulator: Emulator) -> None:
    emulator.edit("site", {"status": "Inactive"})
    assert refusal(emulator) == 403
    emulator.settings.web.inactive_status = 503
    assert refusal(emulator) == 503


@pytest.mark.parametrize(
    ("rules", "origin"),
    [({"subdomains": False}, "https://shop.example.com"), ({"bare_origin": False}, "example.com")],
)
def test_who_is_admitted_can_be_stricter(emulator: Emulator, rules: dict[str, bool], origin: str) -> None:
    visit(emulator, origin=origin)
    emulator.settings.update({"web": rules})
    assert refusal(emulator, origin=origin) == 403


def test_who_is_admitted_can_be_laxer(emulator: Emulator) -> None:
    emulator.settings.web.plain_origin = True
    visit(emulator, origin="http://example.com")
    assert refusal(emulator, origin="ftp://example.com") == 403


def test_the_host_can_misbehave_as_every_endpoint(emulator: Emulator) -> None:
    emulator.settings.update({"endpoints": {"webmessaging.example.net": {"do": "accept-everybody"}}})
    visit(emulator, origin="https://evil.example")
    emulator.settings.update({"endpoints": {"webmessaging.example.net": {"do": "answer", "status": 502}}})
    assert refusal(emulator) == 502


def test_an_upgrade_meets_faults(emulator: Emulator) -> None:
    emulator.add_fault({"do": "reply", "method": "UPGRADE", "status": 429, "headers": {"Retry-After": "3"}})
    with pytest.raises(InvalidStatus) as error:
        visit(emulator)
    assert (error.value.response.status_code, error.value.response.headers["Retry-After"]) == (429, "3")
    emulator.add_fault({"do": "drop", "method": "UPGRADE"})
    with pytest.raises((InvalidMessage, ConnectionError)):
        visit(emulator)
    emulator.add_fault({"do": "delay", "method": "UPGRADE", "seconds": 5})
    with pytest.raises(TimeoutError):
        visit(emulator, patience_seconds=0.3)
    emulator.add_fault({"do": "edit", "method": "UPGRADE", "patch": {"allowedDomains": ["new.example"]}})
    assert refusal(emulator) == 403


# What is said


def test_a_probe_configures_echoes_closes_and_leaves_nothing(emulator: Emulator) -> None:
    async def probe(socket: ClientConnection) -> list[dict[str, Any]]:
        session = await configure(socket)
        echo = await say(socket, "echo", token="t", tracingId="2", message={"type": "Text", "text": "ping"})
        over = await say(socket, "closeSession", token="t", closeAllConnections=True)
        await socket.close(1000)
        assert socket.close_code == 1000
        return [session, echo, over]

    session, echo, over = visit(emulator, probe)
    assert (session["type"], session["class"], session["code"]) == ("response", "SessionResponse", 200)
    wanted = ("connected", "newSession", "readOnly", "autoStarted")
    assert [session["body"][name] for name in wanted] == [True, True, False, False]
    assert (echo["type"], echo["class"], echo["code"], echo["tracingId"]) == (
        "message",
        "StructuredMessage",
        200,
        "2",
    )
    assert (echo["body"]["type"], echo["body"]["text"]) == ("Text", "ping")
    assert (over["class"], over["body"]) == ("SessionResponse", {"connected": False, "readOnly": True})
    assert emulator.handshakes[0]["said"] == ["configureSession", "echo", "closeSession"]


def test_a_token_that_comes_again_continues_its_session_until_it_was_closed(emulator: Emulator) -> None:
    async def new(socket: ClientConnection) -> bool:
        return bool((await configure(socket))["body"]["newSession"])

    async def close(socket: ClientConnection) -> None:
        await configure(socket)
        await say(socket, "closeSession", token="t")

    assert [visit(emulator, new), visit(emulator, new)] == [True, False]
    visit(emulator, close)
    assert visit(emulator, new) is True


def test_a_new_session_can_say_that_it_was_started_by_itself(emulator: Emulator) -> None:
    emulator.settings.web.auto_started = True
    assert visit(emulator, configure)["body"]["autoStarted"] is True


def test_a_deployment_with_authentication_refuses_a_guest_as_the_rule_says(emulator: Emulator) -> None:
    emulator.edit("site", {"configuration": {"version": "2"}})
    refused = visit(emulator, configure)
    assert (refused["class"], refused["code"]) == ("string", 403)
    assert refused["body"].startswith("Session authentication failed")
    emulator.settings.web.guest_of_authenticated = "accept"
    assert visit(emulator, configure)["code"] == 200


@pytest.mark.parametrize(
    ("action", "fields", "code"),
    [
        ("configureSession", {"deploymentId": "site"}, 4020),
        ("configureSession", {"deploymentId": "other", "token": "t"}, 400),
        ("configureAuthenticatedSession", {"deploymentId": "site", "token": "t"}, 403),
        ("echo", {"token": "t", "message": {"type": "Text", "text": "ping"}}, 4007),
        ("closeSession", {"token": "t"}, 4007),
        ("getJwt", {"token": "t"}, 4000),
        ("explode", {}, 400),
    ],
)
def test_what_cannot_be_done_is_said_in_a_code(
    emulator: Emulator, action: str, fields: dict[str, Any], code: int
) -> None:
    answer = visit(emulator, lambda socket: say(socket, action, tracingId="9", **fields))
    assert (answer["type"], answer["class"], answer["code"], answer["tracingId"]) == (
        "response",
        "string",
        code,
        "9",
    )


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 20_000])
def test_what_is_no_message_is_answered_and_the_socket_stays(emulator: Emulator, text: str) -> None:
    async def talk(socket: ClientConnection) -> tuple[int, int]:
        await socket.send(text)
        bad = json.loads(await socket.recv())["code"]
        return bad, (await configure(socket))["code"]

    assert visit(emulator, talk) == (400, 200)


def test_the_configuration_can_be_had_without_a_session_or_not(emulator: Emulator) -> None:
    async def ask(socket: ClientConnection) -> dict[str, Any]:
        return await say(socket, "getConfiguration", deploymentId="site", token="t")

    given = visit(emulator, ask)
    assert (given["class"], given["body"]["messageRoutingEnabled"]) == ("GetConfigurationResponse", True)
    emulator.settings.web.configuration_needs_session = True
    assert visit(emulator, ask)["code"] == 4007


def test_another_token_than_the_one_of_the_session_has_none(emulator: Emulator) -> None:
    async def talk(socket: ClientConnection) -> int:
        await configure(socket)
        return int((await say(socket, "echo", token="other", message={}))["code"])

    assert visit(emulator, talk) == 4007


@pytest.mark.parametrize(
    ("everywhere", "results"), [(True, ["ConnectionClosedEvent", 4007]), (False, [None, 200])]
)
def test_closing_everywhere_tells_the_other_sockets_of_the_token(
    emulator: Emulator, everywhere: bool, results: list[object]
) -> None:
    async def two(first: ClientConnection) -> list[object]:
        context = ssl.create_default_context(cafile=emulator.ca_file)
        url = f"wss://127.0.0.1:{emulator.port}/v1?deploymentId=site"
        async with connect(url, ssl=context, origin=Origin(ALLOWED), proxy=None) as second:
            await configure(first)
            await configure(second)
            await say(second, "closeSession", token="t", closeAllConnections=everywhere)
            try:
                told = json.loads(await asyncio.wait_for(first.recv(), 0.5))["class"]
            except TimeoutError:
                told = None
            return [told, (await say(first, "echo", token="t", message={}))["code"]]

    assert visit(emulator, two) == results


# Messages meet faults


def test_a_session_can_be_throttled_for_a_while(emulator: Emulator) -> None:
    throttle = {
        "do": "throttle",
        "method": "MESSAGE",
        "path": "/v1/configureSession",
        "status": 4029,
        "seconds": 3,
    }
    emulator.add_fault(throttle)

    async def twice(socket: ClientConnection) -> list[dict[str, Any]]:
        return [await configure(socket), await configure(socket)]

    first, second = visit(emulator, twice)
    assert (first["class"], first["code"]) == ("TooManyRequestsErrorMessage", 429)
    assert (first["body"]["errorCode"], first["body"]["retryAfter"]) == (4029, 3)
    assert second["code"] == 200


def test_a_message_can_be_answered_otherwise_late_or_not_at_all(emulator: Emulator) -> None:
    at = {"method": "MESSAGE", "path": "/v1/echo"}
    emulator.faults.add({"do": "reply", "body": {"class": "Unknown"}, **at})
    emulator.faults.add({"do": "reply", "body": "not JSON", "after": 1, **at})
    emulator.faults.add({"do": "reply", "after": 2, **at})
    emulator.faults.add({"do": "delay", "seconds": 60, "after": 3, **at})

    async def talk(socket: ClientConnection) -> list[object]:
        heard: list[object] = []
        for _ in range(4):
            await socket.send('{"action": "echo"}')
            try:
                heard.append(await asyncio.wait_for(socket.recv(), 0.3))
            except TimeoutError:
                heard.append(None)
        return heard

    assert visit(emulator, talk) == ['{"class": "Unknown"}', "not JSON", None, None]


@pytest.mark.parametrize(("fault", "code"), [({"do": "close", "status": 1011}, 1011), ({"do": "drop"}, 1006)])
def test_a_message_can_end_the_connection(emulator: Emulator, fault: dict[str, Any], code: int) -> None:
    emulator.add_fault({"method": "MESSAGE", "path": "/v1/configureSession", **fault})

    async def talk(socket: ClientConnection) -> int | None:
        with pytest.raises(ConnectionClosed):
            await configure(socket)
        return socket.close_code

    assert visit(emulator, talk) == code


def test_it_stops_promptly_with_a_guest_on_it() -> None:
    async def stay(socket: ClientConnection) -> None:
        await configure(socket)
        await asyncio.wait_for(asyncio.to_thread(running.__exit__, None, None, None), 3)

    running = Emulator().__enter__()
    running.seed_configuration(CONTENT, entity="look")
    running.seed_deployment(SITE)
    visit(running, stay)
