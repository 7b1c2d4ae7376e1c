"""The rule settings of a repository, for the commands that judge files."""

from __future__ import annotations

from reconciler.desired.rules import RuleSettings
from reconciler.settings import Settings


def rule_settings(settings: Settings) -> RuleSettings:
    """Make the rule settings from the settings of the repository and the environment."""
    return RuleSettings(allowed_hosts=settings.allow_hosts, allowed_punycode=settings.allow_punycode)
