"""The newest state as metrics: Prometheus text for node_exporter's textfile collector, or OpenMetrics.

Everything is a gauge, since a job that ends cannot count across its runs; when a run was is a metric of its own, so
that an alert sees one that did not come. No label names a run, whose number grows for ever; those that name a
channel are one series a channel.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from reconciler.model import DriftState, JsonObject, Result, Waiver, WaiverState
from reconciler.report import facts
from reconciler.report.escape import printable
from reconciler.report.history import WIDENING, History, Track, moment_of
from reconciler.report.metrics import nearest_rank

COMMANDS = ("apply", "drift")
SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
Row = tuple[Sequence[str], float]


@dataclass(slots=True)
class State:
    """What the metrics are made of: the history, and the newest document of each command and organisation."""

    history: History = field(default_factory=History)
    newest: dict[tuple[str, str], JsonObject] = field(default_factory=dict)
    good: dict[tuple[str, str], datetime] = field(default_factory=dict)
    """When a run of a command last ended with 0, by organisation."""

    def read(self, run: str, document: JsonObject) -> None:
        """Take in the next record, oldest first."""
        self.history.read(run, document)
        when, command = moment_of(document), facts.word(document, "command")
        if when is None or command not in COMMANDS:
            return
        key = facts.word(document, "organisation"), command
        self.newest[key] = document
        if facts.number(document, "exit") == 0 or (
            command == "drift" and not facts.count(document, "drifted")
        ):
            self.good[key] = when

    def of(self, command: str) -> Iterator[tuple[str, JsonObject]]:
        """Give the newest document of a command by organisation."""
        for (organisation, of_command), document in self.newest.items():
            if of_command == command:
                yield organisation, document


def metrics_text(
    state: State,
    *,
    chain_valid: bool,
    records: int,
    version: str,
    openmetrics: bool,
    waivers: Sequence[Waiver] = (),
) -> str:
    """Write the metrics in one of the two formats; `waivers` are those of the repository, which no record holds."""
    registry = CollectorRegistry()
    families = [*_families(state, chain_valid, records, version), _waiver_family(waivers)]
    registry.register(_Collected(families))
    write = generate_openmetrics if openmetrics else generate_latest
    data: bytes = write(registry)
    return data.decode()


class _Collected:
    """Metrics that are made already, as the library asks for them."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self.families = families

    def collect(self) -> Iterable[Metric]:
        return self.families


def _families(state: State, chain_valid: bool, records: int, version: str) -> Iterator[Metric]:
    info = InfoMetricFamily("reconciler_build", "The version that made these metrics.")
    info.add_metric((), {"version": version})
    yield info
    yield _gauge(
        "reconciler_record_chain_valid", "1 if no record was changed or removed.", (), [((), chain_valid)]
    )
    yield _gauge("reconciler_records", "Records on the record branch.", (), [((), records)])
    yield from _run_families(state)
    yield from _apply_families(state)
    yield from _drift_families(state)
    yield from _endpoint_families(state.history)


def _run_families(state: State) -> Iterator[Metric]:
    labels = ("organisation", "command")
    newest = [(key, document) for key, document in sorted(state.newest.items()) if moment_of(document)]
    yield _gauge(
        "reconciler_last_run_timestamp_seconds",
        "When the newest recorded run began.",
        labels,
        [(key, when.timestamp()) for key, document in newest if (when := moment_of(document))],
    )
    yield _gauge(
        "reconciler_last_success_timestamp_seconds",
        "When the newest run began that left nothing to do.",
        labels,
        [(key, when.timestamp()) for key, when in sorted(state.good.items())],
    )
    yield _gauge(
        "reconciler_last_run_exit_code",
        "How the newest recorded run ended; 0 is good.",
        labels,
        [(key, facts.count(document, "exit")) for key, document in newest],
    )
    yield _gauge(
        "reconciler_last_run_requests",
        "Requests that the newest recorded run sent to the API.",
        (*labels, "method"),
        [
            ((*key, method), facts.count(facts.part(document, "requests"), method))
            for key, document in newest
            for method in ("DELETE", "GET", "POST", "PUT")
        ],
    )


