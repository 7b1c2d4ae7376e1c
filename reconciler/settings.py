"""What the repository, the environment and the command line say, as one frozen value.

Each part knows where it comes from: option beats environment beats file beats default. Secrets are read here,
kept apart from everything that is printed, and never come from anywhere but the environment. Nothing here
contacts anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from reconciler.desired.policy import Policy, read_policy
from reconciler.errors import UsageError
from reconciler.settings_file import FILE, TABLES, load_text, read_file

if TYPE_CHECKING:
    from reconciler.decide.freeze import Freeze
    from reconciler.decide.ignores import Ignore
    from reconciler.model import Receiver
    from reconciler.regions import Hosts

# Patterns as text: compiled where they are asked, which a command without a remote never does.
LOOPBACK = r"localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]"
BASE_URL = r"(https?)://([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[::1\])(:[0-9]{1,5})?/?"
PORT = r":[0-9]{1,5}$"
MESSAGING_URL = BASE_URL.replace("(https?)", "wss", 1)
HOST_ENTRY = r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?|\[[0-9a-f:.]+\](:[0-9]{1,5})?"
PLAIN_NAME = r"[a-z0-9][a-z0-9._-]{0,63}"

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Limits:
    """Numbers that bound a run; each is an option or a line of `[limits]`."""

    concurrency: int = 8
    """Requests at once."""
    rate: int = 300
    """Requests a minute a token."""
    wait_seconds: float = 120.0
    """The longest single wait that the remote may ask for."""
    run_seconds: float = 900.0
    attempts: int = 5
    """Tries of one request, for 429, 5xx and connections."""
    conflicts: int = 5
    """Conflicts of one channel that are settled, apart from `attempts`."""
    change_percent: int = 30
    """Updates and deletes of more than this share of the live managed channels are held."""
    change_floor: int = 10
    """The share counts from this many live managed channels on."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """OAuth client credentials; their secret shows in no representation."""

    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Api:
    """The remote side of one run."""

    base_url: str
    hosts: Hosts
    credentials: Credentials


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is not secret, and where each part comes from."""

    repo: Path
    """Root of the repository, or the folder that plays it."""
    channels: str
    """The channel folder below `repo`, with forward slashes."""
    overlays: tuple[str, ...]
    """Folders below `repo` whose files are patched over the channel files, in this order."""
    limits: Limits
    organisation: str | None
    """Name under which the record keeps what was applied; None: the API's host."""
    remote: str
    audit_channels: int
    """At most this many channels are asked of the audit log after an apply."""
    allow_hosts: tuple[str, ...]
    allow_punycode: tuple[str, ...]
    connect_to: tuple[str, ...]
    """Entries in curl's form, options first."""
    ca_file: Path | None
    cdn_seconds: float
    """How long the CDN may go on serving what was pinned before."""
    guests_enter: bool
    """Whether a guest may get a session where visitors must sign in."""
    people: bool
    """Whether ids and names of people stand in committed records."""
    freeze: Freeze | None
    """When nothing may be written; None where no window is set."""
    ignores: tuple[Ignore, ...]
    """Fields that are left alone for a while."""
    policy: Policy
    """What `[rules]` decides."""
    waivers: Mapping[str, Any]
    """The tables of `[waivers]`, unread; see `desired.waivers`."""
    notify: Mapping[str, Any]
    """The tables of `[notify]`, unread, since they name secrets; see `read_monitors`."""
    file_text: str
    """`reconciler.toml` as it was read."""
    rules_from: str | None
    """The git revision whose `reconciler.toml` and `schemas/policy/` count; None: those of the work tree."""
    sources: Mapping[str, str]
    """Where each setting comes from: `option`, `environment NAME`, `reconciler.toml`, `default`."""

    @property
    def channels_folder(self) -> Path:
        """The channel folder on disk."""
        return self.repo / self.channels


