"""Requests, what becomes of each kind of answer, and which of them are sent again."""

from __future__ import annotations

import asyncio
import base64
import math
import random
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from genesys_remote import (
    BASE,
    SECRET,
    Answer,
    FakeClock,
    Keys,
    LoopClock,
    Scripted,
    Sent,
    broken,
    client_of,
    in_virtual_time,
    logged_in,
    reply,
)

import reconciler
from reconciler.errors import (
    Forbidden,
    NotFound,
    Rejected,
    RemoteError,
    Throttled,
    Unauthorized,
    Unavailable,
    VersionConflict,
)
from reconciler.genesys.client import Client, segment
from reconciler.genesys.pacing import MINUTE, ClientLimits
from reconciler.genesys.token import TokenSource
from reconciler.transport import ReadTransport, Reply, TransportError

CHANNELS = "/api/v2/webchat/channels"
ONE = f"{CHANNELS}/a1"
BODY = {"id": "a1", "name": "One", "version": 3}
Do = Callable[[Client], Awaitable[Any]]


async def get(client: Client) -> Any:
    return await client.get(ONE)


async def put(client: Client) -> Any:
    return await client.put(ONE, BODY, if_match='"3"')


async def create(client: Client) -> Any:
    return await client.put(ONE, BODY, if_none_match=True)


async def post(client: Client) -> Any:
    return await client.post("/api/v2/webhooks", {"name": "n"})


async def delete(client: Client) -> Any:
    return await client.delete(ONE, if_match='"3"')


def run(
    do: Do, script: Any, limits: ClientLimits | None = None, notices: list[str] | None = None
) -> tuple[Any, Scripted]:
    transport = Scripted(script)
    return asyncio.run(_settled(do, client_of(transport, limits, notices))), transport


async def _settled(do: Do, client: Client) -> Any:
    try:
        return await do(client)
    except RemoteError as error:
        return error


def failed(do: Do, script: Any, limits: ClientLimits | None = None) -> tuple[RemoteError, Scripted]:
    result, transport = run(do, script, limits)
    assert isinstance(result, RemoteError)
    return result, transport


def refused(status: int, message: str = "", code: str = "", **more: Any) -> Reply:
    return reply(status, {"message": message, "code": code, "status": status, "contextId": "c-1", **more})


# What goes out


def test_a_read_gives_the_document_and_its_etag() -> None:
    document, _ = run(get, [reply(200, {"id": "a1"}, etag='"3"')])
    assert (document.value, document.etag) == ({"id": "a1"}, '"3"')


def test_a_request_carries_the_token_and_who_we_are() -> None:
    _, transport = run(get, [reply()])
    assert transport.sent[0].headers == {
        "Authorization": "Bearer token-1",
        "Accept": "application/json",
        "User-Agent": f"reconciler/{reconciler.__version__}",
    }


def test_query_values_are_encoded() -> None:
    _, transport = run(lambda client: client.get("/x", {"filter": "entityId:a&b=c d#?\r\n"}), [reply()])
    assert transport.sent[0].url == f"{BASE}/x?filter=entityId%3Aa%26b%3Dc%20d%23%3F%0D%0A"


def test_a_put_names_the_version_it_replaces_and_carries_the_body() -> None:
    _, transport = run(put, [reply(200, BODY)])
    sent = transport.sent[0]
    assert (sent.method, sent.path, sent.headers["If-Match"], sent.body) == ("PUT", ONE, '"3"', BODY)
    assert sent.headers["Content-Type"] == "application/json"


def test_a_create_names_no_version_and_replaces_nothing() -> None:
    _, transport = run(create, [reply(201, BODY)])
    assert transport.sent[0].headers["If-None-Match"] == "*"
    assert "If-Match" not in transport.sent[0].headers


def test_a_delete_names_the_version_and_needs_no_body_in_the_answer() -> None:
    result, transport = run(delete, [reply(204, b"")])
    assert result is None
    assert (transport.sent[0].method, transport.sent[0].headers["If-Match"]) == ("DELETE", '"3"')


def test_a_transport_that_only_reads_never_writes() -> None:
    class Reading(ReadTransport):
        post_form = Scripted.post_form

    transport = Reading(ca_file=None, connections=1)
    transport.logins, transport._logins = [], []  # type: ignore[attr-defined] # what the borrowed method needs
    clock, limits = FakeClock(), ClientLimits()
    client = Client(transport, BASE, TokenSource(transport, BASE, Keys(), clock, limits), clock, limits)
    with pytest.raises(TypeError):
        asyncio.run(client.post("/x", {}))


