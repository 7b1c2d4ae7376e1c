"""What GitHub is told of a plan, a run or a look for drift: titles, conclusions, notes at lines, step outputs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.model import Action, DriftState, Exposure, JsonObject
from reconciler.report import facts
from reconciler.report.changes import field_views, groups
from reconciler.report.drift_text import who, worst_first
from reconciler.report.escape import command_data, command_property, shown
from reconciler.report.wording import ACTION_SYMBOLS, field_name, plan_verdict, run_verdict

ALARMING = (Exposure.WIDENS, Exposure.UNKNOWN)
TITLE = 200
MESSAGE = 1_000
NOTES_A_LEVEL = 10
"""Annotations of one level that a step shows; GitHub drops the others without a word."""
OUTPUT = 1_000


@dataclass(frozen=True, slots=True)
class Note:
    """Something to show at a line of a channel file."""

    file: str
    pointer: str
    """RFC 6901 pointer into the spec; where it stands in the file, whoever reads files must say."""
    level: str
    """`warning` or `notice`."""
    title: str
    message: str


def check_name(document: JsonObject) -> str:
    """Name the check run: drift has a status of its own, beside the change under review."""
    what, organisation = facts.word(document, "command"), facts.word(document, "organisation")
    return f"reconciler {what} ({shown(organisation)})" if organisation else f"reconciler {what}"


def verdict_of(document: JsonObject) -> str:
    """Say in one sentence what a document found."""
    match facts.word(document, "command"):
        case "plan":
            return plan_verdict(document)
        case "apply":
            return run_verdict(document)
        case _:
            return facts.word(document, "verdict")


def title_of(document: JsonObject) -> str:
    """Give the verdict as a title, on one line."""
    return shown(verdict_of(document), TITLE)


def issue_title(document: JsonObject) -> str:
    """Give the title of the issue about drift of one organisation."""
    return shown(f"{facts.word(document, 'organisation')}: {facts.word(document, 'verdict')}", TITLE)


def conclusion(document: JsonObject, *, held: bool = False) -> str:
    """Say how a check run ends; what only needs a look is neutral, which blocks nothing."""
    alarming = facts.word(document, "exposure") in ALARMING
    match facts.word(document, "command"):
        case "plan":
            return "failure" if held else "neutral" if alarming else "success"
        case "drift":
            moved = facts.count(document, "drifted")
            return "success" if not moved else "failure" if alarming else "neutral"
        case _:
            return "success" if facts.number(document, "exit") == 0 else "failure"


def step_outputs(documents: Sequence[JsonObject], *, held: bool = False) -> Mapping[str, str]:
    """Give the outputs of a step about several documents: drift beside a plan has names of its own."""
    found: dict[str, str] = {}
    for document in sorted(documents, key=lambda one: facts.word(one, "command") == "drift"):
        command = facts.word(document, "command")
        for name, value in outputs(document, held=held).items():
            found[f"{command}-{name}" if name in found else name] = value
    return found


def outputs(document: JsonObject, *, held: bool = False) -> Mapping[str, str]:
    """Give the outputs of a workflow step: one line each, whatever the document holds."""
    counts = {name: str(number) for name, number in facts.part(document, "summary").items()}
    results = facts.results(facts.rows(document, "outcomes"))
    found = {
        "verdict": verdict_of(document),
        "digest": facts.word(document, "digest") or facts.word(facts.part(document, "plan"), "digest"),
        "exposure": facts.word(document, "exposure"),
        "organisation": facts.word(document, "organisation"),
        "tree": facts.word(document, "tree"),
        "run": facts.word(document, "run"),
        "exit": facts.word(document, "exit"),
        "drifted": facts.word(document, "drifted"),
        "held": "true" if held else "",
        "artifact": _artifact(document) or "",
        "changes": str(_changes(document)) if facts.word(document, "command") == "plan" else "",
        **counts,
        **{result: str(number) for result, number in results.items()},
    }
    return {name: shown(value, OUTPUT) for name, value in found.items() if value}


def artifact_name(organisation: str, tree: str | None) -> str | None:
    """Name the artifact of a workflow that holds the plan of just these channel files; None outside Git."""
    plain = re.sub("[^A-Za-z0-9._-]", "-", organisation)[:64]
    return f"reconciler-plan-{plain}-{tree}" if tree and re.fullmatch("[0-9a-f]{40,64}", tree) else None


def notes(document: JsonObject) -> list[Note]:
    """Give what a reviewer should see at the lines themselves: what widens, and what drifted; worst first."""
    found = _drift_notes(document) if facts.word(document, "command") == "drift" else _plan_notes(document)
    return sorted(found, key=lambda note: (note.level != "warning", note.file, note.pointer))


def annotation_lines(placed: Sequence[tuple[Note, int]]) -> str:
    """Write notes with their lines as workflow commands: the worst of each level, then how many more there are."""
    lines: list[str] = []
    for level in ("warning", "notice"):
        some = [(note, line) for note, line in placed if note.level == level]
        kept = some if len(some) <= NOTES_A_LEVEL else some[: NOTES_A_LEVEL - 1]
        lines += [_annotation(note, line) for note, line in kept]
        if len(some) > len(kept):
            lines.append(f"::{level}::{len(some) - len(kept)} more in the report")
    return "".join(f"{line}\n" for line in lines)


def check_annotation(note: Note, line: int) -> Mapping[str, object]:
    """Write a note for a check run."""
    return {
        "path": note.file,
        "start_line": line,
        "end_line": line,
        "annotation_level": note.level,
        "title": note.title,
        "message": note.message,
    }


def _artifact(document: JsonObject) -> str | None:
    if facts.word(document, "command") != "plan" or document.get("offline"):
        return None
    return artifact_name(facts.word(document, "organisation"), facts.word(document, "tree"))


def _changes(document: JsonObject) -> int:
    return sum(facts.count(facts.part(document, "summary"), action) for action in ACTION_SYMBOLS)


def _annotation(note: Note, line: int) -> str:
    where = {"file": note.file, "line": str(line), "title": note.title}
    listed = ",".join(f"{name}={command_property(value)}" for name, value in where.items())
    return f"::{note.level} {listed}::{command_data(note.message)}"


def _plan_notes(document: JsonObject) -> Iterator[Note]:
    for group in groups(document):
        for channel in group.channels if group.action != Action.DELETE else ():
            file = facts.word(facts.part(channel, "desired"), "file")
            for change in facts.rows(channel, "changes") if file else ():
                if facts.word(change, "exposure") in ALARMING:
                    place = facts.word(facts.part(change, "origin"), "file") or file
                    yield _plan_note(place, facts.word(channel, "name"), change)


def _plan_note(file: str, name: str, change: JsonObject) -> Note:
    path = facts.word(change, "path")
    views = list(field_views(path, change.get("before"), change.get("after")))
    moved = [f"+ {value}" for view in views for value in view.added]
    moved += [f"- {value}" for view in views for value in view.removed]
    exposure = "widens" if facts.word(change, "exposure") == Exposure.WIDENS else "exposure unknown"
    title = shown(f"{name}: {exposure}")
    return Note(file, path, "warning", title, shown(f"{field_name(path)}: {', '.join(moved)}", MESSAGE))


def _drift_notes(document: JsonObject) -> Iterator[Note]:
    for channel in worst_first(document):
        file, name = facts.word(channel, "file"), facts.word(channel, "name")
        for field in facts.rows(channel, "fields") if file else ():
            if facts.word(field, "state") == DriftState.PENDING:
                continue
            level = "warning" if facts.word(field, "exposure") in ALARMING else "notice"
            path = facts.word(field, "path")
            told = f"{field_name(path)} drifted, {facts.word(field, 'exposure')}"
            attribution = facts.part(field, "attribution")
            message = f"{told}; {who(attribution)}" if attribution else told
            yield Note(file, path, level, shown(f"{name}: drift"), shown(message, MESSAGE))
