"""`fleet.yaml`: which organisations there are, where each is reached, and which variables hold its credentials.

Secrets never stand in it: it names environment variables, and a run of an organisation sees its own alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.desired.document import judge_document
from reconciler.desired.nodes import read_simple
from reconciler.errors import UsageError
from reconciler.model import Json
from reconciler.settings import BASE_URL, PLAIN_NAME

FILE = "fleet.yaml"
BYTES_LIMIT = 4 * 1024 * 1024
ORGANISATIONS_LIMIT = 10_000
VARIABLE = r"[A-Z_][A-Z0-9_]{0,127}"
DOMAIN = r"[a-z0-9-]+(?:\.[a-z0-9-]+)+"
FOLDER = r"(?!\.\.?(?:/|$))[^/\\\0]+(?:/(?!\.\.?(?:/|$))[^/\\\0]+)*"
KEYS = ("name", "domain", "api", "credentials", "channels", "overlays")
OVERLAYS_LIMIT = 16
REMOTE = ("GENESYS_ENV_URL", "GENESYS_LOGIN_URL", "GENESYS_CDN_URL", "GENESYS_MESSAGING_URL")
"""Variables that say where a remote is; of an organisation of the fleet, the file says it."""
OWN = ("GENESYS_CLIENT_ID", "GENESYS_CLIENT_SECRET")


@dataclass(frozen=True, slots=True)
class Organisation:
    """One organisation of the fleet."""

    name: str
    api: str
    """Base URL of its API."""
    id_variable: str
    secret_variable: str
    """Names of the environment variables that hold its OAuth client; never their values."""
    channels: str
    """Its channel folder below the repository, which others may share."""
    overlays: tuple[str, ...] = ()
    """Folders below the repository with what it has otherwise, as JSON merge patches; a later one comes on top."""


def load_roster(repo: Path) -> tuple[Organisation, ...]:
    """Read the fleet of a repository, sorted by name; `UsageError` says what is wrong with it."""
    path = repo / FILE
    try:
        with path.open("rb") as file:
            data = file.read(BYTES_LIMIT + 1)
    except OSError as error:
        raise UsageError(f"{FILE} cannot be read: {error.strerror}; docs/fleet.md shows one") from error
    if len(data) > BYTES_LIMIT:
        raise UsageError(f"{FILE} is larger than {BYTES_LIMIT} bytes")
    return read_roster(data)


def read_roster(data: bytes) -> tuple[Organisation, ...]:
    """Read the bytes of a `fleet.yaml`."""
    value = read_simple(data)
    if value is None:
        raise UsageError(f"{FILE}: {_flaw(data)}")
    entries = value.get("organisations")
    if set(value) != {"organisations"} or not isinstance(entries, list) or not entries:
        raise UsageError(f"{FILE} must hold one list, organisations, with at least one entry")
    if len(entries) > ORGANISATIONS_LIMIT:
        raise UsageError(f"{FILE} holds {len(entries)} organisations; {ORGANISATIONS_LIMIT} are allowed")
    found = [_organisation(entry, f"organisations[{place}]") for place, entry in enumerate(entries)]
    _require_apart(found)
    return tuple(sorted(found, key=lambda one: one.name))


def remote_environment(organisation: Organisation, environ: Mapping[str, str]) -> dict[str, str]:
    """Give an environment in which the one remote is that of an organisation, by the variables the file names.

    Raises `UsageError` that names the variable that is not set.
    """
    variables = (organisation.id_variable, organisation.secret_variable)
    for name in variables:
        if not environ.get(name, "").strip():
            raise UsageError(f"{name} is not set; {FILE} names it for the organisation {organisation.name}")
    kept = {name: value for name, value in environ.items() if name not in (*OWN, *REMOTE)}
    own = {target: environ[name] for target, name in zip(OWN, variables, strict=True)}
    return kept | own | {"GENESYS_ENV_URL": organisation.api}


def without_others(
    organisation: Organisation, roster: Sequence[Organisation], environ: Mapping[str, str]
) -> dict[str, str]:
    """Give the environment of a process that works for one organisation: no credential of another is in it."""
    own = {organisation.id_variable, organisation.secret_variable}
    hidden = {name for one in roster for name in (one.id_variable, one.secret_variable)} | {*OWN, *REMOTE}
    return {name: value for name, value in environ.items() if name in own or name not in hidden}


def named(roster: Sequence[Organisation], name: str) -> Organisation:
    """Give the organisation of this name; `UsageError` where there is none."""
    import difflib

    by_name = {one.name: one for one in roster}
    if name in by_name:
        return by_name[name]
    near = difflib.get_close_matches(name, by_name, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise UsageError(f"--org: {FILE} has no organisation {name!r}{hint}")


def _flaw(data: bytes) -> str:
    judged = judge_document(FILE, data)
    findings = judged if isinstance(judged, tuple) else judged.flaws
    if not findings:
        return "it is not plain YAML; write no anchors, tags or escapes"
    return f"line {findings[0].line}: {findings[0].message}; {findings[0].fix}"


def _organisation(entry: Json, where: str) -> Organisation:
    if not isinstance(entry, dict):
        raise UsageError(f"{FILE}: {where} must be a mapping with {', '.join(KEYS)}")
    unknown = sorted(set(entry) - set(KEYS))
    if unknown:
        raise UsageError(f"{FILE}: {where} has no field {unknown[0]!r}; known are {', '.join(KEYS)}")
    name = _text(entry, "name", PLAIN_NAME, where, "lower-case letters, digits and . _ -")
    credentials = entry.get("credentials")
    if not isinstance(credentials, dict) or set(credentials) != {"id", "secret"}:
        raise UsageError(f"{FILE}: {where}.credentials must name two environment variables: id and secret")
    id_variable, secret_variable = (
        _text(credentials, half, VARIABLE, f"{where}.credentials", "the name of an environment variable")
        for half in ("id", "secret")
    )
    folder = {"channels": f"channels/{name}"} | entry
    channels = _text(folder, "channels", FOLDER, where, "a folder below the repository")
    overlays = _overlays(entry.get("overlays", []), where)
    return Organisation(name, _api(entry, where), id_variable, secret_variable, channels, overlays)


def _overlays(value: Json, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > OVERLAYS_LIMIT:
        raise UsageError(f"{FILE}: {where}.overlays must be a list of at most {OVERLAYS_LIMIT} folders")
    places = [f"overlays[{place}]" for place in range(len(value))]
    listed = dict(zip(places, value, strict=True))
    folders = [_text(listed, place, FOLDER, where, "a folder below the repository") for place in places]
    if any(folders.count(folder) > 1 or set(_above(folder)) & set(folders) for folder in folders):
        raise UsageError(f"{FILE}: {where}.overlays: one folder lies in another, or is there twice")
    return tuple(folders)


def _above(folder: str) -> Iterator[str]:
    """Give every folder that a folder lies in."""
    while folder := folder.rpartition("/")[0]:
        yield folder


def _api(entry: Mapping[str, Json], where: str) -> str:
    if ("domain" in entry) == ("api" in entry):
        raise UsageError(f"{FILE}: {where} must have either domain (mypurecloud.ie) or api (https://…)")
    if "domain" in entry:
        return "https://api." + _text(entry, "domain", DOMAIN, where, "a domain such as mypurecloud.ie")
    return _text(entry, "api", BASE_URL, where, "https://host or https://host:port").rstrip("/")


def _text(entry: Mapping[str, Json], field: str, pattern: str, where: str, allowed: str) -> str:
    value = entry.get(field)
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise UsageError(f"{FILE}: {where}.{field} must be {allowed}, and is {str(value)[:80]!a}")
    return value


def _require_apart(found: Sequence[Organisation]) -> None:
    for name, count in Counter(one.name for one in found).items():
        if count > 1:
            raise UsageError(
                f"{FILE}: the name {name!r} is used by two organisations, which share one record"
            )
    channels, overlays = {one.channels for one in found}, {folder for one in found for folder in one.overlays}
    for some, others in ((channels, overlays), (overlays, channels)):
        for folder in sorted(some):
            if not others.isdisjoint((folder, *_above(folder))):
                raise UsageError(
                    f"{FILE}: {folder!r} is, or lies in, a folder of the other sort; channel files and overlays"
                    " each need folders of their own"
                )
