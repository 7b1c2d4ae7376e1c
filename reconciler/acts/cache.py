"""What sound files hold, remembered between runs: a file that is known by its bytes is neither parsed nor judged again.

A cache is only ever slow when it is missing, damaged or another's. It knows sound files alone, each by a digest over
its name and bytes, under a key over everything that judged it; so it cannot make valid what the rules refuse. It
belongs to one person on one machine: in CI, where others may fill caches, it is neither read nor written.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from reconciler.desired.document import Document
from reconciler.model import Json

BYTES_LIMIT = 512 * 1024 * 1024
CHECK = 32
"""Hexadecimal digits of the check over a line."""


class Cache:
    """The sound files of one channel folder: each line holds what one run added, values by digest, after a check."""

    def __init__(self, path: Path | None, key: str) -> None:
        self._path = path
        self._header = f"reconciler documents {key}\n".encode()
        self._known: dict[str, Json] = {}
        self._is_fresh = True
        """Whether the file must be written anew."""

    def recall(self, files: Sequence[tuple[str, bytes]]) -> list[Document | None]:
        """Give the document of each file that is known, and None for the others."""
        if self._path is None:
            return [None] * len(files)
        self._read(self._path)
        if not self._known:
            return [None] * len(files)
        return [self._document(name, data) for name, data in files]

    def remember(self, documents: Iterable[Document], count: int) -> None:
        """Add sound documents; `count` is how many files there are now. What cannot be written is forgotten."""
        if self._path is None:
            return
        added = {_digest(one.file, one.data): one.value for one in documents if one.is_sound}
        # What was remembered of files that are gone, or were written otherwise since, goes when it outweighs the rest.
        whole = self._is_fresh or len(self._known) + len(added) > 3 * count
        if added:
            with suppress(OSError):
                self._write(self._path, added, whole=whole)

    def _document(self, name: str, data: bytes) -> Document | None:
        value = self._known.get(_digest(name, data))
        return None if value is None else Document(name, value, data, is_sound=True)

    def _read(self, path: Path) -> None:
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return
        with os.fdopen(handle, "rb") as file:
            if not _is_own(os.fstat(handle)) or file.readline(len(self._header)) != self._header:
                return
            lines = file.read(BYTES_LIMIT).split(b"\n")
        self._is_fresh = False
        for line in lines:
            check, body = line[:CHECK], line[CHECK:]
            if body and check == _check(body):
                self._known.update(json.loads(body))

    def _write(self, path: Path, added: Mapping[str, Json], *, whole: bool) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        body = json.dumps(added, separators=(",", ":")).encode()
        line = _check(body) + body + b"\n"
        if not whole:
            with path.open("ab") as file:
                # After a line that was cut off in the middle, what follows must not be part of it.
                file.write(b"\n" + line)
            return
        partial = path.with_name(f"{path.name}.{os.getpid()}")
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(self._header + line)
        partial.replace(path)


def cache_of(root: Path, key: str, environ: Mapping[str, str]) -> Cache:
    """Give the cache of a channel folder; one that knows nothing in CI, and where RECONCILER_CACHE says `off`."""
    home = environ.get("XDG_CACHE_HOME") or (f"{environ['HOME']}/.cache" if environ.get("HOME") else "")
    if environ.get("CI") or environ.get("RECONCILER_CACHE") == "off" or not Path(home).is_absolute():
        return Cache(None, key)
    name = hashlib.blake2b(os.fsencode(root.absolute()), digest_size=16).hexdigest()
    return Cache(Path(home, "reconciler", name), key)


def code_digest() -> str:
    """Give a digest over the code that judges files, so that another version never believes this one."""
    rooms = [Path(__file__).parent.parent / "desired", Path(__file__).parent]
    marks = [
        f"{path.name}:{about.st_size}:{about.st_mtime_ns}"
        for room in rooms
        for path in sorted(room.glob("*.py"))
        if (about := path.stat())
    ]
    return hashlib.blake2b("\n".join(marks).encode(), digest_size=16).hexdigest()


def _is_own(about: os.stat_result) -> bool:
    """Say whether nobody else can have written a file."""
    return stat.S_ISREG(about.st_mode) and about.st_uid == os.geteuid() and not about.st_mode & 0o022


def _digest(name: str, data: bytes) -> str:
    made = hashlib.blake2b(f"{len(name)}:{name}".encode(errors="surrogateescape"), digest_size=20)
    made.update(data)
    return made.hexdigest()


def _check(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=CHECK // 2).hexdigest().encode()
