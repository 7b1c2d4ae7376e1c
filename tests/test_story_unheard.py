"""Runs that nobody hears: streams that are closed, full or broken change nothing of what is done and recorded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from process import recorded
from story import PATH, Story

FULL = Path("/dev/full")
pytestmark = pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is always full")
TOOL = [sys.executable, "-m", "reconciler"]


def two(story: Story, *, slow: bool = False) -> None:
    for number, name in enumerate(("a", "b")):
        story.seed(name, number)
        story.write(name, number, description="From Git")
    story.commit()
    if slow:
        delay = {"do": "delay", "seconds": 1.2, "method": "PUT", "path": f"{PATH}*", "times": 2}
        story.emulator.add_fault(delay)


def apply(story: Story, shell: str) -> int:
    """Apply one channel after the other, with streams as the shell leads them."""
    words = [*TOOL, "apply", "--yes", "--probe", "none", "--concurrency", "1", "--repo", str(story.repo)]
    script = f'set -o pipefail; "$@" {shell}'
    return subprocess.run(
        ["bash", "-c", script, "bash", *words], cwd=story.repo, timeout=60, check=False
    ).returncode


@pytest.mark.parametrize(
    ("shell", "slow"),
    [("2>/dev/full >/dev/null", True), ("2> >(:) >/dev/null", True), ("<&- >&- 2>&-", False)],
)
def test_a_run_goes_on_where_its_progress_cannot_be_told(story: Story, shell: str, slow: bool) -> None:
    two(story, slow=slow)
    assert apply(story, shell) == 0
    assert [outcome["result"] for outcome in recorded(story)[0]["outcomes"]] == ["applied", "applied"]
    assert not list((story.repo / ".reconciler").glob("journal/*"))


def test_a_result_that_cannot_be_printed_is_said_and_leaves_no_journal(story: Story) -> None:
    two(story)
    heard = story.repo.parent / "heard"
    assert apply(story, f">/dev/full 2>{heard}") == 1
    assert "error: the result could not be printed: No space left on device" in heard.read_text()
    assert "Traceback" not in heard.read_text()
    assert recorded(story)[0]["exit"] == 0
    assert not list((story.repo / ".reconciler").glob("journal/*"))


def test_a_reader_that_went_away_leaves_the_code_of_the_run(story: Story) -> None:
    two(story)
    assert apply(story, "> >(:)") == 0
    assert recorded(story)[0]["exit"] == 0
    assert not list((story.repo / ".reconciler").glob("journal/*"))


@pytest.mark.parametrize("words", ["plan --format json", "--help"])
def test_no_traceback_reaches_a_person_whose_disk_is_full(story: Story, words: str) -> None:
    story.write("a", 0)
    with FULL.open("w") as full:
        ended = subprocess.run(
            [*TOOL, *words.split()],
            cwd=story.repo,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (ended.returncode, "Traceback" in ended.stderr) == (1, False)
    assert "could not be printed: No space left on device" in ended.stderr
