from __future__ import annotations

from typing import Any

import pytest

from reconciler.decide.overwrites import judge_overwrite, lacks_own_entry, slipped_in
from reconciler.model import Action, AuditChange, AuditEntry, Guard, Outcome, Result

OURS = "our-client"


def entry(second: int, client: str = "console", entity: str = "d1") -> AuditEntry:
    when = f"2026-03-01T12:00:{second:02d}.000Z"
    change = AuditChange("flow.id", None, "f")
    return AuditEntry(f"e{second}{client}", "shop", entity, when, "Update", "u1", "Dana", client, (change,))


def outcome(seen: str | None = "2026-03-01T12:00:10.000Z", **fields: Any) -> Outcome:
    facts = {"guard": Guard.REREAD, "result": Result.APPLIED, "action": Action.UPDATE, **fields}
    return Outcome(name="shop", kind="WebMessagingDeployment", id="d1", seen=seen, **facts)


@pytest.mark.parametrize(
    ("entries", "slipped"),
    [
        ([entry(10), entry(20, OURS)], []),
        ([entry(15), entry(20, OURS)], [15]),
        ([entry(15), entry(18), entry(20, OURS)], [15, 18]),
        ([entry(5), entry(20, OURS), entry(25)], []),
        ([entry(15)], []),
        ([entry(15, entity="d2"), entry(20, OURS)], []),
    ],
)
def test_what_others_wrote_after_our_look_and_before_our_write_is_gone(
    entries: list[AuditEntry], slipped: list[int]
) -> None:
    found = slipped_in(outcome(), entries, OURS)

    assert [int(one.when[17:19]) for one in found] == slipped


def test_a_warning_names_who_and_what_and_keeps_what_was_said_before() -> None:
    judged = judge_overwrite(outcome(reason="kept an edit"), [entry(15), entry(20, OURS)], OURS)

    assert judged.warning == "may-have-overwritten"
    assert judged.reason == (
        "kept an edit; somebody wrote between our look and our write, and that edit may be lost:"
        " Dana at 2026-03-01T12:00:15.000Z (flow.id)"
    )


@pytest.mark.parametrize(
    "made",
    [
        outcome(guard=Guard.IF_MATCH),
        outcome(result=Result.ALREADY),
        outcome(seen=None),
        outcome(seen="yesterday"),
        outcome(seen="2026-03-01T12:00:10"),
    ],
)
def test_nothing_is_said_where_nothing_is_known(made: Outcome) -> None:
    assert judge_overwrite(made, [entry(15), entry(20, OURS)], OURS) == made


def test_a_log_without_our_own_entry_cannot_tell_yet() -> None:
    assert lacks_own_entry(outcome(), [entry(15)], OURS)
    assert not lacks_own_entry(outcome(), [entry(15, OURS)], OURS)
    assert not lacks_own_entry(outcome(guard=Guard.IF_MATCH), [], OURS)


def test_an_edit_that_we_read_was_not_overwritten_though_the_log_dates_it_later() -> None:
    read = outcome(looked_at=({"flow": {"id": "f"}},))

    assert slipped_in(read, [entry(15), entry(20, OURS)], OURS) == ()
    assert (
        len(slipped_in(outcome(looked_at=({"flow": {"id": "g"}},)), [entry(15), entry(20, OURS)], OURS)) == 1
    )
