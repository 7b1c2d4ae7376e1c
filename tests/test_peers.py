"""What `benchmarks/peers.py` gives each tool to compare: the same objects differ in all forms."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))

from data import lay_out, served
from peer_data import CHANGED_EVERY, lay_out_records, lay_out_resources
from peers import changes, require_changes

DIFFERENT = {"channel-000000", "channel-000100", "channel-000200"}


def read(path: Path) -> Any:
    return yaml.load(path.read_bytes(), yaml.CSafeLoader)


def test_the_same_objects_differ_in_every_form(tmp_path: Path) -> None:
    live = lay_out(tmp_path, 201, CHANGED_EVERY)
    wanted = {path.stem: read(path) for path in sorted((tmp_path / "channels").glob("*.yaml"))}
    there = dict(zip(wanted, json.loads(live.read_text()), strict=True))
    assert {name for name in wanted if wanted[name]["spec"] != there[name]} == DIFFERENT

    lay_out_resources(tmp_path / "terraform", tmp_path / "channels", live)
    blocks = read(tmp_path / "terraform" / "main.tf.json")["resource"]["terraform_data"]
    files = {
        name: re.fullmatch(r'\$\{yamldecode\(file\("(.+)"\)\)\}', one["input"])[1]
        for name, one in blocks.items()
    }  # type: ignore[index]
    state = json.loads((tmp_path / "terraform" / "terraform.tfstate").read_text())
    applied = {one["name"]: one["instances"][0]["attributes"]["input"]["value"] for one in state["resources"]}
    assert {name for name, file in files.items() if read(Path(file)) != applied[name]} == DIFFERENT

    lay_out_records(tmp_path / "octodns", 201)
    desired, live_zone = (
        read(tmp_path / "octodns" / side / "example.com.yaml") for side in ("desired", "live")
    )
    assert {name for name in desired if desired[name] != live_zone[name]} == DIFFERENT

    assert changes(201) == len(DIFFERENT)
    assert len(wanted) == len(applied) == len(desired) == 201


def test_our_own_plan_finds_them(tmp_path: Path) -> None:
    with served(lay_out(tmp_path, 20, 10)) as environ:
        require_changes(tmp_path, environ, 2)