@pytest.mark.parametrize(
    ("id_", "written"),
    [
        ("a1b2-c3", "a1b2-c3"),
        ("../oauth/clients/1", "..%2Foauth%2Fclients%2F1"),
        ("a?force=true#", "a%3Fforce%3Dtrue%23"),
        ("a%2Fb", "a%252Fb"),
        ("ä b", "%C3%A4%20b"),
        ("..a", "..a"),
    ],
)
def test_an_id_is_one_segment_of_the_path(id_: str, written: str) -> None:
    assert segment(id_) == written


@pytest.mark.parametrize("id_", ["", ".", "..", "...", "x" * 257])
def test_an_id_that_would_lead_elsewhere_is_refused(id_: str) -> None:
    with pytest.raises(ValueError, match="cannot stand in a path"):
        segment(id_)


# What comes back

VERSION_TEXT = "The version 2 does not match the current version 3"


@pytest.mark.parametrize(
    ("do", "answer", "kind"),
    [
        (put, refused(409, VERSION_TEXT, "version.conflict"), VersionConflict),
        (put, refused(409, "Version mismatch"), VersionConflict),
        (put, refused(409, "", "general.version.conflict"), VersionConflict),
        (
            put,
            refused(409, 'The name "version 2" is taken', messageWithParams='The name "{n}" is taken'),
            Rejected,
        ),
        (put, refused(409, "A webhook of the name n exists", "name.exists"), Rejected),
        (put, refused(412, "precondition failed"), VersionConflict),
        (put, refused(428, "precondition required"), VersionConflict),
        (put, refused(400, VERSION_TEXT, "bad.request"), VersionConflict),
        (put, refused(400, "name is missing", "bad.request"), Rejected),
        (put, refused(422, "no"), Rejected),
        (create, refused(412, "The channel a1 exists"), VersionConflict),
        (create, refused(409, "The channel a1 exists", "conflict"), VersionConflict),
        (create, refused(409, "The name is taken", "name.exists"), Rejected),
        (put, refused(404, "not found"), NotFound),
        (put, refused(403, "no"), Forbidden),
        (put, reply(412, b"<html>"), VersionConflict),
        (post, refused(409, "exists", "name.exists"), Rejected),
        (delete, refused(409, VERSION_TEXT, "version.conflict"), VersionConflict),
        (put, reply(302, b"", location="https://evil.example.com/x?y"), Unavailable),
        (get, reply(307, b"", location="/elsewhere"), Unavailable),
        (get, reply(304, b""), Unavailable),
        (get, reply(302, b"", location="http://["), Unavailable),
    ],
)
def test_every_refusal_is_one_kind_of_error_and_is_sent_once(do: Do, answer: Reply, kind: type) -> None:
    error, transport = failed(do, [answer])
    assert (type(error), len(transport.sent)) == (kind, 1)


def test_an_error_holds_the_facts_that_a_person_needs() -> None:
    body = {"details": [{"errorCode": "missing", "fieldName": "webchatSettings.webchatUrl"}]}
    error, _ = failed(put, [refused(400, "The request is not valid", "bad.request", **body)])
    assert str(error) == (
        f"PUT {ONE} answered 400 (bad.request): The request is not valid"
        " [webchatSettings.webchatUrl missing]; request id c-1"
    )


def test_the_correlation_header_stands_in_for_a_body_without_a_request_id() -> None:
    error, _ = failed(get, [reply(404, b"<html>no</html>", inin_correlation_id="h-1")])
    assert (error.request_id, error.message) == ("h-1", "it gives no reason")


def test_a_redirect_names_the_host_it_leads_to() -> None:
    error, _ = failed(put, [reply(307, b"", location="https://evil.example.com/x?token=1")])
    assert error.message == (
        'the remote redirects to the host "evil.example.com", which is not followed; check GENESYS_ENV_URL'
    )


@pytest.mark.parametrize(
    ("do", "message", "named"),
    [
        (put, "You are missing: webchat:webchat:edit", "webchat:webchat:edit; give this permission"),
        (put, "no", "no; give the permission webchat:webchat:write to a role of the OAuth client"),
        (get, "no", "no; give the permission webchat:webchat:read to a role of the OAuth client"),
        (post, "no", "no; give the permission webhook:webhook:write to a role of the OAuth client"),
        (lambda client: client.get("/api/v2/auditlogs"), "no", "auditlog:auditlog:read"),
        (lambda client: client.get("/api/v2/other"), "no", "lacks a permission for this path"),
    ],
)
def test_a_403_names_the_permission(do: Do, message: str, named: str) -> None:
    error, _ = failed(do, [refused(403, message)])
    assert named in error.message


