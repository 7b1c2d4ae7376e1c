"""Who moved a field: what the audit log proves, and what it only suggests."""

from __future__ import annotations

from typing import Any

import pytest
from build import ADMIN, APP, ID, channel, live, spec

from reconciler.decide.attribution import CARRIED, actor_class, attribute, needs_audit, needs_older
from reconciler.decide.drift import find_drift
from reconciler.model import (
    ActorClass,
    Applied,
    Attribution,
    AuditChange,
    AuditEntry,
    Certainty,
    ChannelDrift,
    DriftState,
)

OURS = "our-client-id"


def entry(
    minute: int, *changes: tuple[str, Any, Any], action: str = "Update", who: str = "Dana", **other: Any
) -> AuditEntry:
    facts: dict[str, Any] = {
        "id": f"entry-{minute}",
        "name": "secure-webchat",
        "entity": ID,
        "when": f"2026-01-01T00:{minute:02d}:00.000Z",
        "action": action,
        "actor_id": who.lower(),
        "actor_name": who,
        "client_id": "console",
        "changes": tuple(AuditChange(*change) for change in changes),
    }
    return AuditEntry(**(facts | other))


def drifted(recorded: bool = True, **fields: Any) -> ChannelDrift:
    base = Applied("WebchatChannel", ID, spec(), "run-1", "2026-01-01T00:00:00Z")
    (drift,) = find_drift([channel()], [live(**fields)], {"secure-webchat": base} if recorded else {})
    return drift


def who(drift: ChannelDrift, *entries: AuditEntry, gap: str | None = None) -> Attribution:
    (field,) = attribute(drift, entries, OURS, gap).fields
    assert field.attribution is not None
    return field.attribution


def test_the_newest_entry_whose_new_value_is_live_is_exact() -> None:
    moved = entry(2, ("description", "Production messaging channel", "theirs"))
    older = entry(1, ("description", "x", "y"), who="Robin")
    other = entry(3, ("name", "x", "y"), who="Kim")
    found = who(drifted(description="theirs"), older, moved, other)
    assert (found.certainty, found.entry, found.reason) == (Certainty.EXACT, moved, None)


def test_a_newer_entry_with_another_value_leaves_it_probable() -> None:
    newer = entry(2, ("description", "theirs", "something else"), who="Robin")
    found = who(drifted(description="theirs"), entry(1, ("description", "x", "theirs")), newer)
    assert (found.certainty, found.entry) == (Certainty.PROBABLE, newer)
    assert found.reason


ORIGINS = "webchatSettings.corsAllowedOrigins"


def test_a_later_write_that_kept_an_entry_of_a_list_did_not_put_it_there() -> None:
    """As our own write does that meets a concurrent edit, and holds both."""
    dana = entry(1, (ORIGINS, [APP], [APP, "https://x.example.com"]))
    ours = entry(
        2, (ORIGINS, [APP, "https://x.example.com"], [ADMIN, APP, "https://x.example.com"]), who="us"
    )
    found = who(drifted(corsAllowedOrigins=["https://x.example.com", APP, ADMIN]), dana, ours)
    assert (found.certainty, found.entry) == (Certainty.EXACT, dana)
    gone = entry(1, (ORIGINS, [APP, ADMIN], [APP]))
    more = entry(2, (ORIGINS, [APP], [APP, "https://x.example.com"]), who="Kim")
    less = entry(3, (ORIGINS, [APP, "https://x.example.com"], [APP]), who="Robin")
    found = who(drifted(corsAllowedOrigins=[APP]), gone, more, less)
    assert (found.certainty, found.entry) == (Certainty.EXACT, gone)


def test_where_the_log_does_not_reach_back_to_it_an_entry_that_kept_it_is_probable() -> None:
    ours = entry(
        2, (ORIGINS, [APP, "https://x.example.com"], [ADMIN, APP, "https://x.example.com"]), who="us"
    )
    drift = drifted(corsAllowedOrigins=[APP, ADMIN, "https://x.example.com"])
    found = who(drift, ours)
    assert (found.certainty, found.entry, found.reason) == (Certainty.PROBABLE, ours, CARRIED)
    other = entry(1, (ORIGINS, [], [ADMIN, "https://x.example.com"]))
    assert who(drift, ours, other).certainty is Certainty.PROBABLE, "what lies between is not in the log"
    assert needs_older(attribute(drift, (ours,), OURS, None))
    assert not needs_older(attribute(drift, (), OURS, None))


