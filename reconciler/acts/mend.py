"""Repair and format channel files: edits are proposed first, and written only over what was looked at."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from reconciler.acts.adopt import round_trip
from reconciler.acts.folder import read_regular
from reconciler.acts.load import Loaded
from reconciler.desired.document import Document, read_document
from reconciler.desired.fix import fixed
from reconciler.desired.rules import RuleSettings
from reconciler.errors import UsageError
from reconciler.kinds import KINDS

COMMENT = re.compile(r"(?:^|[ \t])#[^\n]*", re.MULTILINE)
BLANKS = re.compile(r"\n{3,}")
Repair = Callable[[Document, RuleSettings, str | None], str]
"""Gives the better text of a file; the last word is the schema that its modeline should name."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What would become of one file."""

    file: str
    """Below the repository, with forward slashes."""
    before: bytes
    after: bytes


def tidied(document: Document, settings: RuleSettings, schema: str | None) -> str:
    """Give the text of a file in one form: indentation, blank lines, and all that can be repaired."""
    text = _laid_out(document)
    known = read_document(document.file, text.encode())
    return fixed(known if isinstance(known, Document) else document, settings, schema)


def proposed(repo: Path, loaded: Loaded, only: Collection[str], repair: Repair) -> Iterator[Edit]:
    """Say what would become of each file that was loaded; a file that is no YAML is left alone."""
    settings = loaded.rulebook.settings
    for name in loaded.names:
        if only and not any(name == one or name.startswith(one.rstrip("/") + "/") for one in only):
            continue
        data = read_regular(repo / name, name)
        document = read_document(name, data) if isinstance(data, bytes) else ()
        if isinstance(document, Document) and not document.flaws:
            after = repair(document, settings, _schema_of(repo, name, document)).encode()
            if after != document.data:
                yield Edit(name, document.data, after)


def write(repo: Path, edit: Edit) -> None:
    """Write one file, whole or not at all; raises `UsageError` where it is no longer as it was looked at."""
    path = repo / edit.file
    partial = path.with_name(path.name + ".partial")
    if read_regular(path, edit.file) != edit.before:
        raise UsageError(f"{edit.file} has changed while it was looked at; run the command again")
    try:
        handle = os.open(
            partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, path.stat().st_mode & 0o777
        )
        with os.fdopen(handle, "wb") as file:
            file.write(edit.after)
        partial.replace(path)
    except OSError as error:
        raise UsageError(f"{edit.file} cannot be written: {error.strerror}") from error


def _schema_of(repo: Path, name: str, document: Document) -> str | None:
    """Give the path of the schema as a file's modeline names it; None where the repository has no such schema."""
    schema = next((kind.schema for kind in KINDS if kind.name == document.value.get("kind")), None)
    if schema is None or not (repo / "schemas" / schema).is_file() or Path(name).is_absolute():
        return None
    return "../" * name.count("/") + f"schemas/{schema}"


def _laid_out(document: Document) -> str:
    """Lay the text out anew; the old text where that would lose a comment or change the meaning."""
    text = document.text
    plain = text.replace("\r\n", "\n")
    better = BLANKS.sub("\n\n", "\n".join(line.rstrip() for line in round_trip(plain).split("\n")))
    known = read_document(document.file, better.encode())
    same = (
        isinstance(known, Document)
        and known.value == document.value
        and _comments(better) == _comments(plain)
    )
    if not same:
        return text
    return better.replace("\n", "\r\n") if "\r\n" in text else better


def _comments(text: str) -> list[str]:
    return [found.strip() for found in COMMENT.findall(text)]