@pytest.mark.parametrize("do", [put, create, post])
@pytest.mark.parametrize(
    "answer",
    [
        reply(200, b""),
        reply(204, b""),
        reply(200, b'{"id": "a1", "na'),
        reply(200, b"<html>", content_type="text/html"),
        reply(200, b"[]"),
        reply(200, b'{"id": "a1", "id": "a1"}'),
        reply(200, b'{"id": "a1", "x": NaN}'),
        reply(200, b'{"id": "a1", "x": 1e999}'),
        reply(200, b'{"id": "a1", "x": "\\ud800"}'),
        reply(200, b"\xef\xbb\xbf{}"),
        reply(200, b'{"x": "\xff"}'),
        reply(200, b'{"x":' + b"[" * 70 + b"]" * 70 + b"}"),
        reply(200, b"[" * 100_000),
        reply(200, b'{"x": ' + b"9" * 5000 + b"}"),
        refused(500),
        refused(503),
        refused(408),
        broken(sent=True),
    ],
)
def test_a_write_whose_answer_is_lost_is_not_sent_again(do: Do, answer: Answer) -> None:
    error, transport = failed(do, [answer])
    assert (type(error), error.sent, len(transport.sent)) == (Unavailable, True, 1)


def test_a_put_that_answers_about_another_id_is_not_believed() -> None:
    error, _ = failed(put, [reply(200, {**BODY, "id": "b2"})])
    assert (type(error), error.sent) == (Unavailable, True)
    assert error.message == "the reply cannot be read: it is about another id than a1"


def test_an_answer_of_64_levels_can_be_read() -> None:
    nested: Any = "end"
    for _ in range(61):
        nested = [nested]
    document, _ = run(get, [reply(200, {"x": nested})])
    assert document.value == {"x": nested}


@pytest.mark.parametrize(
    "kind", ["application/json; charset=UTF-8", "application/problem+json", "Application/JSON"]
)
def test_every_spelling_of_json_can_be_read(kind: str) -> None:
    document, _ = run(get, [reply(200, {"a": 1}, content_type=kind)])
    assert document.value == {"a": 1}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"\xef\xbb\xbf{}", "it is no JSON in UTF-8, or it was cut short"),
        (b'{"a": 1, "a": 1}', 'it has the field "a" twice'),
        (b'{"a": [{"b": 1, "b": 2}]}', 'it has the field "b" twice'),
        (b'{"a": NaN}', "it holds NaN, which is no number in JSON"),
        (b'{"a": -Infinity}', "it holds -Infinity, which is no number in JSON"),
        (b"[]", "it is no JSON object"),
        (b'{"a": ' + b"[" * 64 + b"]" * 64 + b"}", "it is nested more than 64 levels deep"),
    ],
)
def test_a_read_that_cannot_be_read_gives_nothing_and_says_why(body: bytes, why: str) -> None:
    error, transport = failed(get, [reply(200, body)] * 5)
    assert (type(error), error.path, len(transport.sent)) == (Unavailable, ONE, 5)
    assert error.message == f"the reply cannot be read: {why}"


# What is sent again


@pytest.mark.parametrize(
    "answer",
    [
        refused(500),
        refused(502),
        refused(408),
        refused(429),
        broken(sent=True),
        broken(sent=False),
        reply(200, b"{"),
    ],
)
def test_a_read_is_tried_again(answer: Answer) -> None:
    document, transport = run(get, [answer, answer, reply(200, {"id": "a1"})])
    assert (document.value, len(transport.sent)) == ({"id": "a1"}, 3)


@pytest.mark.parametrize("do", [put, create, post])
@pytest.mark.parametrize("answer", [refused(429), broken(sent=False)])
def test_a_write_that_cannot_have_happened_is_tried_again(do: Do, answer: Answer) -> None:
    result, transport = run(do, [answer, reply(200, BODY)])
    assert (result.value, len(transport.sent)) == (BODY, 2)


@pytest.mark.parametrize("do", [get, put])
def test_what_would_fail_in_the_same_way_is_not_tried_again(do: Do) -> None:
    error, transport = failed(do, [broken(sent=False, lasting=True)])
    assert (type(error), error.sent, len(transport.sent)) == (Unavailable, False, 1)


