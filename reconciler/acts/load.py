"""Read the channel folder and judge it: bytes in, channels or findings out. What bytes mean is decided in `desired`."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from reconciler.acts.bulk import File, collector_paused, read_documents
from reconciler.acts.folder import candidates, is_below, read_regular, shown_path, walk
from reconciler.desired.document import Document, read_document
from reconciler.desired.overlays import Patch, lay_over
from reconciler.desired.own_rules import ENDING, FILES_LIMIT, FOLDER, policy_finding
from reconciler.desired.rules import Rulebook, RuleSettings, judge, make_rulebook
from reconciler.desired.suffix import Suffixes
from reconciler.desired.waivers import state_of, waiver_findings
from reconciler.errors import InvalidFiles, UsageError
from reconciler.model import Channel, Finding, JsonObject, Severity, Waived, Waiver, WaiverState

if TYPE_CHECKING:
    from reconciler.acts.cache import Cache

REMEMBERED = 500
"""Fewer files are judged sooner than they are looked up."""
COLLECTED = 1_000
"""Files among whose values the collector may look for what can go; of more, all stay, and are not looked at again."""
SCHEMA_SUFFIX = ".schema.json"
OF_RULES = ("policy-file", "waiver-invalid")
PACKAGED = Path(__file__).resolve().parent.parent / "_files"
CHECKOUT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the channel folder says."""

    channels: tuple[Channel, ...]
    findings: tuple[Finding, ...]
    files: str
    """`sha256:…` over path and bytes of every channel file and every overlay."""
    schemas: Mapping[str, JsonObject] = field(repr=False)
    count: int
    """Files that were looked at."""
    rulebook: Rulebook
    """The rules by which they were judged."""
    waived: tuple[Waived, ...] = ()
    """Findings that a waiver covers."""
    waivers: tuple[tuple[Waiver, WaiverState], ...] = ()
    """Every waiver, and how it stands."""
    names: tuple[str, ...] = ()
    """The files that were looked at."""

    @property
    def places(self) -> int:
        """How many files were judged, with those of the settings and rules that something is wrong with."""
        return len({*self.names, *(finding.file for finding in self.findings)})

    @property
    def rules(self) -> str:
        """`sha256:…` over the schemas and the rule settings."""
        from reconciler.acts.digests import rules_digest

        return rules_digest(self.schemas, self.rulebook.settings)

    @property
    def today(self) -> date:
        """The day on which waivers were judged."""
        return self.rulebook.settings.today

    def require_valid(self) -> tuple[Channel, ...]:
        """Give the channels, or raise `InvalidFiles` where one finding is an error."""
        if any(finding.severity is Severity.ERROR for finding in self.findings):
            raise InvalidFiles(self.findings)
        return self.channels


def shipped(name: str) -> Path:
    """Find a folder that ships with the tool: inside the wheel, or beside the package in a checkout."""
    packaged = PACKAGED / name
    return packaged if packaged.is_dir() else CHECKOUT / name


def load_schemas() -> Mapping[str, JsonObject]:
    """Read the schemas that ship with this version, by file name; never those of the repository under check."""
    folder = shipped("schemas")
    return {path.name: json.loads(path.read_bytes()) for path in sorted(folder.glob("*" + SCHEMA_SUFFIX))}


def load_schema_texts() -> Mapping[str, str]:
    """Read the text of the schemas that ship with this version, by file name."""
    return {path.name: path.read_text() for path in sorted(shipped("schemas").glob("*" + SCHEMA_SUFFIX))}


@cache
def load_suffixes() -> Suffixes:
    """Read the public suffix list that the library ships."""
    spec = find_spec("publicsuffixlist")
    if spec is None or spec.origin is None:
        raise UsageError("the library publicsuffixlist is not installed; install reconciler again")
    return Suffixes(Path(spec.origin).with_name("public_suffix_list.dat").read_bytes())


def load_own_rules(repo: Path) -> dict[str, bytes | Finding]:
    """Read the files of `schemas/policy/`, by their path below the repository; never follow a link."""
    folder = repo / FOLDER
    if not folder.is_dir() or folder.is_symlink():
        return {}
    paths = sorted(path for path in folder.iterdir() if path.name.endswith(ENDING))
    if len(paths) > FILES_LIMIT:
        raise UsageError(f"{FOLDER} holds more than {FILES_LIMIT} rules")
    return {f"{FOLDER}/{path.name}": _read_rule(path, f"{FOLDER}/{path.name}") for path in paths}


def _read_rule(path: Path, name: str) -> bytes | Finding:
    data = read_regular(path, name)
    return policy_finding(name, data.message) if isinstance(data, Finding) else data


class _Read(NamedTuple):
    """What stands in the folders, before anybody judges it."""

    files: list[File]
    patches: list[tuple[str, str, bytes | Finding]]
    """Of each file of an overlay: the folder, its name, its bytes."""
    unread: list[Finding]
    """What is wrong with channel files that could not be read."""
    names: list[str]
    """Of every channel file, read or not."""

    @property
    def all_names(self) -> tuple[str, ...]:
        return (*self.names, *(name for _, name, _ in self.patches))

    @property
    def digest(self) -> str:
        from reconciler.acts.digests import files_digest

        patches = ((name, data) for _, name, data in self.patches if isinstance(data, bytes))
        return files_digest([*self.files, *patches])


