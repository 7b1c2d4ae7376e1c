"""How much of each change is shown where room is short: the worst in full first, everything by name at least."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from reconciler.report.markdown_page import size

SHARE = 2
"""One part in so many of the room goes to detail before all names are listed."""


class Level(IntEnum):
    """How one change is shown."""

    COUNTED = 0
    """In the totals alone."""
    NAMED = 1
    FOLDED = 2
    """A long diff, or a long list of channels, is cut."""
    FULL = 3


@dataclass(frozen=True, slots=True)
class Shown:
    """One change at every level, each complete in itself; the totals show it at the lowest."""

    named: str
    folded: str
    full: str

    def at(self, level: Level) -> str:
        """Give the text of a level."""
        return ("", self.named, self.folded, self.full)[level]


def choose(changes: Sequence[Shown], room: int) -> list[Level]:
    """Give each change, worst first, the level that fits; no later change takes room that names need.

    The first changes get detail from a share of the room, then all that fit are named, and what is left goes
    to detail again, in the same order.
    """
    levels = [Level.COUNTED] * len(changes)
    room -= _upgrade(changes, levels, room // SHARE, stops=True)
    for place, change in enumerate(changes):
        if levels[place] is Level.COUNTED and size(change.named) <= room:
            levels[place] = Level.NAMED
            room -= size(change.named)
    _upgrade(changes, levels, room, stops=False)
    return levels


def _upgrade(changes: Sequence[Shown], levels: list[Level], room: int, *, stops: bool) -> int:
    """Raise levels as far as there is room, and give how much that took."""
    spent = 0
    for place, change in enumerate(changes):
        had = size(change.at(levels[place]))
        wanted = (Level.FULL, Level.FOLDED)
        better = next((one for one in wanted if spent + size(change.at(one)) - had <= room), levels[place])
        if better > levels[place]:
            spent += size(change.at(better)) - had
            levels[place] = better
        elif stops:
            break
    return spent
