"""The health webhook of a channel: its stable name, what it must say, and what must be done for that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconciler.decide.fields import same
from reconciler.model import Action, Channel, JsonObject, LiveWebhook, WebhookChange

WANTED: JsonObject = {
    "enabled": True,
    "event": "routing:conversation:analytic",
    "method": "POST",
    "filter": "channelType:webchat",
}
"""What every health webhook says, besides its name and address."""


def webhook_name(channel: str) -> str:
    """Give the one name that the health webhook of this `metadata.name` has in every run."""
    return f"reconciler-health-{channel}"


def plan_webhooks(
    channels: Sequence[Channel], live_webhooks: Sequence[LiveWebhook]
) -> tuple[WebhookChange, ...]:
    """Say what must be done for each channel that wants a health webhook, sorted by name.

    Where two live webhooks bear the name, the first by id is kept right and the other is left alone.
    """
    by_name = {hook.name: hook for hook in sorted(live_webhooks, key=lambda hook: hook.id, reverse=True)}
    return tuple(
        _change(channel, channel.health_webhook, by_name.get(webhook_name(channel.name)))
        for channel in sorted(channels, key=lambda channel: channel.name)
        if channel.health_webhook
    )


def is_kept(live: LiveWebhook, address: str) -> bool:
    """Say whether a live webhook says what the health webhook of a channel must say."""
    document = live.document
    # A field that the API does not show cannot be compared; taking it for wrong would update for ever.
    right = all(same(document[name], value) for name, value in WANTED.items() if name in document)
    return right and document.get("address") == address


def _change(channel: Channel, address: str, live: LiveWebhook | None) -> WebhookChange:
    name = webhook_name(channel.name)
    if live is None:
        return WebhookChange(Action.CREATE, name, channel.name, address)
    if not is_kept(live, address):
        return WebhookChange(Action.UPDATE, name, channel.name, address, live)
    # Headers may hold somebody's credentials: a plan has no use for a document that it does not write.
    return WebhookChange(Action.UNCHANGED, name, channel.name, address, replace(live, document={}))
