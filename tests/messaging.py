"""Files and live resources of web messaging, for stories: a configuration `messenger` and deployments of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from story import Story

CONFIGURATIONS = "/api/v2/webdeployments/configurations"
DEPLOYMENTS = "/api/v2/webdeployments/deployments"
MESSENGER: dict[str, Any] = {
    "name": "Messenger",
    "description": "The messenger of the shop",
    "languages": ["en-us", "de-de"],
    "defaultLanguage": "en-us",
    "messenger": {
        "enabled": True,
        "launcherButton": {"visibility": "On"},
        "apps": {"conversations": {"enabled": True, "sessionDurationSeconds": 3600}},
    },
}
SHOP: dict[str, Any] = {
    "name": "Shop",
    "status": "Active",
    "allowAllDomains": False,
    "allowedDomains": ["shop.example.com", "www.example.com"],
    "configuration": {"ref": "messenger"},
}


def write(story: Story, kind: str, name: str, spec: dict[str, Any], /, **changed: Any) -> Path:
    """Write a file; `...` as a value leaves the field out."""
    whole = {field: value for field, value in {**spec, **changed}.items() if value is not ...}
    head = f"apiVersion: reconciler/v1\nkind: {kind}\nmetadata:\n  name: {name}\n"
    path = story.repo / "channels" / f"{name}.yaml"
    path.write_text(f"{head}spec: {json.dumps(whole)}\n")
    return path


def write_messenger(story: Story, **changed: Any) -> Path:
    return write(story, "WebMessagingConfiguration", "messenger", MESSENGER, **changed)


def write_shop(story: Story, name: str = "shop", /, **changed: Any) -> Path:
    return write(story, "WebMessagingDeployment", name, SHOP, **changed)


def seed(
    story: Story, *versions: dict[str, Any], draft: dict[str, Any] | None = None, **shop: Any
) -> tuple[str, str]:
    """Put the messenger, as published, and the shop, on its newest version, into the remote; give their ids."""
    contents = versions or (MESSENGER,)
    configuration = story.emulator.seed_configuration(*contents, draft=draft)
    pin = {"id": configuration, "version": str(len(contents))}
    deployment = {**SHOP, "configuration": pin, **shop}
    return configuration, story.emulator.seed_deployment(deployment)


def live(story: Story, deployment: str) -> dict[str, Any]:
    """Give a deployment as the remote holds it."""
    return dict(story.emulator.store.web.deployments.all[deployment].document)


def versions(story: Story, configuration: str) -> list[dict[str, Any]]:
    """Give the published versions, the oldest first."""
    return [
        item.document for item in story.emulator.store.web.configurations.all[configuration].versions.values()
    ]


def only(things: Any) -> Any:
    (thing,) = things
    return thing


def writes(story: Story) -> list[str]:
    """Give the writes that the remote accepted, ids left out: `PUT draft`, `POST publish`, `PUT deployment`."""
    return [f"{one['method']} {_noun(one['path'])}" for one in story.writes()]


def _noun(path: str) -> str:
    if path.endswith("/publish"):
        return "publish"
    if path.endswith("/draft"):
        return "draft"
    return "deployment" if path.startswith(DEPLOYMENTS) else "configuration"
