"""The files that a workflow step hands to its runner: the job summary, and the step's outputs."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path

from reconciler.errors import UsageError

SUMMARY_LIMIT = 900 * 1024
"""Bytes of one step's summary; above 1 MiB the runner drops all of it."""


def summary_room(path: Path) -> int:
    """Give the bytes that the summary of this step still has room for."""
    return SUMMARY_LIMIT - (path.stat().st_size if path.exists() else 0)


def append(path: Path, text: str) -> None:
    """Append text to a file of the runner."""
    try:
        with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error


def output_lines(values: Mapping[str, str]) -> str:
    """Write step outputs, each between lines that no value can hold, since chance makes them."""
    lines = []
    for name, value in values.items():
        fence = f"reconciler-{secrets.token_hex(16)}"
        lines.append(f"{name}<<{fence}\n{value}\n{fence}\n")
    return "".join(lines)
