"""A run as a tree of spans: the run, its stages, each channel and each check; nothing here exports one.

Names and attributes follow OpenTelemetry's conventions for CI/CD, which are not stable yet, where they have one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reconciler.model import JsonObject, Outcome, Probe
from reconciler.report import facts
from reconciler.report.metrics import SUCCESSES
from reconciler.report.wording import EXIT_WORDS

Attributes = Mapping[str, str | int | float | bool]


@dataclass(frozen=True, slots=True)
class Span:
    """Something that took time."""

    name: str
    began: datetime
    ended: datetime
    attributes: Attributes
    problem: str | None = None
    """What went wrong; None where nothing did."""
    children: Sequence[Span] = ()


@dataclass(slots=True)
class Timeline:
    """When each change and each check of a run was over."""

    outcomes: list[tuple[Outcome, datetime]] = field(default_factory=list)
    probes: list[tuple[Probe, datetime]] = field(default_factory=list)


def run_span(record: JsonObject, timeline: Timeline, began: datetime, ended: datetime) -> Span:
    """Make the span of a run from its record, with a stage for what was written and one for what was proved."""
    code, command = facts.count(record, "exit"), facts.word(record, "command")
    stages = [
        _stage("write", [_outcome_span(*one) for one in timeline.outcomes]),
        _stage("prove", [_probe_span(*one) for one in timeline.probes]),
    ]
    return Span(
        name=f"reconciler {command}",
        began=began,
        ended=ended,
        attributes=dict(_run_attributes(record)),
        problem=None if code in (0, 2) else EXIT_WORDS.get(code, f"exit {code}"),
        children=[stage for stage in stages if stage],
    )


def _run_attributes(record: JsonObject) -> Iterator[tuple[str, str | int]]:
    code = facts.count(record, "exit")
    yield "cicd.pipeline.name", f"reconciler {facts.word(record, 'command')}"
    yield "cicd.pipeline.run.id", facts.word(record, "run")
    yield "cicd.pipeline.result", "success" if code in (0, 2) else "failure"
    for name, key in (("vcs.ref.head.revision", "commit"), ("reconciler.organisation", "organisation")):
        if word := facts.word(record, key):
            yield name, word
    yield "reconciler.exit_code", code
    if "drifted" in record:
        yield "reconciler.drifted", facts.count(record, "drifted")
        yield "reconciler.exposure", facts.word(record, "exposure")
    requests = facts.part(record, "requests")
    yield "reconciler.requests", sum(facts.count(requests, method) for method in requests)


def _stage(name: str, children: Sequence[Span]) -> Span | None:
    """Give the stage that holds these spans, from the first that began to the last that ended."""
    if not children:
        return None
    failed = sum(child.problem is not None for child in children)
    return Span(
        name=name,
        began=min(child.began for child in children),
        ended=max(child.ended for child in children),
        attributes={"cicd.pipeline.task.name": name, "reconciler.failed": failed},
        problem=f"{failed} of {len(children)} failed" if failed else None,
        children=children,
    )


def _outcome_span(outcome: Outcome, ended: datetime) -> Span:
    attributes: dict[str, str | int | float | bool] = {
        "reconciler.channel": outcome.name,
        "reconciler.kind": outcome.kind,
        "reconciler.result": outcome.result.value,
        "reconciler.exposure": outcome.exposure.value,
        "reconciler.attempts": outcome.attempts,
    }
    failed = outcome.result not in SUCCESSES
    return Span(
        name=f"{outcome.action.value} {outcome.name}",
        # Without waits that the rate limit asked for, which are not the channel's.
        began=ended - timedelta(seconds=outcome.seconds),
        ended=ended,
        attributes=attributes,
        problem=(outcome.reason or outcome.result.value) if failed else outcome.warning,
    )


def _probe_span(probe: Probe, ended: datetime) -> Span:
    target = probe.target
    attributes: dict[str, str | int | float | bool] = {
        "reconciler.channel": target.name,
        "url.full": target.url,
        "reconciler.origin": target.origin,
        "reconciler.expected": target.expected.value,
        "reconciler.observed": probe.observed.value,
        "reconciler.stage": probe.stage.value,
        **{f"reconciler.phase.{phase}_seconds": round(spent, 6) for phase, spent in probe.phases.items()},
    }
    if probe.certificate:
        attributes["reconciler.certificate_days_left"] = probe.certificate.days_left
    return Span(
        name=f"check {target.name}",
        began=ended - timedelta(seconds=probe.seconds),
        ended=ended,
        attributes=attributes,
        problem=None if probe.ok else probe.reason or "not as expected",
    )
