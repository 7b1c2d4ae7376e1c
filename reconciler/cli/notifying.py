"""Tell others of a run that is over: monitors, and a collector of traces; neither changes anything of the run."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from reconciler.acts.notify import ALL_SECONDS, tell, told_in
from reconciler.acts.trace import is_wanted, send
from reconciler.cli.output import say
from reconciler.cli.session import Desk
from reconciler.clock import Clock, SystemClock
from reconciler.model import JsonObject, Outcome, Probe, Receiver
from reconciler.report.spans import Timeline, run_span
from reconciler.run import Notices

HURRIED_SECONDS = 5.0
"""After a signal, which has its own patience: what is not told by then is not told."""


@dataclass(frozen=True, slots=True)
class After:
    """Whom to tell of a run, and when its steps were over."""

    receivers: Sequence[Receiver]
    timeline: Timeline
    hurried: bool = False

    def before_record(self, desk: Desk, record: JsonObject) -> JsonObject:
        """Tell the monitors, so that the record says how that went; not after a signal, when it comes first."""
        return record if self.hurried else tell_monitors(desk, record, self.receivers)

    def after_record(self, desk: Desk, record: JsonObject) -> None:
        """Do what the record has no need of: monitors after a signal, and traces."""
        ended = SystemClock().now()
        if self.hurried:
            tell_monitors(desk, record, self.receivers, seconds=HURRIED_SECONDS)
        send_trace(record, self.timeline, ended)


def timed(
    timeline: Timeline, clock: Clock, applied: Callable[[Outcome], None], probed: Callable[[Probe], None]
) -> Notices:
    """Note when each step was over, and pass it on."""

    def outcome(one: Outcome) -> None:
        timeline.outcomes.append((one, clock.now()))
        applied(one)

    def probe(one: Probe) -> None:
        timeline.probes.append((one, clock.now()))
        probed(one)

    return Notices(outcome, probe)


def tell_monitors(
    desk: Desk, record: JsonObject, receivers: Sequence[Receiver], *, seconds: float = ALL_SECONDS
) -> JsonObject:
    """Tell every monitor; give the record with how that went."""
    if not receivers:
        return record
    deliveries = asyncio.run(tell(receivers, record, desk.settings, SystemClock(), seconds))
    for one in deliveries:
        if not one.delivered:
            say(f"warning: {one.name} ({one.host}) could not be told of this run: {one.reason}")
    return told_in(record, deliveries)


def send_trace(record: JsonObject, timeline: Timeline, ended: datetime) -> None:
    """Send the spans of a run, where the environment asks for them."""
    if not is_wanted(os.environ):
        return
    began = datetime.fromisoformat(str(record["when"]))
    trouble = send(run_span(record, timeline, began, ended), os.environ)
    if trouble:
        say(f"warning: no trace was sent: {trouble}")
