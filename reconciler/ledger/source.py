"""Which commit the channel files come from; it reads the repository and writes nothing.

The files are compared as bytes here, not by `git status`, which would run filter programs that the
checkout names, and refresh the user's index.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from reconciler.errors import RecordError, UsageError
from reconciler.ledger.command import GitCommand, complaint_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SUFFIXES = (".yaml", ".yml")
FILE_BYTES = 1024 * 1024
"""A channel file is far smaller; a larger file is not read, and counts as different."""


@dataclass(frozen=True, slots=True)
class Source:
    """What Git says about the channel folder."""

    commit: str | None
    """The commit that is checked out; None outside a repository and before the first commit."""
    tree: str | None
    """Git's tree id of the folder at that commit, with overlays a digest over those of all folders; None where the
    commit lacks one of them."""
    dirty: bool
    """Whether the channel files on disk differ from that commit, files unknown to Git included."""


def find_repository(start: Path) -> Path | None:
    """Find the work tree that encloses a folder, as git would without any `GIT_*` variable."""
    # Commands that never use git ask this too, so it costs no import and no process.
    here = start.resolve()
    return next((folder for folder in (here, *here.parents) if _has_git(folder / ".git")), None)


def read_source(repository: Path, channels: str, *overlays: str) -> Source:
    """Read the commit, the tree of the channel folder, and whether the channel files differ from it."""
    top = find_repository(repository)
    if top is None:
        return Source(None, None, dirty=False)
    folders = [repository.resolve() / name for name in (channels, *overlays)]
    git = GitCommand(top)
    commit = _commit(git)
    trees = [_tree(git, commit, _below(folder, top)) if commit else None for folder in folders]
    committed = [_committed(git, tree) if tree else {} for tree in trees]
    dirty = any(map(_differs, folders, committed))
    return Source(commit, _one_tree(trees), dirty=dirty)


def read_at(folder: Path, revision: str, names: Callable[[str], bool]) -> Mapping[str, bytes]:
    """Read files as a git revision has them, by their path below `folder`; `names` says which are wanted.

    Raises `UsageError` where there is no repository or no such revision. Links and submodules are left out.
    """
    top = find_repository(folder)
    if top is None:
        raise UsageError(f"{str(folder)!r} is in no git repository, so nothing can be read from {revision!r}")
    git = GitCommand(top)
    answer = git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if answer.status != 0:
        raise UsageError(f"git knows no revision {revision!r}; fetch it first, or correct the name")
    inside = folder.resolve().relative_to(top).as_posix()
    prefix = "" if inside == "." else inside + "/"
    below = [inside] if prefix else []
    listed = git.ask("ls-tree", "-r", "-z", "-l", "--full-tree", answer.text, "--", *below)
    found: dict[str, bytes] = {}
    for entry in filter(None, listed.output.split(b"\0")):
        facts, _, name = entry.partition(b"\t")
        mode, _, blob, size = facts.split()
        path = os.fsdecode(name).removeprefix(prefix)
        if names(path) and mode.startswith(b"100") and int(size) <= FILE_BYTES:
            found[path] = git.ask("cat-file", "blob", blob.decode()).output
    return found


def _has_git(path: Path) -> bool:
    try:
        if path.is_dir():
            return (path / "HEAD").is_file() and (path / "objects").is_dir()
        return path.is_file() and _names_folder(path)
    except PermissionError:
        return False  # a folder that we may not look into encloses nothing that we could use


def _names_folder(path: Path) -> bool:
    # A worktree or submodule has a file instead, which names the folder.
    with path.open("rb") as file:
        return file.read(8) == b"gitdir: "


def _below(folder: Path, top: Path) -> PurePosixPath:
    return PurePosixPath(os.path.normpath(folder.relative_to(top)))


def _one_tree(trees: Sequence[str | None]) -> str | None:
    known = [tree for tree in trees if tree]
    if len(known) < len(trees):
        return None
    return known[0] if len(known) == 1 else hashlib.sha256("\n".join(known).encode()).hexdigest()


def _commit(git: GitCommand) -> str | None:
    answer = git.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if answer.status == 0:
        return answer.text
    if answer.status == 1:
        return None
    raise RecordError(f"git cannot read the repository: {complaint_words(answer.complaint)}")


def _tree(git: GitCommand, commit: str, path: PurePosixPath) -> str | None:
    if path == PurePosixPath():
        return git.ask("rev-parse", "--verify", f"{commit}^{{tree}}").text
    entry = (
        git.ask("ls-tree", "-z", "--full-tree", commit, "--", str(path)).output.partition(b"\t")[0].split()
    )
    return entry[2].decode() if len(entry) == 3 and entry[1] == b"tree" else None


def _committed(git: GitCommand, tree: str) -> Mapping[str, str]:
    entries = git.ask("ls-tree", "-r", "-z", "--full-tree", tree).output.split(b"\0")
    pairs = (entry.partition(b"\t")[::2] for entry in entries if entry)
    blobs = {os.fsdecode(path): facts.split()[2].decode() for facts, path in pairs}
    return {path: blob for path, blob in blobs.items() if path.endswith(SUFFIXES)}


def _differs(folder: Path, committed: Mapping[str, str]) -> bool:
    found = {
        path.relative_to(folder).as_posix(): path
        for suffix in SUFFIXES
        for path in folder.rglob(f"*{suffix}")
        if not path.is_dir()
    }
    if found.keys() != committed.keys():
        return True
    return any(not _is_blob(path, committed[name]) for name, path in found.items())


def _is_blob(path: Path, blob: str) -> bool:
    if path.is_symlink():
        return _blob_id(os.fsencode(path.readlink()), blob) == blob
    if not path.is_file() or path.stat().st_size > FILE_BYTES:
        return False
    content = path.read_bytes()
    # A checkout with `core.autocrlf` has other line ends than the commit.
    return blob in (_blob_id(content, blob), _blob_id(content.replace(b"\r\n", b"\n"), blob))


def _blob_id(content: bytes, like: str) -> str:
    header = b"blob %d\0" % len(content)
    algorithm = "sha1" if len(like) == 40 else "sha256"
    return hashlib.new(algorithm, header + content, usedforsecurity=False).hexdigest()
