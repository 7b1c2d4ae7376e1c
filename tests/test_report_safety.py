"""Whatever somebody wrote into a name, a reason or a branch: on every surface it stays text that can be seen."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown import faults
from samples import DOCUMENTS, JsonDict, with_text_everywhere

from reconciler.model import Finding, Severity
from reconciler.report.documents import json_text, validate_document
from reconciler.report.findings import findings_github, findings_text
from reconciler.report.junit import findings_junit
from reconciler.report.markdown import document_markdown
from reconciler.report.sarif import findings_sarif
from reconciler.report.text import document_text

NAUGHTY = [
    # Terminals: colours, titles, links, cursor, C1, what overwrites a line, what rings.
    *(
        "\x1b[31m",
        "\x1b]0;title\x07",
        "\x1b]8;;https://evil.example\x1b\\link",
        "\x1b[2J\x1b[H",
        "\x9b31m",
        "\x85",
    ),
    *("safe\rEVIL", "\x07\x08\x08\x7f", "a\x0bb\x0cc", "\x00", "\u2028\u2029", "line\nbreak\r\n"),
    # What cannot be seen, or turns around what can.
    *(
        "\u202egnp.exe",
        "\u2066\u2069",
        "\u200b\u200c\u200d\u2060\ufeff",
        "\u00ad",
        "\u3164\u115f",
        "\ufe0f",
        "\U000e0041",
    ),
    # What a workflow runner obeys.
    *(
        "::error::x",
        "\n::set-output name=a::b",
        " ::add-mask::x",
        "##[error]x",
        "\r::stop-commands::t",
        ":\u200b:error::",
    ),
    # Markdown and HTML.
    *(
        "[a](https://evil.example)",
        "![a](https://evil.example/a.png)",
        "<img src=x onerror=alert(1)>",
        "<!-- x",
    ),
    *(
        "@everyone",
        "#1 GH-1 a/b#1",
        "https://evil.example",
        "www.evil.example",
        "</details>",
        "```\n# head",
        "`` ` ``",
    ),
    *(
        "| a | b |",
        "\\| \\",
        "&lt;b&gt; &#60;",
        "a@example.com",
        "\n\n- item\n> quote",
        "$\\sqrt{3}$",
        ":tada:",
    ),
    # Templates, shells, numbers, and what breaks encoders.
    *(
        "{{ 7*7 }}{% x %}",
        "${HOME} $(id) `id`",
        "'; DROP TABLE x; --",
        "%s%n%25%0A",
        "=1+1",
        "\ud800",
        "\udfff\ud800",
    ),
    *("é\u0301\u0300" * 30, "ﷺ" * 50, "x" * 5_000, "", "𝕏\U0010ffff", "null", "-1", "NaN", "1e999"),
]
UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\u00ad\u3164\u115f\u1160\ufe00-\ufe0f]")
SEQUENCE = re.compile(r"\x1b\[[0-9;]*m")
TEXT = st.one_of(
    st.sampled_from(NAUGHTY), st.text(max_size=40), st.lists(st.sampled_from(NAUGHTY)).map("".join)
)


def is_clean(text: str) -> bool:
    """Say whether there is nothing in a text but what prints and line feeds."""
    return all(letter == "\n" or letter.isprintable() for letter in text) and not UNSEEN.search(text)


def obeyed(text: str) -> list[str]:
    """Give the lines that the runner of a workflow would obey."""
    return [line for line in text.split("\n") if line.lstrip().startswith("::") or "##[" in line]


def finding(text: str) -> Finding:
    where = f"channels/{text}.yaml"
    return Finding(f"rule{text}", Severity.ERROR, where, 3, 5, f"/spec/{text}", text, text, f"  name: {text}")


class Rule:
    """A rule whose every word somebody else wrote."""

    severity = Severity.ERROR
    risk = None
    is_optional = False

    def __init__(self, text: str) -> None:
        self.id = self.what = self.why = self.fix = text


@pytest.mark.parametrize("command", DOCUMENTS)
@pytest.mark.parametrize("colour", [False, True], ids=["plain", "coloured"])
def test_terminals_and_logs_are_shown_text_alone(command: str, colour: bool) -> None:
    for naughty in NAUGHTY:
        text = document_text(with_text_everywhere(DOCUMENTS[command], naughty), width=100, colour=colour)
        assert is_clean(SEQUENCE.sub("", text) if colour else text), naughty
        assert obeyed(SEQUENCE.sub("", text)) == [], naughty


@pytest.mark.parametrize("command", ["plan", "apply", "drift"])
def test_markdown_has_no_structure_but_ours(command: str) -> None:
    for naughty in NAUGHTY:
        text = document_markdown(with_text_everywhere(DOCUMENTS[command], naughty))
        assert faults(text) == [], naughty
        assert is_clean(text), naughty
        assert obeyed(text) == [], naughty


@pytest.mark.parametrize("command", DOCUMENTS)
def test_json_says_the_same_in_ascii_that_no_runner_obeys(command: str) -> None:
    for naughty in NAUGHTY:
        document = with_text_everywhere(DOCUMENTS[command], naughty)
        text = json_text(document)
        assert json.loads(text) == document
        assert text.isascii()
        assert is_clean(text)
        assert obeyed(text) == [], naughty


def test_findings_are_text_on_every_surface() -> None:
    for naughty in NAUGHTY:
        found = [finding(naughty)]
        for text in (
            findings_text(found, files=1, colour=False),
            SEQUENCE.sub("", findings_text(found, files=1, colour=True)),
            json_text(validate_document(found, files=1)),
            json_text(findings_sarif(found, [Rule(naughty)], version="1.0.0")),
        ):
            assert is_clean(text), naughty
            assert obeyed(text) == [], naughty
        assert is_clean(findings_junit(found, [found[0].file])), naughty


def test_an_annotation_is_one_command_whatever_it_says() -> None:
    for naughty in NAUGHTY:
        text = findings_github([finding(naughty)])
        assert is_clean(text)
        (line,) = text.splitlines()
        properties, _, message = line.removeprefix("::error ").partition("::")
        assert [part.split("=")[0] for part in properties.split(",")] == ["file", "line", "col", "title"], (
            naughty
        )
        assert "##[" not in message


@settings(max_examples=60)
@given(st.sampled_from(sorted(DOCUMENTS)), TEXT, st.integers(20, 250))
def test_any_text_at_any_width_stays_text(command: str, naughty: str, width: int) -> None:
    document = with_text_everywhere(DOCUMENTS[command], naughty)
    text = document_text(document, width=width)
    assert is_clean(text)
    assert obeyed(text) == []
    assert is_clean(document_markdown(document))


# Records come from a branch that others can push to: no document stops a rendering.

PLACES = st.sampled_from(["leave out", "null", "list", "text", "number", "object"])
WRONG: dict[str, Callable[[], Any]] = {
    "null": lambda: None,
    "list": lambda: [None, 1, "x", [], {}],
    "text": lambda: "x\x1b",
    "number": lambda: -1e308,
    "object": lambda: {"name": {}},
}


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Give where every value of a document stands."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(way for key, one in inner for way in paths(one, (*path, key)))]


def broken(document: JsonDict, path: tuple[Any, ...], how: str) -> JsonDict:
    """Give the document with one value of another type, or without it."""
    whole: JsonDict = json.loads(json.dumps(document))
    *way, last = path
    parent: Any = whole
    for step in way:
        parent = parent[step]
    if how == "leave out":
        del parent[last]
    else:
        parent[last] = WRONG[how]()
    return whole


@pytest.mark.parametrize("command", DOCUMENTS)
def test_a_document_that_is_broken_anywhere_is_still_shown(command: str) -> None:
    from reconciler.report.html.documents import document_html

    document = DOCUMENTS[command]
    for path in paths(document)[1:]:
        if path == ("command",):
            continue
        for how in ("leave out", *WRONG):
            odd = broken(document, path, how)
            assert is_clean(document_text(odd)), (path, how)
            if how in ("leave out", "object"):
                assert document_markdown(odd), (path, how)
            if len(path) < 5 and how == "object":
                assert "</html>" in document_html(odd), (path, how)
