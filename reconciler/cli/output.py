"""The only printing: results on stdout, everything else on stderr, colour and progress on terminals alone."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import IO, TYPE_CHECKING, Protocol

import click

if TYPE_CHECKING:
    from pathlib import Path

    from rich.progress import Progress

    from reconciler.model import JsonObject

SECRET_LETTERS = 8
BAR_SECONDS = 1.0
"""How long something takes before a terminal shows how far it is."""
PLAIN_SECONDS = 2.0
"""How often progress is told where there is no terminal."""


def emit(text: str) -> None:
    """Print a result on stdout."""
    emit_pieces([text])


def emit_pieces(pieces: Iterable[str]) -> None:
    """Print a result on stdout as it comes, with one line feed at its end."""
    ends = ""
    for piece in pieces_without_secret(pieces):
        kept = piece.rstrip("\n")
        if kept:
            click.echo(ends + kept, nl=False, color=True)
            ends = ""
        ends += piece[len(kept) :]
    click.echo()


def without_secret(text: str) -> str:
    """Hide the client secret, in whatever form: somebody may have written it into a channel."""
    return "".join(pieces_without_secret([text]))


def pieces_without_secret(pieces: Iterable[str]) -> Iterable[str]:
    """Hide the client secret in a text that comes in pieces."""
    secret = os.environ.get("GENESYS_CLIENT_SECRET", "")
    if len(secret) < SECRET_LETTERS:
        return pieces  # So short a word is found everywhere, and is no secret.
    from reconciler.genesys.words import redacted_pieces

    return redacted_pieces(pieces, [secret])


def emit_json(document: JsonObject) -> None:
    """Print one JSON document on stdout, and nothing else."""
    from reconciler.report.documents import json_pieces

    emit_pieces(json_pieces(document))


def show(document: JsonObject, form: str) -> None:
    """Print a document of the report in one of the formats."""
    if form == "json":
        emit_json(document)
    elif form == "markdown":
        from reconciler.report.markdown import document_markdown

        emit(document_markdown(document))
    elif form == "html":
        from reconciler.report.html.documents import html_pieces

        emit_pieces(html_pieces(document))
    else:
        from reconciler.report.text import text_pieces

        emit_pieces(text_pieces(document, width=width(), colour=has_colour()))


def write_file(path: Path, pieces: Iterable[str]) -> None:
    """Write a result to a file, whole or not at all."""
    from reconciler.errors import UsageError

    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("w", encoding="utf-8") as file:
            file.writelines(pieces_without_secret(pieces))
        partial.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error


def say(text: str) -> None:
    """Tell a person something on stderr; that nobody can hear it changes nothing of what is done."""
    try:
        click.echo(without_secret(text), err=True)
    except OSError:
        _lead_nowhere(sys.stderr)


def is_shown(document: JsonObject, form: str) -> bool:
    """Show what was done, which stands also where it cannot be printed; False where that is worth an exit code."""
    try:
        show(document, form)
    except OSError as error:
        give_up(error)
        return isinstance(error, BrokenPipeError)
    return True


def give_up(error: OSError) -> None:
    """Print no more, and say why; a reader who went away needs no word."""
    _lead_nowhere(sys.stdout)
    if not isinstance(error, BrokenPipeError):
        say(f"error: the result could not be printed: {error.strerror}")


def _lead_nowhere(stream: IO[str] | None) -> None:
    """Let the last flush of a full or broken stream succeed: the interpreter would end with a code of its own."""
    with suppress(OSError), open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device, no file
        if stream is not None:
            os.dup2(nowhere.fileno(), stream.fileno())


def is_terminal(stream: IO[str] | None) -> bool:
    """Say whether a stream is a terminal; Python has no stream where the process was given none."""
    return stream is not None and stream.isatty()


def has_colour() -> bool:
    """Say whether stdout shows colour: a terminal, and no NO_COLOR."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or is_terminal(sys.stdout)


def width() -> int:
    """Give the columns of the terminal, or 100 where there is none."""
    import shutil

    return max(40, shutil.get_terminal_size((100, 24)).columns) if is_terminal(sys.stdout) else 100


class Count(Protocol):
    """Something to call once for each step that is done."""

    def __call__(self, *_: object) -> None:
        """Count one step."""


@contextmanager
def progress(what: str, total: int | None, *, quiet: bool) -> Iterator[Count]:
    """Count steps on stderr: a bar on a terminal, now and then a line elsewhere, nothing when quiet."""
    if quiet or total == 0:
        yield lambda *_: None
    elif is_terminal(sys.stderr):
        with _bar(what, total) as count:
            yield count
    else:
        yield _Lines(what, total)


@contextmanager
def _bar(what: str, total: int | None) -> Iterator[Count]:
    """Give a count that shows itself once it takes long; what is over at once loads nothing for it."""
    began, done = time.monotonic(), 0
    shown: Callable[[], object] | None = None
    with ExitStack() as stack:

        def count(*_: object) -> None:
            nonlocal done, shown
            done += 1
            if shown is not None:
                shown()
            elif time.monotonic() - began >= BAR_SECONDS:
                bar = stack.enter_context(_make_bar())
                shown = partial(bar.advance, bar.add_task(what, total=total, completed=done))

        yield count


def _make_bar() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


class _Lines:
    """Progress where there is no terminal: a line every few seconds, none for what is over at once."""

    def __init__(self, what: str, total: int | None) -> None:
        self.what = what
        self.total = total
        self.done = 0
        self.told = time.monotonic()

    def __call__(self, *_: object) -> None:
        self.done += 1
        if time.monotonic() - self.told >= PLAIN_SECONDS:
            self.told = time.monotonic()
            of = f"/{self.total}" if self.total is not None else ""
            say(f"{self.what}: {self.done}{of}")
