"""What the API asks of the bodies of web messaging: fields, types, and the words that a field may hold.

Everything that is wrong is told at once, in `details`. Fields that nobody knows are taken as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.emulator.checks import require_object
from reconciler.emulator.documents import Document
from reconciler.emulator.refusal import bad_request
from reconciler.emulator.web.configurations import Configurations
from reconciler.emulator.web.rules import WebRules

Wrong = tuple[str, str]
"""An error code and the dotted name of a field."""
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+", re.IGNORECASE)
_CONFIGURATION_TYPES: Mapping[str, type] = {
    "name": str,
    "description": str,
    "languages": list,
    "defaultLanguage": str,
    "headlessMode": dict,
    "headlessMode.enabled": bool,
    "customI18nLabels": list,
    "messenger": dict,
    "messenger.enabled": bool,
    "messenger.styles": dict,
    "messenger.launcherButton": dict,
    "messenger.fileUpload": dict,
    "messenger.homeScreen": dict,
    "messenger.apps": dict,
    "messenger.apps.conversations": dict,
    "messenger.apps.conversations.enabled": bool,
    "messenger.apps.conversations.sessionDurationSeconds": int,
    "position": dict,
    "supportCenter": dict,
    "cobrowse": dict,
    "journeyEvents": dict,
    "journeyEvents.enabled": bool,
    "authenticationSettings": dict,
    "authenticationSettings.enabled": bool,
    "authenticationSettings.integrationId": str,
    "authenticationSettings.allowSessionUpgrade": bool,
    "video": dict,
}
_CONFIGURATION_WORDS: Mapping[str, tuple[str, ...]] = {
    "messenger.launcherButton.visibility": ("On", "Off", "OnDemand"),
    "messenger.launcherButton.displayType": ("IconAndText", "Icon", "Text"),
    "messenger.sessionPersistenceType": ("AcrossSubdomains", "DomainOrSubdomainOnly"),
    "messenger.apps.conversations.conversationDisconnect.type": ("Send", "ReadOnly"),
    "position.alignment": ("Auto", "Left", "Right"),
    "journeyEvents.pageviewConfig": ("Auto", "Once", "Off"),
}
_DEPLOYMENT_TYPES: Mapping[str, type] = {
    "name": str,
    "description": str,
    "allowAllDomains": bool,
    "allowedDomains": list,
    "flow": dict,
    "flow.id": str,
    "status": str,
    "configuration": dict,
    "configuration.id": str,
    "configuration.version": str,
    "supportedContent": dict,
    "supportedContent.id": str,
    "pushIntegrations": list,
}
_STATUSES = ("Pending", "InProgress", "Active", "Inactive")


def configuration_body(body: object, rules: WebRules) -> Document:
    """Give a body that may be a draft; a refusal names all that keeps it from being one."""
    document = require_object(body)
    wrong = [*_types(document, _CONFIGURATION_TYPES, {"name"}), *_words(document), *_demands(document)]
    _require(wrong, document, rules)
    return document


def deployment_body(body: object, rules: WebRules, configurations: Configurations) -> Document:
    """Give a body that may be a deployment; a refusal names all that keeps it from being one."""
    document = require_object(body)
    needed = {"name", "configuration", "configuration.id", "configuration.version"}
    wrong = list(_types(document, _DEPLOYMENT_TYPES, needed))
    _require(wrong, document, rules)
    wrong = [*_domain_demands(document, rules), *_pin_demands(document, configurations)]
    if document.get("status") not in (None, *_STATUSES):
        wrong.append(("invalid.value", "status"))
    _require(wrong, document, rules)
    return document


def value_at(document: Document, name: str) -> Any:
    """Give the value of a dotted name; None where it leads nowhere."""
    value: Any = document
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _require(wrong: list[Wrong], document: Document, rules: WebRules) -> None:
    off = [name for name in rules.features_off if value_at(document, name) is not None]
    wrong = wrong + [("feature is not yet implemented", name) for name in off]
    if wrong:
        raise bad_request("The request holds fields that are missing or not valid", *wrong)


def _types(document: Document, types: Mapping[str, type], needed: set[str]) -> Iterator[Wrong]:
    for name, kind in types.items():
        value, parent = value_at(document, name), value_at(document, name.rpartition(".")[0] or name)
        if value is None:
            inner = "." in name and isinstance(parent, dict) and name.endswith((".id", ".version"))
            if name in needed or inner:
                yield "missing", name
        elif type(value) is not kind or (name in needed and value == "") or not _are_texts(name, value):
            yield "invalid.value", name


def _are_texts(name: str, value: Any) -> bool:
    return name not in ("allowedDomains", "languages") or all(isinstance(one, str) for one in value)


def _words(document: Document) -> Iterator[Wrong]:
    for name, words in _CONFIGURATION_WORDS.items():
        if value_at(document, name) not in (None, *words):
            yield "invalid.value", name


def _demands(document: Document) -> Iterator[Wrong]:
    needed: tuple[str, ...] = ()
    if value_at(document, "messenger.enabled") is True:
        needed += ("languages", "defaultLanguage")
    if isinstance(document.get("authenticationSettings"), dict):
        needed += ("authenticationSettings.enabled", "authenticationSettings.integrationId")
    yield from (("missing", name) for name in needed if value_at(document, name) in (None, "", []))
    languages, default = document.get("languages"), document.get("defaultLanguage")
    if isinstance(languages, list) and languages and isinstance(default, str) and default not in languages:
        yield "invalid.value", "defaultLanguage"


def _domain_demands(document: Document, rules: WebRules) -> Iterator[Wrong]:
    domains = document.get("allowedDomains") or []
    everybody = document.get("allowAllDomains")
    everybody = rules.allow_all_default if everybody is None else everybody
    bad_names = rules.domain_grammar == "host" and not all(map(_HOST.fullmatch, domains))
    nobody = rules.no_domains == "refuse" and not everybody and not domains
    if (everybody and domains) or bad_names or nobody:
        yield "invalid.value", "allowedDomains"


def _pin_demands(document: Document, configurations: Configurations) -> Iterator[Wrong]:
    entity, version = document["configuration"]["id"], document["configuration"]["version"]
    configuration = configurations.all.get(entity)
    if configuration is None or configuration.draft.goes is not None:
        yield "not.found", "configuration.id"
    elif version not in configuration.versions:
        yield "not.found", "configuration.version"
