"""How errors end a command: one sentence on stderr, and the exit code of the contract."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.cli.output import say
from reconciler.errors import BrokenPlan, InvalidFiles, ReconcilerError, RecordError, UsageError

USAGE = 64
FAILED = 1
INVALID = 3
UNRECORDED = 6


class Interrupted(Exception):
    """A signal ended a command that only reads."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code
        """The contract's exit code for the signal."""


def guard(command: Callable[[], int]) -> int:
    """Run a command; errors of the house become a sentence and a code."""
    try:
        return command()
    except Interrupted as signal:
        say("interrupted; nothing was written")
        return signal.code
    except ReconcilerError as error:
        say(f"error: {error}")
        return code_of(error)


def code_of(error: ReconcilerError) -> int:
    """Give the exit code of an error that ended a command."""
    if isinstance(error, UsageError):
        return USAGE
    if isinstance(error, InvalidFiles | BrokenPlan):
        return INVALID
    return UNRECORDED if isinstance(error, RecordError) else FAILED
