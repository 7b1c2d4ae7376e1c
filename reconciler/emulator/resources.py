"""What each operation on channels, webhooks and their audit log does: pages, version checks, required fields.

Nothing here knows about connections, tokens or faults; a request that cannot be carried out raises `Refused`.
"""

from __future__ import annotations

import math
import uuid
from datetime import timedelta
from itertools import islice

from reconciler.emulator.audit import AuditQuery
from reconciler.emulator.checks import (
    CHANNEL_FIELDS,
    WEBHOOK_FIELDS,
    require_fields,
    require_object,
    require_version,
    time_parameter,
    whole_parameter,
)
from reconciler.emulator.documents import Document
from reconciler.emulator.operation import Call, Operation, Reply, Table
from reconciler.emulator.refusal import Refused, bad_field, bad_request
from reconciler.emulator.state import Collection, Store

MOST_PER_PAGE = 100


def list_channels(store: Store, call: Call) -> Reply:
    """Give one page of whole channels."""
    return _page(store.channels, call)


def list_webhooks(store: Store, call: Call) -> Reply:
    """Give one page of webhooks."""
    return _page(store.webhooks, call)


def read_channel(store: Store, call: Call) -> Reply:
    """Give one channel."""
    return _document(200, store.channels.get(call.entity, stale="stale" in call.lies))


def put_channel(store: Store, call: Call) -> Reply:
    """Create the channel with `If-None-Match: *`, otherwise replace the version that the request names."""
    body = require_object(call.body)
    require_fields(body, call.entity, CHANNEL_FIELDS)
    if call.if_none_match is not None:
        return _create_channel(store, call, body)
    require_version(store.channels.get(call.entity), call.if_match, body.get("version"))
    return _document(200, store.channels.replace(body, call.client.actor, call.at), committed=True)


def delete_channel(store: Store, call: Call) -> Reply:
    """Delete the version that the request names."""
    require_version(store.channels.get(call.entity), call.if_match, None)
    store.channels.remove(call.entity, call.client.actor, call.at)
    return Reply(204, committed=True)


def create_webhook(store: Store, call: Call) -> Reply:
    """Create a webhook under a new id; its name must be free."""
    body = {**require_object(call.body), "id": str(uuid.uuid4())}
    require_fields(body, body["id"], WEBHOOK_FIELDS)
    _require_free_name(store.webhooks, body)
    return _document(201, store.webhooks.create(body, call.client.actor, call.at), committed=True)


def put_webhook(store: Store, call: Call) -> Reply:
    """Replace the version of a webhook that the request names."""
    body = {"id": call.entity, **require_object(call.body)}
    require_fields(body, call.entity, WEBHOOK_FIELDS)
    require_version(store.webhooks.get(call.entity), call.if_match, body.get("version"))
    _require_free_name(store.webhooks, body)
    return _document(200, store.webhooks.replace(body, call.client.actor, call.at), committed=True)


def list_audit_entries(store: Store, call: Call) -> Reply:
    """Give one page of the audit entries of one entity, newest first."""
    name, _, entity = call.query.get("filter", "").partition(":")
    if name != "entityId" or not entity:
        raise bad_field("filter", "entityId: and an id")
    cursor = call.query.get("cursor")
    # A cursor that repeats on purpose stands for the first page.
    asked = None if cursor == _REPEATED else cursor
    query = AuditQuery(
        entity_id=entity,
        visible_until=call.at - timedelta(seconds=call.settings.audit_lag_seconds),
        start=time_parameter(call.query, "startTime"),
        end=time_parameter(call.query, "endTime"),
        size=whole_parameter(call.query, "pageSize", most=MOST_PER_PAGE, default=MOST_PER_PAGE),
        cursor=asked,
    )
    entries, following = store.audit.page(query)
    if "repeat-cursor" in call.lies:
        following = cursor or _REPEATED
    return Reply(200, {"entities": entries} | ({"nextPageCursor": following} if following else {}))


CHANNELS = "/api/v2/webchat/channels"
WEBHOOKS = "/api/v2/webhooks"
AUDIT_LOGS = "/api/v2/auditlogs"
OPERATIONS: Table = {
    CHANNELS: {"GET": Operation(("webchat:webchat:read",), list_channels)},
    f"{CHANNELS}/{{id}}": {
        "GET": Operation(("webchat:webchat:read",), read_channel),
        "PUT": Operation(("webchat:webchat:write",), put_channel),
        "DELETE": Operation(("webchat:webchat:write",), delete_channel),
    },
    WEBHOOKS: {
        "GET": Operation(("webhook:webhook:read",), list_webhooks),
        "POST": Operation(("webhook:webhook:write",), create_webhook),
    },
    f"{WEBHOOKS}/{{id}}": {"PUT": Operation(("webhook:webhook:write",), put_webhook)},
    AUDIT_LOGS: {"GET": Operation(("auditlog:auditlog:read",), list_audit_entries)},
}

_REPEATED = "cmVwZWF0ZWQ="


def _page(collection: Collection, call: Call) -> Reply:
    size = whole_parameter(call.query, "pageSize", most=MOST_PER_PAGE, default=25)
    number = whole_parameter(call.query, "pageNumber", most=1_000_000, default=1)
    late = 1 if "duplicate" in call.lies and number > 1 else 0
    start, total = (number - 1) * size - late, len(collection.live)
    # Not of all documents: whoever lists ten thousand asks a hundred times.
    shown = islice(collection.live, start, start + size)
    return Reply(
        200,
        {
            "entities": [collection.get(entity, stale="stale" in call.lies) for entity in shown],
            "pageSize": size,
            "pageNumber": number,
            "total": total,
            "pageCount": math.ceil(total / size),
        },
    )


def _create_channel(store: Store, call: Call, body: Document) -> Reply:
    if call.if_none_match != "*" or call.if_match is not None:
        raise bad_request(
            "If-None-Match must be * and may not come with If-Match", ("invalid", "If-None-Match")
        )
    if call.entity in store.channels.live:
        raise Refused(412, "precondition.failed", "The channel {id} exists", params={"id": call.entity})
    return _document(201, store.channels.create(body, call.client.actor, call.at), committed=True)


def _document(status: int, document: Document, *, committed: bool = False) -> Reply:
    return Reply(status, document, etag=f'"{document["version"]}"', committed=committed)


def _require_free_name(webhooks: Collection, body: Document) -> None:
    if any(hook.get("name") == body["name"] and hook["id"] != body["id"] for hook in webhooks.live.values()):
        raise Refused(
            409, "name.exists", "A webhook of the name {name} exists", params={"name": body["name"][:80]}
        )
