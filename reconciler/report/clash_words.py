"""A clash in words for every surface: who moved the field and when, and whose side to take how."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from reconciler.model import Certainty, JsonObject, Result
from reconciler.report import facts
from reconciler.report.wording import field_name

CERTAINTY: Mapping[str, str] = {
    Certainty.EXACT: "",
    Certainty.PROBABLE: " (probably)",
    Certainty.OBJECT: " (the newest edit of the channel)",
}


def mover(clash: JsonObject) -> str:
    """Say who moved a clashing field and when; empty where the audit log does not know."""
    by = facts.part(clash, "by")
    actor, when = facts.part(by, "actor"), facts.word(by, "when")
    who = facts.word(actor, "name") or facts.word(actor, "id") or facts.word(by, "client")
    if not who and not when:
        return ""
    return f"{who or 'somebody'}, {when}{CERTAINTY.get(facts.word(by, 'certainty'), ' (unproved)')}"


def takes(outcome: JsonObject) -> str:
    """Give the options that settle every clash of an outcome for Git, bound to the revision that was shown."""
    revision = facts.word(facts.part(outcome, "revision"), "after")
    clashes = facts.rows(outcome, "clashes")
    if facts.word(outcome, "result") != Result.CLASHED or not clashes or not revision:
        return ""
    name = shlex.quote(facts.word(outcome, "name"))
    words = [
        f"--take git {shlex.quote(field_name(facts.word(clash, 'path')) + '@' + revision)}"
        for clash in clashes
    ]
    return f"the same saved plan with --only {name} {' '.join(words)} writes Git's side (live: keeps theirs)"


def rollback_words(outcome: JsonObject) -> str:
    """Say what became of a rollback; empty where nobody tried one."""
    return facts.word(facts.part(outcome, "rollback"), "reason")
