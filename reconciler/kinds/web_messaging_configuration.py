"""The web-messaging configuration, `/api/v2/webdeployments/configurations`: a draft, and versions that never change.

What is live is the version published last. A configuration that was never published has nothing live: its normal
form is empty, so that a plan publishes it.
"""

from __future__ import annotations

from reconciler.kinds.kind import Kind, Paging, Steps
from reconciler.kinds.shape import ListOf, SetOf, Shape, normal, overlaid, sets_in, without
from reconciler.model import Exposure, FieldChange, Guard, Json, JsonObject, LiveChannel, Pointer, Revision

DRAFT = "DRAFT"
"""The `version` of a draft."""
VERSION_DIGITS = 9
READ_ONLY = frozenset(
    {
        "id",
        "version",
        "status",
        "dateCreated",
        "dateModified",
        "datePublished",
        "createdUser",
        "lastModifiedUser",
        "publishedUser",
        "selfUri",
    }
)
"""What the remote says of a version, and no body may."""
SHAPE: dict[str, Shape] = {
    "id": None,
    "name": None,
    "description": None,
    "languages": SetOf(),
    "defaultLanguage": None,
    "headlessMode": {
        "enabled": None,
    },
    "customI18nLabels": SetOf(
        {
            "language": None,
            "localizedLabels": SetOf(
                {
                    "key": None,
                    "value": None,
                }
            ),
        }
    ),
    "messenger": {
        "enabled": None,
        "styles": {
            "primaryColor": None,
        },
        "launcherButton": {
            "visibility": None,
            "displayType": None,
            "icon": {
                "url": None,
            },
        },
        "fileUpload": {
            "enableAttachments": None,
            "modes": ListOf(
                {
                    "fileTypes": SetOf(),
                    "maxFileSizeKB": None,
                }
            ),
        },
        "homeScreen": {
            "enabled": None,
            "logoUrl": None,
        },
        "sessionPersistenceType": None,
        "apps": {
            "conversations": {
                "enabled": None,
                "showAgentTypingIndicator": None,
                "showUserTypingIndicator": None,
                "autoStart": {
                    "enabled": None,
                },
                "markdown": {
                    "enabled": None,
                },
                "conversationDisconnect": {
                    "enabled": None,
                    "type": None,
                },
                "conversationClear": {
                    "enabled": None,
                },
                "humanize": {
                    "enabled": None,
                    "bot": {
                        "name": None,
                        "avatarUrl": None,
                    },
                },
                "notifications": {
                    "enabled": None,
                    "notificationContentType": None,
                },
                "sessionDurationSeconds": None,
            },
            "knowledge": {
                "enabled": None,
                "knowledgeBase": {
                    "id": None,
                },
            },
        },
    },
    "position": {
        "alignment": None,
        "sideSpace": None,
        "bottomSpace": None,
    },
    "authenticationSettings": {
        "enabled": None,
        "integrationId": None,
        "allowSessionUpgrade": None,
    },
    "cobrowse": {
        "enabled": None,
        "allowAgentControl": None,
        "allowAgentNavigation": None,
        "allowDraw": None,
        "channels": SetOf(),
        "maskSelectors": SetOf(),
        "readonlySelectors": SetOf(),
        "pauseCriteria": ListOf(
            {
                "urlFragment": None,
                "condition": None,
            }
        ),
    },
    "video": {
        "enabled": None,
        "channels": SetOf(),
        "agent": {
            "allowCamera": None,
            "allowScreenShare": None,
            "allowMicrophone": None,
            "background": None,
            "backgroundImage": {
                "url": None,
            },
        },
        "user": {
            "allowCamera": None,
            "allowScreenShare": None,
            "allowMicrophone": None,
        },
    },
    "journeyEvents": {
        "enabled": None,
        "pageviewConfig": None,
        "clickEvents": ListOf(
            {
                "selector": None,
                "eventName": None,
            }
        ),
        "inViewportEvents": ListOf(
            {
                "selector": None,
                "eventName": None,
            }
        ),
        "formsTrackEvents": ListOf(
            {
                "selector": None,
                "formName": None,
                "captureDataOnFormAbandon": None,
                "captureDataOnFormSubmit": None,
            }
        ),
        "idleEvents": ListOf(
            {
                "eventName": None,
                "idleAfterSeconds": None,
            }
        ),
        "scrollDepthEvents": ListOf(
            {
                "eventName": None,
                "percentage": None,
            }
        ),
        "trackingSettings": {
            "shouldKeepUrlFragment": None,
            "searchQueryParameters": SetOf(),
            "excludedQueryParameters": SetOf(),
            "ipFilters": SetOf(
                {
                    "ipAddress": None,
                    "name": None,
                }
            ),
        },
        "shouldKeepUrlFragment": None,
        "searchQueryParameters": SetOf(),
        "excludedQueryParameters": SetOf(),
    },
    "supportCenter": {
        "enabled": None,
        "knowledgeBase": {
            "id": None,
        },
        "customMessages": SetOf(
            {
                "type": None,
                "defaultValue": None,
            }
        ),
        "routerType": None,
        "screens": ListOf(
            {
                "type": None,
                "moduleSettings": ListOf(
                    {
                        "type": None,
                        "enabled": None,
                        "compactCategoryModuleTemplate": {
                            "active": None,
                        },
                        "detailedCategoryModuleTemplate": {
                            "active": None,
                            "sidebar": {
                                "enabled": None,
                            },
                        },
                    }
                ),
            }
        ),
        "enabledCategories": ListOf(
            {
                "id": None,
                "image": {
                    "source": {
                        "defaultUrl": None,
                    },
                },
            }
        ),
        "labelFilter": {
            "labels": SetOf(
                {
                    "id": None,
                }
            ),
        },
        "styleSetting": {
            "heroStyle": {
                "backgroundColor": None,
                "textColor": None,
                "image": {
                    "source": {
                        "defaultUrl": None,
                    },
                },
            },
            "globalStyle": {
                "backgroundColor": None,
                "primaryColor": None,
                "primaryColorDark": None,
                "primaryColorLight": None,
                "textColor": None,
                "fontFamily": None,
            },
        },
        "feedback": {
            "enabled": None,
        },
    },
}

