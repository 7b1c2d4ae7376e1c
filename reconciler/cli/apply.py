"""`reconciler apply`: write what the plan says, prove the endpoints, record the run."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import channel_names, common, exits, led, limited
from reconciler.cli.output import progress, say, show

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.acts.record import Kept
    from reconciler.cli.plan import Planned
    from reconciler.cli.session import Desk
    from reconciler.model import Run
    from reconciler.run import Order
    from reconciler.settings import Api

NOT_APPLIED = 4
UNRECORDED = 6


@click.command(
    epilog="""\b
Examples:
  reconciler apply plan.json
  reconciler apply --yes
  reconciler apply --yes --only secure-webchat --probe all"""
)
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--yes", "-y", is_flag=True, help="Apply a fresh plan without asking.")
@click.option(
    "--only",
    multiple=True,
    metavar="NAME",
    shell_complete=channel_names,
    help="Apply this channel alone; repeatable.",
)
@click.option("--prune", is_flag=True, help="Delete channels that Git once managed and holds no more.")
@click.option("--allow-changes", type=click.IntRange(0), metavar="N", help="Lift the safety threshold to N.")
@click.option("--strict", is_flag=True, help="Merge nothing: any concurrent edit clashes.")
@click.option(
    "--probe",
    type=click.Choice(("written", "all", "none")),
    default="written",
    show_default=True,
    help="Whose endpoints are checked.",
)
@click.option("--no-record", is_flag=True, help="Commit no record of the run.")
@click.option("--no-push", is_flag=True, help="Commit the record, and do not push it.")
@click.option("--remote", metavar="NAME", help="Git remote of the record.  [default: origin]")
@led
@limited
@common(("text", "json", "markdown"))
@exits
def apply(file: Path | None, form: str, **options: Any) -> int:
    """Write the changes of a plan, the saved one in FILE or a fresh one.

    Every write names the version that was reviewed. A concurrent edit to a field that Git does not manage is kept;
    one to a field that Git manages stops that channel and is shown.
    """
    import asyncio

    from reconciler.cli.session import require_api

    prepared = _from_file(file, **options) if file else _fresh(**options)
    if prepared is None:
        return NOT_APPLIED
    planned, digest = prepared
    order = _order(planned.desk, options)
    ended = asyncio.run(_carry_out(planned, require_api(), order))
    return _finish(planned, ended, digest, form, options)


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that is over, and how it was told to end."""

    run: Run
    requests: dict[str, int]
    """By method, those of the plan included."""
    began: datetime
    signal: int | None
    """130 or 143 where a signal ended it."""


def _fresh(**options: Any) -> tuple[Planned, str] | None:
    from reconciler.cli.plan import make_plan
    from reconciler.decide.saved_plan import plan_document
    from reconciler.errors import UsageError

    if not options["yes"] and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            "apply asks before it writes, and there is no terminal to ask on;"
            " give a saved plan (reconciler plan --out plan.json), or --yes"
        )
    planned = make_plan(**options)
    document = plan_document(planned.plan, planned.requests)
    if not options["yes"]:
        show(document, "text")
        if planned.plan.writes and not click.confirm("Apply this plan?", err=True):
            say("nothing was written")
            return None
    return planned, str(document["digest"])


def _from_file(file: Path, **options: Any) -> tuple[Planned, str] | None:
    from dataclasses import replace

    from reconciler.cli.plan import Planned, load
    from reconciler.cli.session import make_binding, open_desk, require_api, require_names, require_valid
    from reconciler.decide.binding import unbound
    from reconciler.decide.saved_plan import digest_of, read_plan
    from reconciler.errors import UsageError

    document = load(file)
    plan = read_plan(document)
    if options["prune"]:
        raise UsageError("--prune belongs to the plan: reconciler plan --prune --out FILE")
    desk = open_desk(**options)
    channels = require_valid(desk)
    names = require_names(channels, options["only"], "--only")
    reason = unbound(plan.binding, make_binding(desk, require_api()))
    if reason:
        say(
            f"error: the plan is stale: {reason}; nothing was written. Make a new one: reconciler plan --out {file}"
        )
        return None
    if names:
        plan = replace(
            plan,
            changes=tuple(change for change in plan.changes if change.name in names),
            webhooks=tuple(hook for hook in plan.webhooks if hook.channel in names),
        )
    return Planned(desk, plan, {}, None), digest_of(document)


def _order(desk: Desk, options: dict[str, Any]) -> Order:
    from reconciler.acts.apply import Terms
    from reconciler.acts.verify import probe_rules
    from reconciler.desired.rules import spec_problem
    from reconciler.run import Order, ProbeScope

    limits = desk.settings.limits
    terms = Terms(
        conflicts=limits.conflicts,
        concurrency=limits.concurrency,
        why_invalid=lambda change, spec: spec_problem(desk.loaded.rulebook, change.kind, spec),
        strict=options["strict"],
    )
    return Order(
        terms=terms,
        channels=desk.loaded.channels,
        percent=limits.change_percent,
        floor=limits.change_floor,
        allow_changes=options["allow_changes"],
        scope=ProbeScope(options["probe"]),
        probe_rules=probe_rules(desk.settings),
        audit_channels=desk.settings.audit_channels,
    )


async def _carry_out(planned: Planned, api: Api, order: Order) -> Ended:
    import asyncio

    from reconciler import run
    from reconciler.acts.connect import connect
    from reconciler.cli.session import on_signals
    from reconciler.clock import SystemClock

    desk, plan = planned.desk, planned.plan
    clock, stop = SystemClock(), asyncio.Event()
    caught: list[int] = []

    def told(code: int) -> None:
        if caught:
            raise SystemExit(code)
        caught.append(code)
        say("stopping: requests in flight are finished, no new one is begun; once more stops at once")
        stop.set()

    on_signals(told)
    began = clock.now()
    writing = sum(change.writes for change in plan.changes)
    with ExitStack() as counts:
        applied = counts.enter_context(progress("applied", writing, quiet=desk.quiet))
        probed = counts.enter_context(progress("probed", None if writing else 0, quiet=desk.quiet))
        way_of = connect(desk.settings, api, clock, writes=True, notice=desk.notice, token=planned.token)
        async with way_of as way:
            ended = await run.apply(way.client, plan, order, clock, stop, run.Notices(applied, probed))
            spent = Counter(planned.requests) + Counter(way.requests)
            return Ended(ended, dict(spent), began, caught[0] if caught else None)


def _finish(planned: Planned, ended: Ended, digest: str, form: str, options: dict[str, Any]) -> int:
    from reconciler.acts.record import keep_record, make_record
    from reconciler.run import exit_code

    desk, plan = planned.desk, planned.plan
    code = ended.signal or exit_code(ended.run)
    record = make_record(
        plan,
        ended.run,
        began=ended.began,
        code=code,
        requests=ended.requests,
        digest=digest,
        allowed_changes=options["allow_changes"],
    )
    kept: Kept | None = None
    if not options["no_record"]:
        kept = keep_record(desk.settings, plan, ended.run, record, push=not options["no_push"])
        if kept.reason:
            say(f"error: {kept.reason}; the record is kept in {kept.path}")
            code = code or UNRECORDED
    show(record if kept is None else kept.document, form)
    return code
