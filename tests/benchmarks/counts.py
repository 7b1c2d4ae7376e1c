"""The requests of a run, as the server counts them."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from turns import row


def requests(_: int, __: int) -> None:
    """Count the requests of a plan, an apply and a conflict, as the server saw them."""
    import pytest
    from story import told

    with (
        tempfile.TemporaryDirectory() as folder,
        pytest.MonkeyPatch.context() as environ,
        told(Path(folder) / "repo", environ) as story,
    ):
        for number in range(250):
            story.seed(f"channel-{number}", number)
            story.write(f"channel-{number}", number, **({"description": "New"} if number < 25 else {}))
        story.emulator.clear()
        story.interrupt(7, {"theirs": "kept"})
        code = story.run("apply", "--yes", "--no-record", "--probe", "none").code
        counts = Counter(map(_kind, (one for one in story.emulator.requests if "audit" not in one["path"])))
    wanted = {"token": 1, "GET list": 3, "PUT one": 26, "GET one": 1}
    row("requests: 250 channels, 25 changed, 1 conflict", f"{dict(counts)}, exit {code}", f"{wanted}")
    if dict(counts) != wanted:
        raise SystemExit("the server counted other requests than promised")


def _kind(seen: dict[str, Any]) -> str:
    if seen["path"] == "/oauth/token":
        return "token"
    return f"{seen['method']} {'list' if seen['path'].endswith('/channels') else 'one'}"
