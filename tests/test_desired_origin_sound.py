"""The one look at a plainly sound address: it never passes what the rules refuse."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.desired import origin

PARTS = st.sampled_from(
    [
        *(
            "https://",
            "http://",
            "HTTPS://",
            "a",
            "app",
            "xn--",
            "-",
            "--",
            ".",
            "..",
            "example.com",
            "com",
            "test",
        ),
        *(
            "localhost",
            "local",
            "1",
            "0x1",
            "127.0.0.1",
            ":",
            ":443",
            ":8443",
            "/",
            "/path",
            "/.",
            "/..",
            "//",
            "?q",
        ),
        *("@", "*", "#", "\n", " ", "é", "A", "a" * 63, "example", "internal", "~", "_", "%41"),
    ]
)
ADDRESSES = st.lists(PARTS, max_size=8).map("".join) | st.lists(PARTS, max_size=6).map(
    lambda parts: "https://" + "".join(parts)
)


@pytest.mark.parametrize("check", [origin.check_origin, origin.check_url])
@given(text=ADDRESSES)
@example(text="https://app.example.com")
@example(text="https://app.example.com\n")
@example(text="https://a.test")
def test_a_sound_address_has_no_flaw(check: Any, text: str) -> None:
    pattern = origin.SOUND_ORIGIN if check is origin.check_origin else origin.SOUND_URL
    if origin._is_sound(pattern, text):
        allowed = origin._Allowed((), ())
        after = origin._no_path if check is origin.check_origin else origin._plain_path
        assert not origin._address_flaw(text, allowed)
        assert not after(text)
        assert check(text) is None


def test_usual_addresses_are_sound() -> None:
    assert origin._is_sound(origin.SOUND_ORIGIN, "https://app-1.shop.example.com")
    assert origin._is_sound(origin.SOUND_URL, "https://monitor.example.com/hooks/web_chat/")
    assert not origin._is_sound(origin.SOUND_ORIGIN, "https://app.localhost")


SOUND = st.sampled_from(["https://a.example.com", "https://b-c.example.com", "https://d.de"])


@given(st.lists(SOUND | ADDRESSES | st.sampled_from([None, 1, ["https://a.example.com"]]), max_size=4))
@example(["https://a.example.com\nhttps://b.example.com"])
@example(["https://a.example.com", "https://a.example.com"])
@example(["https://a.example.com", "https://b.test"])
@example(["https://" + "a." * 40 + "com"])
def test_a_sound_list_has_no_flaw_either(origins: list[Any]) -> None:
    if origin.are_sound(origins):
        assert all(origin.check_origin(text) is None for text in origins)
        assert len({origin.folded(text) for text in origins}) == len(origins)


def test_lists_as_people_write_them_are_seen_to_be_sound() -> None:
    assert origin.are_sound(["https://app.example.com", "https://www.b-c.example.com"])
    assert not origin.are_sound([])
    assert not origin.are_sound(["https://app.example.com:8443"])
