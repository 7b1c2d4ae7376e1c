"""The words that every surface shares: symbols, counts, values and verdicts; nothing here escapes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from reconciler.model import Action, Exposure, Json, JsonObject, Result
from reconciler.report import facts
from reconciler.report.counts import counted, listed
from reconciler.report.escape import cut

VALUE = 300
"""Characters of a value that are shown; hosts are shorter, so that nobody hides the end of one."""
DEEPEST = 8

ACTION_SYMBOLS: Mapping[str, str] = {Action.CREATE: "+", Action.UPDATE: "~", Action.DELETE: "-"}
EXIT_WORDS: Mapping[int, str] = {
    0: "done, nothing pending",
    1: "the run could not go on",
    2: "changes or drift found",
    3: "the files are invalid; nothing was contacted",
    4: "something of the plan was not applied, or may have overwritten somebody",
    5: "all was applied, but an endpoint check failed",
    6: "all was applied, but the record could not be committed or pushed",
    64: "wrong usage",
    130: "interrupted",
    143: "terminated",
}


class ResultWords(NamedTuple):
    """How a result is shown, and what a person can do about it."""

    symbol: str
    meaning: str
    way_out: str


RESULTS: Mapping[str, ResultWords] = {
    Result.APPLIED: ResultWords("✓", "", ""),
    Result.ALREADY: ResultWords("✓", "live was as Git wants it", ""),
    Result.CLASHED: ResultWords(
        "✗",
        "somebody moved what Git manages; nothing was written",
        "reconciler plan --only {name} shows the new state; apply again to take Git's side,"
        " or reconciler adopt {name} to take theirs",
    ),
    Result.REJECTED: ResultWords("✗", "the remote refused it", ""),
    Result.FAILED: ResultWords("✗", "it was not written", "reconciler apply --only {name} tries again"),
    Result.UNKNOWN: ResultWords(
        "?",
        "it may or may not have been written",
        "reconciler plan --only {name} shows whether it was",
    ),
    Result.NOT_REACHED: ResultWords(
        "·", "the run ended before its turn", "reconciler plan --only {name} shows what is left to do"
    ),
}
UNHEARD_OF = ResultWords("?", "", "")

MAY_HAVE_OVERWRITTEN = "may-have-overwritten"
WARNINGS: Mapping[str, str] = {
    MAY_HAVE_OVERWRITTEN: "somebody wrote at the same time, and their edit may be lost; see the audit entries"
}
OFFLINE = (
    "made offline, against the record of the last applies: live was not looked at, and this cannot be applied"
)


def duration(seconds: float | None) -> str:
    """Write seconds as a person says them; nothing for nothing."""
    if seconds is None:
        return ""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def milliseconds(value: float | None) -> str:
    """Write milliseconds; `none` for an average of nothing."""
    return "none" if value is None else f"{value:.0f} ms"


def field_name(pointer: str) -> str:
    """Write a pointer with dots, where that says the same."""
    plain = pointer.lstrip("/")
    return plain.replace("/", ".") if re.fullmatch(r"[\w-]+(/[\w-]+)*", plain) else pointer


def value_text(value: Json, limit: int = VALUE) -> str:
    """Write a value on one line: text in quotes, nothing as `(not set)`."""
    return cut("(not set)" if value is None else _literal(value, DEEPEST), limit)


def _literal(value: Json, depth: int) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if depth == 0:
        return "…"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_literal(entry, depth - 1) for entry in value)}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {_literal(entry, depth - 1)}' for key, entry in value.items())}}}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)


def requests_text(requests: JsonObject) -> str:
    """Write a bill: `4 requests (4 GET)`."""
    verbs = [(verb, facts.count(requests, verb)) for verb in sorted(requests)]
    spent = counted(sum(number for _, number in verbs), "request")
    detail = ", ".join(f"{number} {verb}" for verb, number in verbs if number)
    return f"{spent} ({detail})" if detail else spent


def plan_counts(summary: JsonObject) -> str:
    """Write what a plan holds."""
    intended = ", ".join(f"{facts.count(summary, action)} to {action}" for action in ACTION_SYMBOLS)
    rest = ", ".join(f"{facts.count(summary, action)} {action}" for action in ("unchanged", "unmanaged"))
    return f"{intended}; {rest}"


def plan_verdict(document: JsonObject) -> str:
    """Say in a sentence what a plan does to who can reach the channels."""
    return (
        facts.word(document, "verdict") or f"exposure: {facts.word(document, 'exposure', Exposure.UNKNOWN)}"
    )


def is_about_something(plan: JsonObject) -> bool:
    """Say whether a plan compared any channel; one of an empty folder did not, and where no plan is told, one did."""
    summary = facts.part(plan, "summary")
    return not summary or any(summary.values())


def approval_sentence(document: JsonObject) -> str:
    """Say whose widening somebody must approve of; empty where that is not asked for, or done."""
    approval = facts.part(document, "approval")
    names = [name for name in facts.entries(approval, "channels") if isinstance(name, str)]
    if approval.get("required") is not True or approval.get("given") is True or not names:
        return ""
    verb = "widens" if len(names) == 1 else "widen"
    return f"{counted(len(names), 'channel')} {verb} ({listed(names, 5)}): apply asks for --approve-widening"


def held_sentence(document: JsonObject) -> str:
    """Say what would keep an apply of a plan from writing; empty where nothing would."""
    reason = facts.word(document, "held")
    return f"an apply is held: {reason}" if reason else ""


def offline_sentence(document: JsonObject) -> str:
    """Say that a plan was made without a look at live; empty where one was taken."""
    return OFFLINE if document.get("offline") is True else ""


def checks_verdict(document: JsonObject) -> str:
    """Say in a sentence how the endpoint checks went."""
    probes = facts.rows(document, "probes")
    if not probes:
        return "no endpoint was checked"
    failed = len(facts.failing(probes))
    if failed:
        return f"{failed} of {counted(len(probes), 'endpoint check')} failed"
    return f"{counted(len(probes), 'endpoint check')} as expected"


def run_verdict(document: JsonObject) -> str:
    """Say in a sentence how a run ended: what was applied, what was not, what the endpoints did."""
    return "; ".join(_run_parts(document))


def _run_parts(document: JsonObject) -> Iterable[str]:
    results = facts.results(facts.rows(document, "outcomes"))
    webhooks = facts.results(facts.rows(document, "webhooks"))
    done = sum(results[result] for result in facts.DONE)
    if facts.word(document, "held"):
        yield "held, nothing was written"
    elif facts.word(document, "error"):
        yield f"stopped early, {done} of {counted(results.total(), 'change')} applied"
    elif not results and not webhooks:
        looked = is_about_something(facts.part(document, "plan"))
        yield f"nothing to apply, {'live is as Git wants it' if looked else 'there is no channel file'}"
    elif results and done == results.total():
        yield f"{counted(done, 'change')} applied"
    elif results:
        yield f"{done} of {counted(results.total(), 'change')} applied"
    yield from (
        _how_many(results, result) for result in Result if result not in facts.DONE and results[result]
    )
    if overwritten := sum(bool(facts.word(row, "warning")) for row in facts.rows(document, "outcomes")):
        yield f"{overwritten} with a warning"
    if failed := webhooks.total() - sum(webhooks[result] for result in facts.DONE):
        yield f"{counted(failed, 'webhook')} not applied"
    elif webhooks:
        yield f"{counted(webhooks.total(), 'webhook')} applied"
    yield checks_verdict(document)


def _how_many(results: Mapping[str, int], result: Result) -> str:
    return f"{results[result]} {result.replace('_', ' ')}"
