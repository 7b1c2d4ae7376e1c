"""Overlays: what one organisation has otherwise than the channel files it shares, as JSON merge patches (RFC 7396).

A document under patches is judged like any other; each of its values still knows the file that it came from. By
hand, since what libraries give is the merged value alone, and the origin is what a reviewer asks for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from reconciler.desired.catalogue import rule_named
from reconciler.desired.document import Document
from reconciler.desired.source import Problem, Source, missing_field
from reconciler.desired.words import bare, shown, suggestion
from reconciler.model import Finding, Json, Origin, Pointer

RULE = "overlay-target"
NOTHING = object()
"""Where a document has no value at all, not even null."""


class Patch(NamedTuple):
    """One file of an overlay folder, as it was read: a document, or what is wrong with it."""

    folder: str
    file: str
    read: Document | tuple[Finding, ...]


class Overlaid(NamedTuple):
    """The documents with their patches, and what is wrong with patches that have no document."""

    documents: tuple[Document, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Layered(Document):
    """A document under patches: `value` is the merged one, `file` and `data` are those of the channel file."""

    layers: tuple[Document, ...] = ()
    """The channel file as it is, then its patches in the order in which they apply."""

    def placed(self, problems: Iterable[Problem]) -> tuple[tuple[Problem, Finding], ...]:
        """Give each problem with its finding, at the file and line that the offending value came from."""
        spots = _Spots(self.layers)
        found = [(problem, spots.finding(problem)) for problem in problems]
        return tuple(sorted(found, key=lambda one: (one[1].file, one[1].line, one[1].column)))

    def origin(self, pointer: Pointer) -> Origin:
        """Give file, line and column of the value at a pointer."""
        return _Spots(self.layers).origin(pointer)


def lay_over(
    documents: Sequence[Document], patches: Sequence[Patch], known: Collection[str] = ()
) -> Overlaid:
    """Put each patch over the document whose file has the same stem; `known` are files that could not be read.

    A document of which a patch cannot be read is left out: what it would say is not what is wanted.
    """
    if not patches:
        return Overlaid(tuple(documents), ())
    targets = {_stem(name) for name in (*known, *(document.file for document in documents))}
    by_stem: dict[str, list[Document]] = {}
    broken: set[str] = set()
    findings: list[Finding] = []
    for patch, problem in _targeted(patches, targets):
        if problem:
            findings.append(Source(patch.file, "").finding(0, problem))
        if not isinstance(patch.read, Document):
            findings += patch.read
            broken.add(_stem(patch.file))
        elif problem:
            findings += patch.read.flaws
        else:
            by_stem.setdefault(_stem(patch.file), []).append(patch.read)
    laid = [
        _layered(document, by_stem.get(_stem(document.file), ()))
        for document in documents
        if _stem(document.file) not in broken
    ]
    return Overlaid(tuple(laid), tuple(findings))


def merged(target: Json, patch: Json) -> Json:
    """Apply a JSON merge patch (RFC 7396, section 2): null takes out, objects are merged, all else replaces."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def overlaid_fields(document: Document) -> dict[Pointer, Origin]:
    """Give the fields of the spec that a patch set, by their path below it, with where they stand."""
    if not isinstance(document, Layered):
        return {}
    spots = _Spots(document.layers)
    found = {path: spots.origin(("spec", *path)) for path in _fields(document.value.get("spec"), ())}
    return {path: origin for path, origin in found.items() if origin.file != document.file}


def patch_files(document: Document) -> tuple[str, ...]:
    """Give the files that are patched over a document, in the order in which they apply."""
    return tuple(layer.file for layer in document.layers[1:]) if isinstance(document, Layered) else ()


def _targeted(patches: Sequence[Patch], targets: Collection[str]) -> Iterator[tuple[Patch, Problem | None]]:
    """Give each patch with what keeps it from having one document, alone in its folder."""
    first: dict[tuple[str, str], str] = {}
    for patch in patches:
        stem = _stem(patch.file)
        twin = first.setdefault((patch.folder, stem), patch.file)
        if stem not in targets:
            near = suggestion(stem, sorted(targets))
            fix = f"did you mean {near}?" if near else rule_named(RULE).fix
            yield patch, Problem(RULE, (), f"there is no channel file {shown(stem)} to change", fix)
        elif twin != patch.file:
            yield patch, Problem(RULE, (), f"{bare(twin)} changes the same channel file", "keep one of them")
        else:
            yield patch, None


def _layered(document: Document, patches: Sequence[Document]) -> Document:
    if not patches:
        return document
    value = document.value
    for patch in patches:
        value = merged(value, patch.value)
    flaws = tuple(flaw for layer in (document, *patches) for flaw in layer.flaws)
    # Never sound beforehand: what was judged, or remembered, is the channel file without its patches.
    return Layered(document.file, value, document.data, flaws, layers=(document, *patches))


class _Spots:
    """Where the values of one document under patches stand; a file is read once more only when it is asked for."""

    def __init__(self, layers: Sequence[Document]) -> None:
        self._layers = layers
        self._known: dict[str, tuple[Source, dict[tuple[Pointer, bool], int]]] = {}

    def finding(self, problem: Problem) -> Finding:
        """Make the finding of a problem."""
        layer, pointer = self._blamed(problem)
        source, offsets = self._of(layer)
        return source.finding(offsets[pointer, problem.at_key], problem)

    def origin(self, pointer: Pointer) -> Origin:
        """Give where the value at a pointer stands."""
        layer = _owner(self._layers, pointer)
        source, offsets = self._of(layer)
        return Origin(layer.file, *source.place(offsets[pointer, False]))

    def _blamed(self, problem: Problem) -> tuple[Document, Pointer]:
        # A field that is missing because a patch took it out is missing there.
        name = missing_field(problem)
        if name is not None:
            taken_out = (*problem.pointer, name)
            layer = _owner(self._layers, taken_out)
            if (taken_out, True) in self._of(layer)[1]:
                return layer, taken_out
        return _owner(self._layers, problem.pointer), problem.pointer

    def _of(self, layer: Document) -> tuple[Source, dict[tuple[Pointer, bool], int]]:
        if layer.file not in self._known:
            self._known[layer.file] = Source(layer.file, layer.text), layer.offsets()
        return self._known[layer.file]


def _owner(layers: Sequence[Document], pointer: Pointer) -> Document:
    """Give the layer that a value came from, or that took it out; of an object, the first that began it."""
    owner, held = layers[0], NOTHING
    for layer in layers:
        touched, value = _look(layer.value, pointer)
        if touched and not (isinstance(value, Mapping) and isinstance(held, Mapping)):
            owner, held = layer, value
    return owner


def _look(value: Json, pointer: Pointer) -> tuple[bool, Json]:
    """Say whether a layer has a word on what stands at a pointer, and give its value; nothing, where it cuts it off."""
    for step in pointer:
        if isinstance(value, Mapping):
            if step not in value:
                return False, NOTHING
            value = value[step]
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return True, NOTHING
    return True, value


def _fields(value: Json, path: Pointer) -> Iterator[Pointer]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _fields(inner, (*path, name))
    elif path:
        yield path


def _stem(file: str) -> str:
    return file.rpartition("/")[2].rpartition(".")[0]
