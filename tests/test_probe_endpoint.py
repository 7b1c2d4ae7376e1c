"""Probes against real servers on loopback, good and bad; hosts are led there as an operator would do it."""

from __future__ import annotations

import asyncio
import base64
import gc
import hashlib
import http
import socket
import ssl
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

import reconciler
from reconciler.model import Probe, Stage, Target, Verdict
from reconciler.probe.endpoint import OPEN_EACH, judge, probe_all, probe_target
from reconciler.probe.rules import ConnectTo, ProbeRules, parse_connect_to
from reconciler.probe.upgrade import Answer
from reconciler.tls import make_context

HOST = "chat.example.com"
GOOD = "https://app.example.com"
EVIL = "https://evil.example.net"
TODAY = datetime.now(UTC)

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


# Certificates


@cache
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority().cert_pem.write_to_path(file)
    return file


def server_context(certificate: trustme.LeafCert | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    (certificate or good_certificate()).configure_cert(context)
    return context


@cache
def good_certificate() -> trustme.LeafCert:
    return authority().issue_cert(HOST, "localhost", not_after=TODAY + timedelta(days=60, hours=1))


def own_context(
    folder: Path,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    *,
    signed_by_authority: bool,
    alternative_names: bool,
) -> ssl.SSLContext:
    """Make a certificate that trustme would not: self-signed, weak, or with a common name alone."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    issuer = x509.load_pem_x509_certificate(authority().cert_pem.bytes())
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.subject if signed_by_authority else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(TODAY - timedelta(days=1))
        .not_valid_after(TODAY + timedelta(days=1))
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(
                issuer.public_key() if signed_by_authority else key.public_key()  # type: ignore[arg-type]  # trustme makes EC keys
            ),
            critical=False,
        )
    )
    if alternative_names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
    ca_key = serialization.load_pem_private_key(authority().private_key_pem.bytes(), None)
    signer = ca_key if signed_by_authority else key
    file = folder / "own.pem"
    file.write_bytes(
        builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)  # type: ignore[arg-type]  # as above
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.load_cert_chain(file)
    return context


# Servers


async def stay(connection: ServerConnection) -> None:
    await connection.wait_closed()


def only_good(connection: ServerConnection, request: Request) -> Response | None:
    if request.headers.get("Origin") == GOOD:
        return None
    return connection.respond(http.HTTPStatus.FORBIDDEN, "no\n")


@asynccontextmanager
async def channel(
    handler: Callable[[ServerConnection], Awaitable[None]] = stay,
    *,
    process_request: Any = only_good,
    context: ssl.SSLContext | None = None,
) -> AsyncIterator[int]:
    async with serve(
        handler, "127.0.0.1", 0, ssl=context or server_context(), process_request=process_request
    ) as server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def raw(talk: Talk, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server that says whatever it likes, over TLS if there is a context."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except ConnectionError:
            writer.transport.abort()  # the probe left first, as it may
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.sleep(0.01)


async def until_closed(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


def say(*parts: bytes, pause: float = 0.0, then: Talk = until_closed) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        await then(reader, writer)

    return talk


async def leave(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()
    await writer.wait_closed()


async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


def upgraded(*frames: bytes, pause: float = 0.0, then: Talk = until_closed, headers: str = "") -> Talk:
    """Open the WebSocket as it should be, and then send these bytes."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = next(line[19:] for line in request.split("\r\n") if line.startswith("Sec-WebSocket-Key: "))
        digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()  # noqa: S324 - RFC 6455
        accept = base64.b64encode(digest).decode()
        head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        writer.write(f"{head}{headers}Sec-WebSocket-Accept: {accept}\r\n\r\n".encode())
        for frame in frames:
            writer.write(frame)
            await writer.drain()
            await asyncio.sleep(pause)
        await then(reader, writer)

    return talk


# Probes


def rules_for(ca_file: Path, port: int, **changes: Any) -> ProbeRules:
    defaults: dict[str, Any] = {
        "connect_to": (ConnectTo(None, None, "127.0.0.1", port),),
        "ca_file": ca_file,
        "phase_seconds": 5.0,
        "quiet_seconds": 0.05,
    }
    return ProbeRules(**{**defaults, **changes})


def target(origin: str = GOOD, expected: Verdict = Verdict.ACCEPTED, url: str | None = None) -> Target:
    return Target("chat", url or f"wss://{HOST}/webchat", origin, expected)


async def probe(ca_file: Path, port: int, question: Target | None = None, **changes: Any) -> Probe:
    rules = rules_for(ca_file, port, **changes)
    return await probe_target(question or target(), rules, make_context(rules.ca_file))


def probed(server: Any, ca_file: Path, question: Target | None = None, **changes: Any) -> Probe:
    """Run one probe against one server."""

    async def go() -> Probe:
        async with server as port:
            return await probe(ca_file, port, question, **changes)

    return asyncio.run(go())


def seen(result: Probe) -> tuple[Verdict, bool, Stage]:
    return result.observed, result.ok, result.stage


def test_an_allowed_origin_is_accepted_over_verified_tls(ca_file: Path) -> None:
    result = probed(channel(), ca_file)
    assert seen(result) == (Verdict.ACCEPTED, True, Stage.UPGRADED)
    assert result.reason is None
    assert result.tls == "TLSv1.3"
    assert result.address == "127.0.0.1"
    assert list(result.phases) == ["resolve", "connect", "tls", "upgrade"]
    assert result.seconds == sum(result.phases.values())


def test_the_certificate_is_read_when_the_upgrade_is_refused_too(ca_file: Path) -> None:
    result = probed(channel(), ca_file, target(EVIL, Verdict.REFUSED))
    assert seen(result) == (Verdict.REFUSED, True, Stage.SECURED)
    assert result.reason is None
    assert result.certificate is not None
    assert result.certificate.days_left == 60
    assert "trustme" in result.certificate.issuer
    assert result.certificate.not_before < result.certificate.not_after


def test_the_request_names_the_origin_and_us_and_no_extension(ca_file: Path) -> None:
    heard: list[Request] = []

    def listen(_: ServerConnection, request: Request) -> None:
        heard.append(request)

    probed(channel(process_request=listen), ca_file)
    (request,) = heard
    assert request.path == "/webchat"
    assert request.headers["Host"] == HOST
    assert request.headers["Origin"] == GOOD
    assert request.headers["User-Agent"] == f"genesys-reconciler/{reconciler.__version__}"
    assert "Sec-WebSocket-Extensions" not in request.headers
    assert "Authorization" not in request.headers


def test_an_endpoint_that_accepts_everybody_is_a_security_finding(ca_file: Path) -> None:
    result = probed(channel(process_request=None), ca_file, target(EVIL, Verdict.REFUSED))
    assert seen(result) == (Verdict.ACCEPTED, False, Stage.UPGRADED)
    assert result.reason is not None
    assert "accepts the origin https://evil.example.net, which Git does not allow" in result.reason
    assert "anybody's website can open this channel" in result.reason


def test_an_allowed_origin_that_is_refused_is_named(ca_file: Path) -> None:
    result = probed(channel(), ca_file, target(EVIL))
    assert seen(result) == (Verdict.REFUSED, False, Stage.SECURED)
    assert result.reason is not None
    assert "refuses the origin https://evil.example.net, which Git allows" in result.reason
    assert "HTTP 403" in result.reason


# Certificates that must not pass


def shifted(not_before: int, not_after: int) -> ssl.SSLContext:
    return server_context(
        authority().issue_cert(
            HOST,
            not_before=TODAY + timedelta(days=not_before),
            not_after=TODAY + timedelta(days=not_after),
        )
    )


def incomplete(folder: Path) -> ssl.SSLContext:
    leaf = authority().create_child_ca().issue_cert(HOST)
    file = folder / "leaf.pem"
    file.write_bytes(leaf.private_key_pem.bytes() + leaf.cert_chain_pems[0].bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


BAD_CERTIFICATES: dict[str, tuple[Callable[[Path], ssl.SSLContext], str]] = {
    "expired": (lambda _: shifted(-30, -1), "has expired; renew it"),
    "not yet valid": (lambda _: shifted(1, 30), "is not valid yet"),
    "self-signed": (
        lambda folder: own_context(folder, new_key(), signed_by_authority=False, alternative_names=True),
        "is self-signed",
    ),
    "unknown CA": (lambda _: server_context(trustme.CA().issue_cert(HOST)), "is not trusted here"),
    "incomplete chain": (incomplete, "without its intermediate certificate"),
    "wrong host": (lambda _: server_context(authority().issue_cert("other.example.com")), "for another host"),
    "common name only": (
        lambda folder: own_context(folder, new_key(), signed_by_authority=True, alternative_names=False),
        "for another host",
    ),
    "weak key": (
        lambda folder: own_context(
            folder,
            rsa.generate_private_key(65537, 1024),  # noqa: S505 - the point of the case
            signed_by_authority=True,
            alternative_names=True,
        ),
        "too weak",
    ),
}


@pytest.mark.parametrize("case", BAD_CERTIFICATES)
def test_a_certificate_that_a_browser_would_not_take_fails(case: str, ca_file: Path, tmp_path: Path) -> None:
    make, words = BAD_CERTIFICATES[case]
    result = probed(channel(context=make(tmp_path)), ca_file)
    assert seen(result) == (Verdict.UNREACHABLE, False, Stage.CONNECTED)
    assert result.reason is not None
    assert result.reason.startswith(f"the certificate of {HOST} ")
    assert words in result.reason


def test_a_bad_certificate_is_no_refusal_of_an_origin(ca_file: Path) -> None:
    result = probed(channel(context=shifted(-30, -1)), ca_file, target(EVIL, Verdict.REFUSED))
    assert (result.observed, result.ok) == (Verdict.UNREACHABLE, False)
    assert str(result.reason).endswith("whether it refuses the origin https://evil.example.net is not known")


def test_without_the_private_ca_its_certificates_are_not_trusted(ca_file: Path) -> None:
    async def go() -> Probe:
        async with channel() as port:
            return await probe_target(target(), rules_for(ca_file, port), make_context(None))

    result = asyncio.run(go())
    assert seen(result) == (Verdict.UNREACHABLE, False, Stage.CONNECTED)
    assert "is not trusted here" in str(result.reason)


# Ports that speak something else


def test_a_plain_http_port_hears_no_http_from_us(ca_file: Path) -> None:
    heard = bytearray()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.read(65_536))
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        heard.extend(await reader.read())

    result = probed(raw(listen), ca_file)
    assert seen(result) == (Verdict.UNREACHABLE, False, Stage.CONNECTED)
    assert "does not speak TLS on this port" in str(result.reason)
    assert heard[0] == 0x16
    assert b"GET" not in heard


def old_tls() -> ssl.SSLContext:
    context = server_context()
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1_1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_a_server_with_old_tls_only_is_told_so(ca_file: Path) -> None:
    result = probed(raw(until_closed, old_tls()), ca_file)
    assert seen(result) == (Verdict.UNREACHABLE, False, Stage.CONNECTED)
    assert "TLS 1.2" in str(result.reason)


def test_a_reset_in_the_handshake_has_words(ca_file: Path) -> None:
    result = probed(raw(reset), ca_file)
    assert seen(result) == (Verdict.UNREACHABLE, False, Stage.CONNECTED)
    assert "closed the connection during the TLS handshake" in str(result.reason)


async def drip_tls(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for byte in b"\x16\x03\x03\x40\x00\x02" + bytes(100):
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.02)


SLOW: dict[str, tuple[Talk, bool, Stage, str]] = {
    "silent": (until_closed, False, Stage.CONNECTED, "did not finish the TLS handshake within 0.2 s"),
    "dripping in TLS": (drip_tls, False, Stage.CONNECTED, "did not finish the TLS handshake"),
    "silent after TLS": (until_closed, True, Stage.SECURED, "did not finish its answer to the WebSocket"),
    "dripping in a header": (
        say(b"HTTP/1.1 101 X\r\n", *[b"a"] * 100, pause=0.02),
        True,
        Stage.SECURED,
        "did not finish its answer to the WebSocket",
    ),
    "endless body": (
        say(b"HTTP/1.1 404 X\r\nContent-Length: 99\r\n\r\n", *[b"a"] * 50, pause=0.02),
        True,
        Stage.SECURED,
        "did not finish its answer to the WebSocket",
    ),
}


@pytest.mark.parametrize("case", SLOW)
def test_a_slow_server_ends_at_the_deadline_of_its_phase(case: str, ca_file: Path) -> None:
    talk, secure, stage, words = SLOW[case]
    began = time.monotonic()
    result = probed(raw(talk, server_context() if secure else None), ca_file, phase_seconds=0.2)
    assert time.monotonic() - began < 1.5
    assert seen(result) == (Verdict.UNREACHABLE, False, stage)
    assert words in str(result.reason)
    assert result.phases["upgrade" if secure else "tls"] >= 0.15


def test_a_port_where_nothing_listens_is_told_so(ca_file: Path) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        result = asyncio.run(probe(ca_file, bound.getsockname()[1]))
    assert seen(result) == (Verdict.UNREACHABLE, False, Stage.RESOLVED)
    assert "refused the TCP connection" in str(result.reason)


# Answers that are no upgrade


def responding(code: int, *lines: str) -> bytes:
    return "\r\n".join((f"HTTP/1.1 {code} Words", *lines, "Content-Length: 0", "", "")).encode()


@pytest.mark.parametrize("code", [401, 403])
def test_a_refusal_at_the_upgrade_is_seen(code: int, ca_file: Path) -> None:
    result = probed(raw(say(responding(code)), server_context()), ca_file, target(EVIL, Verdict.REFUSED))
    assert seen(result) == (Verdict.REFUSED, True, Stage.SECURED)


@pytest.mark.parametrize("code", [200, 204, 404, 426, 429, 500, 503])
def test_any_other_status_is_unreachable_and_named(code: int, ca_file: Path) -> None:
    result = probed(raw(say(responding(code)), server_context()), ca_file)
    assert seen(result) == (Verdict.UNREACHABLE, False, Stage.SECURED)
    assert f"HTTP {code}" in str(result.reason)


@pytest.mark.parametrize("code", [301, 302, 307])
@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_a_redirect_is_not_followed(code: int, scheme: str, ca_file: Path) -> None:
    reached: list[str] = []

    async def note(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append("reached")

    async def go() -> Probe:
        async with raw(note) as second:
            answer = responding(code, f"Location: {scheme}://127.0.0.1:{second}/")
            async with raw(say(answer), server_context()) as port:
                return await probe(ca_file, port)

    result = asyncio.run(go())
    assert seen(result) == (Verdict.UNREACHABLE, False, Stage.SECURED)
    assert f"HTTP {code}, a redirect" in str(result.reason)
    assert reached == []


SWITCH = b"HTTP/1.1 101 Switching Protocols\r\n"
NO_UPGRADE: dict[str, tuple[Talk, str]] = {
    "no accept": (say(SWITCH + b"Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n"), "Sec-WebSocket-Accept"),
    "wrong accept": (
        say(SWITCH + b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: eA==\r\n\r\n"),
        "Sec-WebSocket-Accept",
    ),
    "wrong upgrade": (
        say(SWITCH + b"Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n"),
        "not as a WebSocket server",
    ),
    "extension": (upgraded(headers="Sec-WebSocket-Extensions: permessage-deflate\r\n"), "not as a WebSocket"),
    "sub-protocol": (upgraded(headers="Sec-WebSocket-Protocol: chat\r\n"), "not as a WebSocket server"),
    "garbage": (say(b"\x00\x1b[31mSSH-2.0\r\n\r\n"), "cannot be read as HTTP"),
    "nothing": (say(then=leave), "closed the connection in the middle of the upgrade"),
    "half a line": (say(b"HTTP/1.1 10", then=leave), "closed the connection in the middle of the upgrade"),
    "reset": (say(then=reset), "closed the connection in the middle of the upgrade"),
    "large header": (say(SWITCH + b"X: " + b"a" * 20_000 + b"\r\n\r\n"), "cannot be read as HTTP"),
    "many headers": (say(SWITCH + b"X: y\r\n" * 1_000 + b"\r\n"), "cannot be read as HTTP"),
}


@pytest.mark.parametrize("case", NO_UPGRADE)
def test_an_answer_that_is_no_upgrade_is_told_apart(case: str, ca_file: Path) -> None:
    talk, words = NO_UPGRADE[case]
    result = probed(raw(talk, server_context()), ca_file)
    assert seen(result) == (Verdict.UNREACHABLE, False, Stage.SECURED)
    assert words in str(result.reason)
    assert str(result.reason).isprintable()


# Channels that open and do not stay


@pytest.mark.parametrize("code", [1000, 1001, 1011, 1013, 4403])
def test_a_close_right_after_opening_is_a_failure_with_its_code(code: int, ca_file: Path) -> None:
    async def close(connection: ServerConnection) -> None:
        await connection.close(code, "see \x1b[31m::error::")

    result = probed(channel(close), ca_file)
    assert seen(result) == (Verdict.UNREACHABLE, False, Stage.UPGRADED)
    assert f'with code {code}, saying "see \\u{{1b}}[31m::error::"' in str(result.reason)


def test_a_close_by_policy_is_a_refusal(ca_file: Path) -> None:
    async def close(connection: ServerConnection) -> None:
        await connection.close(1008, "origin")

    result = probed(channel(close, process_request=None), ca_file, target(EVIL, Verdict.REFUSED))
    assert seen(result) == (Verdict.REFUSED, True, Stage.UPGRADED)


BAD_FRAMES: dict[str, tuple[Talk, str]] = {
    "reset": (upgraded(then=reset), "dropped the connection right after opening"),
    "end": (upgraded(then=leave), "dropped the connection right after opening"),
    "oversize": (
        upgraded(b"\x82\x7f" + struct.pack(">Q", 2**21) + bytes(65_536)),
        "broke the protocol (1009",
    ),
    "masked": (upgraded(b"\x81\x81abcd\x00"), "broke the protocol (1002"),
    "reserved bit": (upgraded(b"\xc1\x01a"), "broke the protocol (1002"),
    "reserved opcode": (upgraded(b"\x83\x01a"), "broke the protocol (1002"),
    "long ping": (upgraded(b"\x89\x7e\x00\x7e" + bytes(126)), "broke the protocol (1002"),
    "bad text": (upgraded(b"\x81\x02\xff\xff"), "broke the protocol (1007"),
    "fragments": (
        upgraded(b"\x01\x01a" + (b"\x00\x7e\xff\xff" + b"a" * 65_535) * 4),
        "broke the protocol (1009",
    ),
    "close without end": (upgraded(b"\x88\x02\x03\xf3"), "with code 1011"),
}


@pytest.mark.parametrize("case", BAD_FRAMES)
def test_a_channel_that_breaks_right_after_opening_is_not_accepted(case: str, ca_file: Path) -> None:
    talk, words = BAD_FRAMES[case]
    result = probed(raw(talk, server_context()), ca_file)
    assert seen(result) == (Verdict.UNREACHABLE, False, Stage.UPGRADED)
    assert words in str(result.reason)


GOOD_FRAMES: dict[str, Talk] = {
    "greeting": upgraded(b"\x81\x05hello"),
    "ping flood": upgraded(*[b"\x89\x00" * 1_000] * 10),
    "message flood": upgraded(*[b"\x81\x05hello" * 1_000] * 10),
    "never says goodbye": upgraded(),
}


@pytest.mark.parametrize("case", GOOD_FRAMES)
def test_a_channel_that_talks_is_open_and_is_left_in_time(case: str, ca_file: Path) -> None:
    began = time.monotonic()
    result = probed(raw(GOOD_FRAMES[case], server_context()), ca_file)
    assert seen(result) == (Verdict.ACCEPTED, True, Stage.UPGRADED)
    assert time.monotonic() - began < 3


def test_parting_does_not_count_as_latency(ca_file: Path) -> None:
    result = probed(raw(upgraded(), server_context()), ca_file, quiet_seconds=0.25)
    assert result.seconds < 0.5


# Addresses


@asynccontextmanager
async def counting(host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[tuple[int, list[str]]]:
    """A listener that notes who connects."""
    peers: list[str] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peers.append(str(writer.get_extra_info("peername")))
        writer.transport.abort()

    server = await asyncio.start_server(note, host, port)
    try:
        yield server.sockets[0].getsockname()[1], peers
    finally:
        await asyncio.sleep(0.01)
        server.close()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1", "[::ffff:127.0.0.1]", "2130706433"])
def test_a_private_address_gets_no_byte(host: str, ca_file: Path) -> None:
    async def go() -> tuple[Probe, list[str]]:
        async with counting() as (port, peers):
            question = target(url=f"wss://{host}:{port}/")
            return await probe(ca_file, port, question, connect_to=()), peers

    result, peers = asyncio.run(go())
    assert (result.observed, result.ok) == (Verdict.UNREACHABLE, False)
    assert "RECONCILER_ALLOW_HOSTS" in str(result.reason)
    assert result.address is None
    assert peers == []


@pytest.mark.parametrize("entry", ["localhost", "localhost:{port}"])
def test_a_private_address_that_is_allowed_is_probed(entry: str, ca_file: Path) -> None:
    async def go() -> Probe:
        async with channel() as port:
            question = target(url=f"wss://localhost:{port}/webchat")
            allowed = (entry.format(port=port),)
            return await probe(ca_file, port, question, connect_to=(), allow_hosts=allowed)

    assert seen(asyncio.run(go())) == (Verdict.ACCEPTED, True, Stage.UPGRADED)


def test_a_name_is_resolved_once_and_its_checked_address_used(
    ca_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def rebinding(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "127.0.0.2"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    async def go() -> tuple[Probe, list[str]]:
        async with channel() as port, counting("127.0.0.2", port) as (_, peers):
            monkeypatch.setattr(socket, "getaddrinfo", rebinding)
            question = target(url=f"wss://{HOST}:{port}/webchat")
            return await probe(ca_file, port, question, connect_to=(), allow_hosts=(HOST,)), peers

    result, peers = asyncio.run(go())
    assert seen(result) == (Verdict.ACCEPTED, True, Stage.UPGRADED)
    assert asked == [HOST]
    assert peers == []


def test_a_resolver_that_does_not_answer_ends_at_the_deadline(
    ca_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*_: Any, **__: Any) -> list[Any]:
        time.sleep(0.8)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    began = time.monotonic()
    result = asyncio.run(probe(ca_file, 1, connect_to=(), phase_seconds=0.1))
    assert time.monotonic() - began < 0.7
    assert seen(result) == (Verdict.UNREACHABLE, False, Stage.STARTED)
    assert "DNS gave no answer" in str(result.reason)
    assert list(result.phases) == ["resolve"]


def test_a_name_that_is_unknown_is_told_so(ca_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    result = asyncio.run(probe(ca_file, 1, connect_to=()))
    assert seen(result) == (Verdict.UNREACHABLE, False, Stage.STARTED)
    assert f"DNS knows no address of {HOST}" in str(result.reason)


def test_a_host_that_is_led_elsewhere_keeps_its_name_in_tls_and_http(ca_file: Path) -> None:
    async def go() -> Probe:
        async with channel() as port:
            led = parse_connect_to(f"{HOST}:443:localhost:{port}")
            return await probe(ca_file, port, connect_to=led)

    result = asyncio.run(go())
    assert seen(result) == (Verdict.ACCEPTED, True, Stage.UPGRADED)


def test_a_proxy_of_the_environment_is_not_used(ca_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "wss_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert probed(channel(), ca_file).ok


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        (f"ws://{HOST}/", GOOD),
        (f"https://{HOST}/", GOOD),
        (f"wss://user:word@{HOST}/", GOOD),
        (f"wss://{HOST}/", "https://a\r\nX-Injected: y"),
    ],
)
def test_what_cannot_be_asked_cleanly_is_not_asked(url: str, origin: str, ca_file: Path) -> None:
    async def go() -> tuple[Probe, list[str]]:
        async with counting() as (port, peers):
            return await probe(ca_file, port, target(origin, url=url)), peers

    result, peers = asyncio.run(go())
    assert seen(result) == (Verdict.UNREACHABLE, False, Stage.STARTED)
    assert (result.phases, peers) == ({}, [])


# Many at once


def run_all(
    ca_file: Path,
    targets: list[Target],
    handler: Any = stay,
    process_request: Any = only_good,
    **changes: Any,
) -> tuple[Probe, ...]:
    async def go() -> tuple[Probe, ...]:
        notice = changes.pop("notice", None)
        async with channel(handler, process_request=process_request) as port:
            return await probe_all(targets, rules_for(ca_file, port, **changes), notice)

    return asyncio.run(go())


def test_probes_come_back_in_the_order_of_their_targets(ca_file: Path) -> None:
    targets = [target(GOOD), target(EVIL, Verdict.REFUSED), target(url="ws://no"), target(EVIL)]
    noticed: list[Target] = []
    probes = run_all(ca_file, targets, notice=lambda probe: noticed.append(probe.target))
    assert [probe.target for probe in probes] == targets
    assert [probe.ok for probe in probes] == [True, True, False, False]
    assert sorted(map(repr, noticed)) == sorted(map(repr, targets))


def test_no_targets_give_no_probes(ca_file: Path) -> None:
    assert run_all(ca_file, []) == ()


def test_a_check_that_breaks_stops_none_of_the_others(ca_file: Path) -> None:
    def break_once(probe: Probe) -> None:
        if probe.target.origin == EVIL:
            raise RuntimeError("no \x1b paper")

    probes = run_all(ca_file, [target(EVIL), target()], notice=break_once)
    assert [probe.ok for probe in probes] == [False, True]
    assert "the check itself broke (RuntimeError: no \\u{1b} paper)" in str(probes[0].reason)


def test_only_so_many_probes_run_at_once_and_waiting_is_not_measured(ca_file: Path) -> None:
    running = 0
    most = 0

    async def slowly(connection: ServerConnection, request: Request) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1

    began = time.monotonic()
    probes = run_all(ca_file, [target()] * 12, process_request=slowly, concurrency=3)
    assert all(probe.ok for probe in probes)
    assert most == 3
    assert max(probe.seconds for probe in probes) < (time.monotonic() - began) / 2


def test_an_open_channel_that_is_watched_holds_up_no_other_and_not_too_many_are(ca_file: Path) -> None:
    is_open = most = 0

    async def count(connection: ServerConnection) -> None:
        nonlocal is_open, most
        is_open += 1
        most = max(most, is_open)
        try:
            await connection.wait_closed()
        finally:
            is_open -= 1

    probes = run_all(ca_file, [target()] * 12, handler=count, concurrency=1, quiet_seconds=0.3)
    assert all(probe.ok for probe in probes)
    assert 1 < most <= OPEN_EACH


def test_each_name_of_a_run_is_looked_up_once(ca_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    look_up = socket.getaddrinfo

    def counted(host: Any, *rest: Any, **more: Any) -> Any:
        asked.append(host)
        return look_up("127.0.0.1", *rest, **more)

    async def go() -> tuple[Probe, ...]:
        async with channel() as port:
            monkeypatch.setattr(socket, "getaddrinfo", counted)
            targets = [target(url=f"wss://{HOST}:{port}/{number}") for number in range(6)]
            return await probe_all(targets, rules_for(ca_file, port, connect_to=(), allow_hosts=(HOST,)))

    assert all(probe.ok for probe in asyncio.run(go()))
    assert asked == [HOST]


def test_a_name_that_is_slow_holds_up_its_own_probes_alone(
    ca_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(host: Any, port: int, **_: Any) -> Any:
        if host == "slow.example.com":
            time.sleep(0.8)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    async def go() -> tuple[Probe, ...]:
        async with channel() as port:
            monkeypatch.setattr(socket, "getaddrinfo", slow)
            hosts = ["slow.example.com", HOST, "slow.example.com", HOST]
            targets = [target(url=f"wss://{host}:{port}/webchat") for host in hosts]
            rules = rules_for(ca_file, port, connect_to=(), allow_hosts=(HOST,), phase_seconds=0.3)
            return await probe_all(targets, rules)

    probes = asyncio.run(go())
    assert [probe.ok for probe in probes] == [False, True, False, True]
    assert "DNS gave no answer for slow.example.com" in str(probes[0].reason)


CANCELLED: dict[str, tuple[Talk, bool]] = {
    "in TLS": (until_closed, False),
    "in the upgrade": (until_closed, True),
    "in the quiet period": (upgraded(), True),
}


@pytest.mark.parametrize("case", CANCELLED)
def test_a_run_that_is_cancelled_leaves_nothing_open(case: str, ca_file: Path) -> None:
    talk, secure = CANCELLED[case]
    left: list[str] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await talk(reader, writer)
        left.append("gone")

    async def go() -> None:
        async with raw(note, server_context() if secure else None) as port:
            run = probe_all([target()] * 3, rules_for(ca_file, port, quiet_seconds=5.0))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(run, 0.15)
            await asyncio.sleep(0.05)
            assert left == ["gone"] * 3

    asyncio.run(go())
    gc.collect()  # a socket left open would warn here, and warnings are errors


def test_failures_leave_nothing_open(ca_file: Path) -> None:
    for talk, _ in (*NO_UPGRADE.values(), BAD_FRAMES["reset"], BAD_FRAMES["masked"]):
        probed(raw(talk, server_context()), ca_file)
    probed(raw(reset), ca_file)
    probed(channel(context=shifted(-30, -1)), ca_file)
    gc.collect()


@pytest.mark.parametrize("verdict", Verdict)
def test_what_was_expected_needs_no_reason(verdict: Verdict) -> None:
    assert judge(target(expected=verdict), Answer(verdict, "words")) is None