def load_settings(
    repo: Path, options: Mapping[str, Any], environ: Mapping[str, str], text: str | None = None
) -> Settings:
    """Read `reconciler.toml`, the environment and the options that were given (None: not given).

    `text` is the file where it does not come from the work tree. Raises `UsageError` that names the file,
    variable or option, and what it may be.
    """
    text = load_text(repo / FILE) if text is None else text
    file = read_file(text)
    pick = _Picker(options, environ, file)
    pick.sources |= {table: f"{FILE} [{table}]" for table in ("rules", "waivers") if file.get(table)}
    channels = pick("channels", "channels")
    return Settings(
        repo=repo,
        channels=_checked_folder(channels),
        overlays=tuple(options.get("overlays", ())),
        limits=Limits(
            **{name: pick(name, default, table="limits") for name, default in _limit_defaults().items()}
        ),
        organisation=_checked_name(pick("organisation", None, table="record"), "[record] organisation"),
        remote=pick("remote", "origin", table="record"),
        audit_channels=pick("audit_channels", 50, table="record"),
        allow_hosts=_checked_hosts(pick("allow_hosts", "", variable="RECONCILER_ALLOW_HOSTS")),
        allow_punycode=tuple(pick("allow_punycode", (), table="rules")),
        connect_to=(
            *options.get("connect_to", ()),
            *_split(pick("connect_to_environment", "", variable="RECONCILER_CONNECT_TO")),
        ),
        cdn_seconds=pick("cdn_seconds", 15.0, table="probe"),
        guests_enter=pick("guests_enter", default=True, table="probe"),
        people=pick("people", default=False, table="record"),
        ca_file=_checked_file(pick("ca_file", None, variable="SSL_CERT_FILE")),
        freeze=_checked_freeze(file.get("freeze")),
        ignores=_checked_ignores(file.get("ignore", {})),
        policy=read_policy(file.get("rules", {})),
        waivers=file.get("waivers", {}),
        notify=file.get("notify", {}),
        file_text=text,
        rules_from=pick("rules_from", None),
        sources=pick.sources,
    )


def read_api(environ: Mapping[str, str]) -> Api:
    """Read the addresses and the credentials of the remote from the environment.

    The addresses are checked before the secret is looked at. Raises `UsageError` that names the variable,
    never the value of a secret one.
    """
    base_url, hosts = read_hosts(environ)
    client_id = _checked_secret("GENESYS_CLIENT_ID", environ)
    client_secret = _checked_secret("GENESYS_CLIENT_SECRET", environ)
    return Api(base_url, hosts, Credentials(client_id, client_secret))


def read_hosts(environ: Mapping[str, str]) -> tuple[str, Hosts]:
    """Read the API's base, and where its other parts are: each as its variable says, else from the API's domain."""
    from reconciler.regions import Hosts, hosts_of

    base_url = _checked_url("GENESYS_ENV_URL", environ.get("GENESYS_ENV_URL", ""))
    derived = hosts_of(base_url)
    messaging = environ.get("GENESYS_MESSAGING_URL") or derived.messaging
    if not re.fullmatch(MESSAGING_URL, messaging):
        raise UsageError(
            "GENESYS_MESSAGING_URL must be wss://host or wss://host:port, with nothing behind it"
        )
    return base_url, Hosts(
        login=_checked_url("GENESYS_LOGIN_URL", environ.get("GENESYS_LOGIN_URL") or derived.login),
        cdn=_checked_url("GENESYS_CDN_URL", environ.get("GENESYS_CDN_URL") or derived.cdn),
        messaging=messaging.rstrip("/"),
    )


def is_loopback(url: str) -> bool:
    """Say whether an address that was read here is on this machine."""
    host = url.partition("://")[2].partition("/")[0]
    return re.fullmatch(LOOPBACK, re.sub(PORT, "", host)) is not None


def read_monitors(settings: Settings, environ: Mapping[str, str]) -> tuple[Receiver, ...]:
    """Read whom to tell of each run, with the secrets of the environment; UsageError says what is wrong."""
    from reconciler.desired.receivers import read_receivers

    try:
        return read_receivers(settings.notify, environ, settings.allow_hosts, settings.allow_punycode)
    except ValueError as error:
        raise UsageError(f"{FILE}: {error}") from error


def organisation_of(settings: Settings, base_url: str) -> str:
    """Name the organisation: as the file says, else the API's host (and port, where it has one)."""
    if settings.organisation:
        return settings.organisation
    host = base_url.split("://", 1)[1]
    name = host.replace("[", "").replace("]", "").replace(":", "-")
    if re.fullmatch(PLAIN_NAME, name):
        return name
    import hashlib

    return "host-" + hashlib.sha256(host.encode()).hexdigest()[:16]


class _Picker:
    """Chooses among option, environment, file and default, and remembers which it was."""

    def __init__(
        self, options: Mapping[str, Any], environ: Mapping[str, str], file: Mapping[str, Mapping[str, Any]]
    ) -> None:
        self.options = options
        self.environ = environ
        self.file = file
        self.sources: dict[str, str] = {}

    def __call__(
        self, name: str, default: Value, *, table: str | None = None, variable: str | None = None
    ) -> Any:
        if self.options.get(name) is not None:
            self.sources[name] = "option"
            return self.options[name]
        if variable and self.environ.get(variable):
            self.sources[name] = f"environment {variable}"
            return self.environ[variable]
        if table and name in self.file.get(table, {}):
            self.sources[name] = f"{FILE} [{table}]"
            return self.file[table][name]
        self.sources[name] = "default"
        return default


def _limit_defaults() -> dict[str, float]:
    defaults = Limits()
    return {name: getattr(defaults, name) for name in TABLES["limits"]}


