"""A Markdown page that is never longer than its limit: what does not fit is left out whole, and counted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

LIMIT = 65_000
"""Bytes; a comment of GitHub takes 65,536 characters, which are never more than bytes."""
NOTE = 120
"""Bytes kept free for the line that counts what is left out."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the page: what stands around the items is there if at least one item fits."""

    before: str
    items: Sequence[str]
    """Each complete in itself: a row of a table, a folded block."""
    after: str = ""
    noun: str = "rows"
    """What the items are called where some are left out."""


def size(text: str) -> int:
    """Measure text in bytes, which are never fewer than the characters that a surface counts."""
    return len(text.encode("utf-8", "surrogatepass"))


def marker(what: str, organisation: str, digest: str = "") -> str:
    """Give the hidden line by which a text of ours is found again, so that it is updated and not repeated.

    `digest` stands in it, so that a text that is cut still says of which whole it is.
    """
    name = re.sub("[^A-Za-z0-9._]", "-", organisation)[:64].replace("--", "-") or "none"
    known = f" digest={digest}" if re.fullmatch(r"sha256:[0-9a-f]{64}", digest) else ""
    return f"<!-- reconciler:{what}:{name}{known} -->"


def text_piece(text: str) -> Piece:
    """Make a piece that is always there; it must be short."""
    return Piece("", (text,))


def fit(pieces: Sequence[Piece], limit: int = LIMIT) -> str:
    """Join the pieces; where room is short, the items at the end of a later piece go first.

    The limit must leave room for the pieces that are always there, and for what stands around the others.
    """
    around = sum(size(piece.before) + size(piece.after) + NOTE for piece in pieces)
    room = limit - around - sum(size(piece.items[0]) for piece in pieces if _always(piece))
    parts: list[str] = []
    for piece in pieces:
        kept = piece.items if _always(piece) else _first(piece.items, room)
        room -= 0 if _always(piece) else sum(map(size, kept))
        parts.append(_piece(piece, kept))
    return "".join(parts)


def table(*columns: str) -> str:
    """Write the head of a table, after an empty line."""
    return f"\n| {' | '.join(columns)} |\n|{' --- |' * len(columns)}\n"


def row(*cells: str) -> str:
    """Write a row of a table of cells that are safe in one."""
    return f"| {' | '.join(cells)} |\n"


def folded(summary: str, body: str) -> str:
    """Write a block that opens on a click; the summary is HTML, the body Markdown that ends a line."""
    return f"\n<details><summary>{summary}</summary>\n\n{body}\n</details>\n"


def _always(piece: Piece) -> bool:
    return not piece.before and len(piece.items) == 1


def _first(items: Sequence[str], room: int) -> Sequence[str]:
    for place, item in enumerate(items):
        room -= size(item)
        if room < 0:
            return items[:place]
    return items


def _piece(piece: Piece, kept: Sequence[str]) -> str:
    if not piece.items:
        return ""
    left_out = len(piece.items) - len(kept)
    note = (
        f"\n{left_out} more {piece.noun} are left out here; the JSON document has them all.\n"
        if left_out
        else ""
    )
    return f"{piece.before}{''.join(kept)}{piece.after}{note}" if kept else note
