"""The commits that set a file, as Git's own history tells them; it reads the repository and writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reconciler.ledger.command import GitCommand
from reconciler.ledger.output import read_batch
from reconciler.ledger.source import find_repository

COMMITS = 500
"""The newest commits of one file that are read."""


@dataclass(frozen=True, slots=True)
class FileCommit:
    """One commit that changed a file."""

    id: str
    when: str
    """When it was made, RFC 3339."""
    author: str
    subject: str
    content: bytes | None
    """The file after it; None where it removed the file."""


def file_commits(repository: Path, path: str) -> tuple[FileCommit, ...]:
    """Give the commits that changed a file below the repository, oldest first."""
    top = find_repository(repository)
    if top is None:
        return ()
    git = GitCommand(top)
    if git.run("rev-parse", "--verify", "--quiet", "HEAD").status != 0:
        return ()
    file = (repository.resolve() / path).relative_to(top).as_posix()
    form = "--format=%H%x00%cI%x00%an%x00%s"
    lines = git.ask("log", f"--max-count={COMMITS}", "--no-show-signature", form, "HEAD", "--", file).output
    rows = [line.split("\0") for line in reversed(lines.decode("utf-8", "replace").splitlines())]
    return tuple(
        FileCommit(row[0], row[1], row[2], row[3], _content(git, row[0], file))
        for row in rows
        if len(row) > 3
    )


def _content(git: GitCommand, commit: str, file: str) -> bytes | None:
    listed = git.ask("ls-tree", "-z", "--full-tree", commit, "--", file).output.partition(b"\t")[0].split()
    if len(listed) != 3 or listed[1] != b"blob":
        return None
    return next(iter(read_batch(git.ask("cat-file", "--batch", stdin=listed[2] + b"\n").output)))
