"""Builders of the nouns; with their defaults `channel()` and `live()` agree in every field."""

from __future__ import annotations

from typing import Any

from reconciler.kinds.webchat import WEBCHAT
from reconciler.model import Binding, Channel, LiveChannel, LiveWebhook, Plan, Revision

ID = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
APP = "https://app.example.com"
ADMIN = "https://admin.example.com"
SETTINGS = ("webchatUrl", "corsAllowedOrigins", "authProviderId", "webchatId")
BINDING = Binding(
    api="https://api.mypurecloud.com",
    organisation="org-1",
    commit="c" * 40,
    tree="d" * 40,
    files="sha256:" + "0" * 64,
    rules="sha256:" + "1" * 64,
)


def spec(**fields: Any) -> dict[str, Any]:
    """Give a whole spec; settings may be named flat, and `...` as a value leaves the field out."""
    settings = {
        "webchatUrl": "https://webchat.example.com",
        "corsAllowedOrigins": [ADMIN, APP],
        "authProviderId": "oauth2-provider-12345",
        "webchatId": "webchat-instance-67890",
    }
    settings |= {name: fields.pop(name) for name in SETTINGS if name in fields}
    whole = {
        "id": ID,
        "name": "Secure Webchat Endpoint",
        "description": "Production messaging channel",
        "enabled": True,
        "webchatSettings": _given(settings),
    }
    return _given(whole | fields)


def document(version: int = 3, **fields: Any) -> dict[str, Any]:
    """Give a live document as the API writes it; fields as in `spec`, unknown ones too."""
    return {**spec(**fields), "version": version}


def channel(name: str = "secure-webchat", *, health_webhook: str | None = None, **fields: Any) -> Channel:
    """Give what a channel file wants; further fields as in `spec`, with `title` for the remote's own name."""
    if "title" in fields:
        fields["name"] = fields.pop("title")
    whole = spec(**fields)
    return Channel(
        kind=WEBCHAT.name,
        name=name,
        id=whole["id"],
        spec=whole,
        file=f"channels/{name}.yaml",
        health_webhook=health_webhook,
    )


def live(version: int = 3, **fields: Any) -> LiveChannel:
    """Give a live channel; fields as in `document`."""
    return WEBCHAT.read(document(version, **fields))


def webhook(name: str, *, id: str = "hook-1", version: int = 1, **fields: Any) -> LiveWebhook:  # noqa: A002 - the API's word
    """Give a live health webhook as this tool keeps it."""
    whole = {
        "id": id,
        "name": name,
        "version": version,
        "enabled": True,
        "event": "routing:conversation:analytic",
        "address": "https://monitor.example.com/hooks/webchat",
        "method": "POST",
        "filter": "channelType:webchat",
        "headers": {},
    }
    return LiveWebhook(id, name, _given(whole | fields), Revision(str(version)))


def plan(*changes: Any, webhooks: tuple[Any, ...] = ()) -> Plan:
    """Give a plan of these changes."""
    return Plan(BINDING, changes, webhooks)


def identity(number: int) -> str:
    """Give the number-th channel id."""
    return f"00000000-0000-4000-8000-{number:012d}"


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not ...}


def once_managed(*ids: str) -> dict[tuple[str, str], str]:
    """Give what the record says Git once managed, each under the name `once-<last digit>`."""
    return {(WEBCHAT.name, one): f"once-{one[-1]}" for one in ids}
