from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.errors import RecordError
from reconciler.ledger.command import GitCommand, complaint_words

if TYPE_CHECKING:
    from pathlib import Path


def test_only_the_line_that_tells_most_is_shown() -> None:
    assert complaint_words("hint: x\nfatal: not a git repository\nhint: y") == "fatal: not a git repository"
    assert complaint_words("\n") == "it gave no reason"


def test_credentials_in_an_address_are_not_shown() -> None:
    words = complaint_words("fatal: unable to access 'https://me:s3cret@git.example.com/x.git/': 403")
    assert words == "fatal: unable to access 'https://…@git.example.com/x.git/': 403"


def test_letters_that_do_not_print_are_named() -> None:
    assert complaint_words("error: \x1b[31mred\u202e") == "error: \\u{1b}[31mred\\u{202e}"


def test_inherited_variables_are_gone_and_the_operators_way_to_a_remote_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    monkeypatch.setenv("GIT_PREFIX", "x/")
    monkeypatch.setenv("GIT_SSH_COMMAND", "ssh -i key")
    git = GitCommand(tmp_path)
    names = git.ask("-c", "alias.show-names=!env", "show-names").text.splitlines()
    found = {name.partition("=")[0] for name in names if name.startswith("GIT_")}
    assert {"GIT_DIR", "GIT_PREFIX"}.isdisjoint(found - {"GIT_PREFIX"})
    assert "GIT_PREFIX=x/" not in names
    assert {"GIT_SSH_COMMAND=ssh -i key", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C"} <= set(names)


def test_a_command_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    answer = GitCommand(tmp_path).run("-c", "alias.wait=!sleep 60", "wait", seconds=0.3)
    assert answer.status != 0
    assert "did not complete in 0.3 secs" in answer.complaint


def test_no_command_has_a_terminal_to_ask_at(tmp_path: Path) -> None:
    assert GitCommand(tmp_path).run("-c", "alias.ask=!exec 3</dev/tty", "ask").status != 0


def test_a_failure_is_told_in_gits_own_words(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="git rev-parse failed: fatal: not a git repository"):
        GitCommand(tmp_path).ask("rev-parse", "HEAD")


def test_without_git_the_way_out_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    GitCommand(tmp_path).run("version")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RecordError, match="install git"):
        GitCommand(tmp_path).run("version")
