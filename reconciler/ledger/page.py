"""What one run leaves on the record branch: paths, bytes, hashes and the words of the commit.

Pure: every name that becomes a path is checked here, and nothing is read or written.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from reconciler.errors import RecordError
from reconciler.model import JsonObject
from reconciler.report.escape import shown
from reconciler.report.stream import in_pieces

FILE_BYTES = 16 * 1024 * 1024
"""The most that one file of the record may hold, when it is written and when it is read."""

RUN = re.compile(r"[a-z0-9-]{1,64}")
WHEN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|\+00:00)")
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,127}")
OBJECT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
COMMAND = re.compile(r"[a-z]{1,20}")
RECORD_PATH = re.compile(r"runs/\d{4}/\d{2}/\d{8}T\d{9}Z-(?P<run>[a-z0-9-]{1,64})\.json")
PATH_TRAILER = "Reconciler-Record"


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record as it stands on the branch."""

    path: str
    run: str
    document: JsonObject
    """Empty where the file is no JSON object any more."""
    hash: str
    """`sha256:…` over the file's exact bytes."""


@dataclass(frozen=True, slots=True)
class Page:
    """What one run adds to the branch; the record's `previous` is known only when it is committed."""

    path: str
    document: JsonObject
    files: Mapping[str, bytes | None]
    """Beside the record: its Markdown, and what was last applied; None removes a file."""


def make_page(
    record: JsonObject, markdown: str, applied: Mapping[str, JsonObject | None], organisation: str
) -> Page:
    """Check a record and lay out its files; RecordError says what may not be recorded, and why."""
    path = record_path(record)
    files: dict[str, bytes | None] = {path.removesuffix(".json") + ".md": _text_bytes(markdown)}
    for name, document in applied.items():
        # Which run it comes from settles, where two wrote at the same time, which one was last.
        stamped = None if document is None else {**document, "run": record["run"], "when": record["when"]}
        files[applied_path(organisation, name)] = None if stamped is None else file_bytes(stamped)
    file_bytes(record)
    return Page(path, dict(record), files)


def record_path(record: JsonObject) -> str:
    """Give the path of a record: `runs/<yyyy>/<mm>/<utc>-<run>.json`."""
    run, when = str(record.get("run")), str(record.get("when"))
    if not RUN.fullmatch(run):
        raise RecordError(f'"{shown(run)}" cannot name a run; 1 to 64 of a-z, 0-9 and "-" can')
    moment = _moment(when)
    stamp = f"{moment:%Y%m%dT%H%M%S}{moment.microsecond // 1000:03d}Z"
    return f"runs/{moment:%Y}/{moment:%m}/{stamp}-{run}.json"


def applied_folder(organisation: str) -> str:
    """Give the folder of what was last applied to an organisation."""
    if not NAME.fullmatch(organisation):
        raise RecordError(_unfit("an organisation", organisation))
    return f"applied/{organisation}"


def applied_path(organisation: str, name: str) -> str:
    """Give the path of what was last applied to one channel."""
    if not NAME.fullmatch(name):
        raise RecordError(_unfit("a channel", name))
    return f"{applied_folder(organisation)}/{name}.json"


def file_bytes(document: JsonObject) -> bytes:
    """Write a JSON object in the one way that hashes are made of."""
    encoder = json.JSONEncoder(sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
    data: list[bytes] = []
    try:
        for piece in in_pieces(encoder.iterencode(dict(document))):
            data.append(_text_bytes(piece))
            _require_size(sum(map(len, data)))
    except (TypeError, ValueError, RecursionError) as error:
        raise RecordError(f"the record is not JSON: {shown(str(error))}") from error
    return b"".join([*data, b"\n"])


def read_document(data: bytes) -> JsonObject | None:
    """Read a JSON object; None where the bytes are none."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def read_record(path: str, data: bytes) -> StoredRecord:
    """Make a stored record of a file's bytes, whatever they are."""
    match = RECORD_PATH.fullmatch(path)
    run = match["run"] if match else ""
    return StoredRecord(path, run, read_document(data) or {}, hash_of(data))


def hash_of(data: bytes) -> str:
    """Give `sha256:…` of a file's exact bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def without_previous(document: JsonObject) -> JsonObject:
    """Give what a run itself recorded, without its place in the chain."""
    return {key: value for key, value in document.items() if key != "previous"}


def commit_message(path: str, document: JsonObject) -> str:
    """Write one line, and the trailers that `git log` can show and search."""
    command = str(document.get("command"))
    subject = command if COMMAND.fullmatch(command) else "run"
    code = document.get("exit")
    trailers = {
        "Reconciler-Source": _object_id(document.get("commit")),
        "Reconciler-Tree": _object_id(document.get("tree")),
        "Reconciler-Run": str(document.get("run")),
        "Reconciler-Result": str(code) if isinstance(code, int) else "none",
        PATH_TRAILER: path,
    }
    lines = [f"{name}: {value}" for name, value in trailers.items()]
    return "\n".join([f"Record {subject} {document.get('run')}", "", *lines, ""])


def moment_of(document: JsonObject) -> datetime | None:
    """Give the time a document says it was made; None where it says none."""
    try:
        return _moment(str(document.get("when")))
    except RecordError:
        return None


def _moment(when: str) -> datetime:
    try:
        if WHEN.fullmatch(when):
            return datetime.fromisoformat(when).astimezone(UTC)
    except ValueError:
        pass  # a 13th month has the right shape, too
    raise RecordError(f'"{shown(when)}" is no time of a record; write UTC as in 2025-01-31T12:00:00.000Z')


def _text_bytes(text: str) -> bytes:
    try:
        data = text.encode()
    except UnicodeEncodeError as error:
        raise RecordError("the record holds half of a surrogate pair, which no file can hold") from error
    _require_size(len(data))
    return data


def _require_size(size: int) -> None:
    if size > FILE_BYTES:
        raise RecordError(f"the record has {size} bytes or more; {FILE_BYTES} are allowed")


def _object_id(value: object) -> str:
    return value if isinstance(value, str) and OBJECT.fullmatch(value) else "none"


def _unfit(what: str, value: str) -> str:
    return f'"{shown(value)}" cannot name {what} in the record; 1 to 128 of a-z, 0-9, ".", "_" and "-" can'
