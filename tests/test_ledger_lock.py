"""The advisory lock: told, waited for as long as said, taken over when old, and never in the way."""

from __future__ import annotations

import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from story import Story, git_environ

from reconciler.ledger.lock import Lock

ORGANISATION = "acme"


def remote_of(story: Story, tmp_path: Path) -> Path:
    bare = tmp_path / "origin.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(bare)], check=True, env=git_environ())
    (story.repo / "reconciler.toml").write_text(f'[record]\norganisation = "{ORGANISATION}"\n')
    story.write("support", 0)
    story.commit()
    story.git("remote", "add", "origin", str(bare))
    return bare


def refs(bare: Path) -> list[str]:
    words = ["git", "--git-dir", str(bare), "for-each-ref", "--format=%(refname)", "refs/reconciler"]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()


def taken(story: Story, *, seconds_ago: float) -> Lock:
    lock = Lock(story.repo, "origin", ORGANISATION)
    since = (datetime.now(UTC) - timedelta(seconds=seconds_ago)).isoformat()
    assert lock.take({"run": "abc", "owner": "Robin", "since": since})
    return lock


def test_a_run_takes_the_lock_and_gives_it_back(story: Story, tmp_path: Path) -> None:
    bare = remote_of(story, tmp_path)
    code, document = story.json("apply", "--yes")
    assert (code, document["lock"]) == (0, {"taken": True, "reason": None, "other": None})
    assert refs(bare) == []


def test_one_of_two_takes_it_and_the_other_reads_by_whom_it_is_held(story: Story, tmp_path: Path) -> None:
    bare = remote_of(story, tmp_path)
    first = taken(story, seconds_ago=5)
    second = Lock(story.repo, "origin", ORGANISATION)
    assert not second.take({"run": "def", "owner": "Kim", "since": "now"})
    holder = second.holder()
    assert holder is not None
    assert (holder.run, holder.owner) == ("abc", "Robin")
    assert 4 < (holder.age(datetime.now(UTC)) or 0) < 60
    second.release()
    assert len(refs(bare)) == 1
    first.release()
    assert (refs(bare), second.holder()) == ([], None)


def test_a_lock_that_another_takes_at_the_same_moment_is_theirs(story: Story, tmp_path: Path) -> None:
    bare = remote_of(story, tmp_path)
    hook = bare / "hooks" / "pre-receive"
    # While the remote looks at our push, somebody else's lands.
    hook.write_text(
        '#!/bin/sh\nread old new ref\nrm "$0"\n'
        'other=$(git -c user.name=R -c user.email=r@example.com commit-tree -m "{}" $(git mktree </dev/null))\n'
        'env -u GIT_QUARANTINE_PATH git update-ref "$ref" "$other"\n'
    )
    hook.chmod(0o755)
    lock = Lock(story.repo, "origin", ORGANISATION)
    assert lock.take({"run": "def"}) is False
    assert refs(bare) != []


def test_a_run_that_finds_the_lock_taken_says_by_whom_and_goes_on(story: Story, tmp_path: Path) -> None:
    bare = remote_of(story, tmp_path)
    taken(story, seconds_ago=5)
    ended = story.run("apply", "--yes", "--format", "json")
    assert ended.code == 0
    assert "another run is under way: abc of Robin" in ended.err
    assert ended.json["lock"]["other"]["owner"] == "Robin"
    assert not ended.json["lock"]["taken"]
    assert len(refs(bare)) == 1


def test_a_run_waits_for_the_lock_as_long_as_it_is_told(story: Story, tmp_path: Path) -> None:
    remote_of(story, tmp_path)
    taken(story, seconds_ago=5)
    began = time.monotonic()
    assert story.run("apply", "--yes", "--lock-wait", "1").code == 0
    assert 1.0 <= time.monotonic() - began < 15


def test_a_lock_that_a_killed_run_left_behind_is_taken_over(story: Story, tmp_path: Path) -> None:
    bare = remote_of(story, tmp_path)
    taken(story, seconds_ago=3_600)
    code, document = story.json("apply", "--yes")
    assert (code, document["lock"]["taken"], document["lock"]["other"]["run"]) == (0, True, "abc")
    assert refs(bare) == []


@pytest.mark.parametrize("words", [["--no-lock"], ["--no-push"], ["--no-record"]])
def test_a_run_that_shares_nothing_takes_no_lock(story: Story, tmp_path: Path, words: list[str]) -> None:
    remote_of(story, tmp_path)
    taken(story, seconds_ago=5)
    assert story.json("apply", "--yes", *words)[1]["lock"] == {"taken": False, "reason": None, "other": None}


def test_a_remote_that_cannot_be_locked_keeps_no_run_from_going_on(story: Story, tmp_path: Path) -> None:
    story.write("support", 0)
    story.commit()
    story.git("remote", "add", "origin", str(tmp_path / "nowhere.git"))
    ended = story.run("apply", "--yes")
    assert ended.code == 6
    assert len(story.writes()) == 1


def test_a_lock_whose_words_are_no_json_is_somebody_s(story: Story, tmp_path: Path) -> None:
    remote_of(story, tmp_path)
    tree = story.git("hash-object", "-t", "tree", "-w", "/dev/null")
    commit = story.git("commit-tree", tree, "-m", "not json")
    story.git("push", "--quiet", "origin", f"{commit}:refs/reconciler/lock/{ORGANISATION}")
    holder = Lock(story.repo, "origin", ORGANISATION).holder()
    assert holder is not None
    assert (holder.run, holder.age(datetime.now(UTC))) == ("unknown", None)
