"""Every rule as one Markdown page, for a person who reads about them all; `docs/rules.md` is this page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.report.counts import counted
from reconciler.report.escape import code, longest_run, printable
from reconciler.report.rules import ExplainedRule

HEAD = """\
# The rules

Made by `reconciler explain --format markdown`; do not edit it by hand.

A rule of **policy** is yours to decide: `reconciler.toml` sets its severity, and a waiver excuses one place until a
day (`docs/policy.md`). The other rules are the file format itself. A rule that is *off* waits for `preset = "strict"`,
or for its own line under `[rules.severity]`. *Risk* counts from 0.1 to 10, as CVSS does; code scanning sorts by it.
"""


def rules_markdown(groups: Mapping[str, Sequence[ExplainedRule]]) -> str:
    """Write every rule under its heading."""
    rules = [rule for group in groups.values() for rule in group]
    policy = sum(rule.is_policy for rule in rules)
    parts = [HEAD, f"{counted(len(rules), 'rule')}, {policy} of policy.\n"]
    for title, group in groups.items():
        if group:
            parts += [f"## {_text(title)}\n", *map(_section, group)]
    return "\n".join(parts)


def _section(rule: ExplainedRule) -> str:
    facts = ", ".join(_facts(rule))
    paragraphs = [f"### {code(rule.id)}\n", f"{facts}\n", f"**{_text(rule.what)}**\n", f"{_text(rule.why)}\n"]
    return "\n".join((*paragraphs, *_examples(rule), f"To mend it: {_text(rule.fix)}.\n"))


def _facts(rule: ExplainedRule) -> Iterator[str]:
    yield rule.severity.value
    if rule.is_policy:
        yield "policy"
    if rule.is_optional:
        yield "off"
    if rule.risk is not None:
        yield f"risk {rule.risk:.1f}"


def _examples(rule: ExplainedRule) -> Iterator[str]:
    for word, example in (("bad", rule.bad), ("good", rule.good)):
        if example.strip():
            text = "\n".join(f"{printable(line)}" for line in example.split("\n"))
            fence = "`" * max(3, longest_run(text) + 1)
            yield f"{word.capitalize()}:\n\n{fence}yaml\n{text}\n{fence}\n"


def _text(text: str) -> str:
    """Escape what Markdown would read as more than a letter."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>#|~&@" else letter for letter in printable(text))
