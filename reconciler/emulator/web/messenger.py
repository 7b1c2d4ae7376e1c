"""The guest sockets of deployments: `/v1?deploymentId=…` on any host; `protocol.py` says what is said."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from reconciler.emulator.answers import answer_json, connection, disconnected
from reconciler.emulator.documents import Document
from reconciler.emulator.faults import Fault
from reconciler.emulator.refusal import Refused
from reconciler.emulator.remote import Remote
from reconciler.emulator.web.protocol import Guest, admits, connection_closed, read_message, too_many

PATH = "/v1"


class Messenger:
    """Admits guests, and talks with those it admitted."""

    def __init__(self, remote: Remote) -> None:
        self.remote = remote
        self._known: set[str] = set()
        self._guests: list[tuple[Guest, WebSocket]] = []

    def admission(self, entry: Document) -> int:
        """Give the status that the upgrade request of a log entry deserves."""
        rules = self.remote.settings.web
        return admits(self._deployment(entry["deployment"]), entry["origin"], rules)

    async def meet_faults(self, socket: WebSocket, entry: Document) -> bool:
        """Let the faults of an upgrade do what they do; say whether that was all."""
        with self.remote.lock:
            faults = self.remote.faults.for_request("UPGRADE", PATH)
        for fault in faults:
            match fault.do:
                case "edit" | "delete":
                    self._meddle(entry["deployment"], fault)
                case "delay":
                    await self.remote.pause(fault.seconds)
                case "reply":
                    entry["status"] = fault.status
                    await socket.send_denial_response(answer_json(fault.status, fault.body, fault.headers))
                    return True
                case "drop":
                    await _cut(socket)
                    return True
        return False

    async def converse(self, socket: WebSocket, entry: Document) -> None:
        """Talk with a guest until it leaves."""
        guest = self._make_guest(entry["deployment"])
        place = (guest, socket)
        self._guests.append(place)
        try:
            with suppress(WebSocketDisconnect):
                while (event := await socket.receive())["type"] != "websocket.disconnect":
                    message = read_message(event.get("text"))
                    entry["said"].append(message.get("action"))
                    await self._answer(guest, socket, message)
        finally:
            self._guests.remove(place)

    async def _answer(self, guest: Guest, socket: WebSocket, message: Document) -> None:
        if await self._strike(socket, message):
            return
        heard = guest.hear(message)
        for reply in heard.replies:
            await socket.send_text(json.dumps(reply))
        if heard.ends is not None:
            await self._tell_others(heard.ends)

    async def _strike(self, socket: WebSocket, message: Document) -> bool:
        with self.remote.lock:
            faults = self.remote.faults.for_request("MESSAGE", f"{PATH}/{message.get('action')}")
        for fault in faults:
            match fault.do:
                case "delay":
                    await self.remote.pause(fault.seconds)
                case "throttle":
                    await socket.send_text(json.dumps(too_many(message, fault.status, fault.seconds)))
                    return True
                case "reply":
                    if fault.body is not None:
                        await socket.send_text(_text(fault.body))
                    return True
                case "close":
                    await socket.close(fault.status)
                    return True
                case "drop":
                    await _cut(socket)
                    raise WebSocketDisconnect
        return False

    async def _tell_others(self, token: str) -> None:
        for guest, socket in list(self._guests):
            if guest.token == token:
                guest.token = None
                # A socket that is just closing has nobody left to tell.
                with suppress(WebSocketDisconnect, RuntimeError):
                    await socket.send_text(json.dumps(connection_closed()))

    def _make_guest(self, entity: str) -> Guest:
        with self.remote.lock:
            deployment = self._deployment(entity) or {}
            pin = deployment.get("configuration", {})
            configuration = self.remote.store.web.configurations.all.get(pin.get("id"))
            version = configuration.versions.get(pin["version"]) if configuration else None
            settings = version.document if version else {}
            return Guest(entity, settings, self.remote.settings.web, self._known)

    def _deployment(self, entity: str) -> Document | None:
        return self.remote.store.web.deployments.effective(entity, datetime.now(UTC))

    def _meddle(self, entity: str, fault: Fault) -> None:
        with suppress(Refused):
            if fault.do == "edit":
                self.remote.edit(fault.id or entity, fault.patch, fault.user)
            else:
                self.remote.delete(fault.id or entity, fault.user)


async def _cut(socket: WebSocket) -> None:
    connection(socket.scope).abort()
    await disconnected(socket.receive)


def _text(body: Any) -> str:
    return body if isinstance(body, str) else json.dumps(body)
