"""Lists that go on by cursor: the next one stands in `nextUri` alone, as its `after`. Pure."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from reconciler.genesys.paging import MOST_PAGES, Malformed, require_ids
from reconciler.model import Json, JsonObject

LONGEST_CURSOR = 4_096


class CursorTrail:
    """The pages of one list that were read so far."""

    def __init__(self) -> None:
        self._entities: list[JsonObject] = []
        self._cursors: set[str] = set()

    @property
    def entities(self) -> tuple[JsonObject, ...]:
        """Every entity, in the order in which they came; one that moved while we read may stand here twice."""
        return tuple(self._entities)

    def take(self, body: JsonObject) -> str | None:
        """Take a page, and give the cursor of the next; None where the list ends.

        Raises `Malformed` for a page that is none, a cursor that was there before, and a list without an end.
        """
        entities = body.get("entities")
        if not isinstance(entities, list):
            raise Malformed("entities is no list")
        require_ids(entities)
        self._entities.extend(entities)
        cursor = next_cursor(body.get("nextUri"))
        if cursor is None:
            return None
        if cursor in self._cursors:
            raise Malformed("a cursor comes twice, so that the list would never end")
        if len(self._cursors) >= MOST_PAGES:
            raise Malformed(f"it has more than {MOST_PAGES} pages")
        self._cursors.add(cursor)
        return cursor


def next_cursor(uri: Json) -> str | None:
    """Give the cursor that stands in the address of the next page; None where there is no next page."""
    if uri is None or uri == "":
        return None
    if not isinstance(uri, str):
        raise Malformed("nextUri is no text")
    try:
        found = parse_qs(urlsplit(uri).query, max_num_fields=32).get("after", [])
    except ValueError as error:
        raise Malformed("nextUri cannot be read") from error
    cursor = found[0] if found else ""
    if len(cursor) > LONGEST_CURSOR:
        raise Malformed(f"a cursor has more than {LONGEST_CURSOR} characters")
    return cursor or None
