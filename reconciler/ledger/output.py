"""What git's plumbing prints, read into values; pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from reconciler.errors import RecordError
from reconciler.ledger.command import complaint_words
from reconciler.report.escape import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.ledger.command import Answer

RACE_WORDS = ("cannot lock ref", "failed to update ref", "incorrect old value", "reference already exists")
"""How git says that somebody else moved a ref first."""


class Push(Enum):
    """How a push ended, as far as its answer says."""

    LANDED = "landed"
    BEHIND = "behind"
    REFUSED = "refused"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Blob:
    """A file of a tree; its size is in bytes."""

    id: str
    size: int


@dataclass(frozen=True, slots=True)
class Edit:
    """One file that a commit changed, by blob ids; None stands for a file that is not there."""

    path: str
    before: str | None
    after: str | None


def lost_race(text: str) -> bool:
    """Say whether git complains that somebody else moved a ref first."""
    return any(words in text for words in RACE_WORDS)


def read_push(answer: Answer) -> tuple[Push, str]:
    """Read the answer of `push --porcelain` of one ref: how it ended, and why in words."""
    if answer.status == 0:
        return Push.LANDED, ""
    line = next((line for line in answer.text.splitlines() if line.startswith("!")), "")
    words = complaint_words(answer.complaint)
    if "[remote rejected]" not in line:
        return (Push.BEHIND if "[rejected]" in line else Push.UNCLEAR), words
    if lost_race(line + answer.complaint):
        return Push.BEHIND, words
    reason = shown(line.partition("[remote rejected]")[2].strip(" ()"))
    return Push.REFUSED, f'{reason}; the remote says "{words}"'


def index_line(path: str, blob: str | None, base: str | None) -> str:
    """Write what `update-index -z --index-info` reads for one file; None removes it from the base's."""
    # A removal names nothing, in as many zeros as this repository's names have digits.
    return f"100644 {blob}\t{path}\0" if blob else f"0 {'0' * len(base or '')}\t{path}\0"


def read_listing(listing: bytes) -> Iterator[tuple[str, Blob]]:
    """Read the files of `ls-tree -r -l -z`."""
    for entry in filter(None, listing.split(b"\0")):
        facts, _, path = entry.partition(b"\t")
        _, kind, name, size = facts.split()
        if kind == b"blob":
            yield path.decode("utf-8", "replace"), Blob(name.decode(), int(size))


def read_batch(output: bytes) -> Iterator[bytes]:
    """Read the contents that `cat-file --batch` gives."""
    start = 0
    while start < len(output):
        end = output.index(b"\n", start)
        header = output[start:end].decode("utf-8", "replace")
        if len(header.split()) != 3:
            raise RecordError(f"git cannot read a file of the record: {shown(header)}")
        size = int(header.split()[2])
        yield output[end + 1 : end + 1 + size]
        start = end + 1 + size + 1


def read_edits(output: bytes) -> Iterator[tuple[Edit, ...]]:
    """Read the edits of `diff-tree --stdin --raw -z`, one commit at a time."""
    edits: list[Edit] = []
    fields = iter(output.decode("utf-8", "replace").split("\0"))
    for field in filter(None, fields):
        if field.startswith(":"):
            _, _, before, after, _ = field.split()
            edits.append(Edit(next(fields), _present(before), _present(after)))
        else:
            # Each commit begins with its own name.
            yield tuple(edits)
            edits = []
    yield tuple(edits)


def _present(name: str) -> str | None:
    return name if name.strip("0") else None
