"""What happened to an organisation's channels over time, folded from recorded runs, one at a time.

A record is read once and let go, so that a thousand of them need no thousand documents in memory. Records may
hold anything: what cannot be read counts as nothing, and no record stops the others.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from reconciler.kinds import KINDS
from reconciler.model import Action, DriftState, Exposure, JsonObject, Result
from reconciler.report import facts
from reconciler.report.changes import FieldView, field_views
from reconciler.report.drift_text import who
from reconciler.report.wording import RESULTS, UNHEARD_OF, run_verdict

WIDENING = (Exposure.WIDENS, Exposure.UNKNOWN)
MOVED = (DriftState.DRIFTED, DriftState.BOTH)
EVENTS = 250
"""Events of one channel that are kept, the newest; more would make a page that nobody can open."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """One recorded run in a line."""

    run: str
    when: datetime
    command: str
    organisation: str
    exit: int
    commit: str
    verdict: str
    exposure: str
    results: Mapping[str, int]
    checks: int
    failed_checks: int
    seconds: array[float]
    """Of the accepted handshakes."""
    requests: int
    origins: int
    """Origins that may reach the channels known by then."""

    @property
    def widened(self) -> bool:
        """Whether it widened who can reach a channel, or found that somebody had."""
        return self.exposure in WIDENING


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to one channel."""

    when: datetime
    run: str
    organisation: str
    name: str
    what: str
    """`applied`, `drifted`, or another result of a change."""
    exposure: str
    who: str
    detail: str
    views: tuple[FieldView, ...]


@dataclass(slots=True)
class Track:
    """What is known of one channel."""

    organisation: str
    name: str
    kind: str = ""
    owner: str = ""
    file: str = ""
    origins: tuple[str, ...] = ()
    deleted: bool = False
    state: str = ""
    """Of the newest look for drift; empty where all agreed."""
    events: list[Event] = field(default_factory=list)
    left_out: int = 0
    """Older events that are not kept."""
    seconds: array[float] = field(default_factory=lambda: array("d"))
    checks: int = 0
    failed_checks: int = 0
    newest_run: str = ""
    newest_checks: int = 0
    newest_failed: int = 0
    """Checks of the newest run that looked at its endpoint, and those that failed."""
    certificate: str = ""
    """When the certificate of its endpoint ends, as the newest probe saw it."""
    certificate_from: str = ""
    url: str = ""
    moved: dict[str, str] = field(default_factory=dict)
    """Fields that the newest look found moved, with the live value, so that each move is one event."""

    def note(self, event: Event) -> None:
        """Keep an event."""
        self.events.append(event)
        if len(self.events) > EVENTS:
            del self.events[0]
            self.left_out += 1


@dataclass(slots=True)
class History:
    """Everything that the pages show."""

    runs: list[RunRow] = field(default_factory=list)
    tracks: dict[tuple[str, str], Track] = field(default_factory=dict)
    movers: Counter[str] = field(default_factory=Counter)
    """Who moved live fields behind Git's back, by the number of fields."""
    unreadable: int = 0

    def read(self, run: str, document: JsonObject) -> None:
        """Take in the next record; `run` is its name on the branch."""
        when, command = moment_of(document), facts.word(document, "command")
        if when is None or command not in READERS:
            self.unreadable += 1
            return
        events = list(READERS[command](self, run, when, document))
        widening = [event.exposure for event in events if event.exposure in WIDENING]
        self.runs.append(self._row(run, when, command, document, widening[0] if widening else ""))

    def track(self, organisation: str, name: str) -> Track:
        """Give the track of a channel, a new one where it is met for the first time."""
        return self.tracks.setdefault((organisation, name), Track(organisation, name))

    def _row(self, run: str, when: datetime, command: str, document: JsonObject, exposure: str) -> RunRow:
        probes, organisation = facts.rows(document, "probes"), facts.word(document, "organisation")
        verdict = facts.word(document, "verdict") if command == "drift" else run_verdict(document)
        return RunRow(
            run=run,
            when=when,
            command=command,
            organisation=organisation,
            exit=facts.count(document, "exit"),
            commit=facts.word(document, "commit"),
            verdict=verdict,
            exposure=exposure,
            results=facts.results(facts.rows(document, "outcomes")),
            checks=len(probes),
            failed_checks=len(facts.failing(probes)),
            seconds=array("d", (spent for probe in probes if (spent := _accepted(probe)) is not None)),
            requests=sum(facts.count(facts.part(document, "requests"), verb) for verb in VERBS),
            origins=sum(
                len(track.origins) for track in self.tracks.values() if track.organisation == organisation
            ),
        )


VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def fold(records: Iterable[tuple[str, JsonObject]]) -> History:
    """Read records, oldest first, each as its name and its document."""
    history = History()
    for run, document in records:
        history.read(run, document)
    return history


def moment_of(document: JsonObject, key: str = "when") -> datetime | None:
    """Give the time under this key, in UTC; None where there is none."""
    try:
        when = datetime.fromisoformat(facts.word(document, key))
    except ValueError:
        return None
    return when.astimezone(UTC) if when.tzinfo else None


