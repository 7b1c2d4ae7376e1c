"""Endpoint checks as terminal text, a block a channel."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model import JsonObject, Verdict
from reconciler.report import facts
from reconciler.report.counts import counted
from reconciler.report.terminal import Colour, Line, Paint, wrapped
from reconciler.report.wording import checks_verdict, duration, milliseconds

SOON = 21
"""Days before the end of a certificate from which it is pointed out."""


def verify_lines(document: JsonObject, width: int) -> Iterator[Line]:
    """Write every endpoint check."""
    probes = facts.rows(document, "probes")
    colour = Colour.RED if facts.failing(probes) else Colour.GREEN
    yield from wrapped(checks_verdict(document), width, colour=colour)
    yield ()
    for of_channel in by_channel(probes):
        yield from _channel_lines(of_channel, width)
        yield ()
    yield from skipped_lines(document, width)
    yield from wrapped(f"Handshakes: {handshakes_text(facts.part(document, 'metrics'))}.", width)


def failing_lines(document: JsonObject, width: int) -> Iterator[Line]:
    """Write the endpoint checks that failed, and the certificates that end soon."""
    probes = facts.rows(document, "probes")
    failed = bool(facts.failing(probes))
    symbol = Paint("✗", Colour.RED) if failed else Paint("✓" if probes else "·", Colour.GREEN)
    yield symbol, " ", checks_verdict(document)
    for of_channel in by_channel(probes):
        wrong = facts.failing(of_channel)
        if wrong:
            yield "  ", Paint(facts.word(wrong[0], "name"), Colour.BOLD), f"  {facts.word(wrong[0], 'url')}"
        for probe in wrong:
            yield from _probe_lines(probe, width)
        yield from _certificate_lines(of_channel, only_soon=True)
    yield from skipped_lines(document, width)


def skipped_lines(document: JsonObject, width: int) -> Iterator[Line]:
    """Write which channels were not checked, and why."""
    for row in facts.rows(document, "skipped"):
        yield from wrapped(f"· {facts.word(row, 'name')} not checked: {facts.word(row, 'reason')}", width)


def handshakes_text(metrics: JsonObject) -> str:
    """Write the figures of the checks in a line."""
    handshakes = facts.part(metrics, "handshakes")
    total = facts.count(handshakes, "success") + facts.count(handshakes, "failure")
    average = milliseconds(facts.number(handshakes, "latencyAvgMs"))
    slow = milliseconds(facts.number(handshakes, "latencyP95Ms"))
    rate = facts.number(handshakes, "successRate")
    share = "none" if rate is None else f"{rate:.1%}"
    fine = facts.count(handshakes, "success")
    return f"{fine} of {total} as expected ({share}), average {average}, p95 {slow}"


def by_channel(probes: list[JsonObject]) -> list[list[JsonObject]]:
    """Put the probes of a channel together, in the order in which they came."""
    together: dict[tuple[str, str], list[JsonObject]] = {}
    for probe in probes:
        together.setdefault((facts.word(probe, "name"), facts.word(probe, "url")), []).append(probe)
    return list(together.values())


def expectation(probe: JsonObject) -> str:
    """Say what was seen, and what should have been."""
    expected, observed = facts.word(probe, "expected"), facts.word(probe, "observed")
    return f"{observed}, as it must be" if probe.get("ok") is True else f"{observed}, must be {expected}"


def _channel_lines(probes: list[JsonObject], width: int) -> Iterator[Line]:
    yield Paint(facts.word(probes[0], "name"), Colour.BOLD), f"  {facts.word(probes[0], 'url')}"
    for probe in probes:
        yield from _probe_lines(probe, width)
    yield from _certificate_lines(probes)


def _probe_lines(probe: JsonObject, width: int) -> Iterator[Line]:
    fine = probe.get("ok") is True
    symbol = Paint("✓", Colour.GREEN) if fine else Paint("✗", Colour.RED)
    accepted = facts.word(probe, "observed") == Verdict.ACCEPTED
    took = f" · {duration(facts.number(probe, 'seconds'))}" if accepted else ""
    found = f" ({facts.word(probe, 'found')})" if probe.get("found") else ""
    said = f"{expectation(probe)}{found}{took}"
    yield "  ", symbol, f" {facts.word(probe, 'origin')}  ", Paint(said, Colour.DIM)
    if not fine:
        yield from wrapped(facts.word(probe, "reason"), width, indent=6)


def _certificate_lines(probes: list[JsonObject], *, only_soon: bool = False) -> Iterator[Line]:
    shown = [probe for probe in probes if facts.part(probe, "certificate")]
    if not shown:
        return
    certificate = facts.part(shown[0], "certificate")
    left = facts.count(certificate, "daysLeft")
    text = f"certificate until {facts.word(certificate, 'notAfter')[:10]}, {counted(left, 'day')} left"
    if left < SOON:
        yield "  ", Paint("!", Colour.YELLOW), f" {text}: renew it"
    elif not only_soon:
        yield "    ", Paint(f"{text}, {facts.word(shown[0], 'tls')}", Colour.DIM)
