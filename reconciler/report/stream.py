"""Long reports piece by piece: what a hundred thousand outcomes become is never held all at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
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


class Parted(Sequence[Source]):
    """Rows with those of a kind last, each part in its order, without a second list of them."""

    def __init__(self, is_last: Callable[[Source], bool], sources: Sequence[Source]) -> None:
        self._is_last = is_last
        self._sources = sources

    def __len__(self) -> int:
        return len(self._sources)

    @overload
    def __getitem__(self, place: int) -> Source: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Source]: ...

    def __getitem__(self, place: int | slice) -> Source | Sequence[Source]:
        if isinstance(place, slice):
            return list(islice(self, *place.indices(len(self))))
        return next(islice(self, range(len(self))[place], None))

    def __iter__(self) -> Iterator[Source]:
        yield from (source for source in self._sources if not self._is_last(source))
        yield from (source for source in self._sources if self._is_last(source))


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
