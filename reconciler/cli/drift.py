"""`reconciler drift`: live against what was last applied and what Git wants; who moved it; ways out."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.failures import UNRECORDED
from reconciler.cli.options import channel_names, common, exits, judged, limited
from reconciler.cli.output import say, show

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from reconciler.cli.session import Desk
    from reconciler.clock import Clock
    from reconciler.decide.ignores import Ignored
    from reconciler.ledger.ledger import Ledger
    from reconciler.model import Applied, AuditTrail, Binding, Channel, ChannelDrift, JsonObject, Receiver
    from reconciler.settings import Api

FOUND = 2


@click.command(
    epilog="""\b
Examples:
  reconciler drift
  reconciler drift secure-webchat --format json
  reconciler drift --no-push"""
)
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=channel_names)
@click.option(
    "--days",
    type=click.IntRange(1, 365),
    default=30,
    show_default=True,
    help="How far back the audit log is asked, at the most.",
)
@click.option(
    "--heal",
    type=click.Choice(("narrowing",)),
    help="Put back what somebody opened wider, by an apply; everything else needs a look.",
)
@click.option("--no-record", is_flag=True, help="Commit no record, also where the result is a new one.")
@click.option("--no-push", is_flag=True, help="Commit the record, and do not push it.")
@click.option("--remote", metavar="NAME", help="Git remote of the record.  [default: origin]")
@judged
@limited
@common(("text", "json", "markdown", "html"))
@exits
def drift(names: tuple[str, ...], form: str, days: int, **options: Any) -> int:
    """Compare live with what was last applied and with what Git wants; say who moved what, and the ways out.

    Ends with 2 where a channel drifted or is not applied yet. A live channel that no file names is shown, and
    is no drift. A result that differs from the last one is recorded, unless NAMEs were given. Nothing is
    written to the remote, but with --heal: then an apply follows, and its report is shown.
    """
    from reconciler.cli.notifying import send_trace
    from reconciler.cli.session import (
        left_alone,
        make_binding,
        open_desk,
        reading,
        require_api,
        require_names,
        require_valid,
    )
    from reconciler.clock import SystemClock
    from reconciler.report.spans import Timeline
    from reconciler.report.waivers import waiver_rows
    from reconciler.settings import read_monitors

    desk = open_desk(**options)
    channels = require_valid(desk)
    only = require_names(channels, names, "NAME")
    api = require_api()
    receivers = read_monitors(desk.settings, os.environ)
    binding = make_binding(desk, api)
    ledger = open_ledger(desk, push=not options["no_push"])
    applied = read_base(desk, ledger, binding.organisation)
    aim = Aim(channels, applied, days, only, left_alone(desk))
    look = reading(lambda clock: _look(desk, api, aim, clock))
    document = _document(desk, look, binding)
    send_trace(document, Timeline(), SystemClock().now())
    code = int(document["exit"])
    if only is None and not options["no_record"]:
        document, recorded = _record(desk, ledger, document, receivers, push=not options["no_push"])
        code = code if recorded else UNRECORDED
    if options["heal"]:
        from reconciler.cli.healing import heal

        say(str(document["verdict"]))
        healed = heal(look.drifts, form, options)
        if healed is not None:
            return healed
    # How waivers stand changes with the day, and is no result that is worth a record.
    standing = waiver_rows(desk.loaded.waivers, desk.loaded.today)
    show({**document, "exit": code, "waivers": standing}, form)
    return code


@dataclass(frozen=True, slots=True)
class Aim:
    """What is looked at."""

    channels: Sequence[Channel]
    applied: Mapping[str, Applied]
    days: int
    only: frozenset[str] | None
    ignored: Ignored


@dataclass(frozen=True, slots=True)
class Look:
    """What a look for drift found, and what that cost."""

    drifts: tuple[ChannelDrift, ...]
    trail: AuditTrail
    requests: dict[str, int]
    began: datetime


def open_ledger(desk: Desk, *, push: bool) -> Ledger | None:
    """Open the record of the repository; None outside a git repository."""
    from reconciler.ledger.ledger import Ledger
    from reconciler.ledger.source import find_repository

    repository = find_repository(desk.settings.repo)
    return Ledger(repository, remote=desk.settings.remote, push=push) if repository else None


def read_base(desk: Desk, ledger: Ledger | None, organisation: str) -> dict[str, Applied]:
    """Read what was last applied, the remote's records included; without a record nothing was."""
    from reconciler.decide.drift import read_applied

    if ledger is None:
        desk.notice("there is no git repository here, so nothing says what was last applied")
        return {}
    trouble = ledger.fetch()
    if trouble:
        say(f"warning: the remote's records could not be fetched, those of this clone are used: {trouble}")
    found = {name: read_applied(document) for name, document in ledger.applied(organisation).items()}
    return {name: applied for name, applied in found.items() if applied}


async def _look(desk: Desk, api: Api, aim: Aim, clock: Clock) -> Look:
    from reconciler import reading
    from reconciler.acts.drift import Inquiry
    from reconciler.cli.session import look

    began = clock.now()
    inquiry = Inquiry(api.credentials.client_id, aim.days, desk.settings.audit_channels)
    async with look(desk, api, clock) as way:
        drifts, trail = await reading.drift(
            way.client, aim.channels, aim.applied, inquiry, clock, aim.only, aim.ignored
        )
        return Look(drifts, trail, dict(way.requests), began)


def _document(desk: Desk, look: Look, binding: Binding) -> JsonObject:
    import secrets

    from reconciler import __version__
    from reconciler.acts.adopt import patches
    from reconciler.decide.drift import moved_exposure
    from reconciler.model import DriftState
    from reconciler.report.drift_document import Looked, drift_document

    found = any(drift.state is not DriftState.UNMANAGED for drift in look.drifts)
    looked = Looked(
        run=secrets.token_hex(6),
        when=look.began,
        exit=FOUND if found else 0,
        organisation=binding.organisation,
        commit=binding.commit,
        tree=binding.tree,
        requests=look.requests,
        version=__version__,
        exposure=moved_exposure(look.drifts),
    )
    return drift_document(look.drifts, look.trail, looked, patches(desk.settings.repo, look.drifts))


def _record(
    desk: Desk,
    ledger: Ledger | None,
    document: JsonObject,
    receivers: Sequence[Receiver],
    *,
    push: bool,
) -> tuple[JsonObject, bool]:
    """Tell monitors of a result that is a new one and record it; give the document, and whether it is safe."""
    from reconciler.acts.record import keep
    from reconciler.cli.notifying import tell_monitors
    from reconciler.report.drift_document import is_news

    organisation = document["organisation"]
    if ledger is None:
        return document, True
    last = ledger.newest(lambda old: (old.get("command"), old.get("organisation")) == ("drift", organisation))
    if not is_news(document, last.document if last else None):
        return document, True
    document = tell_monitors(desk, document, receivers)
    kept = keep(desk.settings, document, organisation, push=push)
    if kept.reason:
        say(f"error: {kept.reason}; the record is kept in {kept.path}")
    return kept.document, kept.reason is None
