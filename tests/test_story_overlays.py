"""Two organisations that share channel files, and what one of them has otherwise: planned, applied, adopted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from story import IDS, Story, told

from reconciler.acts.load import shipped

VARIABLES = "{id: GENESYS_CLIENT_ID, secret: GENESYS_CLIENT_SECRET}"
FLEET = """\
organisations:
- name: emea
  api: {url}
  credentials: {variables}
  channels: channels
  overlays: [overlays/region, overlays/emea]
- name: apac
  api: {url}
  credentials: {variables}
  channels: channels
"""
OVERLAY = """\
# Ireland has a website of its own.
spec:
  description: Chat in Ireland  # asked for by Robin
  webchatSettings:
    corsAllowedOrigins:
    - https://app.example.com
    - https://ie.example.com  # the new one
"""


class Shared:
    """A repository in which emea has overlays, and apac has none."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.file = story.write("support")
        text = FLEET.format(url=story.emulator.url, variables=VARIABLES)
        (story.repo / "fleet.yaml").write_text(text)
        for name in ("region", "emea"):
            (story.repo / "overlays" / name).mkdir(parents=True)
        self.overlay = story.repo / "overlays" / "emea" / "support.yaml"
        self.overlay.write_text(OVERLAY)

    def json(self, *words: str) -> Any:
        return self.story.json(*words)[1]


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shared]:
    with told(tmp_path / "repo", monkeypatch) as story:
        yield Shared(story)


def squeezed(path: Path) -> str:
    """Give a text whose comments stand right behind what they are about."""
    return re.sub(r" +#", " #", path.read_text())


def origins(plan: Any) -> dict[str, Any]:
    return {change["path"]: change.get("origin") for change in plan["channels"][0]["changes"]}


def test_a_plan_names_the_overlay_of_each_field_that_it_set(shared: Shared) -> None:
    shared.story.seed("support", name="Other")
    plan = shared.json("plan", "--org", "emea")
    at = {"file": "overlays/emea/support.yaml"}
    assert origins(plan) == {
        "/description": {**at, "line": 3, "column": 16},
        "/name": None,
        "/webchatSettings/corsAllowedOrigins": {**at, "line": 6, "column": 5},
    }
    schema = json.loads((shipped("schemas") / "output" / "plan.schema.json").read_bytes())
    Draft202012Validator(schema).validate(plan)
    text = shared.story.run("plan", "--org", "emea").out
    assert "from overlays/emea/support.yaml:3" in text
    assert "corsAllowedOrigins  widens  from overlays/emea/support.yaml:6" in text
    markdown = shared.story.run("plan", "--org", "emea", "--format", "markdown").out
    assert "# widens, from overlays/emea/support.yaml:6" in markdown
    assert (
        "from overlays/emea/support.yaml:6"
        in shared.story.run("plan", "--org", "emea", "--format", "html").out
    )
    assert origins(shared.json("plan", "--org", "apac")) == {"/name": None}


def test_a_saved_plan_is_applied_with_its_overlay_and_not_without(shared: Shared) -> None:
    shared.story.seed("support")
    saved = str(shared.story.repo / "plan.json")
    assert shared.story.run("plan", "--org", "emea", "--out", saved).code == 0
    assert shared.story.run("plan", "check", saved, "--org", "emea").code == 0
    shared.overlay.write_text(OVERLAY.replace("ie.example", "evil.example"))
    ended = shared.story.run("apply", saved, "--org", "emea", "--no-record", "--probe", "none")
    assert (ended.code, "have changed since it was made" in ended.err) == (4, True)
    assert shared.story.writes() == []
    shared.overlay.write_text(OVERLAY)
    ended = shared.story.run("apply", saved, "--org", "emea", "--no-record", "--probe", "none")
    assert ended.code == 0, ended.err
    live = shared.story.live()
    assert live["description"] == "Chat in Ireland"
    assert live["webchatSettings"]["corsAllowedOrigins"] == [
        "https://app.example.com",
        "https://ie.example.com",
    ]
    assert shared.json("plan", "--org", "emea")["summary"]["unchanged"] == 1


def test_the_same_edit_from_one_overlay_folder_is_shown_once(shared: Shared) -> None:
    for number, name in enumerate(("support", "sales", "billing")):
        shared.story.write(name, number)
        shared.story.seed(name, number)
        (shared.overlay.parent / f"{name}.yaml").write_text(
            "# here\n" * number + "spec: {description: Here}\n"
        )
    text = shared.story.run("plan", "--org", "emea").out
    assert text.count("3 channels") == 1
    assert "from overlays/emea\n" in text


def test_findings_of_an_overlay_are_told_at_its_lines_and_stop_everything(shared: Shared) -> None:
    shared.overlay.write_text(OVERLAY.replace("https://ie", "http://ie"))
    code, judged = shared.story.json("validate", "--org", "emea")
    [found] = [one for one in judged["findings"] if one["severity"] == "error"]
    assert (code, found["file"], found["line"], found["column"]) == (3, "overlays/emea/support.yaml", 7, 7)
    assert judged["files"] == 2
    path = str(shared.overlay)
    assert [one["line"] for one in shared.json("validate", "--org", "emea", path)["findings"]] == [7]
    assert shared.story.run("plan", "--org", "emea").code == 3
    assert shared.story.run("plan", "--org", "apac").code == 0
    assert shared.story.run("validate", "--org", "apac").code == 0


