"""Values of a channel file by their pointer, whatever else the file holds; and what a rule of policy says of one."""

from __future__ import annotations

from typing import NamedTuple

from reconciler.model import Json, Pointer

NAME: Pointer = ("metadata", "name")
"""What Git calls a channel."""
TITLE: Pointer = ("spec", "name")
"""What the remote calls it."""
ID: Pointer = ("spec", "id")


class Flaw(NamedTuple):
    """A rule of policy that is broken, before it is known how much that weighs here."""

    rule: str
    pointer: Pointer
    message: str
    at_key: bool = False
    """Whether the key is meant, not its value."""


def value_at(value: Json, pointer: Pointer) -> Json:
    """Give what stands at a pointer of keys; None where nothing does."""
    for step in pointer:
        # What YAML and JSON make is a dict; asking for any mapping takes ten times as long.
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


def text_at(value: Json, pointer: Pointer) -> str | None:
    """Give the text at a pointer; None where there is none."""
    text = value_at(value, pointer)
    return text if isinstance(text, str) else None