def test_an_entry_about_what_holds_the_property_is_probable() -> None:
    found = who(drifted(corsAllowedOrigins=[APP]), entry(1, ("webchatSettings", None, None)))
    assert found.certainty is Certainty.PROBABLE


def test_a_name_that_only_begins_alike_is_not_the_property() -> None:
    found = who(drifted(description="theirs"), entry(1, ("descriptionFormat", "x", "theirs")))
    assert found.certainty is Certainty.OBJECT


def test_entries_that_do_not_name_the_property_are_about_the_object() -> None:
    newest = entry(2, ("name", "x", "y"), who="Kim")
    found = who(drifted(description="theirs"), entry(1), newest)
    assert (found.certainty, found.entry) == (Certainty.OBJECT, newest)


def test_no_entry_leaves_it_unknown_with_the_reason() -> None:
    other = entry(1, ("description", "x", "theirs"), entity="another-channel")
    assert who(drifted(description="theirs"), other).certainty is Certainty.UNKNOWN
    assert who(drifted(description="theirs"), gap="403").reason == "403"


@pytest.mark.parametrize(
    ("live_value", "told"),
    [([APP], APP), ([APP], [APP]), ([APP, ADMIN, "https://new.example.com"], None), ([], None)],
)
def test_a_log_writes_one_value_and_a_list_of_one_alike(live_value: list[str], told: Any) -> None:
    told = list(reversed(live_value)) if told is None and live_value else told
    change = ("webchatSettings.corsAllowedOrigins", [APP, ADMIN], told)
    assert who(drifted(corsAllowedOrigins=live_value), entry(1, change)).certainty is Certainty.EXACT


@pytest.mark.parametrize("told", [False, "false", ["false"]])
@pytest.mark.parametrize("name", ["enabled", "/enabled"])
def test_a_log_may_write_texts_and_pointers(told: Any, name: str) -> None:
    assert who(drifted(enabled=False), entry(1, (name, True, told))).certainty is Certainty.EXACT


def test_a_deleted_channel_is_proved_by_the_entry_that_deleted_it() -> None:
    base = Applied("WebchatChannel", ID, spec(), None, None)
    (drift,) = find_drift([channel()], [], {"secure-webchat": base})
    deleted = entry(5, action="Delete")
    fields = attribute(drift, [entry(1), deleted], OURS, None).fields
    assert {field.attribution.entry for field in fields if field.attribution} == {deleted}


def test_without_a_record_equal_values_prove_that_the_live_side_moved() -> None:
    drift = drifted(recorded=False, description="theirs")
    assert (drift.state, needs_audit(drift)) == (DriftState.PENDING, True)
    proof = entry(1, ("description", "Production messaging channel", "theirs"))
    assert attribute(drift, [proof], OURS, None).state is DriftState.DRIFTED
    before = entry(1, ("description", "something else", "theirs"))
    assert attribute(drift, [before], OURS, None).state is DriftState.PENDING


def test_times_are_compared_as_times() -> None:
    late = entry(1, ("description", "x", "other"), when="2026-01-01T02:00:00+03:00")
    early = entry(2, ("description", "x", "theirs"), when="2026-01-01T00:00:00Z")
    odd = entry(3, ("description", "x", "odd"), when="yesterday")
    assert who(drifted(description="theirs"), late, early, odd).entry == early


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"client_id": OURS}, ActorClass.OUR_CLIENT),
        ({}, ActorClass.PERSON),
        ({"actor_id": None}, ActorClass.CLIENT),
        ({"actor_id": "console"}, ActorClass.CLIENT),
        ({"actor_id": None, "client_id": None}, ActorClass.VENDOR),
    ],
)
def test_what_kind_of_actor_it_was(facts: dict[str, Any], expected: ActorClass) -> None:
    assert actor_class(entry(1, **facts), OURS) is expected
