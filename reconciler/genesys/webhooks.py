"""Webhooks of the remote: listed, created and updated; which of them should exist is decided elsewhere."""

from __future__ import annotations

from typing import Any

from reconciler.errors import Unavailable
from reconciler.genesys.calls import Document
from reconciler.genesys.client import Client, segment
from reconciler.model import JsonObject, LiveWebhook, Revision

PATH = "/api/v2/webhooks"
PAGE_SIZE = 100
FIXED: JsonObject = {
    "enabled": True,
    "event": "routing:conversation:analytic",
    "method": "POST",
    "filter": "channelType:webchat",
}
"""What every health webhook has, whatever its channel."""
HEADERS: JsonObject = {"Content-Type": "application/json", "X-Webchat-Health": "true"}


async def fetch_webhooks(client: Client) -> tuple[LiveWebhook, ...]:
    """List every webhook; `Unavailable` names a field that is not as it should be."""
    documents = await client.fetch_pages(PATH, PAGE_SIZE)
    return tuple(_live(client, "GET", PATH, Document(document, None)) for document in documents)


async def create_webhook(client: Client, name: str, address: str) -> LiveWebhook:
    """Create the webhook; `Rejected` where the name is taken."""
    body = {"name": name, **FIXED, "address": address, "headers": dict(HEADERS)}
    document = await client.post(PATH, body)
    # The answer need not hold more than id, version and address.
    return _live(client, "POST", PATH, Document({**body, **document.value}, document.etag))


async def update_webhook(client: Client, live: LiveWebhook, address: str) -> LiveWebhook:
    """Replace the webhook at the version as read; fields and headers that are not ours stay."""
    path = f"{PATH}/{segment(live.id)}"
    theirs = live.document.get("headers")
    headers = {**(theirs if isinstance(theirs, dict) else {}), **HEADERS}
    body = {
        **live.document,
        **FIXED,
        "id": live.id,
        "name": live.name,
        "address": address,
        "headers": headers,
    }
    document = await client.put(path, body, if_match=live.revision.precondition)
    return _live(client, "PUT", path, document)


def _live(client: Client, method: str, path: str, document: Document) -> LiveWebhook:
    value = document.value
    fields = (value.get("id"), value.get("name"), value.get("version"))
    for field, found, wanted in zip(("id", "name", "version"), fields, (str, str, int), strict=True):
        if not _is(found, wanted):
            shown = client.hide(str(value.get("id")))
            message = f"the webhook {shown} cannot be read: {field} is missing or of another type"
            raise Unavailable(message, method=method, path=path)
    id_, name, version = fields
    return LiveWebhook(str(id_), str(name), value, Revision(str(version), document.etag))


def _is(found: Any, wanted: type) -> bool:
    return isinstance(found, wanted) and not isinstance(found, bool)
