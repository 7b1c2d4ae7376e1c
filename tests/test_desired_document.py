from __future__ import annotations

import random
import time

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.desired import events as module
from reconciler.desired.catalogue import YAML, rule_named
from reconciler.desired.document import Document, read_document
from reconciler.desired.limits import DEPTH_LIMIT, FILE_LIMIT, NODE_LIMIT
from reconciler.desired.source import Problem
from reconciler.model import Finding, Severity

FILE = "channels/shop-chat.yaml"
SECONDS = 2.0
"""More than any file may take, on a machine that is busy with other tests; a quarter of a second is usual."""
LOADERS = [yaml.CSafeLoader, yaml.SafeLoader]


def read(text: str | bytes) -> Document:
    found = read_document(FILE, text.encode() if isinstance(text, str) else text)
    assert isinstance(found, Document), found
    assert not found.flaws
    return found


def verdict(found: Document | tuple[Finding, ...]) -> Document | tuple[Finding, ...]:
    """Give a document without flaws, or what is wrong."""
    return found.flaws if isinstance(found, Document) and found.flaws else found


def refused(text: str | bytes) -> tuple[Finding, ...]:
    found = verdict(read_document(FILE, text.encode() if isinstance(text, str) else text))
    assert not isinstance(found, Document), found.value
    return found


def places(text: str | bytes) -> list[tuple[str, int, int]]:
    return [(finding.rule, finding.line, finding.column) for finding in refused(text)]


def nested(depth: int) -> str:
    """Give a file of so many mappings inside each other."""
    return "".join(f"{' ' * level}a:\n" for level in range(depth))


def merge_bomb(levels: int) -> str:
    """Give a file that takes a merging reader twice as long with each level."""
    lines = ["a0: &a0 {x: 1}"]
    lines += [
        f"a{level}: &a{level} {{<<: [*a{level - 1}, *a{level - 1}, *a{level - 1}]}}"
        for level in range(1, levels)
    ]
    return "\n".join(lines)


def test_a_channel_file_is_read_as_the_values_that_it_holds() -> None:
    text = """\
# yaml-language-server: $schema=../schemas/webchat-channel.schema.json
apiVersion: reconciler/v1
spec:
  name: Grüße 😀
  enabled: true
  weight: 3
  ratio: -0.5
  quoted: "no"
  single: '012'
  text: |
    two
    lines
  folded: >-
    one
    line
  nothing:
  tilde: ~
  origins: [https://app.example.com, 'b']
  empty: {}
"""
    assert read(text).value == {
        "apiVersion": "reconciler/v1",
        "spec": {
            "name": "Grüße 😀",
            "enabled": True,
            "weight": 3,
            "ratio": -0.5,
            "quoted": "no",
            "single": "012",
            "text": "two\nlines\n",
            "folded": "one line",
            "nothing": None,
            "tilde": None,
            "origins": ["https://app.example.com", "b"],
            "empty": {},
        },
    }


@pytest.mark.parametrize(
    "text", ["---\na: 1\n", "---\na: 1\n...\n", "%YAML 1.2\n---\na: 1\n", "a: 1", "\n\n# x\na: 1"]
)
def test_a_file_may_mark_where_its_one_document_begins_and_ends(text: str) -> None:
    assert read(text).value == {"a": 1}


def test_every_kind_of_line_end_counts_as_one() -> None:
    assert read("a: 1\r\nb: [x,\r\n  y z]\r\n").value == {"a": 1, "b": ["x", "y z"]}
    assert read("a: |\r\n  x\r\n  z\r\n").value == {"a": "x\nz\n"}
    assert [places(f"a: 1{end}b: no{end}") for end in ("\n", "\r\n", "\r")] == [
        [("yaml-ambiguous", 2, 4)]
    ] * 3


