"""The TLS context of a run: certificates are always verified, and nothing can switch that off."""

from __future__ import annotations

import ssl
from functools import lru_cache
from pathlib import Path

from reconciler.errors import UsageError
from reconciler.report.escape import shown

Stamp = tuple[str, int, int]
"""A file by path, nanosecond and size."""


def make_context(ca_file: Path | None) -> ssl.SSLContext:
    """Give the context that trusts the CA file, or without one the system's authorities; made once, at 25 ms.

    A file that has changed since makes another one. Raises `UsageError` for a file that holds no certificates.
    """
    usual = ssl.get_default_verify_paths()
    trusted = [ca_file] if ca_file else [Path(path) for path in (usual.cafile, usual.capath) if path]
    return _made(ca_file, tuple(map(_stamp, trusted)))


@lru_cache(maxsize=4)
def _made(ca_file: Path | None, stamps: tuple[Stamp, ...]) -> ssl.SSLContext:  # noqa: ARG001 - another file, another context
    # `ssl.create_default_context` would write the session keys to wherever SSLKEYLOGFILE says.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # As a browser does that opens a WebSocket; HTTP/2 pays for nothing here.
    context.set_alpn_protocols(["http/1.1"])
    # Browsers look at the alternative names only, and so do we.
    context.hostname_checks_common_name = False
    if ca_file is None:
        context.load_default_certs()
        return context
    try:
        context.load_verify_locations(cafile=ca_file)
    except OSError as error:
        message = (
            f'the CA file "{shown(str(ca_file))}" (--ca-file or SSL_CERT_FILE) cannot be used'
            f" ({shown(error.strerror or type(error).__name__)}); it must hold certificates in PEM form"
        )
        raise UsageError(message) from error
    return context


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return str(path), 0, 0  # which the attempt to load it will tell
    return str(path), found.st_mtime_ns, found.st_size
