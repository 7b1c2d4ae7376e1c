"""Reads the vendor's Python SDK as text, and gives the fields and words of its web-messaging models."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

ROOTS = ("WebDeploymentConfigurationVersion", "WebDeployment")
LEAVES = {"User", "FlowVersion", "MediaTypes"}
"""Models that are the server's alone, and lead far away."""


def make_models(package: Path) -> dict[str, Any]:
    """Give, per model, the fields by their wire names: a list of words, the name of a model, or the type."""
    texts = {}
    for path in (package / "models").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        named = re.search(r"^class (\w+)\(", text, re.MULTILINE)
        if named:
            texts[named[1]] = text
    found: dict[str, Any] = {}
    todo = list(ROOTS)
    while todo:
        name = todo.pop()
        if name in found:
            continue
        found[name] = _fields(texts[name])
        inner = {_inner(field["type"]) for field in found[name].values()}
        todo.extend(sorted(one for one in inner if one in texts and one not in LEAVES))
    return dict(sorted(found.items()))


def _fields(text: str) -> dict[str, Any]:
    types = dict(re.findall(r"'(\w+)': '([^']+)'", _part(text, "swagger_types")))
    wires = dict(re.findall(r"'(\w+)': '([^']+)'", _part(text, "attribute_map")))
    fields: dict[str, Any] = {}
    for name, type_ in types.items():
        fields[wires[name]] = {"type": type_, **_words(text, name)}
    return dict(sorted(fields.items()))


def _part(text: str, name: str) -> str:
    found = re.search(rf"self\.{name} = \{{(.*?)\}}", text, re.DOTALL)
    return found[1] if found else ""


def _words(text: str, name: str) -> dict[str, Any]:
    setter = re.search(rf"@{name}\.setter\n(.*?)(?=\n    @property|\n    def to_dict)", text, re.DOTALL)
    allowed = re.search(r"allowed_values = \[(.*?)\]", setter[1] if setter else "")
    return {"words": sorted(re.findall(r'"([^"]+)"', allowed[1]))} if allowed else {}


def _inner(type_: str) -> str:
    return type_[5:-1] if type_.startswith("list[") else type_
