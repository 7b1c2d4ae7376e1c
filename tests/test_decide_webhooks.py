from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from build import channel, webhook

from reconciler.decide.webhooks import is_kept, plan_webhooks, webhook_name
from reconciler.model import Action, WebhookChange

NAME = "reconciler-health-secure-webchat"
ADDRESS = "https://monitor.example.com/hooks/webchat"


def test_the_name_depends_on_the_channel_alone() -> None:
    assert webhook_name("secure-webchat") == NAME


def test_a_channel_without_a_health_webhook_plans_none() -> None:
    assert plan_webhooks([channel()], [webhook(NAME)]) == ()


def test_a_webhook_that_is_missing_is_created() -> None:
    assert plan_webhooks([channel(health_webhook=ADDRESS)], [webhook("another")]) == (
        WebhookChange(Action.CREATE, NAME, "secure-webchat", ADDRESS),
    )


def test_a_webhook_that_is_right_is_unchanged_and_its_headers_are_not_kept() -> None:
    live = webhook(NAME, headers={"Authorization": "secret"})
    assert plan_webhooks([channel(health_webhook=ADDRESS)], [live]) == (
        WebhookChange(Action.UNCHANGED, NAME, "secure-webchat", ADDRESS, replace(live, document={})),
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("address", "https://old.example.com"),
        ("address", ...),
        ("enabled", False),
        ("enabled", 1),
        ("event", "other"),
        ("method", "GET"),
        ("filter", None),
    ],
)
def test_a_webhook_that_says_something_else_is_updated(field: str, value: Any) -> None:
    live = webhook(NAME, **{field: value})
    assert plan_webhooks([channel(health_webhook=ADDRESS)], [live]) == (
        WebhookChange(Action.UPDATE, NAME, "secure-webchat", ADDRESS, live),
    )


@pytest.mark.parametrize("field", ["enabled", "event", "method", "filter"])
def test_a_constant_that_the_remote_does_not_show_is_no_difference(field: str) -> None:
    assert is_kept(webhook(NAME, **{field: ...}), ADDRESS)


def test_of_two_webhooks_of_the_name_the_first_by_id_is_kept_whatever_the_order() -> None:
    two = [webhook(NAME, id="b"), webhook(NAME, id="a", enabled=False)]
    for listed in (two, two[::-1]):
        [change] = plan_webhooks([channel(health_webhook=ADDRESS)], listed)
        assert (change.action, change.live and change.live.id) == (Action.UPDATE, "a")


def test_webhooks_stand_in_the_order_of_channels() -> None:
    files = [channel("b", health_webhook=ADDRESS), channel("a", health_webhook=ADDRESS)]
    assert [change.channel for change in plan_webhooks(files, [])] == ["a", "b"]
