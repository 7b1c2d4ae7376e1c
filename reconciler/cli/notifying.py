"""Tell monitors of a run that is over, and a person of those that could not be told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from reconciler.acts.notify import ALL_SECONDS, tell, told_in
from reconciler.cli.output import say
from reconciler.cli.session import Desk
from reconciler.clock import SystemClock
from reconciler.model import JsonObject, Receiver

HURRIED_SECONDS = 5.0
"""After a signal, which has its own patience: what is not told by then is not told."""


def tell_monitors(
    desk: Desk, record: JsonObject, receivers: Sequence[Receiver], *, hurried: bool = False
) -> JsonObject:
    """Tell every monitor; give the record with how that went."""
    if not receivers:
        return record
    seconds = HURRIED_SECONDS if hurried else ALL_SECONDS
    deliveries = asyncio.run(tell(receivers, record, desk.settings, SystemClock(), seconds))
    for one in deliveries:
        if not one.delivered:
            say(f"warning: {one.name} ({one.host}) could not be told of this run: {one.reason}")
    return told_in(record, deliveries)
