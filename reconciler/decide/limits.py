"""The brake: a plan that moves too much at once is held until somebody names the number."""

from __future__ import annotations

from reconciler.decide.exposure import counted
from reconciler.model import Action, Plan


def held(
    plan: Plan, *, percent: int = 30, floor: int = 10, allow_changes: int | None = None, gone: int = 0
) -> str | None:
    """Say why the plan may not be applied; None where it may.

    Updates and deletes count, creates do not. They are measured against the live channels that files name or
    that would be pruned: with at least `floor` of these, `percent` of them may change, or as many as
    the operator named (`allow_changes`). `gone` are the channels that the record says Git managed, where pruning
    was asked for and no file is left: whose families nobody contacts, so that the plan holds no delete of them.
    """
    deletes = plan.count(Action.DELETE)
    if (deletes or gone) and not any(change.channel for change in plan.changes):
        return _nothing_left(deletes or gone)
    measured = plan.count(Action.UPDATE) + deletes
    known = measured + plan.count(Action.UNCHANGED)
    if known < floor or measured * 100 <= percent * known:
        return None
    if allow_changes is not None and allow_changes >= measured:
        return None
    return (
        f"{measured} of {known} live managed channels would be updated or deleted "
        f"({measured * 100 / known:.1f} %, the limit is {percent} %); "
        f"if that is intended, run again with --allow-changes {measured}"
    )


def _nothing_left(deletes: int) -> str:
    return (
        f"there is no channel file, and pruning would delete {counted(deletes, 'channel')}; "
        "put the files back, or prune while at least one is there (--allow-changes does not lift this)"
    )
