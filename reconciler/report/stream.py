"""Long reports piece by piece: what a hundred thousand outcomes become is never held all at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, TypeVar, overload

Made_ = TypeVar("Made_")
Source = TypeVar("Source")

PIECE = 65_536
"""Characters of a piece, at least, where more follow."""


class Made(Sequence[Made_], Generic[Source, Made_]):
    """Rows that are made one by one, each time somebody looks at them."""

    def __init__(self, make: Callable[[Source], Made_], sources: Sequence[Source]) -> None:
        self._make = make
        self._sources = sources

    def __len__(self) -> int:
        return len(self._sources)

    @overload
    def __getitem__(self, place: int) -> Made_: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Made_]: ...

    def __getitem__(self, place: int | slice) -> Made_ | Sequence[Made_]:
        if isinstance(place, slice):
            return Made(self._make, self._sources[place])
        return self._make(self._sources[place])

    def __iter__(self) -> Iterator[Made_]:
        return map(self._make, self._sources)


def in_pieces(parts: Iterable[str]) -> Iterator[str]:
    """Put short parts together, so that each piece is worth a write."""
    kept: list[str] = []
    size = 0
    for part in parts:
        kept.append(part)
        size += len(part)
        if size >= PIECE:
            yield "".join(kept)
            kept, size = [], 0
    if kept:
        yield "".join(kept)
