from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reconciler.errors import RecordError, UsageError
from reconciler.ledger.ledger import Ledger

RACERS = 20
ROUNDS = 50 if os.environ.get("PROOF") == "full" else 2
HOOKS = (
    "pre-commit",
    "commit-msg",
    "prepare-commit-msg",
    "post-commit",
    "pre-push",
    "post-index-change",
    "reference-transaction",
    "post-checkout",
    "pre-auto-gc",
)


@pytest.fixture(autouse=True)
def _no_identity_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("GIT_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=Tester", "-c", "user.email=tester@example.com")
    done = subprocess.run(
        ["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout.strip()


def make_repository(folder: Path) -> Path:
    (folder / "channels").mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    (folder / "channels" / "chat.yaml").write_text("kind: WebchatChannel\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def make_shared(folder: Path) -> tuple[Path, Path]:
    """Make a clone and its bare remote."""
    clone, remote = make_repository(folder / "clone"), folder / "remote.git"
    git(folder, "init", "-q", "--bare", "-b", "main", str(remote))
    git(clone, "remote", "add", "origin", str(remote))
    git(clone, "push", "-q", "origin", "main")
    return clone, remote


def make_clone(remote: Path, folder: Path, *options: str) -> Path:
    git(remote.parent, "clone", "-q", *options, remote.as_uri(), str(folder))
    return folder


def record(run: str, second: int = 0, **more: object) -> dict[str, object]:
    when = f"2025-01-31T12:00:{second:02d}.000Z"
    return {"format": 1, "command": "apply", "run": run, "when": when, "exit": 0, **more}


def append(repository: Path, run: str, second: int = 0, **options: object) -> str:
    ledger = Ledger(repository, **options)
    applied = {f"chat-{run}": {"name": run}}
    return ledger.append(record(run, second), f"# {run}\n", applied, "acme").commit


def runs_on(repository: Path, ref: str = "reconciler-record") -> list[str]:
    paths = git(repository, "ls-tree", "-r", "--name-only", ref, "--", "runs").splitlines()
    return [path.rpartition("Z-")[2].removesuffix(".json") for path in paths if path.endswith(".json")]


def line_on(repository: Path, ref: str = "reconciler-record") -> list[str]:
    """Follow the chain with plain git and hashlib; every record must be on it."""
    paths = git(repository, "ls-tree", "-r", "--name-only", ref, "--", "runs").splitlines()
    after: dict[object, tuple[str, str]] = {}
    for path in [path for path in paths if path.endswith(".json")]:
        data = subprocess.check_output(["git", "cat-file", "blob", f"{ref}:{path}"], cwd=repository)
        document = json.loads(data)
        assert document["previous"] not in after
        after[document["previous"]] = document["run"], "sha256:" + hashlib.sha256(data).hexdigest()
    line, here = [], None
    while here in after:
        run, here = after[here]
        line.append(run)
    assert len(line) == len(after)
    return line


def picture(repository: Path) -> dict[str, object]:
    """Everything of the user's that must stay as it is."""
    files = (path for path in sorted(repository.rglob("*")) if path.is_file() and ".git" not in path.parts)
    inside = ("index", "HEAD", "config", "ORIG_HEAD", "FETCH_HEAD", "index.lock")
    held = {name: repository / ".git" / name for name in inside}
    return {
        "files": {str(path): path.read_bytes() for path in files},
        "git": {name: path.read_bytes() for name, path in held.items() if path.exists()},
        "stat": (repository / ".git" / "index").stat().st_mtime_ns,
        "main": git(repository, "rev-parse", "main"),
    }


# -- what is written


def test_a_record_is_one_commit_on_an_orphan_branch_with_its_markdown_and_what_was_applied(
    tmp_path: Path,
) -> None:
    clone = make_repository(tmp_path / "clone")
    receipt = Ledger(clone).append(record("run-1"), "# Ünïcode\n", {"chat": {"name": "Chat"}}, "acme")
    assert receipt.path == "runs/2025/01/20250131T120000000Z-run-1.json"
    assert git(clone, "ls-tree", "-r", "--name-only", receipt.commit).splitlines() == [
        "applied/acme/chat.json",
        "runs/2025/01/20250131T120000000Z-run-1.json",
        "runs/2025/01/20250131T120000000Z-run-1.md",
    ]
    assert git(clone, "rev-list", "reconciler-record") == receipt.commit
    assert git(clone, "show", f"{receipt.commit}:{receipt.path.replace('.json', '.md')}") == "# Ünïcode"
    assert json.loads(git(clone, "show", f"{receipt.commit}:{receipt.path}")) == {
        **record("run-1"),
        "previous": None,
    }
    assert (receipt.pushed, receipt.attempts, receipt.note) == (False, 0, False)


def test_each_record_names_the_hash_of_the_exact_bytes_before_it(tmp_path: Path) -> None:
    clone = make_repository(tmp_path / "clone")
    for second, run in enumerate(("one", "two", "three")):
        append(clone, run, second)
    assert line_on(clone) == ["one", "two", "three"]


def test_trailers_name_source_tree_run_and_result(tmp_path: Path) -> None:
    clone = make_repository(tmp_path / "clone")
    head, tree = git(clone, "rev-parse", "HEAD"), git(clone, "rev-parse", "HEAD:channels")
    receipt = Ledger(clone).append(record("run-1", commit=head, tree=tree), "", {}, "acme")
    assert git(clone, "log", "-1", "--format=%s%n%(trailers)", receipt.commit).splitlines() == [
        "Record apply run-1",
        f"Reconciler-Source: {head}",
        f"Reconciler-Tree: {tree}",
        "Reconciler-Run: run-1",
        "Reconciler-Result: 0",
        f"Reconciler-Record: {receipt.path}",
    ]


def test_a_note_on_the_source_commit_names_the_record(tmp_path: Path) -> None:
    clone = make_repository(tmp_path / "clone")
    head = git(clone, "rev-parse", "HEAD")
    receipt = Ledger(clone).append(record("run-1", commit=head), "", {}, "acme")
    assert receipt.note
    assert git(clone, "notes", "--ref=reconciler-record", "show", head) == receipt.path


def test_a_note_that_cannot_be_written_fails_nothing(tmp_path: Path) -> None:
    clone = make_repository(tmp_path / "clone")
    receipt = Ledger(clone).append(record("run-1", commit="0" * 39 + "1"), "", {}, "acme")
    assert not receipt.note


def test_none_forgets_what_was_applied_to_a_channel(tmp_path: Path) -> None:
    clone = make_repository(tmp_path / "clone")
    Ledger(clone).append(record("one"), "", {"a": {"x": 1}, "b": {"x": 2}}, "acme")
    Ledger(clone).append(record("two", 1), "", {"a": None, "never-there": None}, "acme")
    assert {name: document["x"] for name, document in Ledger(clone).applied("acme").items()} == {"b": 2}


def test_a_run_is_recorded_once(tmp_path: Path) -> None:
    clone = make_repository(tmp_path / "clone")
    before = append(clone, "run-1")
    with pytest.raises(RecordError, match="a run is recorded once"):
        append(clone, "run-1")
    assert git(clone, "rev-parse", "reconciler-record") == before


# -- what is left alone


def test_dirty_files_staged_files_index_and_head_stay_byte_for_byte(tmp_path: Path) -> None:
    clone, _ = make_shared(tmp_path)
    (clone / "channels" / "chat.yaml").write_text("changed: true\n")
    (clone / "staged.txt").write_text("staged\n")
    git(clone, "add", "staged.txt")
    (clone / "untracked.txt").write_text("untracked\n")
    before = picture(clone)
    for second in range(2):
        commit = append(clone, f"run-{second}", second)
        assert "staged.txt" not in git(clone, "ls-tree", "-r", "--name-only", commit)
    assert picture(clone) == before


def test_a_left_behind_index_lock_is_no_obstacle(tmp_path: Path) -> None:
    clone = make_repository(tmp_path / "clone")
    (clone / ".git" / "index.lock").write_text("")
    before = picture(clone)
    append(clone, "run-1")
    assert picture(clone) == before


def test_no_hook_and_no_program_of_the_checkout_runs(tmp_path: Path) -> None:
    clone, _ = make_shared(tmp_path)
    canary = tmp_path / "canary"
    script = f"#!/bin/sh\necho ran >> {canary}\n"
    for name in HOOKS:
        path = clone / ".git" / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(script)
        path.chmod(0o755)
    program = tmp_path / "program"
    program.write_text(script)
    program.chmod(0o755)
    for key in ("core.fsmonitor", "core.editor", "core.pager", "diff.external", "filter.x.clean"):
        git(clone, "config", key, str(program))
    git(clone, "config", "core.hooksPath", str(clone / ".git" / "hooks"))
    (clone / ".git" / "info" / "attributes").write_text("* filter=x\n")
    head = git(clone, "rev-parse", "HEAD")
    canary.unlink(missing_ok=True)
    assert Ledger(clone).append(record("run-1", commit=head), "", {"chat": {}}, "acme").note
    assert not canary.exists()


def test_inherited_git_variables_lead_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone, other = make_repository(tmp_path / "clone"), make_repository(tmp_path / "other")
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path / 'canary'}\n")
    program.chmod(0o755)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other / ".git" / "objects"))
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Mallory")
    monkeypatch.setenv("GIT_EDITOR", str(program))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(program))
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "canary"))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", f"'core.fsmonitor'='{program}'")
    commit = append(clone, "run-1")
    monkeypatch.undo()
    assert git(clone, "log", "-1", "--format=%an <%ae>", commit) == "reconciler <reconciler@localhost>"
    assert git(other, "for-each-ref", "refs/heads/reconciler-record") == ""
    assert not (tmp_path / "canary").exists()


