"""The one token of a run: fetched by client credentials, renewed before it expires, and once if refused.

A login that has failed for good ends every later request at once, before anything is sent.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import Protocol

from reconciler.clock import Clock
from reconciler.errors import Rejected, RemoteError, Throttled, Unauthorized, Unavailable
from reconciler.genesys.answers import CREDENTIALS, Unreadable, parse_object, redirect_words
from reconciler.genesys.calls import Setback
from reconciler.genesys.pacing import ClientLimits, parse_retry_after
from reconciler.genesys.patience import Notice, Patience, silent
from reconciler.genesys.words import redacted, told
from reconciler.model import Json, JsonObject
from reconciler.transport import ReadTransport, Reply, TransportError

PATH = "/oauth/token"
SKEW = 60.0
"""Seconds before its end at which a token is renewed; at most a tenth of its life."""
LONGEST_LIFE = 86_400.0 * 7
VISIBLE = re.compile(r"[!-~]{1,8192}")


class Credentials(Protocol):
    """OAuth client credentials, as the settings read them."""

    @property
    def client_id(self) -> str:
        """The public half."""

    @property
    def client_secret(self) -> str:
        """The secret half."""


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, shown in no representation, and the monotonic instant from which it is renewed."""

    text: str = field(repr=False)
    renew_at: float


class TokenSource:
    """Gives the token to whoever sends a request."""

    def __init__(
        self,
        transport: ReadTransport,
        login_url: str,
        credentials: Credentials,
        clock: Clock,
        limits: ClientLimits,
        notice: Notice = silent,
        token: Token | None = None,
    ) -> None:
        self._transport = transport
        self._url = login_url + PATH
        self._credentials = credentials
        self._clock = clock
        self._patience = Patience(clock, limits, notice)
        self._lock = asyncio.Lock()
        self._token = token
        self._issued: list[str] = [token.text] if token else []
        self._renewed = False
        self._ended: RemoteError | None = None
        self.client_id = credentials.client_id
        """By which our own writes are known."""

    @property
    def waited(self) -> float:
        """Seconds spent waiting between attempts to log in."""
        return self._patience.waited

    @property
    def current(self) -> Token | None:
        """The token in use, for a later connection of the same run; None before the first request."""
        return self._token

    def hide(self, text: str) -> str:
        """Give text of the remote as a message may show it: one line, escaped, cut, without a secret."""
        return told(text, self._secrets)

    def redact(self, value: Json) -> Json:
        """Give a value of the remote without the secret and the tokens in it."""
        return redacted(value, self._secrets)

    @property
    def _secrets(self) -> tuple[str, ...]:
        pair = f"{self._credentials.client_id}:{self._credentials.client_secret}"
        return (pair, self._credentials.client_secret, *self._issued)

    async def token(self) -> str:
        """Give a token that is still good; raises a `RemoteError` where the login gives none."""
        text = self._fresh()
        if text is not None:
            return text
        async with self._lock:
            return self._fresh() or await self._log_in()

    async def renew(self, refused: str) -> None:
        """See to another token than this one, which a request was refused for; at most once a run.

        Raises `Unauthorized` where the renewed token is refused as well.
        """
        async with self._lock:
            if self._fresh() != refused:
                return
            if self._renewed:
                message = f"a renewed token is refused as well; {CREDENTIALS}, and that the client is active"
                self._ended = Unauthorized(message, method="POST", path=PATH, status=401, sent=False)
                raise self._ended
            self._renewed = True
            await self._log_in()

    def _fresh(self) -> str | None:
        if self._ended is not None:
            raise self._ended.with_traceback(None)
        token = self._token
        return token.text if token is not None and self._clock.monotonic() < token.renew_at else None

    async def _log_in(self) -> str:
        try:
            self._token = await self._patience.persist(self._attempt, "POST", PATH)
        except RemoteError as error:
            self._ended = error
            raise
        self._issued.append(self._token.text)
        return self._token.text

    async def _attempt(self) -> Token | Setback:
        if stop := self._patience.out_of_time():
            return stop
        began, credentials = self._clock.monotonic(), self._credentials
        form = {"grant_type": "client_credentials"}
        basic = (credentials.client_id, credentials.client_secret)
        try:
            reply = await self._transport.post_form(self._url, form, basic)
        except TransportError as error:
            cause = "the login cannot be reached"
            return Setback(
                Unavailable, self.hide(error.reason), sent=False, again=not error.lasting, cause=cause
            )
        if reply.status == 200:
            return self._read(reply, began)
        return self._refusal(reply)

    def _read(self, reply: Reply, began: float) -> Token | Setback:
        try:
            body = parse_object(reply)
            text, seconds = _token_text(body), _token_seconds(body)
        except Unreadable as error:
            message = f"the login's answer gives no token: {self.hide(str(error))}; check GENESYS_LOGIN_URL"
            return Setback(Unavailable, message, reply.status, sent=False)
        return Token(text, began + seconds - min(SKEW, seconds / 10))

    def _refusal(self, reply: Reply) -> Setback:
        status, words = reply.status, self.hide(_words(reply))
        asked = parse_retry_after(
            reply.headers.get("retry-after"), reply.headers.get("date"), self._clock.now()
        )
        if 300 <= status < 400:
            message = redirect_words(reply, self.hide, "GENESYS_LOGIN_URL")
            return Setback(Unavailable, message, status, sent=False)
        if status in (400, 401, 403):
            message = f"the login refuses the client credentials ({words}); {CREDENTIALS}"
            return Setback(Unauthorized, message, status, sent=False)
        if status == 429:
            cause = "the login is rate limited"
            return Setback(Throttled, words, status, sent=False, again=True, asked=asked, cause=cause)
        if status >= 500:
            cause = f"the login answers {status}"
            return Setback(Unavailable, words, status, sent=False, again=True, asked=asked, cause=cause)
        return Setback(Rejected, f"{words}; check GENESYS_LOGIN_URL", status, sent=False)


def _token_text(body: JsonObject) -> str:
    text = body.get("access_token")
    if not isinstance(text, str):
        raise Unreadable("it has no access_token")
    if not VISIBLE.fullmatch(text):
        raise Unreadable("its access_token is empty, too long, or holds characters that no header may")
    return text


def _token_seconds(body: JsonObject) -> float:
    seconds: Json = body.get("expires_in")
    # True is an integer in Python, and 10**400 is too large for a float.
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        raise Unreadable("its expires_in is no positive number of seconds")
    return float(min(seconds, LONGEST_LIFE))


def _words(reply: Reply) -> str:
    try:
        body = parse_object(reply)
    except Unreadable as error:
        return f"its answer cannot be read: {error}"
    names = ("error", "error_description", "description", "message")
    said = [body[name] for name in names if isinstance(body.get(name), str)]
    return ": ".join(said) or "it gives no reason"