@pytest.mark.parametrize(
    ("text", "place"),
    [
        # A key that is there twice; to YAML 1.1, true and yes are the same key, and to JSON 1 and "1".
        ("a: 1\nb: 2\na: 3\n", ("yaml-duplicate-key", 3, 1)),
        ('a: 1\n"a": 3\n', ("yaml-duplicate-key", 2, 1)),
        ("x: {a: 1, b: {a: 2}, a: 3}\n", ("yaml-duplicate-key", 1, 22)),
        ("- {a: 1, a: 2}\n", ("yaml-top-level", 1, 1)),
        ("true: 1\n", ("yaml-key", 1, 1)),
        ("on: 1\n", ("yaml-key", 1, 1)),
        ("a:\n  ~: 1\n", ("yaml-key", 2, 3)),
        ("1: a\n", ("yaml-key", 1, 1)),
        ("2020-01-01: a\n", ("yaml-key", 1, 1)),
        ("? \n: a\n", ("yaml-key", 1, 2)),
        ("? [a]\n: b\n", ("yaml-key", 1, 3)),
        ("? {a: b}\n: b\n", ("yaml-key", 1, 3)),
        # Anchors, aliases and merge keys.
        ("a: &x b\n", ("yaml-anchor", 1, 4)),
        ("a: &x [*x]\n", ("yaml-anchor", 1, 4)),
        ("&x a: b\n", ("yaml-anchor", 1, 1)),
        ("&x\na: b\n", ("yaml-anchor", 1, 1)),
        ("a: b\nc: *a\n", ("yaml-anchor", 2, 4)),
        ("a: {<<: {b: c}}\n", ("yaml-merge-key", 1, 5)),
        ("a: <<\n", ("yaml-ambiguous", 1, 4)),
        # Tags.
        ("a: !!python/object/apply:os.system [id]\n", ("yaml-tag", 1, 4)),
        ('a: !!int ""\n', ("yaml-tag", 1, 4)),
        ("a: !!timestamp foo\n", ("yaml-tag", 1, 4)),
        ("a: !!set {b}\n", ("yaml-tag", 1, 4)),
        ("a: !!binary aGk=\n", ("yaml-tag", 1, 4)),
        ("a: ! 12\n", ("yaml-tag", 1, 4)),
        ("a: !own 12\n", ("yaml-tag", 1, 4)),
        ("!!str a: 12\n", ("yaml-tag", 1, 1)),
        ("--- !!map\na: 12\n", ("yaml-tag", 1, 5)),
        # Scalars that readers take for different things.
        ("enabled: no\n", ("yaml-ambiguous", 1, 10)),
        ("enabled: On\n", ("yaml-ambiguous", 1, 10)),
        ("a: 2026-13-45\n", ("yaml-ambiguous", 1, 4)),
        ("a: [0123]\n", ("yaml-ambiguous", 1, 5)),
        ("a:\n  - 12:30:45\n", ("yaml-ambiguous", 2, 5)),
        ("a: 1_000\n", ("yaml-ambiguous", 1, 4)),
        ("a: .nan\n", ("yaml-number", 1, 4)),
        ("a: -.inf\n", ("yaml-number", 1, 4)),
        (f"a: {'1' * 5000}\n", ("yaml-number", 1, 4)),
        # Too deep, too many.
        (nested(DEPTH_LIMIT + 1) + " " * 17 + "b: 1\n", ("yaml-depth", 17, 17)),
        ("a: " + "[" * 16, ("yaml-depth", 1, 19)),
        ("a:\n" + "- " * 3000, ("yaml-depth", 2, 31)),
        ("a: [" + "x," * (NODE_LIMIT - 2) + "]", ("yaml-nodes", 1, 2 * NODE_LIMIT - 1)),
        # No channel, or more than one.
        ("", ("yaml-empty", 1, 1)),
        ("\n \n", ("yaml-empty", 1, 1)),
        ("# later\n", ("yaml-empty", 1, 1)),
        ("null\n", ("yaml-empty", 1, 1)),
        ("# later\n---\n", ("yaml-empty", 3, 1)),
        ("a: 1\n---\nb: 2\n", ("yaml-documents", 2, 1)),
        ("a: 1\n...\n---\nb: 2\n", ("yaml-documents", 3, 1)),
        ("---\n---\na: 1\n", ("yaml-empty", 2, 1)),
        ("- a\n", ("yaml-top-level", 1, 1)),
        ("\n[]\n", ("yaml-top-level", 2, 1)),
        ("word\n", ("yaml-top-level", 1, 1)),
        ("'a: 1'\n", ("yaml-top-level", 1, 1)),
        ("true\n", ("yaml-top-level", 1, 1)),
        # Not YAML.
        ("x:\n\ty: 1\n", ("yaml-syntax", 2, 1)),
        ("x: 1\na: b: c\n", ("yaml-syntax", 2, 5)),
        ('x: 1\na: "b\nc: d\n', ("yaml-syntax", 2, 4)),
        ("x: 1\na: 'b\n", ("yaml-syntax", 2, 4)),
        ("x: 1\na: [b, c\n\n", ("yaml-syntax", 2, 4)),
        ("x: 1\na: {b: c\n", ("yaml-syntax", 2, 4)),
        ("x: 1\na: [b\nc: d\n", ("yaml-syntax", 3, 2)),
        ("a: 1\n  b: 2\n", ("yaml-syntax", 2, 4)),
        ("a: 1\n...\nb: 2\n", ("yaml-syntax", 3, 1)),
        ("a: @b\n", ("yaml-syntax", 1, 4)),
        ("a: %b\n", ("yaml-syntax", 1, 4)),
        ('a: "\\q"\n', ("yaml-syntax", 1, 5)),
        ("%YAML 2.0\n---\na: 1\n", ("yaml-syntax", 1, 1)),
        # What cannot be seen; written out anywhere, or as an escape in a value or key.
        ("a: 1 # \u202e\n", ("hidden-character", 1, 8)),
        ("a: 1\nb: x\u200by\n", ("hidden-character", 2, 5)),
        ("a\u2066: 1\n", ("hidden-character", 1, 2)),
        ("a: \x1b[31m\n", ("hidden-character", 1, 4)),
        ("a: x\x85y\n", ("hidden-character", 1, 5)),
        ("a: x\u2028y\n", ("hidden-character", 1, 5)),
        ("a: x\x0cy\n", ("hidden-character", 1, 5)),
        ('a: "\\u202e"\n', ("hidden-character", 1, 4)),
        ('a: "\\e[31m"\n', ("hidden-character", 1, 4)),
        ('a: "x\\Ny"\n', ("hidden-character", 1, 4)),
        ('a: "x\\0y"\n', ("hidden-character", 1, 4)),
        ('a: "x\\ty"\n', ("hidden-character", 1, 4)),
        ('a: "x\\ry"\n', ("hidden-character", 1, 4)),
        ("a: x\ty\n", ("hidden-character", 1, 4)),
        ('"a\\u200d": 1\n', ("hidden-character", 1, 1)),
        # What git leaves behind.
        ("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n", ("file-lfs", 1, 1)),
    ],
)
def test_what_is_wrong_is_found_where_it_stands(text: str, place: tuple[str, int, int]) -> None:
    assert places(text) == [place]


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"a: b\nc: \xff\n", ("file-encoding", 2, 4)),
        ("ä: b\nöö: ".encode() + b"\xc3\x28\n", ("file-encoding", 2, 5)),
        (b"a: \xed\xa0\x80\n", ("file-encoding", 1, 4)),
        (b"a: \xc0\xaf\n", ("file-encoding", 1, 4)),
        (b"\xef\xbb\xbfa: b\n", ("file-encoding", 1, 1)),
        ("a: b\n".encode("utf-16"), ("file-encoding", 1, 1)),
        ("a: b\n".encode("utf-16-le"), ("file-encoding", 1, 2)),
        ("a: b\n".encode("utf-32"), ("file-encoding", 1, 1)),
        (b"a: b\nc: \x00\n", ("file-encoding", 2, 4)),
        (b"a: " + b"x" * FILE_LIMIT, ("file-size", 1, 1)),
        (b"\xff" * (FILE_LIMIT + 1), ("file-size", 1, 1)),
    ],
)
def test_bytes_that_are_no_text_are_refused_where_they_stand(
    data: bytes, place: tuple[str, int, int]
) -> None:
    assert places(data) == [place]


