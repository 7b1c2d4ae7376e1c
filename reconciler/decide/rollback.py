"""Which channels are put back after a failed endpoint check, and whether that is harmless."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconciler.decide.diff import compare
from reconciler.decide.exposure import strongest
from reconciler.kinds import kind_named
from reconciler.kinds.kind import Kind, Steps
from reconciler.model import (
    Channel,
    Exposure,
    FieldChange,
    JsonObject,
    LiveChannel,
    Outcome,
    Probe,
    Result,
    pointer_text,
)

HARMLESS = (Exposure.NEUTRAL, Exposure.NARROWS)


def failed_checks(outcomes: Sequence[Outcome], probes: Sequence[Probe]) -> tuple[Outcome, ...]:
    """Give the changes that this run wrote and of whose endpoint a check failed."""
    failing = {probe.target.name for probe in probes if not probe.ok}
    return tuple(
        outcome for outcome in outcomes if outcome.result is Result.APPLIED and outcome.name in failing
    )


def why_not_restored(
    kind: Kind, outcome: Outcome, before: JsonObject, now: JsonObject, others: Sequence[Outcome] = ()
) -> str | None:
    """Say why a channel is left as it was written; None where putting it back opens nothing.

    Among the `others` of the run may be the configuration that a deployment showed a new version of: what the
    version before opens is what its own fields do.
    """
    if kind.steps is Steps.PUBLISH:
        return "a published version stays; what shows it is put back on the version before"
    if outcome.warning:
        return "somebody may have written at the same time"
    fields = tuple(_of_pin(field, outcome, others) for field in compare(kind, now, before))
    exposure = strongest(field.exposure for field in fields)
    if exposure in HARMLESS:
        return None
    names = ", ".join(pointer_text(field.path) for field in fields if field.exposure not in HARMLESS)
    word = "would widen" if exposure is Exposure.WIDENS else "might widen"
    return f"what was there before {word} who can reach the channel ({names})"


def _of_pin(field: FieldChange, outcome: Outcome, others: Sequence[Outcome]) -> FieldChange:
    if field.path != ("configuration", "version") or outcome.pin is None:
        return field
    for other in others:
        if other.id == outcome.pin.get("id") and other.replaced and other.written:
            back = compare(kind_named(other.kind), other.written.document, other.replaced.document)
            return replace(field, exposure=strongest(one.exposure for one in back))
    return field


def restored_channel(outcome: Outcome) -> Channel | None:
    """Give what the endpoint must do again once a channel is put back; None where it is not."""
    rollback, before = outcome.rollback, outcome.replaced
    if rollback is None or before is None or rollback.result not in (Result.APPLIED, Result.ALREADY):
        return None
    spec = kind_named(outcome.kind).normalise(before.document)
    return Channel(outcome.kind, outcome.name, outcome.id, spec, file="")


def just_closed(outcome: Outcome, restored: Channel) -> tuple[str, ...]:
    """Give the origins that the run had let in, and that putting back shuts out again."""
    kind = kind_named(outcome.kind)
    kept = kind.origins(restored.spec)
    return tuple(origin for origin in kind.origins(outcome.spec) if origin not in kept)


def with_second_look(outcome: Outcome, probes: Sequence[Probe]) -> Outcome:
    """Add to a rollback what checking the endpoint once more saw."""
    rollback = outcome.rollback
    if rollback is None:
        return outcome
    seen = tuple(probe for probe in probes if probe.target.name == outcome.name)
    reason = f"{rollback.reason}; {_seen_words(seen)}"
    return replace(outcome, rollback=replace(rollback, reason=reason, probes=seen))


def _seen_words(probes: Sequence[Probe]) -> str:
    if not probes:
        return "its endpoint was not checked again, since what was put back has none or is disabled"
    failing = [probe for probe in probes if not probe.ok]
    if not failing:
        return f"checked again ({len(probes)}), its endpoint does what it should"
    first = failing[0]
    return (
        f"checked again, its endpoint still fails {len(failing)} of {len(probes)} ({first.target.origin} should be"
        f" {first.target.expected}, was {first.observed}), so what was written is not the cause"
    )


def restored_body(kind: Kind, before: LiveChannel, written: LiveChannel) -> JsonObject:
    """Give the document to put back: as it was, under the version that this run wrote where there are versions.

    A deployment goes back to the version of its configuration that it pinned before.
    """
    if kind.steps is not Steps.REPLACE:
        return kind.body({}, before)
    version = written.document.get("version")
    return {**before.document, **({"version": version} if version is not None else {})}
