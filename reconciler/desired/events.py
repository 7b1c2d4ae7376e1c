"""The events of one YAML file to a value, with every reason why a reviewer might see another file than the tool.

It reads the parser's events, never its nodes: no tag is resolved, no alias followed, no object constructed.
"""

from __future__ import annotations

import re
from array import array
from typing import Any

import yaml

from reconciler.desired.limits import DEPTH_LIMIT, NODE_LIMIT
from reconciler.desired.scalar import Unclear, is_plain_text, read_plain
from reconciler.desired.source import Problem, Source
from reconciler.desired.text import hidden
from reconciler.desired.words import HIDDEN_IN_VALUE, bare, shown
from reconciler.model import Json, Pointer

EMPTY = ("the file holds no channel", "write one, or delete the file")
TOO_DEEP = (f"this lies more than {DEPTH_LIMIT} levels deep", "nest less")

# A few builds of PyYAML come without libyaml; their events are the same, seven times slower.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Unfit(Exception):
    """Ends the reading of a file whose remainder could not be trusted; the problem is noted already."""


class Builder:
    """Builds the value of one file from its events, without recursion, and notes what is wrong on the way."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.problems: list[tuple[int, Problem]] = []
        self.starts = array("I")
        self.roots: list[Any] = []
        self.container: Any = self.roots
        """What is being filled."""
        self.key: str | None = None
        """The key that waits for its value."""
        self.is_whole = False
        """Whether the file was read to its end, and every node has a place of its own."""
        self.has_twins = False
        """Whether a key was there twice, so that one of its values is lost."""
        self.seen: dict[str, int] | None = None
        """Offset of each key of the mapping that is being filled; None in a list."""
        self.outer: list[tuple[Any, str | int, dict[str, int] | None]] = []
        """The open containers around it: each with the key or index that leads inside."""
        # Whatever else is hidden was found in the text; an escape or a tab is not.
        self.wary = "\\" in self.text or "\t" in self.text

    def read(self, data: bytes) -> list[tuple[int, Problem]]:
        """Go through the events of a file once, and give what is wrong with it."""
        loader = LOADER(data)
        try:
            self.follow(loader)
            self.is_whole = not self.has_twins
        except _Unfit:
            pass
        except yaml.MarkedYAMLError as error:
            self.note_syntax(error)
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            # Without libyaml a few broken escapes and directives come as Python's own errors.
            self.note("yaml-syntax", 0, f"this is not YAML: {bare(str(error))}", "write plain YAML")
        finally:
            loader.dispose()
        return self.problems

    def follow(self, loader: Any) -> None:
        """Hand each event to the method for its class."""
        steps = {
            yaml.ScalarEvent: self.scalar,
            yaml.MappingStartEvent: self.open,
            yaml.SequenceStartEvent: self.open,
            yaml.MappingEndEvent: self.close,
            yaml.SequenceEndEvent: self.close,
            yaml.AliasEvent: self.alias,
            yaml.DocumentStartEvent: self.document,
            yaml.DocumentEndEvent: self.skip,
            yaml.StreamStartEvent: self.skip,
        }
        take = loader.get_event
        event = take()
        while event.__class__ is not yaml.StreamEndEvent:
            steps[event.__class__](event)
            event = take()
        if not self.roots:
            self.stop("yaml-empty", 0, *EMPTY)

    def scalar(self, event: Any) -> None:
        """Take a key, or a value that is no container."""
        offset = event.start_mark.index
        text = event.value
        self.start(offset, event)
        if self.wary and (letter := re.search(HIDDEN_IN_VALUE, text)):
            self.problems.append((offset, hidden(self.pointer(), letter[0])))
        if self.seen is not None and self.key is None:
            self.take_key(text, offset, is_plain=not event.style)
        elif event.style or event.tag is not None:
            self.attach(text)
        else:
            value = read_plain(text)
            if value.__class__ is Unclear:
                self.note(value.rule, offset, value.message, value.fix)
                value = text
            self.attach(value)

    def take_key(self, text: str, offset: int, *, is_plain: bool) -> None:
        """Remember the key of the next value, and refuse one that is unclear or there already."""
        seen: Any = self.seen
        self.key = text
        self.has_twins |= text in seen
        if is_plain and text == "<<":
            self.note(
                "yaml-merge-key", offset, "<< merges another mapping into this one", "write its fields here"
            )
        elif is_plain and not is_plain_text(text):
            message = f"the key {bare(text) or '(nothing)'} is not text to every reader of YAML"
            self.note("yaml-key", offset, message, f"quote it, if it is meant: {shown(text)}")
        elif text in seen:
            first, again = self.source.place(seen[text])[0], self.source.place(offset)[0]
            message = f"the key {shown(text)} stands in line {first} and again in line {again}"
            self.note("yaml-duplicate-key", offset, message, "keep one of them")
        seen[text] = offset

    def open(self, event: Any) -> None:
        """Begin a mapping or a list."""
        offset = event.start_mark.index
        self.start(offset, event)
        if len(self.outer) == DEPTH_LIMIT:
            self.stop("yaml-depth", offset, *TOO_DEEP)
        if self.seen is not None and self.key is None:
            message = "a list or a mapping stands where a key belongs"
            self.stop("yaml-key", offset, message, "write a word as the key")
        is_mapping = event.__class__ is yaml.MappingStartEvent
        inside: Any = {} if is_mapping else []
        around = (self.container, self.step(), self.seen)
        self.attach(inside)
        self.outer.append(around)
        self.container = inside
        self.seen = {} if is_mapping else None

    def close(self, _event: Any) -> None:
        """End a mapping or a list."""
        self.container, _, self.seen = self.outer.pop()

    def alias(self, event: Any) -> None:
        """Refuse an alias."""
        message = f"*{bare(event.anchor)} repeats what stands elsewhere"
        self.stop("yaml-anchor", event.start_mark.index, message, "write the value out")

    def document(self, event: Any) -> None:
        """Let one document begin, and no second."""
        if self.roots:
            fix = "write one channel a file, and give this one its own"
            self.stop("yaml-documents", event.start_mark.index, "a second document begins here", fix)

    def skip(self, _event: Any) -> None:
        """Pass over an event that says nothing."""

    def start(self, offset: int, event: Any) -> None:
        """Remember where a node begins, and refuse what decorates it."""
        self.starts.append(offset)
        if len(self.starts) > NODE_LIMIT:
            message = f"the file holds more than {NODE_LIMIT} keys and values"
            self.stop("yaml-nodes", offset, message, "shorten it")
        if event.anchor is not None:
            message = f"&{bare(event.anchor)} marks a value to be repeated"
            self.stop("yaml-anchor", offset, message, "write the value out where it is needed")
        if event.tag is not None:
            message = f"the tag {shown(event.tag)} changes how the value is read"
            self.note("yaml-tag", offset, message, "delete the tag")

    def attach(self, value: Json) -> None:
        """Put a value where it belongs."""
        if self.seen is not None:
            self.container[self.key] = value
            self.key = None
            return
        self.container.append(value)
        if self.container is self.roots and value is None:
            self.stop("yaml-empty", self.starts[0], *EMPTY)
        if self.container is self.roots and value.__class__ is not dict:
            fix = "begin with apiVersion, kind, metadata and spec"
            self.stop("yaml-top-level", self.starts[0], f"the file is {_words(value)}, not a mapping", fix)

    def step(self) -> str | int:
        """Give the key or index of the value that is read now."""
        if self.seen is None:
            return len(self.container)
        return "" if self.key is None else self.key

    def pointer(self) -> Pointer:
        """Say where the reading stands; a key that is not taken yet counts as its mapping."""
        steps = [step for _, step, _ in self.outer]
        if self.seen is None or self.key is not None:
            steps.append(self.step())
        return tuple(steps[1:])  # The first step leads from the stream to the document.

    def note(self, rule: str, offset: int, message: str, fix: str) -> None:
        """Note a problem and go on."""
        self.problems.append((offset, Problem(rule, self.pointer(), message, fix)))

    def stop(self, rule: str, offset: int, message: str, fix: str) -> None:
        """Note a problem and end the file."""
        self.note(rule, offset, message, fix)
        raise _Unfit

    def note_syntax(self, error: yaml.MarkedYAMLError) -> None:
        """Turn the parser's complaint into a problem at the place that it is about."""
        complaint = error.problem or "it cannot be read"
        offset = self.offset_of(error.problem_mark)
        # What is never closed is noticed at the end of the file; where it begins is what helps.
        if error.context_mark is not None and not self.text[offset:].strip():
            offset = self.offset_of(error.context_mark)
        # libyaml has a limit of its own, and may meet it while it looks ahead.
        if "nesting depth" in complaint:
            self.note("yaml-depth", offset, *TOO_DEEP)
            return
        fix = "check quotes, brackets, colons and indentation"
        if self.text.startswith("\t", offset):
            fix = "indent with spaces; a tab is not allowed here"
        context = f"{bare(error.context)}, " if error.context else ""
        self.note("yaml-syntax", offset, f"this is not YAML: {context}{bare(complaint)}", fix)

    def offset_of(self, mark: Any) -> int:
        """Give the character that a mark of the parser means."""
        return min(mark.index, len(self.text)) if mark else 0


def _words(value: Json) -> str:
    return "a list" if isinstance(value, list) else f"the value {shown(value)}"