def test_limits_are_the_last_that_is_allowed() -> None:
    assert len(read("a: ".ljust(FILE_LIMIT, "x")).value["a"]) == FILE_LIMIT - 3
    value = read(nested(DEPTH_LIMIT)).value
    for _ in range(DEPTH_LIMIT):
        value = value["a"]
    assert value is None
    assert read("a: " + "[" * 15 + "]" * 15).value["a"] != []
    assert len(read("a: [" + "x," * (NODE_LIMIT - 3) + "]").value["a"]) == NODE_LIMIT - 3


def test_one_long_line_is_a_file_like_any_other() -> None:
    assert read("a: " + "x " * 30_000 + "y").value["a"].endswith("x y")
    [finding] = refused("a: " + "x" * 10_000_000)
    assert (finding.rule, finding.excerpt) == ("file-size", "")


def test_the_marks_of_a_merge_are_found_one_by_one() -> None:
    text = "a: 1\n<<<<<<< HEAD\nb: 2\n||||||| base\nb: 4\n=======\nb: 3\n>>>>>>> theirs\n"
    assert places(text) == [("file-conflict", line, 1) for line in (2, 4, 6, 8)]
    assert places(text.replace("\n", "\r\n"))[0] == ("file-conflict", 2, 1)


def test_a_value_may_look_like_the_mark_of_a_merge() -> None:
    assert read("a: |\n  <<<<<<< HEAD\n  =======\n").value == {"a": "<<<<<<< HEAD\n=======\n"}


