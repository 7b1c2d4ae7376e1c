"""The options of `apply` as an order: how a plan is to be carried out, and whose side clashes take."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from reconciler.acts.bench import Terms
from reconciler.acts.verify import probe_rules
from reconciler.cli.approval import make_approval
from reconciler.cli.plan import Planned
from reconciler.decide.freeze import Freeze
from reconciler.decide.takes import Takes, read_take, takeable
from reconciler.desired.rules import spec_problem
from reconciler.errors import UsageError
from reconciler.kinds import kind_named
from reconciler.kinds.kind import Steps
from reconciler.model import Plan, Side, pointer_text
from reconciler.run import Order, ProbeScope
from reconciler.settings import Api


def read_takes(plan: Plan, words: Sequence[tuple[str, str]]) -> Takes:
    """Read every `--take`; a field that no channel of the plan manages is wrong usage."""
    takes = tuple(read_take(Side(side), text) for side, text in words)
    known = takeable(plan) if takes else ()
    for take in takes:
        field = pointer_text(take.path)
        if known and field not in known:
            near = difflib.get_close_matches(field, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; it manages {', '.join(known)}"
            raise UsageError(f"--take: no channel of the plan manages {field}{hint}")
    if len({take.path for take in takes}) < len(takes):
        raise UsageError("--take names one field twice; a field has one side")
    return Takes(takes)


def require_probes(options: dict[str, Any]) -> None:
    """Refuse options that stand on endpoint checks where none are made."""
    for name in ("canary", "rollback_on_failed_probe"):
        if options[name] and options["probe"] == "none":
            word = name.replace("_", "-")
            raise UsageError(f"--{word} stands on endpoint checks, and --probe none makes none")


def make_order(planned: Planned, api: Api, options: dict[str, Any], takes: Takes) -> Order:
    """Say how a plan is to be carried out."""
    desk = planned.desk
    limits = desk.settings.limits
    terms = Terms(
        conflicts=limits.conflicts,
        concurrency=limits.concurrency,
        why_invalid=lambda change, spec: spec_problem(desk.loaded.rulebook, change.kind, spec, change.name),
        strict=options["strict"],
        overwrite_drafts=_drafts(planned.plan, options["overwrite_draft"]),
        takes=takes,
    )
    return Order(
        terms=terms,
        channels=desk.loaded.channels,
        percent=limits.change_percent,
        floor=limits.change_floor,
        allow_changes=options["allow_changes"],
        scope=ProbeScope(options["probe"]),
        probe_rules=probe_rules(desk.settings, api.hosts),
        audit_channels=desk.settings.audit_channels,
        client_id=api.credentials.client_id,
        canary=options["canary"],
        rollback=options["rollback_on_failed_probe"],
        approval=make_approval(desk.loaded, given=options["approve_widening"]),
        freeze=desk.settings.freeze,
        through_freeze=_windows(desk.settings.freeze, options["through_freeze"]),
        gone=planned.gone,
    )


def _drafts(plan: Plan, names: Sequence[str]) -> frozenset[str]:
    known = [change.name for change in plan.changes if kind_named(change.kind).steps is Steps.PUBLISH]
    for name in names:
        if name not in known:
            there = ", ".join(known[:10]) or "none"
            raise UsageError(
                f"--overwrite-draft: no configuration of the plan is named {name!r}; there is {there}"
            )
    return frozenset(names)


def _windows(freeze: Freeze | None, names: Sequence[str]) -> frozenset[str]:
    known = [window.name for window in freeze.windows] if freeze else []
    for name in names:
        if name not in known:
            there = ", ".join(known) or "none"
            raise UsageError(
                f"--through-freeze: there is no window {name!r} in reconciler.toml; there is {there}"
            )
    return frozenset(names)
