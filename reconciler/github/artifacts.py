"""Which workflow run kept a plan as an artifact; only runs of the repository itself count."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.github.client import GitHub
from reconciler.model import JsonObject


async def find_artifact(github: GitHub, name: str) -> int | None:
    """Give the newest workflow run that kept an artifact of this name and still has it; None where none does.

    Somebody else's fork can run the same workflow and name an artifact as it likes: it is not asked.
    """
    rows = [row async for row in github.pages("/actions/artifacts", "artifacts", name=name)]
    runs = [run for row in rows if row.get("name") == name and (run := _own_run(row))]
    return max(runs, default=None)


def _own_run(row: JsonObject) -> int | None:
    run = row.get("workflow_run")
    if not isinstance(run, Mapping) or row.get("expired") is not False:
        return None
    home, head, number = (run.get(key) for key in ("repository_id", "head_repository_id", "id"))
    return number if isinstance(number, int) and home is not None and home == head else None
