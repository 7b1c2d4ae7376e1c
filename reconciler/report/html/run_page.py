"""A run as a page: how each change ended, what the endpoints did and how fast, who else was there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from reconciler.model import JsonObject, Result, Verdict
from reconciler.report import facts
from reconciler.report.audit_text import actor
from reconciler.report.changes import field_views
from reconciler.report.clash_words import mover, rollback_words, takes
from reconciler.report.counts import counted
from reconciler.report.html.charts import Bars, phase_bars
from reconciler.report.html.page import page_pieces
from reconciler.report.html.views import (
    FieldRow,
    Tile,
    Values,
    bill_tile,
    change_cards,
    exposure_tone,
    exposures,
    field_row,
    picked,
    side_values,
)
from reconciler.report.probes_text import SOON, by_channel, expectation
from reconciler.report.run_text import outcome_words, way_out
from reconciler.report.stream import Made
from reconciler.report.told import told_words
from reconciler.report.wording import (
    EXIT_WORDS,
    RESULTS,
    UNHEARD_OF,
    WARNINGS,
    checks_verdict,
    duration,
    milliseconds,
    run_verdict,
    value_text,
)

PHASES = ("resolve", "connect", "tls", "upgrade")
TONES = {"✓": "good", "✗": "bad", "?": "warn", "·": ""}
DETAILED = 60
"""Endpoints whose single checks are shown, and whose phases are drawn; of more, those that failed, and a line each."""
FAILED = 200
"""Failed endpoints whose single checks are shown."""


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """How one change ended."""

    result: str
    symbol: str
    tone: str
    action: str
    name: str
    exposure: str
    exposure_tone: str
    words: str
    warning: str
    way_out: str
    attempts: int
    seconds: float | None
    took: str
    guard: str
    notes: Sequence[str]
    """What became of a rollback, and how a clash is settled."""
    clashes: Sequence[Values]


@dataclass(frozen=True, slots=True)
class ProbeRow:
    """What one check saw."""

    ok: bool
    origin: str
    saw: str
    stage: str
    phases: Sequence[str]
    took: str
    tls: str
    reason: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The checks of one endpoint."""

    name: str
    url: str
    failed: int
    verdict: str
    certificate: str
    ending: bool
    slowest: str
    """The slowest accepted handshake; empty where none was accepted."""
    probes: Sequence[ProbeRow]


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry of the audit log."""

    when: str
    name: str
    action: str
    who: str
    views: Sequence[FieldRow]


def run_html(document: JsonObject, *, links: Sequence[JsonObject] = ()) -> str:
    """Write a run; `links` is the bar of links, where the page stands among others."""
    return "".join(run_html_pieces(document, links=links))


def run_html_pieces(document: JsonObject, *, links: Sequence[JsonObject] = ()) -> Iterator[str]:
    """Write a run as `run_html` does, piece by piece."""
    code = facts.count(document, "exit")
    plan, trail = facts.part(document, "plan"), facts.part(document, "audit")
    endpoints = [_endpoint(probes) for probes in by_channel(facts.rows(document, "probes"))]
    many = len(endpoints) > DETAILED
    return page_pieces(
        "run.html",
        title=f"Run {facts.word(document, 'run')}",
        organisation=facts.word(document, "organisation"),
        links=links,
        verdict=run_verdict(document),
        tone="good" if code == 0 else "bad",
        exit=f"Exit {code}: {EXIT_WORDS.get(code, 'see the documentation')}.",
        notes=[(key, word) for key in ("held", "error") if (word := facts.word(document, key))],
        tiles=_tiles(document),
        outcomes=Made(_outcome, facts.worst_first(facts.rows(document, "outcomes"))),
        results=_results(document),
        webhooks=Made(_webhook, facts.rows(document, "webhooks")),
        cards=change_cards(plan),
        exposures=exposures(facts.rows(plan, "channels")),
        planned=facts.word(plan, "verdict"),
        checks=checks_verdict(document),
        endpoints=endpoints if many else [],
        detailed=[one for one in endpoints if one.failed][:FAILED] if many else endpoints,
        chart=_phases(document),
        phases=PHASES,
        skipped=picked(facts.rows(document, "skipped"), "name", "reason"),
        entries=Made(_entry, facts.rows(trail, "entries")),
        gap="" if not trail or trail.get("complete") is True else facts.word(trail, "reason", "not said"),
        omitted=[str(name) for name in facts.entries(trail, "omitted")],
        told=list(told_words(document)),
        bindings=list(_bindings(document)),
    )


def _tiles(document: JsonObject) -> list[Tile]:
    metrics = facts.part(document, "metrics")
    updates, handshakes = facts.part(metrics, "updates"), facts.part(metrics, "handshakes")
    done, failed = facts.count(updates, "success"), facts.count(updates, "failure")
    rate = facts.number(handshakes, "successRate")
    return [
        ("changes applied", f"{done} of {done + failed}", ""),
        ("write", *_latency(updates)),
        ("checks as expected", "none" if rate is None else f"{rate:.1%}", ""),
        ("handshake", *_latency(handshakes)),
        bill_tile("spent", facts.part(document, "requests")),
    ]


def _latency(metrics: JsonObject) -> tuple[str, str]:
    average, slow = (facts.number(metrics, key) for key in ("latencyAvgMs", "latencyP95Ms"))
    return milliseconds(average), "" if slow is None else f"on average, p95 {milliseconds(slow)}"


def _results(document: JsonObject) -> list[str]:
    found = facts.results(facts.rows(document, "outcomes"))
    return [result.value for result in Result if found[result]]


def _outcome(outcome: JsonObject) -> OutcomeRow:
    result, name = facts.word(outcome, "result"), facts.word(outcome, "name")
    words, warning = RESULTS.get(result, UNHEARD_OF), facts.word(outcome, "warning")
    exposure, seconds = facts.word(outcome, "exposure", "unknown"), facts.number(outcome, "seconds")
    return OutcomeRow(
        result=result if result in facts.RESULTS else Result.UNKNOWN.value,
        symbol=words.symbol,
        tone=TONES[words.symbol],
        action=facts.word(outcome, "action"),
        name=name,
        exposure=exposure,
        exposure_tone=exposure_tone(exposure),
        words=outcome_words(outcome),
        warning=WARNINGS.get(warning, warning),
        way_out=way_out(name, words),
        attempts=facts.count(outcome, "attempts"),
        seconds=seconds,
        took=duration(seconds),
        guard=facts.word(outcome, "guard"),
        notes=tuple(filter(None, (rollback_words(outcome), takes(outcome)))),
        clashes=tuple(_clashes(outcome)),
    )


def _clashes(outcome: JsonObject) -> Iterator[Values]:
    clashes = facts.rows(outcome, "clashes")
    for clash, values in zip(clashes, side_values(clashes, ("base", "theirs", "ours")), strict=True):
        who = mover(clash)
        yield replace(values, note=f"moved by {who}" if who else "")


def _webhook(webhook: JsonObject) -> JsonObject:
    words = RESULTS.get(facts.word(webhook, "result"), UNHEARD_OF)
    row = {key: facts.word(webhook, key) for key in ("name", "action", "result", "reason")}
    return {**row, "symbol": words.symbol, "tone": TONES[words.symbol]}


def _endpoint(probes: list[JsonObject]) -> Endpoint:
    failed = len(facts.failing(probes))
    certificate = next(filter(None, (facts.part(probe, "certificate") for probe in probes)), {})
    left, until = facts.count(certificate, "daysLeft"), facts.word(certificate, "notAfter")[:10]
    accepted = [
        facts.number(probe, "seconds") or 0.0 for probe in probes if probe.get("observed") == Verdict.ACCEPTED
    ]
    return Endpoint(
        name=facts.word(probes[0], "name"),
        url=facts.word(probes[0], "url"),
        failed=failed,
        verdict=f"{failed} of {len(probes)} failed" if failed else f"{len(probes)} as expected",
        certificate=f"certificate until {until}, {counted(left, 'day')} left" if until else "",
        ending=bool(until) and left < SOON,
        slowest=duration(max(accepted, default=None)),
        probes=tuple(_probe(probe) for probe in probes),
    )


def _probe(probe: JsonObject) -> ProbeRow:
    phases = facts.part(probe, "phases")
    return ProbeRow(
        ok=probe.get("ok") is True,
        origin=facts.word(probe, "origin"),
        saw=expectation(probe),
        stage=facts.word(probe, "stage"),
        phases=tuple(duration(facts.number(phases, phase)) for phase in PHASES),
        took=duration(facts.number(probe, "seconds")),
        tls=facts.word(probe, "tls"),
        reason=facts.word(probe, "reason"),
    )


def _phases(document: JsonObject) -> Bars | None:
    """Draw where the time went, an endpoint a bar, the slowest first."""
    slowest: list[tuple[str, Sequence[float]]] = []
    for probes in by_channel(facts.rows(document, "probes")):
        spent = [
            [facts.number(facts.part(probe, "phases"), phase) or 0.0 for phase in PHASES]
            for probe in probes
            if probe.get("observed") == Verdict.ACCEPTED
        ]
        if spent:
            slowest.append((facts.word(probes[0], "name"), max(spent, key=sum)))
    slowest.sort(key=lambda row: -sum(row[1]))
    return phase_bars(slowest[:DETAILED], PHASES) if slowest else None


def _entry(entry: JsonObject) -> EntryRow:
    changes = facts.rows(entry, "changes")
    views = (
        field_row(view)
        for change in changes
        for view in field_views(facts.word(change, "property"), change.get("before"), change.get("after"))
    )
    return EntryRow(
        facts.word(entry, "when"),
        facts.word(entry, "name"),
        facts.word(entry, "action"),
        actor(entry),
        tuple(views),
    )


def _bindings(document: JsonObject) -> Iterator[tuple[str, str]]:
    for key in ("run", "when", "commit", "tree", "organisation", "version", "allowedChanges"):
        if word := facts.word(document, key):
            yield key, word
    if digest := facts.word(facts.part(document, "plan"), "digest"):
        yield "plan", digest
    for key, value in facts.part(document, "terms").items():
        if value:
            yield f"term {key}", value_text(value)
    if facts.part(document, "approval").get("given") is True:
        yield "widening", "approved by --approve-widening"
    if lost := facts.rows(document, "abandoned"):
        yield "earlier runs that were killed", counted(len(lost), "journal")
    record = facts.part(document, "record")
    if path := facts.word(record, "path"):
        yield "record", f"{facts.word(record, 'branch')}:{path}"
    if previous := facts.word(document, "previous"):
        yield "record before", previous
