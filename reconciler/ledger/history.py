"""The commits that set a file, as Git's own history tells them; it reads the repository and writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from reconciler.ledger.command import GitCommand
from reconciler.ledger.output import read_batch
from reconciler.ledger.source import find_repository

SUFFIXES = (".yaml", ".yml")
COMMITS = 500
"""The newest commits of one channel's files that are read."""


@dataclass(frozen=True, slots=True)
class FileCommit:
    """One commit that changed one of some files."""

    id: str
    when: str
    """When it was made, RFC 3339."""
    author: str
    subject: str
    contents: Mapping[str, bytes]
    """Those of the files that are there after it."""


def files_ever(repository: Path, folder: str, stem: str) -> tuple[str, ...]:
    """Give every file of this stem that there ever was below a folder, such as before it moved or left."""
    top = find_repository(repository)
    if top is None:
        return ()
    git = GitCommand(top)
    if git.run("rev-parse", "--verify", "--quiet", "HEAD").status != 0:
        return ()
    root = repository.resolve().relative_to(top)
    words = ("--format=", "--name-only", "-z", "--no-renames", "--diff-filter=AD", "HEAD", "--")
    listed = git.ask("log", *words, (root / folder).as_posix()).output.decode("utf-8", "replace")
    paths = {PurePosixPath(name) for name in listed.split("\0") if name}
    mine = [path for path in paths if path.stem == stem and path.suffix in SUFFIXES]
    return tuple(sorted(path.relative_to(root).as_posix() for path in mine))


def file_commits(repository: Path, paths: Sequence[str]) -> tuple[FileCommit, ...]:
    """Give the commits that changed one of some files below the repository, oldest first."""
    top = find_repository(repository)
    if top is None or not paths:
        return ()
    git = GitCommand(top)
    if git.run("rev-parse", "--verify", "--quiet", "HEAD").status != 0:
        return ()
    files = {(repository.resolve() / path).relative_to(top).as_posix(): path for path in paths}
    form = "--format=%H%x00%cI%x00%an%x00%s"
    lines = git.ask("log", f"--max-count={COMMITS}", "--no-show-signature", form, "HEAD", "--", *files).output
    rows = [line.split("\0") for line in reversed(lines.decode("utf-8", "replace").splitlines())]
    return tuple(
        FileCommit(row[0], row[1], row[2], row[3], dict(_contents(git, row[0], files)))
        for row in rows
        if len(row) > 3
    )


def _contents(git: GitCommand, commit: str, files: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    listed = git.ask("ls-tree", "-z", "--full-tree", commit, "--", *files).output
    for line in listed.split(b"\0"):
        about, _, name = line.partition(b"\t")
        words = about.split()
        if len(words) == 3 and words[1] == b"blob":
            (content,) = read_batch(git.ask("cat-file", "--batch", stdin=words[2] + b"\n").output)
            yield files[name.decode("utf-8", "replace")], content
