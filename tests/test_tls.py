from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme

from reconciler.errors import UsageError
from reconciler.tls import make_context


def test_the_context_verifies_and_wants_a_present_tls() -> None:
    context = make_context(None)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_ca_file_without_certificates_is_named(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(UsageError, match=r"ca\.pem.*--ca-file or SSL_CERT_FILE"):
        make_context(file)


def test_names_are_compared_as_browsers_do() -> None:
    assert make_context(None).hostname_checks_common_name is False


def test_a_run_has_one_context_until_the_file_changes(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(file)
    first = make_context(file)
    assert make_context(file) is first
    trustme.CA(organization_name="Another").cert_pem.write_to_path(file)
    assert make_context(file) is not first
    assert make_context(None) is make_context(None)
