"""Lists by cursor: the next one stands in `nextUri` alone, as its `after`.

A cursor names the last row of its page, so objects that come or go between two pages disturb neither.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import urlencode

from reconciler.emulator.checks import whole_parameter
from reconciler.emulator.documents import Document
from reconciler.emulator.refusal import bad_field

Key = tuple[int, int]
Row = tuple[Key, Document]
"""What stands in a list, and what it is sorted by."""
MOST_PER_PAGE = 300
_START: Key = (-(10**9), 0)


def page(
    path: str, rows: list[Row], query: Mapping[str, str], lies: frozenset[str] = frozenset()
) -> Document:
    """Give the page that a query asks for; a page that lies is one row late, or the next one again."""
    size = whole_parameter(query, "pageSize", most=MOST_PER_PAGE, default=MOST_PER_PAGE)
    after, before = _cursor(query, "after"), _cursor(query, "before")
    keys = [key for key, _ in rows]
    if before is not None:
        end = sum(key < before for key in keys)
        start = max(0, end - size)
    else:
        start = sum(key <= after for key in keys) if after is not None else 0
        start -= 1 if start and "duplicate" in lies else 0
        end = min(start + size, len(rows))
    body: Document = {"entities": [document for _, document in rows[start:end]], "total": len(rows)}
    others = {name: value for name, value in query.items() if name not in ("after", "before")}
    body["selfUri"] = _uri(path, query)
    following = None if end >= len(rows) else keys[end - 1] if end else _START
    if "repeat-cursor" in lies:
        following = after or _START
    if following is not None:
        body["nextUri"] = _uri(path, {**others, "pageSize": str(size), "after": _encode(following)})
    if start > 0:
        body["previousUri"] = _uri(path, {**others, "pageSize": str(size), "before": _encode(keys[start])})
    return body


def _uri(path: str, query: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def _encode(key: Key) -> str:
    return base64.urlsafe_b64encode(f"{key[0]}.{key[1]}".encode()).decode()


def _cursor(query: Mapping[str, str], name: str) -> Key | None:
    text = query.get(name)
    if text is None:
        return None
    try:
        major, _, minor = base64.urlsafe_b64decode(text).decode().partition(".")
        return int(major), int(minor)
    except (binascii.Error, ValueError) as error:
        raise bad_field(name, "a cursor that was given") from error
