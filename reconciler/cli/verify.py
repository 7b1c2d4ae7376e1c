"""`reconciler verify`: TLS and WebSocket checks of the endpoints, positive and negative."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.options import channel_names, common, exits, led
from reconciler.cli.output import progress, show

PROBE_FAILED = 5


@click.command(
    epilog="""\b
Examples:
  reconciler verify
  reconciler verify secure-webchat --format json
  reconciler verify --connect-to webchat.example.com:443:127.0.0.1:8443"""
)
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=channel_names)
@led
@common(("text", "json"))
@exits
def verify(names: tuple[str, ...], form: str, **options: Any) -> int:
    """Check endpoints: allowed origins must be accepted over verified TLS, others must be refused.

    Needs no credentials: addresses and origins stand in the channel files.
    """
    from reconciler.acts.verify import probe_rules, skipped
    from reconciler.acts.verify import verify as verify_channels
    from reconciler.cli.session import open_desk, reading, require_names, require_valid
    from reconciler.report.documents import verify_document

    desk = open_desk(**options)
    channels = require_valid(desk)
    only = require_names(channels, names, "NAME")
    asked = [channel for channel in channels if only is None or channel.name in only]
    rules = probe_rules(desk.settings)
    with progress("probed", None, quiet=desk.quiet) as count:
        probes = reading(lambda _: verify_channels(asked, rules, {}, count))
    document = verify_document(probes, skipped=skipped(asked))
    show(document, form)
    return PROBE_FAILED if any(not probe.ok for probe in probes) else 0