def test_a_duplicate_names_both_lines() -> None:
    [finding] = refused("a: 1\nb: 2\n# x\na: 3\n")
    assert finding.message == 'the key "a" stands in line 1 and again in line 4'
    [one, two] = refused("true: 1\nyes: 1\n")
    assert (one.rule, two.rule) == ("yaml-key", "yaml-key")
    assert places('1: a\n"1": b\n') == [("yaml-key", 1, 1), ("yaml-duplicate-key", 2, 1)]


def test_a_finding_holds_all_that_a_person_needs() -> None:
    assert refused("spec:\n  enabled: no # x\n") == (
        Finding(
            rule="yaml-ambiguous",
            severity=Severity.ERROR,
            file=FILE,
            line=2,
            column=12,
            pointer="/spec/enabled",
            message="no is true or false to YAML 1.1, and text to YAML 1.2",
            fix='write true or false, or quote it: "no"',
            excerpt="  enabled: no # x",
        ),
    )


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ("a: {b: [x, no]}", "/a/b/1"),
        ("a: {b: [x, {no: 1}]}", "/a/b/1/no"),
        ('"a/~b": {c: no}', "/a~1~0b/c"),
        ("no: 1", "/no"),
        ("a: [[], [[no]]]", "/a/1/0/0"),
        ("a: {x: 1, x: 2}", "/a/x"),
        ('a: ["\\u202e"]', "/a/0"),
    ],
)
def test_a_problem_points_to_the_node_that_it_is_about(text: str, pointer: str) -> None:
    assert [finding.pointer for finding in refused(text)] == [pointer]


def test_all_problems_of_a_file_are_given_at_once_and_in_order() -> None:
    text = 'a: !x no\nb: 012\n<<: {c: "\\u202e"}\nb: .inf\n'
    assert places(text) == [
        ("yaml-tag", 1, 4),
        ("yaml-ambiguous", 2, 4),
        ("yaml-merge-key", 3, 1),
        ("hidden-character", 3, 9),
        ("yaml-duplicate-key", 4, 1),
        ("yaml-number", 4, 4),
    ]


def test_what_comes_before_a_broken_line_is_still_reported() -> None:
    assert places('a: no\nb: "\n') == [("yaml-ambiguous", 1, 4), ("yaml-syntax", 2, 4)]


def test_a_tab_is_told_from_other_mistakes() -> None:
    [finding] = refused("x:\n\ty: 1\n")
    assert finding.fix == "indent with spaces; a tab is not allowed here"


def test_a_hidden_character_is_named_and_never_repeated() -> None:
    [finding] = refused("a: x\u202ey\n")
    assert finding.message == "\\u{202e} (right-to-left override) cannot be seen"
    [finding] = refused('a: "\\e"\n')
    assert finding.message == "\\u{1b} (control character) cannot be seen"


def test_a_hundred_hidden_characters_are_enough_to_see() -> None:
    assert len(refused("a: " + "\u202e" * 20_000)) == 100


