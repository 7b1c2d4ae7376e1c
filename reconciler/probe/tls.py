"""The TLS side of a probe: the certificate's facts, and what a failed handshake means."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reconciler.model import Certificate
from reconciler.report.escape import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_TLS = "does not speak TLS on this port, perhaps plain HTTP; turn on TLS there, or correct the port"
OLD_TLS = "offers no TLS 1.2 or newer; raise the lowest TLS version on the load balancer"
WEAK = "has a key or signature that is too weak; have one issued with RSA 2048 or ECDSA, and SHA-256"
UNKNOWN_ISSUER = (
    "comes from an issuer that is not trusted here, or without its intermediate certificate;"
    " serve the whole chain, or name a private CA with --ca-file or SSL_CERT_FILE"
)
INVALID_ISSUER = "was issued by a certificate that may not issue it; have it issued by a real CA"

# The numbers are OpenSSL's X509_V_ERR_…, the same in all its versions.
CERTIFICATE_FAULTS = {
    2: UNKNOWN_ISSUER,
    9: "is not valid yet; check the clock of this machine, or install a certificate that is already valid",
    10: "has expired; renew it on the load balancer",
    18: "is self-signed; install one from a CA, or name it with --ca-file or SSL_CERT_FILE",
    19: "comes from a CA that is not trusted here; name a private CA with --ca-file or SSL_CERT_FILE",
    20: UNKNOWN_ISSUER,
    21: UNKNOWN_ISSUER,
    23: "was revoked; install a new one on the load balancer",
    24: INVALID_ISSUER,
    26: "is not meant for servers; have one issued for server authentication",
    32: INVALID_ISSUER,
    47: "has a name that its CA may not certify; have it issued by another CA",
    48: "has a name that its CA may not certify; have it issued by another CA",
    62: "is for another host; install one that names this host, or correct the channel's URL",
    64: "is for another address; install one that names this address, or correct the channel's URL",
    66: WEAK,
    67: WEAK,
    68: WEAK,
    79: INVALID_ISSUER,
}
HANDSHAKE_FAULTS = {
    "WRONG_VERSION_NUMBER": NO_TLS,
    "HTTP_REQUEST": NO_TLS,
    "PACKET_LENGTH_TOO_LONG": NO_TLS,
    "RECORD_LAYER_FAILURE": NO_TLS,
    "UNEXPECTED_MESSAGE": NO_TLS,
    "UNSUPPORTED_PROTOCOL": OLD_TLS,
    "NO_PROTOCOLS_AVAILABLE": OLD_TLS,
    "TLSV1_ALERT_PROTOCOL_VERSION": OLD_TLS,
    "UNRECOGNIZED_NAME": "has no certificate for this host name; add it on the load balancer",
    "TLSV1_UNRECOGNIZED_NAME": "has no certificate for this host name; add it on the load balancer",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "has no cipher in common with us, or no certificate for this host name",
}
CLOSED = (
    "closed the connection during the TLS handshake, as a server without TLS 1.2 or without a certificate for"
    " this host name does; check both on the load balancer"
)


def make_certificate(facts: Mapping[str, Any], now: datetime) -> Certificate:
    """Read what `SSLObject.getpeercert()` says of a verified certificate."""
    not_after = _time(facts["notAfter"])
    names = [name for kind, name in facts.get("subjectAltName", ()) if kind in ("DNS", "IP Address")]
    return Certificate(
        not_before=_time(facts["notBefore"]),
        not_after=not_after,
        days_left=(not_after - now) // timedelta(days=1),
        issuer=_name(facts.get("issuer", ())),
        subject=_name(facts.get("subject", ())) or shown(", ".join(names)),
    )


def handshake_words(host: str, error: OSError) -> str:
    """Say what a failed TLS handshake means, and what to do."""
    if isinstance(error, ssl.SSLCertVerificationError):
        message = f"failed the check ({shown(error.verify_message)}); install one that a browser accepts"
        return f"the certificate of {host} {CERTIFICATE_FAULTS.get(error.verify_code, message)}"
    if isinstance(error, ConnectionError | ssl.SSLEOFError):
        return f"{host} {CLOSED}"
    reason = getattr(error, "reason", None) or error.strerror or type(error).__name__
    return f"{host} {HANDSHAKE_FAULTS.get(reason, f'failed the TLS handshake ({shown(reason)})')}"


@lru_cache(maxsize=1_024)
def _time(text: str) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC)


def _name(parts: tuple[tuple[tuple[str, str], ...], ...]) -> str:
    """Pick what people call somebody: the common name and the organisation."""
    facts = {key: value for part in parts for key, value in part}
    picked = (facts.get("commonName"), facts.get("organizationName"))
    return shown(", ".join(value for value in picked if value))
