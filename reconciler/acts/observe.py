"""Read what is live: whole lists, and nothing per channel but what the lists leave open."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from reconciler.acts.versions import fetch_published, read_live
from reconciler.decide.fields import sharing
from reconciler.errors import NotFound
from reconciler.genesys.client import Client
from reconciler.genesys.webhooks import fetch_webhooks
from reconciler.kinds import KINDS, kind_named
from reconciler.kinds.kind import Kind, Paging, Steps
from reconciler.model import Channel, LiveChannel, LiveWebhook


async def fetch_live(client: Client, kind: Kind, wanted: Sequence[Channel] = ()) -> tuple[LiveChannel, ...]:
    """List every live channel of a kind; raises `Unavailable` where one of them cannot be understood.

    `wanted` are the files of this kind, for which more may have to be asked than the list says.
    """
    if kind.paging is Paging.NUMBERED:
        specs = {channel.id: channel.spec for channel in wanted}
        documents = await client.fetch_pages(
            kind.collection, kind.page_size, lambda live: sharing(live, specs.get(live["id"]))
        )
        return tuple(read_live(kind, document) for document in documents)
    if kind.steps is Steps.PUBLISH:
        return await fetch_published(client, kind, wanted)
    documents = await client.fetch_by_cursor(kind.collection, kind.page_size)
    # One that moved to another page while we read comes twice; what came last is newer.
    return tuple({document["id"]: read_live(kind, document) for document in documents}.values())


async def observe(
    client: Client, channels: Sequence[Channel], kinds: Collection[str] = ()
) -> tuple[tuple[LiveChannel, ...], tuple[LiveWebhook, ...]]:
    """Read the kinds that have files, and the webhooks only where a file names one.

    `kinds` are read too where their family has files: a kind whose last file was removed can still be pruned.
    """
    live = await fetch_families(client, channels, kinds)
    hooks = await fetch_webhooks(client) if any(channel.health_webhook for channel in channels) else ()
    return live, hooks


async def fetch_offered(
    client: Client, channels: Sequence[Channel], kinds: Collection[str] = ()
) -> tuple[LiveChannel, ...]:
    """List the families that have files, or the `kinds` that are named; where neither is, whatever is offered.

    An organisation need not have every family: one that answers 404 to the list of all is not offered.
    """
    named = set(kinds) or {channel.kind for channel in channels}
    live: list[LiveChannel] = []
    for kind in KINDS:
        if named and kind.name not in named:
            continue
        try:
            live.extend(await fetch_live(client, kind))
        except NotFound:
            if named:
                raise
    return tuple(live)


async def fetch_families(
    client: Client, channels: Sequence[Channel], kinds: Collection[str] = ()
) -> tuple[LiveChannel, ...]:
    """List every live channel of the kinds that have files; no other family is contacted."""
    families = {kind_named(channel.kind).is_named for channel in channels}
    live: list[LiveChannel] = []
    for kind in KINDS:
        wanted = [channel for channel in channels if channel.kind == kind.name]
        if wanted or (kind.name in kinds and kind.is_named in families):
            live.extend(await fetch_live(client, kind, wanted))
    return tuple(live)
