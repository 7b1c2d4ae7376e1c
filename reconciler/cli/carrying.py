"""Carry out a plan under signals, journal and lock, and keep the record of it."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconciler import run
from reconciler.acts.connect import connect
from reconciler.acts.journal import Abandoned, Journal, abandoned
from reconciler.acts.lock import Locked, locked
from reconciler.acts.record import FOLDER, keep_record, make_record
from reconciler.cli.approval import make_approval
from reconciler.cli.failures import FAILED, UNRECORDED
from reconciler.cli.notifying import After, timed
from reconciler.cli.output import is_shown, progress, say
from reconciler.cli.plan import Planned
from reconciler.cli.signals import Signals
from reconciler.clock import SystemClock
from reconciler.decide.approval import approval_document
from reconciler.model import JsonObject, Run
from reconciler.report.spans import Timeline
from reconciler.settings import Api, read_monitors


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that is over."""

    name: str
    run: Run
    requests: Mapping[str, int]
    """By method, those of the plan included."""
    began: datetime
    lock: Locked
    earlier: tuple[Abandoned, ...]
    """Journals of runs that were killed before they could be recorded."""


def carry_out(
    planned: Planned, digest: str, api: Api, order: run.Order, form: str, options: dict[str, Any]
) -> int:
    """Carry out a plan, record it and show it; gives the exit code."""
    clock, name = SystemClock(), secrets.token_hex(6)
    receivers = read_monitors(planned.desk.settings, os.environ)
    folder = planned.desk.settings.repo / FOLDER
    earlier = abandoned(folder)
    for one in earlier:
        say(_abandoned_words(one))
    with Signals() as signals, ExitStack() as closing:
        journal = Journal(folder, name, digest, clock) if planned.plan.writes else None
        lock = closing.enter_context(_lock(planned, name, options, clock))
        if lock.reason:
            planned.desk.notice(f"{lock.reason}; going on, since every write is checked by its version")
        timeline = Timeline()
        story = _story(planned, api, order, signals, journal, timeline)
        outcome, requests, began = asyncio.run(story)
        ended = Ended(name, outcome, requests, began, lock, earlier)
        signals.recording()
        after = After(receivers, timeline, hurried=signals.code is not None)
        code = _finish(planned, ended, digest, form, options, signals.code, after)
        if journal:
            journal.close()
        return code


def _lock(planned: Planned, name: str, options: dict[str, Any], clock: SystemClock) -> Any:
    from contextlib import nullcontext

    unshared = options["no_record"] or options["no_push"] or options["no_lock"]
    if unshared or not planned.plan.writes:
        return nullcontext(Locked(taken=False))
    organisation = planned.plan.binding.organisation
    wait = float(options["lock_wait"])
    return locked(planned.desk.settings, organisation, name, wait_seconds=wait, now=clock.now)


async def _story(
    planned: Planned,
    api: Api,
    order: run.Order,
    signals: Signals,
    journal: Journal | None,
    timeline: Timeline,
) -> tuple[Run, Mapping[str, int], datetime]:
    desk, plan, clock = planned.desk, planned.plan, SystemClock()
    stop, began = signals.stop_event(), clock.now()
    writing = sum(change.writes for change in plan.changes)
    with ExitStack() as counts:
        applied = counts.enter_context(progress("applied", writing, quiet=desk.quiet))
        probed = counts.enter_context(progress("probed", None if writing else 0, quiet=desk.quiet))
        way_of = connect(
            desk.settings,
            api,
            clock,
            writes=True,
            notice=desk.notice,
            token=planned.token,
            window=planned.window,
            witness=journal,
        )
        async with way_of as way:
            notices = timed(timeline, clock, applied, probed)
            ended = await run.apply(way.client, plan, order, clock, stop, notices)
            return ended, Counter(planned.requests) + Counter(way.requests), began


def _finish(
    planned: Planned,
    ended: Ended,
    digest: str,
    form: str,
    options: dict[str, Any],
    signal: int | None,
    after: After,
) -> int:
    desk, plan = planned.desk, planned.plan
    code = signal or run.exit_code(ended.run)
    record = make_record(
        plan,
        ended.run,
        name=ended.name,
        began=ended.began,
        code=code,
        requests=ended.requests,
        digest=digest,
        allowed_changes=options["allow_changes"],
        waivers=planned.desk.loaded.waivers,
        circumstances=_circumstances(planned, ended, options),
    )
    record = after.before_record(desk, record)
    if options["no_record"]:
        printed = is_shown(record, form)
        after.after_record(desk, record)
        return code if printed else code or FAILED
    kept = keep_record(desk.settings, plan, ended.run, record, push=not options["no_push"])
    if kept.reason:
        say(f"error: {kept.reason}; {kept.where}")
        code = code or UNRECORDED
    for one in ended.earlier if kept.is_safe else ():
        one.forget()
    printed = is_shown({**kept.document, "exit": code}, form)
    after.after_record(desk, record)
    return code if printed else code or FAILED


def _circumstances(planned: Planned, ended: Ended, options: dict[str, Any]) -> JsonObject:
    """Say under which words of the operator a run was carried out, and what it found of others."""
    approval = make_approval(planned.desk.loaded, given=options["approve_widening"])
    return {
        "approval": approval_document(planned.plan, approval),
        "terms": {
            "strict": options["strict"],
            "take": [f"{side} {field}" for side, field in options["take"]],
            "canary": options["canary"],
            "rollback": options["rollback_on_failed_probe"],
            "throughFreeze": list(options["through_freeze"]),
        },
        "lock": ended.lock.document,
        "abandoned": [one.document for one in ended.earlier],
    }


def _abandoned_words(one: Abandoned) -> str:
    run_name, began = one.document.get("run") or "unknown", one.document.get("began") or "an unknown time"
    sent = one.document.get("sent", 0)
    return (
        f"an earlier run ({run_name}, {began}) was killed before it could be recorded: {sent} writes had gone out;"
        f" its journal {one.path} goes into the record of this run"
    )
