"""`reconciler verify`: TLS and WebSocket checks of the endpoints, positive and negative."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import channel_names, common, exits, led
from reconciler.cli.organisation import environment
from reconciler.cli.output import progress, show

if TYPE_CHECKING:
    from reconciler.cli.session import Desk
    from reconciler.clock import Clock
    from reconciler.model import Channel
    from reconciler.regions import Hosts
    from reconciler.settings import Api

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

    Of a deployment also that browsers are served what is pinned, and that a guest gets a session. Needs no credentials
    where the files say it all: only a deployment without spec.id, or with a reference, is looked up.
    """
    from reconciler.acts.verify import probe_rules, skipped
    from reconciler.acts.verify import verify as verify_channels
    from reconciler.cli.session import open_desk, reading, require_names, require_valid
    from reconciler.report.documents import verify_document

    desk = open_desk(**options)
    channels = require_valid(desk)
    only = require_names(channels, names, "NAME")
    asked = [channel for channel in channels if only is None or channel.name in only]
    hosts, known = _look_up(desk, channels, asked)
    asked = [channel for channel in known if channel.name in {one.name for one in asked}]
    rules = probe_rules(desk.settings, hosts)
    with progress("probed", None, quiet=desk.quiet) as count:
        probes = reading(lambda _: verify_channels(asked, rules, {}, count, channels))
    document = verify_document(probes, skipped=skipped(asked))
    show(document, form)
    return PROBE_FAILED if any(not probe.ok for probe in probes) else 0


def _look_up(
    desk: Desk, channels: tuple[Channel, ...], asked: list[Channel]
) -> tuple[Hosts | None, tuple[Channel, ...]]:
    """Say where deployments are served, and give the channels with the ids and pins that the remote knows.

    The remote is asked where a file holds no id; for the pin behind a reference, where there are credentials.
    """

    from reconciler.cli.session import reading, require_api
    from reconciler.decide.pairing import reference
    from reconciler.kinds import kind_named
    from reconciler.kinds.kind import Steps
    from reconciler.settings import read_hosts

    deployments = [channel for channel in asked if kind_named(channel.kind).steps is Steps.DEPLOY]
    if not deployments:
        return None, channels
    unknown = any(channel.id is None for channel in deployments)
    referring = any(reference(channel) for channel in deployments)
    if unknown or (referring and environment().get("GENESYS_CLIENT_SECRET")):
        api = require_api()
        return api.hosts, reading(lambda clock: _live(desk, api, channels, clock))
    return read_hosts(environment())[1], channels


async def _live(desk: Desk, api: Api, channels: tuple[Channel, ...], clock: Clock) -> tuple[Channel, ...]:
    from reconciler.acts.observe import fetch_live
    from reconciler.cli.session import look
    from reconciler.decide.pairing import identify, live_pins
    from reconciler.kinds.web_messaging_deployment import WEB_MESSAGING_DEPLOYMENT

    async with look(desk, api, clock) as way:
        live = await fetch_live(way.client, WEB_MESSAGING_DEPLOYMENT)
        return live_pins(identify(channels, live, frozenset()), live)
