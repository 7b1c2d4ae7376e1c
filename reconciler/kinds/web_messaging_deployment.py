"""The web-messaging deployment, `/api/v2/webdeployments/deployments`: which sites may open which configuration.

It has neither a version nor an ETag, so its revision is a digest of what somebody wrote in it. `allowAllDomains`
and `allowedDomains` are one decision: true means no list, and a list means not true.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from reconciler.kinds.hiding import hide
from reconciler.kinds.kind import Kind, Paging, Steps
from reconciler.kinds.shape import SetOf, Shape, normal, overlaid, sets_in, without
from reconciler.model import Exposure, FieldChange, Guard, Json, JsonObject, LiveChannel, Revision

READ_ONLY = frozenset({"id", "selfUri", "snippet", "dateCreated", "dateModified", "lastModifiedUser"})
"""What the remote says of a deployment, and no body may."""
STATUSES = ("Active", "Inactive")
"""What can be wanted; the remote has more for what it has not finished, or could not do."""
SHAPE: dict[str, Shape] = {
    "id": None,
    "name": None,
    "description": None,
    "status": None,
    "allowAllDomains": None,
    "allowedDomains": SetOf(),
    "flow": {"id": None},
    "configuration": {"ref": None, "id": None, "version": None},
    "supportedContent": {"id": None},
    "pushIntegrations": SetOf({"id": None, "provider": None}),
}
HARMLESS = {"name", "description", "flow", "pushIntegrations"}
"""Fields that change neither who can reach the deployment nor what may be sent."""


def content(document: JsonObject) -> dict[str, Json]:
    """Give what somebody wrote, without what the remote says of it."""
    return without(document, READ_ONLY)


def is_settled(document: JsonObject) -> bool:
    """Say whether the remote has finished what it does after a write."""
    return document.get("status") in (*STATUSES, "Error", "Deleting")


def _read(document: JsonObject) -> LiveChannel:
    id_, name = document.get("id"), document.get("name")
    if not isinstance(id_, str) or not id_:
        raise ValueError("id must be a text that is not empty")
    return LiveChannel(
        kind=WEB_MESSAGING_DEPLOYMENT.name,
        id=id_,
        name=name if isinstance(name, str) else "",
        document=document,
        revision=Revision(_digest(document)),
    )


def _digest(document: JsonObject) -> str:
    # Not of dates: a status that settles may move them, and nobody has written anything then. And of what a plan
    # keeps, so that its base has the revision that the live document had.
    kept = hide(content(document), _normalise(document))
    text = json.dumps(_decided(kept), sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _normalise(document: JsonObject) -> JsonObject:
    return dict(normal(SHAPE, _decided(document)))


def _decided(document: JsonObject) -> dict[str, Json]:
    """Write out what is implied: of domains, and of a status that is none yet."""
    whole = dict(document)
    if whole.get("allowAllDomains") is True:
        whole["allowedDomains"] = whole.get("allowedDomains") or []
    elif whole.get("allowedDomains"):
        whole["allowAllDomains"] = False
    if whole.get("status") not in STATUSES:
        whole.pop("status", None)
    pin = whole.get("configuration")
    if isinstance(pin, Mapping) and isinstance(pin.get("version"), int):
        whole["configuration"] = {**pin, "version": str(pin["version"])}
    return whole


def _body(spec: JsonObject, live: LiveChannel | None) -> JsonObject:
    wanted = content(_decided(spec))
    if live is None:
        # Nothing says what the remote does with a deployment that says nothing of domains: closed, then.
        return {"allowAllDomains": False, "allowedDomains": [], **wanted}
    whole = dict(overlaid(SHAPE, content(live.document), wanted))
    whole["configuration"] = _pin(whole.get("configuration"))
    return whole


def _pin(pin: Json) -> Json:
    return {name: pin[name] for name in ("id", "version") if name in pin} if isinstance(pin, Mapping) else pin


def _exposure(change: FieldChange) -> Exposure:
    first, before, after = change.path[0], change.before, change.after
    if first in HARMLESS:
        return Exposure.NEUTRAL
    if first == "status" and after in STATUSES:
        return Exposure.WIDENS if after == "Active" else Exposure.NARROWS
    if first == "allowAllDomains" and isinstance(after, bool):
        return Exposure.WIDENS if after else Exposure.NARROWS
    if first == "allowedDomains" and isinstance(after, list):
        added = [domain for domain in after if domain not in (before if isinstance(before, list) else [])]
        return Exposure.WIDENS if added else Exposure.NARROWS
    return Exposure.UNKNOWN


def _origins(spec: JsonObject) -> tuple[str, ...]:
    domains = spec.get("allowedDomains")
    texts = {domain for domain in domains if isinstance(domain, str)} if isinstance(domains, list) else ()
    return tuple(f"https://{domain}" for domain in sorted(texts))


WEB_MESSAGING_DEPLOYMENT = Kind(
    name="WebMessagingDeployment",
    noun="deployment",
    schema="web-messaging-deployment.schema.json",
    collection="/api/v2/webdeployments/deployments",
    page_size=300,
    paging=Paging.CURSOR,
    steps=Steps.DEPLOY,
    guard=Guard.REREAD,
    sets=sets_in(SHAPE),
    read=_read,
    normalise=_normalise,
    body=_body,
    exposure=_exposure,
    origins=_origins,
    enabled=lambda spec: spec.get("status") == "Active",
    nouns={("allowedDomains",): "domain"},
)
