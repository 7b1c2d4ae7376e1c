"""`reconciler plan`: what would change, saved or shown; and `plan check`, whether a saved one still holds."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import channel_names, common, exits, judged, limited
from reconciler.cli.output import emit, has_colour, show, width, without_secret

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.cli.session import Desk
    from reconciler.clock import Clock
    from reconciler.genesys.pacing import Window
    from reconciler.genesys.token import Token
    from reconciler.model import Change, Json, JsonObject, LiveChannel, Plan, PlanState
    from reconciler.settings import Api

PLAN_LIMIT = 256 * 1024 * 1024
"""Bytes of a saved plan that are read at the most."""
CHANGES = 2


@click.command(
    epilog="""\b
Examples:
  reconciler plan
  reconciler plan --out plan.json --format markdown
  reconciler plan --exit-code --only secure-webchat
  reconciler plan check plan.json"""
)
@click.argument("check", nargs=-1, metavar="[check FILE]")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Save the plan for apply.")
@click.option("--exit-code", is_flag=True, help="Exit 2 when the plan holds changes.")
@click.option(
    "--only",
    multiple=True,
    metavar="NAME",
    shell_complete=channel_names,
    help="Plan this channel alone; repeatable.",
)
@click.option(
    "--prune", is_flag=True, help="Plan to delete channels that Git once managed and holds no more."
)
@click.option(
    "--offline", is_flag=True, help="Plan against the record of the last applies; no secret, no network."
)
@judged
@limited
@common(("text", "json", "markdown", "html"))
@exits
def plan(check: tuple[str, ...], form: str, out: Path | None, exit_code: bool, **options: Any) -> int:
    """Show what would change in Genesys Cloud, field by field, with the fewest requests.

    With `check FILE` a saved plan is compared with what is live now: fresh, stale-equivalent or stale.
    """
    from reconciler.acts.bulk import collector_paused
    from reconciler.cli.approval import with_terms
    from reconciler.decide.saved_plan import plan_document, plan_news

    if check:
        if len(check) != 2 or check[0] != "check":
            raise click.UsageError("plan takes no words but: plan check FILE")
        return _check(Path(check[1]), form, **options)
    offline = options.pop("offline")
    then = _then(out, only=options["only"], prune=options["prune"], offline=offline)
    if offline:
        from reconciler.cli.offline import plan_offline

        planned, document = plan_offline(**options)
    else:
        planned = make_plan(**options)
        with collector_paused():
            # Only what keeps a plan, or passes it on, needs all of it: with ten thousand channels, twice the time.
            write = plan_news if form == "text" and out is None else plan_document
            document = write(planned.plan, planned.requests)
    document = with_terms(document, planned)
    if out:
        save(out, document)
    if form == "text":
        from reconciler.report.text import plan_text

        emit(
            plan_text(
                document,
                width=width(),
                colour=has_colour(),
                then=then,
            )
        )
    else:
        show(document, form)
    return CHANGES if exit_code and planned.plan.writes else 0


def _then(out: Path | None, *, only: Sequence[str], prune: bool, offline: bool) -> str:
    """Give the command to type next; to save the same plan, it takes the same words."""
    if out and not offline:
        return f"reconciler apply {shlex.quote(str(out))}"
    words = [word for name in only for word in ("--only", name)] + ["--prune"] * prune
    return shlex.join(["reconciler", "plan", *words, "--out", "plan.json"])


@dataclass(frozen=True, slots=True)
class Planned:
    """A fresh plan, and what it took to make it."""

    desk: Desk
    plan: Plan
    requests: dict[str, int]
    token: Token | None
    """The token that was used, for the rest of the run."""
    window: Window | None
    """What was spent of the budget, for the rest of the run."""
    gone: int = 0
    """How many channels the record says Git managed, where they are to be pruned and no file is left."""


def make_plan(**options: Any) -> Planned:
    """Read the files and what is live, and make the plan."""
    from reconciler.acts.bulk import collector_paused
    from reconciler.cli.session import open_desk, reading, require_api, require_names, require_valid

    only, prune = options.pop("only", ()), options.pop("prune", False)
    desk = open_desk(**options)
    channels = require_valid(desk)
    names = require_names(channels, only, "--only")
    api = require_api()
    # What is read all stays until the plan is told: a sixth of the time went into looking for what might go.
    with collector_paused():
        return reading(lambda clock: fetch_plan(desk, api, clock, names, prune=prune))


async def fetch_plan(
    desk: Desk, api: Api, clock: Clock, names: frozenset[str] | None, *, prune: bool
) -> Planned:
    """Make a plan with a transport that cannot write."""
    from reconciler import reading
    from reconciler.cli.session import left_alone, look, make_binding

    binding = make_binding(desk, api)
    applied = applied_names(desk, binding.organisation) if prune else {}
    choice = reading.Choice(names, prune, applied, left_alone(desk))
    async with look(desk, api, clock) as way:
        made = await reading.plan(way.client, desk.loaded.channels, binding, choice)
        gone = 0 if desk.loaded.channels else len(applied)
        return Planned(desk, made, dict(way.requests), way.tokens.current, way.client.window, gone)


def applied_names(desk: Desk, organisation: str) -> dict[tuple[str, str], str]:
    """Give kind and id of what the record says Git once managed here, with the `metadata.name` of then."""
    from reconciler.errors import UsageError
    from reconciler.ledger.ledger import Ledger
    from reconciler.ledger.source import find_repository

    repository = find_repository(desk.settings.repo)
    if repository is None:
        raise UsageError("--prune needs the record of earlier runs, and there is no git repository here")
    applied = Ledger(repository, remote=desk.settings.remote).applied(organisation)
    return {
        (str(document.get("kind")), str(document["id"])): name
        for name, document in applied.items()
        if document.get("id")
    }


def save(path: Path, document: JsonObject) -> None:
    """Write a plan to a file, whole or not at all."""
    from reconciler.errors import UsageError

    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    if without_secret(text) != text:
        raise UsageError(
            "a channel holds the client secret, so the plan is not saved; take it out of the channel, and have the"
            " secret of the OAuth client replaced"
        )
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(text + "\n")
        partial.replace(path)
    except OSError as error:
        raise UsageError(f"the plan cannot be saved to {path}: {error.strerror}") from error


def load(path: Path) -> Json:
    """Read a saved plan's JSON; raises `UsageError` for what is none."""
    from reconciler.errors import UsageError

    try:
        with path.open("rb") as file:
            data = file.read(PLAN_LIMIT + 1)
    except OSError as error:
        raise UsageError(f"the plan {path} cannot be read: {error.strerror}") from error
    if len(data) > PLAN_LIMIT:
        raise UsageError(f"the plan {path} is larger than {PLAN_LIMIT} bytes")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no plan: it is no JSON; reconciler plan --out makes one") from error


