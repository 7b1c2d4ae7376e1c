"""The nouns of one exchange with the API: what is asked, what came back, what went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.errors import RemoteError
from reconciler.model import JsonObject


@dataclass(frozen=True, slots=True)
class Call:
    """One request before it has a token."""

    method: str
    path: str
    """Below the base, already percent-encoded, without the query."""
    query: str = ""
    """Encoded, without the question mark."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    id: str | None = None
    """The id that the answer must have; None where any will do."""
    asks: bool = False
    """Whether it is a question, which changes nothing whatever its method is."""

    @property
    def writes(self) -> bool:
        """Whether the remote may change by it."""
        return self.method != "GET" and not self.asks

    @property
    def creates(self) -> bool:
        """Whether it must not replace anything."""
        return "If-None-Match" in self.headers


@dataclass(frozen=True, slots=True)
class Document:
    """One JSON object as the remote holds it."""

    value: JsonObject
    etag: str | None
    """As it came, quotes included."""


@dataclass(frozen=True, slots=True)
class Setback:
    """An attempt that did not succeed, and whether another one may follow."""

    kind: type[RemoteError]
    message: str
    """Escaped, cut and redacted."""
    status: int | None = None
    code: str | None = None
    request_id: str | None = None
    sent: bool = True
    again: bool = False
    asked: float | None = None
    """Seconds that the remote asks us to wait."""
    fields: tuple[str, ...] = ()
    """Names of the fields that the remote found fault with."""
    cause: str = "the remote is not available"
    """What a notice says while we wait."""

    def error(self, method: str, path: str, attempts: int, more: str = "") -> RemoteError:
        """Make the exception that ends the request."""
        return self.kind(
            f"{self.message}; {more}" if more else self.message,
            method=method,
            path=path,
            status=self.status,
            code=self.code,
            request_id=self.request_id,
            sent=self.sent,
            attempts=attempts,
            fields=self.fields,
        )
