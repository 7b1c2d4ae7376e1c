from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from reconciler.errors import RecordError
from reconciler.ledger.source import Source, find_repository, read_source


@pytest.fixture(autouse=True)
def _no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("GIT_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=Tester", "-c", "user.email=tester@example.com")
    done = subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / "channels" / "deep").mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    (folder / "channels" / "chat.yaml").write_text("name: chat\n")
    (folder / "channels" / "deep" / "ünder.yml").write_text("name: under\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def clean(repository: Path, folder: str = "channels") -> Source:
    return Source(
        git(repository, "rev-parse", "HEAD"), git(repository, "rev-parse", f"HEAD:{folder}"), dirty=False
    )


# -- finding


def test_the_enclosing_repository_is_found_from_below(repository: Path) -> None:
    assert find_repository(repository / "channels" / "deep") == repository


def test_outside_there_is_none(tmp_path: Path) -> None:
    assert find_repository(tmp_path) is None


def test_an_empty_git_folder_is_no_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert find_repository(tmp_path) is None


def test_a_bare_repository_is_none(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "bare.git")
    assert find_repository(tmp_path / "bare.git") is None


def test_a_worktree_is_one(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "-q", str(tmp_path / "tree"))
    assert find_repository(tmp_path / "tree" / "channels") == tmp_path / "tree"
    assert read_source(tmp_path / "tree", "channels") == clean(repository)


def test_inherited_variables_lead_nowhere(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = clean(repository)
    git(tmp_path, "init", "-q", "other")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "other"))
    assert find_repository(tmp_path) is None
    assert read_source(repository, "channels") == expected


# -- reading


def test_commit_and_tree_of_a_clean_checkout(repository: Path) -> None:
    assert read_source(repository, "channels") == clean(repository)


def test_a_folder_below_another(repository: Path) -> None:
    assert read_source(repository, "channels/deep") == clean(repository, "channels/deep")


def test_a_project_below_the_top_of_the_repository(repository: Path) -> None:
    assert read_source(repository / "channels", "deep") == clean(repository, "channels/deep")


def test_the_top_of_the_repository_as_channel_folder(repository: Path) -> None:
    assert read_source(repository, ".") == clean(repository, "")


def test_a_detached_head_is_read_like_a_branch(repository: Path) -> None:
    git(repository, "checkout", "-q", "--detach")
    assert read_source(repository, "channels") == clean(repository)


def test_a_shallow_clone_knows_its_commit(repository: Path, tmp_path: Path) -> None:
    git(repository, "commit", "-q", "--allow-empty", "-m", "second")
    git(tmp_path, "clone", "-q", "--depth=1", repository.as_uri(), "shallow")
    assert read_source(tmp_path / "shallow", "channels") == clean(repository)


def test_outside_a_repository_nothing_is_known(tmp_path: Path) -> None:
    assert read_source(tmp_path, "channels") == Source(None, None, dirty=False)


def test_an_unborn_branch_has_no_commit_and_its_files_differ(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "new")
    assert read_source(tmp_path / "new", "channels") == Source(None, None, dirty=False)
    (tmp_path / "new" / "channels").mkdir()
    (tmp_path / "new" / "channels" / "chat.yaml").write_text("name: chat\n")
    assert read_source(tmp_path / "new", "channels") == Source(None, None, dirty=True)


def test_a_folder_that_the_commit_does_not_have_has_no_tree(repository: Path) -> None:
    (repository / "other").mkdir()
    (repository / "other" / "new.yaml").write_text("name: new\n")
    assert read_source(repository, "other") == Source(git(repository, "rev-parse", "HEAD"), None, dirty=True)


def test_an_edited_file_differs(repository: Path) -> None:
    (repository / "channels" / "chat.yaml").write_text("name: chut\n")
    assert read_source(repository, "channels").dirty


def test_an_edit_that_is_staged_differs(repository: Path) -> None:
    (repository / "channels" / "chat.yaml").write_text("name: chut\n")
    git(repository, "add", ".")
    assert read_source(repository, "channels").dirty


def test_a_removed_file_differs(repository: Path) -> None:
    (repository / "channels" / "deep" / "ünder.yml").unlink()
    assert read_source(repository, "channels").dirty


def test_a_channel_that_git_ignores_differs(repository: Path) -> None:
    (repository / ".gitignore").write_text("*.yaml\n")
    (repository / "channels" / "ignored.yaml").write_text("name: ignored\n")
    assert read_source(repository, "channels").dirty


def test_a_file_that_is_no_channel_makes_no_difference(repository: Path) -> None:
    (repository / "channels" / "notes.txt").write_text("notes\n")
    assert not read_source(repository, "channels").dirty


def test_line_ends_of_a_windows_checkout_make_no_difference(repository: Path) -> None:
    (repository / "channels" / "chat.yaml").write_bytes(b"name: chat\r\n")
    assert not read_source(repository, "channels").dirty


def test_a_committed_symbolic_link_equals_itself_and_not_another(repository: Path) -> None:
    link = repository / "channels" / "link.yaml"
    link.symlink_to("chat.yaml")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "link")
    assert not read_source(repository, "channels").dirty
    link.unlink()
    link.symlink_to("/etc/passwd")
    assert read_source(repository, "channels").dirty


def test_programs_that_the_checkout_names_do_not_run(repository: Path, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path / 'canary'}\ncat\n")
    program.chmod(0o755)
    for key in ("core.fsmonitor", "filter.x.clean", "filter.x.process", "diff.external"):
        git(repository, "config", key, str(program))
    (repository / ".git" / "info" / "attributes").write_text("* filter=x\n")
    (repository / "channels" / "chat.yaml").write_text("name: chut\n")
    assert read_source(repository, "channels").dirty
    assert not (tmp_path / "canary").exists()


def test_a_broken_repository_is_said_to_be_broken(repository: Path) -> None:
    (repository / ".git" / "HEAD").write_text("nonsense\n")
    with pytest.raises(RecordError, match="git cannot read the repository"):
        read_source(repository, "channels")
