"""Whatever others write comes out as data on every surface, judged on the bytes; and no secret comes out at all."""

from __future__ import annotations

import base64
import html
import json
import os
import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import pytest
from markdown_it import MarkdownIt
from story import IDS, Story

VISIBLE = (
    "<img src=x onerror=alert(1)><script>alert(1)</script> [click](javascript:alert(1)) ![i](https://evil.example/p.png)"
    " @everyone #1 `code` | pipe | **bold** <!-- comment --> </td></table> https://evil.example/x"
    " ::error file=a::forged ##[error]forged =HYPERLINK(1) \\u001b[31m %0A::set-output name=a::b ${{ secrets.X }}"
)
"""What a channel file may hold: letters that a reader sees."""
HIDDEN = (
    "\x1b[2J\x1b]0;owned\x07 \u202egnp.exe \u200b\u2066x\u2069 \x9b31m \r\n::add-mask::x\n##[group]y\n\x00"
)
"""What only the remote may hold."""
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
COMMAND = re.compile(r"(?m)^\s*::|##\[")
COMMANDS = (
    ("validate",),
    ("plan",),
    ("drift", "--no-record"),
    ("apply", "--yes", "--no-push", "--probe", "none"),
    ("audit",),
    ("report",),
)


@pytest.fixture
def hostile(story: Story) -> Story:
    """A channel whose every text is hostile, in Git as far as files may be, and beyond that at the remote."""
    document = {"description": VISIBLE + HIDDEN, "name": VISIBLE + HIDDEN}
    story.seed("support", 0, **document)
    story.seed("stranger", 1, **document)
    story.write("support", 0, name=VISIBLE[:200], description=VISIBLE)
    story.emulator.edit(IDS[0], {"description": VISIBLE + "2" + HIDDEN}, user=VISIBLE + HIDDEN)
    story.commit()
    return story


def outputs(story: Story, form: str) -> list[tuple[str, str]]:
    found = []
    for words in COMMANDS:
        ended = story.run(*words, "--format", form) if form != "text" else story.run(*words)
        if ended.code != 64:
            found += [(words[0], ended.out), (words[0], ended.err)]
    return found


@pytest.mark.parametrize("form", ["text", "json", "markdown", "html", "github", "sarif", "junit"])
def test_no_surface_has_a_control_character_or_a_command_of_others(hostile: Story, form: str) -> None:
    if form in ("github", "sarif", "junit"):
        hostile.write("bad", 2, name=f" {VISIBLE[:200]}", authProviderId=VISIBLE[:100])
    seen = 0
    for command, text in outputs(hostile, form):
        ours = "" if form != "github" else "::error "
        lines = [line for line in text.splitlines() if not (ours and line.startswith(ours))]
        assert CONTROL.search(text) is None, (command, text)
        assert COMMAND.search("\n".join(lines)) is None, (command, text)
        text.encode()
        seen += len(text)
    assert seen


def test_markdown_has_no_link_image_or_html_of_others(hostile: Story) -> None:
    for command, text in outputs(hostile, "markdown"):
        for token in MarkdownIt("commonmark", {"html": True}).enable("table").parse(text):
            if token.type == "html_block":
                assert re.search(r"(?i)<(?:script|img|a|iframe|svg)\b|\son\w+=", token.content) is None, (
                    command
                )
            for child in token.children or ():
                assert child.type not in ("link_open", "image"), (command, child)
                if child.type == "html_inline":
                    assert re.fullmatch(
                        r"</?(?:details|summary|code|b|br|sub|strong)\s*/?>|<!--.*-->", child.content
                    )
                if child.type == "text":
                    assert "@everyone" not in child.content, command


class Tags(HTMLParser):
    """Collects what a page would run or load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("img", "iframe", "object", "embed", "base") or any(
            name.startswith("on") for name, _ in attrs
        ):
            self.found.append(f"{tag} {attrs}")
        for name, value in attrs:
            if name in ("href", "src", "action") and not (value or "").startswith(("#", "data:image/svg")):
                self.found.append(f"{tag} {name}={value}")


def test_html_runs_and_loads_nothing_of_others(hostile: Story) -> None:
    for command, text in outputs(hostile, "html"):
        tags = Tags()
        tags.feed(text)
        assert tags.found == [], command
        assert "alert(1)</script>" not in text


def test_json_says_exactly_what_was_written(hostile: Story) -> None:
    ended = hostile.run("plan", "--format", "json")
    assert ended.code == 0, ended.err
    document = json.loads(ended.out)
    (channel,) = [one for one in document["channels"] if one["action"] == "update"]
    assert channel["desired"]["spec"]["description"] == VISIBLE
    assert channel["base"]["description"] == VISIBLE + "2" + HIDDEN


ENCODINGS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "basic header": lambda secret: base64.b64encode(f"me:{secret}".encode()).decode(),
    "base64 for addresses": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
    "hex": lambda secret: secret.encode().hex(),
    "address": lambda secret: quote(secret, safe=""),
    "json": lambda secret: json.dumps(secret)[1:-1],
    "html": html.escape,
}


@pytest.fixture
def canary(story: Story, monkeypatch: pytest.MonkeyPatch) -> str:
    """A client secret that the remote accepts, and that would be known again in any form."""
    secret = "Zq/+=&<" + secrets.token_urlsafe(24) + '"%~'
    monkeypatch.setenv("GENESYS_CLIENT_SECRET", secret)
    clients = story.emulator.tokens.clients
    identity = os.environ["GENESYS_CLIENT_ID"]
    clients[identity] = replace(clients[identity], secret=secret)
    return secret


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_secret_that_the_remote_gives_back_comes_out_nowhere(
    story: Story, canary: str, encoding: str
) -> None:
    written = ENCODINGS[encoding](canary)
    story.seed("support", 0, description=f"before {written} after")
    story.seed("refused", 1)
    story.write("support", 0, description="plain")
    story.write("refused", 1, description="plain")
    story.emulator.edit(IDS[0], {"description": f"again {written}"}, user=f"user {written}")
    story.emulator.add_fault(
        {
            "method": "PUT",
            "path": f"*{IDS[1]}",
            "do": "reply",
            "status": 400,
            "body": {"message": f"no {written}", "code": "bad"},
        }
    )
    story.commit()
    forms = {form(canary) for form in ENCODINGS.values()}
    texts = [text for form in ("text", "json") for _, text in outputs(story, form)]
    texts.append(story.git("log", "--all", "--format=%B"))
    for object_id in story.git("rev-list", "--all", "--objects").split("\n"):
        texts.append(story.git("cat-file", "-p", object_id.split()[0]))
    texts += [path.read_text(errors="replace") for path in _files(story.repo)]
    for text in texts:
        assert not any(form in text for form in forms), text[:2000]


def test_a_plan_that_would_hold_the_secret_is_not_saved(story: Story, canary: str, tmp_path: Path) -> None:
    story.seed("support", 0, description=canary)
    story.write("support", 0)
    ended = story.run("plan", "--out", str(tmp_path / "plan.json"))
    assert ended.code == 64
    assert "the secret of the OAuth client replaced" in ended.err.replace("\n", " ")
    assert not (tmp_path / "plan.json").exists()


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts]
