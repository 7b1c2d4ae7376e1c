"""The walks of the documentation: every command of every page is run, in order, with the exit code that it names."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from story import IDS, Story

from reconciler.cli.main import run

WALKS = sorted((Path(__file__).parent.parent / "docs" / "walks").glob("*.md"))
STEP = re.compile(r"<!-- (\w+): (.*?) -->|^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)


def steps(page: str) -> Iterator[tuple[str, str]]:
    for match in STEP.finditer(page):
        if match[1]:
            yield match[1], match[2]
        else:
            yield from (("type", line) for line in match[3].splitlines() if line)


@pytest.mark.parametrize("path", WALKS, ids=lambda path: path.stem)
def test_every_command_of_a_walk_does_what_the_page_says(
    path: Path, story: Story, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(story.repo)
    told = list(steps(path.read_text()))
    assert len([kind for kind, _ in told if kind == "type"]) >= 5
    for kind, text in told:
        act(kind, text, story, capsys)


def act(kind: str, text: str, story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    match kind, text.split(" "):
        case "stage", ["support", "applied"]:
            story.write("support", 0)
            story.commit()
            assert run(["apply", "--yes", "--probe", "none"]) == 0
        case "file", [name, "corsAllowedOrigins", *origins]:
            story.write(name, 0, corsAllowedOrigins=origins)
            story.commit()
        case "file", [name, field, *words]:
            story.write(name, 0, **{field: " ".join(words)})
            story.commit()
        case "console", [user, field, *words]:
            story.emulator.edit(IDS[0], {field: " ".join(words)}, user=user)
        case "run", words:
            assert run(words) in (0, 2)
        case "type", _:
            type_line(text, story, capsys)
        case _:
            raise AssertionError(f"the page has an unknown step: {kind}: {text}")


def type_line(line: str, story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    typed, _, note = line.partition("  # exit ")
    typed, _, file = typed.partition(" > ")
    program, *words = shlex.split(typed)
    if program == "git":
        assert story.git(*words) is not None
        return
    assert program == "reconciler", line
    capsys.readouterr()
    code = run(words)
    captured = capsys.readouterr()
    assert code == int(note or 0), f"{line}: {captured.out}{captured.err}"
    if file:
        (story.repo / file).write_text(captured.out)
