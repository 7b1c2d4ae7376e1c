from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.probe.address import Address, is_public, open_connection, resolve
from reconciler.probe.journey import Stopped
from reconciler.probe.rules import Destination


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_a_public_address_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "2002:a9fe:a9fe::",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fe80::1%1",
        "fec0::1",
        "ff02::1",
    ],
)
def test_an_address_that_is_not_on_the_internet_is_not_public(address: str) -> None:
    assert not is_public(address)


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_an_embedded_address_is_judged_as_itself(inner: IPv4Address) -> None:
    high, low = divmod(int(inner), 2**16)
    outer = (f"::ffff:{inner}", f"64:ff9b::{inner}", f"2002:{high:x}:{low:x}::1")
    assert {is_public(address) for address in outer} == {is_public(str(inner))}


def test_a_name_with_one_private_address_is_refused_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("8.8.8.8", "10.0.0.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    with pytest.raises(Stopped, match=r"is at 10\.0\.0\.1, .* add a\.example\.com to RECONCILER_ALLOW_HOSTS"):
        asyncio.run(resolve(Destination("a.example.com", 443, trusted=False)))


def test_a_private_address_that_the_operator_allowed_is_kept() -> None:
    assert asyncio.run(resolve(Destination("127.0.0.1", 443, trusted=True))) == (
        Address(socket.AF_INET, ("127.0.0.1", 443)),
    )


@contextmanager
def listening(host: str = "127.0.0.1", *, port: int = 0, backlog: int = 5) -> Iterator[int]:
    with socket.socket() as server:
        server.bind((host, port))
        server.listen(backlog)
        yield server.getsockname()[1]


@contextmanager
def dead(host: str) -> Iterator[int]:
    """An address that answers no connection: its queue is full, so the kernel drops what comes."""
    with listening(host, backlog=0) as port, socket.socket() as first, socket.socket() as second:
        for client in (first, second):
            client.settimeout(0)
            client.connect_ex((host, port))
        yield port


def connect(*places: tuple[str, int], seconds: float = 5) -> str:
    async def go() -> str:
        addresses = [Address(socket.AF_INET, place) for place in places]
        connected, address = await open_connection(addresses, asyncio.get_running_loop().time() + seconds)
        connected.close()
        return address

    return asyncio.run(go())


def test_the_next_address_is_tried_when_one_refuses() -> None:
    with listening() as port:
        assert connect(("127.0.0.9", port), ("127.0.0.1", port)) == "127.0.0.1"


def test_a_dead_address_leaves_time_for_the_next() -> None:
    with dead("127.0.0.8") as silent, listening() as port:
        assert connect(("127.0.0.8", silent), ("127.0.0.1", port), seconds=0.4) == "127.0.0.1"


def test_dead_addresses_together_take_no_longer_than_the_deadline() -> None:
    with dead("127.0.0.8") as silent:
        began = time.monotonic()
        with pytest.raises(Stopped, match=r"none of 2 addresses .* did not answer"):
            connect(("127.0.0.8", silent), ("127.0.0.8", silent), seconds=0.3)
        assert time.monotonic() - began < 1


def test_only_so_many_addresses_are_tried() -> None:
    with listening() as port, pytest.raises(Stopped, match="none of 6 addresses"):
        connect(*[("127.0.0.9", port)] * 6, ("127.0.0.1", port))
