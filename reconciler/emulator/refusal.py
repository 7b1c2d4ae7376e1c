"""How the remote says no: one exception with the facts, and the vendor's error body made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class Refused(Exception):
    """A request that the remote does not carry out.

    `template` may hold `{name}` for every name in `params`; `fields` are pairs of error code and field name.
    """

    def __init__(
        self,
        status: int,
        code: str,
        template: str,
        *,
        params: Mapping[str, str] | None = None,
        fields: Iterable[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.template = template
        self.params = dict(params or {})
        self.fields = tuple(fields)
        self.headers = dict(headers or {})
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The template with its parameters filled in."""
        text = self.template
        for name, value in self.params.items():
            text = text.replace("{" + name + "}", value)
        return text

    def body(self, context_id: str) -> dict[str, Any]:
        """Give the vendor's error body."""
        return {
            "message": self.message,
            "code": self.code,
            "status": self.status,
            "contextId": context_id,
            "messageWithParams": self.template,
            "messageParams": self.params,
            "details": [{"errorCode": code, "fieldName": name} for code, name in self.fields],
            "errors": [],
        }


class Unfit(ValueError):
    """A value from outside that cannot be: what was found, what it is of, and what is allowed there."""

    def __init__(self, found: object, what: str, allowed: str) -> None:
        super().__init__(found, what, allowed)
        self.found = found
        self.what = what
        self.allowed = allowed

    def __str__(self) -> str:
        return f"{self.what} is {self.allowed}, not {shown(self.found)}"


def shown(value: object) -> str:
    """Write a value for a message: ASCII only, at most 80 characters."""
    return ascii(value)[:80]


def bad_request(message: str, *fields: tuple[str, str]) -> Refused:
    """Make the refusal of a request that is wrong in itself."""
    return Refused(400, "bad.request", message, fields=fields)


def bad_field(name: str, allowed: str) -> Refused:
    """Make the refusal of one field or parameter."""
    return bad_request(f"The {name} must be {allowed}", ("invalid", name))


def not_found(noun: str, entity: str) -> Refused:
    """Make the refusal of a request for something that is not there."""
    return Refused(
        404, "not.found", "The requested {noun} {id} was not found", params={"noun": noun, "id": entity[:80]}
    )
