"""Read what is published of configurations, with the fewest requests that the list allows.

The list of published versions says nearly everything. Only where it leaves something open is more asked: for a file
whose configuration it does not hold (never published?), and for one whose newest version is not what Git wants
(is an earlier one?).
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from reconciler.decide.diff import compare
from reconciler.decide.fields import leaves, same
from reconciler.decide.pairing import identify, pins_to_look_at, reference
from reconciler.errors import NotFound, Unavailable
from reconciler.genesys.calls import Document
from reconciler.genesys.client import segment
from reconciler.kinds.kind import Kind
from reconciler.kinds.web_messaging_configuration import (
    DRAFT,
    WEB_MESSAGING_CONFIGURATION,
    content,
    version_number,
)
from reconciler.model import Change, Channel, JsonObject, LiveChannel, Plan, pointer_text

Value = TypeVar("Value")

PUBLISHED = {"showOnlyPublished": "true"}


class Reader(Protocol):
    """The calls that looking takes."""

    @property
    def own_id(self) -> str:
        """The OAuth client that we are."""

    async def get(self, path: str) -> Document:
        """Read one resource."""

    async def fetch_by_cursor(
        self, path: str, page_size: int, query: Mapping[str, str] | None = None
    ) -> tuple[JsonObject, ...]:
        """Read a whole list that goes on by cursor."""


def read_live(kind: Kind, document: JsonObject) -> LiveChannel:
    """Make a live channel of an answer; an answer that is none raises `Unavailable`."""
    try:
        return kind.read(document)
    except ValueError as error:
        raise Unavailable(
            f"the answer holds no {kind.name}: {error}", method="GET", path=kind.collection
        ) from error


async def fetch_published(client: Reader, kind: Kind, wanted: Sequence[Channel]) -> tuple[LiveChannel, ...]:
    """Give every configuration at its newest version; where Git went back to one of ours before it, at that one.

    Costs one list, and for each file that differs from what we published last one list of versions.
    """
    found = newest(kind, await client.fetch_by_cursor(kind.collection, kind.page_size, PUBLISHED))
    if any(_meant(channel, found) is None for channel in wanted):
        drafts = newest(kind, await client.fetch_by_cursor(kind.collection, kind.page_size))
        found = {**drafts, **found}

    async def go_back(channel: Channel, live: LiveChannel) -> None:
        versions = await fetch_versions(client, kind, live.id)
        found[live.id] = _as_wanted(kind, channel, [live, *versions])

    differing = [
        (channel, live)
        for channel in wanted
        if (live := _meant(channel, found))
        and compare(kind, live.document, channel.spec)
        and _is_ours(live, client.own_id)
    ]
    await side_by_side([go_back(channel, live) for channel, live in differing])
    return tuple(found.values())


async def side_by_side(looks: Sequence[Coroutine[Any, Any, Value]]) -> list[Value]:
    """Do all looks at once, as far as the client lets them, and give their answers; the first failure ends all."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(look) for look in looks]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]


async def fetch_versions(client: Reader, kind: Kind, id_: str) -> tuple[LiveChannel, ...]:
    """Give the published versions of a configuration, the newest first."""
    path = f"{kind.collection}/{segment(id_)}/versions"
    documents = await client.fetch_by_cursor(path, kind.page_size)
    read = (read_live(kind, document) for document in documents)
    published = [version for version in read if version_number(version.revision.value)]
    return tuple(sorted(published, key=_number, reverse=True))


async def fetch_pinned(
    client: Reader, channels: Sequence[Channel], live: Sequence[LiveChannel]
) -> dict[tuple[str, str], LiveChannel]:
    """Give the older versions that live deployments of these files pin, each read once."""
    kind = WEB_MESSAGING_CONFIGURATION
    found: dict[tuple[str, str], LiveChannel] = {}
    if not any(map(reference, channels)):
        return found

    async def look(id_: str, version: str) -> None:
        with suppress(NotFound):
            answer = await client.get(f"{kind.collection}/{segment(id_)}/versions/{segment(version)}")
            found[id_, version] = read_live(kind, answer.value)

    pinned = pins_to_look_at(identify(channels, live, frozenset()), live)
    await side_by_side([look(*pin) for pin in pinned])
    return found


