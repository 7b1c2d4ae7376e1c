"""Documents as terminal text: any document of ours goes in, whether just made or recorded long ago."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from reconciler.model import JsonObject
from reconciler.report import facts
from reconciler.report.audit_text import audit_lines
from reconciler.report.channel_log import continuity_lines, log_lines
from reconciler.report.counts import counted
from reconciler.report.drift_text import drift_lines
from reconciler.report.plan_text import APPLY, plan_lines
from reconciler.report.probes_text import verify_lines
from reconciler.report.run_text import run_lines
from reconciler.report.terminal import Colour, Line, Paint, page, page_pieces, wrapped

STATES = {
    "fresh": ("✓", Colour.GREEN, "live is as reviewed"),
    "stale-equivalent": ("✓", Colour.GREEN, "live moved only where the plan neither looks nor writes"),
    "stale": ("✗", Colour.RED, "live moved where the plan writes; plan again"),
}


def document_text(document: JsonObject, *, width: int = 80, colour: bool = False) -> str:
    """Write any document; ends with a line feed, and has no control characters but line feeds and colours."""
    return "".join(text_pieces(document, width=width, colour=colour))


def text_pieces(document: JsonObject, *, width: int = 80, colour: bool = False) -> Iterator[str]:
    """Write any document as `document_text` does, piece by piece."""
    lines = RENDERERS.get(facts.word(document, "command"), _unknown_lines)
    return page_pieces(lines(document, width), colour=colour)


def plan_text(
    document: JsonObject, *, width: int = 80, colour: bool = False, then: str | None = APPLY
) -> str:
    """Write a plan; `then` is the command that carries it out, None where that is asked next."""
    return page(plan_lines(document, width, then), colour=colour)


def _check_lines(document: JsonObject, width: int) -> Iterator[Line]:
    channels = facts.rows(document, "channels")
    states = Counter(facts.word(channel, "state") for channel in channels)
    counts = ", ".join(f"{states[state]} {state}" for state in STATES)
    whole = facts.word(document, "reason")
    colour = Colour.RED if states["stale"] or whole else Colour.GREEN
    yield from wrapped(f"{counted(len(channels), 'planned channel')}: {counts}", width, colour=colour)
    if whole:
        yield from wrapped(f"the plan as a whole is stale: {whole}; make a new one", width, indent=2)
    yield ()
    for channel in channels:
        symbol, colour, meaning = STATES.get(facts.word(channel, "state"), ("?", Colour.YELLOW, ""))
        name, state = facts.word(channel, "name"), facts.word(channel, "state")
        yield Paint(f"{symbol} {state:<16}", colour), " ", Paint(name, Colour.BOLD)
        yield from wrapped(facts.word(channel, "reason") or meaning, width, indent=4, colour=Colour.DIM)


def _adopt_lines(document: JsonObject, width: int) -> Iterator[Line]:
    files = facts.rows(document, "files")
    yield from wrapped(f"{counted(len(files), 'live object')} as channel files", width, colour=Colour.BOLD)
    yield ()
    for file in files:
        result = facts.word(file, "result", "created")
        symbol = Paint("·" if result == "unchanged" else "✓", Colour.GREEN)
        yield symbol, f" {result:<9} ", Paint(facts.word(file, "path"), Colour.BOLD)
        yield (f"    {facts.word(file, 'name')}, id {facts.word(file, 'id')}",)
    yield ()
    yield "Next: ", Paint("reconciler plan", Colour.BOLD), ", which shows no change to them"


def _report_lines(document: JsonObject, width: int) -> Iterator[Line]:
    chain = facts.part(document, "chain")
    length = counted(facts.count(chain, "length"), "record")
    if chain.get("valid") is True:
        yield Paint("✓", Colour.GREEN), f" The chain of {length} holds."
    else:
        reason = facts.word(chain, "reason") or "it does not say where"
        yield from wrapped(f"✗ The chain of {length} is broken: {reason}", width, colour=Colour.RED)
    yield ()
    for run in facts.rows(document, "runs"):
        yield from _run_lines(run, width)
    if runs := facts.rows(document, "runs"):
        yield ()
        yield "Next: ", Paint(f"reconciler report {facts.word(runs[0], 'run')}", Colour.BOLD)


def _run_lines(run: JsonObject, width: int) -> Iterator[Line]:
    code = facts.count(run, "exit")
    colour = Colour.GREEN if code == 0 else Colour.RED
    when, command = facts.word(run, "when")[:19], facts.word(run, "command")
    yield (
        f"{when}  ",
        Paint(facts.word(run, "run"), Colour.BOLD),
        f"  {command}  ",
        Paint(f"exit {code}", colour),
    )
    results, checks = facts.part(run, "results"), facts.part(run, "probes")
    ended = [f"{facts.count(results, result)} {result.replace('_', ' ')}" for result in results]
    total = facts.count(checks, "success") + facts.count(checks, "failure")
    probed = f"{facts.count(checks, 'success')} of {total} checks as expected" if total else ""
    commit = facts.word(run, "commit")[:10]
    detail = " · ".join(filter(None, (f"commit {commit}" if commit else "", ", ".join(ended), probed)))
    yield from wrapped(detail, width, indent=4, colour=Colour.DIM)


def _unknown_lines(document: JsonObject, width: int) -> Iterator[Line]:
    command = facts.word(document, "command", "no command")
    yield from wrapped(f"A document of {command} cannot be shown as text; its JSON says all.", width)


RENDERERS: Mapping[str, Callable[[JsonObject, int], Iterator[Line]]] = {
    "plan": plan_lines,
    "apply": run_lines,
    "drift": drift_lines,
    "report log": log_lines,
    "report continuity": continuity_lines,
    "verify": verify_lines,
    "audit": audit_lines,
    "report": _report_lines,
    "plan check": _check_lines,
    "adopt": _adopt_lines,
}
