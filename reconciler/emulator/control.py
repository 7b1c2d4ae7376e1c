"""Control of a running remote over HTTPS, for other processes: JSON in and out, 400 for bad input.

    GET     /_emulator/requests        {"requests": […], "handshakes": […]}; as in `api.py`, `remote.py`
    DELETE  /_emulator/requests        forget them
    GET     /_emulator/faults          {"faults": […]}, each with how often it was `met`
    POST    /_emulator/faults          schedule one (an object) or several (a list); see `faults.py`
    DELETE  /_emulator/faults          forget them
    POST    /_emulator/edit            {"id", "patch", "user"}: a person edits an object by a JSON merge patch
    POST    /_emulator/publish         {"id", "user"}: a person publishes the draft of a configuration
    POST    /_emulator/delete          {"id", "user"}: a person deletes an object
    GET     /_emulator/state           the state: {"format": 1, "channels", "webhooks", "audit", "web"}
    PUT     /_emulator/state           replace it
    GET     /_emulator/settings        the settings of `settings.py`
    PUT     /_emulator/settings        set those that are given, leave the others
    POST    /_emulator/clients         {"name", "permissions": […] or null}: one more client
    POST    /_emulator/expire-tokens   make every token issued so far invalid

There is no password: whoever can reach the loopback address and trusts the throw-away CA may do all of this.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reconciler.emulator.faults import read_fault
from reconciler.emulator.refusal import Refused, Unfit, shown
from reconciler.emulator.remote import Remote

PREFIX = "/_emulator/"
_MOST_BODY = 64 * 1024 * 1024


class Control:
    """Answers every request below `/_emulator/`."""

    def __init__(self, remote: Remote) -> None:
        self.remote = remote
        self._actions: dict[tuple[str, str], Callable[[Any], Any]] = {
            ("GET", "requests"): self._requests,
            ("DELETE", "requests"): self._forget_requests,
            ("GET", "faults"): self._faults,
            ("POST", "faults"): self._add_faults,
            ("DELETE", "faults"): self._forget_faults,
            ("POST", "edit"): self._edit,
            ("POST", "publish"): self._publish,
            ("POST", "delete"): self._delete,
            ("GET", "state"): self._state,
            ("PUT", "state"): self._load_state,
            ("GET", "settings"): self._settings,
            ("PUT", "settings"): self._update_settings,
            ("POST", "clients"): self._add_client,
            ("POST", "expire-tokens"): self._expire_tokens,
        }

    async def __call__(self, request: Request) -> Response:
        """Carry out one control request."""
        name = request.scope["path"].removeprefix(PREFIX)
        action = self._actions.get((request.method, name))
        if action is None:
            known = ", ".join(f"{method} {PREFIX}{word}" for method, word in self._actions)
            return _complain(404, f"there is no {request.method} {shown(name)}; there are {known}")
        try:
            value = json.loads(await _read(request) or b"null")
            with self.remote.lock:
                return JSONResponse(action(value))
        except (ValueError, RecursionError) as error:
            return _complain(400, str(error))
        except Refused as refusal:
            return _complain(refusal.status, refusal.message)

    def _requests(self, _: Any) -> Any:
        return {"requests": self.remote.requests, "handshakes": self.remote.handshakes}

    def _forget_requests(self, _: Any) -> Any:
        self.remote.requests.clear()
        self.remote.handshakes.clear()
        return {}

    def _faults(self, _: Any) -> Any:
        return {"faults": self.remote.faults.document()}

    def _add_faults(self, value: Any) -> Any:
        # All are read before the first is scheduled, so that a mistake leaves nothing behind.
        read = [read_fault(fault) for fault in (value if isinstance(value, list) else [value])]
        self.remote.faults.scheduled.extend(read)
        return self._faults(None)

    def _forget_faults(self, _: Any) -> Any:
        self.remote.faults.clear()
        return {}

    def _edit(self, value: Any) -> Any:
        return self.remote.edit(_text(value, "id"), _object(value, "patch"), _text(value, "user", "Dana"))

    def _publish(self, value: Any) -> Any:
        return self.remote.publish(_text(value, "id"), _text(value, "user", "Dana"))

    def _delete(self, value: Any) -> Any:
        self.remote.delete(_text(value, "id"), _text(value, "user", "Dana"))
        return {}

    def _state(self, _: Any) -> Any:
        return self.remote.store.document()

    def _load_state(self, value: Any) -> Any:
        self.remote.store.load(value)
        self.remote.save()
        return {}

    def _settings(self, _: Any) -> Any:
        return asdict(self.remote.settings)

    def _update_settings(self, value: Any) -> Any:
        if not isinstance(value, dict):
            raise Unfit(value, "a set of settings", "an object")
        self.remote.settings.update(value)
        return self._settings(None)

    def _add_client(self, value: Any) -> Any:
        permissions = value.get("permissions") if isinstance(value, dict) else None
        if permissions is not None and not (
            isinstance(permissions, list) and all(map(_is_text, permissions))
        ):
            raise Unfit(permissions, "permissions", "a list of texts, or null for all")
        client = self.remote.tokens.add_client(_text(value, "name", "client"), permissions)
        return {"id": client.id, "secret": client.secret}

    def _expire_tokens(self, _: Any) -> Any:
        self.remote.tokens.expire_all()
        return {}


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BODY:
            raise Unfit(len(body), "the length of a control request", f"at most {_MOST_BODY}")
    return bytes(body)


def _complain(status: int, message: str) -> Response:
    return JSONResponse({"error": message}, status)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _text(value: Any, name: str, default: str | None = None) -> str:
    text = value.get(name, default) if isinstance(value, dict) else None
    if not isinstance(text, str):
        raise Unfit(text, name, "a text in the object that this takes")
    return text


def _object(value: Any, name: str) -> dict[str, Any]:
    inner = value.get(name) if isinstance(value, dict) else None
    if not isinstance(inner, dict):
        raise Unfit(inner, name, "an object in the object that this takes")
    return inner
