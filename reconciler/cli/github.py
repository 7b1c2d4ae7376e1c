"""`reconciler github`: plans, runs and drift told on GitHub; what is posted is made of the saved JSON documents."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reconciler.cli.options import common, exits
from reconciler.cli.output import emit, say

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from reconciler.github.client import GitHub
    from reconciler.github.place import Place
    from reconciler.github.texts import Kept
    from reconciler.model import JsonObject
    from reconciler.settings import Limits, Settings

Answer = TypeVar("Answer")

FORMATS = ("text",)
NOT_REVIEWED = 4


@click.group(
    epilog="""\b
Examples:
  reconciler github comment plan.json drift.json
  reconciler github issue drift.json
  reconciler github check plan.json

\b
The token is GITHUB_TOKEN; repository, commit and pull request come from the
variables of the workflow. --print shows a text, and sends nothing."""
)
def github() -> None:
    """Tell of a plan, a run or drift on GitHub: a comment, an issue, a check, a summary."""


def _documents(command: Any) -> Any:
    files = click.Path(dir_okay=False, exists=True, path_type=Path)
    return click.argument("files", nargs=-1, required=True, type=files, metavar="FILE...")(command)


def _printing(command: Any) -> Any:
    return click.option("--print", "only_print", is_flag=True, help="Show the text, and send nothing.")(
        command
    )


@github.command(
    epilog="""\b
Examples:
  reconciler github comment plan.json
  reconciler github comment plan.json drift.json --report-url URL"""
)
@_documents
@click.option("--new", is_flag=True, help="Write another comment, and leave the earlier ones as history.")
@click.option("--always", is_flag=True, help="Write one, also where nothing changes and none is there yet.")
@click.option("--pull", type=click.IntRange(1), metavar="N", help="Pull request.  [default: of the event]")
@click.option("--report-url", metavar="URL", help="Page of the whole report.  [default: the workflow run]")
@_printing
@common(FORMATS)
@exits
def comment(files: tuple[Path, ...], new: bool, always: bool, pull: int | None, **options: Any) -> int:
    """Keep one comment with the plan on a pull request; drift has a section of its own in it."""
    from reconciler.errors import UsageError
    from reconciler.github.texts import keep_comment

    found = _read(files, options)
    if found.plan is None:
        raise UsageError("a comment tells of a plan; give the file of reconciler plan --out")
    body = _plan_page(found, options["report_url"])
    if options["only_print"]:
        emit(body)
        return 0
    place = _place()
    number = pull or place.pull
    if number is None:
        raise UsageError("this is no event of a pull request; --pull N names one")
    only_update = not always and not new and not found.has_news
    return _post(
        place, options, lambda api: keep_comment(api, number, body, new=new, only_update=only_update)
    )


@github.command(epilog="\b\nExamples:\n  reconciler github issue drift.json")
@_documents
@_printing
@common(FORMATS)
@exits
def issue(files: tuple[Path, ...], **options: Any) -> int:
    """Keep one issue about drift an organisation: created, edited, reopened, closed when clean."""
    from reconciler.errors import UsageError
    from reconciler.github.texts import keep_issue
    from reconciler.report.github import issue_title
    from reconciler.report.markdown import document_markdown

    found = _read(files, options)
    drift = found.drift
    if drift is None:
        raise UsageError("an issue tells of drift; give the file of reconciler drift --format json")
    title, body = issue_title(drift), document_markdown(drift)
    if options["only_print"]:
        emit(f"{title}\n\n{body}")
        return 0
    clean = drift.get("exit") == 0
    return _post(_place(), options, lambda api: keep_issue(api, title, body, clean=clean))


@github.command(
    epilog="\b\nExamples:\n  reconciler github check plan.json\n  reconciler github check drift.json"
)
@_documents
@click.option("--commit", metavar="SHA", help="Commit.  [default: head of the pull request, or of the event]")
@_printing
@common(FORMATS)
@exits
def check(files: tuple[Path, ...], commit: str | None, **options: Any) -> int:
    """Keep a check run on the commit for each document: the plan, and drift beside it."""
    from reconciler.errors import UsageError
    from reconciler.github.checks import keep_check

    found = _read(files, options)
    place = None if options["only_print"] else _place()
    checks = [_check(found, document) for document in found.all]
    if place is None:
        for one in checks:
            emit(f"{one.name}: {one.conclusion}: {one.title}\n\n{one.summary}")
        return 0
    sha = commit or place.commit
    if sha is None:
        raise UsageError("no commit is known; --commit SHA names one")

    async def keep_all(api: GitHub) -> Kept:
        return [await keep_check(api, sha, one) for one in checks][-1]

    return _post(place, options, keep_all)


@github.command(epilog="\b\nExamples:\n  reconciler github summary plan.json drift.json")
@_documents
@click.option("--report-url", metavar="URL", help="Page of the whole report.  [default: the workflow run]")
@_printing
@common(FORMATS)
@exits
def summary(files: tuple[Path, ...], **options: Any) -> int:
    """Add the documents to the summary of the workflow's job, below its 1 MiB."""
    from reconciler.github.files import append, summary_room
    from reconciler.report.markdown import document_markdown

    found = _read(files, options)
    path = _runner_file("GITHUB_STEP_SUMMARY")
    for document in found.all:
        room = summary_room(path) // 2
        if room < 20_000:
            say("warning: the summary of this step is full; the rest is in the files")
            return 0
        page = (
            _plan_page(found, options["report_url"], limit=room, with_drift=False)
            if document is found.plan
            else document_markdown(document, limit=room)
        )
        if options["only_print"]:
            emit(page)
        else:
            append(path, page + "\n")
    return 0


