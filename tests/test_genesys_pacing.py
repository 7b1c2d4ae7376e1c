"""Waiting, as arithmetic."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.genesys.pacing import ClientLimits, Window, next_wait, parse_retry_after, refuse_wait

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIMITS = ClientLimits()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2", 2.0),
        (" 2 ", 2.0),
        ("0", 0.0),
        ("99999999999999", 99999999999999.0),
        ("-5", None),
        ("+5", None),
        ("1.5", None),
        ("1e9", None),
        ("1_0", None),
        ("\uff11\uff12", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("2, 3", None),
        ("9" * 5000, None),
        ("Sun, 01 Mar 2026 12:00:07 GMT", 7.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("Sun, 01 Mar 2015 12:00:00 GMT", 0.0),
        (
            "Fri, 31 Dec 9999 23:59:59 GMT",
            (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - NOW).total_seconds(),
        ),
        ("Sun, 31 Feb 2026 12:00:00 GMT", None),
        ("Sun, 01 Mar 2026 12:00:60 GMT", None),
        ("Sun, 01 Mar 2026 12:00:07 +0100", None),
        ("Sunday, 01-Mar-26 12:00:07 GMT", None),
        ("2026-03-01T12:00:07Z", None),
    ],
)
def test_retry_after_is_digits_or_a_fixdate_and_nothing_else(text: str | None, seconds: float | None) -> None:
    assert parse_retry_after(text, None, NOW) == seconds


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        ("Sun, 01 Mar 2026 13:00:00 GMT", 5.0),
        ("Sun, 01 Mar 2026 14:00:00 GMT", 0.0),
        ("nonsense", 3605.0),
        (None, 3605.0),
    ],
)
def test_a_date_counts_from_the_answers_own_date(date: str | None, seconds: float) -> None:
    assert parse_retry_after("Sun, 01 Mar 2026 13:00:05 GMT", date, NOW) == seconds


@pytest.mark.parametrize(
    ("attempt", "asked", "chance", "seconds"),
    [
        (1, 2.0, 0.9, 2.0),
        (1, 500.0, 0.9, 120.0),
        (1, None, 0.5, 0.25),
        (2, None, 0.5, 0.5),
        (4, None, 0.5, 2.0),
        (9, None, 0.5, 15.0),
        (5000, None, 0.5, 15.0),
        (3, None, 0.0, 0.0),
        (3, 0.0, 0.5, 1.0),
    ],
)
def test_a_wait_is_as_asked_or_grows_with_jitter(
    attempt: int, asked: float | None, chance: float, seconds: float
) -> None:
    assert next_wait(attempt, asked, chance, LIMITS) == seconds


def test_a_wait_within_cap_and_deadline_is_not_refused() -> None:
    assert refuse_wait(120.0, 120.0, 1000.0, 0.0, NOW) is None


def test_a_wait_beyond_the_cap_says_when_to_run_again() -> None:
    assert refuse_wait(3600.0, 120.0, None, 0.0, NOW) == (
        "the wait would be 3600 s, longer than the 120 s allowed; run again after 2026-03-01 13:00:01 UTC"
    )


def test_a_wait_beyond_the_deadline_says_when_to_run_again() -> None:
    assert refuse_wait(30.0, 120.0, 1010.0, 1000.0, NOW) == (
        "the time of this run ends before a wait of 30.0 s does; run again after 2026-03-01 12:00:31 UTC"
    )


def test_a_wait_of_ages_is_refused_without_a_date_that_no_calendar_has() -> None:
    assert "run again after 2027" in str(refuse_wait(1e17, 120.0, None, 0.0, NOW))


@settings(max_examples=150, deadline=None)
@given(
    rate=st.integers(1, 7),
    gaps=st.lists(st.floats(0.0, 30.0), max_size=60),
    heard=st.lists(st.tuples(st.integers(0, 59), st.integers(1, 9), st.integers(0, 9)), max_size=4),
)
def test_no_minute_ever_sees_more_than_the_rate(
    rate: int, gaps: list[float], heard: list[tuple[int, int, int]]
) -> None:
    window, now, sent = Window(rate), 0.0, []
    for place, gap in enumerate(gaps):
        now = window.opens(now + gap)
        window.take()
        window.end(now)
        sent.append(now)
        for _, allowed, count in (entry for entry in heard if entry[0] == place):
            headers = {"inin-ratelimit-allowed": str(allowed), "inin-ratelimit-count": str(count)}
            window.heed(headers | {"inin-ratelimit-reset": "9"}, now)
    assert all(later >= first + 60.0 for first, later in zip(sent, sent[rate:], strict=False))


@settings(max_examples=100, deadline=None)
@given(rate=st.integers(1, 7), gaps=st.lists(st.floats(0.0, 30.0), max_size=60))
def test_no_request_waits_longer_than_the_rate_demands(rate: int, gaps: list[float]) -> None:
    window, now, sent = Window(rate), 0.0, []
    for gap in gaps:
        arrival = now + gap
        now = window.opens(arrival)
        window.take()
        window.end(now)
        sent.append(now)
        earliest = sent[-rate - 1] + 60.0 if len(sent) > rate else 0.0
        assert now == max(arrival, earliest)


def test_a_remote_that_allows_less_slows_us_down() -> None:
    window = Window(300)
    window.take()
    window.end(10.0)
    window.take()
    window.end(11.0)
    window.heed({"inin-ratelimit-allowed": "2", "inin-ratelimit-count": "1"}, 11.0)
    assert window.opens(12.0) == 70.0


def test_a_remote_that_allows_no_more_than_is_in_flight_lets_nothing_out_for_a_minute() -> None:
    window = Window(300)
    window.heed({"inin-ratelimit-allowed": "2"}, 1.0)
    for _ in range(2):
        window.take()
    assert window.opens(5.0) == 65.0
    window.end(5.5)
    assert window.opens(65.0) == 65.5


def test_a_remote_that_allows_more_changes_nothing() -> None:
    window = Window(1)
    window.take()
    window.end(10.0)
    window.heed({"inin-ratelimit-allowed": "300", "inin-ratelimit-count": "1"}, 11.0)
    assert window.opens(12.0) == 70.0


def test_a_budget_that_others_have_spent_holds_us_until_its_reset() -> None:
    window = Window(300)
    window.take()
    window.end(10.0)
    window.heed(
        {"inin-ratelimit-allowed": "300", "inin-ratelimit-count": "300", "inin-ratelimit-reset": "7"}, 10.0
    )
    assert window.opens(11.0) == 17.0


def test_where_our_own_budget_is_spent_too_the_remotes_whole_seconds_do_not_lag_behind_it() -> None:
    window = Window(1)
    window.take()
    window.end(10.0)
    spent = {"inin-ratelimit-allowed": "1", "inin-ratelimit-count": "1", "inin-ratelimit-reset": "99"}
    window.heed(spent, 10.5)
    assert window.opens(11.0) == 70.0


@pytest.mark.parametrize("allowed", ["", "0", "-1", "1e1", "\uff11", "none"])
def test_headers_that_say_nothing_change_nothing(allowed: str) -> None:
    window = Window(2)
    window.take()
    window.end(10.0)
    window.heed({"inin-ratelimit-allowed": allowed, "inin-ratelimit-count": "9"}, 10.0)
    assert window.opens(11.0) == 11.0


def test_a_hold_is_never_shortened() -> None:
    window = Window(2)
    window.hold(50.0)
    window.hold(20.0)
    assert window.opens(0.0) == 50.0


def test_a_wait_that_ends_with_the_run_is_refused() -> None:
    assert refuse_wait(10.0, 120.0, 1010.0, 1000.0, NOW) is not None
    assert refuse_wait(9.9, 120.0, 1010.0, 1000.0, NOW) is None


def test_a_budget_that_others_have_spent_and_that_names_no_reset_holds_nothing() -> None:
    window = Window(300)
    window.heed({"inin-ratelimit-allowed": "300", "inin-ratelimit-count": "300"}, 10.0)
    assert window.opens(10.0) == 10.0


def test_a_remote_that_does_not_say_how_much_is_spent_holds_nothing() -> None:
    window = Window(300)
    window.heed({"inin-ratelimit-allowed": "1", "inin-ratelimit-reset": "9"}, 10.0)
    assert window.opens(10.0) == 10.0
