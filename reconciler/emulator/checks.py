"""What the API asks of a request: the version it replaces, the fields of its body, its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from reconciler.emulator.documents import Document
from reconciler.emulator.refusal import Refused, bad_field, bad_request

CHANNEL_FIELDS: Mapping[str, type] = {
    "id": str,
    "name": str,
    "enabled": bool,
    "webchatSettings.webchatUrl": str,
    "webchatSettings.corsAllowedOrigins": list,
    "webchatSettings.authProviderId": str,
}
WEBHOOK_FIELDS: Mapping[str, type] = {"id": str, "name": str, "enabled": bool, "event": str, "address": str}


def require_version(live: Document, if_match: str | None, in_body: object) -> None:
    """Refuse a write whose every named version is not the live one, or that names none."""
    if if_match is None and in_body is None:
        raise Refused(
            428, "precondition.required", "The request must name the version it replaces, in If-Match"
        )
    if in_body is not None and type(in_body) is not int:
        raise bad_field("version", "a whole number")
    wanted = str(live["version"])
    named = {value for value in (_bare(if_match), in_body) if value is not None}
    if {str(value) for value in named} != {wanted}:
        raise Refused(
            409,
            "version.conflict",
            "The version {version} does not match the current version {current}",
            params={"version": ", ".join(sorted(map(str, named)))[:80], "current": wanted},
        )


def _bare(if_match: str | None) -> str | None:
    """Take the quotes off an entity tag; a weak one keeps its mark, so that it never matches."""
    if if_match is not None and len(if_match) > 1 and if_match[0] == if_match[-1] == '"':
        return if_match[1:-1]
    return if_match


def require_object(body: object) -> Document:
    """Give the body if it is an object."""
    if not isinstance(body, dict):
        raise bad_request("The body must be a JSON object")
    return body


def require_fields(body: Document, entity: str, wanted: Mapping[str, type]) -> None:
    """Refuse a body that lacks fields, or is not about the entity in the path."""
    wrong = [(code, name) for name, kind in wanted.items() if (code := _fault_in(_value(body, name), kind))]
    if wrong:
        raise bad_request("The request holds fields that are missing or not valid", *wrong)
    if body["id"] != entity:
        raise bad_request("The id of the body is not the id of the path", ("invalid", "id"))


def _value(body: Document, name: str) -> object:
    value: Any = body
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _fault_in(value: object, kind: type) -> str | None:
    if value is None:
        return "missing"
    if not isinstance(value, kind) or value in ("", []):
        return "invalid"
    if isinstance(value, list) and not all(isinstance(item, str) for item in value):
        return "invalid"
    return None


def whole_parameter(query: Mapping[str, str], name: str, *, most: int, default: int) -> int:
    """Read a whole number of a query."""
    text = query.get(name, str(default))
    # `int` alone would take signs, spaces, underscores and digits of other scripts.
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:9]) <= most:
        raise bad_field(name, f"a number from 1 to {most}")
    return int(text)


def time_parameter(query: Mapping[str, str], name: str) -> datetime | None:
    """Read a time of a query."""
    text = query.get(name)
    if text is None:
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        when = None
    if when is None or when.tzinfo is None:
        raise bad_field(name, "an RFC 3339 time with an offset")
    return when
