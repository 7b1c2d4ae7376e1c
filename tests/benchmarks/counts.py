"""The requests of a run, as the server counts them."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from turns import row

CASES = ((1, 0, 0), (99, 99, 0), (100, 1, 1), (101, 5, 5), (250, 25, 1), (250, 60, 12))
"""Channels that are live, changes, conflicts; a page holds a hundred."""


def requests(_: int, __: int) -> None:
    """Count the requests of an apply with conflicts, and fail where there is one more or less than promised."""
    for channels, changed, conflicts in CASES:
        counts, code = counted(channels, changed, conflicts)
        wanted = promised(channels, changed, conflicts)
        row(
            f"requests: {channels} channels, {changed} changed, {conflicts} conflicts",
            f"{dict(counts)}, exit {code}",
            f"{dict(wanted)}",
        )
        if counts != wanted or code:
            raise SystemExit("the server counted other requests than promised")


def promised(channels: int, changed: int, conflicts: int) -> Counter[str]:
    """Give what a run may cost: a token, the pages, a write a change; a read and a write more a conflict."""
    pages = -(-channels // 100)
    wanted = {"token": 1, "GET list": pages, "PUT one": changed + conflicts, "GET one": conflicts}
    return +Counter(wanted)


def counted(channels: int, changed: int, conflicts: int) -> tuple[Counter[str], int]:
    """Play an apply on which so many others edit, and give the requests by kind, and its exit code."""
    import pytest
    from story import told

    with (
        tempfile.TemporaryDirectory() as folder,
        pytest.MonkeyPatch.context() as environ,
        told(Path(folder) / "repo", environ) as story,
    ):
        for number in range(channels):
            story.seed(f"channel-{number}", number)
            story.write(f"channel-{number}", number, **({"description": "New"} if number < changed else {}))
        story.emulator.clear()
        for number in range(conflicts):
            story.interrupt(number, {"theirs": "kept"})
        limits = ["--allow-changes", str(changed), "--rate", "1000"]
        code = story.run("apply", "--yes", "--no-record", "--probe", "none", *limits).code
        seen = [one for one in story.emulator.requests if "audit" not in one["path"]]
    return Counter(map(_kind, seen)), code


def _kind(seen: dict[str, Any]) -> str:
    if seen["path"] == "/oauth/token":
        return "token"
    return f"{seen['method']} {'list' if seen['path'].endswith('/channels') else 'one'}"
