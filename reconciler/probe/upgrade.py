"""TLS and the WebSocket upgrade over a connected socket, and what the answer means.

The library does both handshakes; here it is kept from following redirects, from proxies and from logging text
that others control.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus
from websockets.protocol import State

from reconciler import __version__
from reconciler.clock import SystemClock
from reconciler.model import Stage, Verdict
from reconciler.probe.guest import converse
from reconciler.probe.tls import handshake_words, make_certificate
from reconciler.probe.words import status_words
from reconciler.report.escape import shown

if TYPE_CHECKING:
    import socket
    import ssl

    from websockets.typing import Origin

    from reconciler.model import Guest, Target
    from reconciler.probe.journey import Journey

FRAME_BYTES = 65_536
"""The largest message that an endpoint may greet us with."""
QUEUED_FRAMES = 4
PARTING_SECONDS = 0.25
"""How long the other side may take to answer our goodbye; the verdict stands before it."""
REFUSALS = (401, 403)
POLICY_VIOLATION = 1008
PROTOCOL_FAULTS = {
    1002: "1002, a frame that is not allowed",
    1007: "1007, a text that is not UTF-8",
    1009: f"1009, a message of more than {FRAME_BYTES} bytes",
}

SILENT = logging.getLogger("reconciler.probe.websockets")
SILENT.addHandler(logging.NullHandler())
SILENT.propagate = False


class Answer(NamedTuple):
    """What the endpoint did with the origin, and how it showed."""

    verdict: Verdict
    words: str
    fault: str | None = None
    """What is wrong although the origin was taken, or refused, as it must be."""


class StraightConnect(connect):
    """Opens a WebSocket where it was told to, and nowhere else."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Take a redirect for the failure that it is."""
        return exc


