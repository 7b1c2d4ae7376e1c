"""The rules about rules: approval, waivers, and what a repository adds of its own. Part of the table in `catalogue`."""

from __future__ import annotations

from reconciler.desired.rule import Rule
from reconciler.model import Severity

APPROVAL = (
    Rule(
        "widening-approved",
        "A plan that widens who can reach a channel is approved, where approve_widening under [rules] asks for it.",
        (
            "An added site can talk to your customers from the next minute on; a second look costs less than finding"
            " out later. Unknown counts as widening."
        ),
        "",
        "",
        "look at the plan, then apply it with --approve-widening; a waiver for this rule does it ahead",
        risk=7.0,
        is_policy=True,
    ),
    Rule(
        "policy-file",
        "Every file of schemas/policy/ is a JSON Schema 2020-12 that says which rule it is.",
        "A rule that cannot be read would judge nothing, without a word.",
        "",
        "",
        "mend the file; docs/policy.md shows what it needs",
    ),
    Rule(
        "waiver-invalid",
        "A waiver names rule, channel, field, reason, owner and the day on which it ends.",
        "An exception that nobody owns, or that never ends, is a rule that nobody keeps.",
        "",
        "",
        "write all six; docs/policy.md shows a waiver",
    ),
    Rule(
        "waiver-expired",
        "No waiver is past its end.",
        "It covers nothing any more, and hides in the settings that a decision is due.",
        "",
        "",
        "mend what it excused and delete it, or have it granted again",
        Severity.WARNING,
    ),
    Rule(
        "waiver-unused",
        "Every waiver covers something.",
        "One that covers nothing today will cover tomorrow what nobody decided.",
        "",
        "",
        "delete it",
        Severity.WARNING,
    ),
    Rule(
        "waiver-ending",
        "A waiver that ends within 14 days (limits.ending_days under [rules]) is told of.",
        "On the day after its end the finding is back, and may stop a release.",
        "",
        "",
        "mend what it excuses, or have it granted again in time",
        Severity.NOTICE,
    ),
    Rule(
        "waiver-too-long",
        "A waiver ends within a year (limits.waiver_days under [rules]).",
        "An exception that outlives those who granted it is a rule that was changed without a word.",
        "",
        "",
        "let it end sooner",
        Severity.WARNING,
    ),
)