# -- repositories of every shape


def test_without_an_identity_an_explicit_one_commits(tmp_path: Path) -> None:
    clone = make_repository(tmp_path / "clone")
    commit = append(clone, "run-1")
    assert git(clone, "log", "-1", "--format=%an %ae %cn %ce", commit) == (
        "reconciler reconciler@localhost reconciler reconciler@localhost"
    )


def test_the_users_own_identity_commits(tmp_path: Path) -> None:
    clone = make_repository(tmp_path / "clone")
    git(clone, "config", "user.name", "Ada Lovelace")
    git(clone, "config", "user.email", "ada@example.com")
    commit = append(clone, "run-1")
    assert (
        git(clone, "log", "-1", "--format=%an %ae %cn", commit) == "Ada Lovelace ada@example.com Ada Lovelace"
    )


def test_a_detached_head_stays_where_it_is(tmp_path: Path) -> None:
    clone, remote = make_shared(tmp_path)
    git(clone, "checkout", "-q", "--detach")
    append(clone, "run-1")
    assert runs_on(remote) == ["run-1"]
    assert (clone / ".git" / "HEAD").read_text().strip() == git(clone, "rev-parse", "main")


def test_an_unborn_branch_has_a_record(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main", "clone")
    append(tmp_path / "clone", "run-1")
    assert runs_on(tmp_path / "clone") == ["run-1"]


def test_a_worktree_shares_the_branch_of_its_repository(tmp_path: Path) -> None:
    clone = make_repository(tmp_path / "clone")
    git(clone, "worktree", "add", "-q", str(tmp_path / "tree"))
    append(tmp_path / "tree", "run-1")
    assert runs_on(clone) == ["run-1"]


def test_shallow_clones_go_on_from_the_remotes_last_record(tmp_path: Path) -> None:
    clone, remote = make_shared(tmp_path)
    for second in range(3):
        append(clone, f"run-{second}", second)
    shallow = make_clone(remote, tmp_path / "shallow", "--depth=1", "--single-branch", "--branch=main")
    append(shallow, "run-3", 3)
    append(shallow, "run-4", 4)
    assert line_on(remote) == ["run-0", "run-1", "run-2", "run-3", "run-4"]
    assert git(shallow, "rev-list", "--count", "main") == "1"


def test_outside_a_repository_the_sentence_is_gits_own(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="not a git repository"):
        append(tmp_path, "run-1")


def test_a_missing_folder_is_not_mistaken_for_the_current_one(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="there is no folder"):
        append(tmp_path / "gone", "run-1")


def test_a_branch_that_is_checked_out_is_not_moved(tmp_path: Path) -> None:
    clone = make_repository(tmp_path / "clone")
    before = append(clone, "run-1")
    git(clone, "worktree", "add", "-q", str(tmp_path / "tree"), "reconciler-record")
    with pytest.raises(RecordError, match="checked out in .*tree"):
        append(clone, "run-2", 1)
    assert git(clone, "rev-parse", "reconciler-record") == before


# -- signing


def test_signing_that_fails_leaves_no_unsigned_commit(tmp_path: Path) -> None:
    clone = make_repository(tmp_path / "clone")
    git(clone, "config", "commit.gpgsign", "true")
    git(clone, "config", "gpg.format", "ssh")
    git(clone, "config", "user.signingkey", str(tmp_path / "missing.pub"))
    with pytest.raises(RecordError, match="commit-tree failed"):
        append(clone, "run-1")
    assert git(clone, "for-each-ref", "refs/heads/reconciler-record") == ""


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen")
def test_a_demanded_signature_is_on_the_commit(tmp_path: Path) -> None:
    clone = make_repository(tmp_path / "clone")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True)
    git(clone, "config", "commit.gpgsign", "true")
    git(clone, "config", "gpg.format", "ssh")
    git(clone, "config", "user.signingkey", str(tmp_path / "key.pub"))
    assert "BEGIN SSH SIGNATURE" in git(clone, "cat-file", "commit", append(clone, "run-1"))


