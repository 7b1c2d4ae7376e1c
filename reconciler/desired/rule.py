"""What one rule says about itself; the tables of rules are made of these."""

from __future__ import annotations

from typing import NamedTuple

from reconciler.model import Severity


class Rule(NamedTuple):
    """One rule, in words for a person who has just broken it."""

    id: str
    what: str
    """What the rule demands."""
    why: str
    """What goes wrong otherwise, and where that is written."""
    bad: str
    """Lines of a channel file that break it; empty where it is about the file as a whole."""
    good: str
    fix: str
    """What to write instead."""
    severity: Severity = Severity.ERROR
    risk: float | None = None
    """How dangerous breaking it is, 0.1 to 10 as CVSS counts; None where it is no question of security."""
    is_policy: bool = False
    """Whether an organisation may set its severity and grant waivers; the other rules are the file format itself."""
    is_optional: bool = False
    """Whether it is off until `reconciler.toml` names it, or asks for the strict preset."""
