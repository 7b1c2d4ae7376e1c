from __future__ import annotations

import errno
import socket

import pytest

from reconciler.probe.words import connect_words, overdue_words, resolve_words, status_words


def test_a_redirect_names_where_it_leads_and_is_not_followed() -> None:
    assert status_words(307, "wss://evil.example\x1b") == (
        'it answers HTTP 307, a redirect to "wss://evil.example\\u{1b}", which is not followed;'
        " name the final address instead"
    )


def test_every_status_has_its_own_words() -> None:
    statuses = (200, 301, 401, 403, 404, 426, 429, 500, 502, 503, 504)
    assert len({status_words(status, None) for status in statuses}) == len(statuses)


def test_every_phase_that_is_overdue_has_its_own_words() -> None:
    phases = ("resolve", "connect", "tls", "upgrade")
    assert len({overdue_words(phase, "a.example.com", 10) for phase in phases}) == len(phases)


def test_a_resolver_that_fails_is_told_apart_from_a_name_that_is_unknown() -> None:
    assert "knows no address of a.example.com" in resolve_words(
        "a.example.com", socket.gaierror(socket.EAI_NONAME, "")
    )
    assert "check the resolver" in resolve_words("a.example.com", socket.gaierror(socket.EAI_AGAIN, ""))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionRefusedError(), "refused the TCP connection"),
        (TimeoutError(), "did not answer"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "no route"),
        (OSError(errno.EMFILE, "Too many open files"), "Too many open files"),
    ],
)
def test_each_way_to_miss_a_connection_has_its_own_words(error: OSError, expected: str) -> None:
    assert expected in connect_words("192.0.2.1 port 443", error)
