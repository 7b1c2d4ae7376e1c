"""One HTTP request against real servers on loopback, good and bad."""

from __future__ import annotations

import asyncio
import gzip
import logging
import socket
import ssl
import time
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import trustme

from reconciler.errors import UsageError
from reconciler.transport import ReadTransport, Reply, TransportError, WriteTransport

Talk = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
"""Answers one request, given whole."""


@cache
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority().cert_pem.write_to_path(file)
    return file


def server_tls(name: str = "localhost") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert(name).configure_cert(context)
    return context


class Server:
    """A server that reads requests one by one and lets a function answer; keeps what it read."""

    def __init__(self, talk: Talk, tls: ssl.SSLContext | None) -> None:
        self.requests: list[bytes] = []
        self._talk = talk
        self._tls = tls
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        port = self._server.sockets[0].getsockname()[1]
        return f"{'https' if self._tls else 'http'}://localhost:{port}"

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await self._server.wait_closed()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.requests.append(head + await reader.readexactly(_length(head)))
                await self._talk(self.requests[-1], writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            writer.transport.abort()


def _length(head: bytes) -> int:
    fields = [line.split(b":") for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
    return int(fields[0][1]) if fields else 0


def answering(head: str, body: bytes = b"") -> Talk:
    async def talk(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)

    return talk


OK = answering('HTTP/1.1 200 OK\nContent-Length: 2\nETag: "3"\nX-Two: a\nX-Two: b', b"{}")


def ask(
    talk: Talk,
    do: Callable[[WriteTransport, str], Awaitable[Any]] | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    **settings: Any,
) -> tuple[Any, Server]:
    """Let a transport ask a server; gives the reply or the error, and the server."""

    async def story() -> tuple[Any, Server]:
        server = Server(talk, tls)
        options = {"ca_file": None, "connections": 2, "timeout_seconds": 5.0} | settings
        async with server as url, WriteTransport(**options) as transport:
            try:
                return await (do or get)(transport, url), server
            except TransportError as error:
                return error, server

    return asyncio.run(story())


async def get(transport: ReadTransport, url: str) -> Reply:
    return await transport.get(f"{url}/x", {})


async def put(transport: WriteTransport, url: str) -> Reply:
    return await transport.put(f"{url}/x", {}, b"{}")


async def log_in(transport: WriteTransport, url: str) -> Reply:
    return await transport.post_form(f"{url}/oauth/token", {}, ("id", "secret"))


# What goes well


def test_a_reply_holds_status_headers_in_lower_case_and_body() -> None:
    reply, _ = ask(OK)
    assert reply == Reply(200, {"content-length": "2", "etag": '"3"', "x-two": "a, b"}, b"{}")


def test_a_reply_does_not_show_its_body() -> None:
    assert "token" not in repr(Reply(200, {}, b"token"))


def test_every_verb_sends_what_it_was_given_and_is_counted() -> None:
    async def all_verbs(transport: WriteTransport, url: str) -> tuple[Any, int]:
        await transport.get(f"{url}/a?b=c", {"X-A": "1"})
        await transport.put(f"{url}/p", {"If-Match": '"3"'}, b"put")
        await transport.post(f"{url}/q", {}, b"post")
        await transport.delete(f"{url}/d", {"If-Match": "3"})
        await transport.get(f"{url}/a", {})
        await transport.post_form(f"{url}/oauth/token", {"grant_type": "client_credentials"}, ("id", "s:é"))
        return dict(transport.requests), transport.token_requests

    counts, server = ask(OK, all_verbs)
    assert counts == ({"GET": 2, "PUT": 1, "POST": 1, "DELETE": 1}, 1)
    lines = [request.split(b"\r\n")[0] for request in server.requests]
    assert lines[:4] == [
        b"GET /a?b=c HTTP/1.1",
        b"PUT /p HTTP/1.1",
        b"POST /q HTTP/1.1",
        b"DELETE /d HTTP/1.1",
    ]
    assert (b'if-match: "3"' in server.requests[1].lower(), server.requests[1].endswith(b"put")) == (
        True,
        True,
    )
    assert b"authorization: Basic aWQ6czrDqQ==" in server.requests[5].replace(
        b"Authorization", b"authorization"
    )
    assert server.requests[5].endswith(b"grant_type=client_credentials")
    assert all(b"accept-encoding: identity" in request.lower() for request in server.requests)


def test_a_reading_transport_has_no_verb_that_writes() -> None:
    assert [
        verb for verb in ("put", "post", "patch", "delete", "request") if hasattr(ReadTransport, verb)
    ] == []


def test_an_encoded_id_stays_one_segment_on_the_wire() -> None:
    _, server = ask(OK, lambda transport, url: transport.get(f"{url}/api/v2/..%2Foauth%2F%23", {}))
    assert server.requests[0].startswith(b"GET /api/v2/..%2Foauth%2F%23 HTTP/1.1")


def test_one_connection_serves_many_requests() -> None:
    async def twenty(transport: WriteTransport, url: str) -> int:
        await asyncio.gather(*(transport.get(url, {}) for _ in range(20)))
        return 0

    _, server = ask(OK, twenty)
    assert (len(server.requests), len(server._writers) <= 2) == (20, True)


def test_tls_is_verified_against_the_ca_file(ca_file: Path) -> None:
    reply, _ = ask(OK, tls=server_tls(), ca_file=ca_file)
    assert reply.status == 200


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("do", [get, put, log_in])
def test_a_redirect_is_a_reply_and_is_not_followed(status: int, do: Any) -> None:
    reply, server = ask(answering(f"HTTP/1.1 {status} Moved\nLocation: /elsewhere\nContent-Length: 0"), do)
    assert (reply.status, reply.headers["location"], len(server.requests)) == (status, "/elsewhere", 1)


def test_a_redirect_to_nowhere_is_a_reply_like_any_other() -> None:
    reply, _ = ask(answering("HTTP/1.1 302 Found\nLocation: http://[\nContent-Length: 0"))
    assert (reply.status, reply.headers["location"]) == (302, "http://[")


@pytest.mark.parametrize("status", [204, 400, 401, 403, 404, 409, 429, 500, 503])
def test_every_status_is_a_reply(status: int) -> None:
    reply, _ = ask(answering(f"HTTP/1.1 {status} Any\nContent-Length: 0"))
    assert reply.status == status


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("HTTP/1.1 100 Continue\n\nHTTP/1.1 200 OK\nContent-Length: 2", b"{}"),
        ("HTTP/1.1 103 Early Hints\nLink: </a>\n\nHTTP/1.1 200 OK\nContent-Length: 2", b"{}"),
        ("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"2\r\n{}\r\n0\r\nX-Trailer: 1\r\n\r\n"),
        ("HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: 22", gzip.compress(b"{}", mtime=0)),
    ],
)
def test_unusual_but_lawful_answers_are_read(head: str, body: bytes) -> None:
    reply, _ = ask(answering(head, body))
    assert (reply.status, reply.body) == (200, b"{}")


def test_cookies_are_not_kept() -> None:
    async def twice(transport: WriteTransport, url: str) -> Reply:
        await transport.get(url, {})
        return await transport.get(url, {})

    _, server = ask(answering("HTTP/1.1 200 OK\nSet-Cookie: session=1; Path=/\nContent-Length: 0"), twice)
    assert b"cookie" not in server.requests[1].lower()


def test_nothing_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login a password b\n")
    monkeypatch.setenv("NETRC", str(netrc))
    reply, server = ask(OK)
    assert (reply.status, b"authorization" in server.requests[0].lower()) == (200, False)


def test_session_keys_are_written_nowhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ca_file: Path
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    reply, _ = ask(OK, tls=server_tls(), ca_file=ca_file)
    assert (reply.status, (tmp_path / "keys").exists()) == (200, False)


def test_addresses_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger().setLevel(logging.DEBUG)
    with caplog.at_level(logging.DEBUG):
        ask(OK, lambda transport, url: transport.get(f"{url}/?client_secret=canary", {}))
    assert "canary" not in caplog.text


# What goes wrong: before anything was sent


def error_of(talk: Talk, do: Any = None, **settings: Any) -> tuple[str, bool, bool]:
    error, _ = ask(talk, do, **settings)
    assert isinstance(error, TransportError)
    return (
        error.reason.replace(error.reason.partition("localhost:")[2][:5], "PORT"),
        error.sent,
        error.lasting,
    )


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_refused_connection_sent_nothing() -> None:
    port = closed_port()
    error, _ = ask(OK, lambda transport, _: transport.put(f"http://127.0.0.1:{port}/", {}, b"{}"))
    assert (error.reason, error.sent, error.lasting) == (
        f"127.0.0.1:{port} refused the connection; check the address and the port",
        False,
        False,
    )


def test_a_name_that_dns_does_not_know_sent_nothing() -> None:
    error, _ = ask(OK, lambda transport, _: transport.get("http://no-such-host.invalid/", {}))
    assert (error.reason, error.sent) == (
        "DNS knows no address of no-such-host.invalid; check the host name and the resolver",
        False,
    )


def test_an_unknown_authority_names_the_way_out_and_is_lasting(tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    reason, sent, lasting = error_of(OK, put, tls=server_tls(), ca_file=other)
    assert reason.endswith("; name the authority that issued it with --ca-file or SSL_CERT_FILE")
    assert (sent, lasting) == (False, True)


def test_a_certificate_for_another_host_is_refused(ca_file: Path) -> None:
    reason, sent, lasting = error_of(OK, put, tls=server_tls("other.example.com"), ca_file=ca_file)
    assert "other.example.com" not in reason
    assert reason.startswith("the certificate of localhost:PORT failed the check (Hostname mismatch")
    assert (sent, lasting) == (False, True)


def test_a_port_without_tls_is_told_apart() -> None:
    async def story(transport: WriteTransport, url: str) -> Reply:
        return await transport.put(url.replace("http:", "https:"), {}, b"{}")

    async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async def against_plain() -> TransportError:
        server = await asyncio.start_server(plain, "127.0.0.1", 0)
        url = f"http://localhost:{server.sockets[0].getsockname()[1]}"
        async with WriteTransport(ca_file=None, connections=1) as transport:
            try:
                with pytest.raises(TransportError) as caught:
                    await story(transport, url)
            finally:
                server.close()
        return caught.value

    error = asyncio.run(against_plain())
    assert ("the TLS handshake with localhost:" in error.reason, error.sent) == (True, False)


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("http://xn--a/", {}),
        ("ftp://example.com/", {}),
        ("no address", {}),
        ("http://localhost:99999999/", {}),
        ("http://localhost:1/\ud800", {}),
        ("{url}", {"If-Match": "\u0142"}),
        ("{url}", {"If-Match": "\ud800"}),
    ],
)
def test_what_cannot_be_sent_is_no_other_exception(url: str, headers: dict[str, str]) -> None:
    error, server = ask(OK, lambda transport, base: transport.put(url.replace("{url}", base), headers, b"{}"))
    assert (type(error), error.sent, error.lasting, server.requests) == (TransportError, False, True, [])


