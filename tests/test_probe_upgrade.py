from __future__ import annotations

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError, InvalidMessage, InvalidStatus, InvalidUpgrade
from websockets.frames import Close
from websockets.http11 import Response

from reconciler.model import Stage, Verdict
from reconciler.probe.upgrade import Answer, read_closing, read_failure


def status(code: int, *locations: str) -> InvalidStatus:
    return InvalidStatus(Response(code, "Words", Headers([("Location", place) for place in locations])))


@pytest.mark.parametrize("code", [401, 403])
def test_a_refusal_is_a_refusal(code: int) -> None:
    assert read_failure(status(code), "a", Stage.SECURED).verdict is Verdict.REFUSED


@pytest.mark.parametrize("code", [200, 301, 400, 404, 407, 410, 418, 426, 429, 500, 502, 503, 504])
def test_any_other_status_says_nothing_about_the_origin(code: int) -> None:
    answer = read_failure(status(code), "a", Stage.SECURED)
    assert (answer.verdict, str(code) in answer.words) == (Verdict.UNREACHABLE, True)


def test_a_redirect_with_two_locations_is_still_a_redirect() -> None:
    assert '"wss://b"' in read_failure(status(302, "wss://b", "wss://c"), "a", Stage.SECURED).words


def test_the_same_reset_is_told_apart_by_the_stage() -> None:
    secured = read_failure(ConnectionResetError(), "a", Stage.SECURED).words
    connected = read_failure(ConnectionResetError(), "a", Stage.CONNECTED).words
    assert "in the middle of the upgrade" in secured
    assert "during the TLS handshake" in connected


def test_hostile_text_in_an_answer_is_escaped() -> None:
    assert "\\u{1b}" in read_failure(InvalidUpgrade("Upgrade", "\x1b[31m"), "a", Stage.SECURED).words
    assert "\\u{1b}" in read_failure(InvalidMessage("\x1b[31m"), "a", Stage.SECURED).words


def test_a_channel_that_stays_open_is_accepted() -> None:
    assert read_closing(None, "a") == Answer(Verdict.ACCEPTED, "a opens the channel")


@pytest.mark.parametrize(
    ("closed", "verdict", "words"),
    [
        (ConnectionClosedError(Close(1008, "no"), None), Verdict.REFUSED, 'with code 1008, saying "no"'),
        (
            ConnectionClosedError(Close(1000, ""), Close(1000, ""), rcvd_then_sent=True),
            Verdict.UNREACHABLE,
            "code 1000",
        ),
        (
            ConnectionClosedError(Close(1011, ""), Close(1011, ""), rcvd_then_sent=True),
            Verdict.UNREACHABLE,
            "code 1011",
        ),
        (ConnectionClosedError(Close(4403, "\u202e"), None), Verdict.UNREACHABLE, '4403, saying "\\u{202e}"'),
        (ConnectionClosedError(None, None), Verdict.UNREACHABLE, "dropped the connection"),
        (ConnectionClosedError(None, Close(1009, "")), Verdict.UNREACHABLE, "broke the protocol (1009"),
        (
            ConnectionClosedError(Close(1002, ""), Close(1002, ""), rcvd_then_sent=False),
            Verdict.UNREACHABLE,
            "(1002, a frame",
        ),
    ],
)
def test_an_early_end_is_told_by_its_code(
    closed: ConnectionClosedError, verdict: Verdict, words: str
) -> None:
    answer = read_closing(closed, "a")
    assert (answer.verdict, words in answer.words) == (verdict, True)