@pytest.mark.parametrize(
    ("do", "answer", "kind", "sent"),
    [
        (get, refused(503), Unavailable, True),
        (get, refused(429), Throttled, True),
        (put, refused(429), Throttled, True),
        (put, broken(sent=False), Unavailable, False),
    ],
)
def test_the_budget_of_attempts_ends_a_request(do: Do, answer: Answer, kind: type, sent: bool) -> None:
    error, transport = failed(do, [answer] * 5)
    assert (type(error), error.attempts, error.sent, len(transport.sent)) == (kind, 5, sent, 5)


def test_waits_grow_with_jitter_and_are_counted() -> None:
    client = client_of(transport := Scripted([refused(500)] * 4 + [reply()]))
    asyncio.run(client.get(ONE))
    assert transport.clock.slept == [0.25, 0.5, 1.0, 2.0]
    assert client.waited == 3.75


def test_a_wait_that_the_remote_asks_for_is_kept_and_announced() -> None:
    notices: list[str] = []
    _, transport = run(get, [reply(429, {}, retry_after="2"), reply()], notices=notices)
    assert transport.clock.slept == [2.0]
    assert notices == ["rate limited: waiting 2.0 s (attempt 2 of 5)"]


def test_a_wait_for_a_date_counts_from_the_answers_own_clock() -> None:
    headers = {"retry_after": "Sun, 01 Mar 2026 01:00:09 GMT", "date": "Sun, 01 Mar 2026 01:00:00 GMT"}
    _, transport = run(get, [reply(429, {}, **headers), reply()])
    assert transport.clock.slept == [9.0]


def test_a_wait_beyond_the_cap_ends_the_request_at_once_and_says_when_to_run_again() -> None:
    error, transport = failed(get, [reply(429, {"message": "daily limit"}, retry_after="3600")])
    assert (type(error), transport.clock.slept) == (Throttled, [])
    assert error.message == (
        "daily limit; the wait would be 3600 s, longer than the 120 s allowed;"
        " run again after 2026-03-01 13:00:01 UTC"
    )


def test_a_wait_of_the_cap_is_kept() -> None:
    _, transport = run(get, [reply(429, {}, retry_after="120"), reply()])
    assert transport.clock.slept == [120.0]


@pytest.mark.parametrize(
    "text", ["0", "-5", "1.5", "1e9", "\uff11\uff12", "soon", "", "2, 3", "Sun, 01 Mar 2026 11:00:00 GMT"]
)
def test_a_wait_that_says_nothing_is_our_own(text: str) -> None:
    _, transport = run(get, [reply(429, {}, retry_after=text), reply()])
    assert transport.clock.slept == [0.25]


