"""What an answer of the API means: a document, or a setback with the remote's own words. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn
from urllib.parse import urlsplit

from reconciler.errors import (
    Forbidden,
    NotFound,
    Rejected,
    Throttled,
    Unauthorized,
    Unavailable,
    VersionConflict,
)
from reconciler.genesys.calls import Call, Document, Setback
from reconciler.genesys.pacing import parse_retry_after
from reconciler.model import Json, JsonObject
from reconciler.transport import Reply

Tell = Callable[[str], str]
"""Gives text of the remote as a message may show it."""

CONTAINERS = (dict, list)
DEEPEST = 64
"""Levels of a document; Python's own limit is met far below the body's cap."""
OTHER_VERSION = "does not match the current version"
PARAMETER = re.compile(r"\{[^{}]*\}")
NAME = re.compile(r"\bname\b")
PERMISSION = re.compile(r"\b[A-Za-z]+:[A-Za-z]+:[A-Za-z*]+\b")
# The remote names the missing permission; where it does not, these are the ones it has for these paths.
AREAS = {
    "/api/v2/webchat/": ("webchat:webchat", "read", "write"),
    "/api/v2/webhooks": ("webhook:webhook", "read", "write"),
    "/api/v2/auditlogs": ("auditlog:auditlog", "read", "write"),
    "/api/v2/webdeployments/configurations": ("webDeployments:configuration", "view", "edit"),
    "/api/v2/webdeployments/deployments": ("webDeployments:deployment", "view", "edit"),
    "/api/v2/audits/query": ("audits:audit", "view", "view"),
}
NO_CONTENT = 204
"""The one answer that says that something is deleted; whatever else stands between may say 200 to anything."""
CREDENTIALS = "check GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET"


class Unreadable(ValueError):
    """A body that is not one plain JSON object; the sentence says why."""


def judge(call: Call, reply: Reply, tell: Tell, now: datetime) -> Document | Setback:
    """Say what an answer to a request means; `now` is only for answers without a date of their own."""
    if not 200 <= reply.status < 300:
        return refusal(call, reply, tell, now)
    if call.method == "DELETE" and reply.status == NO_CONTENT:
        return Document({}, None)
    try:
        if call.method == "DELETE":
            raise Unreadable(f"a delete is answered with {NO_CONTENT}")
        value = parse_object(reply)
        _require_id(call, value)
    except Unreadable as error:
        message = f"the reply cannot be read: {tell(str(error))}"
        # A read may simply have been cut short. A write has happened, or not: only a look can tell.
        cause = "the reply cannot be read"
        return Setback(Unavailable, message, reply.status, sent=True, again=not call.writes, cause=cause)
    return Document(value, reply.headers.get("etag"))


def parse_object(reply: Reply) -> JsonObject:
    """Read a body as one JSON object, with nothing in it that two readers could read differently."""
    kind = reply.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise Unreadable(f"its Content-Type is {kind or 'empty'}, not application/json")
    try:
        text = reply.body.decode()
        value = json.loads(
            text,
            object_pairs_hook=_object_without_duplicates,
            parse_constant=_refuse_number,
            parse_float=_finite,
        )
    except Unreadable:
        raise
    except (ValueError, RecursionError) as error:
        raise Unreadable("it is no JSON in UTF-8, or it was cut short") from error
    if not isinstance(value, dict):
        raise Unreadable("it is no JSON object")
    _require_shallow(value)
    # Text in UTF-8 holds half a character in an escape alone.
    if "\\u" in text:
        _require_whole_characters(value)
    return value


def refusal(call: Call, reply: Reply, tell: Tell, now: datetime) -> Setback:
    """Make the setback of an answer that is no success."""
    words = _Words.read(reply, tell)
    status = reply.status
    asked = parse_retry_after(reply.headers.get("retry-after"), reply.headers.get("date"), now)

    def setback(kind: type[Any], message: str, *, again: bool = False, cause: str = "") -> Setback:
        return Setback(
            kind,
            message,
            status,
            words.code,
            words.request_id,
            again=again,
            asked=asked,
            fields=words.fields,
            cause=cause,
        )

    if 300 <= status < 400:
        return setback(Unavailable, redirect_words(reply, tell, "GENESYS_ENV_URL"))
    if status == 401:
        return setback(Unauthorized, f"the token is refused ({words.message}); {CREDENTIALS}")
    if status == 403:
        return setback(Forbidden, _forbidden_words(call, words.message))
    if status in (404, 410):
        return setback(NotFound, words.message)
    if status == 429:
        # Turned away unread, so that a write may follow as well.
        return setback(Throttled, words.message, again=True, cause="rate limited")
    if status >= 500 or status == 408:
        # A write may have been carried out all the same.
        cause = f"the remote answers {status}"
        return setback(Unavailable, words.message, again=not call.writes, cause=cause)
    if _is_about_the_version(call, status, words):
        return setback(VersionConflict, words.message)
    return setback(Rejected, words.message)


def redirect_words(reply: Reply, tell: Tell, variable: str) -> str:
    """Say where a redirect leads, which is not followed."""
    try:
        host = urlsplit(reply.headers.get("location", "")).hostname
    except ValueError:
        host = None
    to = f' to the host "{tell(host)}"' if host else ""
    return f"the remote redirects{to}, which is not followed; check {variable}"


@dataclass(frozen=True, slots=True)
class _Words:
    """What an error body says."""

    message: str
    template: str
    """The message before names and values were put in; the message itself where there is none."""
    code: str | None
    request_id: str | None
    fields: tuple[str, ...]

    @classmethod
    def read(cls, reply: Reply, tell: Tell) -> _Words:
        """Read an error body, or whatever came in its place."""
        try:
            body = parse_object(reply)
        except Unreadable:
            body = {}
        request_id = _text(body, "contextId") or reply.headers.get("inin-correlation-id", "")
        return cls(
            message=tell(_message(body) or "it gives no reason"),
            template=_text(body, "messageWithParams") or _text(body, "message"),
            code=tell(_text(body, "code")) or None,
            request_id=tell(request_id) or None,
            fields=tuple(tell(name) for entry in _details(body) if (name := _text(entry, "fieldName"))),
        )


def _message(body: JsonObject) -> str:
    named = [f"{_text(entry, 'fieldName')} {_text(entry, 'errorCode')}".strip() for entry in _details(body)]
    parts = [_text(body, "message"), *(f"[{name}]" for name in named if name)]
    return " ".join(part for part in parts if part)


def _details(body: JsonObject) -> Sequence[JsonObject]:
    details = body.get("details")
    entries = details if isinstance(details, list) else []
    return [entry for entry in entries if isinstance(entry, dict)][:10]


def _text(body: JsonObject, name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""


def _forbidden_words(call: Call, message: str) -> str:
    if PERMISSION.search(message):
        return f"{message}; give this permission to a role of the OAuth client"
    area = next((area for path, area in AREAS.items() if call.path.startswith(path)), None)
    if area is None:
        return f"{message}; a role of the OAuth client lacks a permission for this path"
    noun, reading, writing = area
    verb = writing if call.writes else reading
    return f"{message}; give the permission {noun}:{verb} to a role of the OAuth client"


def _is_about_the_version(call: Call, status: int, words: _Words) -> bool:
    if status in (412, 428):
        return True
    if status == 400:
        return OTHER_VERSION in words.message or OTHER_VERSION in words.template
    # The template without its parameters, because a name that somebody gave to a thing may hold any word.
    about = PARAMETER.sub("", f"{words.code or ''} {words.template}").lower()
    if call.creates:
        return status == 409 and NAME.search(about) is None
    return status == 409 and "version" in about


def _require_id(call: Call, value: JsonObject) -> None:
    if call.id is not None and value.get("id") != call.id:
        raise Unreadable(f"it is about another id than {call.id}")


def _object_without_duplicates(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unreadable(f'it has the field "{twice}" twice')
    return made


def _refuse_number(name: str) -> NoReturn:
    raise Unreadable(f"it holds {name}, which is no number in JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise Unreadable("it holds a number that is too large")
    return number


def _require_shallow(value: JsonObject) -> None:
    """Refuse what could not be written down again for its nesting."""
    layer: list[Json] = [value]
    for _ in range(DEEPEST):
        inner = [part.values() if part.__class__ is dict else part for part in layer]
        layer = [part for parts in inner for part in parts if part.__class__ in CONTAINERS]
        if not layer:
            return
    raise Unreadable(f"it is nested more than {DEEPEST} levels deep")


def _require_whole_characters(value: JsonObject) -> None:
    """Refuse halves of characters; `value` is shallow."""
    layer: list[Json] = [value]
    while layer:
        if any(isinstance(part, str) and not part.isascii() and _has_half_characters(part) for part in layer):
            raise Unreadable("it holds half a character (a lone surrogate)")
        layer = [below for part in layer for below in _below(part)]


def _below(part: Json) -> list[Json]:
    if isinstance(part, dict):
        return [*part.keys(), *part.values()]
    return part if isinstance(part, list) else []


def _has_half_characters(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)
