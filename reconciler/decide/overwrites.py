"""Whether a write that could not name a version overwrote somebody: told by the audit log, in the remote's own time.

We looked, and then wrote. Whatever an entry says that somebody else did after the edit that we saw, and before our own
write, was not seen by us, and is gone. No clock of ours is compared with one of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from reconciler.decide.attribution import shows_value
from reconciler.decide.fields import value_at
from reconciler.kinds import kind_named
from reconciler.model import AuditChange, AuditEntry, Guard, Outcome, Result

WARNING = "may-have-overwritten"


def judge_overwrite(outcome: Outcome, entries: Sequence[AuditEntry], client_id: str) -> Outcome:
    """Give the outcome with a warning where the log shows that somebody slipped in between."""
    if not _may_have_written(outcome):
        return outcome
    slipped = slipped_in(outcome, entries, client_id)
    if not slipped:
        return outcome
    told = "; ".join(map(_told, slipped[:3])) + (f" and {len(slipped) - 3} more" if len(slipped) > 3 else "")
    reason = f"somebody wrote between our look and our write, and that edit may be lost: {told}"
    return replace(
        outcome, warning=WARNING, reason=f"{outcome.reason}; {reason}" if outcome.reason else reason
    )


def _may_have_written(outcome: Outcome) -> bool:
    """Say whether a write without a version may have been carried out, also one whose answer was lost."""
    landed = outcome.result is Result.ALREADY and outcome.attempts > 0
    return outcome.guard is Guard.REREAD and (outcome.result is Result.APPLIED or landed)


def slipped_in(outcome: Outcome, entries: Sequence[AuditEntry], client_id: str) -> tuple[AuditEntry, ...]:
    """Give the entries of others between the edit that we saw and our own last write."""
    seen = _moment(outcome.seen)
    about = [(_moment(entry.when), entry) for entry in entries if entry.entity == outcome.id]
    ours = [when for when, entry in about if entry.client_id == client_id and when]
    if seen is None or not ours:
        return ()
    last = max(ours)
    between = [
        entry for when, entry in about if entry.client_id != client_id and when and seen < when <= last
    ]
    visible = _visible(outcome, between)
    return tuple(entry for entry in between if not (entry.changes and _properties(entry) <= visible))


def _visible(outcome: Outcome, between: Sequence[AuditEntry]) -> set[str]:
    """Give the properties whose newest value among these entries stands in what we had read.

    An entry may be dated a little later than the edit itself, so that one which we saw can seem to be newer.
    """
    # The log's values come with their secrets hidden.
    looked_at = [kind_named(outcome.kind).without_secrets(document) for document in outcome.looked_at]
    newest: dict[str, AuditChange] = {}
    for entry in sorted(between, key=lambda entry: (entry.when, entry.id)):
        newest |= {change.property: change for change in entry.changes}
    return {
        name
        for name, change in newest.items()
        if any(shows_value(change.after, value_at(one, tuple(name.split(".")))) for one in looked_at)
    }


def _properties(entry: AuditEntry) -> set[str]:
    return {change.property for change in entry.changes}


def lacks_own_entry(outcome: Outcome, entries: Sequence[AuditEntry], client_id: str) -> bool:
    """Say whether the log does not show our own write yet, so that it cannot tell who came before it."""
    if not _may_have_written(outcome):
        return False
    return not any(entry.entity == outcome.id and entry.client_id == client_id for entry in entries)


def _told(entry: AuditEntry) -> str:
    who = entry.actor_name or entry.actor_id or entry.client_id or "somebody"
    what = ", ".join(change.property for change in entry.changes[:5]) or entry.action
    return f"{who} at {entry.when} ({what})"


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else None