def refuse_offline(document: Json) -> None:
    """Refuse a plan that was made without a look at the remote; it says nothing about what is live."""
    from reconciler.errors import UsageError

    if isinstance(document, dict) and document.get("offline"):
        raise UsageError("this plan was made offline, against the record; reconciler plan makes a real one")


def why_stale(desk: Desk, api: Api, plan: Plan) -> str | None:
    """Say why a saved plan as a whole is not for this remote and these files; None where it is."""
    from reconciler.cli.session import left_alone, make_binding, require_valid
    from reconciler.decide.binding import foreign, unbound
    from reconciler.model import Action

    channels, binding = require_valid(desk), make_binding(desk, api)
    deletes = any(change.action is Action.DELETE for change in plan.changes)
    applied = applied_names(desk, binding.organisation) if deletes else {}
    return unbound(plan.binding, binding) or foreign(plan, channels, applied, left_alone(desk))


def _check(path: Path, form: str, **options: Any) -> int:
    from reconciler.cli.session import open_desk, reading, require_api
    from reconciler.decide.saved_plan import digest_of, read_plan
    from reconciler.report.documents import plan_check_document

    document = load(path)
    refuse_offline(document)
    saved = read_plan(document)
    desk = open_desk(**{name: value for name, value in options.items() if name not in ("only", "prune")})
    api = require_api()
    reason = why_stale(desk, api, saved)
    live = () if reason else reading(lambda clock: _observe(desk, api, clock, saved))
    states = [
        (change.name, *_state_of(desk, change, live, reason)) for change in saved.changes if change.writes
    ]
    show(plan_check_document(digest_of(document), states, reason), form)
    return 4 if reason or any(state == "stale" for _, state, _ in states) else 0


def _state_of(
    desk: Desk, change: Change, live: Sequence[LiveChannel], reason: str | None
) -> tuple[PlanState, str]:
    from reconciler.decide.freshness import freshness, live_of
    from reconciler.desired.rules import spec_problem
    from reconciler.kinds import kind_named
    from reconciler.model import PlanState

    if reason:
        return PlanState.STALE, reason

    def why_invalid(spec: JsonObject) -> str | None:
        return spec_problem(desk.loaded.rulebook, change.kind, spec, change.name)

    return freshness(kind_named(change.kind), change, live_of(change, live), why_invalid)


async def _observe(desk: Desk, api: Api, clock: Clock, saved: Plan) -> tuple[LiveChannel, ...]:
    from reconciler.acts.observe import fetch_live
    from reconciler.cli.session import look
    from reconciler.kinds import KINDS

    found: list[LiveChannel] = []
    async with look(desk, api, clock) as way:
        for kind in KINDS:
            changes = [change for change in saved.changes if change.kind == kind.name]
            wanted = [change.channel for change in changes if change.channel]
            found += await fetch_live(way.client, kind, wanted) if changes else ()
    return tuple(found)
