from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.emulator.serve import Emulator


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


def shake_hands(emulator: Emulator, host: str) -> Any:
    context = ssl.create_default_context(cafile=emulator.ca_file)
    with (
        socket.create_connection(("127.0.0.1", emulator.port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        return secure.getpeercert()


@pytest.mark.parametrize("host", ["webchat.example.com", "xn--caf-dma.example.com", "localhost", "127.0.0.1"])
def test_any_host_led_here_gets_a_valid_certificate_for_its_name(emulator: Emulator, host: str) -> None:
    names = [name for _, name in shake_hands(emulator, host)["subjectAltName"]]
    assert host in names


def test_a_good_certificate_lasts_about_90_days(emulator: Emulator) -> None:
    until = datetime.fromtimestamp(
        ssl.cert_time_to_seconds(shake_hands(emulator, "a.example.com")["notAfter"]), UTC
    )
    assert timedelta(days=89) < until - datetime.now(UTC) <= timedelta(days=90)


@pytest.mark.parametrize(
    ("flaw", "reason"),
    [
        ("expired", "certificate has expired"),
        ("not-yet-valid", "certificate is not yet valid"),
        ("wrong-host", "Hostname mismatch"),
        ("self-signed", "self-signed certificate"),
        ("untrusted", "unable to get local issuer certificate"),
    ],
)
def test_a_named_host_gets_the_bad_certificate_that_was_ordered(
    emulator: Emulator, flaw: str, reason: str
) -> None:
    emulator.settings.certificates["bad.example.com"] = flaw
    with pytest.raises(ssl.SSLCertVerificationError, match=reason):
        shake_hands(emulator, "bad.example.com")
    shake_hands(emulator, "good.example.com")


def test_a_certificate_can_be_about_to_expire(emulator: Emulator) -> None:
    emulator.settings.certificates["old.example.com"] = "expires-soon"
    until = ssl.cert_time_to_seconds(shake_hands(emulator, "old.example.com")["notAfter"])
    assert 5 <= (until - datetime.now(UTC).timestamp()) / 86400 <= 6


def test_the_bad_certificate_is_taken_back_at_once(emulator: Emulator) -> None:
    emulator.settings.certificates["a.example.com"] = "expired"
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(emulator, "a.example.com")
    emulator.settings.certificates.clear()
    shake_hands(emulator, "a.example.com")


def test_connections_to_the_address_can_get_a_bad_certificate_too(emulator: Emulator) -> None:
    emulator.settings.certificates["127.0.0.1"] = "expired"
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        shake_hands(emulator, "127.0.0.1")


def test_a_name_that_no_certificate_can_have_fails_in_the_client_alone(emulator: Emulator) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        shake_hands(emulator, "under_score.example.com")
    shake_hands(emulator, "a.example.com")
