"""Every rule that a channel file can break: what it demands, why, a bad and a good example, the way out.

The one table of rules: `explain` shows it, findings take their severity from it, and tests find a case for each.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.desired.address_catalogue import DOMAINS, ORIGINS, URLS
from reconciler.desired.file_catalogue import FILES, YAML
from reconciler.desired.messaging_catalogue import MESSAGING
from reconciler.desired.policy_catalogue import POLICY
from reconciler.desired.rule import Rule
from reconciler.desired.schema_catalogue import NAMES, PINS, SCHEMA
from reconciler.desired.waiver_catalogue import APPROVAL

GROUPS: Mapping[str, tuple[Rule, ...]] = {
    "The file": FILES,
    "YAML": YAML,
    "The schema": SCHEMA,
    "Names and ids": NAMES,
    "Origins": ORIGINS,
    "URLs": URLS,
    "Allowed domains": DOMAINS,
    "References": PINS,
    **POLICY,
    **MESSAGING,
    "Approval, waivers and rules of your own": APPROVAL,
}
"""Every rule under the heading that a reader looks for."""

RULES: tuple[Rule, ...] = tuple(rule for group in GROUPS.values() for rule in group)
"""Every rule, in the order in which a file meets them."""

_BY_ID = {rule.id: rule for rule in RULES}


def rule_named(name: str) -> Rule:
    """Give the rule of this id; raises `KeyError` where there is none."""
    return _BY_ID[name]
