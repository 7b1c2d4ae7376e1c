"""How a record comes to stand on the local branch, and local records on top of the remote's.

Published records are never touched. A record that only this clone holds gets its place in the chain anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.errors import RecordError
from reconciler.ledger.branch import NAME
from reconciler.ledger.page import RECORD_PATH, commit_message, file_bytes, moment_of, without_previous
from reconciler.ledger.reading import last_hash, read_blob

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.ledger.branch import Branch
    from reconciler.ledger.output import Edit
    from reconciler.ledger.page import Page
    from reconciler.model import JsonObject

MOVES = 30
"""Tries to move the local branch while other processes of this machine move it."""
CONTENDED = f"other processes keep moving the branch {NAME}; try again when they have ended"


@dataclass(frozen=True, slots=True)
class Entry:
    """A record on its way into a commit, with the blobs that go with it; None removes a file."""

    path: str
    document: JsonObject
    blobs: Mapping[str, str | None]


def keep(branch: Branch, page: Page) -> None:
    """Commit a page on top of the local branch, or of what is known of the remote's."""
    present = {path: data for path, data in page.files.items() if data is not None}
    blobs = dict(zip(present, branch.write(present.values()), strict=True))
    entry = Entry(page.path, page.document, {path: blobs.get(path) for path in page.files})
    for _ in range(MOVES):
        tips = branch.tips()
        base = tips.local or tips.seen or tips.tracking
        if base and branch.files(base, page.path):
            raise RecordError(f"{page.path} is on the branch {NAME} already; a run is recorded once")
        if branch.move(_commit(branch, entry, base), tips.local):
            return
    raise RecordError(CONTENDED)


def join(branch: Branch, theirs: str) -> None:
    """Let the local branch hold all of the remote's tip, with records of our own on top of it."""
    for _ in range(MOVES):
        ours = branch.tips().local
        joined = theirs if ours is None else _joined(branch, ours, theirs)
        if joined == ours or branch.move(joined, ours):
            return
    raise RecordError(CONTENDED)


def _commit(branch: Branch, entry: Entry, base: str | None) -> str:
    [blob] = branch.write([file_bytes({**entry.document, "previous": last_hash(branch, base)})])
    return branch.commit(base, {**entry.blobs, entry.path: blob}, commit_message(entry.path, entry.document))


def _joined(branch: Branch, ours: str, theirs: str) -> str:
    only_ours, only_theirs = branch.counts(ours, theirs)
    if only_theirs == 0:
        return ours
    return _replay(branch, ours, theirs) if only_ours else theirs


def _replay(branch: Branch, ours: str, theirs: str) -> str:
    tip = theirs
    there: dict[str, str | None] = {
        path: blob.id for path, blob in branch.files(theirs, "runs", "applied").items()
    }
    for edits in branch.edits(theirs, ours):
        for entry in _entries(branch, edits, there):
            tip = _commit(branch, entry, tip)
            there.update(entry.blobs)
    return tip


def _entries(branch: Branch, edits: tuple[Edit, ...], there: Mapping[str, str | None]) -> Iterator[Entry]:
    for edit in edits:
        if edit.before or not edit.after or not RECORD_PATH.fullmatch(edit.path):
            continue
        document = read_blob(branch, edit.after, edit.path)
        published = there.get(edit.path)
        if published:
            _require_same(edit.path, document, read_blob(branch, published, edit.path))
            continue
        markdown = edit.path.removesuffix(".json") + ".md"
        beside = [side for side in edits if side.path == markdown or _is_last(branch, side, document, there)]
        yield Entry(edit.path, document, {side.path: side.after for side in beside})


def _is_last(branch: Branch, edit: Edit, document: JsonObject, there: Mapping[str, str | None]) -> bool:
    """Say whether our word about an applied channel is newer than the remote's."""
    if not edit.path.startswith("applied/"):
        return False
    theirs = there.get(edit.path)
    if theirs == edit.before:
        return True
    if theirs is None:
        return False  # another run has removed the channel since
    ours_moment, their_moment = moment_of(document), moment_of(read_blob(branch, theirs, edit.path))
    return their_moment is None or (ours_moment is not None and ours_moment >= their_moment)


def _require_same(path: str, ours: JsonObject, theirs: JsonObject) -> None:
    if without_previous(ours) != without_previous(theirs):
        raise RecordError(f"{path} is on the remote with another content; two runs cannot have one name")
