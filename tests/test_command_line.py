"""Help, near misses and completion: what a person meets before anything is done."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from reconciler.cli.main import COMMANDS, cli, run

SCRIPT = Path(sys.executable).with_name("reconciler")
LINES_OF_HELP = 60


def completed(*words: str, folder: Path) -> list[str]:
    """Give what bash would offer for the last of the words."""
    environ = os.environ | {
        "_RECONCILER_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["reconciler", *words]),
        "COMP_CWORD": str(len(words)),
    }
    ended = subprocess.run([SCRIPT], cwd=folder, env=environ, capture_output=True, text=True, check=True)
    return [line.split(",", 1)[1] for line in ended.stdout.splitlines()]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "channels" / "shop").mkdir(parents=True)
    for name in ("support.yaml", "shop/shop-support.yml", "notes.txt"):
        (tmp_path / "channels" / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["va"], ["validate"]),
        ([""], list(COMMANDS)),
        (["plan", "--fo"], ["--format"]),
        (["plan", "--format", "m"], ["markdown"]),
        (["explain", "origin-htt"], ["origin-https"]),
        (["verify", ""], ["shop-support", "support"]),
        (["verify", "su"], ["support"]),
        (["plan", "--only", "sh"], ["shop-support"]),
        (["apply", "--only", "sh"], ["shop-support"]),
        (["audit", "sup"], ["support"]),
        (["drift", "sup"], ["support"]),
        (["adopt", "sup"], ["support"]),
    ],
    ids=" ".join,
)
def test_words_are_completed(words: list[str], offered: list[str], repository: Path) -> None:
    assert set(offered) <= set(completed(*words, folder=repository))
    if words[-1]:
        assert completed(*words, folder=repository) == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(shell: str, tmp_path: Path) -> None:
    if shell == "bash" and shutil.which("bash") is None:
        pytest.skip("click asks bash for its version")
    environ = os.environ | {"_RECONCILER_COMPLETE": f"{shell}_source"}
    ended = subprocess.run([SCRIPT], env=environ, capture_output=True, text=True, check=True)
    assert "_RECONCILER_COMPLETE" in ended.stdout
    if shutil.which(shell):
        script = tmp_path / "completion"
        script.write_text(ended.stdout)
        subprocess.run([shell, "-n", script], check=True, capture_output=True)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits_a_screen_and_explains_every_option(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([command, "--help"]) == 0
    text = capsys.readouterr().out
    lines = text.splitlines()
    assert len(lines) <= LINES_OF_HELP
    assert max(map(len, lines)) <= 80
    found = cli.get_command(click.Context(cli), command)
    assert found is not None
    for parameter in found.params:
        if parameter.param_type_name == "option":
            assert parameter.help, f"{command} {parameter.name} has no help"
    examples = re.findall(r"^ {4}(?:.*; )?reconciler (\S+)", text, re.MULTILINE)
    assert examples
    assert set(examples) <= set(COMMANDS)


def test_the_module_runs_as_the_script_does() -> None:
    by_script = subprocess.run([SCRIPT, "--help"], capture_output=True, text=True, check=True).stdout
    words = [sys.executable, "-m", "reconciler", "--help"]
    by_module = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert by_module == by_script
    assert "Exit codes" in by_script


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["valdate"], "'validate'"),
        (["aply"], "'apply'"),
        (["plan", "--fromat", "json"], "--format"),
        (["explain", "origin-htps"], "'origin-https'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_near_miss_names_what_was_meant(
    words: list[str], meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == 64
    told = capsys.readouterr()
    assert told.out == ""
    assert meant in told.err


def test_a_word_like_no_command_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["xyzzy"]) == 64
    told = capsys.readouterr().err
    assert all(command in told for command in COMMANDS)
