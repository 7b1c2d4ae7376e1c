"""`reconciler audit`: what the remote's audit log says of the channels."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import channel_names, common, exits, limited
from reconciler.cli.output import show

if TYPE_CHECKING:
    from reconciler.cli.session import Desk
    from reconciler.clock import Clock
    from reconciler.model import AuditTrail, Channel
    from reconciler.settings import Api


@click.command(
    epilog="""\b
Examples:
  reconciler audit
  reconciler audit secure-webchat --days 30 --format json"""
)
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=channel_names)
@click.option("--days", type=click.IntRange(1, 365), default=7, show_default=True, help="How far back.")
@limited
@common(("text", "json"))
@exits
def audit(names: tuple[str, ...], days: int, form: str, **options: Any) -> int:
    """Read who changed which channel when, field by field."""
    from reconciler.cli.session import open_desk, reading, require_api, require_names, require_valid
    from reconciler.report.documents import audit_document

    desk = open_desk(**options)
    channels = require_valid(desk)
    only = require_names(channels, names, "NAME")
    asked = [channel for channel in channels if only is None or channel.name in only]
    api = require_api()
    trail = reading(lambda clock: _read(desk, api, clock, asked, days))
    document = audit_document(trail)
    show(document, form)
    return 0 if trail.complete else 1


async def _read(desk: Desk, api: Api, clock: Clock, asked: list[Channel], days: int) -> AuditTrail:
    from reconciler.acts.audit import Subject, read_audit
    from reconciler.acts.observe import fetch_families
    from reconciler.cli.session import look
    from reconciler.decide.pairing import identify

    end = clock.now() + timedelta(minutes=5)
    async with look(desk, api, clock) as way:
        nameless = [channel for channel in asked if not channel.id]
        found = identify(nameless, await fetch_families(way.client, nameless), frozenset())
        known = [*(channel for channel in asked if channel.id), *found]
        subjects = [Subject(channel.name, channel.id, channel.kind) for channel in known if channel.id]
        return await read_audit(way.client, clock, subjects, end - timedelta(days=days), end, len(subjects))