def _checked_freeze(table: Mapping[str, Any] | None) -> Freeze | None:
    if not table:
        return None
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from reconciler.decide.freeze import Freeze, read_windows

    name = table.get("time_zone", "UTC")
    try:
        return Freeze(name, ZoneInfo(name), read_windows(table))
    except (ZoneInfoNotFoundError, OSError, TypeError) as error:
        raise UsageError(
            f"{FILE}: [freeze] time_zone {name!r} is not known on this machine; write it as Europe/Berlin,"
            " and where the machine has no time zones at all, install the package tzdata"
        ) from error
    except ValueError as error:
        raise UsageError(f"{FILE}: {error}") from error


def _checked_ignores(tables: Mapping[str, Any]) -> tuple[Ignore, ...]:
    if not tables:
        return ()
    from reconciler.decide.ignores import read_ignores

    try:
        return read_ignores(tables)
    except ValueError as error:
        raise UsageError(f"{FILE}: {error}") from error


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _checked_folder(text: str) -> str:
    parts = text.replace("\\", "/").strip("/").split("/")
    if text.startswith("/") or ".." in parts or not any(parts):
        raise UsageError(f"--channels {text!r} must name a folder below the repository")
    return "/".join(part for part in parts if part not in ("", "."))


def _checked_name(text: str | None, what: str) -> str | None:
    if text is not None and not re.fullmatch(PLAIN_NAME, text):
        raise UsageError(f"{what} is {text!r}; lower-case letters, digits and . _ - are allowed")
    return text


def _checked_hosts(text: str) -> tuple[str, ...]:
    hosts = _split(text)
    for host in hosts:
        if not re.fullmatch(HOST_ENTRY, host):
            raise UsageError(
                f"RECONCILER_ALLOW_HOSTS has {host!r}; entries are host or host:port, lower case"
            )
    return hosts


def _checked_file(path: str | Path | None) -> Path | None:
    if path is None:
        return None
    if not Path(path).is_file():
        raise UsageError(f"the CA file {str(path)!r} (--ca-file or SSL_CERT_FILE) is no readable file")
    return Path(path)


def _checked_url(variable: str, text: str) -> str:
    if not text:
        raise UsageError(
            f"{variable} is not set; it is the base of the API, such as https://api.mypurecloud.com"
            " (reconciler doctor shows what is set, reconciler emulator gives one to try)"
        )
    match = re.fullmatch(BASE_URL, text)
    if not match:
        raise UsageError(f"{variable} must be https://host or https://host:port, with nothing behind it")
    scheme, host, _ = match.groups()
    if scheme == "http" and not re.fullmatch(LOOPBACK, host):
        raise UsageError(f"{variable} must be https; http is allowed to loopback only")
    return text.rstrip("/")


def _checked_secret(variable: str, environ: Mapping[str, str]) -> str:
    value = environ.get(variable, "")
    if not value.strip():
        raise UsageError(f"{variable} is not set; client credentials come from the environment only")
    if not all("!" <= letter <= "~" for letter in value):
        raise UsageError(f"{variable} holds white space or characters outside ASCII; it was not used")
    return value


def _policy_words(policy: Policy) -> str:
    """Say in a line what `[rules]` decides."""
    strict = "strict" if policy.is_strict else "default"
    approval = ", widening needs approval" if policy.approve_widening else ""
    own = f", own domains {' '.join(policy.own_domains)}" if policy.own_domains else ""
    return f"preset {strict}, {len(policy.severities)} severities set, TLS {policy.tls_floor}{own}{approval}"


def known_settings(settings: Settings) -> Sequence[tuple[str, str, str]]:
    """List each setting as (name, value, where it comes from), for `doctor`."""
    values: dict[str, object] = {name: getattr(settings.limits, name) for name in TABLES["limits"]}
    values |= {
        "channels": settings.channels,
        "overlays": ", ".join(settings.overlays) or "(none)",
        "organisation": settings.organisation or "(the API's host)",
        "remote": settings.remote,
        "audit_channels": settings.audit_channels,
        "people": settings.people,
        "cdn_seconds": settings.cdn_seconds,
        "guests_enter": settings.guests_enter,
        "allow_hosts": ", ".join(settings.allow_hosts) or "(none)",
        "allow_punycode": ", ".join(settings.allow_punycode) or "(none)",
        "ca_file": settings.ca_file or "(the system's)",
        "rules": _policy_words(settings.policy),
        "waivers": ", ".join(settings.waivers) or "(none)",
        "rules_from": settings.rules_from or "(the work tree)",
        "freeze": ", ".join(window.name for window in settings.freeze.windows)
        if settings.freeze
        else "(none)",
    }
    return [(name, str(value), settings.sources.get(name, "default")) for name, value in values.items()]
