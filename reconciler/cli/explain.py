"""`reconciler explain`: what a rule demands, why, and how to fix it."""

from __future__ import annotations

import difflib
from typing import Any

import click

from reconciler.cli.options import common, exits
from reconciler.cli.output import emit, emit_json, has_colour, width


def _rule_names(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    from reconciler.desired.catalogue import RULES

    return [rule.id for rule in RULES if rule.id.startswith(incomplete)]


@click.command(
    epilog="""\b
Examples:
  reconciler explain
  reconciler explain origin-https"""
)
@click.argument("rule", required=False, shell_complete=_rule_names)
@common(("text", "json"))
@exits
def explain(rule: str | None, form: str, **_: Any) -> int:
    """Say what RULE demands and why, with a good and a bad example; without RULE, list every rule."""
    from reconciler.desired.catalogue import RULES
    from reconciler.errors import UsageError
    from reconciler.report.rules import rule_document, rule_text, rules_document, rules_text

    if rule is None:
        if form == "json":
            emit_json(rules_document(RULES))
        else:
            emit(rules_text(RULES, width=min(width(), 100), colour=has_colour()))
        return 0
    found = next((one for one in RULES if one.id == rule), None)
    if found is None:
        near = difflib.get_close_matches(rule, [one.id for one in RULES], n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "; reconciler explain lists all"
        raise UsageError(f"there is no rule {rule!r}{hint}")
    if form == "json":
        emit_json(rule_document(found))
    else:
        emit(rule_text(found, width=min(width(), 100), colour=has_colour()))
    return 0
