"""Repair what can mean one thing only: spellings of addresses, duplicates and order in sets, the modeline.

Edits are made in the text, so that comments, quotes and line ends stay; what an edit would change beyond its
purpose is not made. Nothing here writes a file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from reconciler.desired.document import Document, read_document
from reconciler.desired.messaging import DOMAINS
from reconciler.desired.origin import check_domain, check_origin, check_url, folded, folded_domain
from reconciler.desired.policy_rules import MODELINE, ORIGINS, URL, WEBHOOK
from reconciler.desired.rules import RuleSettings
from reconciler.desired.values import text_at, value_at
from reconciler.model import Json, Pointer

ITEM = re.compile(r"[ ]*- (?:[^\s#\"'\[{&*!|>][^\s#]*|\"[^\"\\\n]*\"|'[^'\n]*')[ ]*(?:#[^\n\r]*)?\r?\n?")
"""A line that holds one plain item of a block list, and perhaps a comment."""
COMMENT = re.compile(r"[ ]*#[^\n\r]*\r?\n?")
FLOW = re.compile(r"\[(?P<items>[^\[\]{}#&*!\n\r]*)\]")
FLOW_ITEM = re.compile(r"\s*(?P<raw>\"[^\"\\]*\"|'[^']*'|[^,\"']+?)\s*(?:,|$)")


class Spelling(NamedTuple):
    """How the texts at one place may be spelt: what is meant, and whether that is right."""

    meant: Callable[[str], str]
    is_right: Callable[[str], bool]


def fixed(document: Document, settings: RuleSettings, modeline: str | None) -> str:
    """Give the text of a file with everything repaired that can be; `modeline` is the line to begin with."""
    text = document.text
    for repair in (_spelled, _ordered):
        known = read_document(document.file, text.encode())
        if not isinstance(known, Document):
            return document.text
        better = repair(known, settings)
        text = better if _says_the_same(known, better, settings) else text
    return _with_modeline(text, modeline)


def _spelled(document: Document, settings: RuleSettings) -> str:
    text, offsets = document.text, document.offsets()
    edits: dict[int, tuple[str, str]] = {}
    for pointer, found in _addresses(document.value):
        spelling = _spelling(pointer, settings)
        meant = spelling.meant(found)
        if meant != found and not spelling.is_right(found) and spelling.is_right(meant):
            edits[offsets[pointer, False]] = found, meant
    for offset, (found, meant) in sorted(edits.items(), reverse=True):
        text = _replaced(text, offset, found, meant)
    return text


def _replaced(text: str, offset: int, found: str, meant: str) -> str:
    start = offset + (text[offset : offset + 1] in ('"', "'"))
    # A scalar that is written with escapes, or over several lines, is left for a person.
    return text[:start] + meant + text[start + len(found) :] if text.startswith(found, start) else text


def _ordered(document: Document, _settings: RuleSettings) -> str:
    text, offsets = document.text, document.offsets()
    for pointer in (DOMAINS, ORIGINS):
        listed = value_at(document.value, pointer)
        if not _is_texts(listed) or listed == sorted(set(listed)):
            continue
        start = offsets[pointer, False]
        text = _flow_ordered(text, start) if text[start] == "[" else _block_ordered(text, start, listed)
    return text


def _flow_ordered(text: str, start: int) -> str:
    """Order `[b, a]` on one line."""
    match = FLOW.match(text, start)
    if match is None:
        return text
    raws = {
        _plain(item["raw"]): item["raw"] for item in FLOW_ITEM.finditer(match["items"]) if item["raw"].strip()
    }
    return f"{text[:start]}[{', '.join(raws[item] for item in sorted(raws))}]{text[match.end() :]}"


def _block_ordered(text: str, start: int, listed: list[str]) -> str:
    """Order a list with one item a line; a comment above an item, or behind it, goes where the item goes."""
    at = begin = text.rfind("\n", 0, start) + 1
    blocks: dict[str, str] = {}
    above = ""
    seen = 0
    while seen < len(listed):
        comment, item = COMMENT.match(text, at), ITEM.match(text, at)
        if comment and comment.end() > at:
            above, at = above + comment[0], comment.end()
        elif item and item.end() > at:
            line = above + (item[0] if item[0].endswith("\n") else item[0] + "\n")
            if "#" in line and listed[seen] in blocks:
                return text  # Whether the comment may go is for a person to say.
            blocks.setdefault(listed[seen], line)
            above, at, seen = "", item.end(), seen + 1
        else:
            return text
    # A comment above the first item may be about it, or about the list: moving the item would settle that.
    line_above = text[text.rfind("\n", 0, max(begin - 1, 0)) + 1 : begin]
    order = list(blocks) if COMMENT.fullmatch(line_above) else sorted(blocks)
    return text[:begin] + "".join(blocks[item] for item in order) + text[at:]


def _with_modeline(text: str, modeline: str | None) -> str:
    if modeline is None or MODELINE in text.partition("apiVersion")[0]:
        return text
    end = "\r\n" if "\r\n" in text else "\n"
    return f"# {MODELINE} $schema={modeline}{end}{text}"


def _says_the_same(before: Document, text: str, settings: RuleSettings) -> bool:
    """Say whether an edited text still means what it meant, but for spelling and order."""
    after = read_document(before.file, text.encode())
    return isinstance(after, Document) and _meaning(before.value, settings) == _meaning(after.value, settings)


def _meaning(value: Json, settings: RuleSettings, pointer: Pointer = ()) -> Json:
    if isinstance(value, Mapping):
        return {key: _meaning(one, settings, (*pointer, key)) for key, one in value.items()}
    if isinstance(value, list):
        items = [_meaning(one, settings, (*pointer, index)) for index, one in enumerate(value)]
        return sorted(set(items)) if pointer in (ORIGINS, DOMAINS) and _is_texts(items) else items
    is_address = isinstance(value, str) and (pointer in (URL, WEBHOOK) or pointer[:-1] in (ORIGINS, DOMAINS))
    return _spelling(pointer, settings).meant(value) if is_address else value


def _addresses(value: Json) -> Iterator[tuple[Pointer, str]]:
    for pointer in (URL, WEBHOOK):
        text = text_at(value, pointer)
        if text is not None:
            yield pointer, text
    for pointer in (ORIGINS, DOMAINS):
        listed = value_at(value, pointer)
        for index, entry in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(entry, str):
                yield (*pointer, index), entry


def _spelling(pointer: Pointer, settings: RuleSettings) -> Spelling:
    exempt = settings.allowed_hosts, settings.allowed_punycode
    if pointer[:-1] == DOMAINS:
        return Spelling(folded_domain, lambda text: check_domain(text, *exempt) is None)
    if pointer[:-1] == ORIGINS:
        return Spelling(folded, lambda text: check_origin(text, *exempt) is None)
    # Upper and lower case of a path mean different things, so only the address before it is repaired.
    return Spelling(_folded_url, lambda text: check_url(text, *exempt) is None)


def _folded_url(text: str) -> str:
    match = re.match(r"(?i)(https://[^/?#\\]*)(.*)", text.strip(), re.DOTALL)
    return folded(match[1]) + match[2] if match else text


def _is_texts(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(entry, str) for entry in value)


def _plain(raw: str) -> str:
    return raw[1:-1] if raw[:1] in ('"', "'") else raw
