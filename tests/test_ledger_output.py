from __future__ import annotations

import pytest

from reconciler.errors import RecordError
from reconciler.ledger.command import Answer
from reconciler.ledger.output import (
    Blob,
    Edit,
    Push,
    index_line,
    read_batch,
    read_edits,
    read_listing,
    read_push,
)

A, B, ZERO = "a" * 40, "b" * 40, "0" * 40


def pushed(line: str, complaint: str = "error: failed to push some refs") -> tuple[Push, str]:
    return read_push(Answer(1, f"To /remote.git\n{line}\nDone\n".encode(), complaint))


def test_status_zero_has_landed() -> None:
    assert read_push(Answer(0, b"", "")) == (Push.LANDED, "")


@pytest.mark.parametrize("reason", ["fetch first", "non-fast-forward", "needs force"])
def test_a_local_rejection_means_that_we_are_behind(reason: str) -> None:
    assert pushed(f"!\t{A}:refs/heads/x\t[rejected] ({reason})")[0] is Push.BEHIND


@pytest.mark.parametrize(
    "reason", ["failed to update ref", "cannot lock ref", "incorrect old value provided"]
)
def test_a_lost_race_at_the_remote_means_that_we_are_behind(reason: str) -> None:
    assert pushed(f"!\t{A}:refs/heads/x\t[remote rejected] ({reason})")[0] is Push.BEHIND


def test_any_other_rejection_of_the_remote_is_final_and_in_its_own_words() -> None:
    line = f"!\t{A}:refs/heads/x\t[remote rejected] (protected branch hook declined)"
    assert pushed(line, "remote: error: GH006: Protected branch\nerror: failed") == (
        Push.REFUSED,
        'protected branch hook declined; the remote says "remote: error: GH006: Protected branch"',
    )


def test_what_a_hook_of_the_remote_says_is_told_before_that_something_failed() -> None:
    line = f"!\t{A}:refs/heads/x\t[remote rejected] (pre-receive hook declined)"
    hook = "remote: Resolving deltas: 100% (1/1), done.\nremote: ====\nremote: You may not push to protected branches."
    assert pushed(line, f"{hook}\nerror: failed to push some refs to 'x'")[1] == (
        'pre-receive hook declined; the remote says "remote: You may not push to protected branches."'
    )


def test_without_a_word_about_the_ref_nothing_is_clear() -> None:
    answer = Answer(128, b"", "fatal: the remote end hung up unexpectedly")
    assert read_push(answer) == (Push.UNCLEAR, "fatal: the remote end hung up unexpectedly")


def test_a_listing_holds_files_only() -> None:
    listing = f"100644 blob {A}      12\truns/a b.json\x00160000 commit {B}       -\tsub\x00".encode()
    assert dict(read_listing(listing)) == {"runs/a b.json": Blob(A, 12)}


def test_a_batch_gives_exact_bytes() -> None:
    output = f"{A} blob 4\n\n\nx\n\n{B} blob 0\n\n".encode()
    assert list(read_batch(output)) == [b"\n\nx\n", b""]


def test_a_missing_object_is_an_error() -> None:
    with pytest.raises(RecordError, match="git cannot read a file of the record: aaa"):
        list(read_batch(f"{A} missing\n".encode()))


def test_edits_come_commit_by_commit() -> None:
    output = (
        f"{A}\0:000000 100644 {ZERO} {B} A\0runs/x.json\0:100644 000000 {B} {ZERO} D\0applied/y.json\0"
        f"{B}\0:100644 100644 {A} {B} M\0applied/z.json\0"
    ).encode()
    assert list(read_edits(output)) == [
        (),
        (Edit("runs/x.json", None, B), Edit("applied/y.json", B, None)),
        (Edit("applied/z.json", A, B),),
    ]


def test_a_removal_has_as_many_zeros_as_names_have_digits() -> None:
    assert index_line("a", A, None) == f"100644 {A}\ta\0"
    assert index_line("a", None, "c" * 64) == f"0 {'0' * 64}\ta\0"
