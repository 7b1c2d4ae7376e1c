"""`reconciler explain`: what a rule demands, why, and how to fix it."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import common, exits, find_root, make_settings
from reconciler.cli.output import emit, emit_json, has_colour, width

if TYPE_CHECKING:
    from reconciler.desired.rule import Rule


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
@common(("text", "json", "markdown"))
@exits
def explain(rule: str | None, repo: Path | None, form: str, **_: Any) -> int:
    """Say what RULE demands and why, with a good and a bad example; without RULE, list every rule.

    Rules of the repository's own, in schemas/policy/, are among them.
    """
    from reconciler.errors import UsageError
    from reconciler.report.rules import rule_document, rule_text, rules_document, rules_text

    if form == "markdown":
        return _explain_markdown(repo, rule)
    rules = _all_rules(repo)
    if rule is None:
        if form == "json":
            emit_json(rules_document(rules))
        else:
            emit(rules_text(rules, width=min(width(), 100), colour=has_colour()))
        return 0
    found = next((one for one in rules if one.id == rule), None)
    if found is None:
        near = difflib.get_close_matches(rule, [one.id for one in rules], n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "; reconciler explain lists all"
        raise UsageError(f"there is no rule {rule!r}{hint}")
    if form == "json":
        emit_json(rule_document(found))
    else:
        emit(rule_text(found, width=min(width(), 100), colour=has_colour()))
    return 0


def _explain_markdown(repo: Path | None, rule: str | None) -> int:
    from reconciler.desired.catalogue import GROUPS, RULES
    from reconciler.errors import UsageError
    from reconciler.report.rules_markdown import rules_markdown

    if rule is not None:
        raise UsageError("--format markdown writes every rule; leave out RULE")
    own = _all_rules(repo)[len(RULES) :]
    emit(rules_markdown({**GROUPS, "Rules of this repository": own}))
    return 0


def _all_rules(repo: Path | None) -> tuple[Rule, ...]:
    from reconciler.desired.catalogue import RULES
    from reconciler.desired.own_rules import FOLDER

    if not (find_root(repo) / FOLDER).is_dir():
        return RULES
    from reconciler.cli.rules import own_rules_of

    own, _ = own_rules_of(make_settings(repo))
    return (*RULES, *(one.rule for one in own))
