from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.probe.rules import (
    ConnectTo,
    Destination,
    ProbeRules,
    choose_destination,
    is_allowed,
    parse_connect_to,
    parse_endpoint,
    require_origin,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        (" , ", ()),
        ("a.example.com:443:127.0.0.1:8443", (ConnectTo("a.example.com", 443, "127.0.0.1", 8443),)),
        ("A.Example.COM:443:Inner.Host:8443", (ConnectTo("a.example.com", 443, "inner.host", 8443),)),
        ("::127.0.0.1:8443", (ConnectTo(None, None, "127.0.0.1", 8443),)),
        (":::", (ConnectTo(None, None, None, None),)),
        ("a.example.com:::8443", (ConnectTo("a.example.com", None, None, 8443),)),
        (":443:127.0.0.1:", (ConnectTo(None, 443, "127.0.0.1", None),)),
        ("[::1]:443:[::ffff:127.0.0.1]:1", (ConnectTo("::1", 443, "::ffff:127.0.0.1", 1),)),
        ("a:1:b:2, c:3:d:4", (ConnectTo("a", 1, "b", 2), ConnectTo("c", 3, "d", 4))),
    ],
)
def test_connect_to_is_read_as_curl_reads_it(text: str, expected: tuple[ConnectTo, ...]) -> None:
    assert parse_connect_to(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a.example.com",
        "a:1:b",
        "a:1:b:2:c",
        "a:1:::1:2",
        "a:0:b:2",
        "a:65536:b:2",
        "a:1:b:99999",
        "a:x:b:2",
        "a b:1:c:2",
        "[::1:1:b:2",
        "[::::]:1:b:2",
        "a:1:[1.2.3.4]:2",
        "a:1:b\n:2",
        "a:\u0661:b:2",
    ],
)
def test_a_connect_to_entry_that_is_none_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=r"connect-to entry|has the port"):
        parse_connect_to(text)


@given(st.text(max_size=60))
def test_a_connect_to_text_is_read_or_refused_with_a_printable_sentence(text: str) -> None:
    try:
        parse_connect_to(text)
    except ValueError as error:
        assert str(error).isprintable()  # noqa: PT017 - most texts are refused, some are read


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("wss://a.example.com", ("a.example.com", 443)),
        ("wss://A.Example.com:8443/webchat", ("a.example.com", 8443)),
        ("wss://a.example.com/v1?deploymentId=1", ("a.example.com", 443)),
        ("wss://[::1]:8443/", ("::1", 8443)),
    ],
)
def test_an_endpoint_is_host_and_port(url: str, expected: tuple[str, int]) -> None:
    assert parse_endpoint(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "ws://a.example.com/",
        "https://a.example.com/",
        "wss://user@a.example.com/",
        "wss://a.example.com:0/",
        "wss://a.example.com:65536/",
        "wss://a.example.com/#x",
        "wss://a.example.com\\@b.example.com/",
        "wss://a.example.com/ x",
        "wss://a.example.com/\r\nX: y",
        "wss://a..example.com/",
        "wss://" + "a" * 64 + ".example.com/",
        "wss://[:::]/",
        "wss://exämple.com/",
        "wss://a.example.com?x",
        "wss:///",
        "",
    ],
)
def test_an_address_that_is_not_plainly_wss_is_not_probed(url: str) -> None:
    with pytest.raises(ValueError, match="allowed"):
        parse_endpoint(url)


@pytest.mark.parametrize("origin", ["", "https://a\r\nX: y", "https://ä.example", "https://a b"])
def test_an_origin_that_could_change_the_request_is_not_sent(origin: str) -> None:
    with pytest.raises(ValueError, match="cannot be sent"):
        require_origin(origin)


@pytest.mark.parametrize(
    ("host", "port", "entry", "expected"),
    [
        ("a.example.com", 443, "a.example.com", True),
        ("a.example.com", 443, "A.example.com:443", True),
        ("a.example.com", 8443, "a.example.com:443", False),
        ("b.a.example.com", 443, "a.example.com", False),
        ("::1", 8443, "[::1]:8443", True),
        ("::1", 8443, "[::1]", True),
        ("::1", 8443, "::1", False),
    ],
)
def test_an_allowed_host_is_matched_whole(host: str, port: int, entry: str, expected: bool) -> None:
    assert is_allowed(host, port, (entry,)) is expected


def test_the_first_entry_that_matches_leads_the_way() -> None:
    rules = ProbeRules(connect_to=parse_connect_to("b:::1,a:443:127.0.0.1:2,a::127.0.0.2:3,::127.0.0.3:4"))
    assert choose_destination("a", 443, rules) == Destination("127.0.0.1", 2, trusted=True)
    assert choose_destination("a", 444, rules) == Destination("127.0.0.2", 3, trusted=True)
    assert choose_destination("c", 443, rules) == Destination("127.0.0.3", 4, trusted=True)


def test_an_entry_that_only_moves_the_port_allows_no_private_address() -> None:
    rules = ProbeRules(connect_to=parse_connect_to("a:::8443"))
    assert choose_destination("a", 443, rules) == Destination("a", 8443, trusted=False)


def test_without_entries_a_host_is_where_it_says() -> None:
    assert choose_destination("a", 443, ProbeRules()) == Destination("a", 443, trusted=False)
    assert choose_destination("a", 443, ProbeRules(allow_hosts=("a",))) == Destination("a", 443, trusted=True)
