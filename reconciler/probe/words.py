"""How text that others control is shown, and the sentences about answers; nothing here contacts anything."""

from __future__ import annotations

import errno
import socket

from reconciler.report.escape import shown

STATUS_HINTS = {
    200: "it serves an ordinary page there, not a WebSocket; check the path of the channel's URL",
    401: "it asks for a login before it looks at the origin",
    403: "the origin is not among those it allows, or the change has not arrived there yet",
    404: "there is no endpoint at this path; check the channel's URL, and whether the channel exists",
    426: "it wants another WebSocket version or protocol; check what stands in front of it",
    429: "it turns away too many connections; probe again later, or fewer at once",
    502: "what stands in front of it cannot reach it; check the load balancer",
    503: "it is overloaded or down; probe again later",
    504: "what stands in front of it got no answer; check the load balancer",
}


def status_words(status: int, location: str | None) -> str:
    """Say what an HTTP status in answer to the upgrade means, and what to do."""
    if 300 <= status < 400:
        to = f' to "{shown(location)}"' if location else ""
        return (
            f"it answers HTTP {status}, a redirect{to}, which is not followed; name the final address instead"
        )
    hint = STATUS_HINTS.get(
        status, "it does not open a WebSocket there; check the path, and the server's log"
    )
    return f"it answers HTTP {status}: {hint}"


def overdue_words(phase: str, host: str, seconds: float) -> str:
    """Say which phase did not end in time."""
    within = f"within {seconds:g} s"
    return {
        "resolve": f"DNS gave no answer for {host} {within}; check the resolver",
        "connect": f"{host} did not answer to the TCP connection {within}; check the firewall and the route",
        "tls": f"{host} took the connection but did not finish the TLS handshake {within};"
        " check that the port speaks TLS",
        "serve": f"{host} did not serve the deployment's file {within}; check the network, and try again",
        "session": f"{host} opened the channel, and did not answer the guest session {within};"
        " check the deployment's status, and try again",
        "upgrade": f"{host} did not finish its answer to the WebSocket upgrade {within};"
        " check the service behind the load balancer",
    }[phase]


def resolve_words(host: str, error: OSError | UnicodeError) -> str:
    """Say why a name gave no address."""
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return f"DNS cannot say at the moment where {host} is; check the resolver, and try again"
    return f"DNS knows no address of {host}; check the host name, and that its record is published"


def private_words(host: str, address: str) -> str:
    """Say why a name is not contacted, and who may allow it."""
    return (
        f"{host} is at {address}, which is not a public address, so nothing was sent;"
        f" if it may be probed, add {host} to RECONCILER_ALLOW_HOSTS"
    )


def connect_words(place: str, error: OSError) -> str:
    """Say why an address took no connection."""
    if isinstance(error, ConnectionRefusedError):
        return f"{place} refused the TCP connection; nothing listens there, or a firewall rejects"
    if isinstance(error, TimeoutError):
        return f"{place} did not answer to the TCP connection; check the firewall and the route"
    if error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL):
        return f"this machine has no route to {place}"
    return f"no TCP connection to {place}: {shown(error.strerror or type(error).__name__)}"
