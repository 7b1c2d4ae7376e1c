"""What differs between a live document and what Git wants of it; the only home of deepdiff."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.decide.fields import canonical, holds, leaves, same, value_at
from reconciler.kinds.kind import Kind
from reconciler.model import FieldChange, Json, JsonObject, Pointer, pointer_text


def compare(kind: Kind, live_document: JsonObject, spec: JsonObject) -> tuple[FieldChange, ...]:
    """Give every field of the spec that the live document has otherwise, sorted by path.

    Both sides are compared, and shown, in normal form: a server that sorts a set, or drops what stands in it
    twice, makes no difference. Fields that the spec leaves out are not looked at.
    """
    # Nearly every document is as it was written, and normal forms cost ten times this look.
    if kind.is_fieldwise and holds(live_document, spec):
        return ()
    live = kind.normalise(live_document)
    after = leaves(kind.normalise(spec))
    before = {path: value_at(live, path) for path in after}
    return tuple(
        _with_exposure(kind, FieldChange(path, before[path], after[path]))
        for path in _differing(before, after)
    )


def _with_exposure(kind: Kind, change: FieldChange) -> FieldChange:
    return FieldChange(change.path, change.before, change.after, kind.exposure(change))


def _differing(before: Mapping[Pointer, Json], after: Mapping[Pointer, Json]) -> list[Pointer]:
    """Give the paths under which two mappings with the same paths differ."""
    if same(list(before.values()), list(after.values())):
        return []
    # Loading deepdiff costs more than a whole plan without changes.
    from deepdiff import DeepDiff

    affected = DeepDiff(_texts(before), _texts(after)).affected_root_keys
    return sorted((path for path in after if pointer_text(path) in affected), key=pointer_text)


def _texts(fields: Mapping[Pointer, Json]) -> dict[str, str]:
    # As values, deepdiff takes [1] and [true] for equal lists, and compares texts of several lines line by
    # line, which is slow on a long one. Canonical texts have one type and one line.
    return {pointer_text(path): canonical(value) for path, value in fields.items()}
