"""JSON values, and where something stands in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = Any
"""A value that `json.loads` can return."""
JsonObject = Mapping[str, Any]
"""A JSON object that nobody changes in place."""
Pointer = tuple[str | int, ...]
"""Where a value stands in a document: `("webchatSettings", "corsAllowedOrigins", 1)`."""


def pointer_text(pointer: Pointer) -> str:
    """Write a pointer as RFC 6901 does: `/webchatSettings/corsAllowedOrigins/1`."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in pointer)
