from __future__ import annotations

from typing import Any

import pytest

from reconciler.emulator.refusal import Unfit
from reconciler.emulator.settings import CERTIFICATES, Settings


def test_given_values_are_set_and_the_others_stay() -> None:
    settings = Settings()
    settings.update({"rate_limit": None, "endpoints": {"a.example.com": {"do": "silence"}}})
    assert (settings.rate_limit, settings.token_seconds) == (None, 86399)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"token_seconds": -1}, "token_seconds is a number of seconds from 0, not -1"),
        ({"rate_limit": True}, "rate_limit is a whole number from 1, or null for none, not True"),
        ({"retry_after": "soon"}, "retry_after is seconds or date, not 'soon'"),
        ({"certificates": []}, "certificates is an object with a name for each host, not []"),
        (
            {"certificates": {"a": "old"}},
            f"the certificate of 'a' is one of {', '.join(CERTIFICATES)}, not 'old'",
        ),
        (
            {"endpoints": {"a": {"do": "sulk"}}},
            "do of the endpoint of 'a' is one of close, answer, silence, drop, accept-everybody, not 'sulk'",
        ),
        ({"endpoints": {"a": 3}}, "the endpoint of 'a' is an object with do, not 3"),
        (
            {"endpoints": {"a": {"do": "close", "code": 1006}}},
            "code of the endpoint of 'a' is a close code that may be sent, 1000 to 4999, not 1006",
        ),
    ],
)
def test_a_value_that_cannot_be_is_refused_in_a_sentence(values: dict[str, Any], sentence: str) -> None:
    settings = Settings()
    with pytest.raises(Unfit) as error:
        settings.update({"audit_lag_seconds": 5, **values})
    assert str(error.value) == sentence
    assert settings == Settings()


def test_an_unknown_setting_is_answered_with_the_known_ones() -> None:
    with pytest.raises(Unfit, match=r"the name of a setting is one of token_seconds, .*, not 'speed'"):
        Settings().update({"speed": 1})