@pytest.mark.parametrize("text", ["121", "99999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_wait_for_ages_is_not_begun(text: str) -> None:
    error, transport = failed(put, [reply(429, {}, retry_after=text)])
    assert (type(error), transport.clock.slept, len(transport.sent)) == (Throttled, [], 1)


def test_a_429_on_every_third_request_delays_and_doubles_nothing() -> None:
    def answer(request: Sent) -> Reply:
        if len(transport.sent) % 3 == 0:
            return reply(429, {}, retry_after="1")
        done.append(request.path)
        return reply()

    async def twenty(client: Client) -> None:
        await asyncio.gather(*(client.put(f"/{number}", {}) for number in range(20)))

    done: list[str] = []
    transport = Scripted(answer, clock=LoopClock())
    in_virtual_time(twenty(client_of(transport)))
    assert sorted(done) == sorted(f"/{number}" for number in range(20))


def test_after_a_wait_beyond_the_cap_no_other_request_is_sent() -> None:
    async def two(client: Client) -> RemoteError:
        await _settled(get, client)
        return await _settled(put, client)  # type: ignore[no-any-return] # the remote has no answer to give

    error, transport = failed(two, [reply(429, {}, retry_after="3600")])
    assert (type(error), error.sent, len(transport.sent)) == (Throttled, False, 1)


def test_a_wait_beyond_the_end_of_the_run_ends_the_request_at_once() -> None:
    error, transport = failed(get, [reply(429, {}, retry_after="30")], ClientLimits(deadline=1010.0))
    assert "the time of this run ends" in error.message
    assert transport.clock.slept == []


def test_after_the_end_of_the_run_nothing_is_sent() -> None:
    error, transport = failed(put, [], ClientLimits(deadline=1000.0))
    assert (type(error), error.sent, transport.sent) == (Unavailable, False, [])


def test_a_token_in_hand_lets_nothing_out_after_the_end_of_the_run() -> None:
    async def story(client: Client) -> Any:
        await client.get(ONE)
        transport.clock.seconds += 60
        return await _settled(put, client)

    transport = Scripted([reply()])
    error = asyncio.run(story(client_of(transport, ClientLimits(deadline=1060.0))))
    assert (type(error), error.sent, len(transport.sent)) == (Unavailable, False, 1)


def test_a_429_holds_the_other_requests_too() -> None:
    def answer(request: Sent) -> Reply:
        first = request is transport.sent[0]
        return reply(429, {}, retry_after="5") if first else reply()

    async def one_then_three(client: Client) -> None:
        first = asyncio.create_task(client.get("/0"))
        await asyncio.sleep(0.01)
        await asyncio.gather(first, *(client.get(f"/{number}") for number in (1, 2, 3)))

    transport = Scripted(answer)
    asyncio.run(one_then_three(client_of(transport)))
    assert [request.at for request in transport.sent[1:]] == [1005.0] * 4


# How many, how often


def test_no_more_requests_are_in_flight_than_allowed() -> None:
    async def many(client: Client) -> None:
        await asyncio.gather(*(client.get(f"/{number}") for number in range(30)))

    _, transport = run(many, lambda _: reply(), ClientLimits(concurrency=3))
    assert (transport.most_in_flight, len(transport.sent)) == (3, 30)


def test_the_rate_holds_in_every_minute_and_nothing_waits_longer() -> None:
    async def many(client: Client) -> None:
        await asyncio.gather(*(client.get(f"/{number}") for number in range(25)))

    notices: list[str] = []
    transport = Scripted(lambda _: reply(), clock=LoopClock())
    in_virtual_time(many(client_of(transport, ClientLimits(rate=10, wait_seconds=5), notices)))
    assert [request.at for request in transport.sent] == [0.0] * 10 + [60.0] * 10 + [120.0] * 5
    assert notices[0] == "the budget of 10 requests a minute is spent: waiting 60.0 s"


@pytest.mark.parametrize(("comes", "told"), [(59.0, ["1.0"]), (59.5, [])])
def test_a_wait_for_the_budget_is_worth_a_word_from_a_second_on(comes: float, told: list[str]) -> None:
    async def twice(client: Client) -> None:
        await client.get("/1")
        await asyncio.sleep(comes)
        await client.get("/2")

    notices: list[str] = []
    transport = Scripted(lambda _: reply(), clock=LoopClock())
    in_virtual_time(twice(client_of(transport, ClientLimits(rate=1), notices)))
    assert [request.at for request in transport.sent] == [0.0, 60.0]
    assert notices == [f"the budget of 1 requests a minute is spent: waiting {wait} s" for wait in told]


def test_a_slow_login_takes_no_place_in_the_budget() -> None:
    """Otherwise requests would go out late, and bunch up with those of the next minute."""

    async def many(client: Client) -> None:
        await asyncio.gather(*(client.get(f"/{number}") for number in range(4)))

    transport = Scripted(lambda _: reply(), logins=[reply(503, {}), logged_in()])
    asyncio.run(many(client_of(transport, ClientLimits(rate=2))))
    first, second, third, fourth = (request.at for request in transport.sent)
    assert (third >= first + 60, fourth >= second + 60) == (True, True)


class Distant(Scripted):
    """A remote some way off, which counts requests as they arrive; it allows so many in any minute."""

    def __init__(self, seconds: float, allowed: int, *, says: bool = False) -> None:
        super().__init__(clock=LoopClock())
        self.arrivals: list[float] = []
        """Of requests that were let in."""
        self.refused = 0
        self._seconds = seconds
        self._allowed = allowed
        self._says = says
        self._random = random.Random(2)

    async def _count_and_send(self, *call: Any) -> Reply:
        await asyncio.sleep(self._random.random() * self._seconds)
        answer = self._let_in(self.clock.monotonic())
        await asyncio.sleep(self._random.random() * self._seconds)
        return answer

    def _let_in(self, now: float) -> Reply:
        oldest = self.arrivals[-self._allowed] if len(self.arrivals) >= self._allowed else now - MINUTE
        if oldest > now - MINUTE:
            self.refused += 1
            return reply(429, {}, retry_after=str(math.ceil(oldest + MINUTE - now)))
        self.arrivals.append(now)
        return reply(**{"inin-ratelimit-allowed": str(self._allowed)} if self._says else {})


async def fifteen_hundred(client: Client) -> None:
    await asyncio.gather(*(client.get(f"/{number}") for number in range(1500)))


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.5, 1.0])
def test_an_honest_remote_refuses_nothing_and_its_budget_is_used(seconds: float) -> None:
    """Also where requests take longer or less long on their way, so that they arrive closer than they went."""
    transport = Distant(seconds, allowed=300)
    in_virtual_time(fifteen_hundred(client_of(transport)))
    assert (len(transport.arrivals), transport.refused) == (1500, 0)
    # The 300 of the first minute may go at once; four minutes later it is the turn of the last 300.
    assert transport.arrivals[1200] - transport.arrivals[0] <= 4 * MINUTE / 0.98


