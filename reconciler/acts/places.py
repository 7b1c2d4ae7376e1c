"""At which line of its file a field of a channel stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from reconciler.acts.folder import read_regular
from reconciler.desired.document import Document, read_document
from reconciler.model import Pointer


def lines_of(repo: Path, wanted: Sequence[tuple[str, str]]) -> Iterator[int]:
    """Give the line of each (file below `repo`, RFC 6901 pointer into the spec), 1 where it cannot be told."""
    documents: dict[str, Document | None] = {}
    for file, pointer in wanted:
        if file not in documents:
            documents[file] = _read(repo, file)
        document = documents[file]
        yield _line(document, pointer) if document else 1


def _read(repo: Path, file: str) -> Document | None:
    path = repo / file
    if not path.resolve().is_relative_to(repo.resolve()):
        return None
    data = read_regular(path, file)
    document = read_document(file, data) if isinstance(data, bytes) else None
    return document if isinstance(document, Document) else None


def _line(document: Document, pointer: str) -> int:
    path: Pointer = ("spec", *(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]))
    # A field that the file leaves out stands nowhere; what holds it is the next best.
    for end in range(len(path), 0, -1):
        try:
            return document.place(path[:end], at_key=True)[0]
        except KeyError:
            continue
    return 1