@github.command("annotations", epilog="\b\nExamples:\n  reconciler github annotations plan.json drift.json")
@_documents
@common(FORMATS)
@exits
def annotate(files: tuple[Path, ...], **options: Any) -> int:
    """Print what widens, and what drifted, as annotations at the lines of the channel files."""
    from reconciler.report.github import annotation_lines

    found = _read(files, options)
    lines = annotation_lines([one for document in found.all for one in _placed(found, document)])
    if lines:
        emit(lines)
    return 0


@github.command(epilog="\b\nExamples:\n  reconciler github outputs plan.json")
@_documents
@_printing
@common(FORMATS)
@exits
def outputs(files: tuple[Path, ...], **options: Any) -> int:
    """Hand verdict, digest, exposure and counts to the workflow as outputs of this step."""
    from reconciler.github.files import append, output_lines
    from reconciler.report.github import step_outputs

    found = _read(files, options)
    values = step_outputs(found.all, held=bool(found.held))
    if options["only_print"]:
        emit("\n".join(f"{name}={value}" for name, value in values.items()))
    else:
        append(_runner_file("GITHUB_OUTPUT"), output_lines(values))
    return 0


@github.command(epilog="\b\nExamples:\n  reconciler github reviewed")
@common(FORMATS)
@exits
def reviewed(**options: Any) -> int:
    """Find the workflow run that kept a plan of just these channel files, for apply; exit 4 where none did.

    Gives the step outputs `run-id` and `artifact`. A squash or a merge changes the commit, and not the tree of the
    channel folder, by which the plan is found. Runs of forks do not count.
    """
    from reconciler.cli.session import make_binding, open_desk, require_api
    from reconciler.github.artifacts import find_artifact
    from reconciler.github.files import append, output_lines
    from reconciler.report.github import artifact_name

    desk = open_desk(**options)
    binding = make_binding(desk, require_api())
    name = artifact_name(binding.organisation, binding.tree)
    run = _ask(_place(), options, lambda api: find_artifact(api, name)) if name else None
    if name is None or run is None:
        say(
            f"error: no pull request planned these channel files for {binding.organisation} (artifact {name});"
            " nothing is applied. Run the plan workflow on this commit and have its plan reviewed"
        )
        return NOT_REVIEWED
    append(_runner_file("GITHUB_OUTPUT"), output_lines({"run-id": str(run), "artifact": name}))
    emit(f"reviewed in run {run}")
    return 0


@dataclass(frozen=True, slots=True)
class Found:
    """The documents of the files, each at most once."""

    settings: Settings
    all: Sequence[JsonObject]
    plan: JsonObject | None
    drift: JsonObject | None
    held: str | None
    """Why the thresholds would hold the plan."""

    @property
    def has_news(self) -> bool:
        """Whether there is anything to tell a reviewer."""
        from reconciler.report.changes import groups, webhooks_to_write

        return bool(self.plan and (groups(self.plan) or webhooks_to_write(self.plan)))