def _read_apply(history: History, run: str, when: datetime, document: JsonObject) -> Iterator[Event]:
    organisation = facts.word(document, "organisation")
    planned = {
        (facts.word(row, "kind"), facts.word(row, "id")): row
        for row in facts.rows(facts.part(document, "plan"), "channels")
    }
    for outcome in facts.rows(document, "outcomes"):
        track = history.track(organisation, facts.word(outcome, "name"))
        change = planned.get((facts.word(outcome, "kind"), facts.word(outcome, "id")), {})
        event = _outcome_event(run, when, organisation, outcome, change)
        track.note(event)
        if facts.word(outcome, "result") in facts.DONE:
            _settle(track, outcome, change)
            yield event
    for probe in facts.rows(document, "probes"):
        _read_probe(history.track(organisation, facts.word(probe, "name")), run, probe)


def _outcome_event(
    run: str, when: datetime, organisation: str, outcome: JsonObject, change: JsonObject
) -> Event:
    result = facts.word(outcome, "result")
    done = result in facts.DONE
    views = [
        view
        for row in facts.rows(change, "changes")
        for view in field_views(facts.word(row, "path"), row.get("before"), row.get("after"))
    ]
    clashes = [
        view
        for row in facts.rows(outcome, "clashes")
        for view in field_views(facts.word(row, "path"), row.get("base"), row.get("theirs"))
    ]
    return Event(
        when=when,
        run=run,
        organisation=organisation,
        name=facts.word(outcome, "name"),
        what=result if result in facts.RESULTS else Result.UNKNOWN.value,
        exposure=facts.word(outcome, "exposure", Exposure.UNKNOWN) if done else "",
        who="Git",
        detail=facts.word(outcome, "reason") or RESULTS.get(result, UNHEARD_OF).meaning,
        views=tuple(views if done else clashes),
    )


def _settle(track: Track, outcome: JsonObject, change: JsonObject) -> None:
    """Take over what the channel is now."""
    desired = facts.part(change, "desired")
    spec = facts.part(desired, "spec")
    track.kind = facts.word(outcome, "kind")
    track.deleted = facts.word(outcome, "action") == Action.DELETE
    track.owner = facts.word(desired, "owner") or track.owner
    track.file = facts.word(desired, "file") or track.file
    track.moved, track.state = {}, ""
    kind = next((one for one in KINDS if one.name == track.kind), None)
    track.origins = kind.origins(spec) if kind and spec and not track.deleted else ()


def _read_probe(track: Track, run: str, probe: JsonObject) -> None:
    failed = probe.get("ok") is not True
    if track.newest_run != run:
        track.newest_run, track.newest_checks, track.newest_failed = run, 0, 0
    track.checks, track.newest_checks = track.checks + 1, track.newest_checks + 1
    track.failed_checks, track.newest_failed = track.failed_checks + failed, track.newest_failed + failed
    track.url = facts.word(probe, "url") or track.url
    if (spent := _accepted(probe)) is not None:
        track.seconds.append(spent)
    if certificate := facts.part(probe, "certificate"):
        track.certificate = facts.word(certificate, "notAfter")
        track.certificate_from = facts.word(certificate, "notBefore")


def _accepted(probe: JsonObject) -> float | None:
    return facts.number(probe, "seconds") if facts.word(probe, "observed") == "accepted" else None


def _read_drift(history: History, run: str, when: datetime, document: JsonObject) -> Iterator[Event]:
    organisation = facts.word(document, "organisation")
    found = {}
    for channel in facts.rows(document, "channels"):
        if facts.word(channel, "state") != DriftState.UNMANAGED:
            found[facts.word(channel, "name")] = channel
    for track in history.tracks.values():
        if track.organisation == organisation and track.name not in found:
            track.moved, track.state = {}, ""
    for name, channel in found.items():
        track = history.track(organisation, name)
        track.kind = facts.word(channel, "kind") or track.kind
        track.owner = facts.word(channel, "owner") or track.owner
        track.file = facts.word(channel, "file") or track.file
        track.state = facts.word(channel, "state")
        for event in _moves(history, track, channel, run, when):
            track.note(event)
            yield event


def _moves(history: History, track: Track, channel: JsonObject, run: str, when: datetime) -> Iterator[Event]:
    """Give the fields that somebody moved since the last look."""
    before, track.moved = track.moved, {}
    for row in facts.rows(channel, "fields"):
        if facts.word(row, "state") not in MOVED:
            continue
        path, live = facts.word(row, "path"), json.dumps(row.get("live"), sort_keys=True, default=str)
        track.moved[path] = live
        if before.get(path) == live:
            continue
        attribution = facts.part(row, "attribution")
        history.movers[_mover(attribution)] += 1
        yield Event(
            when=when,
            run=run,
            organisation=track.organisation,
            name=track.name,
            what=DriftState.DRIFTED.value,
            exposure=facts.word(row, "exposure", Exposure.UNKNOWN),
            who=_mover(attribution),
            detail=who(attribution),
            views=tuple(field_views(path, row.get("applied"), row.get("live"))),
        )


def _mover(attribution: JsonObject) -> str:
    actor = facts.part(attribution, "actor")
    return (
        facts.word(actor, "name") or facts.word(actor, "id") or facts.word(attribution, "client") or "unknown"
    )


READERS = {"apply": _read_apply, "drift": _read_drift}