async def fetch_draft(client: Reader, kind: Kind, id_: str) -> LiveChannel:
    """Give the draft of a configuration."""
    answer = await client.get(f"{kind.collection}/{segment(id_)}/versions/draft")
    return read_live(kind, {"version": DRAFT, **answer.value})


def newest(kind: Kind, documents: Iterable[JsonObject]) -> dict[str, LiveChannel]:
    """Give the newest published version of each configuration by id; the draft where none was published.

    Whether a list holds a configuration once, or each of its versions, is not documented.
    """
    found: dict[str, LiveChannel] = {}
    for document in documents:
        live = read_live(kind, document)
        known = found.setdefault(live.id, live)
        if _number(live) >= _number(known):
            found[live.id] = live
    return found


async def with_notes(client: Reader, plan: Plan) -> Plan:
    """Look at the drafts of configurations that a plan would publish, and say which hold somebody's work."""
    kind = WEB_MESSAGING_CONFIGURATION
    writing = [change for change in plan.changes if change.writes and change.kind == kind.name]
    noted = await side_by_side([_with_note(client, kind, change) for change in writing])
    by_change = {id(change): made for change, made in zip(writing, noted, strict=True)}
    return replace(plan, changes=tuple(by_change.get(id(change), change) for change in plan.changes))


async def _with_note(client: Reader, kind: Kind, change: Change) -> Change:
    if change.channel is None or change.live is None:
        return change
    draft = await fetch_draft(client, kind, change.id)
    foreign = foreign_draft(kind, draft, change.live, change.channel.spec)
    return replace(change, note=foreign) if foreign else change


def foreign_draft(kind: Kind, draft: LiveChannel, live: LiveChannel, spec: JsonObject) -> str | None:
    """Say whose unpublished work a draft holds that is neither what is published nor what we want; else None."""
    held, body = content(draft.document), kind.body(spec, live)
    if same(held, body) or (live.revision.value != DRAFT and same(held, content(live.document))):
        return None
    fields = unlike(held, content(live.document) if live.revision.value != DRAFT else body)
    shown = ", ".join(fields[:10]) + (f" and {len(fields) - 10} more" if len(fields) > 10 else "")
    return (
        f"its draft holds unpublished work in {shown}, which publishing would overwrite;"
        " publish or discard it in the console, adopt it, or give --overwrite-draft NAME"
    )


def unlike(one: JsonObject, other: JsonObject) -> list[str]:
    """Name the fields in which two documents differ, as pointers."""
    left, right = leaves(one), leaves(other)
    paths = sorted({*left, *right}, key=pointer_text)
    return [pointer_text(path) for path in paths if not same(left.get(path), right.get(path))]


def _as_wanted(kind: Kind, channel: Channel, versions: Sequence[LiveChannel]) -> LiveChannel:
    """Pick the version that holds what publishing would make; else the newest.

    Fields that Git does not manage count as well: an older version must not bring their older values back.
    """
    latest = max(versions, key=_number)
    wanted = kind.body(channel.spec, latest)
    fitting = [
        version for version in versions if _number(version) and same(content(version.document), wanted)
    ]
    return max(fitting, key=_number, default=latest)


def _is_ours(live: LiveChannel, own_id: str) -> bool:
    """Say whether we published a version: going back from it is a change of Git; from anybody else's, a drift."""
    publisher = live.document.get("publishedUser")
    id_ = publisher.get("id") if isinstance(publisher, Mapping) else None
    return id_ is None or id_ == own_id


def _meant(channel: Channel, found: dict[str, LiveChannel]) -> LiveChannel | None:
    if channel.id:
        return found.get(channel.id)
    named = [live for live in found.values() if live.name == channel.spec.get("name")]
    return named[0] if len(named) == 1 else None


def _number(live: LiveChannel) -> int:
    return version_number(live.revision.value) or 0
