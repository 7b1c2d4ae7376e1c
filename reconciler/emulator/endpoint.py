"""The WebSocket endpoint of every channel: found by its `webchatUrl`, open to its origins alone.

The path `/v1` is no channel's but the guests' of web messaging (`web/messenger.py`).
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.websockets import WebSocket

from reconciler.emulator.answers import connection, disconnected
from reconciler.emulator.documents import Document
from reconciler.emulator.remote import Remote
from reconciler.emulator.web.messenger import PATH as GUESTS
from reconciler.emulator.web.messenger import Messenger

Address = tuple[str, int, str]
"""Host, port and path."""


class Endpoint:
    """Answers every WebSocket upgrade request."""

    def __init__(self, remote: Remote) -> None:
        self.remote = remote
        self.messenger = Messenger(remote)

    async def __call__(self, socket: WebSocket) -> None:
        """Accept or refuse the upgrade as the channel wants it, or as this host misbehaves."""
        host, _, path = asked = asked_address(socket)
        origin = socket.headers.get("origin")
        entry: dict[str, Any] = {"host": host, "path": path, "origin": origin}
        entry |= {"status": None, "at": time.time()}
        self.remote.handshakes.append(entry)
        if path == GUESTS:
            entry |= {"deployment": socket.query_params.get("deploymentId", ""), "said": []}
            if await self.messenger.meet_faults(socket, entry):
                return
        with self.remote.lock:
            if path == GUESTS:
                status = self.messenger.admission(entry)
            else:
                status = admission(self.remote.store.channels.all(), asked, origin)
            order = dict(self.remote.settings.endpoints.get(host, {}))
        await self._answer(socket, entry, status, order)

    async def _answer(
        self, socket: WebSocket, entry: dict[str, Any], status: int, order: dict[str, Any]
    ) -> None:
        match order.get("do"):
            case "silence":
                await disconnected(socket.receive)
            case "drop":
                connection(socket.scope).abort()
                await disconnected(socket.receive)
            case "answer":
                await self._refuse(socket, entry, order.get("status", 503))
            case "accept-everybody":
                await self._accept(socket, entry)
            case "close" if status == 101:
                await self._accept(socket, entry, order.get("code", 1011))
            case _ if status == 101:
                await self._accept(socket, entry)
            case _:
                await self._refuse(socket, entry, status)

    async def _refuse(self, socket: WebSocket, entry: dict[str, Any], status: int) -> None:
        entry["status"] = status
        await socket.send_denial_response(Response(status_code=status))

    async def _accept(self, socket: WebSocket, entry: dict[str, Any], close: int | None = None) -> None:
        entry["status"] = 101
        await socket.accept()
        if close is not None:
            await socket.close(close)
        if entry["path"] == GUESTS:
            await self.messenger.converse(socket, entry)
        else:
            await disconnected(socket.receive)


def admission(channels: list[Document], asked: Address, origin: str | None) -> int:
    """Give the status that an upgrade request deserves: 101, 403 (origin), or 404 (no enabled channel)."""
    origins = [
        channel["webchatSettings"]["corsAllowedOrigins"]
        for channel in channels
        if channel.get("enabled") is True and endpoint_address(channel) == asked
    ]
    if not origins:
        return 404
    return 101 if any(origin in allowed for allowed in origins) else 403


def endpoint_address(channel: Document) -> Address | None:
    """Give where the endpoint of a channel is; None where its settings name no place or no origins."""
    settings = channel.get("webchatSettings")
    if not isinstance(settings, dict) or not isinstance(settings.get("corsAllowedOrigins"), list):
        return None
    try:
        url = urlsplit(str(settings.get("webchatUrl")))
        port = url.port or 443
    except ValueError:
        return None
    return (url.hostname or "", port, url.path.rstrip("/") + "/webchat")


def asked_address(socket: WebSocket) -> Address:
    """Give where a client believes itself to be, by its Host header; port 0 where that is no address."""
    path = socket.scope["raw_path"].decode("latin-1")
    try:
        host = urlsplit("//" + socket.headers.get("host", ""))
        return (host.hostname or "", host.port or 443, path)
    except ValueError:
        return ("", 0, path)
