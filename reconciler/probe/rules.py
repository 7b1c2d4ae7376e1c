"""What the operator allows and bounds: private hosts, addresses to use instead, seconds, how many at once.

Nothing here contacts anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address
from typing import TYPE_CHECKING, NamedTuple

from reconciler.report.escape import shown

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.regions import Hosts

LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
HOST = rf"{LABEL}(?:\.{LABEL})*|\[[0-9a-f:.]+\]"
URL = re.compile(rf"wss://(?P<host>{HOST})(?::(?P<port>[0-9]{{1,5}}))?(?P<path>/[!\"$-~]*)?", re.IGNORECASE)
ORIGIN = re.compile(r"[!-~]{1,300}")
CONNECT_TO = re.compile(
    rf"(?P<host>(?:{HOST})?):(?P<port>[0-9]{{0,5}}):(?P<address>(?:{HOST})?):(?P<address_port>[0-9]{{0,5}})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ConnectTo:
    """Where the operator leads a host: None on the left matches any, on the right keeps what was asked."""

    host: str | None
    port: int | None
    address: str | None
    """A name or a literal address, without brackets."""
    address_port: int | None


@dataclass(frozen=True, slots=True)
class ProbeRules:
    """What probes of one run may do, and how long."""

    allow_hosts: tuple[str, ...] = ()
    """`host` or `host:port` that may have a private address."""
    connect_to: tuple[ConnectTo, ...] = ()
    """The first entry that matches wins."""
    ca_file: Path | None = None
    """Trusted instead of the system's certificate authorities."""
    tls_floor: str = "1.2"
    """The lowest TLS version that an endpoint may negotiate with us, `1.2` or `1.3`."""
    phase_seconds: float = 10.0
    """The most that each of resolve, connect, tls and upgrade may take."""
    quiet_seconds: float = 0.2
    """How long an opened channel must stay open to count as accepted."""
    cdn_seconds: float = 15.0
    """How long the CDN may go on serving what was pinned before."""
    hosts: Hosts | None = None
    """Where deployments are served; None where no file has one."""
    guests_enter: bool = True
    """Whether a guest may get a session where visitors must sign in: the vendor's papers do not say."""
    concurrency: int = 32
    """Probes at once; more would wait for each other and measure that."""


class Destination(NamedTuple):
    """Where to connect."""

    host: str
    port: int
    trusted: bool
    """Whether the operator allowed it to be private."""


def parse_connect_to(text: str) -> tuple[ConnectTo, ...]:
    """Read comma-separated `host:port:address:port`, each part as in curl's `--connect-to`.

    Raises `ValueError` with a sentence that names the entry.
    """
    return tuple(_parse_entry(entry.strip()) for entry in text.split(",") if entry.strip())


def parse_endpoint(url: str) -> tuple[str, int]:
    """Read host (lower case, without brackets) and port of a `wss://` URL.

    Raises `ValueError` with a sentence: whatever is not plainly a `wss` address is never contacted.
    """
    match = URL.fullmatch(url)
    if match is None or not _is_host(match["host"]):
        message = f'"{shown(url)}" cannot be probed; wss://host or wss://host:port, and a path, is allowed'
        raise ValueError(message)
    return _plain(match["host"]), _port(match["port"] or "443", url)


def require_origin(origin: str) -> None:
    """Raise `ValueError` for an origin that cannot stand in a header."""
    if not ORIGIN.fullmatch(origin):
        message = f'the origin "{shown(origin)}" cannot be sent; it must be visible ASCII on one line'
        raise ValueError(message)


def choose_destination(host: str, port: int, rules: ProbeRules) -> Destination:
    """Say where to connect for `host:port`: where the operator leads it, else there."""
    for entry in rules.connect_to:
        if entry.host in (None, host) and entry.port in (None, port):
            return Destination(
                entry.address or host,
                entry.address_port or port,
                # An entry that only moves the port says nothing about the address.
                trusted=entry.address is not None or is_allowed(host, port, rules.allow_hosts),
            )
    return Destination(host, port, trusted=is_allowed(host, port, rules.allow_hosts))


def is_allowed(host: str, port: int, allow_hosts: tuple[str, ...]) -> bool:
    """Say whether the operator allows this host to have an address that is not public."""
    name = f"[{host}]" if ":" in host else host
    return any(entry.lower() in (name, f"{name}:{port}") for entry in allow_hosts)


def _parse_entry(entry: str) -> ConnectTo:
    match = CONNECT_TO.fullmatch(entry)
    if match is None or not (_is_host(match["host"]) and _is_host(match["address"])):
        message = (
            f'connect-to entry "{shown(entry)}" is not host:port:address:port;'
            " parts may be empty, and IPv6 addresses stand in brackets"
        )
        raise ValueError(message)
    return ConnectTo(
        host=_plain(match["host"]) or None,
        port=_port(match["port"], entry) if match["port"] else None,
        address=_plain(match["address"]) or None,
        address_port=_port(match["address_port"], entry) if match["address_port"] else None,
    )


def _is_host(text: str) -> bool:
    """Tell a real address in brackets from a wrong one; anything else is a host by its grammar."""
    if not text.startswith("["):
        return True
    try:
        IPv6Address(_plain(text))
    except AddressValueError:
        return False
    return True


def _plain(host: str) -> str:
    return host.lower().removeprefix("[").removesuffix("]")


def _port(digits: str, where: str) -> int:
    if not 1 <= int(digits) <= 65_535:
        message = f'"{shown(where)}" has the port {digits}; 1 to 65535 is allowed'
        raise ValueError(message)
    return int(digits)