def test_a_remote_that_allows_less_without_saying_so_refuses_few() -> None:
    transport = Distant(0.2, allowed=60)
    in_virtual_time(fifteen_hundred(client_of(transport)))
    assert (len(transport.arrivals), transport.refused < 0.3 * 1500) == (1500, True)


def test_a_remote_that_says_that_it_allows_less_refuses_nothing() -> None:
    transport = Distant(0.2, allowed=60, says=True)
    in_virtual_time(fifteen_hundred(client_of(transport)))
    assert (len(transport.arrivals), transport.refused) == (1500, 0)


def test_after_a_429_half_as_many_are_in_flight_until_all_goes_well_again() -> None:
    async def story(client: Client) -> list[int]:
        most = []
        for count in (1, 8, 12, 60):
            transport.most_in_flight = 0
            await asyncio.gather(*(client.get(f"/{number}") for number in range(count)))
            most.append(transport.most_in_flight)
        return most

    def answer(request: Sent) -> Reply:
        return refused(429) if 1 < len(transport.sent) <= 9 else reply()

    transport = Scripted(answer, clock=LoopClock())
    _, first, second, third = in_virtual_time(story(client_of(transport)))
    assert (first, 4 <= second <= 6, third) == (8, True, 8)


def test_the_seconds_in_flight_leave_out_every_wait() -> None:
    class Slow(Scripted):
        async def _count_and_send(self, *call: Any) -> Reply:
            self.clock.seconds += 0.25
            return await super()._count_and_send(*call)

    async def both(client: Client) -> float:
        await client.get(ONE)
        return client.seconds_in_flight()

    transport = Slow([reply(429, {}, retry_after="9"), reply()])
    assert asyncio.run(both(client_of(transport))) == 0.5


# The token in mid-run


def test_a_token_refused_in_mid_run_is_renewed_once_for_all() -> None:
    """Eight requests are refused at once: one login, and each of them is sent again once."""

    def answer(request: Sent) -> Reply:
        return refused(401) if request.token == "token-1" else reply(200, {"path": request.path})

    async def eight(client: Client) -> list[str]:
        documents = await asyncio.gather(*(client.put(f"/{number}", {}) for number in range(8)))
        return [document.value["path"] for document in documents]

    paths, transport = run(eight, answer)
    assert paths == [f"/{number}" for number in range(8)]
    assert (len(transport.logins), len(transport.sent)) == (2, 16)


def test_a_token_that_ends_between_two_writes_repeats_no_write_that_was_accepted() -> None:
    def answer(request: Sent) -> Reply:
        if request.token == "token-1" and len(accepted) == 6:
            return refused(401)
        accepted.append(request.path)
        return reply()

    async def twenty(client: Client) -> None:
        for number in range(20):
            await client.put(f"/{number}", {})

    accepted: list[str] = []
    _, transport = run(twenty, answer)
    assert (accepted, len(transport.logins)) == ([f"/{number}" for number in range(20)], 2)


def test_a_second_refusal_is_final_and_ends_every_later_request_before_it_is_sent() -> None:
    async def twice(client: Client) -> list[RemoteError]:
        return [await _settled(put, client), await _settled(put, client)]

    (first, second), transport = run(twice, lambda _: refused(401))
    assert (type(first), type(second)) == (Unauthorized, Unauthorized)
    assert "GENESYS_CLIENT_ID" in str(first)
    assert "GENESYS_CLIENT_SECRET" in str(first)
    assert (len(transport.logins), len(transport.sent), second.sent) == (2, 2, False)


def test_a_login_that_fails_is_no_write_that_may_have_happened() -> None:
    transport = Scripted(logins=[reply(401, {"error": "invalid_client"})])
    error = asyncio.run(_settled(put, client_of(transport)))
    assert (type(error), error.sent, transport.sent) == (Unauthorized, False, [])