# -- the remote


def test_a_record_is_pushed_and_a_clone_without_one_reads_it(tmp_path: Path) -> None:
    clone, remote = make_shared(tmp_path)
    receipt = Ledger(clone).append(record("run-1"), "", {}, "acme")
    assert (receipt.pushed, receipt.attempts) == (True, 1)
    assert git(remote, "rev-parse", "reconciler-record") == receipt.commit
    assert [found.run for found in Ledger(make_clone(remote, tmp_path / "second")).records()] == ["run-1"]


def test_records_kept_back_go_out_with_the_next_one_and_none_is_lost(tmp_path: Path) -> None:
    clone, remote = make_shared(tmp_path)
    second = make_clone(remote, tmp_path / "second")
    append(second, "local-1", 0, push=False)
    append(second, "local-2", 1, push=False)
    append(clone, "shared-1", 2)
    append(second, "shared-2", 3)
    assert line_on(remote) == ["shared-1", "local-1", "local-2", "shared-2"]
    assert git(remote, "rev-parse", "reconciler-record") == git(second, "rev-parse", "reconciler-record")
    assert set(Ledger(second).applied("acme")) == {
        "chat-local-1",
        "chat-local-2",
        "chat-shared-1",
        "chat-shared-2",
    }
    markdown = [
        path
        for path in git(remote, "ls-tree", "-r", "--name-only", "reconciler-record").split()
        if ".md" in path
    ]
    assert len(markdown) == 4