HARMLESS: frozenset[str] = frozenset(
    {"name", "description", "languages", "defaultLanguage", "headlessMode", "customI18nLabels", "position"}
)
"""What changes how the messenger looks and reads, and nothing of what it lets in or out."""
HARMLESS_BELOW: tuple[Pointer, ...] = (
    ("messenger", "styles"),
    ("messenger", "launcherButton"),
    ("messenger", "homeScreen"),
    ("messenger", "apps", "conversations", "showAgentTypingIndicator"),
    ("messenger", "apps", "conversations", "showUserTypingIndicator"),
    ("messenger", "apps", "conversations", "markdown"),
    ("messenger", "apps", "conversations", "conversationDisconnect"),
    ("messenger", "apps", "conversations", "conversationClear"),
    ("messenger", "apps", "conversations", "humanize"),
    ("supportCenter", "customMessages"),
    ("supportCenter", "routerType"),
    ("supportCenter", "screens"),
    ("supportCenter", "styleSetting"),
    ("supportCenter", "feedback"),
    ("video", "agent", "background"),
    ("video", "agent", "backgroundImage"),
)
CLOSING: frozenset[Pointer] = frozenset({("authenticationSettings", "enabled")})
"""Switches that shut somebody out when they are on; every other switch lets somebody or something in."""
GUARDING: frozenset[Pointer] = frozenset(
    {
        ("cobrowse", "maskSelectors"),
        ("cobrowse", "readonlySelectors"),
        ("journeyEvents", "trackingSettings", "excludedQueryParameters"),
        ("journeyEvents", "trackingSettings", "ipFilters"),
    }
)
"""Sets whose entries hide something; every other set offers something."""
WIDER: dict[Pointer, str] = {
    ("messenger", "sessionPersistenceType"): "AcrossSubdomains",
    (
        "messenger",
        "apps",
        "conversations",
        "notifications",
        "notificationContentType",
    ): "IncludeMessagesContent",
}
"""The wider of two words."""
LONGER_IS_WIDER: Pointer = ("messenger", "apps", "conversations", "sessionDurationSeconds")


def version_number(version: Json) -> int | None:
    """Give the number of a published version; None for a draft and for what is none."""
    text = str(version) if isinstance(version, str | int) and not isinstance(version, bool) else ""
    published = text.isascii() and text.isdecimal() and len(text) <= VERSION_DIGITS and int(text) > 0
    return int(text) if published else None


def content(document: JsonObject) -> dict[str, Json]:
    """Give what somebody wrote, without what the remote says of it."""
    return without(document, READ_ONLY)


def _read(document: JsonObject) -> LiveChannel:
    id_, name, version = document.get("id"), document.get("name"), document.get("version")
    if not isinstance(id_, str) or not id_:
        raise ValueError("id must be a text that is not empty")
    number = version_number(version)
    if number is None and version != DRAFT:
        raise ValueError("version must be DRAFT or a whole number from 1 up")
    return LiveChannel(
        kind=WEB_MESSAGING_CONFIGURATION.name,
        id=id_,
        name=name if isinstance(name, str) else "",
        document=document,
        revision=Revision(DRAFT if number is None else str(number)),
    )


def _normalise(document: JsonObject) -> JsonObject:
    return {} if document.get("version") == DRAFT else dict(normal(SHAPE, document))


def _body(spec: JsonObject, live: LiveChannel | None) -> JsonObject:
    wanted = content(spec)
    return dict(overlaid(SHAPE, content(live.document), wanted)) if live else wanted


def _exposure(change: FieldChange) -> Exposure:
    path, before, after = change.path, change.before, change.after
    if path[0] in HARMLESS or any(path[: len(below)] == below for below in HARMLESS_BELOW):
        return Exposure.NEUTRAL
    if isinstance(after, bool):
        return Exposure.WIDENS if after is not (path in CLOSING) else Exposure.NARROWS
    if path in WIDER:
        return Exposure.WIDENS if after == WIDER[path] else Exposure.NARROWS
    if path == LONGER_IS_WIDER and isinstance(after, int) and isinstance(before, int):
        return Exposure.WIDENS if after > before else Exposure.NARROWS
    if path in WEB_MESSAGING_CONFIGURATION.sets and isinstance(after, list):
        return _exposure_of_set(before if isinstance(before, list) else [], after, guards=path in GUARDING)
    return Exposure.UNKNOWN


def _exposure_of_set(before: list[Json], after: list[Json], *, guards: bool) -> Exposure:
    more, fewer = (before, after) if guards else (after, before)
    return Exposure.WIDENS if any(entry not in fewer for entry in more) else Exposure.NARROWS


WEB_MESSAGING_CONFIGURATION = Kind(
    name="WebMessagingConfiguration",
    noun="configuration",
    schema="web-messaging-configuration.schema.json",
    collection="/api/v2/webdeployments/configurations",
    page_size=300,
    paging=Paging.CURSOR,
    steps=Steps.PUBLISH,
    guard=Guard.REREAD,
    sets=sets_in(SHAPE),
    read=_read,
    normalise=_normalise,
    body=_body,
    exposure=_exposure,
    origins=lambda _: (),
    enabled=lambda _: False,
    authentication=(("authenticationSettings",),),
)
