"""Our schemas against the models of the vendor's SDK, read into `clients/models.json`: each difference has a name.

`python -m tests.clients models` reads them anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from clients.whole import spec_of

from reconciler.kinds import web_messaging_configuration, web_messaging_deployment
from reconciler.kinds.shape import ListOf, SetOf

MODELS = json.loads((Path(__file__).parent / "clients" / "models.json").read_text())

READ_ONLY = {
    "/configuration": web_messaging_configuration.READ_ONLY - {"id"},
    "/deployment": web_messaging_deployment.READ_ONLY - {"id"},
}
DIFFERENCES = {
    # The server's own words about what a reference leads to.
    "/deployment/flow/name": "only the vendor has it",
    "/deployment/flow/selfUri": "only the vendor has it",
    "/deployment/flow/flowDescription": "only the vendor has it",
    "/deployment/flow/publishVersion": "only the vendor has it",
    "/deployment/configuration/name": "only the vendor has it",
    "/deployment/configuration/selfUri": "only the vendor has it",
    "/deployment/supportedContent/name": "only the vendor has it",
    "/deployment/supportedContent/selfUri": "only the vendor has it",
    "/deployment/supportedContent/mediaTypes": "only the vendor has it",
    "/configuration/messenger/apps/knowledge/knowledgeBase/selfUri": "only the vendor has it",
    "/configuration/supportCenter/knowledgeBase/selfUri": "only the vendor has it",
    "/configuration/supportCenter/enabledCategories/selfUri": "only the vendor has it",
    "/configuration/supportCenter/labelFilter/labels/selfUri": "only the vendor has it",
    # Ours: a reference to a file of the repository.
    "/deployment/configuration/ref": "only we have it",
    # Lists of words that the SDK types as texts.
    "/configuration/cobrowse/channels": "only we know the words Voice, Webmessaging",
    "/configuration/video/channels": "only we know the words Voice, Webmessaging",
    # States of the backend, which nobody can want.
    "/deployment/status": "the vendor has the words Deleting, Error, Pending besides",
}
"""Every place where a schema and the vendor's model are not the same, and how."""
TYPES = {"str": "string", "bool": "boolean", "int": "integer"}


def differences(schema: dict[str, Any], model: str, place: str) -> Iterator[tuple[str, str]]:
    ours, theirs = schema["properties"], MODELS[model]
    left_out = READ_ONLY.get(place, set())
    for name in sorted({*ours, *theirs} - left_out):
        where = f"{place}/{name}"
        if name not in theirs:
            yield where, "only we have it"
        elif name not in ours:
            yield where, "only the vendor has it"
        else:
            yield from _unlike(ours[name], theirs[name], where)


def _unlike(ours: dict[str, Any], theirs: dict[str, Any], where: str) -> Iterator[tuple[str, str]]:
    type_ = theirs["type"]
    if type_.startswith("list["):
        if ours["type"] != "array":
            yield where, f"we take {ours['type']}, the vendor a list"
            return
        ours, type_ = ours["items"], type_[5:-1]
    if type_ in MODELS or ours.get("type") == "object":
        yield from differences(ours, type_ if type_ in MODELS else "AddressableEntityRef", where)
        return
    kinds = ours["type"] if isinstance(ours["type"], list) else [ours["type"]]
    if TYPES.get(type_) not in kinds:
        yield where, f"we take {ours['type']}, the vendor {type_}"
    more = sorted({*theirs.get("words", ())} - {*ours.get("enum", ())})
    fewer = sorted({*ours.get("enum", ())} - {*theirs.get("words", ())})
    if more:
        yield where, f"the vendor has the words {', '.join(more)} besides"
    if fewer:
        yield where, f"only we know the words {', '.join(fewer)}"


@pytest.mark.parametrize(
    ("name", "model"),
    [("configuration", "WebDeploymentConfigurationVersion"), ("deployment", "WebDeployment")],
)
def test_a_schema_has_the_fields_types_and_words_of_the_vendors_model(name: str, model: str) -> None:
    expected = {place: how for place, how in DIFFERENCES.items() if place.startswith(f"/{name}/")}

    assert dict(differences(spec_of(name), model, f"/{name}")) == expected


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("configuration", web_messaging_configuration.SHAPE),
        ("deployment", web_messaging_deployment.SHAPE),
    ],
)
def test_the_shape_of_a_kind_is_that_of_its_schema(name: str, shape: Any) -> None:
    schema = spec_of(name)
    properties = dict(schema["properties"])
    known = dict(shape)
    known.setdefault("id", None)

    assert _shape(known) == _shape_of({**schema, "properties": properties})


def _shape(shape: Any) -> Any:
    if isinstance(shape, SetOf | ListOf):
        return [type(shape).__name__, _shape(shape.of)]
    return {name: _shape(inner) for name, inner in shape.items()} if isinstance(shape, dict) else None


def _shape_of(schema: dict[str, Any]) -> Any:
    if schema["type"] == "object":
        return {name: _shape_of(inner) for name, inner in schema["properties"].items()}
    if schema["type"] == "array":
        return ["SetOf" if schema["x-set"] else "ListOf", _shape_of(schema["items"])]
    return None
