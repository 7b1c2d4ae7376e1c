"""Simple YAML, read fast: the value of a file in which there is nothing to judge, or nothing at all.

libyaml builds its nodes at the speed of its events, but a node forgets what was an alias or an anchor. So bytes in
which one could hide are not read here, and whatever is not plainly right is left to `events`, which finds the
same value or says what is wrong.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from sys import intern
from typing import Any

import yaml
from yaml import MappingNode, ScalarNode, SequenceNode

from reconciler.desired import events
from reconciler.desired.limits import DEPTH_LIMIT
from reconciler.desired.scalar import SUSPECT, WORDS, Unclear, is_plain_text, read_plain
from reconciler.desired.text import LFS_POINTER
from reconciler.desired.words import HIDDEN
from reconciler.model import Json

_SIMPLE = (
    bytes(
        letter
        for letter in range(256)
        if letter >= 128 or (chr(letter).isprintable() and chr(letter) not in "&*!%\\")
    )
    + b"\r\n"
)
"""What stands in bytes that need no look at their letters: no anchor, alias, tag, directive or escape."""
_LFS = LFS_POINTER.encode()


class _Unsure(Exception):
    """Ends the reading of a file that is not plainly right."""


@cache
def _reader(loader: Any) -> Any:
    """Make a parser that makes nodes and resolves no tag, since none is looked at."""
    # Of libyaml's loader the parser alone: its constructor and resolver cost time, and are not asked.
    parser = loader if loader is yaml.SafeLoader else loader.__bases__[0]
    ignored = dict.fromkeys(("resolve", "descend_resolver", "ascend_resolver"), _ignore)
    return type("Reader", (parser,), ignored)


def _ignore(*_: object) -> None:
    """Resolve nothing."""


def read_simple(data: bytes) -> dict[str, Json] | None:
    """Give the value of a file that is one mapping beyond all doubt; None for every other."""
    if not _is_plain(data):
        return None
    loader = _reader(events.LOADER)(data)
    try:
        value = _value(loader.get_single_node(), DEPTH_LIMIT)
    except (_Unsure, yaml.YAMLError, ValueError, OverflowError, RecursionError):
        return None
    finally:
        loader.dispose()
    return value if value.__class__ is dict else None


def _is_plain(data: bytes) -> bool:
    if data.translate(None, _SIMPLE) or data.startswith(_LFS) or b"<<<<<<<" in data or b">>>>>>>" in data:
        return False
    if data.isascii():
        return True
    try:
        return not re.search(HIDDEN, data.decode())
    except UnicodeDecodeError:
        return False


def _value(node: Any, levels: int) -> Json:
    """Build the value of a node with at most so many levels of mappings and lists."""
    kind = node.__class__
    if kind is ScalarNode:
        text = node.value
        return text if node.style or (text not in WORDS and text[0] not in SUSPECT) else _unquoted(text)
    if kind is MappingNode and levels:
        return _mapping(node.value, levels - 1)
    if kind is SequenceNode and levels:
        return [_value(inner, levels - 1) for inner in node.value]
    raise _Unsure


def _mapping(pairs: list[tuple[Any, Any]], levels: int) -> Json:
    value: dict[str, Json] = {}
    for key_node, inner in pairs:
        key = key_node.value
        # The value of a key that is a list or a mapping is a list.
        if key.__class__ is not str or not (key_node.style or _is_plain_key(key)):
            raise _Unsure
        key = intern(key)
        if key in value:
            raise _Unsure
        value[key] = _value(inner, levels)
    return value


def _unquoted(text: str) -> Json:
    value = read_plain(text)
    if value.__class__ is Unclear:
        raise _Unsure
    return value


# Every file has the same keys.
_is_plain_key = lru_cache(maxsize=1_024)(is_plain_text)