def test_a_document_knows_the_place_of_every_key_and_value() -> None:
    text = 'a: 1\n"b":\n  - x\n  - c: "😀"\n    d: {e: [f,  g]}\nh:\n'
    document = read(text)
    assert {
        (pointer, at_key): document.place(pointer, at_key=at_key)
        for pointer in [(), ("a",), ("b",), ("b", 0), ("b", 1), ("b", 1, "c"), ("b", 1, "d", "e", 1), ("h",)]
        for at_key in (False, True)
    } == {
        ((), False): (1, 1),
        ((), True): (1, 1),
        (("a",), False): (1, 4),
        (("a",), True): (1, 1),
        (("b",), False): (3, 3),
        (("b",), True): (2, 1),
        (("b", 0), False): (3, 5),
        (("b", 0), True): (3, 5),
        (("b", 1), False): (4, 5),
        (("b", 1), True): (4, 5),
        (("b", 1, "c"), False): (4, 8),
        (("b", 1, "c"), True): (4, 5),
        (("b", 1, "d", "e", 1), False): (5, 17),
        (("b", 1, "d", "e", 1), True): (5, 17),
        (("h",), False): (6, 3),
        (("h",), True): (6, 1),
    }


def test_a_document_makes_findings_of_problems() -> None:
    document = read("a: 1\nspec:\n  name: x\n")
    problems = [
        Problem("unknown-field", ("spec", "name"), "m", "f", at_key=True),
        Problem("wrong-type", ("spec", "name"), "m", "f"),
        Problem("required-field", (), "m", "f", at_key=True),
    ]
    found = document.findings(problems)
    assert [(finding.line, finding.column, finding.pointer, finding.excerpt) for finding in found] == [
        (1, 1, "", "a: 1"),
        (3, 3, "/spec/name", "  name: x"),
        (3, 9, "/spec/name", "  name: x"),
    ]
    assert document.findings([]) == ()


@pytest.mark.parametrize(
    "text",
    [
        merge_bomb(20),
        "a: " + "[" * 3000,
        "a: " + "{a: " * 3000,
        "? " * 20_000,
        "[" * 60_000,
        "a:\n" + "- no\n" * 13_000,
        "a: 1\n" * 13_000,
        "{" + "a, " * 20_000 + "}",
        "\u202e\n" * 16_000,
        "<<<<<<< x\n" * 6_500,
        "a:\n" + "- !x y\n" * 9_000,
        'a: ["' + '\\u202e", "' * 6_000 + '"]',
        "a: 'x" + "\n" * 60_000 + "'",
        "a: " + "x: " * 20_000,
        "#" * 60_000,
    ],
    ids=range(15),
)
def test_no_file_takes_long(text: str) -> None:
    # Time of our own: the machine may be busy with other things.
    began = time.process_time()
    read_document(FILE, text.encode())
    assert time.process_time() - began < SECONDS


def test_a_merge_bomb_is_not_even_looked_into() -> None:
    assert places(merge_bomb(20)) == [("yaml-anchor", 1, 5)]
    assert [finding[0] for finding in places("a: " + "[" * 3000)] == ["yaml-depth"]
    assert [finding[0] for finding in places("a: " + "{a: " * 3000)] == ["yaml-depth"]


def rules_exist(found: tuple[Finding, ...]) -> bool:
    """Say whether each finding is one that every report can show."""
    return bool(found) and all(
        rule_named(finding.rule).severity is finding.severity
        and finding.line >= 1
        and finding.column >= 1
        and finding.fix
        and finding.message.isprintable()
        and finding.fix.isprintable()
        for finding in found
    )


@given(st.binary(max_size=300))
@example(b"\xff\xfe")
@example(b'"\\UFFFFFFFF"')
@example(b'a: "\\ud800"')
@example(b"!<%ff> a: b")
@example(b"%TAG ! %ff\n---\na: b")
def test_any_bytes_are_a_document_or_findings(data: bytes) -> None:
    found = verdict(read_document(FILE, data))
    assert isinstance(found, Document) or rules_exist(found)


MARKUP = "abc019 no.:-?*&!|>'\"%@`#{}[],\n\r\t\\/_~<=\u00e9\U0001f600\u202e\x00"


