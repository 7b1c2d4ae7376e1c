"""Values from outside that must be of a kind, checked before they are used."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.emulator.refusal import Unfit

_UNSENDABLE = (1004, 1005, 1006, 1015)
"""Close codes that RFC 6455 keeps off the wire."""

Check = tuple[str, object, bool, str]
"""What a value is of, the value, whether it may be, and what may be."""


def require(checks: Iterable[Check]) -> None:
    """Raise Unfit for the first value that may not be."""
    for what, value, right, allowed in checks:
        if not right:
            raise Unfit(value, what, allowed)


def is_whole(value: object, least: float, most: float = float("inf")) -> bool:
    """Say whether a JSON value is a whole number in these bounds; true and false are none."""
    return type(value) is int and least <= value <= most


def is_seconds(value: object, most: float = float("inf")) -> bool:
    """Say whether a JSON value is a number from 0; true and false are none."""
    return (type(value) is int or type(value) is float) and 0 <= value <= most


def is_close_code(value: object) -> bool:
    """Say whether a JSON value is a close code that may be sent."""
    return is_whole(value, 1000, 4999) and value not in _UNSENDABLE
