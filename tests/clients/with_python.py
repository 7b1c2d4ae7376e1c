"""Runs where the vendor's Python SDK is installed: does what stdin asks, and prints what it saw as JSON."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

import PureCloudPlatformClientV2 as vendor  # noqa: N813 - its name is its own
from PureCloudPlatformClientV2.rest import ApiException


def log_in() -> Any:
    configuration = vendor.configuration
    configuration.host = os.environ["GENESYS_ENV_URL"]
    configuration.ssl_ca_cert = os.environ["SSL_CERT_FILE"]
    client = vendor.api_client.ApiClient(host=configuration.host)
    return client.get_client_credentials_token(
        os.environ["GENESYS_CLIENT_ID"], os.environ["GENESYS_CLIENT_SECRET"]
    )


def plain(client: Any, model: Any) -> Any:
    return client.sanitize_for_serialization(model)


def pages(list_: Any) -> list[Any]:
    """Read a list to its end as the SDK's users do: by the `after` of `nextUri`."""
    from urllib.parse import parse_qs, urlsplit

    found, after = [], None
    while True:
        page = list_(page_size="300", **({"after": after} if after else {}))
        found.extend(page.entities)
        after = parse_qs(urlsplit(page.next_uri or "").query).get("after", [None])[0]
        if not after:
            return found


def main() -> None:
    client = log_in()
    web, audits = vendor.WebDeploymentsApi(client), vendor.AuditApi(client)
    wanted = json.load(sys.stdin)
    seen: dict[str, Any] = {}

    # What reconciler wrote, as the SDK reads it.
    deployment = web.get_webdeployments_deployment(wanted["deployment"])
    pin = deployment.configuration
    version = web.get_webdeployments_configuration_version(pin.id, pin.version)
    seen["deployment"], seen["version"] = plain(client, deployment), plain(client, version)
    seen["deployments"] = len(pages(web.get_webdeployments_deployments))
    seen["configurations"] = len(pages(web.get_webdeployments_configurations))

    # A life of its own: create, edit, publish, deploy, delete.
    made = web.post_webdeployments_configurations(
        _model(vendor.WebDeploymentConfigurationVersion, name="By the SDK")
    )
    draft = web.get_webdeployments_configuration_versions_draft(made.id)
    draft.description = "edited"
    web.put_webdeployments_configuration_versions_draft(made.id, draft)
    published = web.post_webdeployments_configuration_versions_draft_publish(made.id)
    shown = _model(
        vendor.WebDeployment,
        name="Deployed by the SDK",
        allow_all_domains=False,
        allowed_domains=["sdk.example.com"],
        status="Active",
        configuration=_model(
            vendor.WebDeploymentConfigurationVersionEntityRef, id=made.id, version=published.version
        ),
    )
    deployed = web.post_webdeployments_deployments(shown)
    deployed.description = "edited too"
    deployed.status = "Inactive"
    web.put_webdeployments_deployment(deployed.id, deployed)
    seen["published"] = published.version
    seen["edited"] = plain(client, web.get_webdeployments_deployment(deployed.id))
    web.delete_webdeployments_deployment(deployed.id)
    try:
        web.get_webdeployments_deployment(deployed.id)
    except ApiException as error:
        seen["gone"] = error.status

    # The audit log, asked as the SDK asks.
    query = _model(vendor.AuditQueryRequest, interval=wanted["interval"], service_name="WebDeployments")
    begun = audits.post_audits_query(query)
    for _ in range(20):
        if audits.get_audits_query_transaction_id(begun.id).state == "Succeeded":
            break
        time.sleep(0.05)
    found = audits.get_audits_query_transaction_id_results(begun.id, page_size=500)
    seen["actions"] = sorted({entity.action for entity in found.entities})

    # What reconciler sent, as the SDK's models take it.
    seen["unknown"] = [
        [body["path"], *unknown]
        for body in wanted["bodies"]
        if (unknown := unknown_fields(_class_of(body["path"]), body["body"]))
    ]
    json.dump(seen, sys.stdout)


def _class_of(path: str) -> str:
    return "WebDeploymentConfigurationVersion" if "configurations" in path else "WebDeployment"


def unknown_fields(name: str, value: Any, where: str = "") -> list[str]:
    """Name every field of a body that the SDK's model has no attribute for."""
    model = getattr(vendor, name, None)
    if model is None or not isinstance(value, dict):
        return []
    instance = model()
    by_wire = {wire: field for field, wire in instance.attribute_map.items()}
    unknown: list[str] = []
    for field, inner in value.items():
        place = f"{where}/{field}"
        if field not in by_wire:
            unknown.append(place)
            continue
        type_ = instance.swagger_types[by_wire[field]]
        inner_type = type_[5:-1] if type_.startswith("list[") else type_
        for one in inner if isinstance(inner, list) else [inner]:
            unknown += unknown_fields(inner_type, one, place)
    return unknown


def _model(cls: Any, **fields: Any) -> Any:
    model = cls()
    for name, value in fields.items():
        setattr(model, name, value)
    return model


if __name__ == "__main__":
    main()
