"""Monitors to tell of each run: the `[notify]` tables of `reconciler.toml`.

[notify.monitor]
url = "https://monitor.example.com/hooks/reconciler"
secret_env = "MONITOR_SECRET"    # whsec_… of Standard Webhooks, from the environment only

[notify.chat]
url_env = "SLACK_URL"            # an address that is itself a secret
template = "slack"               # cloudevents (default), slack, generic
when = "problem"                 # always (default), problem: what left something to do
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Mapping
from typing import Any

from reconciler.desired.origin import check_url
from reconciler.desired.words import bare
from reconciler.model import Receiver, Template

KEYS = ("url", "url_env", "secret_env", "template", "when")
WHEN = ("always", "problem")
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
SHORTEST, LONGEST = 24, 64
"""Bytes of a key, as Standard Webhooks asks for."""
MOST = 20
"""Receivers; each may take as long as all of them may."""


def read_receivers(
    tables: Mapping[str, Any],
    environ: Mapping[str, str],
    allowed_hosts: Collection[str] = (),
    allowed_punycode: Collection[str] = (),
) -> tuple[Receiver, ...]:
    """Read the receivers; ValueError says what is wrong with one, and never a value of the environment."""
    if len(tables) > MOST:
        raise ValueError(f"[notify] has {len(tables)} receivers; {MOST} are allowed")
    read = (_receiver(name, table, environ) for name, table in tables.items())
    receivers = tuple(read)
    for receiver in receivers:
        refusal = check_url(receiver.url, allowed_hosts, allowed_punycode)
        if refusal:
            # What is wrong would show the address, which may be a secret.
            told = refusal.message if "url" in tables[receiver.name] else "its address is not allowed"
            raise ValueError(
                f"[notify.{receiver.name}] {told}; an https URL with a host and a path is allowed"
            )
    return receivers


def _receiver(name: str, table: Any, environ: Mapping[str, str]) -> Receiver:
    where = f"[notify.{bare(name)}]"
    if not NAME.fullmatch(name):
        raise ValueError(f"{where} must be named by 1 to 40 of a-z, 0-9 and -")
    if not isinstance(table, dict):
        raise ValueError(f"{where} must be a table")
    for key, value in table.items():
        if key not in KEYS:
            raise ValueError(f"{where} has no setting {bare(key)}; known are {', '.join(KEYS)}")
        if not isinstance(value, str):
            raise ValueError(f"{where} {key} must be a text")
    return Receiver(
        name=name,
        url=_url(where, table, environ),
        key=_key(where, table, environ),
        template=Template(_one_of(where, table, "template", tuple(Template))),
        problems_only=_one_of(where, table, "when", WHEN) == "problem",
    )


def _url(where: str, table: Mapping[str, str], environ: Mapping[str, str]) -> str:
    if ("url" in table) == ("url_env" in table):
        raise ValueError(f"{where} needs url, or url_env for an address that is a secret, and not both")
    return table["url"] if "url" in table else _variable(where, "url_env", table["url_env"], environ)


def _key(where: str, table: Mapping[str, str], environ: Mapping[str, str]) -> bytes | None:
    if "secret_env" not in table:
        return None
    variable = table["secret_env"]
    text = _variable(where, "secret_env", variable, environ)
    try:
        key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not SHORTEST <= len(key) <= LONGEST:
        raise ValueError(
            f"{where} {variable} must hold whsec_ and the base64 of {SHORTEST} to {LONGEST} random bytes:"
            " openssl rand -base64 32 makes them"
        )
    return key


def _variable(where: str, key: str, variable: str, environ: Mapping[str, str]) -> str:
    if not VARIABLE.fullmatch(variable):
        raise ValueError(f"{where} {key} must be the name of a variable of the environment")
    if not environ.get(variable):
        raise ValueError(f"{where} the variable {variable} that {key} names is not set")
    return environ[variable]


def _one_of(where: str, table: Mapping[str, str], key: str, allowed: tuple[str, ...]) -> str:
    value = table.get(key, allowed[0])
    if value not in allowed:
        raise ValueError(f"{where} {key} is {bare(value)}; {', '.join(allowed)} are allowed")
    return value
