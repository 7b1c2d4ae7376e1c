"""Rules as JSON and as terminal text, for a person who wants to know what one demands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from reconciler.model import JsonObject, Severity
from reconciler.report.counts import counted
from reconciler.report.findings import COLOURS
from reconciler.report.terminal import Colour, Line, Paint, page, wrapped

FORMAT = 1


class DescribedRule(Protocol):
    """What a rule says about itself."""

    @property
    def id(self) -> str:
        """Give the rule's name, such as `origin-https`."""

    @property
    def severity(self) -> Severity:
        """Give how much its findings weigh."""

    @property
    def what(self) -> str:
        """Say in a sentence what it asks for."""

    @property
    def why(self) -> str:
        """Say what goes wrong otherwise."""

    @property
    def fix(self) -> str:
        """Say what to write instead."""

    @property
    def risk(self) -> float | None:
        """Give how dangerous breaking it is, from 0.1 to 10; None where it is no question of security."""

    @property
    def is_optional(self) -> bool:
        """Say whether it is off until somebody turns it on."""


class ExplainedRule(DescribedRule, Protocol):
    """The same, with an example of each side."""

    @property
    def is_policy(self) -> bool:
        """Say whether an organisation may set its severity and waive it."""

    @property
    def good(self) -> str:
        """Give an excerpt of a channel file that it lets pass."""

    @property
    def bad(self) -> str:
        """Give an excerpt of a channel file that breaks it."""


def rule_document(rule: ExplainedRule) -> JsonObject:
    """Describe one rule."""
    return {"format": FORMAT, "command": "explain", "rules": [_entry(rule)]}


def rules_document(rules: Sequence[ExplainedRule]) -> JsonObject:
    """Describe every rule."""
    return {"format": FORMAT, "command": "explain", "rules": [_entry(rule) for rule in rules]}


def rule_text(rule: ExplainedRule, *, width: int = 80, colour: bool = False) -> str:
    """Write what a rule demands and why, how to mend what breaks it, and both examples."""
    return page(_rule_lines(rule, width), colour=colour)


def rules_text(rules: Sequence[ExplainedRule], *, width: int = 80, colour: bool = False) -> str:
    """List every rule with what it demands."""
    return page(_list_lines(rules, width), colour=colour)


def _entry(rule: ExplainedRule) -> JsonObject:
    return {
        "rule": rule.id,
        "severity": rule.severity.value,
        "what": rule.what,
        "why": rule.why,
        "fix": rule.fix,
        "good": rule.good,
        "bad": rule.bad,
        "policy": rule.is_policy,
        "optional": rule.is_optional,
        "risk": rule.risk,
    }


def _rule_lines(rule: ExplainedRule, width: int) -> Iterator[Line]:
    yield _title(rule)
    for sentence in (rule.what, rule.why, rule.fix, *_standing(rule)):
        yield ()
        yield from wrapped(sentence, width)
    yield from _example(Paint("✗ bad", Colour.RED), rule.bad)
    yield from _example(Paint("✓ good", Colour.GREEN), rule.good)


def _title(rule: ExplainedRule) -> Line:
    off = ", off unless [rules] turns it on" if rule.is_optional else ""
    return Paint(rule.id, Colour.BOLD), " (", Paint(rule.severity.value, COLOURS[rule.severity]), f"{off})"


def _standing(rule: ExplainedRule) -> tuple[str, ...]:
    if not rule.is_policy:
        return ()
    sentence = (
        f'Yours to decide: {rule.id} = "error", "warning", "notice" or "off" under [rules.severity] in'
        " reconciler.toml; a [waivers.NAME] table excuses one place until a day."
    )
    return (sentence,)


def _example(title: Paint, excerpt: str) -> Iterator[Line]:
    if excerpt.strip():
        yield ()
        yield title, ":"
        for line in excerpt.strip("\n").split("\n"):
            yield "    ", line


def _list_lines(rules: Sequence[ExplainedRule], width: int) -> Iterator[Line]:
    for rule in rules:
        yield _title(rule)
        yield from wrapped(rule.what, width, indent=4)
    yield ()
    yield (f"{counted(len(rules), 'rule')}. reconciler explain RULE says more.",)