def _apply_families(state: State) -> Iterator[Metric]:
    outcomes = {name: facts.rows(document, "outcomes") for name, document in state.of("apply")}
    yield _gauge(
        "reconciler_last_apply_changes",
        "Changes of the newest apply by how they ended.",
        ("organisation", "result"),
        [
            ((name, result.value), facts.results(rows)[result.value])
            for name, rows in outcomes.items()
            for result in Result
        ],
    )
    yield _gauge(
        "reconciler_last_apply_widening_changes",
        "Changes of the newest apply that widened who can reach a channel.",
        ("organisation",),
        [((name,), _widening(row for row in rows if _is_done(row))) for name, rows in outcomes.items()],
    )
    yield _gauge(
        "reconciler_last_apply_waivers",
        "Waivers of the security rules at the newest apply by how they stood.",
        ("organisation", "state"),
        [
            ((name, standing.value), facts.count(counts, standing.value))
            for name, document in state.of("apply")
            if (counts := facts.part(facts.part(document, "metrics"), "waivers"))
            for standing in WaiverState
        ],
    )
    durations: list[Row] = []
    for name, document in state.of("apply"):
        updates = facts.part(facts.part(document, "metrics"), "updates")
        for statistic, key in (("average", "latencyAvgMs"), ("p95", "latencyP95Ms")):
            if (value := facts.number(updates, key)) is not None:
                durations.append(((name, statistic), value / 1000))
    yield _gauge(
        "reconciler_last_apply_update_duration_seconds",
        "How long the successful writes of the newest apply took.",
        ("organisation", "statistic"),
        durations,
    )


def _drift_families(state: State) -> Iterator[Metric]:
    looks = list(state.of("drift"))
    yield _gauge(
        "reconciler_drift_channels",
        "Channels of the newest look for drift, by state.",
        ("organisation", "state"),
        [
            ((name, one.value), facts.count(facts.part(document, "summary"), one.value))
            for name, document in looks
            for one in DriftState
        ],
    )
    yield _gauge(
        "reconciler_drift_widening_channels",
        "Channels that somebody widened behind Git's back, by the newest look.",
        ("organisation",),
        [
            ((name,), _widening(row for row in facts.rows(document, "channels") if _is_moved(row)))
            for name, document in looks
        ],
    )


def _endpoint_families(history: History) -> Iterator[Metric]:
    tracks = [track for _, track in sorted(history.tracks.items()) if not track.deleted]
    names = sorted({track.organisation for track in tracks})
    yield _gauge(
        "reconciler_allowed_origins",
        "Origins that may reach the channels, by what was applied.",
        ("organisation",),
        [
            ((name,), sum(len(track.origins) for track in tracks if track.organisation == name))
            for name in names
        ],
    )
    checked = [track for track in tracks if track.newest_checks]
    yield _gauge(
        "reconciler_endpoint_checks",
        "Checks of the channel's endpoint in the newest run that looked, by how they went.",
        ("organisation", "channel", "outcome"),
        [
            ((track.organisation, track.name, outcome), number)
            for track in checked
            for outcome, number in (
                ("expected", track.newest_checks - track.newest_failed),
                ("failed", track.newest_failed),
            )
        ],
    )
    yield _gauge(
        "reconciler_handshake_duration_seconds",
        "Accepted handshakes with the channel's endpoint since records began.",
        ("organisation", "channel", "statistic"),
        [
            ((track.organisation, track.name, statistic), nearest_rank(track.seconds, share))
            for track in tracks
            if track.seconds
            for statistic, share in SHARES.items()
        ],
    )
    for key, what in (("not_before", "began"), ("not_after", "ends")):
        yield _gauge(
            f"reconciler_certificate_{key}_timestamp_seconds",
            f"When the certificate {what} that the newest check of the endpoint saw.",
            ("organisation", "channel"),
            list(_certificates(tracks, key)),
        )


def _waiver_family(waivers: Sequence[Waiver]) -> Metric:
    return _gauge(
        "reconciler_waiver_expiry_timestamp_seconds",
        "When the last day of a waiver is over, in UTC.",
        ("waiver", "rule", "channel"),
        [
            (
                (waiver.name, waiver.rule, waiver.channel),
                datetime.combine(waiver.expires + timedelta(days=1), time(), UTC).timestamp(),
            )
            for waiver in waivers
        ],
    )


def _certificates(tracks: Iterable[Track], key: str) -> Iterator[Row]:
    for track in tracks:
        text = track.certificate if key == "not_after" else track.certificate_from
        if when := moment_of({"when": text}):
            yield (track.organisation, track.name), when.timestamp()


def _gauge(name: str, text: str, labels: Sequence[str], rows: Iterable[Row]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for values, number in rows:
        family.add_metric([printable(value) for value in values], float(number))
    return family


def _widening(rows: Iterable[Mapping[str, object]]) -> int:
    return sum(row.get("exposure") in WIDENING for row in rows)


def _is_done(outcome: JsonObject) -> bool:
    return facts.word(outcome, "result") in facts.DONE


def _is_moved(channel: JsonObject) -> bool:
    return facts.word(channel, "state") in (DriftState.DRIFTED, DriftState.BOTH)
