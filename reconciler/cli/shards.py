"""`reconciler shards`: the organisations of fleet.yaml as jobs of a CI matrix."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import exits, find_root
from reconciler.cli.output import emit
from reconciler.fleet.shards import MOST_JOBS, Shard, make_shards

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.fleet.roster import Organisation
    from reconciler.model import JsonObject

SHARED = "fleet"
"""The environment of a job that has several organisations."""


@click.command(
    epilog="""\b
Examples:
  reconciler shards
  echo "matrix=$(reconciler shards --json --jobs 20)" >> "$GITHUB_OUTPUT" """
)
@click.option(
    "--jobs", type=click.IntRange(1, MOST_JOBS), default=MOST_JOBS, show_default=True, help="At most so many."
)
@click.option("--json", "as_json", is_flag=True, help="One line of JSON, for `fromJSON` of a workflow.")
@click.option("--repo", type=click.Path(file_okay=False, exists=True, path_type=Path), help="Repository.")
@exits
def shards(jobs: int, *, as_json: bool, repo: Path | None) -> int:
    """Divide the organisations of fleet.yaml among jobs of about equal weight, by their channel files.

    An organisation is never divided, so that its budget of requests is never used by two jobs.
    """
    from reconciler.fleet.roster import load_roster

    root = find_root(repo)
    roster = {one.name: one for one in load_roster(root)}
    # Organisations may share a folder, which is looked through once.
    counts = {folder: _count(root / folder) for folder in {one.channels for one in roster.values()}}
    weights = {name: counts[one.channels] for name, one in roster.items()}
    document: JsonObject = {
        "format": 1,
        "command": "shards",
        "include": [
            _entry(shard, [roster[name] for name in shard.organisations])
            for shard in make_shards(weights, jobs)
        ],
    }
    if as_json:
        # One line, since a step's output in a workflow is one.
        emit(json.dumps(document))
    else:
        for shard in document["include"]:
            emit(f"{shard['shard']}  {shard['channels']:>7} channels  {' '.join(shard['organisations'])}")
    return 0


def _entry(shard: Shard, organisations: Sequence[Organisation]) -> JsonObject:
    alone = organisations[0] if len(organisations) == 1 else None
    return {
        "shard": shard.name,
        "organisations": list(shard.organisations),
        "args": " ".join(f"--org {name}" for name in shard.organisations),
        "channels": shard.channels,
        # Where GitHub keeps the credentials: one environment an organisation, if it has a job of its own.
        "environment": alone.name if alone else SHARED,
        "id": alone.id_variable if alone else None,
        "secret": alone.secret_variable if alone else None,
    }


def _count(folder: Path) -> int:
    return sum(1 for path in folder.rglob("*") if path.name.lower().endswith((".yaml", ".yml")))