class WatchedConnection(ClientConnection):
    """Tells the journey when TLS stands: that is the moment before the upgrade request is sent."""

    def __init__(self, journey: Journey, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.journey = journey

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note protocol and certificate, which are lost with the connection when the upgrade is refused."""
        note_secured(self.journey, transport.get_extra_info("ssl_object"))
        super().connection_made(transport)

    def eof_received(self) -> None:
        """End with the other side: nobody is left to read a goodbye of TLS."""
        super().eof_received()
        self.transport.abort()


async def ask(
    target: Target,
    host: str,
    connected: socket.socket,
    context: ssl.SSLContext,
    journey: Journey,
    quiet_seconds: float,
) -> Answer:
    """Secure the socket, ask for the upgrade with the origin, and wait whether the channel stays open.

    Takes the socket over, and closes it.
    """
    opening = StraightConnect(
        target.url,
        origin=cast("Origin", target.origin),
        sock=connected,
        ssl=context,
        server_hostname=host,
        # The journey's deadline is the shorter one, and names the phase.
        ssl_handshake_timeout=journey.phase_seconds + 1,
        ssl_shutdown_timeout=PARTING_SECONDS,
        open_timeout=None,
        close_timeout=PARTING_SECONDS,
        ping_interval=None,
        max_size=FRAME_BYTES,
        max_queue=QUEUED_FRAMES,
        compression=None,
        proxy=None,
        user_agent_header=f"genesys-reconciler/{__version__}",
        logger=SILENT,
        # The library's documentation allows any wrapper of the class here; its types do not.
        create_connection=cast("type[ClientConnection]", functools.partial(WatchedConnection, journey)),
    )
    journey.begin("tls")
    try:
        connection = await opening
    except (OSError, InvalidHandshake) as error:
        return read_failure(error, host, journey.stage)
    journey.reach(Stage.UPGRADED)
    if target.guest is not None and target.expected is Verdict.ACCEPTED:
        return await visit(connection, target.guest, journey, host)
    try:
        return read_closing(await watch(connection, quiet_seconds), host)
    finally:
        connection.transport.abort()


async def visit(connection: ClientConnection, guest: Guest, journey: Journey, host: str) -> Answer:
    """Hold a guest's session on an opened channel, and part with 1000."""
    journey.begin("session")
    words = f"{host} opens the channel"
    try:
        fault = await converse(connection, guest)
        if fault is None:
            journey.reach(Stage.SESSION)
        else:
            journey.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(PARTING_SECONDS):
                await connection.close()
        return Answer(Verdict.ACCEPTED, words, fault)
    finally:
        connection.transport.abort()


def note_secured(journey: Journey, secured: ssl.SSLObject) -> None:
    """Note what TLS showed, and go on to the upgrade, unless time was up at the same moment."""
    if journey.deadline.expired():
        return
    journey.tls = secured.version()
    journey.certificate = make_certificate(secured.getpeercert() or {}, SystemClock().now())
    journey.reach(Stage.SECURED)
    journey.begin("upgrade")


def read_failure(error: OSError | InvalidHandshake, host: str, stage: Stage) -> Answer:
    """Tell a refusal from everything else that can end the handshakes."""
    if isinstance(error, InvalidStatus) and error.response.status_code in REFUSALS:
        return Answer(Verdict.REFUSED, failure_words(error, host))
    if isinstance(error, OSError) and stage is Stage.CONNECTED:
        return Answer(Verdict.UNREACHABLE, handshake_words(host, error))
    return Answer(Verdict.UNREACHABLE, failure_words(error, host))


def failure_words(error: OSError | InvalidHandshake, host: str) -> str:
    """Say what a failed upgrade means, and what to do."""
    cause = error.__cause__
    if isinstance(error, InvalidStatus):
        location = next(iter(error.response.headers.get_all("Location")), None)
        return f"{host} opens no WebSocket: {status_words(error.response.status_code, location)}"
    if isinstance(error, OSError) or isinstance(cause, EOFError | OSError):
        return f"{host} closed the connection in the middle of the upgrade; check the service behind the name"
    if isinstance(error, InvalidMessage):
        said = shown(str(cause or error))
        return f"the answer of {host} cannot be read as HTTP ({said}); check what listens on the port"
    said = shown(str(error))
    return (
        f"{host} answers the upgrade, but not as a WebSocket server does ({said}); check what stands in front"
    )


async def watch(connection: ClientConnection, quiet_seconds: float) -> ConnectionClosed | None:
    """Wait a quiet period and part politely; return the closing, if it was not ours.

    Messages are read and dropped: a broken one shows in no other way.
    """
    try:
        async with asyncio.timeout(quiet_seconds):
            while True:
                await connection.recv()
    except TimeoutError:
        stayed_open = connection.state is State.OPEN
    except ConnectionClosed as closed:
        return closed
    # Who does not answer a goodbye in time is cut off.
    with suppress(TimeoutError):
        async with asyncio.timeout(PARTING_SECONDS):
            await connection.close()
    if stayed_open:
        return None
    connection.transport.abort()
    await connection.wait_closed()
    return connection.protocol.close_exc


def read_closing(closed: ConnectionClosed | None, host: str) -> Answer:
    """Say what it means that an opened channel stayed open, or did not.

    Close code 1008 is the protocol's word for a refusal by policy. Every other early end may have any cause,
    so it says nothing about the origin.
    """
    if closed is None:
        return Answer(Verdict.ACCEPTED, f"{host} opens the channel")
    refused = closed.rcvd is not None and closed.rcvd.code == POLICY_VIOLATION
    return Answer(Verdict.REFUSED if refused else Verdict.UNREACHABLE, closing_words(closed, host))


def closing_words(closed: ConnectionClosed, host: str) -> str:
    """Say how a channel ended right after it was opened."""
    if closed.sent is not None and not closed.rcvd_then_sent:
        fault = PROTOCOL_FAULTS.get(closed.sent.code, closed.sent.code)
        return f"{host} opened the channel and then broke the protocol ({fault}); check the service behind it"
    if closed.rcvd is None:
        return f"{host} dropped the connection right after opening the channel; check the service's log"
    said = f', saying "{shown(closed.rcvd.reason)}"' if closed.rcvd.reason else ""
    return (
        f"{host} closed the channel right after opening it, with code {closed.rcvd.code}{said};"
        " check the service's log"
    )
