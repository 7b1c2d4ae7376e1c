"""Webhooks as they are listed, created and updated."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from genesys_remote import Scripted, client_of, reply

from reconciler.errors import Rejected, Unavailable
from reconciler.genesys.webhooks import create_webhook, fetch_webhooks, update_webhook
from reconciler.model import LiveWebhook, Revision

NAME = "reconciler-health-secure-webchat"
ADDRESS = "https://monitor.example.com/hooks/webchat"
WHOLE = {
    "name": NAME,
    "enabled": True,
    "event": "routing:conversation:analytic",
    "method": "POST",
    "filter": "channelType:webchat",
    "address": ADDRESS,
    "headers": {"Content-Type": "application/json", "X-Webchat-Health": "true"},
}


def listed(*hooks: Any) -> Any:
    return reply(
        200, {"entities": list(hooks), "pageSize": 100, "pageNumber": 1, "total": len(hooks), "pageCount": 1}
    )


def live(**changes: Any) -> LiveWebhook:
    document = {**WHOLE, "id": "h1", "version": 4, **changes}
    return LiveWebhook("h1", NAME, document, Revision("4"))


def test_webhooks_are_listed_with_their_revisions() -> None:
    transport = Scripted([listed(live().document)])
    assert asyncio.run(fetch_webhooks(client_of(transport))) == (live(),)
    assert transport.sent[0].path == "/api/v2/webhooks?pageSize=100&pageNumber=1"


@pytest.mark.parametrize("changes", [{"name": None}, {"version": "4"}, {"version": True}, {"version": None}])
def test_a_webhook_that_cannot_be_read_names_the_field(changes: dict[str, Any]) -> None:
    transport = Scripted([listed(live(**changes).document)])
    with pytest.raises(Unavailable, match=f"the webhook h1 cannot be read: {next(iter(changes))} is missing"):
        asyncio.run(fetch_webhooks(client_of(transport)))


def test_a_webhook_is_created_whole() -> None:
    transport = Scripted([reply(201, {"id": "h1", "version": 1, "address": ADDRESS}, etag='"1"')])
    made = asyncio.run(create_webhook(client_of(transport), NAME, ADDRESS))
    assert (transport.sent[0].method, transport.sent[0].body) == ("POST", WHOLE)
    assert made == LiveWebhook("h1", NAME, {**WHOLE, "id": "h1", "version": 1}, Revision("1"))
    assert made.revision.precondition == '"1"'


def test_a_name_that_is_taken_is_a_rejection_and_no_conflict() -> None:
    transport = Scripted([reply(409, {"message": "A webhook of the name x exists", "code": "name.exists"})])
    with pytest.raises(Rejected, match="exists"):
        asyncio.run(create_webhook(client_of(transport), NAME, ADDRESS))


def test_a_created_webhook_without_an_id_may_nevertheless_exist() -> None:
    transport = Scripted([reply(201, {"version": 1})])
    with pytest.raises(Unavailable) as caught:
        asyncio.run(create_webhook(client_of(transport), NAME, ADDRESS))
    assert (caught.value.sent, caught.value.method) == (True, "POST")


def test_an_id_from_the_remote_is_one_segment_of_the_path() -> None:
    odd = LiveWebhook("../a?b", NAME, {}, Revision("4"))
    transport = Scripted([reply(200, {**WHOLE, "id": "../a?b", "version": 5})])
    asyncio.run(update_webhook(client_of(transport), odd, ADDRESS))
    assert transport.sent[0].path == "/api/v2/webhooks/..%2Fa%3Fb"


def test_an_update_replaces_what_is_ours_and_keeps_the_rest() -> None:
    old = live(address="https://old.example.com/", enabled=False, team="ops", headers={"X-Own": "1"})
    transport = Scripted([reply(200, {**WHOLE, "id": "h1", "version": 5}, etag='"5"')])
    made = asyncio.run(update_webhook(client_of(transport), old, ADDRESS))
    sent = transport.sent[0]
    assert (sent.method, sent.path, sent.headers["If-Match"]) == ("PUT", "/api/v2/webhooks/h1", "4")
    assert sent.body == {
        **WHOLE,
        "id": "h1",
        "version": 4,
        "team": "ops",
        "headers": {"X-Own": "1", **WHOLE["headers"]},
    }
    assert made.revision == Revision("5")