def _read(files: Sequence[Path], options: dict[str, Any]) -> Found:
    from reconciler.cli.options import make_settings
    from reconciler.cli.plan import load
    from reconciler.errors import UsageError

    settings = make_settings(options["repo"], channels=options["channels"], ca_file=options["ca_file"])
    documents: dict[str, JsonObject] = {}
    for path in files:
        document = load(path)
        command = document.get("command") if isinstance(document, dict) else None
        if command not in ("plan", "apply", "drift") or command in documents:
            raise UsageError(f"{path} must be the JSON of one plan, one apply or one look for drift")
        documents[command] = document
    plan = documents.get("plan")
    return Found(
        settings, list(documents.values()), plan, documents.get("drift"), _held(plan, settings.limits)
    )


def _held(plan: JsonObject | None, limits: Limits) -> str | None:
    """Say why an apply would be held: by what the plan holds, or else, such as no file left, by what it says."""
    from reconciler.decide.limits import held
    from reconciler.decide.saved_plan import read_plan
    from reconciler.report import facts

    if plan is None:
        return None
    reason = held(read_plan(plan), percent=limits.change_percent, floor=limits.change_floor)
    return reason or facts.word(plan, "held") or None


def _plan_page(found: Found, url: str | None, *, limit: int = 65_000, with_drift: bool = True) -> str:
    from reconciler.github.place import run_url
    from reconciler.report.drift_markdown import drift_section
    from reconciler.report.plan_markdown import Extras, plan_markdown

    assert found.plan is not None  # noqa: S101 - asked for by whoever calls
    drift = drift_section(found.drift) if found.drift and with_drift else ""
    whole = _checked_url(url) if url else run_url(os.environ) or ""
    plan = {**found.plan, "held": found.held}
    return plan_markdown(plan, limit=limit, extras=Extras(drift=drift, whole=whole))


def _checked_url(url: str) -> str:
    from reconciler.errors import UsageError
    from reconciler.github.place import URL

    if not URL.fullmatch(url):
        raise UsageError("--report-url must be an https URL of letters, digits and . _ / -")
    return url


def _check(found: Found, document: JsonObject) -> Any:
    from reconciler.github.checks import SUMMARY_LIMIT, Check
    from reconciler.github.place import run_url
    from reconciler.report import facts
    from reconciler.report.github import check_annotation, check_name, conclusion, title_of
    from reconciler.report.markdown import document_markdown
    from reconciler.report.markdown_page import marker

    held = bool(found.held) and document is found.plan
    is_plan = document is found.plan
    return Check(
        name=check_name(document),
        conclusion=conclusion(document, held=held),
        title=title_of(document),
        summary=_plan_page(found, None, limit=SUMMARY_LIMIT, with_drift=False)
        if is_plan
        else document_markdown(document, limit=SUMMARY_LIMIT),
        mark=marker(facts.word(document, "command"), facts.word(document, "organisation"))[5:-4],
        annotations=[check_annotation(note, line) for note, line in _placed(found, document)],
        details_url=run_url(os.environ),
    )


def _placed(found: Found, document: JsonObject) -> list[tuple[Any, int]]:
    from reconciler.acts.places import lines_of
    from reconciler.report.github import notes

    told = notes(document)
    lines = lines_of(found.settings.repo, [(note.file, note.pointer) for note in told])
    return list(zip(told, lines, strict=True))


def _runner_file(variable: str) -> Path:
    from reconciler.errors import UsageError

    path = os.environ.get(variable)
    if not path:
        raise UsageError(f"{variable} is not set; a workflow sets it")
    return Path(path)


def _place() -> Place:
    from reconciler.github.place import read_place

    return read_place(os.environ)


def _post(place: Place, options: dict[str, Any], keep: Callable[[GitHub], Awaitable[Kept]]) -> int:
    kept = _ask(place, options, keep)
    if not options["quiet"]:
        emit(f"{kept.deed}{f' {kept.url}' if kept.url else ''}")
    return 0


def _ask(place: Place, options: dict[str, Any], ask: Callable[[GitHub], Awaitable[Answer]]) -> Answer:
    from reconciler.cli.options import make_settings
    from reconciler.cli.session import reading
    from reconciler.clock import SystemClock
    from reconciler.github.client import GitHub
    from reconciler.transport import WriteTransport

    settings = make_settings(options["repo"], ca_file=options["ca_file"])

    async def story(clock: SystemClock) -> Answer:
        async with WriteTransport(ca_file=settings.ca_file, connections=1) as transport:
            return await ask(GitHub(transport, place, clock, say))

    return reading(story)
