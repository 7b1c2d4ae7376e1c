from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from reconciler.errors import RecordError, UsageError
from reconciler.ledger.chain import Chain
from reconciler.ledger.ledger import Ledger
from reconciler.ledger.page import file_bytes, hash_of

PATH = "runs/2025/01/20250131T12000{}000Z-run-{}.json"


@pytest.fixture(autouse=True)
def _no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("GIT_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def git(folder: Path, *words: str, stdin: str = "") -> str:
    identity = ("-c", "user.name=Tester", "-c", "user.email=tester@example.com")
    done = subprocess.run(
        ["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True, input=stdin
    )
    return done.stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with three shared records."""
    folder, remote = tmp_path / "clone", tmp_path / "remote.git"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(remote))
    git(tmp_path, "init", "-q", "-b", "main", str(folder))
    git(folder, "remote", "add", "origin", str(remote))
    git(folder, "commit", "-q", "--allow-empty", "-m", "first")
    git(folder, "push", "-q", "origin", "main")
    for number in range(3):
        append(folder, f"run-{number}", number)
    return folder


def append(folder: Path, run: str, second: int) -> None:
    record = {"run": run, "when": f"2025-01-31T12:00:0{second}Z", "command": "apply", "exit": 0}
    Ledger(folder).append(record, f"# {run}\n", {"chat": {"x": second}}, "acme")


def by_hand(clone: Path, change: str) -> str:
    """Commit a change to the branch as somebody with a checkout of it would."""
    tree = clone.parent / "by-hand"
    git(clone, "worktree", "add", "-q", str(tree), "reconciler-record")
    subprocess.run(change, shell=True, cwd=tree, check=True)  # noqa: S602 - a literal of the tests below
    git(tree, "add", "-A")
    git(tree, "commit", "-q", "-m", "tidy up")
    git(clone, "worktree", "remove", "--force", str(tree))
    return git(clone, "rev-parse", "reconciler-record")


# -- reading


def test_records_come_oldest_first_with_documents_and_hashes(clone: Path) -> None:
    records = Ledger(clone).records()
    assert [record.run for record in records] == ["run-0", "run-1", "run-2"]
    assert [record.path for record in records] == [PATH.format(number, number) for number in range(3)]
    assert [record.document["previous"] for record in records] == [None, records[0].hash, records[1].hash]
    data = git(clone, "cat-file", "blob", f"reconciler-record:{records[0].path}") + "\n"
    assert records[0].hash == hash_of(data.encode())


def test_a_repository_without_a_record_has_none(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    ledger = Ledger(tmp_path)
    assert (ledger.records(), ledger.record("latest"), ledger.applied("acme")) == ((), None, {})
    assert ledger.verify() == Chain(valid=True, length=0)


def test_one_record_is_found_by_the_beginning_of_its_run_or_as_the_latest(clone: Path) -> None:
    append(clone, "run", 4)
    append(clone, "other", 5)
    ledger = Ledger(clone)
    found = [ledger.record(prefix) for prefix in ("run-1", "oth", "run", "latest", "nothing")]
    assert [record and record.run for record in found] == ["run-1", "other", "run", "other", None]


def test_a_beginning_that_fits_several_runs_is_refused_with_their_names(clone: Path) -> None:
    with pytest.raises(UsageError, match="3 runs begin like that: run-0, run-1, run-2; write more"):
        Ledger(clone).record("run-")


def test_what_was_applied_is_read_by_name(clone: Path) -> None:
    assert Ledger(clone).applied("acme") == {"chat": {"x": 2, "run": "run-2", "when": "2025-01-31T12:00:02Z"}}
    assert Ledger(clone).applied("other") == {}


def test_a_hostile_organisation_is_refused(clone: Path) -> None:
    with pytest.raises(RecordError, match="cannot name an organisation"):
        Ledger(clone).applied("../runs")


def test_a_clone_that_only_fetched_reads_the_remotes_branch(clone: Path) -> None:
    git(clone.parent, "clone", "-q", "remote.git", "plain")
    assert len(Ledger(clone.parent / "plain").records()) == 3


def test_fetch_brings_what_others_recorded_even_over_an_older_local_branch(clone: Path) -> None:
    git(clone.parent, "clone", "-q", "remote.git", "second")
    append(clone.parent / "second", "run-3", 3)
    assert len(Ledger(clone).records()) == 3
    assert Ledger(clone, push=False).fetch() is None
    assert len(Ledger(clone).records()) == 4


def test_fetch_without_a_remote_has_nothing_to_say(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert Ledger(tmp_path).fetch() is None
    assert Ledger(tmp_path, remote=None).fetch() is None


def test_fetch_from_a_remote_out_of_reach_gives_a_sentence(clone: Path) -> None:
    git(clone, "remote", "set-url", "origin", "/nowhere.git")
    assert 'git cannot fetch from "origin": fatal:' in str(Ledger(clone).fetch())


def test_a_file_far_above_what_is_ever_written_is_not_read(clone: Path) -> None:
    by_hand(clone, f"head -c 17000000 /dev/zero > {PATH.format(9, 9)}")
    with pytest.raises(RecordError, match="holds a file above 16777216 bytes"):
        Ledger(clone).records()


def test_a_thousand_records_are_read_and_verified_fast(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    stream, previous = ["commit refs/heads/reconciler-record\ncommitter T <t@e.x> 0 +0000\ndata 1\nx\n"], None
    for number in range(1000):
        data = file_bytes({"run": f"r{number}", "previous": previous, "filler": "x" * 5000})
        previous = hash_of(data)
        path = f"runs/2025/01/20250131T{number:06d}000Z-r{number}.json"
        stream.append(f"M 644 inline {path}\ndata {len(data)}\n{data.decode()}\n")
    git(tmp_path, "fast-import", "--quiet", stdin="".join(stream))
    start = time.monotonic()
    assert Ledger(tmp_path).verify() == Chain(valid=True, length=1000)
    assert time.monotonic() - start < 5


# -- checking


def test_an_untouched_branch_is_valid(clone: Path) -> None:
    assert Ledger(clone).verify() == Chain(valid=True, length=3)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_an_edited_record_is_named_with_the_commit_that_did_it(clone: Path, number: int) -> None:
    path = PATH.format(number, number)
    commit = by_hand(clone, f'sed -i \'s/"exit": 0/"exit": 5/\' {path}')
    assert Ledger(clone).verify() == Chain(
        valid=False,
        length=3,
        first_bad=path,
        reason=f"commit {commit} changed or removed it after it was recorded",
    )


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_removed_record_is_named(clone: Path, number: int) -> None:
    by_hand(clone, f"git rm -q {PATH.format(number, number)}")
    chain = Ledger(clone).verify()
    assert (chain.valid, chain.first_bad) == (False, PATH.format(number, number))


def test_edited_markdown_is_named(clone: Path) -> None:
    path = PATH.format(1, 1).replace(".json", ".md")
    by_hand(clone, f"echo all well > {path}")
    assert Ledger(clone).verify().first_bad == path


def test_a_record_changed_inside_a_merge_is_named(clone: Path) -> None:
    tip = git(clone, "rev-parse", "reconciler-record")
    without = "".join(f"{line}\n" for line in git(clone, "ls-tree", tip).splitlines() if "runs" not in line)
    tree = git(clone, "mktree", stdin=without)
    merge = git(clone, "commit-tree", tree, "-p", tip, "-p", f"{tip}^", "-m", "merge")
    git(clone, "update-ref", "refs/heads/reconciler-record", merge)
    assert not Ledger(clone).verify().valid


def test_history_written_anew_breaks_the_chain_at_the_record_after(clone: Path) -> None:
    tip = git(clone, "rev-parse", "reconciler-record")
    path = PATH.format(1, 1)
    document = json.loads(git(clone, "show", f"{tip}:{path}"))
    rewrite(clone, path, file_bytes({**document, "exit": 5}).decode())
    forget_remote(clone)
    chain = Ledger(clone).verify()
    assert (chain.valid, chain.first_bad) == (False, PATH.format(2, 2))


def test_a_last_record_written_anew_differs_from_the_remotes(clone: Path) -> None:
    path = PATH.format(2, 2)
    document = json.loads(git(clone, "show", f"reconciler-record:{path}"))
    rewrite(clone, path, file_bytes({**document, "exit": 5}).decode())
    assert Ledger(clone).verify() == Chain(
        valid=False, length=3, first_bad=path, reason="it differs from the same record of the remote"
    )


def test_a_replaced_object_hides_nothing(clone: Path) -> None:
    path = PATH.format(1, 1)
    before = Ledger(clone).records()
    forged = git(clone, "hash-object", "-w", "--stdin", stdin="{}")
    git(clone, "replace", git(clone, "rev-parse", f"reconciler-record:{path}"), forged)
    assert Ledger(clone).records() == before


def test_a_shallow_clone_is_told_that_not_all_was_checked(clone: Path) -> None:
    remote = (clone.parent / "remote.git").as_uri()
    git(clone.parent, "clone", "-q", "--depth=1", "--no-single-branch", remote, "shallow")
    chain = Ledger(clone.parent / "shallow").verify()
    assert (chain.valid, chain.length, chain.first_bad) == (True, 3, None)
    assert "this clone is shallow" in str(chain.reason)


def test_looking_repairs_nothing(clone: Path) -> None:
    tip = by_hand(clone, f"git rm -q {PATH.format(1, 1)}")
    Ledger(clone).verify()
    append(clone, "run-4", 4)
    assert git(clone, "rev-parse", "reconciler-record^") == tip
    assert Ledger(clone).verify().first_bad == PATH.format(1, 1)


def rewrite(clone: Path, path: str, content: str) -> None:
    """Make one fresh commit of the whole tree with one file changed, as if it had always been so."""
    index = {**os.environ, "GIT_INDEX_FILE": str(clone.parent / "index")}
    subprocess.run(["git", "read-tree", "reconciler-record"], cwd=clone, env=index, check=True)
    blob = git(clone, "hash-object", "-w", "--stdin", stdin=content)
    subprocess.run(
        ["git", "update-index", "--cacheinfo", f"100644,{blob},{path}"], cwd=clone, env=index, check=True
    )
    tree = subprocess.check_output(["git", "write-tree"], cwd=clone, env=index, text=True).strip()
    commit = git(clone, "commit-tree", tree, "-m", "as it always was")
    git(clone, "update-ref", "refs/heads/reconciler-record", commit)


def forget_remote(clone: Path) -> None:
    for ref in ("refs/reconciler/seen/origin", "refs/remotes/origin/reconciler-record"):
        git(clone, "update-ref", "-d", ref)
