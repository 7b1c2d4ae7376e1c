"""A guest's session on an opened socket: begun, echoed, ended. Nothing is ever said that starts a conversation.

A conversation begins with the first message, or the Join event, of a guest; neither is ever sent here. Source: the
vendor's schema in `web-messaging-sdk-java`, and its mobile client.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import TYPE_CHECKING, Any

from websockets.exceptions import ConnectionClosed

from reconciler.report.escape import shown

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

    from reconciler.model import Guest

MESSAGES = 20
"""Messages that may come before the one that is waited for."""
PATIENCE = 3
"""How often a session is begun where the remote asks to come back later."""
LONGEST_WAIT = 5.0
THROTTLED = "TooManyRequestsErrorMessage"
SIGN_IN = ("Session authentication failed", "Try to authenticate again")


async def converse(connection: ClientConnection, guest: Guest) -> str | None:
    """Begin a session, have one text echoed, and end it; say what was wrong, or None.

    Raises `TimeoutError` where an answer does not come before the deadline of whoever calls.
    """
    token = str(uuid.uuid4())
    try:
        begun = await _begin(connection, guest, token)
        if isinstance(begun, str) or begun is None:
            return begun
        return await _echo(connection, token) or await _end(connection, token) or _about(begun)
    except ConnectionClosed as closed:
        code = closed.rcvd.code if closed.rcvd else 1006
        return (
            f"the guest session broke off (close code {code}); check the deployment's flow and configuration"
        )


async def _begin(connection: ClientConnection, guest: Guest, token: str) -> dict[str, Any] | str | None:
    """Begin a session: its description, or what is wrong; None where a guest is refused, and must be."""
    for _ in range(PATIENCE):
        tracing = await _say(connection, "configureSession", token, deploymentId=guest.deployment)
        answer = await _hear(connection, tracing)
        if answer.get("class") == THROTTLED:
            await asyncio.sleep(_retry_after(answer.get("body")))
            continue
        return _judge_begin(answer, guest)
    return f"the guest session is turned away {PATIENCE} times (too many); verify again later"


def _judge_begin(answer: dict[str, Any], guest: Guest) -> dict[str, Any] | str | None:
    body, code = answer.get("body"), answer.get("code")
    if answer.get("class") == "SessionResponse" and code == 200 and isinstance(body, dict):
        if body.get("connected") is not True:
            return "the guest session is answered, and not connected"
        if guest.authenticated and not guest.may_enter:
            return "a guest who is not signed in gets a session, although visitors must sign in"
        return body
    text = shown(body if isinstance(body, str) else json.dumps(body))
    if code == 403 and isinstance(body, str) and any(words in body for words in SIGN_IN):
        if guest.authenticated is False:
            return f'the guest session is refused, although visitors need not sign in ("{text}")'
        return None
    return f'the guest session is refused with code {shown(str(code))} ("{text}")'


async def _echo(connection: ClientConnection, token: str) -> str | None:
    tracing = await _say(connection, "echo", token, message={"type": "Text", "text": "ping"})
    answer = await _hear(connection, tracing)
    if answer.get("class") == "StructuredMessage" and answer.get("code") == 200:
        return None
    return (
        f"an echo comes back as {shown(str(answer.get('class')))} with code {shown(str(answer.get('code')))}"
    )


async def _end(connection: ClientConnection, token: str) -> str | None:
    tracing = await _say(connection, "closeSession", token, closeAllConnections=True)
    answer = await _hear(connection, tracing)
    if answer.get("code") == 200:
        return None
    return f"the guest session cannot be closed: code {shown(str(answer.get('code')))}"


def _about(begun: dict[str, Any]) -> str | None:
    if begun.get("autoStarted") is not True:
        return None
    return (
        "the server starts a conversation by itself (autoStarted), so that every visit, and this check, reaches the"
        " flow; switch autoStart off, or leave this deployment out of checks"
    )


async def _say(connection: ClientConnection, action: str, token: str, **more: Any) -> str:
    tracing = str(uuid.uuid4())
    await connection.send(json.dumps({"action": action, "token": token, "tracingId": tracing, **more}))
    return tracing


async def _hear(connection: ClientConnection, tracing: str) -> dict[str, Any]:
    """Wait for the answer to what was said; whatever else comes in between is passed over."""
    for _ in range(MESSAGES):
        try:
            message = json.loads(await connection.recv())
        except (ValueError, RecursionError):
            continue
        if isinstance(message, dict) and message.get("tracingId") == tracing:
            return message
        # Errors need not say what they are about.
        if isinstance(message, dict) and message.get("tracingId") is None and message.get("code") != 200:
            return message
    return {"class": "nothing that answers", "code": None}


def _retry_after(body: Any) -> float:
    asked = body.get("retryAfter") if isinstance(body, dict) else None
    usable = isinstance(asked, int | float) and not isinstance(asked, bool) and asked >= 0
    return min(float(asked), LONGEST_WAIT) if usable and asked is not None else 1.0
