"""The advisory lock: a ref on the record's remote that tells two runs of each other.

Nothing depends on it, since every write is version-checked: whoever finds it taken is told by whom and since when,
and goes on. It never blocks for ever, and one that a killed run left behind is taken over once it is old.
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from reconciler.errors import RecordError
from reconciler.ledger.command import GitCommand, complaint_words
from reconciler.ledger.output import lost_race
from reconciler.ledger.remote import check_remote

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model import JsonObject

FOLDER = "refs/reconciler/lock"
SECONDS = 20.0
"""The most that one exchange with the remote may take."""
UNFIT = re.compile(r"[^A-Za-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever holds the lock, by their own words."""

    commit: str
    run: str
    owner: str
    since: str
    """When they took it, RFC 3339."""

    def age(self, now: datetime) -> float | None:
        """Give the seconds since then; None where it holds no time that can be read."""
        try:
            since = datetime.fromisoformat(self.since)
        except ValueError:
            return None
        return (now - since).total_seconds() if since.tzinfo else None


class Lock:
    """The lock of one organisation on one remote; every method waits for git."""

    def __init__(self, repository: Path, remote: str, organisation: str) -> None:
        self._git = GitCommand(repository)
        self._remote = check_remote(remote)
        self._ref = f"{FOLDER}/{UNFIT.sub('-', organisation)}"
        self._mine: str | None = None

    def is_shared(self) -> bool:
        """Say whether the repository has this remote at all."""
        return self._remote in self._git.ask("remote").text.splitlines()

    def take(self, owner: JsonObject, over: str | None = None) -> bool:
        """Take the lock if nobody holds it, or over from the holder whose commit is named.

        RecordError where the remote cannot be asked, or refuses such refs.
        """
        tree = self._git.ask("hash-object", "-t", "tree", "-w", "--stdin").text
        commit = self._git.ask("commit-tree", tree, stdin=json.dumps(dict(owner)).encode()).text
        if self._push(over or "", f"{commit}:{self._ref}"):
            self._mine = commit
        return self._mine is not None

    def holder(self) -> Holder | None:
        """Read who holds the lock; None where nobody does."""
        incoming = f"refs/reconciler/incoming/{uuid.uuid4().hex}"
        answer = self._git.run(
            *("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--refmap=", "--"),
            *(self._remote, f"+{self._ref}:{incoming}"),
            seconds=SECONDS,
        )
        if answer.status != 0:
            if "couldn't find remote ref" in answer.complaint:
                return None
            raise RecordError(f'git cannot ask "{self._remote}": {complaint_words(answer.complaint)}')
        commit = self._git.ask("rev-parse", "--verify", incoming).text
        text = self._git.ask("log", "-1", "--format=%B", incoming, "--").text
        self._git.run("update-ref", "-d", incoming)
        return _holder(commit, text)

    def release(self) -> None:
        """Give the lock back, if it is still ours; best effort, since it is taken over once it is old."""
        if self._mine:
            self._push(self._mine, f":{self._ref}")
            self._mine = None

    def _push(self, expected: str, refspec: str) -> bool:
        """Move the ref from what is expected there; False where something else is."""
        answer = self._git.run(
            *("push", "--porcelain", "--no-verify", "--no-follow-tags", "--recurse-submodules=no"),
            *(f"--force-with-lease={self._ref}:{expected}", "--", self._remote, refspec),
            seconds=SECONDS,
        )
        if answer.status == 0:
            return True
        if "[rejected]" in answer.text or "stale info" in answer.complaint:
            return False
        if lost_race(answer.text + answer.complaint):
            return False  # Somebody took it between the remote's look and its write.
        raise RecordError(f'git cannot lock at "{self._remote}": {complaint_words(answer.complaint)}')


def _holder(commit: str, text: str) -> Holder:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = {}
    words = told if isinstance(told, dict) else {}
    run, owner, since = (str(words.get(name, "unknown"))[:100] for name in ("run", "owner", "since"))
    return Holder(commit, run, owner, since)
