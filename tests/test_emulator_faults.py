from __future__ import annotations

from typing import Any

import pytest

from reconciler.emulator.faults import Faults, read_fault
from reconciler.emulator.refusal import Unfit


def turns(fault: dict[str, Any], requests: list[tuple[str, str]]) -> list[bool]:
    faults = Faults()
    faults.add({"do": "drop", **fault})
    return [bool(faults.for_request(method, path)) for method, path in requests]


def test_a_fault_skips_works_and_is_used_up() -> None:
    assert turns({"after": 1, "times": 2}, [("GET", "/a")] * 5) == [False, True, True, False, False]


def test_a_fault_may_last_for_ever() -> None:
    assert turns({"times": None}, [("GET", "/a")] * 3) == [True, True, True]


def test_only_matching_requests_are_met_and_counted() -> None:
    requests = [("GET", "/channels/1"), ("PUT", "/other"), ("PUT", "/channels/1"), ("PUT", "/channels/2")]
    assert turns({"method": "PUT", "path": "/channels/*"}, requests) == [False, False, True, False]


def test_the_schedule_shows_how_often_each_fault_was_met() -> None:
    faults = Faults()
    faults.add({"do": "delay", "seconds": 0.5})
    faults.for_request("GET", "/a")
    assert [(fault["do"], fault["met"]) for fault in faults.document()] == [("delay", 1)]


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ([], "a fault is an object, not []"),
        ({"do": "explode"}, "do of a fault is one of reply, drop, .*, not 'explode'"),
        ({"do": "drop", "met": 3}, "each name in a fault is one of do, method, .*, not 'met'"),
        ({"do": "drop", "after": -1}, "after of a fault is a whole number from 0, not -1"),
        ({"do": "drop", "times": 0}, "times of a fault is a whole number from 1, or null, not 0"),
        ({"do": "drop", "when": "during"}, "when of a fault is before or after, not 'during'"),
        ({"do": "reply", "status": 99}, "status of a fault is 200 to 599, not 99"),
        ({"do": "throttle", "status": 200}, "status of a fault is 429 or 4029, not 200"),
        ({"do": "close", "status": 1006}, "status of a fault is a close code that may be sent, .*, not 1006"),
        (
            {"do": "reply", "headers": {"A": 1}},
            "headers of a fault is an object of ASCII texts, not ",
        ),
        ({"do": "delay", "seconds": True}, "seconds of a fault is a number from 0 to 600, not True"),
        ({"do": "edit", "patch": []}, "patch of a fault is a JSON merge patch, an object, not \\[\\]"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_in_a_sentence(fault: object, sentence: str) -> None:
    with pytest.raises(Unfit, match=sentence.replace("not []", r"not \[\]")):
        read_fault(fault)


def test_the_status_that_is_left_out_is_one_of_the_deed() -> None:
    assert [read_fault({"do": deed}).status for deed in ("reply", "throttle", "close")] == [503, 429, 1011]