def test_an_older_run_that_goes_out_late_does_not_undo_what_was_applied_since(tmp_path: Path) -> None:
    clone, remote = make_shared(tmp_path)
    second = make_clone(remote, tmp_path / "second")
    Ledger(second, push=False).append(record("older", 0), "", {"chat": {"x": "old"}}, "acme")
    Ledger(clone).append(record("newer", 1), "", {"chat": {"x": "new"}}, "acme")
    append(second, "last", 2)
    assert Ledger(second).applied("acme")["chat"]["x"] == "new"
    assert sorted(runs_on(remote)) == ["last", "newer", "older"]


def test_a_newer_run_that_goes_out_late_wins_and_may_forget_a_channel(tmp_path: Path) -> None:
    clone, remote = make_shared(tmp_path)
    Ledger(clone).append(record("first", 0), "", {"chat": {"x": 1}, "gone": {}}, "acme")
    second = make_clone(remote, tmp_path / "second")
    Ledger(clone).append(record("older", 1), "", {"chat": {"x": 2}}, "acme")
    Ledger(second, push=False).append(record("newer", 2), "", {"chat": {"x": 3}, "gone": None}, "acme")
    append(second, "last", 3)
    assert Ledger(second).applied("acme")["chat"]["x"] == 3
    assert "gone" not in Ledger(second).applied("acme")
    assert line_on(remote) == ["first", "older", "newer", "last"]


