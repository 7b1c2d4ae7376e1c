"""From a name to a connected socket: resolve once, judge every address, connect to one that was judged.

The name is never resolved a second time, so that an answer that changes in between (DNS rebinding) changes
nothing.
"""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Any, NamedTuple

from reconciler.probe.journey import Stopped
from reconciler.probe.words import connect_words, private_words, resolve_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.probe.rules import Destination

ATTEMPTS = 6
"""Addresses of one name that are tried."""
GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All that IANA has given out for public use; `is_global` alone also lets through what nobody was given."""
NAT64 = IPv6Network("64:ff9b::/96")


class Address(NamedTuple):
    """One address as the resolver gave it."""

    family: int
    sockaddr: tuple[Any, ...]
    """As the socket module gives and takes it; the first part is the literal address."""

    @property
    def host(self) -> str:
        """The literal address."""
        return str(self.sockaddr[0])


def is_public(text: str) -> bool:
    """Say whether a literal address is on the public internet.

    An IPv6 address that stands for an IPv4 address (mapped, NAT64, 6to4) is judged by that one: the packets
    may end there.
    """
    address = ip_address(text)
    if isinstance(address, IPv6Address):
        embedded = _embedded(address)
        if embedded is not None:
            return is_public(str(embedded))
        if address not in GLOBAL_UNICAST:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


class Names:
    """Looks every name of a run up once; its own threads, since in the loop's few all would wait for slow names."""

    def __init__(self, at_once: int) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="resolve")
        self._found: dict[tuple[str, int], asyncio.Future[tuple[Address, ...]]] = {}

    async def look_up(self, host: str, port: int) -> tuple[Address, ...]:
        """Give every address of a name; raises `Stopped`."""
        with suppress(ValueError):
            ip_address(host)
            return _look_up(host, port)  # an address as it is asks nobody
        key = (host, port)
        if key not in self._found:
            asked = asyncio.get_running_loop().run_in_executor(self._threads, _look_up, host, port)
            # Whoever asked may be gone by then.
            asked.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
            self._found[key] = asked
        # One whose time is up takes the answer from none of the others.
        return await asyncio.shield(self._found[key])

    def close(self) -> None:
        """Wait for no answer any more."""
        for asked in self._found.values():
            asked.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)


async def resolve(destination: Destination, names: Names | None = None) -> tuple[Address, ...]:
    """Look the name up, and check every address it has; raises `Stopped`."""
    asked = names or Names(1)
    try:
        addresses = await asked.look_up(destination.host, destination.port)
    finally:
        if names is None:
            asked.close()
    private = () if destination.trusted else [one.host for one in addresses if not is_public(one.host)]
    if private:
        raise Stopped(private_words(destination.host, private[0]))
    return addresses


async def open_connection(addresses: Sequence[Address], deadline: float) -> tuple[socket.socket, str]:
    """Connect to the first address that answers, and name it; raises `Stopped`.

    Each gets an equal share of the time left before `deadline` (of the loop's clock), so that a dead one
    cannot use up the others' time.
    """
    loop = asyncio.get_running_loop()
    tried = addresses[:ATTEMPTS]
    failure = ""
    for number, address in enumerate(tried):
        share = (deadline - loop.time()) / (len(tried) - number)
        try:
            async with asyncio.timeout(share):
                return await _connect(address), address.host
        except OSError as error:
            failure = connect_words(f"{address.host} port {address.sockaddr[1]}", error)
    raise Stopped(
        failure if len(tried) == 1 else f"none of {len(tried)} addresses answers; the last: {failure}"
    )


def _look_up(host: str, port: int) -> tuple[Address, ...]:
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Stopped(resolve_words(host, error)) from error
    return tuple(dict.fromkeys(Address(family, sockaddr) for family, _, _, _, sockaddr in answers))


async def _connect(address: Address) -> socket.socket:
    connection = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        connection.settimeout(0)
        await asyncio.get_running_loop().sock_connect(connection, address.sockaddr)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        connection.close()
        raise
    return connection


def _embedded(address: IPv6Address) -> IPv4Address | None:
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
