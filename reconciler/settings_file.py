"""`reconciler.toml` as tables of known names and types; what they mean is said in `settings`.

A setting that is not known would do nothing, and is refused: it would be a promise that is not kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.desired.policy import SETTINGS as POLICY_SETTINGS
from reconciler.errors import UsageError

FILE = "reconciler.toml"

FILE_LIMIT = 65_536

TABLES: dict[str, dict[str, type]] = {
    "rules": {**dict.fromkeys(POLICY_SETTINGS, object), "allow_punycode": list},
    "limits": {
        "concurrency": int,
        "rate": int,
        "wait_seconds": float,
        "run_seconds": float,
        "attempts": int,
        "conflicts": int,
        "change_percent": int,
        "change_floor": int,
    },
    "record": {"organisation": str, "remote": str, "audit_channels": int, "people": bool},
    "probe": {"cdn_seconds": float, "guests_enter": bool},
    "freeze": {},
    "ignore": {},
}
"""Every table and key of `reconciler.toml` that this version knows."""

OPEN_TABLES = ("waivers", "freeze", "notify", "ignore")
"""Tables whose keys are names that people choose."""

SMALLEST = {"change_percent": 0, "change_floor": 0, "audit_channels": 0, "conflicts": 0, "cdn_seconds": 0}

LARGEST = {"concurrency": 64, "change_percent": 100, "rate": 100_000, "audit_channels": 1_000}

LARGEST |= {"attempts": 20, "conflicts": 50, "wait_seconds": 3_600, "run_seconds": 86_400}


def load_text(path: Path) -> str:
    """Read the settings file of a repository; a file that is not there says nothing."""
    try:
        with path.open("rb") as file:
            return decoded(file.read(FILE_LIMIT + 1))
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise UsageError(f"{FILE} cannot be read: {error.strerror}") from error


def decoded(data: bytes) -> str:
    """Take the bytes of a settings file as text; raises `UsageError` where they are none, or too many."""
    if len(data) > FILE_LIMIT:
        raise UsageError(f"{FILE} is larger than {FILE_LIMIT} bytes")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{FILE} is no UTF-8: {error}") from error


def read_file(text: str) -> Mapping[str, Mapping[str, Any]]:
    """Read the text of the settings file.

    Raises `UsageError` for a file that is no TOML, and for tables, keys and types that are not known: a
    setting that does nothing would be a promise that is not kept.
    """
    if not text:
        return {}
    import tomllib

    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{FILE} is no TOML: {error}") from error
    for table, content in document.items():
        _check_table(table, content)
    return document


def _check_table(table: str, content: object) -> None:
    if table not in TABLES and table not in OPEN_TABLES:
        known = {**TABLES, **dict.fromkeys(OPEN_TABLES)}
        raise UsageError(f"{FILE}: the table [{table}] is not known{near(table, known)}")
    if not isinstance(content, dict):
        raise UsageError(f"{FILE}: {table} must be a table: [{table}]")
    if table in OPEN_TABLES:
        return
    for key, value in content.items():
        if key not in TABLES[table]:
            raise UsageError(f"{FILE}: [{table}] has no setting {key!r}{near(key, TABLES[table])}")
        _check_value(table, key, value)


def _check_value(table: str, key: str, value: object) -> None:
    wanted = TABLES[table][key]
    if wanted is float and type(value) is int:
        wanted = int
    if wanted is not object and type(value) is not wanted:
        raise UsageError(f"{FILE}: [{table}] {key} must be a {wanted.__name__}, not {type(value).__name__}")
    if wanted in (int, float) and isinstance(value, int | float):
        smallest, largest = SMALLEST.get(key, 1), LARGEST.get(key, 1_000_000)
        if not smallest <= value <= largest:
            raise UsageError(f"{FILE}: [{table}] {key} is {value}; from {smallest} to {largest} is allowed")
    if wanted is list and isinstance(value, list) and not all(isinstance(entry, str) for entry in value):
        raise UsageError(f"{FILE}: [{table}] {key} must be a list of strings")


def near(word: str, known: Mapping[str, object]) -> str:
    """Name the known word that is nearest, or all of them."""
    import difflib

    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(sorted(known))}"