# Secrets and hostile text


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        SECRET.upper(),
        quote(SECRET, safe=""),
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(f"the-client:{SECRET}".encode()).decode(),
        base64.b64encode(b"t1t1t1t1").decode(),
        SECRET.encode().hex(),
        SECRET[:5] + "\n  " + SECRET[5:],
        "Bearer t1t1t1t1",
    ],
)
@pytest.mark.parametrize("pad", [0, 200, 230, 250])
def test_no_secret_comes_back_in_an_error(form: str, pad: int) -> None:
    body = {"message": "x" * pad + " " + form + " and more", "code": form, "contextId": form}
    transport = Scripted([reply(400, body, location=form)], logins=[logged_in("t1t1t1t1")])
    error = asyncio.run(_settled(put, client_of(transport)))
    shown = " ".join(str(error).lower().split())
    for part in (form.lower()[:6], form.lower()[-6:], "t1t1t1t1", SECRET.lower()[:5]):
        assert part not in shown.replace("bearer", "")
    assert "[hidden]" in shown


def test_no_secret_comes_back_in_what_the_connection_says() -> None:
    error, _ = failed(get, [TransportError(f"odd {SECRET}", sent=True, lasting=True)])
    assert error.message == "odd [hidden]"


def test_hostile_text_is_escaped_and_cut() -> None:
    error, _ = failed(get, [refused(404, "::error::a\r\nb\x1b[31m\u202e" + "y" * 500)])
    assert error.message == "::error::a b\\u{1b}[31m\\u{202e}" + "y" * 238 + "…"


# Lists


def page(request: Sent) -> tuple[int, int]:
    query = parse_qs(urlsplit(request.url).query)
    return int(query["pageNumber"][0]), int(query["pageSize"][0])


def entities(count: int) -> list[dict[str, Any]]:
    return [{"id": f"c{number}", "n": number} for number in range(count)]


def listing(
    items: list[dict[str, Any]], mutate: Callable[[int, dict[str, Any]], Any] | None = None
) -> Callable[[Sent], Answer]:
    def answer(request: Sent) -> Answer:
        number, size = page(request)
        body: dict[str, Any] = {
            "entities": [dict(item) for item in items[(number - 1) * size : number * size]],
            "pageSize": size,
            "pageNumber": number,
            "total": len(items),
            "pageCount": -(-len(items) // size),
        }
        changed = mutate(number, body) if mutate else None
        return changed if isinstance(changed, Reply) else reply(200, body)

    return answer


async def fetch(client: Client) -> Any:
    return await client.fetch_pages(CHANNELS, 100)


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (1, 1), (100, 1), (101, 2), (250, 3), (1000, 10)])
def test_a_list_costs_as_many_requests_as_it_has_pages(count: int, requests: int) -> None:
    items, transport = run(fetch, listing(entities(count)))
    assert (items, len(transport.sent)) == (tuple(entities(count)), requests)


def test_the_first_page_is_asked_for_alone_and_the_others_together() -> None:
    _, transport = run(fetch, listing(entities(500)))
    assert [page(request)[0] for request in transport.sent] == [1, 2, 3, 4, 5]
    assert transport.most_in_flight == 4


def test_a_remote_that_gives_smaller_pages_is_read_whole() -> None:
    def smaller(request: Sent) -> Answer:
        number, _ = page(request)
        items = entities(60)
        return reply(
            200,
            {"entities": items[(number - 1) * 25 : number * 25], "pageSize": 25, "total": 60, "pageCount": 3},
        )

    items, transport = run(fetch, smaller)
    assert (len(items), len(transport.sent)) == (60, 3)


def test_what_two_pages_hold_alike_counts_once() -> None:
    def repeat(number: int, body: dict[str, Any]) -> None:
        if number == 2:
            body["entities"].insert(0, entities(100)[-1])

    items, transport = run(fetch, listing(entities(150), repeat))
    assert (items, len(transport.sent)) == (tuple(entities(150)), 2)


def _moves(number: int, body: dict[str, Any]) -> None:
    if number == 2:
        body["entities"][0] = entities(100)[-1]


def _differs(number: int, body: dict[str, Any]) -> None:
    if number == 2:
        body["entities"].insert(0, {"id": "c99", "n": "other"})


def _vanishes(number: int, body: dict[str, Any]) -> None:
    if number == 2:
        body["entities"].pop()


def _grows(number: int, body: dict[str, Any]) -> None:
    if number == 2:
        body["total"] += 1


def _miscounts(number: int, body: dict[str, Any]) -> None:
    body["pageCount"] += 1


def _repeats_the_first(number: int, body: dict[str, Any]) -> None:
    body["entities"] = entities(100)