@given(st.text(MARKUP, max_size=80))
@example("a:\r\n  - b\r\n")
def test_any_text_is_read_as_other_readers_would_or_refused(text: str) -> None:
    found = verdict(read_document(FILE, text.encode()))
    if isinstance(found, Document):
        assert found.value == yaml.load(text, Loader=yaml.CSafeLoader)
        for pointer, at_key in [((), False), *(((key,), True) for key in found.value)]:
            line, column = found.place(pointer, at_key=at_key)
            assert column <= len(text.splitlines()[line - 1]) + 1
    else:
        assert rules_exist(found)


@given(st.text(MARKUP, max_size=60))
def test_both_of_pyyamls_parsers_come_to_the_same_value(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        found = []
        for loader in LOADERS:
            patch.setattr(module, "LOADER", loader)
            read = read_document(FILE, text.encode())
            found.append((verdict(read), read.offsets() if isinstance(read, Document) else None))
    (fast, fast_starts), (slow, slow_starts) = found
    if isinstance(fast, Document) and isinstance(slow, Document):
        assert (fast.value, fast_starts) == (slow.value, slow_starts)
    for one, _ in found:
        assert isinstance(one, Document) or rules_exist(one)


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    "text",
    [
        'a: "\\UFFFFFFFF"',
        'a: "\\ud800"',
        "%YAML 2.0\n---\na: 1",
        "a: !<%ff> b",
        'a: "x',
        "a: " + "[" * 3000,
        "?" * 3000,
    ],
)
def test_no_error_of_the_parser_escapes(loader: type, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOADER", loader)
    assert rules_exist(refused(text))


PLAIN = [
    "a",
    "name",
    "spec",
    "no",
    "012",
    "1e3",
    "12:30",
    ".nan",
    "~",
    "null",
    "true",
    "-1",
    "3.5",
    "<<",
    "=",
    "é",
]
LAYOUT = [": ", ":\n", "\n", "\n  ", "\n    ", "- ", "? ", "|\n", ">-\n", "---\n", "...\n", "\t", "\r\n"]
MARKS = ["{", "}", "[", "]", ", ", "&a ", "*a", "!!str ", "!x ", "# c\n", "%YAML 1.1\n", "@", "`", '"', "'"]
TRAPS = [
    "😀",
    "\nkind: x\n",
    '"\\u202e"',
    "\u202e",
    "\x85",
    "\ufeff",
    "\n<<<<<<< x\n",
    '"x"',
    "'y'",
    "enabled",
]
WORDS = (*PLAIN, *LAYOUT, *MARKS, *TRAPS)
WHOLE = """\
apiVersion: reconciler/v1
kind: WebchatChannel
metadata:
  name: shop-chat
  labels: {team: shop, "on": 'x'}
spec:
  enabled: true
  description: |
    Chat of the shop
  webchatSettings:
    corsAllowedOrigins:
      - https://app.example.com
      - https://admin.example.com
"""


def made_up(chance: random.Random) -> bytes:
    """Give a file of words in any order, or a real one with words thrown in, or either with broken bytes."""
    words = chance.choices(WORDS, k=chance.randrange(1, 50))
    text = "".join(words)
    if chance.random() < 0.6:
        text = WHOLE
        for word in words[: chance.randrange(5)]:
            start = chance.randrange(len(text) + 1)
            text = text[:start] + word + text[start + chance.randrange(4) :]
    data = text.encode()
    if chance.random() < 0.1:
        place = chance.randrange(len(data) + 1)
        data = data[:place] + chance.randbytes(2) + data[place:]
    return data


@pytest.mark.campaign
def test_fifty_thousand_files_end_in_a_verdict() -> None:
    chance = random.Random(20240607)
    documents, rules, slowest = 0, set[str](), 0.0
    for _ in range(50_000):
        data = made_up(chance)
        began = time.perf_counter()
        found = verdict(read_document(FILE, data))
        slowest = max(slowest, time.perf_counter() - began)
        if isinstance(found, Document):
            assert found.value == yaml.load(data, Loader=yaml.CSafeLoader), data
            documents += 1
        else:
            assert rules_exist(found), data
            rules |= {finding.rule for finding in found}
    # The files were such that both the good and each kind of bad was among them.
    assert documents > 5_000
    assert rules >= {rule.id for rule in YAML} - {"yaml-depth", "yaml-nodes"}
    assert slowest < SECONDS
