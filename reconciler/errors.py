"""Everything that ends a run or a change, as a tree; a class stands here only where somebody catches it.

    ReconcilerError
    ├── UsageError             wrong words, settings or environment                    exit 64
    ├── InvalidFiles           findings in the channel files; nothing was contacted    exit 3
    ├── BrokenPlan             a saved plan whose digest does not hold                 exit 3
    ├── JournalError           the disk takes no journal, and without it nothing is written  exit 1
    ├── Unpaired               a file that means no live resource, or more than one    exit 1
    ├── RecordError            the record could not be committed or pushed             exit 6
    └── RemoteError            a request did not succeed                               exit 1, if the run ends
        ├── Unauthorized       401: the token, or the client credentials
        ├── Forbidden          403: names the permission that is missing
        ├── NotFound           404
        ├── VersionConflict    409, 412, 428, 400 about the version: `acts.apply` settles it
        ├── Throttled          429 after the budget of attempts or waiting was spent
        ├── Rejected           any other 4xx: what we sent is wrong, do not repeat it
        └── Unavailable        5xx, timeouts, connections, replies that cannot be read

Exceptions hold facts; the sentence is made in `__str__`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.model import Finding


class ReconcilerError(Exception):
    """Base of everything that this tool raises on purpose."""


class UsageError(ReconcilerError):
    """The command line, a setting or the environment is wrong; the sentence names the way out."""


class InvalidFiles(ReconcilerError):
    """At least one channel file breaks a rule of severity error."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__(findings)
        self.findings = findings

    def __str__(self) -> str:
        files = len({finding.file for finding in self.findings})
        return f"{len(self.findings)} findings in {files} files; nothing was contacted"


class BrokenPlan(ReconcilerError):
    """A saved plan was edited, or damaged: its digest does not hold."""


class JournalError(ReconcilerError):
    """The disk takes no journal, so nothing was written to the remote."""


class Unpaired(ReconcilerError):
    """A channel file means a live resource that is not there, or two of them; there is no plan."""


class RecordError(ReconcilerError):
    """Git would not take the record; what was written to the remote stands."""


class RemoteError(ReconcilerError):
    """A request that did not succeed, with the facts that a person needs to follow it up."""

    def __init__(
        self,
        message: str,
        *,
        method: str,
        path: str,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        sent: bool = True,
        attempts: int = 1,
        fields: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        """What the remote said, or what happened to the connection; already escaped, cut and redacted."""
        self.method = method
        self.path = path
        self.status = status
        self.code = code
        self.request_id = request_id
        """The remote's `contextId`, for its support."""
        self.sent = sent
        """Whether the request may have reached the remote, so that a write may have been carried out."""
        self.attempts = attempts
        self.fields = fields
        """Names of the fields that the remote found fault with."""

    def __str__(self) -> str:
        status = f" answered {self.status}" if self.status is not None else " failed"
        code = f" ({self.code})" if self.code else ""
        request = f"; request id {self.request_id}" if self.request_id else ""
        tries = f" after {self.attempts} attempts" if self.attempts > 1 else ""
        return f"{self.method} {self.path}{status}{code}{tries}: {self.message}{request}"


class Unauthorized(RemoteError):
    """401, or bad client credentials at the login."""


class Forbidden(RemoteError):
    """403; the message names the permission that is missing."""


class NotFound(RemoteError):
    """404."""


class VersionConflict(RemoteError):
    """The live version is not the one that the write named, or the id to create exists."""


class Throttled(RemoteError):
    """429, and the budget of attempts or of waiting is spent."""


class Rejected(RemoteError):
    """Any other 4xx."""


class Unavailable(RemoteError):
    """5xx, a timeout, a broken connection, a redirect, or a reply that cannot be read."""
