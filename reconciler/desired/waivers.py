"""Exceptions with an owner and an end: the `[waivers]` tables of `reconciler.toml`, and what they cover.

A waiver covers findings of one rule, in one channel, at one field and below it; with `value` that one value alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from reconciler.desired.catalogue import RULES, rule_named
from reconciler.desired.policy import Bounds
from reconciler.desired.words import bare, shown
from reconciler.model import Finding, Waiver, WaiverState

FILE = "reconciler.toml"
TEXTS = ("rule", "channel", "field", "reason", "owner")
KEYS = (*TEXTS, "expires", "value")
LONGEST = 500
"""Characters of a text of a waiver."""
AHEAD = ("widening-approved",)
"""Rules that no file breaks: whether their waivers cover something shows in a plan alone."""


def read_waivers(
    tables: Mapping[str, Any], text: str, own_rules: Collection[str] = ()
) -> tuple[tuple[Waiver, ...], tuple[Finding, ...]]:
    """Read the waivers, and find those that lack something; `text` is the file, for the lines."""
    waivers: list[Waiver] = []
    findings: list[Finding] = []
    for name, table in tables.items():
        line = _line_of(name, text)
        flaws = list(_flaws(table, own_rules))
        findings += [_finding("waiver-invalid", name, line, f"{bare(name)}: {flaw}") for flaw in flaws]
        if not flaws:
            waivers.append(_waiver(name, table, line))
    return tuple(waivers), tuple(findings)


def covering(
    waivers: Iterable[Waiver], rule: str, channel: str, pointer: str, value: object, today: date
) -> Waiver | None:
    """Give the waiver in force that covers a finding."""
    for waiver in waivers:
        if (waiver.rule, waiver.channel) != (rule, channel) or waiver.expires < today:
            continue
        is_there = pointer == waiver.field or pointer.startswith(waiver.field.rstrip("/") + "/")
        if is_there and (waiver.value is None or waiver.value == value):
            return waiver
    return None


def state_of(waiver: Waiver, today: date, used: Collection[str] | None, ending_days: int) -> WaiverState:
    """Say how a waiver stands; `used` are the names of those that cover something, None where nobody knows."""
    if waiver.expires < today:
        return WaiverState.EXPIRED
    if used is not None and waiver.name not in used and waiver.rule not in AHEAD:
        return WaiverState.UNUSED
    return WaiverState.ENDING if (waiver.expires - today).days <= ending_days else WaiverState.ACTIVE


def waiver_findings(
    waivers: Sequence[Waiver], today: date, used: Collection[str], bounds: Bounds
) -> Iterator[Finding]:
    """Tell of waivers that are past their end, cover nothing, end soon, or last too long."""
    for waiver in waivers:
        days = (waiver.expires - today).days
        name, when = bare(waiver.name), f"{waiver.expires:%Y-%m-%d}"
        match state_of(waiver, today, used, bounds.ending_days):
            case WaiverState.EXPIRED:
                yield _finding("waiver-expired", waiver.name, waiver.line, f"{name} ended on {when}")
            case WaiverState.UNUSED:
                message = f"{name} covers no finding of {waiver.rule} in {bare(waiver.channel)}"
                yield _finding("waiver-unused", waiver.name, waiver.line, message)
            case WaiverState.ENDING:
                message = f"{name} (owner {bare(waiver.owner)}) {ends(days)}, on {when}"
                yield _finding("waiver-ending", waiver.name, waiver.line, message)
        if days > bounds.waiver_days:
            message = f"{name} lasts {days} more days, and {bounds.waiver_days} are allowed"
            yield _finding("waiver-too-long", waiver.name, waiver.line, message)


def ends(days: int) -> str:
    """Say when something ends in so many days."""
    return {0: "ends today", 1: "ends tomorrow"}.get(days, f"ends in {days} days")


def _flaws(table: Any, own_rules: Collection[str]) -> Iterator[str]:
    if not isinstance(table, dict):
        yield "it must be a table, [waivers.NAME]"
        return
    for key in table:
        if key not in KEYS:
            yield f"there is no field {shown(key)}; allowed are {', '.join(KEYS)}"
    for key in TEXTS:
        value = table.get(key)
        if not isinstance(value, str) or not value.strip() or len(value) > LONGEST or not value.isprintable():
            yield f"{key} must be a text of one line, with 1 to {LONGEST} characters"
    if not isinstance(_day(table.get("expires")), date):
        yield "expires must be a day, such as 2027-01-31"
    if not isinstance(table.get("value", ""), str):
        yield "value must be a text"
    yield from _rule_flaws(table.get("rule"), own_rules)
    field = table.get("field")
    if isinstance(field, str) and not field.startswith("/"):
        yield "field must be a pointer, such as /spec/webchatSettings/corsAllowedOrigins"


def _rule_flaws(name: object, own_rules: Collection[str]) -> Iterator[str]:
    if not isinstance(name, str) or name in own_rules:
        return
    known = {rule.id: rule for rule in RULES}
    if name not in known:
        yield f"there is no rule {shown(name)}; reconciler explain lists them"
    elif not known[name].is_policy:
        yield f"the rule {name} is part of the file format, and cannot be waived"


def _waiver(name: str, table: Mapping[str, Any], line: int) -> Waiver:
    texts = {key: str(table[key]).strip() for key in TEXTS}
    return Waiver(name=name, expires=_day(table["expires"]), value=table.get("value"), line=line, **texts)


def _day(value: Any) -> Any:
    """Give the day of a TOML date or of a text; anything else as it is."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value
    return value


def _line_of(name: str, text: str) -> int:
    """Give the line of a waiver's heading; TOML readers do not tell, and a heading may be spelt in other ways."""
    quoted = re.escape(name)
    heading = re.compile(rf"^[ \t]*\[[ \t]*waivers[ \t]*\.[ \t]*[\"']?{quoted}[\"']?[ \t]*\]", re.MULTILINE)
    found = heading.search(text)
    return text.count("\n", 0, found.start()) + 1 if found else 1


def _finding(rule: str, name: str, line: int, message: str) -> Finding:
    known = rule_named(rule)
    return Finding(rule, known.severity, FILE, line, 1, f"/waivers/{name}", message, known.fix)
