"""The remote API over HTTP: login, tokens, permissions, rate limit, faults and the request log.

Every request but those to `/_emulator` leaves an entry in the request log, made when it arrives and filled in
before it is answered: `method`, `path` (decoded), `query` (object), `status` (None where no answer went
out), `client` (id, None where it is not known), `if_match`, `if_none_match`, `body_version`, `committed`
(whether it changed the store), `at` (seconds since the epoch).
"""

from __future__ import annotations

import json
import math
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from reconciler.emulator.answers import Dropped, Truncated, answer_json
from reconciler.emulator.faults import Fault
from reconciler.emulator.gate import (
    bearer,
    holder,
    log_in,
    require_budget,
    require_permissions,
    usage_headers,
)
from reconciler.emulator.operation import Call, Operation, Reply, Table, match
from reconciler.emulator.refusal import Refused, Unfit, bad_request
from reconciler.emulator.remote import Remote
from reconciler.emulator.resources import OPERATIONS as WEBCHAT
from reconciler.emulator.tokens import OAuthClient
from reconciler.emulator.web.operations import OPERATIONS as WEB

LOGIN = "/oauth/token"
OPERATIONS: Table = {**WEBCHAT, **WEB}
NOBODY = OAuthClient("", "", "nobody", frozenset())
"""The client of a request that needs no token."""
_MOST_BODY = 1024 * 1024
_LIES = frozenset({"stale", "repeat-cursor", "duplicate"})


@dataclass(slots=True)
class Exchange:
    """One request on its way through, and what has been found out about it."""

    request: Request
    entry: dict[str, Any]
    faults: list[Fault]
    context_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    """What every answer to this request carries."""

    def answer(self, status: int, body: Any, headers: dict[str, str] | None = None) -> Response:
        """Make the answer, and put its status into the request log."""
        self.entry["status"] = status
        return answer_json(status, body, {**self.headers, **(headers or {})})

    def refuse(self, refusal: Refused) -> Response:
        """Make the answer of a refusal."""
        return self.answer(refusal.status, refusal.body(self.context_id), refusal.headers)


