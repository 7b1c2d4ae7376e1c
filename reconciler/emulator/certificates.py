"""A throw-away certificate authority: certificates on demand, good and bad, by the name asked for."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_DAY = timedelta(days=1)
_MOST_NAMES = 4096


class Certificates:
    """TLS contexts by server name; keys stand in a private file only while a context is loaded."""

    def __init__(self, flaw_of: Callable[[str], str | None]) -> None:
        self._authority = trustme.CA(organization_name="Reconciler emulator")
        self._flaw_of = flaw_of
        self._contexts: dict[tuple[str, str | None], ssl.SSLContext] = {}

    def write_authority(self, file: Path) -> None:
        """Write the certificate that a client must trust."""
        self._authority.cert_pem.write_to_path(file)

    def listening_context(self) -> ssl.SSLContext:
        """Give the context to listen with; it gives way to the one of the name that a client asks for."""
        context = self._make("127.0.0.1", None)
        context.sni_callback = self._choose
        return context

    def _choose(self, connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> None:
        # A client that connects to an address sends no name.
        host = (name or "127.0.0.1").lower()
        # What is no host name gets the certificate of the address, which the client will find to be wrong.
        with suppress(UnicodeError):
            connection.context = self._context(host, self._flaw_of(host))

    def _context(self, host: str, flaw: str | None) -> ssl.SSLContext:
        if len(self._contexts) >= _MOST_NAMES:
            self._contexts.clear()
        if (host, flaw) not in self._contexts:
            self._contexts[host, flaw] = self._make(host, flaw)
        return self._contexts[host, flaw]

    def _make(self, host: str, flaw: str | None) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # Nobody resumes a session here, and without tickets each handshake is two messages shorter.
        context.num_tickets = 0
        if flaw == "self-signed":
            _load_self_signed(context)
        else:
            self._issue(host, flaw).configure_cert(context)
        return context

    def _issue(self, host: str, flaw: str | None) -> trustme.LeafCert:
        authority = trustme.CA() if flaw == "untrusted" else self._authority
        name = "wrong-host.invalid" if flaw == "wrong-host" else host
        identities = _LOOPBACK if name in _LOOPBACK else (name,)
        first, last = {"expired": (-30, -1), "not-yet-valid": (1, 30), "expires-soon": (-30, 6)}.get(
            flaw or "", (-1, 90)
        )
        now = datetime.now(UTC)
        return authority.issue_cert(*identities, not_before=now + first * _DAY, not_after=now + last * _DAY)


def _load_self_signed(context: ssl.SSLContext) -> None:
    alone = trustme.CA()
    with alone.cert_pem.tempfile() as certificate, alone.private_key_pem.tempfile() as key:
        context.load_cert_chain(certificate, key)