def _ignores_the_page_size(number: int, body: dict[str, Any]) -> None:
    body |= {"entities": entities(150), "pageSize": 150, "pageCount": 1}


def _is_empty(number: int, body: dict[str, Any]) -> None:
    if number == 2:
        body["entities"] = []


@pytest.mark.parametrize(
    "mutate",
    [
        _moves,
        _differs,
        _vanishes,
        _grows,
        _miscounts,
        _repeats_the_first,
        _ignores_the_page_size,
        _is_empty,
    ],
)
def test_a_list_that_does_not_hold_still_is_read_twice_and_then_refused(mutate: Any) -> None:
    error, transport = failed(fetch, listing(entities(150), mutate))
    assert "the list does not hold still" in error.message
    assert (type(error), sum(page(request)[0] == 1 for request in transport.sent)) == (Unavailable, 2)


def test_a_list_that_moved_once_is_read_again_and_taken() -> None:
    moved = []

    def once(number: int, body: dict[str, Any]) -> None:
        if number == 2 and not moved:
            moved.append(body["entities"].pop())

    items, transport = run(fetch, listing(entities(150), once))
    assert (len(items), len(transport.sent)) == (150, 4)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"entities": None}, "entities is no list"),
        ({"entities": {}}, "entities is no list"),
        ({"entities": [1]}, "entities[0] is no object"),
        ({"entities": [{"name": "x"}]}, "entities[0].id"),
        ({"entities": [{"id": "ok"}, {"id": 7}]}, "entities[1].id"),
        ({"entities": [{"id": ".."}]}, "entities[0].id"),
        ({"entities": [{"id": ""}]}, "entities[0].id"),
        ({"total": None}, "total"),
        ({"total": -1}, "total"),
        ({"total": True}, "total"),
        ({"total": "150"}, "total"),
        ({"pageSize": "100"}, "pageSize"),
        ({"total": 100_000_000, "pageCount": 1_000_000}, "1000000 pages; at most 1000 are read"),
    ],
)
def test_a_page_that_is_none_is_refused_at_once_naming_path_and_field(
    changes: dict[str, Any], named: str
) -> None:
    error, transport = failed(fetch, listing(entities(1), lambda _, body: body.update(changes)))
    assert (type(error), error.path, len(transport.sent)) == (Unavailable, CHANNELS, 1)
    assert named in error.message


def test_a_page_that_fails_for_good_ends_the_list_with_its_own_error() -> None:
    error, _ = failed(
        fetch, listing(entities(500), lambda number, _: refused(403, "no") if number == 3 else None)
    )
    assert type(error) is Forbidden


def test_a_page_that_fails_once_is_tried_again() -> None:
    failures = [refused(503), refused(429)]
    answer = listing(entities(150), lambda number, _: failures.pop() if failures and number == 2 else None)
    items, transport = run(fetch, answer)
    assert (len(items), len(transport.sent)) == (150, 4)


def test_bodies_are_json_without_anything_that_json_has_not() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        run(lambda client: client.post("/x", {"a": float("nan")}), [])


class Slow(Scripted):
    """Answers after some seconds of the loop's own time."""

    async def _count_and_send(
        self, method: str, url: str, headers: Any, body: bytes | None = None, at: Any = None
    ) -> Reply:
        await asyncio.sleep(60.0)
        return await super()._count_and_send(method, url, headers, body, at)


@pytest.mark.parametrize(("deadline", "ends"), [(20.0, 20.0), (1.0, 4.0), (None, 60.0)])
def test_a_request_that_goes_out_before_the_end_of_the_run_does_not_outlast_it(
    deadline: float | None, ends: float
) -> None:
    async def story() -> tuple[Any, float, bool]:
        client = client_of(Slow([reply(200, BODY)], clock=LoopClock()), ClientLimits(deadline=deadline))
        error = await _settled(put, client)
        return error, asyncio.get_running_loop().time(), client.is_writing()

    error, ended, is_writing = in_virtual_time(story())
    assert (round(ended, 1), is_writing) == (ends, False)
    if deadline is not None:
        # It went out, so that nothing is known of it; and there is no time for another.
        assert (type(error), error.sent) == (Unavailable, True)
        assert "the time of this run was over" in str(error)


def test_a_short_wait_that_nobody_asked_for_is_worth_it_until_the_end_of_the_run() -> None:
    document, transport = run(get, [reply(503), reply(200, BODY)], ClientLimits(deadline=1000.9))
    assert (document.value, len(transport.sent)) == (BODY, 2)
