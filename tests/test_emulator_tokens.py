from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.emulator.tokens import OAuthClient, Tokens, Usage


def test_a_token_belongs_to_its_client_until_it_expires() -> None:
    tokens = Tokens()
    client = tokens.add_client("reconciler")
    token = tokens.issue(client, now=100, seconds=10)
    assert [tokens.holder(token, now) for now in (100, 109.9, 110)] == [client, client, None]


def test_expiring_all_tokens_spares_the_clients() -> None:
    tokens = Tokens()
    client = tokens.add_client("reconciler")
    token = tokens.issue(client, now=0, seconds=10)
    tokens.expire_all()
    assert tokens.holder(token, 1) is None
    assert tokens.authenticate(client.id, client.secret) == client


def test_neither_half_of_the_credentials_is_enough() -> None:
    tokens = Tokens()
    one, other = tokens.add_client("one"), tokens.add_client("other")
    assert tokens.authenticate(one.id, other.secret) is None
    assert tokens.authenticate("nobody", one.secret) is None


def test_the_secret_is_in_no_repr() -> None:
    client = Tokens().add_client("reconciler")
    assert client.secret not in repr(client)


def test_who_may_write_may_read_and_who_may_read_may_not_write() -> None:
    writer = OAuthClient("1", "s", "writer", frozenset({"webchat:webchat:write"}))
    reader = OAuthClient("2", "s", "reader", frozenset({"webchat:webchat:read"}))
    assert [c.may("webchat:webchat:read") for c in (writer, reader)] == [True, True]
    assert [c.may("webchat:webchat:write") for c in (writer, reader)] == [True, False]
    assert not writer.may("webhook:webhook:read")


def test_the_window_slides_and_a_refused_request_does_not_count() -> None:
    tokens = Tokens()
    used = [tokens.use("t", now, allowed=2, window=60) for now in (0, 10, 20, 60.5)]
    assert used == [
        Usage(1, 2, 60, exceeded=False),
        Usage(2, 2, 50, exceeded=False),
        Usage(2, 2, 40, exceeded=True),
        Usage(2, 2, 10, exceeded=False),
    ]


def test_every_token_has_its_own_window() -> None:
    tokens = Tokens()
    tokens.use("one", 0, allowed=1, window=60)
    assert not tokens.use("other", 0, allowed=1, window=60).exceeded


@given(st.lists(st.floats(0, 30), max_size=60), st.integers(1, 5))
def test_no_window_ever_lets_more_than_the_allowed_requests_through(gaps: list[float], allowed: int) -> None:
    tokens, now, passed = Tokens(), 0.0, []
    for gap in gaps:
        now += gap
        if not tokens.use("t", now, allowed, window=60).exceeded:
            passed.append(now)
    assert all(later - first >= 60 for first, later in zip(passed, passed[allowed:], strict=False))
