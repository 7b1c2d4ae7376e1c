"""The files of a folder, confined to it: no link is followed, nothing but regular files is opened, all is bounded."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from reconciler.desired.limits import FILE_LIMIT
from reconciler.desired.rules import ENDINGS, file_finding
from reconciler.errors import UsageError
from reconciler.model import Finding

FOLDER_LIMIT = 50_000
"""Files of one folder."""
DEPTH_LIMIT = 16
"""Folders inside each other."""


def candidates(
    root: Path, inside: Sequence[Path], outside: Sequence[Path], repo: Path, *, whole: bool
) -> Iterator[tuple[str, str]]:
    """Give the path of every file to look at, and its name as it is shown."""
    if whole:
        if not root.is_dir() or root.is_symlink():
            raise UsageError(
                f"there is no folder {str(root)!r}; reconciler init lays one out, --channels names another"
            )
        yield from walk(str(root), shown_path(root, repo), 0)
    for path in outside:
        if path.is_dir() and not path.is_symlink():
            yield from walk(str(path), shown_path(path, repo), 0)
        elif path.is_symlink() or path.exists():
            yield str(path), shown_path(path, repo)
        else:
            raise UsageError(f"there is no file {str(path)!r}")
    for path in inside:
        if not path.is_symlink() and not path.exists():
            raise UsageError(f"there is no file {str(path)!r}")


def walk(folder: str, shown: str, depth: int) -> Iterator[tuple[str, str]]:
    """Give every entry that is a channel file by its name, and every link, sorted; never follow one."""
    if depth > DEPTH_LIMIT:
        raise UsageError(f"{folder!r} lies more than {DEPTH_LIMIT} folders deep")
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    if len(found) > FOLDER_LIMIT:
        raise UsageError(f"{folder!r} holds more than {FOLDER_LIMIT} files")
    for entry in found:
        is_file = entry.name.lower().endswith(ENDINGS)
        if is_file or (entry.is_symlink() and entry.is_dir()):
            yield entry.path, f"{shown}/{entry.name}"
        elif entry.is_dir(follow_symlinks=False):
            yield from walk(entry.path, f"{shown}/{entry.name}", depth + 1)


def read_regular(path: str | Path, name: str) -> bytes | Finding:
    """Read one regular file, at most one byte more than is allowed; a finding says why not."""
    try:
        # NONBLOCK: a pipe without a writer must not hold the run; NOFOLLOW: a link is refused, not read.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ELOOP:
            return file_finding("file-link", name)
        rule = "file-type" if error.errno in (errno.ENXIO, errno.ENODEV) else "file-unreadable"
        return file_finding(rule, name, error.strerror or "")
    try:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            return file_finding("file-type", name)
        return _read_whole(handle, about.st_size)
    finally:
        os.close(handle)


def _read_whole(handle: int, size: int) -> bytes:
    # Nearly always one look: a file that gave its size, and not the one byte more that was asked for, is at its end.
    data = os.read(handle, min(size, FILE_LIMIT) + 1)
    while (
        len(data) != size
        and len(data) <= FILE_LIMIT
        and (more := os.read(handle, FILE_LIMIT + 1 - len(data)))
    ):
        data += more
    return data


def is_below(path: Path, root: Path) -> bool:
    """Say whether a path lies in a folder; links are not followed."""
    return _absolute(path).is_relative_to(_absolute(root))


def shown_path(path: Path, repo: Path) -> str:
    """Write a path as messages show it: below the repository where it lies there."""
    absolute, base = _absolute(path), _absolute(repo)
    return absolute.relative_to(base).as_posix() if absolute.is_relative_to(base) else absolute.as_posix()


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links
