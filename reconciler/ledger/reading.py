"""What stands on the record branch at one tip, as records and documents; it writes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.errors import RecordError, UsageError
from reconciler.ledger.branch import NAME
from reconciler.ledger.chain import Chain, last_record, verify_chain
from reconciler.ledger.page import (
    RECORD_PATH,
    StoredRecord,
    applied_folder,
    hash_of,
    read_document,
    read_record,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from reconciler.ledger.branch import Branch
    from reconciler.ledger.output import Blob
    from reconciler.model import JsonObject

LATEST = "latest"
CHUNK = 32
"""Records that are read in one process, where the wanted one is likely among the newest."""


def newest_tip(branch: Branch) -> str | None:
    """Choose the local branch, or what is known of the remote's where that goes further."""
    tips = branch.tips(to_read=True)
    best = tips.local
    for other in (tips.seen, tips.tracking):
        if other and (best is None or branch.is_ancestor(best, other)):
            best = other
    return best


def read_records(branch: Branch, tip: str) -> tuple[StoredRecord, ...]:
    """Read every record, oldest first by the time in its name."""
    files = record_files(branch, tip)
    contents = branch.contents(list(files.values()))
    return tuple(read_record(path, data) for path, data in zip(files, contents, strict=True))


def walk_records(branch: Branch, tip: str) -> Iterator[StoredRecord]:
    """Read every record, oldest first, a few at a time, so that nobody must hold them all."""
    files = record_files(branch, tip)
    paths = list(files)
    for first in range(0, len(paths), CHUNK):
        some = paths[first : first + CHUNK]
        contents = branch.contents([files[path] for path in some])
        yield from (read_record(path, data) for path, data in zip(some, contents, strict=True))


def read_one(branch: Branch, tip: str, run_prefix: str) -> StoredRecord | None:
    """Read one record by the beginning of its run's name, or the newest; UsageError where several do."""
    files = record_files(branch, tip)
    path = max(files, default=None) if run_prefix == LATEST else _choose(files, run_prefix)
    return read_record(path, branch.contents([files[path]])[0]) if path else None


def read_newest(branch: Branch, tip: str, is_wanted: Callable[[JsonObject], bool]) -> StoredRecord | None:
    """Read records from the newest on, until one is wanted."""
    paths = list(reversed(files := record_files(branch, tip)))
    for first in range(0, len(paths), CHUNK):
        some = paths[first : first + CHUNK]
        contents = branch.contents([files[path] for path in some])
        for path, data in zip(some, contents, strict=True):
            record = read_record(path, data)
            if is_wanted(record.document):
                return record
    return None


def read_applied(branch: Branch, tip: str, organisation: str) -> Mapping[str, JsonObject]:
    """Read what was last applied to an organisation, by channel name."""
    blobs = branch.files(tip, applied_folder(organisation))
    contents = branch.contents(list(blobs.values()))
    pairs = zip(blobs, contents, strict=True)
    return {path.rpartition("/")[2].removesuffix(".json"): _document(path, data) for path, data in pairs}


def read_blob(branch: Branch, blob: str, path: str) -> JsonObject:
    """Read one JSON file by its blob; the path is for the message."""
    return _document(path, branch.content(blob))


def record_files(branch: Branch, tip: str) -> dict[str, Blob]:
    """List the records by path, oldest first."""
    files = sorted(branch.files(tip, "runs").items())
    return {path: blob for path, blob in files if RECORD_PATH.fullmatch(path)}


def last_hash(branch: Branch, tip: str | None) -> str | None:
    """Give the hash of the record that the next one follows; None where there is none yet."""
    if tip is None:
        return None
    path = branch.last_path(tip)
    blob = branch.files(tip, path).get(path) if path and RECORD_PATH.fullmatch(path) else None
    if blob:
        return hash_of(branch.contents([blob])[0])
    # Somebody's own commits hide ours in a shallow clone: ask the records themselves.
    last = last_record(read_records(branch, tip))
    return last.hash if last else None


def check_records(branch: Branch, tip: str) -> Chain:
    """Check the chain, and that no commit changed or removed what was recorded."""
    chain = verify_chain(read_records(branch, tip))
    broken = _touched(branch, tip) or _unlike_published(branch, tip)
    if broken:
        return Chain(valid=False, length=chain.length, first_bad=broken[0], reason=broken[1])
    if chain.valid and branch.is_cut_off(tip):
        reason = "this clone is shallow, so older commits were not checked; git fetch --unshallow brings them"
        return replace(chain, reason=reason)
    return chain


def _touched(branch: Branch, tip: str) -> tuple[str, str] | None:
    found = branch.touched(tip)
    if found is None:
        return None
    commit, path = found
    return path, f"commit {commit} changed or removed it after it was recorded"


def _unlike_published(branch: Branch, tip: str) -> tuple[str, str] | None:
    tips = branch.tips(to_read=True)
    ours = record_files(branch, tip)
    for other in (tips.seen, tips.tracking):
        # What the tip's own history holds has been checked commit by commit.
        if other is None or branch.is_ancestor(other, tip):
            continue
        theirs = record_files(branch, other)
        unlike = [path for path in ours if path in theirs and ours[path] != theirs[path]]
        if unlike:
            return unlike[0], "it differs from the same record of the remote"
    return None


def _choose(paths: Mapping[str, Blob], run_prefix: str) -> str | None:
    runs = {path: match["run"] for path in paths if (match := RECORD_PATH.fullmatch(path))}
    fitting = [path for path, run in runs.items() if run.startswith(run_prefix)]
    exact = [path for path in fitting if runs[path] == run_prefix]
    if len(exact or fitting) > 1:
        names = ", ".join(runs[path] for path in fitting[:5])
        raise UsageError(f"{len(fitting)} runs begin like that: {names}; write more of the name")
    return next(iter(exact or fitting), None)


def _document(path: str, data: bytes) -> JsonObject:
    document = read_document(data)
    if document is None:
        raise RecordError(f"{path} on the branch {NAME} is not JSON, so it was changed by hand")
    return document