def load_channels(
    repo: Path, folder: str, rules: RuleSettings, paths: Sequence[Path] = (), overlays: Sequence[str] = ()
) -> Loaded:
    """Read and judge every channel file below `repo/folder`; with `paths`, show the findings of those only.

    `overlays` are folders below `repo` whose files are patched over the channel files, in this order. A path below
    one of the folders is judged together with all of them, so that a duplicate is found whichever of the two files
    is named; a path elsewhere is judged too. Raises `UsageError` where there is no such folder or path.
    """
    schemas = load_schemas()
    rulebook = make_rulebook(schemas, rules)
    with collector_paused():
        read = _read(repo, folder, paths, overlays)
        found = _documents(read.files, rulebook, _cache(repo / folder, schemas, rules, len(read.files)))
        laid = lay_over(
            [one for one in found if isinstance(one, Document)],
            [_read_patch(*patch) for patch in read.patches],
            known=read.names,
        )
        judged = judge(laid.documents, rulebook)
        if len(read.files) > COLLECTED:
            gc.freeze()
    names = [shown_path(path, repo) for path in paths]
    used, bounds = {one.waiver.name for one in judged.waived}, rules.policy.bounds
    findings = [
        *read.unread,
        *(finding for one in found if isinstance(one, tuple) for finding in one),
        *laid.findings,
        *rules.findings,
        *judged.findings,
        *waiver_findings(rules.waivers, rules.today, used, bounds),
    ]
    return Loaded(
        channels=judged.channels,
        findings=_selected(findings, names),
        files=read.digest,
        schemas=schemas,
        count=len(read.all_names),
        names=read.all_names,
        rulebook=rulebook,
        waived=tuple(one for one in judged.waived if _is_selected(one.finding, names)),
        waivers=tuple((one, state_of(one, rules.today, used, bounds.ending_days)) for one in rules.waivers),
    )


def _read(repo: Path, folder: str, paths: Sequence[Path], overlays: Sequence[str]) -> _Read:
    folders = [repo / one for one in (folder, *overlays)]
    inside = [path for path in paths if any(is_below(path, one) for one in folders)]
    outside = [path for path in paths if path not in inside]
    is_whole = not paths or bool(inside)
    listed = candidates(repo / folder, inside, outside, repo, whole=is_whole)
    read = [(name, read_regular(path, name)) for path, name in listed]
    return _Read(
        files=[(name, data) for name, data in read if isinstance(data, bytes)],
        patches=list(_patches(repo, overlays)) if is_whole else [],
        unread=[data for _, data in read if isinstance(data, Finding)],
        names=[name for name, _ in read],
    )


def _patches(repo: Path, overlays: Sequence[str]) -> Iterator[tuple[str, str, bytes | Finding]]:
    """Read every file of the overlay folders: the folder, the file's name below `repo`, its bytes."""
    for folder in overlays:
        root = repo / folder
        if not root.is_dir() or root.is_symlink():
            # Going on without it would give the organisation the values of all others.
            raise UsageError(f"there is no overlay folder {folder!r}, which fleet.yaml names")
        for path, name in walk(str(root), folder, 0):
            yield folder, name, read_regular(path, name)


def _read_patch(folder: str, name: str, data: bytes | Finding) -> Patch:
    return Patch(folder, name, (data,) if isinstance(data, Finding) else read_document(name, data))


def _documents(
    files: Sequence[File], rulebook: Rulebook, cache: Cache | None
) -> list[Document | tuple[Finding, ...]]:
    """Give every file as it is remembered or, if it is not, as it is read now, in the order given."""
    if cache is None:
        return read_documents(files, rulebook)
    known = cache.recall(files)
    fresh = read_documents([file for file, one in zip(files, known, strict=True) if one is None], rulebook)
    cache.remember([one for one in fresh if isinstance(one, Document)], len(files))
    rest = iter(fresh)
    return [next(rest) if one is None else one for one in known]


def _cache(root: Path, schemas: Mapping[str, JsonObject], rules: RuleSettings, count: int) -> Cache | None:
    """Give the memory of sound files; None for few files, which are judged sooner than its key is made."""
    if count < REMEMBERED:
        return None
    from reconciler.acts.cache import cache_of
    from reconciler.acts.digests import cache_key

    return cache_of(root, cache_key(schemas, rules), os.environ)


def _selected(findings: Sequence[Finding], names: Sequence[str]) -> tuple[Finding, ...]:
    order = sorted(findings, key=lambda finding: (finding.file, finding.line, finding.column, finding.rule))
    return tuple(finding for finding in order if _is_selected(finding, names))


def _is_selected(finding: Finding, names: Sequence[str]) -> bool:
    """Say whether a finding is about what was asked for; what is wrong with the rules themselves always is."""
    if not names or finding.rule in OF_RULES:
        return True
    return any(finding.file == name or finding.file.startswith(name.rstrip("/") + "/") for name in names)
