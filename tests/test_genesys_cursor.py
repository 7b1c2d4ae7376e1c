from __future__ import annotations

from typing import Any

import pytest

from reconciler.genesys.cursor import CursorTrail, next_cursor
from reconciler.genesys.paging import MOST_PAGES, Malformed


def page(number: int, after: str | None) -> dict[str, Any]:
    uri = {"nextUri": f"/api/v2/x?pageSize=300&after={after}"} if after else {}
    return {"entities": [{"id": f"e{number}"}], **uri}


def test_pages_follow_each_other_until_none_is_named() -> None:
    trail = CursorTrail()

    assert [trail.take(page(1, "a")), trail.take(page(2, "b%2Bc")), trail.take(page(3, None))] == [
        "a",
        "b+c",
        None,
    ]
    assert [entity["id"] for entity in trail.entities] == ["e1", "e2", "e3"]


@pytest.mark.parametrize(
    "uri", [None, "", "/api/v2/x", "/api/v2/x?pageSize=1", "https://other.example/x?after="]
)
def test_an_address_without_a_cursor_ends_the_list(uri: Any) -> None:
    assert next_cursor(uri) is None


@pytest.mark.parametrize(
    "uri", [1, ["x"], "https://[x?after=1", "/x?after=" + "a" * 5000, "/x?" + "a=1&" * 40]
)
def test_an_address_that_is_none_is_refused(uri: Any) -> None:
    with pytest.raises(Malformed):
        next_cursor(uri)


def test_a_cursor_that_comes_twice_and_a_list_without_end_are_refused() -> None:
    trail = CursorTrail()
    trail.take(page(1, "a"))
    with pytest.raises(Malformed, match="twice"):
        trail.take(page(2, "a"))

    endless = CursorTrail()
    for number in range(MOST_PAGES):
        endless.take(page(number, str(number)))
    with pytest.raises(Malformed, match="more than"):
        endless.take(page(MOST_PAGES, "last"))


@pytest.mark.parametrize("body", [{}, {"entities": {}}, {"entities": [1]}, {"entities": [{"name": "x"}]}])
def test_a_page_that_is_none_is_refused(body: Any) -> None:
    with pytest.raises(Malformed):
        CursorTrail().take(body)
