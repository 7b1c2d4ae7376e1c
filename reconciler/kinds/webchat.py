"""The webchat channel, `/api/v2/webchat/channels`: the one file that subscripts its documents.

Live documents are taken as they come: a field of an odd type is a difference, never a crash.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

from reconciler.kinds.kind import Kind
from reconciler.model import Exposure, FieldChange, Guard, Json, JsonObject, LiveChannel, Revision

ENABLED = ("enabled",)
ORIGINS = ("webchatSettings", "corsAllowedOrigins")
HARMLESS = {("name",), ("description",)}
FIELDS = ("id", "name", "description", "enabled")
SETTINGS = ("webchatUrl", "corsAllowedOrigins", "authProviderId", "webchatId")
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
    normal = {name: document[name] for name in FIELDS if document.get(name) is not None}
    settings = document.get("webchatSettings")
    if isinstance(settings, Mapping):
        normal["webchatSettings"] = _normal_settings(settings)
    elif settings is not None:
        normal["webchatSettings"] = settings
    return normal


def _normal_settings(settings: JsonObject) -> JsonObject:
    normal = {name: settings[name] for name in SETTINGS if settings.get(name) is not None}
    origins = normal.get("corsAllowedOrigins")
    if isinstance(origins, list):
        normal["corsAllowedOrigins"] = _as_set(origins)
    return normal


def _as_set(values: list[Json]) -> list[Json]:
    if all(isinstance(value, str) for value in values):
        return sorted(set(values))
    by_text = {json.dumps(value, sort_keys=True): value for value in values}
    return [by_text[text] for text in sorted(by_text)]


def _body(spec: JsonObject, live: LiveChannel | None) -> JsonObject:
    return _overlaid(live.document, spec) if live else spec


def _overlaid(below: JsonObject, above: JsonObject) -> JsonObject:
    """Lay one document over another, object by object, so that what only the lower one has survives."""
    whole = dict(below)
    for name, value in above.items():
        under = below.get(name)
        if isinstance(under, Mapping) and isinstance(value, Mapping):
            value = _overlaid(under, value)  # noqa: PLW2901 - the value to write, whole
        whole[name] = value
    return whole


def _exposure(change: FieldChange) -> Exposure:
    if change.path in HARMLESS:
        return Exposure.NEUTRAL
    if change.path == ENABLED and isinstance(change.after, bool):
        return Exposure.WIDENS if change.after else Exposure.NARROWS
    if change.path == ORIGINS:
        return _exposure_of_origins(change.before, change.after)
    return Exposure.UNKNOWN


def _exposure_of_origins(before: Json, after: Json) -> Exposure:
    before = [] if before is None else before
    if not isinstance(before, list) or not isinstance(after, list):
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
    collection="/api/v2/webchat/channels",
    page_size=100,
    guard=Guard.IF_MATCH,
    sets=frozenset({ORIGINS}),
    read=_read,
    normalise=_normalise,
    body=_body,
    exposure=_exposure,
    endpoint=_endpoint,
    origins=_origins,
    enabled=_enabled,
)
