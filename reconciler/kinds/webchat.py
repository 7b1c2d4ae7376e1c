"""The webchat channel, `/api/v2/webchat/channels`: the one file that subscripts its documents.

Live documents are taken as they come: a field of an odd type is a difference, never a crash.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from reconciler.kinds.kind import Kind, Paging, Steps
from reconciler.kinds.shape import SetOf, Shape, normal, overlaid
from reconciler.model import Exposure, FieldChange, Guard, Json, JsonObject, LiveChannel, Revision

ENABLED = ("enabled",)
ORIGINS = ("webchatSettings", "corsAllowedOrigins")
PROVIDER = ("webchatSettings", "authProviderId")
ENDPOINT = ("webchatSettings", "webchatUrl")
HARMLESS = {("name",), ("description",)}
SHAPE: Shape = {
    "id": None,
    "name": None,
    "description": None,
    "enabled": None,
    "webchatSettings": {
        "webchatUrl": None,
        "corsAllowedOrigins": SetOf(),
        "authProviderId": None,
        "webchatId": None,
    },
}
VERSION_DIGITS = 30


def _read(document: JsonObject) -> LiveChannel:
    name = document.get("name")
    return LiveChannel(
        kind=WEBCHAT.name,
        id=_read_id(document.get("id")),
        name=name if isinstance(name, str) else "",
        document=document,
        revision=Revision(_read_version(document.get("version"))),
    )


def _read_id(value: Json) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("id must be a text that is not empty")
    return value


def _read_version(value: Json) -> str:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    # ASCII alone: `isdecimal` takes the digits of every script.
    if not (text.isascii() and text.isdecimal() and text.strip("0") and len(text) <= VERSION_DIGITS):
        raise ValueError("version must be a whole number from 1 up")
    return text


def _normalise(document: JsonObject) -> JsonObject:
    # The API may write a field that has no value as null, or leave it out: both mean absent.
    return dict(normal(SHAPE, document))


def _body(spec: JsonObject, live: LiveChannel | None) -> JsonObject:
    return dict(overlaid(SHAPE, live.document, spec)) if live else spec


def _exposure(change: FieldChange) -> Exposure:
    if change.path in HARMLESS:
        return Exposure.NEUTRAL
    if change.path == ENABLED and isinstance(change.after, bool):
        return Exposure.WIDENS if change.after else Exposure.NARROWS
    if change.path == ORIGINS:
        return _exposure_of_origins(change.before, change.after)
    if change.path == PROVIDER and bool(change.before) is not bool(change.after):
        # Whom another provider signs in, nobody here knows; without one, nobody need sign in.
        return Exposure.NARROWS if change.after else Exposure.WIDENS
    return Exposure.UNKNOWN


def _exposure_of_origins(before: Json, after: Json) -> Exposure:
    before = [] if before is None else before
    # To some remotes an empty list is no limit at all.
    if not isinstance(before, list) or not isinstance(after, list) or not after:
        return Exposure.UNKNOWN
    added = [origin for origin in after if origin not in before]
    return Exposure.WIDENS if added else Exposure.NARROWS


def _endpoint(spec: JsonObject) -> str:
    address = _settings(spec).get("webchatUrl")
    url = urlsplit(address if isinstance(address, str) else "")
    # The probe must never speak in clear, so nothing but https has an endpoint.
    if url.scheme != "https" or not url.netloc:
        raise ValueError("webchatUrl must be an https URL")
    return f"wss://{url.netloc}{url.path.rstrip('/')}/webchat"


def _origins(spec: JsonObject) -> tuple[str, ...]:
    origins = _settings(spec).get("corsAllowedOrigins")
    texts = {origin for origin in origins if isinstance(origin, str)} if isinstance(origins, list) else ()
    return tuple(sorted(texts))


def _enabled(spec: JsonObject) -> bool:
    return spec.get("enabled") is True


def _settings(spec: JsonObject) -> JsonObject:
    settings = spec.get("webchatSettings")
    return settings if isinstance(settings, Mapping) else {}


WEBCHAT = Kind(
    name="WebchatChannel",
    noun="channel",
    schema="webchat-channel.schema.json",
    collection="/api/v2/webchat/channels",
    page_size=100,
    paging=Paging.NUMBERED,
    steps=Steps.REPLACE,
    guard=Guard.IF_MATCH,
    sets=frozenset({ORIGINS}),
    read=_read,
    normalise=_normalise,
    body=_body,
    exposure=_exposure,
    origins=_origins,
    enabled=_enabled,
    nouns={ORIGINS: "origin", PROVIDER: "authentication", ENDPOINT: "endpoint"},
    authentication=(PROVIDER,),
    endpoint=_endpoint,
    is_fieldwise=True,
)
