"""Where a setting comes from, and what none may be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import UsageError
from reconciler.settings import (
    Limits,
    known_settings,
    load_settings,
    organisation_of,
    read_api,
)
from reconciler.settings_file import LARGEST, SMALLEST, TABLES

SECRET = "kept/to+ourselves"
ENVIRON = {
    "GENESYS_ENV_URL": "https://api.mypurecloud.de",
    "GENESYS_CLIENT_ID": "the-client",
    "GENESYS_CLIENT_SECRET": SECRET,
}


def load(tmp_path: Path, text: str = "", environ: dict[str, str] | None = None, **options: Any) -> Any:
    if text:
        (tmp_path / "reconciler.toml").write_text(text)
    return load_settings(tmp_path, options, environ or {})


def test_without_anything_the_defaults_hold(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert (settings.limits, settings.channels, settings.remote) == (Limits(), "channels", "origin")
    assert {source for _, _, source in known_settings(settings)} == {"default"}


def test_option_beats_environment_beats_file_beats_default(tmp_path: Path) -> None:
    file = "[limits]\nrate = 100\nconcurrency = 4\n"
    ca_file, other = tmp_path / "ca.pem", tmp_path / "other.pem"
    ca_file.touch()
    other.touch()
    settings = load(tmp_path, file, {"SSL_CERT_FILE": str(ca_file)}, rate=50)
    assert (settings.limits.rate, settings.limits.concurrency, settings.limits.attempts) == (50, 4, 5)
    assert settings.ca_file == ca_file
    told = {name: source for name, _, source in known_settings(settings)}
    assert told["rate"] == "option"
    assert told["concurrency"] == "reconciler.toml [limits]"
    assert told["ca_file"] == "environment SSL_CERT_FILE"
    assert told["attempts"] == "default"
    assert load(tmp_path, environ={"SSL_CERT_FILE": str(ca_file)}, ca_file=str(other)).ca_file == other


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[limit]\nrate = 1", "did you mean 'limits'"),
        ("[limits]\nrates = 1", "did you mean 'rate'"),
        ("[limits]\nrate = 0", "from 1 to 100000"),
        ("[limits]\nrate = '5'", "must be a int, not str"),
        ("[limits]\nrate = true", "must be a int, not bool"),
        ("[limits]\nrate = 1.5", "must be a int, not float"),
        ("[limits]\nconcurrency = 65", "from 1 to 64"),
        ("[limits]\nwait_seconds = nan", "from 1"),
        ("[limits]\nwait_seconds = inf", "from 1"),
        ("limits = 3", "[limits]"),
        ("[rules]\nallow_punycode = [1]", "list of strings"),
        ("[record]\norganisation = '../x'", "[record] organisation"),
        ("[record]\norganisation = 'Acme Corp'", "lower-case"),
        ("[limits\n", "no TOML"),
        ("\x00", "no TOML"),
    ],
)
def test_a_settings_file_that_promises_what_it_does_not_keep_is_refused(
    tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(UsageError) as caught:
        load(tmp_path, text)
    assert told in str(caught.value)
    assert "reconciler.toml" in str(caught.value) or "organisation" in str(caught.value)


def test_a_settings_file_that_is_too_large_or_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="larger than"):
        load(tmp_path, "#" * 65_537)
    (tmp_path / "reconciler.toml").unlink()
    (tmp_path / "reconciler.toml").mkdir()
    with pytest.raises(UsageError, match="cannot be read"):
        load(tmp_path)


@pytest.mark.parametrize("name", [name for name in TABLES["limits"] if name != "change_floor"])
def test_every_limit_takes_its_bounds_and_nothing_beyond(tmp_path: Path, name: str) -> None:
    smallest, largest = SMALLEST.get(name, 1), LARGEST[name]
    for value in (smallest, largest):
        assert getattr(load(tmp_path, f"[limits]\n{name} = {value}").limits, name) == value
    for value in (smallest - 1, largest + 1):
        with pytest.raises(UsageError, match=name):
            load(tmp_path, f"[limits]\n{name} = {value}")


@pytest.mark.parametrize("folder", ["/etc", "..", "a/../../b", "", "/", "\\..\\x"])
def test_the_channel_folder_lies_below_the_repository(tmp_path: Path, folder: str) -> None:
    with pytest.raises(UsageError, match="below the repository"):
        load(tmp_path, channels=folder)


@pytest.mark.parametrize(("folder", "kept"), [("a//b/", "a/b"), ("./a", "a"), ("a\\b", "a/b"), (".", "")])
def test_a_channel_folder_is_kept_with_forward_slashes_and_may_be_the_top(
    tmp_path: Path, folder: str, kept: str
) -> None:
    assert load(tmp_path, channels=folder).channels == kept


@pytest.mark.parametrize("hosts", ["Monitor.example.com", "a b", "https://a.example.com", "a:b", "*", "a,;"])
def test_an_allowed_host_is_a_host_or_host_and_port(tmp_path: Path, hosts: str) -> None:
    with pytest.raises(UsageError, match="RECONCILER_ALLOW_HOSTS"):
        load(tmp_path, environ={"RECONCILER_ALLOW_HOSTS": hosts})
    kept = load(tmp_path, environ={"RECONCILER_ALLOW_HOSTS": " localhost:8443, [::1] ,,"})
    assert kept.allow_hosts == ("localhost:8443", "[::1]")


def test_a_ca_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.pem"):
        load(tmp_path, ca_file="nowhere.pem")


@pytest.mark.parametrize(
    ("base", "login"),
    [
        ("https://api.mypurecloud.de", "https://login.mypurecloud.de"),
        ("https://api.mypurecloud.de/", "https://login.mypurecloud.de"),
        ("https://gateway.example.com:8443", "https://gateway.example.com:8443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("https://[::1]:8080", "https://[::1]:8080"),
    ],
)
def test_the_login_goes_with_the_api(base: str, login: str) -> None:
    api = read_api(ENVIRON | {"GENESYS_ENV_URL": base})
    assert (api.base_url, api.hosts.login) == (base.rstrip("/"), login)


def test_a_login_of_its_own_is_taken() -> None:
    api = read_api(ENVIRON | {"GENESYS_LOGIN_URL": "https://login.example.com"})
    assert api.hosts.login == "https://login.example.com"


@pytest.mark.parametrize("variable", ENVIRON)
@pytest.mark.parametrize("value", ["", "   ", "a b", "a\nb", "é"])
def test_a_variable_that_is_missing_or_broken_is_named_and_not_shown(variable: str, value: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_api(ENVIRON | {variable: value})
    assert variable in str(caught.value)
    assert SECRET not in str(caught.value)


def test_the_address_is_judged_before_the_secret_is_looked_at() -> None:
    with pytest.raises(UsageError, match="GENESYS_ENV_URL"):
        read_api({"GENESYS_ENV_URL": "http://api.example.com"})


def test_the_secret_shows_in_no_representation() -> None:
    assert SECRET not in repr(read_api(ENVIRON))


@pytest.mark.parametrize(
    ("base", "name"),
    [
        ("https://api.mypurecloud.de", "api.mypurecloud.de"),
        ("https://127.0.0.1:8443", "127.0.0.1-8443"),
        ("https://[::1]:8443", None),
    ],
)
def test_an_organisation_goes_by_its_api_unless_it_has_a_name(
    tmp_path: Path, base: str, name: str | None
) -> None:
    settings = load(tmp_path)
    given = organisation_of(settings, base)
    assert given == name if name else given.startswith(("host-", "1-", "--1"))
    named = load(tmp_path, "[record]\norganisation = 'acme-production'")
    assert organisation_of(named, base) == "acme-production"
