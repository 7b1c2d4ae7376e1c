"""How far a long command is: counted on stderr, and only where it takes long."""

from __future__ import annotations

import io
import sys
import time

import pytest
from story import IDS, Story, desired

from reconciler.cli import output


def test_answers_are_counted_on_stderr_where_reading_takes_long(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "PLAIN_SECONDS", 0.0)
    story.write()
    for number in range(250):
        story.emulator.seed({**desired(f"c-{number}", number), "id": IDS[number]})
    ended = story.run("plan", "--format", "json")
    # One token and three pages.
    assert ended.err.splitlines()[-1] == "answers read: 4"
    assert "answers" not in ended.out
    assert story.run("plan", "--format", "json", "--quiet").err == ""


def test_what_is_over_at_once_is_not_counted(story: Story) -> None:
    story.write()
    assert story.run("plan", "--format", "json").err == ""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_a_bar_after_a_second_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with output.progress("probed", 3, quiet=False) as count:
        count()
        assert terminal.getvalue() == ""
        now = output.BAR_SECONDS
        count()
        count()
    assert "probed" in terminal.getvalue()
    assert "3/3" in terminal.getvalue()
