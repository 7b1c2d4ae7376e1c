"""`watch` in a process of its own: judged at once, again on each save, and ended by Ctrl-C."""

from __future__ import annotations

import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from story import Story, git_environ

SECONDS = 30.0


class Watching:
    """What a running `watch` says."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.put(line)

    def until(self, words: str) -> str:
        """Read on until a line says this."""
        seen = ""
        while words not in seen:
            try:
                seen += self.lines.get(timeout=SECONDS)
            except queue.Empty:
                raise AssertionError(f"{words!r} was not said, but: {seen}") from None
        return seen


@contextmanager
def watching(repo: Path, *words: str) -> Iterator[Watching]:
    command = [sys.executable, "-m", "reconciler", "watch", *words]
    process = subprocess.Popen(
        command,
        cwd=repo,
        env=git_environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
    )
    try:
        yield Watching(process)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)
        assert process.stdout
        process.stdout.close()


def test_each_save_is_judged_and_the_last_plan_is_told(story: Story) -> None:
    path = story.write("support", 0)
    good = path.read_text()
    with watching(story.repo) as seen:
        assert "✓ 1 file, no finding." in seen.until("No plan is saved")
        path.write_text(good.replace("https://app.example.com", "http://app.example.com"))
        assert "origin-https" in seen.until("✗ 1 error")
        path.write_text(good)
        seen.until("✓ 1 file, no finding.")
        assert story.run("plan", "--out", str(story.repo / "plan.json")).code == 0
        assert "widens: 1 channel created enabled" in seen.until("Last plan, of these files.")
        story.write("support", 0, description="Another")
        seen.until("Last plan, of other files, plan again: reconciler plan --out plan.json")
        seen.process.send_signal(signal.SIGINT)
        assert seen.process.wait(SECONDS) == 130


def test_a_damaged_plan_and_settings_are_told_and_end_nothing_else(story: Story) -> None:
    story.write("support", 0)
    (story.repo / "plan.json").write_text("{}")
    with watching(story.repo) as seen:
        seen.until("this is not a saved plan")
        (story.repo / "reconciler.toml").write_text("[nonsense]\n")
        seen.until("the table [nonsense] is not known")
        (story.repo / "reconciler.toml").unlink()
        seen.until("this is not a saved plan")


def test_without_a_folder_there_is_nothing_to_watch(tmp_path: Path) -> None:
    from reconciler.cli.main import run

    assert run(["watch", "--repo", str(tmp_path)]) == 64
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "matters"),
    [
        ("channels/a.yaml", True),
        ("channels/shop/b.yml", True),
        ("channels/notes.txt", False),
        ("channels/.a.yaml.swp", False),
        ("reconciler.toml", True),
        ("schemas/policy/own.json", True),
        (".git/index", False),
        ("plan.json", True),
        ("other.json", False),
    ],
)
def test_only_files_that_change_a_verdict_are_heeded(path: str, matters: bool, tmp_path: Path) -> None:
    from reconciler.cli.watch import _is_ours

    heeds = _is_ours((tmp_path / "channels",), tmp_path / "plan.json")
    assert heeds(None, str(tmp_path / path)) is matters
