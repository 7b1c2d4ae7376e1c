"""Requests to GitHub's API: what it refuses becomes an error of the house, and a limit of it is waited out.

Reads and changes in part may be repeated. A create whose answer was lost may have been carried out: that is
told (`Unavailable.sent`), and whoever asked looks before it is tried again.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from urllib.parse import urlencode

from reconciler import __version__
from reconciler.clock import Clock
from reconciler.errors import Forbidden, NotFound, RemoteError, Throttled, Unavailable
from reconciler.github.answers import LONGEST_WAIT_SECONDS, Limited, value_of
from reconciler.github.place import Place
from reconciler.model import Json, JsonObject
from reconciler.transport import Reply, TransportError, WriteTransport

ATTEMPTS = 4
PAUSE_SECONDS = 1.0
"""Before the second try; doubled before each further one."""
PAGE_SIZE = 100
PAGES = 50
"""Pages of one list that are read at the most."""


class GitHub:
    """The API of one repository."""

    def __init__(
        self, transport: WriteTransport, place: Place, clock: Clock, notice: Callable[[str], None]
    ) -> None:
        self._transport = transport
        self._place = place
        self._clock = clock
        self._notice = notice
        self._headers = {
            "Authorization": f"Bearer {place.token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": f"reconciler/{__version__}",
            "Content-Type": "application/json",
        }

    async def get(self, path: str, **query: str) -> Json:
        """Read something of the repository."""
        return await self._call("GET", self._in_repository(path, query))

    async def post(self, path: str, body: JsonObject) -> Json:
        """Create; never repeated where it may have been carried out."""
        return await self._call("POST", self._in_repository(path), body)

    async def patch(self, path: str, body: JsonObject) -> Json:
        """Change in part."""
        return await self._call("PATCH", self._in_repository(path), body)

    async def delete(self, path: str) -> None:
        """Delete; what is gone already is fine."""
        try:
            await self._call("DELETE", self._in_repository(path))
        except NotFound:
            return

    async def pages(self, path: str, key: str | None = None, **query: str) -> AsyncIterator[JsonObject]:
        """Give the objects of a list, page by page; `key` is where an answer holds the list, if it is no list."""
        for number in range(1, PAGES + 1):
            answer = await self.get(path, **query, per_page=str(PAGE_SIZE), page=str(number))
            rows = answer.get(key) if key and isinstance(answer, dict) else answer
            if not isinstance(rows, list):
                raise Unavailable("the answer holds no list", method="GET", path=path, status=200)
            for row in rows:
                if isinstance(row, dict):
                    yield row
            if len(rows) < PAGE_SIZE:
                return

    async def login(self) -> str | None:
        """Give the name of the token's user; None for the token of an app, such as the one of a workflow."""
        try:
            user = await self._call("GET", "/user")
        except (Forbidden, NotFound):
            return None
        login = user.get("login") if isinstance(user, dict) else None
        return login if isinstance(login, str) else None

    def _in_repository(self, path: str, query: Mapping[str, str] | None = None) -> str:
        asked = f"?{urlencode(query)}" if query else ""
        return f"/repos/{self._place.repository}{path}{asked}"

    async def _call(self, method: str, path: str, body: JsonObject | None = None) -> Json:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return value_of(await self._send(method, path, body), method, path)
            except (Throttled, Unavailable) as error:
                wait = _wait(error, attempt, method)
                if wait is None or attempt == ATTEMPTS:
                    raise
                self._notice(f"{error}; trying again in {wait:.0f} s")
                await self._clock.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    async def _send(self, method: str, path: str, body: JsonObject | None) -> Reply:
        url = f"{self._place.api}{path}"
        content = json.dumps(body).encode() if body is not None else b""
        try:
            match method:
                case "GET":
                    return await self._transport.get(url, self._headers)
                case "POST":
                    return await self._transport.post(url, self._headers, content)
                case "PATCH":
                    return await self._transport.patch(url, self._headers, content)
                case _:
                    return await self._transport.delete(url, self._headers)
        except TransportError as error:
            asked = path.partition("?")[0]
            raise Unavailable(error.reason, method=method, path=asked, sent=error.sent) from error


def _wait(error: RemoteError, attempt: int, method: str) -> float | None:
    """Say how long to wait before the next try; None where there must be none."""
    if isinstance(error, Limited):
        return error.seconds if error.seconds <= LONGEST_WAIT_SECONDS else None
    if method == "POST" and error.sent:
        return None
    return PAUSE_SECONDS * float(2 ** (attempt - 1))