def test_a_header_with_a_line_break_is_not_sent_and_not_shown() -> None:
    error, server = ask(
        OK, lambda transport, url: transport.put(url, {"If-Match": "3\r\nX-Secret: 1"}, b"{}")
    )
    assert (type(error), error.lasting, server.requests) == (TransportError, True, [])
    assert "Secret" not in error.reason


# What goes wrong: after something may have been sent


async def silence(_: bytes, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def drip(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1000):
        writer.write(b"x")
        await asyncio.sleep(0.02)


async def hang_up(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def endless(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


@pytest.mark.parametrize("talk", [silence, drip])
def test_the_deadline_counts_for_the_whole_request(talk: Talk) -> None:
    began = time.monotonic()
    error, _ = ask(talk, put, timeout_seconds=0.2)
    assert (error.reason.partition(" ")[2], error.sent) == (
        "gave no whole answer within 0.2 s; try again later",
        True,
    )
    assert time.monotonic() - began < 2


def test_a_handshake_that_never_ends_sent_nothing() -> None:
    async def story() -> TransportError:
        with socket.socket() as mute:
            mute.bind(("127.0.0.1", 0))
            mute.listen()
            async with WriteTransport(ca_file=None, connections=1, timeout_seconds=0.2) as transport:
                with pytest.raises(TransportError) as caught:
                    await transport.put(f"https://127.0.0.1:{mute.getsockname()[1]}/", {}, b"{}")
                return caught.value

    error = asyncio.run(story())
    assert (error.reason.partition("came")[2], error.sent) == (
        " about in time; check the network and the firewall",
        False,
    )


@pytest.mark.parametrize(
    "talk",
    [
        hang_up,
        answering("HTTP/1.1 200 OK\nContent-Length: 100", b"{}"),
        answering("nonsense"),
        answering("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"zz\r\n"),
        answering("HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: 2", b"{}"),
        answering("HTTP/1.1 200 OK\nX: " + "y" * 200_000 + "\nContent-Length: 0"),
    ],
)
def test_an_answer_that_breaks_off_may_have_been_carried_out(talk: Talk) -> None:
    async def once(request: bytes, writer: asyncio.StreamWriter) -> None:
        await talk(request, writer)
        writer.close()

    error, _ = ask(once, put)
    assert (type(error), error.sent) == (TransportError, True)


@pytest.mark.parametrize(
    "talk",
    [
        endless,
        answering("HTTP/1.1 200 OK\nContent-Length: 100001", b"x" * 100_001),
        answering("HTTP/1.1 200 OK\nContent-Encoding: gzip", gzip.compress(b"x" * 20_000_000)),
    ],
)
def test_a_body_beyond_the_cap_is_not_read(talk: Talk) -> None:
    error, _ = ask(talk, body_limit=100_000)
    assert (error.reason, error.sent, error.lasting) == (
        "the answer is longer than 100000 bytes; it was not read",
        True,
        True,
    )


@pytest.mark.parametrize("encoding", ["gzip, gzip", "deflate, gzip", "br", "x"])
def test_a_body_in_several_layers_is_not_unpacked(encoding: str) -> None:
    """Two thousand bytes can stand for a thousand million."""
    body = gzip.compress(gzip.compress(b"{}"))
    head = f"HTTP/1.1 200 OK\nContent-Encoding: {encoding}\nContent-Length: {len(body)}"
    error, _ = ask(answering(head, body), put)
    assert (error.reason, error.sent, error.lasting) == (
        "the answer is encoded in a way that was not asked for; it was not read",
        True,
        True,
    )


@pytest.mark.parametrize("head", ["HTTP/9 canary", "HTTP/1.1 200 OK\ncanary", "HTTP/1.1 200 OK\ncan ary: 1"])
def test_an_answer_that_is_no_http_is_not_quoted(head: str) -> None:
    """It may hold our own token, and nobody here knows it to hide it."""
    error, _ = ask(answering(head), put)
    assert (error.reason.partition(" ")[0], error.reason.partition("of localhost:")[2][5:], error.sent) == (
        "the",
        " broke off, or is no HTTP; try again",
        True,
    )


def test_a_body_of_the_cap_is_read() -> None:
    reply, _ = ask(answering("HTTP/1.1 200 OK\nContent-Length: 1000", b"x" * 1000), body_limit=1000)
    assert len(reply.body) == 1000


def test_after_a_deadline_the_pool_has_room_again() -> None:
    async def slow_then_fast(request: bytes, writer: asyncio.StreamWriter) -> None:
        await (silence if b"/slow" in request else OK)(request, writer)

    async def story(transport: WriteTransport, url: str) -> int:
        for _ in range(3):
            with pytest.raises(TransportError):
                await transport.get(f"{url}/slow", {})
        return (await transport.get(f"{url}/fast", {})).status

    status, _ = ask(slow_then_fast, story, connections=1, timeout_seconds=0.1)
    assert status == 200


def test_a_cancelled_request_stays_cancelled() -> None:
    async def story(transport: WriteTransport, url: str) -> str:
        task = asyncio.create_task(transport.get(url, {}))
        await asyncio.sleep(0.05)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            return "cancelled"
        return "not"

    assert ask(silence, story)[0] == "cancelled"


# The CA file


@pytest.mark.parametrize(
    "content", ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_ca_file_without_certificates_is_wrong_usage(tmp_path: Path, content: str) -> None:
    file = tmp_path / "ca.pem"
    file.write_text(content)
    with pytest.raises(UsageError, match="it must hold certificates in PEM form"):
        ReadTransport(ca_file=file, connections=1)


def test_a_ca_file_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--ca-file or SSL_CERT_FILE.*No such file"):
        ReadTransport(ca_file=tmp_path / "none.pem", connections=1)
