"""A configuration and a deployment with every field that the schemas know, made from the schemas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"


def whole(schema: dict[str, Any]) -> Any:
    """Give a value that has everything that a schema names, once."""
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema["type"][0] if isinstance(schema["type"], list) else schema["type"]
    if kind == "object":
        return {name: whole(inner) for name, inner in schema["properties"].items()}
    if kind == "array":
        return [whole(schema["items"])]
    if kind == "boolean":
        return True
    if kind == "integer":
        return max(int(schema.get("minimum", 1)), 1)
    return _text(schema)


def _text(schema: dict[str, Any]) -> str:
    pattern = schema.get("pattern", "")
    samples = (
        ("https", "https://static.example.com/a.png"),
        ("#", "#2a6df4"),
        ("[0-9a-f]{8}-", "5a0c0f0e-1111-4222-8333-444455556666"),
        ("[0-9A-Fa-f.:]", "192.0.2.0/24"),
        ("[a-z]{2,3}", "en-us"),
        ("/(?:", "image/png"),
    )
    return next((sample for part, sample in samples if part in pattern), "words")


def spec_of(name: str) -> dict[str, Any]:
    """Give the schema of the `spec` of a kind of file."""
    schema = json.loads((SCHEMAS / f"web-messaging-{name}.schema.json").read_text())
    return dict(schema["properties"]["spec"])


CONFIGURATION = {**whole(spec_of("configuration")), "name": "Whole"}
CONFIGURATION.pop("id")
DEPLOYMENT = {
    **whole(spec_of("deployment")),
    "name": "Shop",
    "allowAllDomains": False,
    "allowedDomains": ["shop.example.com"],
    "configuration": {"ref": "whole"},
}
DEPLOYMENT.pop("id")