def test_without_a_remote_the_record_stays_local(tmp_path: Path) -> None:
    receipt = Ledger(make_repository(tmp_path / "clone")).append(record("run-1"), "", {}, "acme")
    assert (receipt.pushed, receipt.attempts) == (False, 0)


def test_a_remote_that_is_named_and_missing_is_wrong_usage_before_and_a_record_error_after(
    tmp_path: Path,
) -> None:
    clone, _ = make_shared(tmp_path)
    with pytest.raises(UsageError, match='no remote "upstream"; this repository has: origin'):
        Ledger(clone, remote="upstream").shares()
    with pytest.raises(RecordError, match="kept on the local branch"):
        append(clone, "run-1", remote="upstream")
    assert runs_on(clone) == ["run-1"]


@pytest.mark.parametrize(
    "name", ["--receive-pack=touch x", "-c", "", "ext::sh", "a b", "ä", "a" * 65, "a\nb", ".hidden"]
)
def test_hostile_remote_names_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a remote"):
        Ledger(tmp_path, remote=name)


def test_a_rejected_push_says_why_and_keeps_the_record_locally(tmp_path: Path) -> None:
    clone, remote = make_shared(tmp_path)
    write_hook(remote, "pre-receive", "echo 'error: this branch is protected' >&2; exit 1")
    with pytest.raises(RecordError) as raised:
        append(clone, "run-1")
    assert str(raised.value) == (
        'the remote refused the record: pre-receive hook declined; the remote says "remote: error: this branch'
        ' is protected"; the record is kept on the local branch reconciler-record, and goes out with the next one'
    )
    assert runs_on(clone) == ["run-1"]
    assert git(remote, "for-each-ref", "refs/heads/reconciler-record") == ""
    (remote / "hooks" / "pre-receive").unlink()
    append(clone, "run-2", 1)
    assert line_on(remote) == ["run-1", "run-2"]


def test_a_remote_out_of_reach_keeps_the_record_locally(tmp_path: Path) -> None:
    clone, remote = make_shared(tmp_path)
    remote.rename(tmp_path / "away.git")
    with pytest.raises(RecordError, match=r"cannot fetch from \"origin\".*kept on the local branch"):
        append(clone, "run-1")
    assert runs_on(clone) == ["run-1"]


def test_a_push_whose_answer_was_lost_is_found_landed(tmp_path: Path) -> None:
    clone, remote = make_shared(tmp_path)
    write_hook(remote, "reference-transaction", '[ "$1" = committed ] && kill -9 $PPID; exit 0')
    receipt = Ledger(clone).append(record("run-1"), "", {}, "acme")
    assert (receipt.pushed, receipt.attempts) == (True, 1)
    assert git(remote, "rev-parse", "reconciler-record") == receipt.commit


def test_a_remote_that_always_hangs_up_is_given_up_on(tmp_path: Path) -> None:
    clone, remote = make_shared(tmp_path)
    write_hook(remote, "pre-receive", "kill -9 $PPID")
    with pytest.raises(RecordError, match="could not be pushed"):
        append(clone, "run-1")
    assert runs_on(clone) == ["run-1"]


