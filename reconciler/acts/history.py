"""Read the history of one channel: the versions of its files in Git, and the recorded runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from reconciler.decide.history import Event, moved, ordered, run_events
from reconciler.desired.document import Document, read_document
from reconciler.desired.overlays import merged
from reconciler.kinds import kind_named
from reconciler.ledger.history import FileCommit, file_commits
from reconciler.model import Channel, Json, JsonObject


def read_history(
    repo: Path, channel: Channel, records: Sequence[JsonObject], field: str | None
) -> list[Event]:
    """Give every event of a channel, oldest first; with a field (a pointer into spec), those that moved it."""
    commits = _commit_events(channel, _commits(repo, (channel.file, *channel.overlays)))
    return ordered([*commits, *run_events(records, channel.name)], field)


def _commits(repo: Path, files: Sequence[str]) -> list[Mapping[str, FileCommit]]:
    """Give the commits that changed one of the files, oldest first: each by the files that it changed."""
    found: dict[str, dict[str, FileCommit]] = {}
    for file in files:
        for commit in file_commits(repo, file):
            found.setdefault(commit.id, {})[file] = commit
    return sorted(found.values(), key=lambda touched: datetime.fromisoformat(_any(touched).when))


def _commit_events(channel: Channel, commits: Sequence[Mapping[str, FileCommit]]) -> Iterator[Event]:
    before: JsonObject = {}
    values: dict[str, Json] = {}
    for touched in commits:
        values |= {file: _value(file, commit.content) for file, commit in touched.items()}
        after = _spec(channel, values)
        fields = moved(before, after)
        if fields:
            commit = _any(touched)
            yield Event(commit.when, "commit", commit.author, commit.id, commit.subject, fields)
        before = after


def _any(touched: Mapping[str, FileCommit]) -> FileCommit:
    return next(iter(touched.values()))


def _value(file: str, content: bytes | None) -> JsonObject:
    document = read_document(file, content) if content is not None else None
    return document.value if isinstance(document, Document) else {}


def _spec(channel: Channel, values: Mapping[str, Json]) -> JsonObject:
    """Give what the files wanted together; nothing where there was no channel file then."""
    wanted = values.get(channel.file, {})
    for file in channel.overlays if wanted else ():
        wanted = merged(wanted, values.get(file, {}))
    spec = wanted.get("spec")
    return kind_named(channel.kind).normalise(spec) if isinstance(spec, dict) else {}
