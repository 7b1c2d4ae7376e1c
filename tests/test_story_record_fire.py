"""Records under fire: whatever Git does, the writes to the remote stand, are not repeated, and are not forgotten."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from story import Story, git_environ


def shared(story: Story, tmp_path: Path) -> Path:
    bare = tmp_path / "origin.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(bare)], check=True, env=git_environ())
    story.write("support", 0)
    story.commit()
    story.git("remote", "add", "origin", str(bare))
    return bare


def hook(folder: Path, name: str, script: str) -> None:
    path = folder / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def kept(story: Story) -> dict:
    (path,) = (story.repo / ".reconciler").glob("*.json")
    return json.loads(path.read_text())


def require_kept(story: Story, code: int, err: str) -> None:
    """Exit 6, one write, the record as a file whose path is printed, and the tree as it was."""
    assert (code, len(story.writes())) == (6, 1)
    record = kept(story)
    assert record["outcomes"][0]["result"] == "applied"
    assert str(story.repo / ".reconciler") in err
    assert story.git("status", "--porcelain") == ""


def test_a_protected_branch_keeps_the_record_as_a_file(story: Story, tmp_path: Path) -> None:
    bare = shared(story, tmp_path)
    protected = (
        'while read old new ref; do case "$ref" in refs/heads/*) echo "GH006: protected"; exit 1;; esac; done'
    )
    hook(bare, "pre-receive", protected)
    ended = story.run("apply", "--yes")
    require_kept(story, ended.code, ended.err)
    assert "reconciler-record" in story.git("branch", "--list", "reconciler-record")


def test_a_record_that_could_not_be_pushed_goes_out_with_the_next_one(story: Story, tmp_path: Path) -> None:
    bare = shared(story, tmp_path)
    hook(bare, "pre-receive", "exit 1")
    assert story.run("apply", "--yes").code == 6
    (bare / "hooks" / "pre-receive").unlink()
    assert story.run("apply", "--yes").code == 0
    words = ["git", "--git-dir", str(bare), "ls-tree", "-r", "--name-only", "reconciler-record", "runs"]
    names = subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()
    assert len([name for name in names if name.endswith(".json")]) == 2
    assert len(story.writes()) == 1


def test_a_connection_cut_after_the_push_landed_is_found_out(story: Story, tmp_path: Path) -> None:
    bare = shared(story, tmp_path)
    # The ref has moved by then; whoever pushed hears nothing of it, once.
    once = 'test -e cut || { touch cut; kill -9 "$PPID"; }'
    hook(bare, "post-update", once)
    code, document = story.json("apply", "--yes", "--no-lock")
    assert (code, document["record"]["pushed"]) == (0, True)
    assert len(story.writes()) == 1


def test_hooks_and_signing_programs_of_the_checkout_do_not_run(story: Story, tmp_path: Path) -> None:
    shared(story, tmp_path)
    canary = tmp_path / "canary"
    for name in ("pre-commit", "post-commit", "pre-push", "reference-transaction", "prepare-commit-msg"):
        hook(story.repo / ".git", name, f"touch {canary}; exit 1")
    assert story.run("apply", "--yes").code == 0
    assert not canary.exists()


def test_signing_that_is_demanded_and_impossible_leaves_no_unsigned_commit(
    story: Story, tmp_path: Path
) -> None:
    story.write("support", 0)
    story.commit()
    story.git("config", "commit.gpgsign", "true")
    story.git("config", "gpg.program", str(tmp_path / "no-such-program"))
    ended = story.run("apply", "--yes")
    require_kept(story, ended.code, ended.err)
    assert story.git("branch", "--list", "reconciler-record") == ""


def test_an_index_lock_that_was_left_behind_is_no_obstacle(story: Story) -> None:
    story.write("support", 0)
    story.commit()
    (story.repo / ".git" / "index.lock").touch()
    assert story.run("apply", "--yes").code == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_where_nothing_can_be_kept_what_is_printed_is_the_record(story: Story) -> None:
    story.write("support", 0)
    story.repo.chmod(0o500)
    try:
        ended = story.run("apply", "--yes", "--format", "json")
    finally:
        story.repo.chmod(0o700)
    assert (ended.code, story.writes()) == (1, [])


def test_verify_names_the_first_bad_link_and_repairs_nothing(story: Story) -> None:
    story.write("support", 0)
    story.commit()
    runs = [story.json("apply", "--yes")[1]["run"] for _ in range(3)]
    names = story.git("ls-tree", "-r", "--name-only", "reconciler-record", "runs").splitlines()
    (first,) = [name for name in names if name.endswith(f"{runs[0]}.json")]
    worktree = story.repo.parent / "forged"
    story.git("worktree", "add", "--quiet", str(worktree), "reconciler-record")
    record = json.loads((worktree / first).read_text())
    (worktree / first).write_text(json.dumps({**record, "exit": 4}))
    subprocess.run(["git", "add", "."], cwd=worktree, check=True, env=git_environ())
    words = ["git", "-c", "user.name=X", "-c", "user.email=x@example.com", "commit", "-qm", "forged"]
    subprocess.run(words, cwd=worktree, check=True, env=git_environ())
    story.git("worktree", "remove", "--force", str(worktree))
    tip = story.git("rev-parse", "reconciler-record")
    ended = story.run("report", "verify")
    assert ended.code == 1
    assert f"{runs[0]}.json" in ended.err + ended.out
    assert story.git("rev-parse", "reconciler-record") == tip
