"""`reconciler doctor`: what is set, what answers, and what to do about the rest."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import common, exits, make_settings
from reconciler.cli.organisation import environment
from reconciler.cli.output import emit, emit_json

if TYPE_CHECKING:
    from reconciler.clock import Clock
    from reconciler.model import Channel
    from reconciler.settings import Api, Settings

VARIABLES = ("GENESYS_CLIENT_ID", "GENESYS_CLIENT_SECRET", "GENESYS_ENV_URL")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at."""

    what: str
    found: str
    fix: str = ""
    """What to do; empty where all is well."""
    ok: bool = True


@click.command(
    epilog="""\b
Examples:
  reconciler doctor
  reconciler doctor --format json"""
)
@common(("text", "json"))
@exits
def doctor(form: str, **options: Any) -> int:
    """Check settings, credentials and connections; each line that is not well says how to mend it."""
    from reconciler.settings import known_settings

    settings = make_settings(options["repo"], channels=options["channels"], ca_file=options["ca_file"])
    checks = list(_checks(settings, options))
    if form == "json":
        known = [
            {"name": name, "value": value, "from": source} for name, value, source in known_settings(settings)
        ]
        emit_json(
            {
                "format": 1,
                "command": "doctor",
                "checks": [asdict(check) for check in checks],
                "settings": known,
            }
        )
    else:
        for check in checks:
            emit(f"{'✓' if check.ok else '✗'} {check.what}: {check.found}")
            if check.fix:
                emit(f"    fix: {check.fix}")
        emit("\nsettings (option beats environment beats reconciler.toml beats default):")
        for name, value, source in known_settings(settings):
            emit(f"  {name:<16} {value:<28} {source}")
    return 0 if all(check.ok for check in checks) else 1


def _checks(settings: Settings, options: dict[str, Any]) -> Iterator[Check]:
    yield Check("python", platform.python_version())
    git = shutil.which("git")
    yield Check("git", git or "not found", "" if git else "install git; the record needs it", ok=bool(git))
    yield _repository(settings)
    yield _files(settings, options)
    for variable in VARIABLES:
        found = bool(environment().get(variable))
        yield Check(variable, "set" if found else "not set", "" if found else f"export {variable}", ok=found)
    yield from _region()
    yield from _remote(settings, options)


def _repository(settings: Settings) -> Check:
    from reconciler.ledger.source import find_repository

    repository = find_repository(settings.repo)
    if repository is None:
        return Check("repository", f"{settings.repo} is in none", "git init, or --repo DIR", ok=False)
    return Check("repository", str(repository))


def _files(settings: Settings, options: dict[str, Any]) -> Check:
    from reconciler.cli.session import open_desk
    from reconciler.errors import UsageError
    from reconciler.model import Severity

    try:
        loaded = open_desk(**options).loaded
    except UsageError as error:
        return Check("channel files", str(error), "reconciler init", ok=False)
    wrong = sum(finding.severity is Severity.ERROR for finding in loaded.findings)
    found = f"{loaded.count} files in {settings.channels}/, {wrong} errors"
    return Check("channel files", found, "reconciler validate" if wrong else "", ok=not wrong)


def _region() -> Iterator[Check]:
    from reconciler.errors import UsageError
    from reconciler.regions import region_words
    from reconciler.settings import is_loopback, read_hosts

    try:
        base_url, hosts = read_hosts(environment())
    except UsageError:
        return
    yield Check("region", "this machine" if is_loopback(base_url) else region_words(base_url))
    yield Check("hosts", f"{hosts.login}, {hosts.cdn}, {hosts.messaging}")


def _remote(settings: Settings, options: dict[str, Any]) -> Iterator[Check]:
    from reconciler.cli.session import reading
    from reconciler.errors import RemoteError, UsageError
    from reconciler.settings import read_api

    try:
        api = read_api(environment())
    except UsageError as error:
        yield Check("remote", "not contacted", str(error), ok=False)
        return
    try:
        total = reading(lambda clock: _list_all(settings, api, _channels(options), clock))
    except RemoteError as error:
        yield Check("remote", str(error), "mend what it names, then run reconciler doctor again", ok=False)
        return
    yield Check("remote", f"{api.base_url} answers, and lists {total} channels")


def _channels(options: dict[str, Any]) -> tuple[Channel, ...]:
    """Give the channels whose files are in order; the others have a line of their own."""
    from reconciler.cli.session import open_desk
    from reconciler.errors import UsageError

    try:
        return open_desk(**options).loaded.channels
    except UsageError:
        return ()


async def _list_all(settings: Settings, api: Api, channels: tuple[Channel, ...], clock: Clock) -> int:
    """Give the number of live channels."""
    from reconciler.acts.connect import connect
    from reconciler.acts.observe import fetch_offered

    async with connect(settings, api, clock, writes=False, notice=lambda _: None) as way:
        return len(await fetch_offered(way.client, channels))
