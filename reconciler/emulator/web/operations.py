"""The operations of web messaging: paths, permissions and status codes, as the vendor's SDKs have them.

A refusal is raised as `Refused`; nothing here knows about connections, tokens or faults.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from reconciler.emulator.documents import Document
from reconciler.emulator.operation import Call, Operation, Reply, Table
from reconciler.emulator.refusal import not_found
from reconciler.emulator.state import Store
from reconciler.emulator.web import cdn, queries
from reconciler.emulator.web.bodies import configuration_body, deployment_body
from reconciler.emulator.web.configurations import PATH as CONFIGURATIONS
from reconciler.emulator.web.deployments import PATH as DEPLOYMENTS
from reconciler.emulator.web.paging import page
from reconciler.emulator.web.visit import Visit
from reconciler.emulator.web.web import Web

AUDITS = "/api/v2/audits/query"
FILES = "/webdeployments/v1/deployments/{id}/config.json"


def list_configurations(store: Store, call: Call) -> Reply:
    """Give one page of version objects."""
    only_published = call.query.get("showOnlyPublished", "").lower() == "true"
    rows = store.web.configurations.rows(visit(call), only_published=only_published)
    return Reply(200, page(CONFIGURATIONS, rows, call.query, call.lies))


def create_configuration(store: Store, call: Call) -> Reply:
    """Make a configuration with a draft alone."""
    body = configuration_body(call.body, call.settings.web)
    document = store.web.configurations.create(body, visit(call))
    return Reply(call.settings.web.create_status, document, committed=True)


def list_versions(store: Store, call: Call) -> Reply:
    """Give one page of the published versions of a configuration."""
    rows = store.web.configurations.versions(call.entity, visit(call))
    return Reply(200, page(f"{CONFIGURATIONS}/{call.entity}/versions", rows, call.query, call.lies))


def read_version(store: Store, call: Call) -> Reply:
    """Give one version, or the draft."""
    return Reply(200, store.web.configurations.version(call.entity, call.version or "DRAFT", visit(call)))


def put_draft(store: Store, call: Call) -> Reply:
    """Replace the whole draft."""
    store.web.configurations.find(call.entity, visit(call))
    body = configuration_body(call.body, call.settings.web)
    return Reply(200, store.web.configurations.save_draft(call.entity, body, visit(call)), committed=True)


def publish_draft(store: Store, call: Call) -> Reply:
    """Make the draft the next version."""
    document = store.web.configurations.publish(call.entity, visit(call))
    return Reply(call.settings.web.publish_status, document, committed=True)


def delete_configuration(store: Store, call: Call) -> Reply:
    """Delete a configuration with all its versions."""
    store.web.remove_configuration(call.entity, visit(call))
    return Reply(call.settings.web.delete_status, committed=True)


def list_deployments(store: Store, call: Call) -> Reply:
    """Give one page of deployments."""
    rows = [(key, _expanded(store.web, row, call)) for key, row in store.web.deployments.rows(visit(call))]
    return Reply(200, page(DEPLOYMENTS, rows, call.query, call.lies))


def create_deployment(store: Store, call: Call) -> Reply:
    """Make a deployment."""
    body = deployment_body(call.body, call.settings.web, store.web.configurations)
    document = store.web.deployments.create(body, visit(call))
    return Reply(call.settings.web.create_status, document, committed=True)


def read_deployment(store: Store, call: Call) -> Reply:
    """Give one deployment."""
    return Reply(200, _expanded(store.web, store.web.deployments.get(call.entity, visit(call)), call))


def put_deployment(store: Store, call: Call) -> Reply:
    """Replace the whole deployment, whatever it has become."""
    store.web.deployments.find(call.entity, visit(call))
    body = deployment_body(call.body, call.settings.web, store.web.configurations)
    return Reply(200, store.web.deployments.replace(call.entity, body, visit(call)), committed=True)


def delete_deployment(store: Store, call: Call) -> Reply:
    """Delete a deployment."""
    store.web.deployments.remove(call.entity, visit(call))
    return Reply(call.settings.web.delete_status, committed=True)


def read_active_configuration(store: Store, call: Call) -> Reply:
    """Give the version that a deployment pins, and the deployment."""
    deployment = store.web.deployments.get(call.entity, visit(call))
    pin = deployment["configuration"]
    version = store.web.configurations.version(pin["id"], pin["version"], visit(call))
    return Reply(200, {"configurationVersion": version, "deployment": deployment})


def read_file(store: Store, call: Call) -> Reply:
    """Give the config.json that the CDN has of a deployment."""
    file = store.web.cdn.read(call.entity, call.at)
    if file is None:
        raise not_found("file of deployment", call.entity)
    return Reply(200, cdn.served(file, call.host))


def ask_audits(store: Store, call: Call) -> Reply:
    """Take an audit query in."""
    return Reply(200, store.web.queries.ask(call.body, store.web.trail.entries, _visible(call), visit(call)))


def read_audit_query(store: Store, call: Call) -> Reply:
    """Give the state of an audit query."""
    return Reply(200, store.web.queries.state(call.entity))


def read_audit_results(store: Store, call: Call) -> Reply:
    """Give one page of what an audit query found."""
    return Reply(200, store.web.queries.results(call.entity, call.query, call.lies))


def ask_realtime(store: Store, call: Call) -> Reply:
    """Answer a realtime audit query."""
    expand = call.query.get("expand", "")
    entries = store.web.trail.entries
    return Reply(200, queries.answer_at_once(call.body, entries, _visible(call), visit(call), expand))


def read_services(_: Store, __: Call) -> Reply:
    """Give the services that audit queries know."""
    return Reply(200, queries.service_mapping())


def read_realtime_services(_: Store, call: Call) -> Reply:
    """Give the services that realtime audit queries know."""
    return Reply(200, queries.service_mapping() if call.settings.web.audit_realtime else {"services": []})


def visit(call: Call) -> Visit:
    """Make the visit of a call."""
    return Visit(call.client.actor, call.at, call.settings.web, stale="stale" in call.lies)


def _visible(call: Call) -> datetime:
    return call.at - timedelta(seconds=call.settings.audit_lag_seconds)


def _expanded(web: Web, deployment: Document, call: Call) -> Document:
    asked = call.query.get("expand", "").lower().split(",")
    pin = deployment["configuration"]
    configuration = web.configurations.all.get(pin["id"])
    version = configuration.versions.get(pin["version"]) if configuration else None
    expanded: Document = {}
    if "configuration" in asked and version is not None:
        expanded["configuration"] = version.document
    if "supportedcontent" in asked and "supportedContent" in deployment:
        expanded["supportedContent"] = {
            **deployment["supportedContent"],
            "mediaTypes": {"allow": {"inbound": []}},
        }
    return {**deployment, **expanded}


def _may(noun: str, *verbs: str) -> tuple[str, ...]:
    return tuple(f"webDeployments:{noun}:{verb}" for verb in verbs)


def _audits(carry_out: Callable[[Store, Call], Reply]) -> Operation:
    return Operation(("audits:audit:view",), carry_out)


OPERATIONS: Table = {
    CONFIGURATIONS: {
        "GET": Operation(_may("configuration", "view"), list_configurations),
        "POST": Operation(_may("configuration", "add"), create_configuration),
    },
    f"{CONFIGURATIONS}/{{id}}": {"DELETE": Operation(_may("configuration", "delete"), delete_configuration)},
    f"{CONFIGURATIONS}/{{id}}/versions": {"GET": Operation(_may("configuration", "view"), list_versions)},
    f"{CONFIGURATIONS}/{{id}}/versions/draft": {
        "GET": Operation(_may("configuration", "view"), read_version),
        "PUT": Operation(_may("configuration", "edit"), put_draft),
    },
    f"{CONFIGURATIONS}/{{id}}/versions/draft/publish": {
        "POST": Operation(_may("configuration", "edit", "add"), publish_draft, takes_body=False),
    },
    f"{CONFIGURATIONS}/{{id}}/versions/{{version}}": {
        "GET": Operation(_may("configuration", "view"), read_version)
    },
    DEPLOYMENTS: {
        "GET": Operation(_may("deployment", "view"), list_deployments),
        "POST": Operation(_may("deployment", "add"), create_deployment),
    },
    f"{DEPLOYMENTS}/{{id}}": {
        "GET": Operation(_may("deployment", "view"), read_deployment),
        "PUT": Operation(_may("deployment", "edit"), put_deployment),
        "DELETE": Operation(_may("deployment", "delete"), delete_deployment),
    },
    f"{DEPLOYMENTS}/{{id}}/configurations": {"GET": Operation((), read_active_configuration)},
    FILES: {"GET": Operation((), read_file, public=True)},
    AUDITS: {"POST": _audits(ask_audits)},
    f"{AUDITS}/servicemapping": {"GET": _audits(read_services)},
    f"{AUDITS}/realtime": {"POST": _audits(ask_realtime)},
    f"{AUDITS}/realtime/servicemapping": {"GET": _audits(read_realtime_services)},
    f"{AUDITS}/{{id}}": {"GET": _audits(read_audit_query)},
    f"{AUDITS}/{{id}}/results": {"GET": _audits(read_audit_results)},
}
"""More particular paths come first."""
