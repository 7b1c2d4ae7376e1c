"""JSON documents as the remote stores them: how a state names a broken one, and how a person patches one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from reconciler.emulator.refusal import Unfit

Document = dict[str, Any]


class BrokenState(Unfit):
    """A state document that cannot be loaded; the sentence says what is wrong in it."""


def merge_patch(target: object, patch: object) -> Any:
    """Apply a JSON merge patch (RFC 7396) and give the result; no dependency has this."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


def documents_of(state: Document, name: str) -> list[Document]:
    """Give the documents of one name in a state; BrokenState where one has no id of its own."""
    documents = state.get(name, [])
    if not isinstance(documents, list):
        raise BrokenState(documents, f'"{name}" of a state', "a list of documents")
    for document in documents:
        if not isinstance(document, dict) or not isinstance(document.get("id"), str):
            raise BrokenState(document, f'each of "{name}"', 'an object with a text "id"')
    ids = Counter(document["id"] for document in documents)
    for entity, count in ids.most_common(1):
        if count > 1:
            raise BrokenState(entity, f'"id" of each of "{name}"', "one that no other has")
    return documents
