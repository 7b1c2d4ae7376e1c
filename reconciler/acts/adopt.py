"""Make channel files of live channels: a new file for one that Git does not know, a minimal edit for one it does.

The only home of ruamel.yaml, which keeps comments and order; what the files then mean is judged like any other.
"""

from __future__ import annotations

import difflib
import io
import os
import re
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.representer import RoundTripRepresenter
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from reconciler.acts.load import load_schemas
from reconciler.decide.diff import compare
from reconciler.errors import UsageError
from reconciler.kinds import kind_named
from reconciler.kinds.kind import Kind, Steps
from reconciler.model import Channel, ChannelDrift, FieldChange, Json, LiveChannel, Pointer

_CONVERSATIONS = ("messenger", "apps", "conversations")
RISKS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "WebMessagingConfiguration": (
        ("authenticationSettings",),
        ("authenticationSettings", "allowSessionUpgrade"),
        ("messenger", "fileUpload"),
        ("messenger", "sessionPersistenceType"),
        (*_CONVERSATIONS, "sessionDurationSeconds"),
        (*_CONVERSATIONS, "notifications", "notificationContentType"),
        ("cobrowse", "allowAgentControl"),
        ("cobrowse", "allowAgentNavigation"),
        ("cobrowse", "maskSelectors"),
        ("cobrowse", "pauseCriteria"),
        ("video", "user"),
        ("journeyEvents", "formsTrackEvents"),
        ("journeyEvents", "trackingSettings"),
    ),
    "WebMessagingDeployment": (
        ("status",),
        ("allowAllDomains",),
        ("allowedDomains",),
        ("configuration",),
        ("supportedContent",),
    ),
}
"""Fields that deserve a sentence in an adopted file."""
PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9 _./:@+-]*[A-Za-z0-9_./+]")
"""Texts that every reader of YAML takes for the same string without quotes, if they are no word below."""
WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


