"""Three sides of a channel, and which of them moved."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from build import ADMIN, APP, ID, channel, live, spec

from reconciler.decide.drift import find_drift, moved_exposure, read_applied
from reconciler.model import Applied, ChannelDrift, DriftState, Exposure

EVIL = "https://evil.example.net"
NAME = "secure-webchat"


def applied(**fields: Any) -> dict[str, Applied]:
    whole = Applied("WebchatChannel", ID, spec(**fields), "run-1", "2026-01-01T00:00:00.000Z")
    return {NAME: whole}


def one(*sides: dict[str, Any]) -> ChannelDrift:
    before, now, wanted = sides
    (drift,) = find_drift([channel(**wanted)], [live(**now)], applied(**before))
    return drift


@pytest.mark.parametrize(
    ("before", "now", "wanted", "state"),
    [
        ("A", "A", "B", DriftState.PENDING),
        ("A", "B", "A", DriftState.DRIFTED),
        ("A", "B", "C", DriftState.BOTH),
        ("A", ..., "A", DriftState.DRIFTED),
    ],
)
def test_the_applied_value_says_who_moved(before: Any, now: Any, wanted: Any, state: DriftState) -> None:
    drift = one({"description": before}, {"description": now}, {"description": wanted})
    assert (drift.state, [field.path for field in drift.fields]) == (state, [("description",)])


@pytest.mark.parametrize("before", ["A", "B", ...])
def test_what_live_and_git_agree_on_is_in_order(before: Any) -> None:
    assert not find_drift([channel(description="A")], [live(description="A")], applied(description=before))


def test_a_field_that_git_manages_only_now_is_pending() -> None:
    drift = one({"description": ...}, {"description": "theirs"}, {"description": "ours"})
    assert drift.state is DriftState.PENDING


def test_sets_have_no_order() -> None:
    sides = ([APP, ADMIN], [ADMIN, APP, ADMIN], [ADMIN, APP])
    assert not find_drift(
        [channel(corsAllowedOrigins=sides[2])],
        [live(corsAllowedOrigins=sides[1])],
        applied(corsAllowedOrigins=sides[0]),
    )


def test_exposure_is_what_the_drift_did() -> None:
    origins = [{"corsAllowedOrigins": value} for value in ([APP], [APP, EVIL], [APP])]
    assert one(*origins).exposure is Exposure.WIDENS
    assert one({}, {"enabled": False}, {}).exposure is Exposure.NARROWS
    pending = one({}, {}, {"enabled": False})
    assert (pending.exposure, moved_exposure([pending])) == (Exposure.NARROWS, Exposure.NEUTRAL)


def test_a_channel_that_is_gone_drifted_in_every_field_and_narrows() -> None:
    (drift,) = find_drift([channel()], [], applied())
    assert (drift.state, drift.exposure, drift.live) == (DriftState.DRIFTED, Exposure.NARROWS, None)
    (never,) = find_drift([channel()], [], {})
    assert never.state is DriftState.PENDING


def test_a_name_that_was_given_to_another_channel_has_no_base() -> None:
    other = replace(applied()[NAME], id="another")
    (drift,) = find_drift([channel(description="B")], [live(description="A")], {NAME: other})
    assert (drift.state, drift.applied) == (DriftState.PENDING, None)


def test_only_restricts_also_what_no_file_names() -> None:
    stranger = live(id="b" * 8, name="Stranger")
    assert [drift.name for drift in find_drift([], [stranger], {})] == ["Stranger"]
    assert find_drift([channel()], [live(), stranger], applied(), only=frozenset({NAME})) == ()


@pytest.mark.parametrize(
    "document", [{}, {"kind": 1, "id": "x", "spec": {}}, {"kind": "WebchatChannel", "id": "x", "spec": []}]
)
def test_a_record_that_cannot_be_understood_is_none(document: dict[str, Any]) -> None:
    assert read_applied(document) is None


def test_times_of_odd_types_are_left_out() -> None:
    found = read_applied({"kind": "WebchatChannel", "id": "x", "spec": {}, "run": 1, "when": None})
    assert found == Applied("WebchatChannel", "x", {}, None, None)
