"""Read and judge files in numbers: by every processor where that pays, with the collector at rest.

Another process only ever says which files are sound, and what they hold. Whatever it does not say, because a file
is not simple, breaks a rule, or the process came to grief, is read and judged here, by the same code.
"""

from __future__ import annotations

import gc
import marshal
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, NoReturn

from reconciler.desired.document import Document, read_document
from reconciler.desired.rules import Rulebook, is_sound
from reconciler.model import Finding, Json

FILES_A_PROCESS = 1_000
"""Fewer files are read sooner than a process is started and heard."""
PROCESSES = 4

File = tuple[str, bytes]
"""Name and bytes of one channel file."""


class _Helper(NamedTuple):
    """A process that reads a share of the files, and the end of the pipe at which it is heard."""

    process: int
    pipe: int


def read_documents(files: Sequence[File], rulebook: Rulebook) -> list[Document | tuple[Finding, ...]]:
    """Read every file, in the order given; a document that breaks no rule of its own is marked as sound."""
    share = -(-len(files) // _processes(len(files))) if files else 1
    shares = [files[start : start + share] for start in range(0, len(files), share)]
    helpers = [_start(files, rulebook) for files in shares[1:]]
    found = [_read(file, rulebook) for file in (shares[0] if shares else ())]
    for helper, files in zip(helpers, shares[1:], strict=True):
        values = _hear(helper, len(files))
        found += [
            _read(file, rulebook) if value is None else _sound(file, value)
            for file, value in zip(files, values, strict=True)
        ]
    return found


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the collector from walking again and again over documents that all stay."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _processes(count: int) -> int:
    """Say among how many processes so many files are divided."""
    # A copy of a process with threads may inherit a lock that nobody will ever open.
    if not hasattr(os, "fork") or threading.active_count() > 1:
        return 1
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(PROCESSES, cpus, count // FILES_A_PROCESS))


def _read(file: File, rulebook: Rulebook) -> Document | tuple[Finding, ...]:
    document = read_document(*file)
    if isinstance(document, Document) and is_sound(document, rulebook):
        return Document(document.file, document.value, document.data, is_sound=True)
    return document


def _sound(file: File, value: Json) -> Document:
    name, data = file
    return Document(name, value, data, is_sound=True)


def _start(files: Sequence[File], rulebook: Rulebook) -> _Helper:
    listening, telling = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(listening)
        _tell(telling, files, rulebook)
    os.close(telling)
    return _Helper(process, listening)


def _tell(pipe: int, files: Sequence[File], rulebook: Rulebook) -> NoReturn:
    """Write the values of sound files to the pipe, None for the others, and end this process at once."""
    try:
        read = (_read(file, rulebook) for file in files)
        values = [one.value if isinstance(one, Document) and one.is_sound else None for one in read]
        with os.fdopen(pipe, "wb") as out:
            out.write(marshal.dumps(values))
        os._exit(0)
    finally:
        # Not through the parent's handlers: what is not written is read again there.
        os._exit(1)


def _hear(helper: _Helper, count: int) -> list[Json]:
    """Give the values of so many files, with None for every file that nothing is known of."""
    with os.fdopen(helper.pipe, "rb") as pipe:
        data = pipe.read()
    _, status = os.waitpid(helper.process, 0)
    values: list[Json] = marshal.loads(data) if status == 0 else []  # noqa: S302 - by our own process
    return values if len(values) == count else [None] * count
