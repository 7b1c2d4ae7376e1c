"""Whether the pages of a list fit together: a plan is never made from a list with holes. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.model import JsonObject

MOST_PAGES = 1_000


class Malformed(ValueError):
    """A page that is none; the sentence names the field."""


class Unsteady(ValueError):
    """Pages that do not fit together: the list moved while it was read; reading it again may help."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, its fields checked."""

    entities: tuple[JsonObject, ...]
    total: int
    count: int
    """Pages of the whole list; 1 also for an empty one."""


def read_page(body: JsonObject, page_size: int) -> Page:
    """Check the fields of one page and the ids in it."""
    entities = body.get("entities")
    if not isinstance(entities, list):
        raise Malformed("entities is no list")
    require_ids(entities)
    total = _number(body, "total")
    # A remote that gives less than asked for at once is believed, and asked more often.
    size = min(_number(body, "pageSize") or page_size, page_size) if "pageSize" in body else page_size
    count = max(1, math.ceil(total / size))
    if "pageCount" in body and max(1, _number(body, "pageCount")) != count:
        raise Unsteady(f"pageCount is {body['pageCount']}, but a total of {total} makes {count} pages")
    if count > MOST_PAGES:
        raise Malformed(f"a total of {total} makes {count} pages; at most {MOST_PAGES} are read")
    return Page(tuple(entities), total, count)


def assemble(pages: Sequence[Page]) -> tuple[JsonObject, ...]:
    """Make one list of all pages, in their order; an entity that two of them hold counts once."""
    total = pages[0].total
    if any(page.total != total for page in pages):
        raise Unsteady("the total changes from page to page")
    found: dict[str, JsonObject] = {}
    for entity in (entity for page in pages for entity in page.entities):
        if found.setdefault(entity["id"], entity) != entity:
            raise Unsteady("one id comes twice with different content")
    if len(found) != total:
        raise Unsteady(f"the total is {total}, but {len(found)} came")
    return tuple(found.values())


def require_ids(entities: Sequence[object]) -> None:
    """Refuse a page with an entity that has no id."""
    for place, entity in enumerate(entities):
        _require_id(entity, f"entities[{place}]")


def _require_id(entity: object, place: str) -> None:
    if not isinstance(entity, dict):
        raise Malformed(f"{place} is no object")
    id_ = entity.get("id")
    if not isinstance(id_, str) or not is_segment(id_):
        raise Malformed(f"{place}.id is missing, or no text that can stand in a path")


def is_segment(text: str) -> bool:
    """Say whether an id can be a segment of a path: neither empty nor a step to another folder."""
    return 0 < len(text) <= 256 and text.strip(".") != ""


def _number(body: JsonObject, name: str) -> int:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Malformed(f"{name} is no whole number from 0")
    return value
