"""How room is shared out among changes, worst first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.report.levels import Level, Shown, choose
from reconciler.report.markdown_page import size

CHANGE = Shown("n" * 5, "f" * 30, "F" * 60)
sizes = st.tuples(st.integers(0, 20), st.integers(0, 50), st.integers(0, 100))
changes = st.lists(
    sizes.map(
        lambda some: Shown(*(letter * length for letter, length in zip("nfF", sorted(some), strict=True)))
    )
)


def test_where_there_is_room_everything_is_shown_in_full() -> None:
    assert choose([CHANGE] * 3, 180) == [Level.FULL] * 3


def test_the_worst_get_detail_and_the_rest_keep_their_names() -> None:
    levels = choose([CHANGE] * 10, 150)
    assert levels == [Level.FULL, Level.FOLDED, *[Level.NAMED] * 8]


def test_what_has_no_room_for_a_name_is_counted() -> None:
    assert choose([CHANGE] * 3, 10) == [Level.NAMED, Level.NAMED, Level.COUNTED]
    assert choose([CHANGE], -5) == [Level.COUNTED]


@given(changes, st.integers(-10, 2_000))
def test_the_room_is_never_exceeded(some: list[Shown], room: int) -> None:
    shown = "".join(change.at(level) for change, level in zip(some, choose(some, room), strict=True))
    assert size(shown) <= max(room, 0)