class Api:
    """Answers every HTTP request that is no control request."""

    def __init__(self, remote: Remote) -> None:
        self.remote = remote

    async def __call__(self, request: Request) -> Response:
        """Take a request through the faults before it, its operation, and the faults after it."""
        exchange = self._open(request)
        try:
            exchange.body = await read_body(request)
        except Refused as refusal:
            return exchange.refuse(refusal)
        except ClientDisconnect:
            return Dropped()
        _note_version(exchange)
        early = await self._before(exchange)
        if early is not None:
            return early
        return await self._after(exchange, self._carry_out(exchange))

    def _open(self, request: Request) -> Exchange:
        method, path = request.method, request.scope["path"]
        entry = {
            "method": method,
            "path": path,
            "query": dict(request.query_params),
            "status": None,
            "client": None,
            "if_match": request.headers.get("if-match"),
            "if_none_match": request.headers.get("if-none-match"),
            "body_version": None,
            "committed": False,
            "at": time.time(),
        }
        with self.remote.lock:
            self.remote.requests.append(entry)
            exchange = Exchange(request, entry, self.remote.faults.for_request(method, path))
        exchange.headers["ININ-Correlation-Id"] = exchange.context_id
        return exchange

    async def _before(self, exchange: Exchange) -> Response | None:
        for fault in exchange.faults:
            if fault.do in ("edit", "delete", "publish"):
                self._meddle(exchange, fault)
            elif fault.when == "before" and (early := await self._strike(exchange, fault)):
                return early
        return None

    async def _after(self, exchange: Exchange, response: Response) -> Response:
        for fault in exchange.faults:
            if fault.do == "truncate":
                response = Truncated(response)
            elif fault.when == "after" and (other := await self._strike(exchange, fault)):
                response = other
        return response

    async def _strike(self, exchange: Exchange, fault: Fault) -> Response | None:
        match fault.do:
            case "delay":
                await self.remote.pause(fault.seconds)
            case "drop":
                exchange.entry["status"] = None
                return Dropped()
            case "reply":
                return exchange.answer(fault.status, fault.body, fault.headers)
        return None

    def _meddle(self, exchange: Exchange, fault: Fault) -> None:
        entity = fault.id or locate(exchange.request)[1].get("id", "")
        try:
            match fault.do:
                case "edit":
                    self.remote.edit(entity, fault.patch, fault.user)
                case "publish":
                    self.remote.publish(entity, fault.user)
                case _:
                    self.remote.delete(entity, fault.user)
        except Refused:
            # The object is not there (any more), which is no concern of this request.
            return

    def _carry_out(self, exchange: Exchange) -> Response:
        try:
            with self.remote.lock:
                if exchange.entry["path"] == LOGIN:
                    return self._log_in(exchange)
                reply = self._operate(exchange)
                exchange.entry["committed"] = reply.committed
                if reply.committed:
                    self.remote.save()
        except Refused as refusal:
            return exchange.refuse(refusal)
        return exchange.answer(reply.status, reply.body, {"ETag": reply.etag} if reply.etag else {})

    def _log_in(self, exchange: Exchange) -> Response:
        request, tokens = exchange.request, self.remote.tokens
        client = log_in(tokens, request.method, request.headers.get("authorization"), exchange.body)
        exchange.entry["client"] = client.id
        seconds = self.remote.settings.token_seconds
        token = tokens.issue(client, time.time(), seconds)
        body = {"access_token": token, "token_type": "bearer", "expires_in": math.floor(seconds)}
        return exchange.answer(200, body, {"Cache-Control": "no-store"})

    def _operate(self, exchange: Exchange) -> Reply:
        request, now = exchange.request, time.time()
        table, names = locate(request)
        operation = table.get(request.method)
        if operation is not None and operation.public:
            client = NOBODY
        else:
            client = self._admit(exchange, now)
            operation = require_operation(table, request.method)
            require_permissions(client, operation.permissions)
        call = Call(
            client=client,
            at=datetime.fromtimestamp(now, UTC),
            entity=names.get("id", ""),
            version=names.get("version", ""),
            query=exchange.entry["query"],
            if_match=exchange.entry["if_match"],
            if_none_match=exchange.entry["if_none_match"],
            body=_parse(exchange) if request.method in ("PUT", "POST") and operation.takes_body else None,
            host=request.headers.get("host", ""),
            lies=_LIES & {fault.do for fault in exchange.faults},
            settings=self.remote.settings,
        )
        return operation.carry_out(self.remote.store, call)

    def _admit(self, exchange: Exchange, now: float) -> OAuthClient:
        settings, tokens = self.remote.settings, self.remote.tokens
        token = bearer(exchange.request.headers.get("authorization"))
        client = holder(tokens, token, now)
        exchange.entry["client"] = client.id
        if settings.rate_limit is not None:
            usage = tokens.use(token, now, settings.rate_limit, settings.rate_window_seconds)
            exchange.headers.update(usage_headers(usage))
            require_budget(usage, settings, now)
        return client


async def read_body(request: Request) -> bytes:
    """Read the body, at most one MiB of it."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BODY:
            raise Refused(413, "request.entity.too.large", "The request is larger than one MiB")
    return bytes(body)


def locate(request: Request) -> tuple[Mapping[str, Operation], dict[str, str]]:
    """Find the operations of a path by their methods, and what stands in it for their names."""
    path = request.scope["raw_path"].decode("latin-1")
    for template, operations in OPERATIONS.items():
        names = match(template, path)
        if names is not None:
            return operations, names
    return {}, {}


def require_operation(operations: Mapping[str, Operation], method: str) -> Operation:
    """Give the operation of a method; a refusal where the path has none, or not this one."""
    if not operations:
        raise Refused(404, "not.found", "HTTP 404 Not Found: there is no such path")
    if method not in operations:
        allowed = ", ".join(operations)
        raise Refused(405, "method.not.allowed", f"The path allows {allowed}", headers={"Allow": allowed})
    return operations[method]


def _parse(exchange: Exchange) -> Any:
    kind = exchange.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused(415, "unsupported.media.type", "The Content-Type must be application/json")
    try:
        return json.loads(exchange.body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise bad_request("The body is not valid JSON") from error


def _no_constant(name: str) -> None:
    raise Unfit(name, "every number in JSON", "finite")


def _note_version(exchange: Exchange) -> None:
    try:
        body = json.loads(exchange.body)
    except (ValueError, RecursionError):
        return
    if isinstance(body, dict):
        exchange.entry["body_version"] = body.get("version")
