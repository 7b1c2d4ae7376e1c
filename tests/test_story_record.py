"""Records of runs, as plain git shows them."""

from __future__ import annotations

import subprocess
from pathlib import Path

from story import IDS, Story, git_environ


def test_a_run_is_recorded_on_its_own_branch_and_leaves_the_tree_alone(story: Story) -> None:
    story.write("support", 0)
    commit = story.commit()
    (story.repo / "untracked.txt").write_text("mine")
    before = (
        story.git("status", "--porcelain"),
        story.git("rev-parse", "HEAD"),
        story.git("branch", "--show-current"),
    )
    code, document = story.json("apply", "--yes")
    assert code == 0
    after = (
        story.git("status", "--porcelain"),
        story.git("rev-parse", "HEAD"),
        story.git("branch", "--show-current"),
    )
    assert before == after
    names = story.git("ls-tree", "-r", "--name-only", "reconciler-record").splitlines()
    assert any(name.startswith("runs/") and name.endswith(f"{document['run']}.json") for name in names)
    assert any(name.startswith("applied/") and name.endswith("/support.json") for name in names)
    assert document["commit"] == commit
    assert f"Reconciler-Source: {commit}" in story.git("log", "-1", "--format=%B", "reconciler-record")


def test_runs_are_listed_shown_and_their_chain_holds(story: Story) -> None:
    story.write("support", 0)
    story.commit()
    runs = [story.json("apply", "--yes")[1]["run"] for _ in range(3)]
    code, document = story.json("report")
    assert code == 0
    assert [run["run"] for run in document["runs"]] == runs
    assert document["chain"]["valid"]
    assert document["chain"]["length"] == 3
    assert story.json("report", runs[1])[1]["run"] == runs[1]
    assert story.json("report", "show", "latest")[1]["run"] == runs[2]
    assert story.run("report", "verify").code == 0
    assert story.run("report", "nothing-like-it").code == 64


def test_a_record_is_pushed_where_there_is_a_remote(story: Story, tmp_path: Path) -> None:
    bare = tmp_path / "origin.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(bare)], check=True, env=git_environ())
    story.write("support", 0)
    story.commit()
    story.git("remote", "add", "origin", str(bare))
    code, document = story.json("apply", "--yes")
    assert (code, document["record"]["pushed"]) == (0, True)
    tip = subprocess.run(
        ["git", "--git-dir", str(bare), "rev-parse", "reconciler-record"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    assert tip == story.git("rev-parse", "reconciler-record")


def test_a_push_that_fails_keeps_the_record_as_a_file_and_ends_with_6(story: Story, tmp_path: Path) -> None:
    story.write("support", 0)
    story.commit()
    story.git("remote", "add", "origin", str(tmp_path / "nowhere.git"))
    ended = story.run("apply", "--yes")
    assert ended.code == 6
    (kept,) = (story.repo / ".reconciler").glob("*.json")
    assert str(kept) in ended.err
    assert story.git("status", "--porcelain") == ""
    assert len(story.writes()) == 1


def test_what_is_printed_says_with_which_code_a_run_ends_that_could_not_be_recorded(
    story: Story, tmp_path: Path
) -> None:
    path = story.write("support", 0)
    story.commit()
    assert story.json("apply", "--yes")[0] == 0
    story.git("remote", "add", "origin", str(tmp_path / "nowhere.git"))
    assert "Exit 6: " in story.run("apply", "--yes").out
    code, document = story.json("apply", "--yes")
    assert (code, document["exit"]) == (6, 6)
    path.write_text(path.read_text().replace("A channel", "Another channel"))
    code, document = story.json("drift")
    assert (code, document["exit"]) == (6, 6)


def test_outside_a_repository_all_but_the_record_works(story: Story) -> None:
    story.write("support", 0)
    assert story.run("plan").code == 0
    assert story.run("verify").code in (0, 5)
    ended = story.run("apply", "--yes")
    assert ended.code == 6
    assert len(story.writes()) == 1
    assert story.run("apply", "--yes", "--no-record").code == 0


def test_a_run_that_wrote_nothing_is_recorded_too(story: Story) -> None:
    story.seed("support", 0)
    story.write("support", 0)
    story.commit()
    code, document = story.json("apply", "--yes")
    assert (code, document["outcomes"]) == (0, [])
    assert story.json("report")[1]["chain"]["length"] == 1


def test_prune_deletes_only_what_git_once_managed(story: Story) -> None:
    story.seed("stranger", 7)
    story.write("support", 0)
    path = story.write("retail", 1)
    story.commit()
    assert story.json("apply", "--yes")[0] == 0
    path.unlink()
    story.commit()
    _, document = story.json("plan")
    assert document["summary"]["delete"] == 0
    code, document = story.json("apply", "--yes", "--prune")
    assert (code, [outcome["action"] for outcome in document["outcomes"]]) == (0, ["delete"])
    assert len(story.emulator.store.channels.live) == 2


def test_an_empty_folder_prunes_nothing_and_is_held(story: Story) -> None:
    path = story.write("support", 0)
    story.commit()
    assert story.json("apply", "--yes")[0] == 0
    path.unlink()
    held = "there is no channel file, and pruning would delete 1 channel; put the files back"
    code, planned = story.json("plan", "--prune")
    assert (code, planned["channels"], planned["held"].startswith(held)) == (0, [], True)
    code, document = story.json("apply", "--yes", "--prune", "--allow-changes", "9")
    assert (code, document["exit"], document["held"].startswith(held)) == (4, 4, True)
    assert len(story.emulator.store.channels.live) == 1


def test_an_empty_folder_is_not_called_as_git_wants_it(story: Story) -> None:
    story.commit()
    assert "There is no channel file, so nothing was looked at." in story.run("plan").out
    ended = story.run("apply", "--yes")
    assert (ended.code, "nothing to apply, there is no channel file" in ended.out) == (0, True)


def test_a_run_and_the_history_are_written_as_pages(story: Story, tmp_path: Path) -> None:
    story.write("support", 0)
    (story.repo / "reconciler.toml").write_text("[record]\npeople = true\n")
    story.commit()
    run = story.json("apply", "--yes")[1]["run"]
    story.emulator.edit(IDS[0], {"name": "Dana's"}, user="Dana")
    assert story.run("drift").code == 2
    page, site = tmp_path / "run.html", tmp_path / "site"
    assert story.run("report", "html", run, "--out", str(page)).code == 0
    assert f"<h1>Run {run}</h1>" in page.read_text()
    assert story.run("report", "html").out.startswith("<!DOCTYPE html>")
    ended = story.run("report", "site", str(site))
    assert (ended.code, ended.out) == (0, "")
    index = (site / "index.html").read_text()
    assert "The chain of 2 records holds" in index
    assert "Dana" in (site / "drift.html").read_text()
    assert (site / "runs" / f"{run}.html").exists()
    (channel,) = (site / "channels").rglob("*.html")
    assert channel.stem == "support"
    assert story.run("report", "html", "nothing-like-it").code == 64
    page.chmod(0o600)
    assert story.run("report", "site", str(page)).code == 64
