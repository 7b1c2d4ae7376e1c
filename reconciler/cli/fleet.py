"""`reconciler fleet`: plan, apply or drift of every organisation of fleet.yaml, side by side."""

from __future__ import annotations

import signal
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import exits, find_root
from reconciler.cli.output import emit, emit_json, progress, say, write_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from reconciler.fleet.roster import Organisation
    from reconciler.fleet.work import Job
    from reconciler.model import JsonObject

WORKERS = 8
"""Organisations at once: each mostly waits for its own remote."""


@click.command(
    epilog="""\b
Examples:
  reconciler fleet plan
  reconciler fleet apply --yes --org emea-prod --org apac-prod
  reconciler fleet drift --workers 16 --out fleet.json
  reconciler fleet plan --scheduler tcp://scheduler:8786"""
)
@click.argument("story", type=click.Choice(("plan", "apply", "drift")))
@click.option("--org", "names", multiple=True, metavar="NAME", help="This organisation alone; repeatable.")
@click.option("--workers", type=click.IntRange(1, 256), default=WORKERS, show_default=True, help="At once.")
@click.option("--scheduler", metavar="tcp://HOST:PORT", help="Run on the workers of this Dask cluster.")
@click.option("--yes", "-y", is_flag=True, help="Apply a fresh plan of each without asking.")
@click.option("--no-record", is_flag=True, help="Commit no record of the runs.")
@click.option("--no-push", is_flag=True, help="Commit the records, and do not push them.")
@click.option("--rate", type=click.IntRange(1, 100_000), help="Requests a minute an organisation.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the JSON report to a file."
)
@click.option("--repo", type=click.Path(file_okay=False, exists=True, path_type=Path), help="Repository.")
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", help="Output.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but results and errors.")
@exits
def fleet(story: str, form: str, out: Path | None, repo: Path | None, **options: Any) -> int:
    """Plan, apply or look for drift in every organisation of fleet.yaml, one process each.

    A process holds the credentials of its organisation alone, and one budget of requests. The exit code is the
    first of 3, 1, 4, 5, 6, 2 that any organisation ended with.
    """
    from reconciler.errors import UsageError
    from reconciler.fleet.reports import fleet_document
    from reconciler.fleet.work import Job, run_all

    if story == "apply" and not options["yes"]:
        raise UsageError("fleet apply writes to many organisations; give --yes, after a look at fleet plan")
    root = find_root(repo)
    words = _words(story, options)
    run = uuid.uuid4().hex
    jobs = [
        Job(str(root), one.name, story, words, variable=one.id_variable, run=run)
        for one in _roster(root, options["names"])
    ]
    with (
        _stopping(),
        progress("organisations", len(jobs), quiet=options["quiet"]) as count,
        _workers(options["workers"], options["scheduler"]) as submit,
    ):
        entries = run_all(jobs, submit, count)
    document = fleet_document(story, entries)
    if out:
        from reconciler.report.documents import json_pieces

        write_file(out, json_pieces(document))
    show_fleet(document, form)
    return int(document["exit"])


def _workers(
    count: int, scheduler: str | None
) -> AbstractContextManager[Callable[[Job], Future[JsonObject]]]:
    if scheduler is None:
        from reconciler.fleet.work import local_workers

        return local_workers(count)
    from reconciler.fleet.cluster import cluster_workers

    return cluster_workers(scheduler)


@contextmanager
def _stopping() -> Iterator[None]:
    """Let SIGINT and SIGTERM end the fleet with the contract's code, once what runs has come to its end."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def told(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_IGN)
        say("stopping: organisations at work come to their end, no new one is begun")
        raise SystemExit(128 + number)

    try:
        for number in before:
            signal.signal(number, told)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def show_fleet(document: JsonObject, form: str) -> None:
    """Print the report of a fleet."""
    if form == "json":
        emit_json(document)
        return
    from reconciler.report.fleet_text import fleet_markdown, fleet_text

    emit((fleet_markdown if form == "markdown" else fleet_text)(document))


def merged(paths: Sequence[Path], out: Path | None, form: str, repo: Path | None, *, whole: bool) -> int:
    """Print several reports of one command as one: `report merge FILE…`."""
    from reconciler.cli.plan import load
    from reconciler.fleet.reports import merge
    from reconciler.report.documents import json_pieces

    expected = [one.name for one in _roster(find_root(repo), ())] if whole else []
    document = merge([load(path) for path in paths], expected)
    if out:
        write_file(out, json_pieces(document))
        say(f"written: {out}")
    else:
        show_fleet(document, form)
    return int(document["exit"])


def _roster(root: Path, names: Sequence[str]) -> list[Organisation]:
    from reconciler.fleet.roster import load_roster, named

    roster = load_roster(root)
    return [named(roster, name) for name in dict.fromkeys(names)] if names else list(roster)


def _words(story: str, options: dict[str, Any]) -> tuple[str, ...]:
    words = ["--rate", str(options["rate"])] if options["rate"] else []
    words += ["--yes"] if story == "apply" else []
    if story != "plan":
        words += [f"--{name.replace('_', '-')}" for name in ("no_record", "no_push") if options[name]]
    return tuple(words)
