"""A page of terminal text: lines of parts, escaped and coloured in one place, so that no part can do harm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from reconciler.report.escape import inert, printable
from reconciler.report.stream import in_pieces

NARROWEST = 40


class Colour(StrEnum):
    """What a part looks like, as the number of its terminal sequence; words say the same without it."""

    BOLD = "1"
    DIM = "2"
    RED = "31"
    GREEN = "32"
    YELLOW = "33"
    CYAN = "36"


class Paint(NamedTuple):
    """Text in a colour."""

    text: str
    colour: Colour


Line = tuple[str | Paint, ...]
"""One line, without its end."""


def page(lines: Iterable[Line], *, colour: bool) -> str:
    """Join lines; whatever stands in them, the page has no control character but its own."""
    return "".join(page_pieces(lines, colour=colour))


def page_pieces(lines: Iterable[Line], *, colour: bool) -> Iterator[str]:
    """Join lines as `page` does, piece by piece."""
    rendered = ("".join(_part(part, colour) for part in line).rstrip() for line in lines)
    return in_pieces(inert(f"{line}\n") for line in rendered)


def wrapped(text: str, width: int, indent: int = 0, colour: Colour | None = None) -> Iterable[Line]:
    """Break a sentence into lines of at most this width; a word that is longer stays whole, to be copied."""
    import textwrap

    room = max(width, NARROWEST) - indent
    for line in textwrap.wrap(printable(text), room, break_long_words=False, break_on_hyphens=False):
        yield " " * indent, Paint(line, colour) if colour else line


def _part(part: str | Paint, colour: bool) -> str:
    if isinstance(part, str):
        return printable(part)
    text = printable(part.text)
    return f"\x1b[{part.colour}m{text}\x1b[0m" if colour and text else text
