"""What an organisation decides about the rules: severities, lists, limits; read from the `[rules]` table.

A setting that is not known, or could not do what it says, is refused: it would be a promise that is not kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from reconciler.desired.catalogue import RULES
from reconciler.desired.rule import Rule
from reconciler.errors import UsageError
from reconciler.model import Severity

OFF = "off"
PRESETS = ("default", "strict")
FLOORS = ("1.2", "1.3")
DOMAIN = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+"
LARGEST = 1_000_000
WHERE = "reconciler.toml: [rules]"
SETTINGS = (
    "allow_punycode",
    "approve_widening",
    "auth_providers",
    "limits",
    "own_domains",
    "owners",
    "preset",
    "severity",
    "shared_hosts",
    "tls_floor",
    "upload_types",
)
"""Every key of `[rules]`."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The numbers of `[rules.limits]`; what is larger is a finding."""

    origins: int = 50
    """Origins of a channel."""
    domains: int = 50
    """Allowed domains of a deployment."""
    session_seconds: int = 259_200
    """How long a session of a visitor may last: 72 hours, the longest that the service had for years."""
    upload_kilobytes: int = 10_240
    """The largest file that a visitor may send."""
    waiver_days: int = 366
    """How long a waiver may still last."""
    ending_days: int = 14
    """How long before its end a waiver is told of."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that `[rules]` decides."""

    severities: Mapping[str, Severity | None] = field(default_factory=dict)
    """By rule, where it differs from the catalogue; None: off."""
    is_strict: bool = False
    """Whether optional rules are on."""
    own_domains: tuple[str, ...] = ()
    shared_hosts: tuple[str, ...] = ()
    """Hosts below a shared-hosting suffix that are surely ours."""
    auth_providers: tuple[str, ...] = ()
    """The only providers that may sign visitors in; empty: any."""
    owners: tuple[str, ...] = ()
    """The only teams that may own a channel; empty: any."""
    upload_types: tuple[str, ...] = ("image/gif", "image/jpeg", "image/png")
    tls_floor: str = FLOORS[0]
    approve_widening: bool = False
    bounds: Bounds = Bounds()

    def severity(self, rule: Rule) -> Severity | None:
        """Say how much a finding of this rule weighs here; None where the rule is off."""
        if rule.id in self.severities:
            return self.severities[rule.id]
        return None if rule.is_optional and not self.is_strict else rule.severity


def read_policy(table: Mapping[str, Any]) -> Policy:
    """Read the `[rules]` table; raises `UsageError` that names the setting and what it may be."""
    return Policy(
        severities=_severities(table.get("severity", {})),
        is_strict=_word(table, "preset", PRESETS) == "strict",
        own_domains=_domains(table, "own_domains"),
        shared_hosts=_domains(table, "shared_hosts"),
        auth_providers=_texts(table, "auth_providers"),
        owners=_texts(table, "owners"),
        upload_types=_texts(table, "upload_types") or Policy().upload_types,
        tls_floor=_word(table, "tls_floor", FLOORS),
        approve_widening=_flag(table, "approve_widening"),
        bounds=_bounds(table.get("limits", {})),
    )


def _severities(table: Any) -> Mapping[str, Severity | None]:
    if not isinstance(table, dict):
        raise UsageError(f"{WHERE} severity must be a table: [rules.severity]")
    return {name: _severity(name, word) for name, word in table.items()}


def _severity(name: str, word: object) -> Severity | None:
    known = {rule.id: rule for rule in RULES}
    # Rules of the repository's own, in schemas/policy/, are not known here; a hyphen tells them from a slip.
    if name in known and not known[name].is_policy:
        raise UsageError(
            f"{WHERE} severity.{name}: the rule {name} is part of the file format, and its severity is fixed"
        )
    words = (*Severity, OFF)
    if word not in words:
        raise UsageError(f"{WHERE} severity.{name} is {word!r}; {', '.join(words)} are allowed")
    return None if word == OFF else Severity(str(word))


def require_known(names: Iterable[str], own: Iterable[str]) -> None:
    """Raise `UsageError` for a severity of a rule that is neither ours nor the repository's own."""
    known = [*(rule.id for rule in RULES), *own]
    for name in names:
        if name not in known:
            import difflib

            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else "; reconciler explain lists the rules"
            raise UsageError(f"{WHERE} severity: there is no rule {name!r}{hint}")


def _bounds(table: Any) -> Bounds:
    if not isinstance(table, dict):
        raise UsageError(f"{WHERE} limits must be a table: [rules.limits]")
    known = [one.name for one in fields(Bounds)]
    for name, value in table.items():
        if name not in known:
            import difflib

            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}"
            raise UsageError(f"{WHERE} limits has no number {name!r}{hint}")
        if type(value) is not int or not 0 <= value <= LARGEST:
            raise UsageError(f"{WHERE} limits.{name} is {value!r}; a whole number up to {LARGEST} is allowed")
    return Bounds(**table)


def _texts(table: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = table.get(name, [])
    if not isinstance(value, list) or not all(isinstance(text, str) and text for text in value):
        raise UsageError(f"{WHERE} {name} must be a list of texts")
    return tuple(value)


def _domains(table: Mapping[str, Any], name: str) -> tuple[str, ...]:
    domains = _texts(table, name)
    for domain in domains:
        if not re.fullmatch(DOMAIN, domain):
            raise UsageError(f"{WHERE} {name} has {domain!r}; entries are host names in lower case")
    return domains


def _word(table: Mapping[str, Any], name: str, words: tuple[str, ...]) -> str:
    value = table.get(name, words[0])
    if value not in words:
        raise UsageError(f"{WHERE} {name} is {value!r}; {' and '.join(words)} are allowed")
    return str(value)


def _flag(table: Mapping[str, Any], name: str) -> bool:
    value = table.get(name, False)
    if not isinstance(value, bool):
        raise UsageError(f"{WHERE} {name} must be true or false")
    return value