def test_a_rewritten_remote_branch_is_reported_and_not_pushed_to(tmp_path: Path) -> None:
    clone, remote = make_shared(tmp_path)
    first = append(clone, "run-1")
    append(clone, "run-2", 1)
    git(remote, "update-ref", "refs/heads/reconciler-record", first)
    with pytest.raises(RecordError, match="was rewritten or deleted"):
        append(clone, "run-3", 2)
    assert runs_on(remote) == ["run-1"]
    assert line_on(clone) == ["run-1", "run-2", "run-3"]
    assert "was rewritten or deleted" in str(Ledger(clone).fetch())
    git(clone, "update-ref", "-d", "refs/reconciler/seen/origin")
    append(clone, "run-4", 3)
    assert line_on(remote) == ["run-1", "run-2", "run-3", "run-4"]


def test_two_runs_of_one_name_in_two_clones_are_not_merged(tmp_path: Path) -> None:
    clone, remote = make_shared(tmp_path)
    second = make_clone(remote, tmp_path / "second")
    Ledger(second, push=False).append(record("same", exit=1), "", {}, "acme")
    append(clone, "same")
    with pytest.raises(RecordError, match="two runs cannot have one name"):
        append(second, "next", 1)


def test_a_commit_by_hand_on_the_branch_does_not_break_the_chain(tmp_path: Path) -> None:
    clone, remote = make_shared(tmp_path)
    append(clone, "run-1")
    hand = make_clone(remote, tmp_path / "hand")
    git(hand, "checkout", "-q", "reconciler-record")
    (hand / "README.md").write_text("records\n")
    git(hand, "add", ".")
    git(hand, "commit", "-q", "-m", "explain")
    git(hand, "push", "-q", "origin", "reconciler-record")
    shallow = make_clone(remote, tmp_path / "shallow", "--depth=1", "--branch=main")
    append(shallow, "run-2", 1)
    assert line_on(remote) == ["run-1", "run-2"]


def test_twenty_concurrent_pushers_lose_no_record(tmp_path: Path) -> None:
    clone, remote = make_shared(tmp_path)
    clones = [shutil.copytree(clone, tmp_path / f"clone-{number}") for number in range(RACERS)]
    together = threading.Barrier(RACERS)

    def race(number: int) -> None:
        together.wait()
        append(clones[number], f"run-{number}", number)

    with ThreadPoolExecutor(RACERS) as pool:
        list(pool.map(race, range(RACERS)))
    assert sorted(line_on(remote)) == sorted(f"run-{number}" for number in range(RACERS))
    applied = git(remote, "ls-tree", "--name-only", "reconciler-record:applied/acme").splitlines()
    assert len(applied) == RACERS


@pytest.mark.campaign
@pytest.mark.timeout(3_600)
def test_racing_pushers_lose_no_record_round_after_round(tmp_path: Path) -> None:
    clone, remote = make_shared(tmp_path)
    clones = [shutil.copytree(clone, tmp_path / f"clone-{number}") for number in range(RACERS)]
    names: set[str] = set()
    for turn in range(ROUNDS):
        together = threading.Barrier(RACERS)

        def race(number: int, turn: int = turn, together: threading.Barrier = together) -> str:
            together.wait()
            append(clones[number], f"run-{turn}-{number}", number)
            return f"run-{turn}-{number}"

        with ThreadPoolExecutor(RACERS) as pool:
            names |= set(pool.map(race, range(RACERS)))
    assert sorted(line_on(remote)) == sorted(names)
    assert Ledger(clones[0]).verify().valid


def test_runs_that_share_one_clone_lose_no_record(tmp_path: Path) -> None:
    clone, remote = make_shared(tmp_path)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: append(clone, f"run-{number}", number), range(4)))
    assert sorted(line_on(remote)) == ["run-0", "run-1", "run-2", "run-3"]
    assert git(clone, "for-each-ref", "refs/reconciler/incoming") == ""


def write_hook(remote: Path, name: str, script: str) -> None:
    path = remote / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