INDENTS = ((4, 2), (2, 0), (6, 4), (3, 1))
"""Ways to indent the entries of a list and the dash before them, the usual ones first."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """One live channel as a file."""

    path: str
    """Below the repository, with forward slashes."""
    name: str
    id: str
    result: str
    """`created`, `updated` or `unchanged`."""


@dataclass(frozen=True, slots=True)
class Edited:
    """The text of one file as it is, and with live values."""

    file: str
    """Below the repository, with forward slashes."""
    before: str
    after: str


def adopt(
    repo: Path,
    folder: str,
    channels: Sequence[Channel],
    live: Sequence[LiveChannel],
    known: Sequence[LiveChannel],
) -> tuple[Adopted, ...]:
    """Write a file for each live channel, or edit the one that has it; raises `UsageError` where Git's file is gone.

    `channels` are identified; `known` is all that was read, to tell whether a deployment shows what is newest.
    """
    by_id = {(channel.kind, channel.id): channel for channel in channels}
    taken = {channel.name for channel in channels}
    newest = {(one.kind, one.id): one.revision.value for one in known}
    pins: dict[tuple[str | None, str | None], str] = {
        (channel.id, newest.get((channel.kind, channel.id))): channel.name
        for channel in channels
        if channel.id
    }
    adopted: list[Adopted] = []
    for one in live:
        file = by_id.get((one.kind, one.id))
        if file is not None:
            adopted += _edit(repo, file, one)
            continue
        name = _free_name(one, taken)
        taken.add(name)
        pins[one.id, one.revision.value] = name
        adopted.append(_create(repo, folder, name, one, pins))
    return tuple(adopted)


def _create(
    repo: Path, folder: str, name: str, live: LiveChannel, pins: Mapping[tuple[str | None, str | None], str]
) -> Adopted:
    kind = kind_named(live.kind)
    path = f"{folder}/{name}.yaml"
    depth = "../" * len(folder.split("/"))
    spec = _plain({"id": live.id, **kind.normalise(live.document)})
    if kind.steps is Steps.DEPLOY:
        _refer(spec, pins)
    _explain(spec, kind)
    document = CommentedMap(
        apiVersion="reconciler/v1",
        kind=kind.name,
        metadata=CommentedMap(name=name),
        spec=spec,
    )
    text = f"# yaml-language-server: $schema={depth}schemas/{kind.schema}\n" + _dumped(document)
    target = repo / path
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    return Adopted(path, name, live.id, "created")


def _refer(spec: CommentedMap, pins: Mapping[tuple[str | None, str | None], str]) -> None:
    """Refer to the file of the configuration, where the deployment shows what that file says."""
    pin = spec.get("configuration")
    name = pins.get((pin.get("id"), pin.get("version"))) if isinstance(pin, Mapping) else None
    if name is not None:
        spec["configuration"] = CommentedMap(ref=name)


def _explain(spec: CommentedMap, kind: Kind) -> None:
    """Say above each field that opens something, or shuts it, what it does; in the words of the schema."""
    schema = load_schemas()[kind.schema]["properties"]["spec"]
    for path in RISKS.get(kind.name, ()):
        holder, properties = spec, schema["properties"]
        for place, name in enumerate(path):
            if not isinstance(holder, CommentedMap) or name not in holder:
                break
            if name == path[-1]:
                text = str(properties[name]["description"])
                holder.yaml_set_comment_before_after_key(name, before=text, indent=2 + 2 * place)
                break
            holder, properties = holder[name], properties[name]["properties"]


def patches(repo: Path, drifts: Sequence[ChannelDrift]) -> Mapping[str, str]:
    """Give, by `metadata.name`, the patch that adopts what is live, for `git apply`; it keeps comments and order."""
    found = {
        drift.name: _patch(repo, drift.channel, drift.live)
        for drift in drifts
        if drift.moved and drift.channel and drift.live
    }
    return {name: patch for name, patch in found.items() if patch}


def _patch(repo: Path, channel: Channel, live: LiveChannel) -> str:
    return "".join(line for edit in edited(repo, channel, live) for line in _diff(edit))


def _diff(edit: Edited) -> Iterator[str]:
    before, after = (text.splitlines(keepends=True) for text in (edit.before, edit.after))
    for line in difflib.unified_diff(before, after, f"a/{edit.file}", f"b/{edit.file}"):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _edit(repo: Path, channel: Channel, live: LiveChannel) -> Iterator[Adopted]:
    edits = [edit for edit in edited(repo, channel, live) if edit.before != edit.after]
    for edit in edits:
        path = repo / edit.file
        partial = path.with_name(path.name + ".partial")
        partial.write_text(edit.after, encoding="utf-8", newline="")
        partial.replace(path)
        yield Adopted(edit.file, channel.name, live.id, "updated")
    if not edits:
        yield Adopted(channel.file, channel.name, live.id, "unchanged")


def edited(repo: Path, channel: Channel, live: LiveChannel) -> tuple[Edited, ...]:
    """Give each file that owns a field whose live value differs, with the live values of its fields.

    A field belongs to the overlay that set it, if one did; else to the channel file.
    """
    kind = kind_named(live.kind)
    referred = kind.steps is Steps.DEPLOY and "ref" in channel.spec.get("configuration", {})
    spec = {name: value for name, value in channel.spec.items() if not (referred and name == "configuration")}
    owned: dict[str, list[FieldChange]] = {}
    for change in compare(kind, live.document, spec):
        origin = channel.origin(change.path)
        owned.setdefault(origin.file if origin else channel.file, []).append(change)
    return tuple(
        _with_live(repo, file, changes, kind, patches=file != channel.file) for file, changes in owned.items()
    )


def _with_live(repo: Path, name: str, changes: Sequence[FieldChange], kind: Kind, *, patches: bool) -> Edited:
    with (repo / name).open(encoding="utf-8", newline="") as file:
        text = file.read()
    yaml = _yaml_of(text)
    document = yaml.load(text)
    for change in changes:
        _set(document["spec"], change.path, change.before, kind, patches=patches)
    after = _dumped(document, yaml)
    return Edited(name, text, after.replace("\n", "\r\n") if "\r\n" in text else after)


def _set(
    spec: MutableMapping[str, Any], path: Pointer, value: Json, kind: Kind, *, patches: bool = False
) -> None:
    *parents, last = (str(part) for part in path)
    for parent in parents:
        spec = spec[parent]
    if value is None and patches:
        # Left out, what the overlay covers would show through.
        spec[last] = _Removed()
    elif value is None:
        spec.pop(last, None)
    elif path in kind.sets and isinstance(spec.get(last), CommentedSeq) and isinstance(value, list):
        _set_members(spec[last], value)
    else:
        spec[last] = _plain(value)


def _set_members(listed: CommentedSeq, wanted: Sequence[Json]) -> None:
    """Take out what is gone and append what is new, so that the order and the comments of the rest stay."""
    for position in reversed(range(len(listed))):
        if listed[position] not in wanted:
            del listed[position]
    listed.extend(_plain(entry) for entry in wanted if entry not in listed)


def _plain(value: Json) -> Any:
    """Make what ruamel writes: texts that could be read as something else in quotes."""
    if isinstance(value, Mapping):
        return CommentedMap((key, _plain(entry)) for key, entry in value.items())
    if isinstance(value, list | tuple):
        return CommentedSeq(_plain(entry) for entry in value)
    if isinstance(value, str) and (not PLAIN.fullmatch(value) or ": " in value or value.lower() in WORDS):
        return DoubleQuotedScalarString(value)
    return value


def round_trip(text: str) -> str:
    """Write YAML anew, indented as this tool does, with its comments and quotes."""
    return _dumped(_yaml().load(text))


def _yaml(sequence: int = 4, offset: int = 2) -> YAML:
    yaml = YAML()
    yaml.Representer = _Representer
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=sequence, offset=offset)
    return yaml


def _yaml_of(text: str) -> YAML:
    """Give a writer that leaves this text as it is where nothing is changed, as far as there is one."""
    plain = text.replace("\r\n", "\n")
    for sequence, offset in INDENTS:
        yaml = _yaml(sequence, offset)
        if _dumped(yaml.load(plain), yaml) == plain:
            return yaml
    return _yaml()


def _dumped(document: Any, yaml: YAML | None = None) -> str:
    stream = io.StringIO()
    (yaml or _yaml()).dump(document, stream)
    return stream.getvalue()


class _Removed:
    """A value that is written as the word null; of its own accord ruamel writes nothing at all."""


class _Representer(RoundTripRepresenter):
    """Writes what ruamel writes, and that."""

    def represent_removed(self, _: _Removed) -> Any:
        """Write the word."""
        return self.represent_scalar("tag:yaml.org,2002:null", "null")


_Representer.add_representer(_Removed, _Representer.represent_removed)


def _free_name(live: LiveChannel, taken: set[str]) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", live.name.lower()).strip("-")[:50].strip("-")
    name = slug or "channel"
    if name in taken or not slug:
        name = f"{name}-{re.sub('[^a-z0-9]', '', live.id.lower())[:8]}"
    if name in taken:
        raise UsageError(
            f"no free file name for the live channel {live.id}; rename the file {name}.yaml first"
        )
    return name


def chosen(
    live: Sequence[LiveChannel], channels: Sequence[Channel], names: Sequence[str]
) -> tuple[LiveChannel, ...]:
    """Pick live channels by id, by the name of their file, or by their own name; without names, the unmanaged ones.

    Raises `UsageError` for a name that is none of these.
    """
    managed = {channel.id: channel.name for channel in channels if channel.id}
    if not names:
        return tuple(one for one in live if one.id not in managed)
    picked: list[LiveChannel] = []
    for name in names:
        found = [one for one in live if name in (one.id, managed.get(one.id), one.name)]
        if not found:
            gone = next((channel.file for channel in channels if name in (channel.name, channel.id)), None)
            way = (
                f"{gone} is about one that is gone, or was never created: plan creates it, or take the file out of Git"
                if gone
                else "reconciler plan lists the unmanaged ones"
            )
            raise UsageError(f"no live channel has the id or name {name!r}; {way}")
        if len(found) > 1:
            raise UsageError(
                f"{len(found)} live channels are named {name!r}; give the id of one: {found[0].id} …"
            )
        picked.extend(found)
    return tuple({one.id: one for one in picked}.values())