def test_what_can_be_repaired_is_repaired_in_the_overlay(shared: Shared) -> None:
    shared.overlay.write_text(OVERLAY.replace("https://ie", "HTTPS://IE"))
    assert shared.story.run("validate", "--org", "emea").code == 3
    assert shared.story.run("validate", "--org", "emea", "--fix").code == 0
    assert shared.overlay.read_text() == OVERLAY


def test_an_overlay_folder_that_is_not_there_stops_the_run(shared: Shared) -> None:
    (shared.story.repo / "overlays" / "region").rmdir()
    ended = shared.story.run("plan", "--org", "emea")
    assert (ended.code, "overlays/region" in ended.err) == (64, True)
    assert shared.story.requests() == []


def test_adopt_writes_each_live_value_into_the_file_that_owns_the_field(shared: Shared) -> None:
    shared.story.seed("support")
    live = {
        "name": "Moved",
        "description": "Moved too",
        "webchatSettings": {"corsAllowedOrigins": ["https://app.example.com", "https://dub.example.com"]},
    }
    shared.story.emulator.edit(IDS[0], live)
    before = shared.file.read_text()
    ended = shared.story.run("adopt", "--org", "emea", "support")
    assert ended.code == 0
    assert ended.out.splitlines() == [
        f"updated overlays/emea/support.yaml ({IDS[0]})",
        f"updated channels/support.yaml ({IDS[0]})",
    ]
    assert "apac share what was written there" in ended.err
    wanted = OVERLAY.replace("Chat in Ireland", "Moved too").replace("  #", " #")
    assert squeezed(shared.overlay) == wanted.replace("ie.example.com # the new one", "dub.example.com")
    assert shared.file.read_text() == before.replace('"Channel support"', '"Moved"')
    assert shared.json("plan", "--org", "emea")["summary"]["unchanged"] == 1


def test_a_field_that_is_gone_is_taken_out_by_the_overlay_that_set_it(shared: Shared) -> None:
    shared.story.seed("support")
    with shared.story.emulator.lock:
        shared.story.emulator.store.channels.get(IDS[0]).pop("description")
    shared.overlay.write_text(
        "spec:\n  description: Chat in Ireland  # asked for by Robin\n  name: Channel support\n"
    )
    assert shared.story.run("adopt", "--org", "emea", "support").code == 0
    assert "description: null # asked for by Robin" in squeezed(shared.overlay)
    assert shared.json("plan", "--org", "emea")["summary"]["unchanged"] == 1


def test_drift_gives_one_patch_over_both_files(shared: Shared) -> None:
    shared.story.seed("support")
    shared.story.commit()
    words = ("--org", "emea", "--yes", "--no-push", "--probe", "none")
    assert shared.story.run("apply", *words).code == 0
    shared.story.emulator.edit(IDS[0], {"name": "Moved", "description": "Moved too"})
    drift = shared.json("drift", "--org", "emea")
    [patch] = [one["patch"] for one in drift["channels"][0]["remedies"] if "patch" in one]
    (shared.story.repo / "adopt.patch").write_text(patch)
    shared.story.git("apply", "adopt.patch")
    assert "Moved too # asked for by Robin" in squeezed(shared.overlay)
    assert '"Moved"' in shared.file.read_text()
    adopting = next(one["commands"] for one in drift["channels"][0]["remedies"] if "patch" in one)
    assert "git add channels/support.yaml overlays/emea/support.yaml" in adopting


def test_the_history_of_a_channel_tells_the_commits_of_its_overlays_too(shared: Shared) -> None:
    shared.story.commit()
    shared.overlay.write_text(OVERLAY.replace("Chat in Ireland", "Chat in Dublin"))
    shared.story.commit()
    log = "report", "log", "support#/description", "--org"
    moves = [
        (one["before"], one["after"])
        for event in shared.json(*log, "emea")["events"]
        for one in event["fields"]
        if one["path"] == "/description"
    ]
    assert moves == [(None, "Chat in Ireland"), ("Chat in Ireland", "Chat in Dublin")]
    assert len(shared.json(*log, "apac")["events"]) == 1


def test_the_history_of_one_organisation_is_not_that_of_another_with_the_same_channels(
    shared: Shared,
) -> None:
    shared.story.seed("support", name="Other")
    shared.story.commit()
    for name in ("emea", "apac"):
        assert shared.story.run("apply", "--org", name, "--yes", "--no-push", "--probe", "none").code == 0
    for name, count in (("emea", 1), ("apac", 1)):
        events = shared.json("report", "log", "support", "--org", name)["events"]
        assert sum(event["what"] == "apply" for event in events) == count
