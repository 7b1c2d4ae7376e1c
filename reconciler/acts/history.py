"""Read the history of one channel: the versions of its file in Git, and the recorded runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from reconciler.decide.history import Event, moved, ordered, run_events
from reconciler.desired.document import Document, read_document
from reconciler.kinds import kind_named
from reconciler.ledger.history import FileCommit, file_commits
from reconciler.model import Channel, JsonObject


def read_history(
    repo: Path, channel: Channel, records: Sequence[JsonObject], field: str | None
) -> list[Event]:
    """Give every event of a channel, oldest first; with a field (a pointer into spec), those that moved it."""
    commits = _commit_events(channel, file_commits(repo, channel.file))
    return ordered([*commits, *run_events(records, channel.name)], field)


def _commit_events(channel: Channel, commits: Sequence[FileCommit]) -> Iterator[Event]:
    before: JsonObject = {}
    for commit in commits:
        after = _spec(channel, commit)
        fields = moved(before, after)
        if fields:
            yield Event(commit.when, "commit", commit.author, commit.id, commit.subject, fields)
        before = after


def _spec(channel: Channel, commit: FileCommit) -> JsonObject:
    """Give what the file wanted after a commit; nothing where it was no channel file then."""
    document = read_document(channel.file, commit.content) if commit.content is not None else None
    spec = document.value.get("spec") if isinstance(document, Document) else None
    return kind_named(channel.kind).normalise(spec) if isinstance(spec, dict) else {}
