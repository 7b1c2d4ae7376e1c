from __future__ import annotations

from build import ADMIN, APP, channel

from reconciler.decide.targets import UNLISTED, targets
from reconciler.kinds.webchat import WEBCHAT
from reconciler.model import Target, Verdict

URL = "wss://webchat.example.com/webchat"


def asked(expected: Verdict, *removed: str, cap: int = 10, **fields: object) -> list[str]:
    found = targets(WEBCHAT, channel(**fields), removed_origins=removed, cap=cap)  # type: ignore[arg-type] - any field
    return [target.origin for target in found if target.expected is expected]


def test_every_allowed_origin_must_be_accepted_and_strangers_refused() -> None:
    assert targets(WEBCHAT, channel(corsAllowedOrigins=[APP, ADMIN])) == (
        Target("secure-webchat", URL, ADMIN, Verdict.ACCEPTED),
        Target("secure-webchat", URL, APP, Verdict.ACCEPTED),
        Target("secure-webchat", URL, UNLISTED, Verdict.REFUSED),
        Target("secure-webchat", URL, "https://admin.example.com.invalid", Verdict.REFUSED),
    )


def test_a_disabled_channel_is_not_asked() -> None:
    assert targets(WEBCHAT, channel(enabled=False)) == ()


def test_the_look_alike_keeps_the_port() -> None:
    origins = ["https://app.example.com:8443"]
    assert asked(Verdict.REFUSED, corsAllowedOrigins=origins)[1] == "https://app.example.com.invalid:8443"


def test_origins_that_were_just_removed_must_be_refused() -> None:
    assert asked(Verdict.REFUSED, "https://old.example.com", APP)[2:] == ["https://old.example.com"]


def test_an_origin_that_is_allowed_is_never_expected_to_be_refused() -> None:
    assert UNLISTED not in asked(Verdict.REFUSED, corsAllowedOrigins=[APP, UNLISTED])


def test_allowed_and_removed_origins_are_capped() -> None:
    many = [f"https://a{number}.example.com" for number in range(5)]
    gone = [f"https://b{number}.example.com" for number in range(5)]
    assert asked(Verdict.ACCEPTED, cap=2, corsAllowedOrigins=many) == many[:2]
    assert asked(Verdict.REFUSED, *gone, cap=2, corsAllowedOrigins=many)[2:] == gone[:2]
