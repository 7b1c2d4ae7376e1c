from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError, InvalidMessage, InvalidStatus
from websockets.typing import Origin

from reconciler.emulator.endpoint import admission, endpoint_address
from reconciler.emulator.serve import Emulator

APP = "https://app.example.com"


def a_channel(url: str = "https://webchat.example.com/eu", **fields: Any) -> dict[str, Any]:
    settings = {"webchatUrl": url, "corsAllowedOrigins": [APP]}
    return {"id": "a", "enabled": True, "webchatSettings": settings, **fields}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        running.seed(a_channel())
        yield running


def upgrade(
    emulator: Emulator,
    origin: str | None = APP,
    url: str = "wss://webchat.example.com/eu/webchat",
    stay_seconds: float = 0.0,
    patience_seconds: float = 5.0,
) -> int:
    """Open a WebSocket, say something, stay a little; give the status, or raise as the client does."""

    async def go() -> int:
        context = ssl.create_default_context(cafile=emulator.ca_file)
        named = None if origin is None else Origin(origin)
        way: dict[str, Any] = {"host": "127.0.0.1", "port": emulator.port, "open_timeout": patience_seconds}
        async with connect(url, ssl=context, origin=named, proxy=None, **way) as socket:
            await socket.send("hello")
            await (await socket.ping())
            await asyncio.wait([asyncio.ensure_future(socket.wait_closed())], timeout=stay_seconds)
            await socket.ping()
            return socket.response.status_code if socket.response else 0

    return asyncio.run(go())


def refusal(emulator: Emulator, **asked: Any) -> int:
    with pytest.raises(InvalidStatus) as error:
        upgrade(emulator, **asked)
    return error.value.response.status_code


def test_an_allowed_origin_is_accepted_and_the_connection_stays_open(emulator: Emulator) -> None:
    assert upgrade(emulator, stay_seconds=0.2) == 101
    (entry,) = emulator.handshakes
    del entry["at"]
    assert entry == {"host": "webchat.example.com", "path": "/eu/webchat", "origin": APP, "status": 101}


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example.com",
        "https://app.example.com.evil.com",
        "http://app.example.com",
        "https://APP.example.com",
        None,
    ],
)
def test_an_origin_that_is_not_listed_is_refused_at_the_upgrade(
    emulator: Emulator, origin: str | None
) -> None:
    assert refusal(emulator, origin=origin) == 403


@pytest.mark.parametrize(
    "url",
    [
        "wss://webchat.example.com/webchat",
        "wss://webchat.example.com/eu",
        "wss://other.example.com/eu/webchat",
        "wss://webchat.example.com:8443/eu/webchat",
    ],
)
def test_a_place_where_no_channel_is_is_not_found(emulator: Emulator, url: str) -> None:
    assert refusal(emulator, url=url) == 404


def test_a_disabled_channel_is_not_found(emulator: Emulator) -> None:
    emulator.edit("a", {"enabled": False})
    assert refusal(emulator) == 404


def test_origins_are_those_of_the_live_channel(emulator: Emulator) -> None:
    emulator.edit("a", {"webchatSettings": {"corsAllowedOrigins": ["https://new.example.com"]}})
    assert refusal(emulator) == 403
    assert upgrade(emulator, origin="https://new.example.com") == 101


def test_a_channel_on_the_remotes_own_port_is_found(emulator: Emulator) -> None:
    emulator.seed(a_channel(f"https://localhost:{emulator.port}/"))
    assert upgrade(emulator, url=f"wss://localhost:{emulator.port}/webchat") == 101


def misbehave(emulator: Emulator, **order: Any) -> None:
    emulator.settings.update({"endpoints": {"webchat.example.com": order}})


def test_an_endpoint_can_close_right_after_opening(emulator: Emulator) -> None:
    misbehave(emulator, do="close", code=4001)
    with pytest.raises(ConnectionClosedError) as error:
        upgrade(emulator, stay_seconds=1)
    assert error.value.rcvd is not None
    assert error.value.rcvd.code == 4001


def test_an_endpoint_that_closes_still_refuses_whom_it_must(emulator: Emulator) -> None:
    misbehave(emulator, do="close")
    assert refusal(emulator, origin="https://evil.example.com") == 403


def test_an_endpoint_can_answer_a_status(emulator: Emulator) -> None:
    misbehave(emulator, do="answer", status=502)
    assert refusal(emulator) == 502


def test_an_endpoint_can_keep_silent(emulator: Emulator) -> None:
    misbehave(emulator, do="silence")
    with pytest.raises(TimeoutError):
        upgrade(emulator, patience_seconds=0.3)
    assert emulator.handshakes[0]["status"] is None


def test_an_endpoint_can_drop_the_connection(emulator: Emulator) -> None:
    misbehave(emulator, do="drop")
    with pytest.raises((InvalidMessage, ConnectionError)):
        upgrade(emulator)


def test_an_endpoint_can_accept_everybody(emulator: Emulator) -> None:
    misbehave(emulator, do="accept-everybody")
    assert upgrade(emulator, origin="https://evil.example.com") == 101


def test_only_the_named_host_misbehaves(emulator: Emulator) -> None:
    emulator.seed(a_channel("https://other.example.com", id="b"))
    misbehave(emulator, do="answer")
    assert upgrade(emulator, url="wss://other.example.com/webchat") == 101


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://Webchat.example.com", ("webchat.example.com", 443, "/webchat")),
        ("https://webchat.example.com:8443/a/b/", ("webchat.example.com", 8443, "/a/b/webchat")),
        ("https://webchat.example.com:x", None),
    ],
)
def test_the_address_of_an_endpoint_is_the_url_and_webchat(url: str, address: object) -> None:
    assert endpoint_address(a_channel(url)) == address


def test_of_two_channels_at_one_address_either_may_allow_the_origin() -> None:
    other = a_channel(
        webchatSettings={
            "webchatUrl": "https://webchat.example.com/eu",
            "corsAllowedOrigins": ["https://b.example.com"],
        }
    )
    asked = ("webchat.example.com", 443, "/eu/webchat")
    assert [
        admission([a_channel(), other], asked, origin) for origin in (APP, "https://b.example.com", None)
    ] == [101, 101, 403]
