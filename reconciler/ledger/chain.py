"""Whether records form one unbroken line; pure, it looks at hashes and never repairs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.ledger.page import StoredRecord


@dataclass(frozen=True, slots=True)
class Chain:
    """What checking the line of records found."""

    valid: bool
    length: int
    """Records on the branch, those beyond a break included."""
    first_bad: str | None = None
    """Path of the first record whose link does not hold."""
    reason: str | None = None
    """What is wrong with it; of a valid chain, what could not be checked."""

    @property
    def told(self) -> str | None:
        """Say what is wrong, and with which record."""
        return f"{self.first_bad}: {self.reason}" if self.first_bad else self.reason


def verify_chain(records: Sequence[StoredRecord]) -> Chain:
    """Check that each record names exactly one other as its previous, from one start, in one line."""
    broken = _first_broken(records)
    if broken is None:
        return Chain(valid=True, length=len(records))
    path, reason = broken
    return Chain(valid=False, length=len(records), first_bad=path, reason=reason)


def last_record(records: Sequence[StoredRecord]) -> StoredRecord | None:
    """Give the record that no other names; of several, as in a broken chain, the newest."""
    named = {record.document.get("previous") for record in records}
    loose = [record for record in records if record.hash not in named]
    return max(loose, key=lambda record: record.path, default=None)


def _first_broken(records: Sequence[StoredRecord]) -> tuple[str, str] | None:
    copies = Counter(record.hash for record in records)
    followed: dict[object, str] = {}
    for record in sorted(records, key=lambda record: record.path):
        reason = _broken(record, copies, followed)
        if reason:
            return record.path, reason
        followed[record.document["previous"]] = record.path
    return _first_unconnected(records)


def _broken(record: StoredRecord, copies: Counter[str], followed: dict[object, str]) -> str | None:
    if "previous" not in record.document:
        return "it cannot be read as a record, so it was changed after it was recorded"
    previous = record.document["previous"]
    if copies[record.hash] > 1:
        return "another record has the same bytes, so it is a copy"
    if previous is not None and (not isinstance(previous, str) or previous not in copies):
        return (
            "the record that it names as the one before is not there, so that one was changed or removed,"
            " or this one was changed"
        )
    if previous in followed:
        if previous is None:
            return f"{followed[previous]} is the start of the chain already, so one of them was changed"
        return f"{followed[previous]} follows the same record, so one of them was changed or added by hand"
    return None


def _first_unconnected(records: Sequence[StoredRecord]) -> tuple[str, str] | None:
    after = {record.document["previous"]: record for record in records}
    left = {record.hash: record.path for record in records}
    here = after.get(None)
    while here is not None and left.pop(here.hash, ""):
        here = after.get(here.hash)
    path = min(left.values(), default=None)
    return None if path is None else (path, "no line of records leads from the first one to it")
