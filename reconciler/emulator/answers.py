"""Answers as they go onto the wire, also those that break off; the connection is handed in by `serve.py`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send


def answer_json(status: int, body: Any, headers: Mapping[str, str]) -> Response:
    """Make an answer: nothing for None, a text as it stands and as HTML, anything else as JSON."""
    if body is None:
        return Response(status_code=status, headers=dict(headers))
    text = body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))
    kind = "text/html" if isinstance(body, str) else "application/json"
    named = any(name.lower() == "content-type" for name in headers)
    return Response(text, status, headers=dict(headers), media_type=None if named else kind)


class Dropped(Response):
    """No answer: the connection is cut."""

    async def __call__(self, scope: Scope, receive: Receive, _: Send) -> None:
        """Cut the connection, with no word of HTTP or TLS."""
        connection(scope).abort()
        await disconnected(receive)


class Truncated(Response):
    """The first half of another answer's body under all of its headers, then the end of the connection."""

    def __init__(self, whole: Response) -> None:
        super().__init__(whole.body, whole.status_code)
        self.raw_headers = whole.raw_headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send as much and close."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body[: len(self.body) // 2])
        await send({"type": "http.response.body", "body": half, "more_body": True})
        connection(scope).close()
        await disconnected(receive)


def connection(scope: Scope) -> asyncio.Transport:
    """Give the connection that a request came on."""
    transport: asyncio.Transport = scope["state"]["transport"]
    return transport


async def disconnected(receive: Receive) -> None:
    """Wait until the connection is gone."""
    while not (await receive())["type"].endswith(".disconnect"):
        pass
