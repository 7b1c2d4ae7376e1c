"""What the tools beside us compare: as many objects as we have channels, of which the same ones differ."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CHANGED_EVERY = 100
"""One object in so many differs, the first among them."""

OCTODNS = """\
---
manager:
  max_workers: 2
providers:
  desired:
    class: octodns.provider.yaml.YamlProvider
    directory: {folder}/desired
    enforce_order: false
  live:
    class: octodns.provider.yaml.YamlProvider
    directory: {folder}/live
    enforce_order: false
zones:
  example.com.:
    sources: [desired]
    targets: [live]
"""
RECORD = """\
channel-{number:06d}:
  ttl: {ttl}
  type: A
  values:
    - 10.{high}.{middle}.{low}
    - 192.0.2.{last}
"""


def lay_out_records(folder: Path, count: int) -> Path:
    """Write a zone of so many records twice, as octoDNS wants it and as it is, and give the configuration."""
    for side, changed in (("desired", 600), ("live", 300)):
        (folder / side).mkdir(parents=True)
        with (folder / side / "example.com.yaml").open("w") as zone:
            zone.write("---\n")
            zone.writelines(_records(count, changed))
    config = folder / "config.yaml"
    config.write_text(OCTODNS.format(folder=folder))
    return config


def _records(count: int, changed: int) -> Iterator[str]:
    for number in range(count):
        ttl = 300 if number % CHANGED_EVERY else changed
        high, middle, low = number.to_bytes(3, "big")
        yield RECORD.format(number=number, ttl=ttl, high=high, middle=middle, low=low, last=1 + number % 254)


def lay_out_resources(folder: Path, channels: Path, live: Path) -> None:
    """Write a resource block a channel file, and the state as if what is live had been applied.

    Blocks are Terraform's best form here: `for_each` over the files takes time that grows with their square. A
    first apply takes minutes, so the state is written directly.
    """
    import yaml

    folder.mkdir()
    files = sorted(channels.glob("*.yaml"))
    blocks, resources = {}, []
    for file, spec in zip(files, json.loads(live.read_text()), strict=True):
        document = yaml.load(file.read_bytes(), yaml.CSafeLoader)
        blocks[file.stem] = {"input": f'${{yamldecode(file("{file}"))}}'}
        resources.append(_applied(file.stem, len(resources), document | {"spec": spec}))
    state = {
        "version": 4,
        "terraform_version": "1.6.0",
        "serial": 1,
        "lineage": str(uuid.UUID(int=7)),
        "outputs": {},
        "resources": resources,
        "check_results": None,
    }
    (folder / "main.tf.json").write_text(json.dumps({"resource": {"terraform_data": blocks}}))
    (folder / "terraform.tfstate").write_text(json.dumps(state))


def _applied(name: str, number: int, document: Any) -> dict[str, Any]:
    value = {"value": document, "type": _type_of(document)}
    attributes = {
        "id": str(uuid.UUID(int=number + 1)),
        "input": value,
        "output": value,
        "triggers_replace": None,
    }
    return {
        "mode": "managed",
        "type": "terraform_data",
        "name": name,
        "provider": 'provider["terraform.io/builtin/terraform"]',
        "instances": [{"schema_version": 0, "attributes": attributes, "sensitive_attributes": []}],
    }


def _type_of(value: Any) -> Any:
    """Give the type of a value in the words of a state file."""
    match value:
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return ["tuple", [_type_of(one) for one in value]]
        case _:
            return ["object", {key: _type_of(one) for key, one in value.items()}]
