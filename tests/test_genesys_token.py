"""One token a run: fetched, kept, renewed, and every way in which a login goes wrong."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from genesys_remote import LOGIN, SECRET, Answer, Keys, Scripted, broken, logged_in, reply, tokens_of

from reconciler.errors import Rejected, RemoteError, Throttled, Unauthorized, Unavailable
from reconciler.genesys.pacing import ClientLimits
from reconciler.genesys.token import Token, TokenSource
from reconciler.transport import TransportError


async def _settled(tokens: TokenSource) -> str | RemoteError:
    try:
        return await tokens.token()
    except RemoteError as error:
        return error


def failed(*logins: Answer, limits: ClientLimits | None = None) -> tuple[RemoteError, Scripted]:
    transport = Scripted(logins=logins)
    error = asyncio.run(_settled(tokens_of(transport, limits)))
    assert isinstance(error, RemoteError)
    return error, transport


def test_a_login_sends_the_credentials_to_the_login_alone() -> None:
    transport = Scripted()
    assert asyncio.run(tokens_of(transport).token()) == "token-1"
    assert transport.logins == [
        (f"{LOGIN}/oauth/token", {"grant_type": "client_credentials"}, ("the-client", SECRET))
    ]


def test_many_requests_share_one_login() -> None:
    async def many(tokens: TokenSource) -> list[str]:
        return await asyncio.gather(*(tokens.token() for _ in range(8)))

    transport = Scripted()
    assert asyncio.run(many(tokens_of(transport))) == ["token-1"] * 8
    assert len(transport.logins) == 1


@pytest.mark.parametrize(
    ("life", "later", "logins"), [(3600, 3539, 1), (3600, 3540, 2), (10, 8.9, 1), (10, 9, 2), (0.5, 0.45, 2)]
)
def test_a_token_is_renewed_before_it_expires(life: float, later: float, logins: int) -> None:
    async def twice(tokens: TokenSource) -> None:
        await tokens.token()
        transport.clock.seconds += later
        await tokens.token()

    transport = Scripted(logins=[logged_in("a", life), logged_in("b", life)])
    asyncio.run(twice(tokens_of(transport)))
    assert len(transport.logins) == logins


def test_renewals_on_time_do_not_use_up_the_one_after_a_refusal() -> None:
    async def story(tokens: TokenSource) -> str:
        await tokens.token()
        transport.clock.seconds += 3600
        await tokens.renew(await tokens.token())
        return await tokens.token()

    transport = Scripted(logins=[logged_in("a", 3600), logged_in("b", 3600), logged_in("c", 3600)])
    assert asyncio.run(story(tokens_of(transport))) == "c"


def test_a_refusal_of_an_older_token_renews_nothing() -> None:
    async def story(tokens: TokenSource) -> None:
        first = await tokens.token()
        await tokens.renew(first)
        await tokens.renew(first)

    transport = Scripted()
    asyncio.run(story(tokens_of(transport)))
    assert len(transport.logins) == 2


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (reply(401, {"error": "invalid_client", "description": "no"}), Unauthorized, "(invalid_client: no)"),
        (reply(400, {"error": "invalid_client"}), Unauthorized, "(invalid_client)"),
        (reply(403, {"message": "inactive"}), Unauthorized, "(inactive)"),
        (reply(401, b"<html>"), Unauthorized, "its answer cannot be read"),
        (reply(404, {}), Rejected, "it gives no reason; check GENESYS_LOGIN_URL"),
        (reply(200, b"<html>", content_type="text/html"), Unavailable, "its Content-Type is text/html"),
        (reply(200, b"<html>"), Unavailable, "it is no JSON"),
        (reply(200, {"token_type": "bearer", "expires_in": 9}), Unavailable, "it has no access_token"),
        (reply(200, {"access_token": 7, "expires_in": 9}), Unavailable, "it has no access_token"),
        (logged_in(""), Unavailable, "its access_token is empty"),
        (logged_in("a b"), Unavailable, "holds characters that no header may"),
        (logged_in("a\r\nX: y"), Unavailable, "holds characters that no header may"),
        (logged_in("tökén"), Unavailable, "holds characters that no header may"),
        (logged_in("x" * 9000), Unavailable, "too long"),
        (logged_in(seconds=0), Unavailable, "its expires_in is no positive number of seconds"),
        (logged_in(seconds=-1), Unavailable, "its expires_in"),
        (logged_in(seconds="86399"), Unavailable, "its expires_in"),
        (logged_in(seconds=True), Unavailable, "its expires_in"),
        (logged_in(seconds=None), Unavailable, "its expires_in"),
        (reply(200, b'{"access_token": "a", "expires_in": NaN}'), Unavailable, "NaN"),
        (reply(307, b"", location="https://evil.example.com/"), Unavailable, '"evil.example.com"'),
        (broken(sent=False, lasting=True), Unavailable, "the connection broke off"),
    ],
)
def test_a_login_that_is_refused_or_odd_ends_at_once_in_clear_words(
    answer: Answer, kind: type, said: str
) -> None:
    error, transport = failed(answer)
    assert (type(error), error.path, error.sent, len(transport.logins)) == (kind, "/oauth/token", False, 1)
    assert said in error.message


@pytest.mark.parametrize("status", [400, 401])
def test_refused_credentials_name_the_variables(status: int) -> None:
    error, _ = failed(reply(status, {"error": "invalid_client"}))
    assert error.message.endswith("; check GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET")


@pytest.mark.parametrize("seconds", [10**30, 10**400])
def test_a_token_for_ages_is_taken(seconds: int) -> None:
    transport = Scripted(logins=[logged_in(seconds=seconds)])
    assert asyncio.run(tokens_of(transport).token()) == "token-1"


@pytest.mark.parametrize("answer", [reply(503, {}), reply(429, {}), broken(sent=False), broken(sent=True)])
def test_a_login_that_is_not_available_is_tried_again(answer: Answer) -> None:
    transport = Scripted(logins=[answer, answer, logged_in()])
    tokens = tokens_of(transport)
    assert asyncio.run(tokens.token()) == "token-1"
    assert tokens.waited == 0.75


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(reply(503, {}), Unavailable), (reply(429, {}), Throttled), (broken(sent=True), Unavailable)],
)
def test_the_budget_of_attempts_ends_the_login_for_everybody(answer: Answer, kind: type) -> None:
    async def three(tokens: TokenSource) -> list[Any]:
        return await asyncio.gather(*(_settled(tokens) for _ in range(3)))

    transport = Scripted(logins=[answer] * 5)
    errors = asyncio.run(three(tokens_of(transport)))
    assert [(type(error), error.sent, error.attempts) for error in errors] == [(kind, False, 5)] * 3
    assert len(transport.logins) == 5


def test_after_the_end_of_the_run_nobody_logs_in() -> None:
    error, transport = failed(limits=ClientLimits(deadline=1000.0))
    assert (type(error), transport.logins) == (Unavailable, [])


def test_waits_of_the_login_are_announced() -> None:
    notices: list[str] = []
    transport = Scripted(logins=[reply(429, {}, retry_after="3"), logged_in()])
    asyncio.run(tokens_of(transport, notices=notices).token())
    assert notices == ["the login is rate limited: waiting 3.0 s (attempt 2 of 5)"]


def test_the_secret_is_hidden_in_what_the_login_says() -> None:
    error, _ = failed(reply(401, {"error": "invalid_client", "description": f"got {SECRET}"}))
    assert SECRET not in str(error)
    assert "got [hidden]" in str(error)


def test_the_secret_is_hidden_in_what_the_connection_says() -> None:
    error, _ = failed(TransportError(f"odd {SECRET}", sent=True, lasting=True))
    assert error.message == "odd [hidden]"


def test_neither_secret_nor_token_shows_in_a_representation() -> None:
    transport = Scripted()
    tokens = tokens_of(transport)
    asyncio.run(tokens.token())
    shown = repr((tokens, Token("token-1", 9.0), Keys(), logged_in(), vars(tokens)))
    assert (SECRET in shown, "token-1" in shown.replace("_issued': ['token-1']", "")) == (False, False)
