"""Endpoints of channels in a process of its own: TLS and the smallest answer to an upgrade; next door, and far away.

    python endpoints.py CERTIFICATE SECONDS

Prints two ports and serves until its input ends. The second leads to the first by way of a relay that lets bytes
arrive half of SECONDS later in each direction, and the first ones a whole round trip later still, since the handshake
of TCP with the relay itself takes no time.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import ssl
import sys
from functools import partial
from typing import Any

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
HEAD = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
)

REFUSAL = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"


class Endpoint(asyncio.Protocol):
    """Opens a WebSocket for whoever asks, but not at `/refused`, and answers a goodbye."""

    def __init__(self) -> None:
        self.buffer = b""
        self.is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember whom to answer."""
        self.transport: Any = transport

    def data_received(self, data: bytes) -> None:
        """Take the upgrade, and after it the close frame."""
        if self.is_open:
            self.transport.write(b"\x88\x02\x03\xe8")
            self.transport.close()
            return
        self.buffer += data
        if b"\r\n\r\n" in self.buffer and self.buffer.startswith(b"GET /refused "):
            self.transport.write(REFUSAL)
        elif b"\r\n\r\n" in self.buffer:
            key = self.buffer.lower().index(b"sec-websocket-key:") + 18
            accept = hashlib.sha1(self.buffer[key : self.buffer.index(b"\r\n", key)].strip() + GUID).digest()
            self.transport.write(HEAD + base64.b64encode(accept) + b"\r\n\r\n")
            self.is_open = True


class Way(asyncio.Protocol):
    """One direction's receiving end; what comes is sent on by the other end, later."""

    def __init__(self, seconds: float, first: float) -> None:
        self.seconds = seconds
        self.first = first
        self.other: Way | None = None
        self.held: list[bytes] = []
        self.last = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to send."""
        self.transport: Any = transport

    def data_received(self, data: bytes) -> None:
        """Send on what came, in order."""
        self.later(partial(self.pass_on, data))

    def connection_lost(self, error: Exception | None) -> None:
        """Let the end arrive like everything else."""
        self.later(self.end)

    def later(self, act: Any) -> None:
        loop = asyncio.get_running_loop()
        extra, self.first = self.first, 0.0
        self.last = max(loop.time() + self.seconds + extra, self.last + 1e-6)
        loop.call_at(self.last, act)

    def pass_on(self, data: bytes) -> None:
        if self.other is None:
            self.held.append(data)
        else:
            self.other.transport.write(data)

    def end(self) -> None:
        if self.other is not None:
            self.other.transport.close()


async def relay(near: Way, port: int, seconds: float) -> None:
    """Lead one accepted connection to a port."""
    loop = asyncio.get_running_loop()
    _, far = await loop.create_connection(lambda: Way(seconds / 2, 0.0), "127.0.0.1", port)
    far.other, near.other = near, far
    for data in near.held:
        far.transport.write(data)
    near.held.clear()


async def main() -> None:
    """Serve."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1])
    seconds, loop, busy = float(sys.argv[2]), asyncio.get_running_loop(), set()
    server = await loop.create_server(Endpoint, "127.0.0.1", 0, ssl=context, backlog=1024)
    port = server.sockets[0].getsockname()[1]

    def accept() -> Way:
        near = Way(seconds / 2, seconds)
        task = loop.create_task(relay(near, port, seconds))
        busy.add(task)
        task.add_done_callback(busy.discard)
        return near

    distant = await loop.create_server(accept, "127.0.0.1", 0, backlog=1024)
    print(port, distant.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
