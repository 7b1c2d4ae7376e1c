"""The record branch as Git's plumbing sees it: refs, history, trees and commits of this repository.

It knows nothing of chains or remotes. Every ref moves by compare-and-swap, and the only index is a
throw-away one.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import RecordError
from reconciler.ledger.command import complaint_words
from reconciler.ledger.output import index_line, lost_race, read_batch, read_edits, read_listing
from reconciler.ledger.page import FILE_BYTES, PATH_TRAILER
from reconciler.report.escape import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.ledger.command import GitCommand
    from reconciler.ledger.output import Blob, Edit

NAME = "reconciler-record"
LOCAL = f"refs/heads/{NAME}"
TOTAL_BYTES = 512 * 1024 * 1024
"""The most that is read at once; some ten thousand records."""


@dataclass(frozen=True, slots=True)
class Tips:
    """What this repository knows of the branch."""

    local: str | None
    seen: str | None
    """The remote's tip when we last looked; only this program moves it."""
    tracking: str | None
    """What the user's own fetches brought."""


class Branch:
    """The record branch of one repository, with what is known of one remote's."""

    def __init__(self, git: GitCommand, remote: str | None) -> None:
        self._git = git
        self.seen_ref = f"refs/reconciler/seen/{remote}"
        self._tracking_ref = f"refs/remotes/{remote}/{NAME}"

    def tips(self, *, to_read: bool = False) -> Tips:
        """Read the refs; RecordError where the branch is checked out somewhere, unless it is only to be read."""
        form = "--format=%(refname)%00%(objectname)%00%(worktreepath)"
        answer = self._git.ask("for-each-ref", form, "--", LOCAL, self.seen_ref, self._tracking_ref)
        lines = answer.output.decode("utf-8", "replace").splitlines()
        found = {name: (commit, folder) for name, commit, folder in (line.split("\0") for line in lines)}
        local, folder = found.get(LOCAL, (None, ""))
        if folder and not to_read:
            raise RecordError(
                f'the branch {NAME} is checked out in "{shown(folder)}", where a new record would look like a'
                " removal; check out another branch there"
            )
        seen, tracking = (found.get(ref, (None,))[0] for ref in (self.seen_ref, self._tracking_ref))
        return Tips(local, seen, tracking)

    def move(self, commit: str, expected: str | None) -> bool:
        """Let the local branch point to a commit, if it still points where it is expected to."""
        answer = self._git.run("update-ref", LOCAL, commit, expected or "0" * len(commit))
        if answer.status != 0 and not lost_race(answer.complaint):
            raise RecordError(f"git cannot move the branch {NAME}: {complaint_words(answer.complaint)}")
        return answer.status == 0

    def see(self, tip: str) -> None:
        """Remember the remote's tip; best effort, for an older memory is true as well."""
        self._git.run("update-ref", self.seen_ref, tip)

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Say whether a commit's history holds another."""
        return older == newer or self._git.run("merge-base", "--is-ancestor", older, newer).status == 0

    def is_shallow(self) -> bool:
        """Say whether this repository holds a part of the history only."""
        return self._git.ask("rev-parse", "--is-shallow-repository").text == "true"

    def counts(self, ours: str, theirs: str) -> tuple[int, int]:
        """Count the commits that only one of two histories holds."""
        answer = self._git.ask("rev-list", "--count", "--left-right", f"{ours}...{theirs}", "--")
        left, right = answer.text.split()
        return int(left), int(right)

    def edits(self, base: str, tip: str) -> Iterator[tuple[Edit, ...]]:
        """Give what each commit changed that only the tip's history holds, oldest first."""
        commits = self._git.ask("rev-list", "--reverse", "--topo-order", tip, f"^{base}", "--").output
        changed = self._git.ask(
            *("diff-tree", "--stdin", "--root", "-r", "-z", "--no-renames", "--raw"), stdin=commits
        ).output
        yield from read_edits(changed)

    def touched(self, tip: str) -> tuple[str, str] | None:
        """Find the first commit that changed or removed a file below `runs/`, and that file."""
        commits = self._git.ask("rev-list", "--reverse", "--topo-order", tip, "--").output
        found = self._git.ask(
            *(
                "diff-tree",
                "--stdin",
                "-r",
                "-m",
                "-z",
                "--no-renames",
                "--diff-filter=DMT",
                "--name-only",
                "--",
                "runs",
            ),
            stdin=commits,
        ).output.split(b"\0")
        return (found[0].decode(), found[1].decode("utf-8", "replace")) if len(found) > 1 else None

    def is_cut_off(self, tip: str) -> bool:
        """Say whether older commits of a history are missing here, as in a shallow clone."""
        if not self.is_shallow():
            return False
        roots = self._git.ask("rev-list", "--max-parents=0", tip, "--").text.split()
        # A commit at the edge is shown without parents, yet its own bytes name them.
        return any("\nparent " in self._git.ask("cat-file", "commit", root).text for root in roots)

    def last_path(self, tip: str) -> str | None:
        """Give the record that the newest of our own commits says it added."""
        form = f"--format=%(trailers:key={PATH_TRAILER},valueonly,separator=%x2C)"
        grep = f"--grep=^{PATH_TRAILER}: "
        lines = self._git.ask("rev-list", "--max-count=1", grep, form, tip, "--").text.splitlines()
        return lines[1].strip() if len(lines) > 1 else None

    def commit_of(self, tip: str, path: str) -> str:
        """Give the commit that added a file."""
        return self._git.ask("rev-list", "--max-count=1", tip, "--", path).text

    def commit(self, base: str | None, files: Mapping[str, str | None], message: str) -> str:
        """Write a commit that puts blobs, or None for a removal, into the tree of another commit."""
        with tempfile.TemporaryDirectory(prefix="reconciler-") as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            if base:
                self._git.ask("read-tree", base, environment=index)
            lines = "".join(index_line(path, blob, base) for path, blob in files.items() if blob or base)
            self._git.ask("update-index", "-z", "--index-info", stdin=lines.encode(), environment=index)
            tree = self._git.ask("write-tree", environment=index).text
        parent = ("-p", base) if base else ()
        signing = ("-S",) if self._must_sign else ()
        words = ("commit-tree", tree, *parent, *signing)
        return self._git.ask(*words, stdin=message.encode()).text

    def note(self, commit: str, text: str) -> bool:
        """Append a line to the note of a source commit; say whether that worked."""
        # Git would put a note on a name that no object has.
        if self._git.run("cat-file", "-e", f"{commit}^{{commit}}").status != 0:
            return False
        return self._git.run("notes", f"--ref={NAME}", "append", "-m", text, commit).status == 0

    def files(self, tip: str, *folders: str) -> dict[str, Blob]:
        """List the files below folders, or those files themselves, by path."""
        listing = self._git.ask("ls-tree", "-r", "-l", "-z", "--full-tree", tip, "--", *folders).output
        return dict(read_listing(listing))

    def contents(self, blobs: Sequence[Blob]) -> list[bytes]:
        """Read blobs in one process, in order; RecordError where they are larger than we ever write."""
        total = sum(blob.size for blob in blobs)
        if total > TOTAL_BYTES or any(blob.size > FILE_BYTES for blob in blobs):
            raise RecordError(
                f"the branch {NAME} holds a file above {FILE_BYTES} bytes, or more than {TOTAL_BYTES} bytes"
                " in all; look at it with plain git"
            )
        ids = "".join(f"{blob.id}\n" for blob in blobs)
        return list(read_batch(self._git.ask("cat-file", "--batch", stdin=ids.encode()).output))

    def content(self, blob: str) -> bytes:
        """Read one blob by its id."""
        return self._git.ask("cat-file", "blob", blob).output

    def write(self, contents: Iterable[bytes]) -> list[str]:
        """Write blobs in one process, and give their ids in order."""
        with tempfile.TemporaryDirectory(prefix="reconciler-") as folder:
            names = []
            for number, content in enumerate(contents):
                path = Path(folder) / str(number)
                path.write_bytes(content)
                names.append(f"{path}\n")
            words = ("hash-object", "-w", "--no-filters", "--stdin-paths")
            return self._git.ask(*words, stdin="".join(names).encode()).text.split()

    @cached_property
    def _must_sign(self) -> bool:
        answer = self._git.run("config", "--type=bool", "--get", "commit.gpgsign")
        if answer.status > 1:
            raise RecordError(f"git cannot read commit.gpgsign: {complaint_words(answer.complaint)}")
        return answer.text == "true"
