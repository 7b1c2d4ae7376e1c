from __future__ import annotations

import pytest
from build import ADMIN, APP, BINDING, channel, identity, live, once_managed

from reconciler.decide.exposure import strongest, verdict
from reconciler.decide.plan import make_plan
from reconciler.model import Channel, Exposure, LiveChannel


@pytest.mark.parametrize(
    ("exposures", "expected"),
    [
        ([], Exposure.NEUTRAL),
        ([Exposure.NEUTRAL, Exposure.NARROWS], Exposure.NARROWS),
        ([Exposure.NARROWS, Exposure.WIDENS], Exposure.WIDENS),
        ([Exposure.UNKNOWN, Exposure.WIDENS], Exposure.UNKNOWN),
    ],
)
def test_the_strongest_exposure_wins(exposures: list[Exposure], expected: Exposure) -> None:
    assert strongest(exposures) is expected


def verdict_of(channels: list[Channel], remote: list[LiveChannel], *pruned: str) -> str:
    return verdict(
        make_plan(BINDING, channels, remote, (), applied=once_managed(*pruned), prune=bool(pruned))
    )


def test_origins_are_counted_over_all_channels() -> None:
    one, two = identity(1), identity(2)
    files = [
        channel("a", id=one, corsAllowedOrigins=[APP, ADMIN]),
        channel("b", id=two, corsAllowedOrigins=[ADMIN]),
    ]
    remote = [live(id=one, corsAllowedOrigins=[APP]), live(id=two, corsAllowedOrigins=[APP])]
    assert verdict_of(files, remote) == (
        "widens: 2 origins in 2 channels (1 removed); authentication unchanged"
    )


def test_every_kind_of_exposure_is_told_strongest_first() -> None:
    one, two, three = identity(1), identity(2), identity(3)
    files = [channel("a", id=one), channel("b", id=two, authProviderId="other", enabled=False)]
    remote = [live(id=two), live(id=three)]
    assert verdict_of(files, remote, three) == (
        "unknown, which counts as widens: authentication in 1 channel; "
        "widens: 1 channel created enabled; narrows: 1 channel deleted, /enabled in 1 channel"
    )


def test_what_is_taken_away_is_counted_too() -> None:
    assert verdict_of([channel(corsAllowedOrigins=[APP])], [live(corsAllowedOrigins=[APP, ADMIN])]) == (
        "narrows: 1 origin removed in 1 channel; authentication unchanged"
    )


def test_who_must_sign_in_is_named_where_it_moves() -> None:
    # The remote may hold a channel without a provider; then Git's is a lock on an open door.
    assert verdict_of([channel()], [live(authProviderId=...)]) == "narrows: authentication in 1 channel"


def test_a_disabled_new_channel_and_a_new_name_give_nobody_access() -> None:
    one, two = identity(1), identity(2)
    files = [channel("a", id=one, enabled=False), channel("b", id=two, title="New")]
    assert verdict_of(files, [live(id=two)]) == "neutral: nobody gains or loses access"


def test_a_plan_without_changes_says_so() -> None:
    assert verdict_of([channel()], [live()]) == "neutral: no channel changes"
