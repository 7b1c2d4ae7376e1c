"""`reconciler apply`: write what the plan says, prove the endpoints, record the run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import channel_names, common, exits, judged, led, limited
from reconciler.cli.output import is_terminal, say, show

if TYPE_CHECKING:
    from reconciler.cli.plan import Planned

NOT_APPLIED = 4


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
@click.option(
    "--overwrite-draft",
    multiple=True,
    metavar="NAME",
    help="Give up the unpublished draft of this configuration; repeatable.",
)
@click.option(
    "--approve-widening", is_flag=True, help="Approve of what the plan opens wider, where that is asked for."
)
@click.option("--strict", is_flag=True, help="Merge nothing: any concurrent edit clashes.")
@click.option(
    "--take",
    multiple=True,
    nargs=2,
    type=(click.Choice(("git", "live")), str),
    metavar="git|live FIELD",
    help="Settle a clash of FIELD by this side; FIELD@REVISION: only if that is live. Repeatable.",
)
@click.option(
    "--canary", type=click.IntRange(1), metavar="N", help="Write and prove N channels before the others."
)
@click.option(
    "--rollback-on-failed-probe", is_flag=True, help="Put a channel back whose endpoint check fails."
)
@click.option(
    "--through-freeze", multiple=True, metavar="WINDOW", help="Go through this freeze window; repeatable."
)
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
@click.option("--no-lock", is_flag=True, help="Do not tell other runs of this one through the remote.")
@click.option(
    "--lock-wait",
    type=click.IntRange(0, 3_600),
    default=0,
    metavar="SECONDS",
    help="Wait at most so long for another run to end.  [default: 0]",
)
@led
@judged
@limited
@common(("text", "json", "markdown", "html"))
@exits
def apply(file: Path | None, form: str, **options: Any) -> int:
    """Write the changes of a plan, the saved one in FILE or a fresh one.

    Every write names the version that was reviewed. A concurrent edit to a field that Git does not manage is kept;
    one to a field that Git manages stops that channel and is shown.
    """
    from dataclasses import replace

    from reconciler.cli.carrying import carry_out
    from reconciler.cli.ordering import make_order, read_takes, require_probes
    from reconciler.cli.session import require_api
    from reconciler.decide.takes import leave_live

    require_probes(options)
    prepared = _from_file(file, **options) if file else _fresh(**options)
    if prepared is None:
        return NOT_APPLIED
    planned, digest = prepared
    takes, api = read_takes(planned.plan, options["take"]), require_api()
    planned = replace(planned, plan=leave_live(planned.plan, takes.takes))
    order = make_order(planned, api, options, takes)
    return carry_out(planned, digest, api, order, form, options)


def _fresh(**options: Any) -> tuple[Planned, str] | None:
    from reconciler.cli.plan import make_plan
    from reconciler.decide.saved_plan import plan_document
    from reconciler.errors import UsageError

    if not options["yes"] and not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        raise UsageError(
            "apply asks before it writes, and there is no terminal to ask on;"
            " give a saved plan (reconciler plan --out plan.json), or --yes"
        )
    planned = make_plan(**options)
    document = plan_document(planned.plan, planned.requests)
    if not options["yes"]:
        from reconciler.cli.approval import with_terms

        given, allowed = options["approve_widening"], options["allow_changes"]
        show(with_terms(document, planned, given=given, allow_changes=allowed), "text")
        if planned.plan.writes and not click.confirm("Apply this plan?", err=True):
            say("nothing was written")
            return None
    return planned, str(document["digest"])


def _from_file(file: Path, **options: Any) -> tuple[Planned, str] | None:
    from dataclasses import replace

    from reconciler.cli.plan import Planned, load, refuse_offline, why_stale
    from reconciler.cli.session import open_desk, require_api, require_names, require_valid
    from reconciler.decide.saved_plan import digest_of, read_plan
    from reconciler.errors import UsageError

    document = load(file)
    refuse_offline(document)
    plan = read_plan(document)
    if options["prune"]:
        raise UsageError("--prune belongs to the plan: reconciler plan --prune --out FILE")
    desk = open_desk(**options)
    channels = require_valid(desk)
    names = require_names(channels, options["only"], "--only")
    if reason := why_stale(desk, require_api(), plan):
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
    return Planned(desk, plan, {}, None, None), digest_of(document)
