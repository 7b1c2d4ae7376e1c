"""Figures of a run, computed from its outcomes and probes at the end; an average of nothing is None."""

from __future__ import annotations

import math
from collections.abc import Sequence

from reconciler.model import JsonObject, Outcome, Probe, Result, Verdict

SUCCESSES = (Result.APPLIED, Result.ALREADY)


def make_metrics(outcomes: Sequence[Outcome], probes: Sequence[Probe]) -> JsonObject:
    """Make `metrics` of a run: updates and handshakes."""
    return {"updates": update_metrics(outcomes), "handshakes": handshake_metrics(probes)}


def update_metrics(outcomes: Sequence[Outcome]) -> JsonObject:
    """Count what was attempted; latency, without waits for the rate limit, is that of the successes."""
    successes = [outcome for outcome in outcomes if outcome.result in SUCCESSES]
    attempted = [outcome for outcome in outcomes if outcome.result is not Result.NOT_REACHED]
    return {
        "success": len(successes),
        "failure": len(attempted) - len(successes),
        **_latency([outcome.seconds for outcome in successes]),
    }


def handshake_metrics(probes: Sequence[Probe]) -> JsonObject:
    """Count every probe, one that was rightly refused as a success; latency is that of the accepted ones."""
    successes = sum(probe.ok for probe in probes)
    return {
        "success": successes,
        "failure": len(probes) - successes,
        "successRate": round(successes / len(probes), 4) if probes else None,
        **_latency([probe.seconds for probe in probes if probe.observed is Verdict.ACCEPTED]),
    }


def nearest_rank(values: Sequence[float], share: float) -> float:
    """Give the smallest value that at least this share of the values does not exceed; there must be one."""
    return sorted(values)[math.ceil(share * len(values)) - 1]


def _latency(seconds: Sequence[float]) -> dict[str, int | None]:
    if not seconds:
        return {"latencyAvgMs": None, "latencyP95Ms": None}
    return {
        "latencyAvgMs": round(math.fsum(seconds) / len(seconds) * 1000),
        "latencyP95Ms": round(nearest_rank(seconds, 0.95) * 1000),
    }
