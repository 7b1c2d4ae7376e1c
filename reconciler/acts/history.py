"""Read the history of one channel: the versions of its files in Git, and the recorded runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.decide.history import Event, moved, ordered, run_events
from reconciler.desired.document import Document, read_document
from reconciler.desired.overlays import merged
from reconciler.kinds import KINDS
from reconciler.ledger.history import FileCommit, file_commits, files_ever
from reconciler.model import Channel, JsonObject


@dataclass(frozen=True, slots=True)
class Past:
    """Where the history of one channel is looked for."""

    repo: Path
    folder: str
    """That of the channel files."""
    name: str
    channel: Channel | None
    """The channel of today; None where it left Git."""


def read_history(past: Past, records: Sequence[JsonObject], field: str | None) -> list[Event]:
    """Give every event of a channel, oldest first; with a field (a pointer into spec), those that moved it.

    Its file may have moved, or be gone: a channel is known by the stem of its file.
    """
    now = past.channel
    files = list(files_ever(past.repo, past.folder, past.name))
    files += [now.file] if now and now.file not in files else []
    overlays = now.overlays if now else ()
    commits = _commit_events(files, overlays, file_commits(past.repo, (*files, *overlays)))
    return ordered([*commits, *run_events(records, past.name)], field)


def _commit_events(
    files: Sequence[str], overlays: Sequence[str], commits: Sequence[FileCommit]
) -> Iterator[Event]:
    before: JsonObject = {}
    for commit in commits:
        values = {file: _value(file, content) for file, content in commit.contents.items()}
        after = _spec(files, overlays, values)
        fields = moved(before, after)
        if fields:
            yield Event(commit.when, "commit", commit.author, commit.id, commit.subject, fields)
        before = after


def _value(file: str, content: bytes) -> JsonObject:
    document = read_document(file, content)
    return document.value if isinstance(document, Document) else {}


def _spec(files: Sequence[str], overlays: Sequence[str], values: Mapping[str, JsonObject]) -> JsonObject:
    """Give what the files wanted together; nothing where there was no channel file then."""
    wanted: JsonObject = next(
        (found for file in files if isinstance(found := values.get(file), dict) and found), {}
    )
    for file in overlays if wanted else ():
        wanted = merged(wanted, values.get(file, {}))
    kind = next((kind for kind in KINDS if kind.name == wanted.get("kind")), None)
    spec = wanted.get("spec")
    return kind.normalise(spec) if kind and isinstance(spec, dict) else {}
