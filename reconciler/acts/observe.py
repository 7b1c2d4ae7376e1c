"""Read what is live: whole lists, and nothing per channel."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.errors import Unavailable
from reconciler.genesys.client import Client
from reconciler.genesys.webhooks import fetch_webhooks
from reconciler.kinds import KINDS
from reconciler.kinds.kind import Kind
from reconciler.model import Channel, JsonObject, LiveChannel, LiveWebhook


async def fetch_live(client: Client, kind: Kind) -> tuple[LiveChannel, ...]:
    """List every live channel of a kind; raises `Unavailable` where one of them cannot be understood."""
    return tuple(
        read_live(kind, document) for document in await client.fetch_pages(kind.collection, kind.page_size)
    )


def read_live(kind: Kind, document: JsonObject) -> LiveChannel:
    """Make a live channel of an answer; an answer that is none raises `Unavailable`."""
    try:
        return kind.read(document)
    except ValueError as error:
        raise Unavailable(
            f"the answer holds no {kind.name}: {error}", method="GET", path=kind.collection
        ) from error


async def observe(
    client: Client, channels: Sequence[Channel]
) -> tuple[tuple[LiveChannel, ...], tuple[LiveWebhook, ...]]:
    """Read the families that have files, and the webhooks only where a file names one."""
    live = await fetch_families(client, channels)
    hooks = await fetch_webhooks(client) if any(channel.health_webhook for channel in channels) else ()
    return live, hooks


async def fetch_families(client: Client, channels: Sequence[Channel]) -> tuple[LiveChannel, ...]:
    """List every live channel of the families that have files; no other family is contacted."""
    live: list[LiveChannel] = []
    for kind in KINDS:
        if any(channel.kind == kind.name for channel in channels):
            live.extend(await fetch_live(client, kind))
    return tuple(live)
