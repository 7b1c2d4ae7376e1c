"""The ledger: append a run to the record branch, share it, read it back.

Nothing here forces, rewrites what was published, or repairs a broken chain; it is reported.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.clock import SystemClock
from reconciler.errors import RecordError, UsageError
from reconciler.ledger.branch import NAME, Branch
from reconciler.ledger.chain import Chain
from reconciler.ledger.command import GitCommand
from reconciler.ledger.output import Push
from reconciler.ledger.page import OBJECT, StoredRecord, applied_folder, make_page
from reconciler.ledger.reading import (
    check_records,
    newest_tip,
    read_applied,
    read_newest,
    read_one,
    read_records,
    walk_records,
)
from reconciler.ledger.remote import DEFAULT, Remote, check_remote
from reconciler.ledger.writing import join, keep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from reconciler.clock import Clock
    from reconciler.ledger.page import Page
    from reconciler.model import JsonObject

PUSHES = 30
"""Pushes of one record; each that loses a race means that somebody else's record landed."""
PUSH_SECONDS = 180.0
UNCLEAR_PUSHES = 2
"""Pushes that may end without a clear answer, such as a lost connection."""
LONGEST_PAUSE_SECONDS = 1.0
KEPT = f"the record is kept on the local branch {NAME}, and goes out with the next one"


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a record was put."""

    commit: str
    path: str
    pushed: bool
    attempts: int
    """Pushes that were tried; 0 where there is nothing to push to."""
    note: bool
    """Whether the source commit now has a note that names the record."""


class Ledger:
    """The record of one repository. Every method waits for git, so call it off the event loop."""

    def __init__(
        self, repository: Path, remote: str | None = DEFAULT, push: bool = True, clock: Clock | None = None
    ) -> None:
        git = GitCommand(repository)
        name = check_remote(remote) if remote is not None else None
        self._branch = Branch(git, name)
        self._remote = Remote(git, self._branch, name) if name else None
        self._push = push
        self._clock = clock or SystemClock()

    def shares(self) -> bool:
        """Say whether records will be pushed; UsageError where the named remote is not configured."""
        return self._sharing() is not None

    def append(
        self, record: JsonObject, markdown: str, applied: Mapping[str, JsonObject | None], organisation: str
    ) -> Receipt:
        """Commit a run to the record branch and push it, or raise RecordError.

        `record` needs `run` and `when`; `commit`, `tree`, `command` and `exit` go into the commit message.
        `applied` holds what was last applied by channel name; None forgets a channel. Where the push fails,
        the local branch holds the record all the same, and the sentence says so.
        """
        page = make_page(record, markdown, applied, organisation)
        try:
            return self._append(page)
        except OSError as error:
            raise RecordError(f"the record cannot be written: {error}") from error

    def records(self) -> tuple[StoredRecord, ...]:
        """Read every record that this clone knows of, oldest first."""
        tip = newest_tip(self._branch)
        return read_records(self._branch, tip) if tip else ()

    def walk(self) -> Iterator[StoredRecord]:
        """Read every record, oldest first, without holding them all at once."""
        tip = newest_tip(self._branch)
        return walk_records(self._branch, tip) if tip else iter(())

    def record(self, run_prefix: str) -> StoredRecord | None:
        """Read the record of a run by the beginning of its name, or the newest as `latest`."""
        tip = newest_tip(self._branch)
        return read_one(self._branch, tip, run_prefix) if tip else None

    def newest(self, is_wanted: Callable[[JsonObject], bool]) -> StoredRecord | None:
        """Read the newest record that is wanted; None where none is."""
        tip = newest_tip(self._branch)
        return read_newest(self._branch, tip, is_wanted) if tip else None

    def applied(self, organisation: str) -> Mapping[str, JsonObject]:
        """Read what was last applied by channel name, with the `run` and `when` that did it."""
        applied_folder(organisation)
        tip = newest_tip(self._branch)
        return read_applied(self._branch, tip, organisation) if tip else {}

    def organisations(self) -> tuple[str, ...]:
        """Name the organisations to which something was applied."""
        tip = newest_tip(self._branch)
        paths = self._branch.files(tip, "applied") if tip else ()
        return tuple(sorted({path.split("/")[1] for path in paths if path.count("/") > 1}))

    def fetch(self) -> str | None:
        """Bring the remote's records, for reading; give a sentence where that did not work."""
        try:
            if self._remote and self._remote.is_configured():
                self._remote.fetch()
        except (RecordError, UsageError) as error:
            return str(error)
        return None

    def verify(self) -> Chain:
        """Check the chain, and that no commit of the branch changed or removed a record."""
        tip = newest_tip(self._branch)
        return check_records(self._branch, tip) if tip else Chain(valid=True, length=0)

    def _sharing(self) -> Remote | None:
        return self._remote if self._push and self._remote and self._remote.is_configured() else None

    def _append(self, page: Page) -> Receipt:
        remote, trouble = None, None
        try:
            remote = self._sharing()
            self._catch_up(remote)
        except (RecordError, UsageError) as error:
            trouble = error  # told once the record is safe on the local branch
        keep(self._branch, page)
        if trouble:
            raise RecordError(f"{trouble}; {KEPT}") from trouble
        attempts = self._publish(page, remote) if remote else 0
        commit = self._branch.commit_of(str(self._branch.tips().local), page.path)
        return Receipt(commit, page.path, attempts > 0, attempts, self._note(page))

    def _publish(self, page: Page, remote: Remote) -> int:
        start, unclear = self._clock.monotonic(), 0
        for attempt in range(1, PUSHES + 1):
            ended, words = remote.push(str(self._branch.tips().local))
            if ended is Push.REFUSED:
                raise RecordError(f"the remote refused the record: {words}; {KEPT}")
            if ended is Push.LANDED or self._landed_anyway(page, remote, attempt, words):
                return attempt
            unclear += ended is Push.UNCLEAR
            if unclear == UNCLEAR_PUSHES:
                raise RecordError(f"the record could not be pushed: {words}; {KEPT}")
            if self._clock.monotonic() - start > PUSH_SECONDS:
                break
        raise RecordError(f"others pushed first, {attempt} times in a row; {KEPT}")

    def _landed_anyway(self, page: Page, remote: Remote, attempt: int, words: str) -> bool:
        # Those who lost a race together must not come back together.
        time.sleep(self._clock.chance() * min(LONGEST_PAUSE_SECONDS, 0.05 * attempt))
        try:
            theirs = self._catch_up(remote)
        except RecordError as error:
            raise RecordError(f"the push did not end well: {words}; after that, {error}; {KEPT}") from error
        return theirs is not None and bool(self._branch.files(theirs, page.path))

    def _catch_up(self, remote: Remote | None) -> str | None:
        theirs = remote.fetch() if remote else None
        if theirs:
            join(self._branch, theirs)
        return theirs

    def _note(self, page: Page) -> bool:
        source = page.document.get("commit")
        return (
            isinstance(source, str)
            and bool(OBJECT.fullmatch(source))
            and self._branch.note(source, page.path)
        )
