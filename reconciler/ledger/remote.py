"""The remote that the record branch is shared through: fetched and pushed, never forced.

The tip that was last seen there is kept in a ref of its own, which an ordinary forced fetch does not
overwrite, so that a rewritten branch is noticed.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from reconciler.errors import RecordError, UsageError
from reconciler.ledger.branch import LOCAL, NAME
from reconciler.ledger.command import NETWORK_SECONDS, complaint_words
from reconciler.ledger.output import Push, read_push
from reconciler.report.escape import shown

if TYPE_CHECKING:
    from reconciler.ledger.branch import Branch
    from reconciler.ledger.command import GitCommand

DEFAULT = "origin"
REMOTE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}")


def check_remote(name: str) -> str:
    """Give a name back that may stand in a git command; UsageError for any other."""
    if not REMOTE.fullmatch(name):
        raise UsageError(
            f'"{shown(name)}" cannot name a remote; letters, digits, ".", "_", "/" and "-" can, at most 64,'
            " beginning with a letter or digit"
        )
    return name


class Remote:
    """One remote of the repository."""

    def __init__(self, git: GitCommand, branch: Branch, name: str) -> None:
        self._git = git
        self._branch = branch
        self._name = name

    def is_configured(self) -> bool:
        """Say whether the repository has this remote; UsageError where another than `origin` is missing."""
        names = self._git.ask("remote").text.splitlines()
        if self._name not in names and self._name != DEFAULT:
            known = ", ".join(shown(name) for name in names) or "no remote"
            raise UsageError(f'there is no remote "{self._name}"; this repository has: {known}')
        return self._name in names

    def fetch(self) -> str | None:
        """Bring the remote's tip; None where the remote has no such branch yet.

        RecordError where it cannot be reached, and where its history no longer holds what was seen there.
        """
        known = self._branch.tips()
        # A name of its own, because two processes that fetch into one ref get in each other's way.
        incoming = f"refs/reconciler/incoming/{uuid.uuid4().hex}"
        unknown_and_shallow = not (known.local or known.seen) and self._branch.is_shallow()
        answer = self._git.run(
            *("fetch", "--quiet", "--no-tags", "--no-prune", "--no-recurse-submodules", "--no-auto-gc"),
            *("--no-write-fetch-head", "--refmap=", *(["--depth=1"] if unknown_and_shallow else [])),
            *("--", self._name, f"+{LOCAL}:{incoming}"),
            seconds=NETWORK_SECONDS,
        )
        if answer.status == 0:
            return self._seen(self._take(incoming), known.seen)
        if "couldn't find remote ref" in answer.complaint:
            return self._seen(None, known.seen)
        raise RecordError(f'git cannot fetch from "{self._name}": {complaint_words(answer.complaint)}')

    def push(self, commit: str) -> tuple[Push, str]:
        """Offer a commit to the remote's branch; say how that ended, and why in words."""
        answer = self._git.run(
            *("push", "--porcelain", "--no-verify", "--no-follow-tags", "--recurse-submodules=no"),
            *("--no-progress", "--", self._name, f"{commit}:{LOCAL}"),
            seconds=NETWORK_SECONDS,
        )
        if answer.status == 0:
            self._branch.see(commit)
        return read_push(answer)

    def _take(self, incoming: str) -> str:
        tip = self._git.ask("rev-parse", "--verify", incoming).text
        self._git.run("update-ref", "-d", incoming)
        return tip

    def _seen(self, tip: str | None, seen: str | None) -> str | None:
        if seen and not (tip and self._branch.is_ancestor(seen, tip)):
            raise RecordError(
                f'the branch {NAME} of "{self._name}" was rewritten or deleted: commit {seen} was in it and'
                " is not any more; find out who did that, and to go on from what is there now, run:"
                f" git update-ref -d {self._branch.seen_ref}"
            )
        if tip:
            self._branch.see(tip)
        return tip
