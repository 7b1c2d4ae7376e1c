"""The rules of security policy over web messaging configurations: sign-in, data capture, sessions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeGuard

from reconciler.desired.messaging import CONFIGURATION
from reconciler.desired.policy import Policy
from reconciler.desired.values import Flaw, value_at
from reconciler.desired.words import bare, shown
from reconciler.model import Json, JsonObject, Pointer

AUTHENTICATION: Pointer = ("spec", "authenticationSettings")
UPLOAD: Pointer = ("spec", "messenger", "fileUpload")
CONVERSATIONS: Pointer = ("spec", "messenger", "apps", "conversations")
COBROWSE: Pointer = ("spec", "cobrowse")
VIDEO: Pointer = ("spec", "video")
EVENTS: Pointer = ("spec", "journeyEvents")
SWITCHES: Mapping[Pointer, tuple[Json, str, str]] = {
    (*AUTHENTICATION, "enabled"): (False, "auth-disabled", "visitors need not sign in"),
    (*AUTHENTICATION, "allowSessionUpgrade"): (
        True,
        "auth-session-upgrade",
        "a guest's session goes on as the customer's after the sign-in",
    ),
    (*COBROWSE, "allowAgentControl"): (True, "cobrowse-control", "agents can act in the visitor's page"),
    (*COBROWSE, "allowAgentNavigation"): (
        True,
        "cobrowse-control",
        "agents can lead the visitor to other pages",
    ),
    (*VIDEO, "user", "allowCamera"): (True, "video-capture", "visitors are asked for their camera"),
    (*VIDEO, "user", "allowMicrophone"): (True, "video-capture", "visitors are asked for their microphone"),
    (*VIDEO, "user", "allowScreenShare"): (True, "video-capture", "visitors are asked for their screen"),
    (*EVENTS, "shouldKeepUrlFragment"): (True, "url-capture", "fragments of addresses are stored"),
    (*EVENTS, "trackingSettings", "shouldKeepUrlFragment"): (
        True,
        "url-capture",
        "fragments of addresses are stored",
    ),
    ("spec", "messenger", "sessionPersistenceType"): (
        "AcrossSubdomains",
        "session-persistence",
        "every sub-domain can read the session",
    ),
    (*CONVERSATIONS, "notifications", "notificationContentType"): (
        "IncludeMessagesContent",
        "notification-content",
        "push notifications carry what was written",
    ),
}
"""Fields with one value that somebody should choose knowingly: the value, its rule, and what it means."""


def configuration_flaws(value: JsonObject, policy: Policy) -> Iterator[Flaw]:
    """Judge one file; one of another kind has no flaw."""
    if value.get("kind") != CONFIGURATION:
        return
    for pointer, (unsafe, rule, message) in SWITCHES.items():
        found = value_at(value, pointer)
        if found == unsafe and type(found) is type(unsafe):
            yield Flaw(rule, pointer, message)
    yield from _authentication_flaws(value, policy)
    yield from _upload_flaws(value, policy)
    yield from _capture_flaws(value)
    seconds, most = value_at(value, (*CONVERSATIONS, "sessionDurationSeconds")), policy.bounds.session_seconds
    if _is_number(seconds) and seconds > most:
        message = f"a session lasts {seconds / 3600:g} hours, and {most / 3600:g} are allowed"
        yield Flaw("session-duration", (*CONVERSATIONS, "sessionDurationSeconds"), message)


def _authentication_flaws(value: JsonObject, policy: Policy) -> Iterator[Flaw]:
    if value_at(value, AUTHENTICATION) is None:
        yield Flaw("auth-unmanaged", ("spec",), "nothing says whether visitors must sign in", at_key=True)
    integration, allowed = value_at(value, (*AUTHENTICATION, "integrationId")), policy.auth_providers
    if isinstance(integration, str) and allowed and integration not in allowed:
        message = f"{shown(integration)} is none of the allowed providers ({bare(', '.join(allowed[:5]))})"
        yield Flaw("auth-provider-allowed", (*AUTHENTICATION, "integrationId"), message)


def _upload_flaws(value: JsonObject, policy: Policy) -> Iterator[Flaw]:
    if value_at(value, (*UPLOAD, "enableAttachments")) is False:
        return
    for index, mode in _mappings_at(value, (*UPLOAD, "modes")):
        pointer = (*UPLOAD, "modes", index)
        types = mode.get("fileTypes")
        for place, one in enumerate(types if isinstance(types, list) else ()):
            if isinstance(one, str) and one not in policy.upload_types:
                message = f"visitors may send {shown(one)}, and {', '.join(policy.upload_types)} are allowed"
                yield Flaw("upload-types", (*pointer, "fileTypes", place), bare(message))
        size, most = mode.get("maxFileSizeKB"), policy.bounds.upload_kilobytes
        if _is_number(size) and size > most:
            yield Flaw(
                "upload-size", (*pointer, "maxFileSizeKB"), f"{size} KB may be sent, and {most} are allowed"
            )


def _capture_flaws(value: JsonObject) -> Iterator[Flaw]:
    for index, event in _mappings_at(value, (*EVENTS, "formsTrackEvents")):
        for name in ("captureDataOnFormAbandon", "captureDataOnFormSubmit"):
            if event.get(name) is True:
                message = f"what visitors type into {shown(event.get('formName', 'the form'))} is stored"
                yield Flaw("form-capture", (*EVENTS, "formsTrackEvents", index, name), message)
    if value_at(value, (*COBROWSE, "enabled")) is True and not value_at(value, (*COBROWSE, "maskSelectors")):
        yield Flaw(
            "cobrowse-masks", COBROWSE, "agents see every field that a visitor types into", at_key=True
        )


def _mappings_at(value: JsonObject, pointer: Pointer) -> Iterator[tuple[int, JsonObject]]:
    entries = value_at(value, pointer)
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, Mapping):
            yield index, entry


def _is_number(value: Json) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
