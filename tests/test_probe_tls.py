from __future__ import annotations

import ssl
from datetime import UTC, datetime

import pytest

from reconciler.model import Certificate
from reconciler.probe.tls import CERTIFICATE_FAULTS, handshake_words, make_certificate

FACTS = {
    "subject": ((("commonName", "a.example.com"),),),
    "issuer": ((("countryName", "DE"),), (("organizationName", "A CA"),), (("commonName", "R\x1b1"),)),
    "notBefore": "Jan  1 00:00:00 2026 GMT",
    "notAfter": "Apr  1 00:00:00 2026 GMT",
    "subjectAltName": (("DNS", "a.example.com"), ("IP Address", "192.0.2.1")),
}


def test_a_certificate_is_read_in_words_and_utc() -> None:
    assert make_certificate(FACTS, datetime(2026, 3, 1, 1, tzinfo=UTC)) == Certificate(
        not_before=datetime(2026, 1, 1, tzinfo=UTC),
        not_after=datetime(2026, 4, 1, tzinfo=UTC),
        days_left=30,
        issuer="R\\u{1b}1, A CA",
        subject="a.example.com",
    )


def test_a_certificate_without_subject_goes_by_its_alternative_names() -> None:
    certificate = make_certificate({**FACTS, "subject": ()}, datetime(2026, 3, 1, tzinfo=UTC))
    assert certificate.subject == "a.example.com, 192.0.2.1"


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 3, 31, 0, 0, 0, tzinfo=UTC), 1),
        (datetime(2026, 3, 31, 0, 0, 1, tzinfo=UTC), 0),
        (datetime(2026, 4, 1, 0, 0, 1, tzinfo=UTC), -1),
    ],
)
def test_days_left_are_whole_and_negative_once_expired(now: datetime, expected: int) -> None:
    assert make_certificate(FACTS, now).days_left == expected


def refused(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError()
    error.verify_code, error.verify_message = code, "in OpenSSL's words\x1b"
    return error


@pytest.mark.parametrize("code", CERTIFICATE_FAULTS)
def test_a_known_fault_of_a_certificate_says_what_to_do(code: int) -> None:
    assert handshake_words("a.example.com", refused(code)) == (
        f"the certificate of a.example.com {CERTIFICATE_FAULTS[code]}"
    )


def test_an_unknown_fault_of_a_certificate_is_told_in_openssl_words() -> None:
    assert "(in OpenSSL's words\\u{1b})" in handshake_words("a.example.com", refused(999))


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("WRONG_VERSION_NUMBER", "does not speak TLS"),
        ("TLSV1_ALERT_PROTOCOL_VERSION", "offers no TLS 1.2"),
        ("TLSV1_UNRECOGNIZED_NAME", "has no certificate for this host name"),
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", "no cipher in common"),
        ("SOMETHING_NEW", "failed the TLS handshake (SOMETHING_NEW)"),
    ],
)
def test_each_fault_of_a_handshake_has_its_own_words(reason: str, expected: str) -> None:
    error = ssl.SSLError()
    error.reason = reason
    assert expected in handshake_words("a.example.com", error)


@pytest.mark.parametrize("error", [ConnectionResetError(), ssl.SSLEOFError()])
def test_an_end_in_the_handshake_is_not_an_empty_message(error: OSError) -> None:
    assert "closed the connection during the TLS handshake" in handshake_words("a.example.com", error)
