"""The bytes of one channel file to a value whose every node knows its place, or to findings.

It opens no file, and never raises because of what a file holds. YAML's own library is loaded where a file is not of
the plainest shape, or where something must be said of it: its import takes as long as the start of Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from reconciler.desired.limits import FILE_LIMIT, NODE_LIMIT
from reconciler.desired.lines import read_lines
from reconciler.desired.source import Problem, Source
from reconciler.desired.text import encoding_problem, text_problems
from reconciler.model import Finding, Json, JsonObject, Origin, Pointer


@dataclass(frozen=True, slots=True)
class Document:
    """What one file says, and where each part of it stands."""

    file: str
    value: JsonObject
    data: bytes = field(repr=False)
    """The file as it was read, which is UTF-8."""
    flaws: tuple[Finding, ...] = ()
    """What is wrong with how it is written, where that keeps nobody from judging the rest."""
    is_sound: bool = field(default=False, compare=False)
    """Whether it was judged alone already, and breaks no rule."""

    @property
    def text(self) -> str:
        """The file as text."""
        return self.data.decode()

    def findings(self, problems: Iterable[Problem]) -> tuple[Finding, ...]:
        """Make the findings of problems of this document, in the order of its lines."""
        return tuple(finding for _, finding in self.placed(problems))

    def placed(self, problems: Iterable[Problem]) -> tuple[tuple[Problem, Finding], ...]:
        """Give each problem with its finding, in the order of the lines."""
        listed = tuple(problems)
        if not listed:
            return ()
        source, offsets = Source(self.file, self.text), self.offsets()
        places = sorted(
            ((offsets[problem.pointer, problem.at_key], problem) for problem in listed),
            key=lambda place: place[0],
        )
        return tuple((problem, source.finding(offset, problem)) for offset, problem in places)

    def place(self, pointer: Pointer, *, at_key: bool = False) -> tuple[int, int]:
        """Give line and column, from 1, of the value at a pointer, or of its key."""
        return Source(self.file, self.text).place(self.offsets()[pointer, at_key])

    def origin(self, pointer: Pointer) -> Origin:
        """Give file, line and column of the value at a pointer."""
        return Origin(self.file, *self.place(pointer))

    def offsets(self) -> dict[tuple[Pointer, bool], int]:
        """Give the character of the text at which each value begins, and with True each key.

        That reads the file once more: only one that breaks a rule pays for it.
        """
        from reconciler.desired.events import Builder

        builder = Builder(Source(self.file, self.text))
        builder.read(self.data)
        found = dict(zip(_nodes(self.value, ()), builder.starts, strict=True))
        # What has no key, an item of a list or the document itself, stands where it begins.
        return {(pointer, True): offset for (pointer, _), offset in found.items()} | found


def read_document(file: str, data: bytes) -> Document | tuple[Finding, ...]:
    """Read the bytes of one channel file: the document, perhaps with flaws, or findings where there is none."""
    value = read_lines(data)
    if value is None:
        from reconciler.desired.nodes import read_simple

        value = read_simple(data)
    if value is not None and _is_small(value, data):
        return Document(file, value, data)
    return judge_document(file, data)


def judge_document(file: str, data: bytes) -> Document | tuple[Finding, ...]:
    """Do the same for whatever the bytes are; what is simple is read faster, and never otherwise."""
    from reconciler.desired.events import Builder

    if len(data) > FILE_LIMIT:
        problem = Problem("file-size", (), f"the file is larger than {FILE_LIMIT} bytes", "shorten it")
        return (Source(file, "").finding(0, problem),)
    unreadable = encoding_problem(data)
    if unreadable:
        return (Source(file, data.decode(errors="replace")).finding(*unreadable),)
    text = data.decode()
    source = Source(file, text)
    builder = Builder(source)
    problems = list(text_problems(text)) or builder.read(data)
    flaws = tuple(source.finding(*found) for found in sorted(problems, key=lambda found: found[0]))
    return Document(file, builder.roots[0], data, flaws) if builder.is_whole else flaws


def _is_small(value: JsonObject, data: bytes) -> bool:
    # A node takes at least one byte, so that nearly no file needs to be counted.
    if len(data) <= NODE_LIMIT:
        return True
    return len(data) <= FILE_LIMIT and sum(1 for _ in _nodes(value, ())) <= NODE_LIMIT


def _nodes(value: Json, pointer: Pointer) -> Iterator[tuple[Pointer, bool]]:
    """Give every node in reading order, each key before its value; recursion ends at the limit of depth."""
    yield pointer, False
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*pointer, key), True
            yield from _nodes(inner, (*pointer, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _nodes(inner, (*pointer, index))
