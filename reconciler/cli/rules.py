"""The rule settings of a repository, for the commands that judge files."""

from __future__ import annotations

from datetime import UTC, date, datetime

from reconciler.acts.load import load_own_rules, load_suffixes
from reconciler.desired.own_rules import FOLDER, OwnRule, read_own_rule
from reconciler.desired.policy import require_known
from reconciler.desired.rules import RuleSettings
from reconciler.desired.waivers import read_waivers
from reconciler.model import Finding
from reconciler.settings import Settings


def rule_settings(settings: Settings, today: date | None = None) -> RuleSettings:
    """Make the rule settings from the settings of the repository and the environment.

    Raises `UsageError` where `[rules.severity]` names a rule that there is not.
    """
    own_rules, broken = own_rules_of(settings)
    names = [own.rule.id for own in own_rules]
    if not broken:
        require_known(settings.policy.severities, names)
    waivers, invalid = read_waivers(settings.waivers, settings.file_text, names)
    return RuleSettings(
        allowed_hosts=settings.allow_hosts,
        allowed_punycode=settings.allow_punycode,
        policy=settings.policy,
        suffixes=load_suffixes(),
        own_rules=own_rules,
        waivers=waivers,
        today=today or datetime.now(UTC).date(),
        findings=(*broken, *invalid),
    )


def own_rules_of(settings: Settings) -> tuple[tuple[OwnRule, ...], tuple[Finding, ...]]:
    """Read the rules of the repository's own, and what is wrong with them."""
    files = _files_at(settings, settings.rules_from) if settings.rules_from else load_own_rules(settings.repo)
    read = [data if isinstance(data, Finding) else read_own_rule(file, data) for file, data in files.items()]
    return (
        tuple(rule for rule in read if isinstance(rule, OwnRule)),
        tuple(finding for finding in read if isinstance(finding, Finding)),
    )


def _files_at(settings: Settings, revision: str) -> dict[str, bytes | Finding]:
    from reconciler.ledger.source import read_at

    def is_rule(path: str) -> bool:
        return path.rpartition("/")[0] == FOLDER and path.endswith(".json")

    return dict(sorted(read_at(settings.repo, revision, is_rule).items()))
