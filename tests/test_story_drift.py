"""Drift, as a person or the nightly job looks for it: three sides, who moved what, and the ways out."""

from __future__ import annotations

import json
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import messaging
import pytest
from story import IDS, PATH, Story, git_environ

from reconciler.acts import drift as acts_drift

ORIGINS = "/webchatSettings/corsAllowedOrigins"
APP, WWW, EVIL = "https://app.example.com", "https://www.example.com", "https://evil.example.net"


@pytest.fixture
def applied(story: Story) -> Story:
    """Two channels, applied and recorded."""
    story.write("support", 0)
    story.write("retail", 1)
    story.commit()
    assert story.run("apply", "--yes", "--probe", "none").code == 0
    return story


SCHEMA = Path(__file__).parent.parent / "schemas" / "output" / "drift.schema.json"


def only(document: Any) -> Any:
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(document)
    (channel,) = document["channels"]
    return channel


def edit(story: Story, number: int = 0, user: str = "Dana", **patch: Any) -> None:
    story.emulator.edit(IDS[number], patch, user=user)


def test_without_drift_nothing_is_asked_but_the_list_and_nothing_is_recorded(applied: Story) -> None:
    before = len(applied.requests())
    code, document = applied.json("drift")
    assert (code, document["drifted"], document["channels"]) == (0, 0, [])
    assert [request["path"].partition("?")[0] for request in applied.requests()[before:]] == [
        PATH.rstrip("/")
    ]
    assert document["requests"] == {"GET": 1}
    assert applied.json("report")[1]["chain"]["length"] == 1


def test_an_edit_in_the_console_is_drift_with_a_name(applied: Story) -> None:
    edit(applied, webchatSettings={"corsAllowedOrigins": [EVIL, WWW, APP]})
    writes = len(applied.writes())
    code, document = applied.json("drift")
    assert (code, document["drifted"], document["exposure"]) == (2, 1, "widens")
    channel = only(document)
    assert (channel["name"], channel["state"], channel["file"]) == (
        "support",
        "drifted",
        "channels/support.yaml",
    )
    (field,) = channel["fields"]
    assert field["path"] == ORIGINS
    assert (field["applied"], field["live"], field["desired"]) == ([APP, WWW], [APP, EVIL, WWW], [APP, WWW])
    assert (field["state"], field["exposure"]) == ("drifted", "widens")
    who = field["attribution"]
    assert (who["certainty"], who["actor"]["name"], who["class"]) == ("exact", "Dana", "person")
    assert who["when"].endswith("Z")
    assert document["requests"] == {"GET": 2}
    assert len(applied.writes()) == writes


@pytest.mark.parametrize("minutes", [5, 0])
def test_an_edit_that_our_write_kept_stays_the_edit_of_who_made_it(
    applied: Story, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    """Also where it is older than the apply, so that the log has to be asked once more."""
    monkeypatch.setattr(acts_drift, "SKEW", timedelta(minutes=minutes))
    applied.write("support", 0, corsAllowedOrigins=[APP, WWW, "https://new.example.com"])
    plan = applied.repo.parent / "plan.json"
    assert applied.run("plan", "--out", str(plan)).code == 0
    edit(applied, webchatSettings={"corsAllowedOrigins": [EVIL, WWW, APP]})
    assert applied.run("apply", str(plan), "--probe", "none").code == 0
    assert applied.live()["webchatSettings"]["corsAllowedOrigins"][-1] == WWW

    code, document = applied.json("drift")
    (field,) = only(document)["fields"]
    who = field["attribution"]
    assert (code, field["state"], field["exposure"]) == (2, "drifted", "widens")
    assert (who["certainty"], who["actor"]["name"], who["class"]) == ("exact", "Dana", "person")
    assert document["requests"] == {"GET": 2 if minutes else 3}


def test_git_alone_moved(applied: Story) -> None:
    applied.write("support", 0, description="New words")
    code, document = applied.json("drift")
    assert (code, document["drifted"], only(document)["state"]) == (2, 0, "pending")
    assert only(document)["fields"][0]["attribution"] is None
    assert document["requests"] == {"GET": 1}


def test_both_sides_moved(applied: Story) -> None:
    applied.write("support", 0, description="Ours")
    edit(applied, description="Theirs")
    code, document = applied.json("drift")
    assert (code, document["drifted"], only(document)["state"]) == (2, 1, "both")
    (field,) = only(document)["fields"]
    assert (field["applied"], field["live"], field["desired"]) == ("A channel", "Theirs", "Ours")


def test_different_fields_of_one_channel_moved_on_either_side(applied: Story) -> None:
    applied.write("support", 0, description="Ours")
    edit(applied, enabled=False)
    channel = only(applied.json("drift")[1])
    assert channel["state"] == "both"
    states = {field["path"]: field["state"] for field in channel["fields"]}
    assert states == {"/description": "pending", "/enabled": "drifted"}


def test_both_sides_moved_to_the_same_is_no_drift(applied: Story) -> None:
    applied.write("support", 0, description="Agreed")
    edit(applied, description="Agreed")
    assert applied.json("drift")[0] == 0


def test_a_field_that_git_does_not_manage_may_move(applied: Story) -> None:
    edit(applied, theme="dark")
    assert applied.json("drift")[0] == 0


def test_an_unmanaged_channel_is_shown_and_is_no_drift(applied: Story) -> None:
    applied.seed("stranger", 5)
    code, document = applied.json("drift")
    assert (code, document["drifted"]) == (0, 0)
    assert (only(document)["state"], only(document)["id"]) == ("unmanaged", IDS[5])
    assert only(document)["remedies"][0]["commands"] == [f"reconciler adopt {IDS[5]}"]


def test_a_deleted_channel_drifted_and_the_log_says_who(applied: Story) -> None:
    applied.emulator.delete(IDS[0], user="Robin")
    code, document = applied.json("drift")
    channel = only(document)
    assert (code, channel["state"], channel["there"], channel["exposure"]) == (2, "drifted", False, "narrows")
    assert {field["attribution"]["actor"]["name"] for field in channel["fields"]} == {"Robin"}
    assert {field["attribution"]["certainty"] for field in channel["fields"]} == {"exact"}
    assert [remedy["side"] for remedy in channel["remedies"]] == ["git", "live"]


def test_without_a_record_the_audit_log_proves_which_side_moved(story: Story) -> None:
    story.seed("support", 0)
    story.write("support", 0)
    edit(story, description="Dana's")
    code, document = story.json("drift")
    assert (code, only(document)["state"]) == (2, "drifted")
    assert only(document)["fields"][0]["attribution"]["certainty"] == "exact"
    story.write("support", 0, description="Ours")
    assert only(story.json("drift")[1])["state"] == "pending"


def test_a_channel_that_was_found_as_git_wants_it_has_a_base(story: Story) -> None:
    story.seed("support", 0)
    story.write("support", 0)
    story.commit()
    assert story.json("apply", "--yes")[1]["outcomes"] == []
    kept = story.git("rev-parse", "reconciler-record:applied")
    assert story.json("apply", "--yes")[0] == 0
    assert story.git("rev-parse", "reconciler-record:applied") == kept
    edit(story, description="Dana's")
    story.write("support", 0, description="Ours")
    channel = only(story.json("drift")[1])
    assert (channel["state"], channel["fields"][0]["applied"]) == ("both", "A channel")


def test_a_log_that_cannot_be_read_leaves_the_mover_unknown(applied: Story) -> None:
    edit(applied, description="Dana's")
    applied.emulator.add_fault({"do": "reply", "status": 403, "path": "/api/v2/auditlogs", "times": 99})
    code, document = applied.json("drift")
    assert (code, document["audit"]["complete"]) == (2, False)
    who = only(document)["fields"][0]["attribution"]
    assert (who["certainty"], who["actor"]) == ("unknown", None)
    assert "403" in who["reason"]


def test_a_result_is_recorded_when_it_differs_from_the_last(applied: Story) -> None:
    edit(applied, description="Dana's")
    first = applied.json("drift")[1]
    assert first["record"]["commit"]
    assert "record" not in applied.json("drift")[1]
    edit(applied, description="A channel")
    assert applied.json("drift")[1]["record"]["commit"]
    assert applied.json("drift")[1].get("record") is None
    runs = applied.json("report")[1]["runs"]
    assert [run["command"] for run in runs] == ["apply", "drift", "drift"]
    assert applied.json("report")[1]["chain"]["valid"]
    assert "Dana" in applied.run("report", first["run"]).out
    assert "Dana" in applied.run("report", first["run"], "--format", "markdown").out


def test_names_restrict_the_look_and_are_not_recorded(applied: Story) -> None:
    edit(applied, 0, description="x")
    edit(applied, 1, description="y")
    code, document = applied.json("drift", "retail")
    assert (code, only(document)["name"]) == (2, "retail")
    assert "record" not in document
    assert applied.run("drift", "retial").code == 64


def test_a_fresh_clone_compares_with_the_records_of_the_remote(applied: Story, tmp_path: Path) -> None:
    bare = tmp_path / "origin.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(bare)], check=True, env=git_environ())
    applied.git("remote", "add", "origin", str(bare))
    applied.git("push", "--quiet", "origin", "main", "reconciler-record")
    edit(applied, description="Dana's")
    clone = tmp_path / "clone"
    subprocess.run(
        ["git", "clone", "--quiet", "--branch", "main", "--single-branch", str(bare), str(clone)],
        check=True,
        env=git_environ(),
    )
    applied.repo = clone
    code, document = applied.json("drift")
    assert (code, only(document)["state"], document["record"]["pushed"]) == (2, "drifted", True)


def test_the_remedies_do_what_they_say(applied: Story) -> None:
    edit(applied, webchatSettings={"corsAllowedOrigins": [APP]}, description="Dana's")
    remedies = {remedy["side"]: remedy["commands"] for remedy in only(applied.json("drift")[1])["remedies"]}
    assert remedies["live"][-1].endswith("--trailer 'Changed-by: Dana'")
    for command in remedies["git"]:
        words = command.replace("plan.json", str(applied.repo / "plan.json")).split()[1:]
        assert applied.run(*words).code == 0
    assert applied.json("drift")[0] == 0
    assert applied.live()["description"] == "A channel"


def recorded(story: Story) -> str:
    """Give everything that a clone of the record would hold, messages too."""
    names = story.git("ls-tree", "-r", "--name-only", "reconciler-record").splitlines()
    files = [story.git("show", f"reconciler-record:{name}") for name in names]
    return "\n".join([*files, story.git("log", "--format=%B", "reconciler-record")])


@pytest.mark.parametrize("kept", [False, True])
def test_a_record_of_drift_names_people_only_where_that_is_switched_on(applied: Story, *, kept: bool) -> None:
    settings(applied, f"[record]\npeople = {str(kept).lower()}\n")
    edit(applied, description="Otherwise", webchatSettings={"corsAllowedOrigins": [EVIL]})
    code, document = applied.json("drift")
    actor = only(document)["fields"][0]["attribution"]["actor"]
    assert (code, actor["name"]) == (2, "Dana"), "who is shown to the operator"
    record = recorded(applied)
    assert ("Dana" in record, actor["id"] in record, "Changed-by: person-" in record) == (
        kept,
        kept,
        not kept,
    )
    assert applied.run("audit", "support").out.count(" in records is Dana") == 1

    for same in (kept, not kept):
        settings(applied, f"[record]\npeople = {str(same).lower()}\n")
        assert applied.json("drift")[0] == 2
        assert applied.json("report")[1]["chain"]["length"] == 2, "the same person is no news"
    edit(applied, user="Kim", description="Third words")
    edit(applied, user="Kim", description="Otherwise")
    assert applied.json("drift")[0] == 2
    assert applied.json("report")[1]["chain"]["length"] == 3, "another person is"


def test_text_and_markdown_show_three_values_and_the_mover(applied: Story) -> None:
    edit(applied, description="Dana's | <b> @everyone")
    for form in ("text", "markdown"):
        ended = applied.run("drift", "--format", form, "--no-record")
        assert ended.code == 2
        for word in ("A channel", "Dana's", "Dana", "reconciler adopt support", 'field = "/description"'):
            assert word in ended.out


def test_web_messaging_drifts_in_its_fields_and_its_pin(story: Story) -> None:
    _, deployment = messaging.seed(story)
    messaging.write_messenger(story)
    messaging.write_shop(story)
    story.commit()
    assert story.run("apply", "--yes", "--probe", "none").code in (0, 4)
    assert story.json("drift")[0] == 0
    remote = story.emulator.store.web.deployments.all[deployment].document
    remote["allowedDomains"] = ["shop.example.com", "www.example.com", "evil.example.net"]
    code, document = story.json("drift")
    channel = only(document)
    assert (code, channel["name"], channel["kind"]) == (2, "shop", "WebMessagingDeployment")
    assert [(field["path"], field["state"], field["exposure"]) for field in channel["fields"]] == [
        ("/allowedDomains", "drifted", "widens")
    ]
    assert {request["method"] for request in story.requests() if not request["committed"]} <= {"GET", "POST"}
    del story.emulator.store.web.deployments.all[deployment]
    channel = only(story.json("drift")[1])
    assert (channel["state"], channel["there"], channel["id"]) == ("drifted", False, deployment)
    messaging.write_shop(story, id=deployment)
    assert only(story.json("drift")[1])["there"] is False


def settings(story: Story, text: str) -> None:
    (story.repo / "reconciler.toml").write_text(text)


IGNORE = """\
[ignore.banner]
channel = "support"
field = "/description"
reason = "texts are tried"
expires = {day}
"""


def test_a_field_that_is_ignored_is_no_drift_and_survives_every_write(applied: Story) -> None:
    edit(applied, description="Dana's")
    settings(applied, IGNORE.format(day="2999-01-01"))
    assert applied.json("drift")[0] == 0
    assert applied.json("plan")[1]["summary"]["update"] == 0
    applied.write("support", 0, name="From Git", description="Ours")
    saved = applied.repo.parent / "plan.json"
    assert applied.run("plan", "--out", str(saved)).code == 0
    assert applied.run("apply", str(saved)).code == 0
    assert (applied.live()["name"], applied.live()["description"]) == ("From Git", "Dana's")
    settings(applied, IGNORE.format(day="2020-01-01"))
    ended = applied.run("drift")
    assert (ended.code, "ended on 2020-01-01" in ended.err) == (2, True)


def test_an_ignore_creates_nothing_with_a_hole(story: Story) -> None:
    story.write("support", 0)
    settings(story, IGNORE.format(day="2999-01-01"))
    assert story.run("apply", "--yes", "--no-record", "--probe", "none").code == 0
    assert story.live()["description"] == "A channel"


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("2999-01-01", '"soon"', "expires"),
        ('"/description"', '"description"', "pointer"),
        ('"/description"', '"/id"', "/id"),
        ("reason", "raison", "reason"),
        ('"support"', '""', "channel"),
    ],
)
def test_an_ignore_that_lacks_something_is_refused(applied: Story, old: str, new: str, word: str) -> None:
    settings(applied, IGNORE.format(day="2999-01-01").replace(old, new))
    ended = applied.run("drift")
    assert (ended.code, word in ended.err) == (64, True)


def test_an_ignore_that_does_nothing_is_told(applied: Story) -> None:
    settings(applied, IGNORE.format(day="2999-01-01").replace('"support"', '"nobody"'))
    assert "ignores nothing" in applied.run("drift").err


COMMENTED = f"""\
# Owned by the platform team.
apiVersion: reconciler/v1
kind: WebchatChannel
metadata:
  name: support
spec:
  id: {IDS[0]}
  name: Channel support  # as the agents know it
  description: "A channel"
  enabled: true
  webchatSettings:
    authProviderId: oauth2-provider-1
    # first the app
    corsAllowedOrigins:
    - https://www.example.com
    - https://app.example.com  # ours
    webchatUrl: https://support.example.com
"""


def test_the_patch_is_minimal_and_the_ignore_entry_holds(applied: Story) -> None:
    path = applied.repo / "channels" / "support.yaml"
    path.write_text(COMMENTED)
    applied.commit()
    edit(applied, webchatSettings={"corsAllowedOrigins": [APP, EVIL]}, description="Dana's")
    remedies = {remedy["side"]: remedy for remedy in only(applied.json("drift")[1])["remedies"]}
    patch = remedies["live"]["patch"]
    changed = [line for line in patch.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert changed == [
        '-  description: "A channel"',
        "+  description: Dana's" if "+  description: Dana's" in changed else '+  description: "Dana\'s"',
        "-    - https://www.example.com",
        f"+    - {EVIL}",
    ]
    file = applied.repo.parent / "adopt.patch"
    file.write_text(patch)
    applied.git("apply", str(file))
    assert applied.json("drift")[0] == 0
    applied.git("checkout", "--quiet", "channels")
    settings(applied, remedies["neither"]["settings"])
    assert applied.json("drift")[0] == 0


def test_healing_puts_back_only_what_narrows(applied: Story) -> None:
    edit(applied, 0, webchatSettings={"corsAllowedOrigins": [APP, EVIL, WWW]})
    edit(applied, 1, enabled=False)
    code, document = applied.json("drift", "--heal", "narrowing")
    assert (code, document["command"]) == (2, "apply")
    assert [(one["name"], one["result"], one["exposure"]) for one in document["outcomes"]] == [
        ("support", "applied", "narrows")
    ]
    assert applied.live(0)["webchatSettings"]["corsAllowedOrigins"] == [APP, WWW]
    assert applied.live(1)["enabled"] is False
    commands = [run["command"] for run in applied.json("report")[1]["runs"]]
    assert commands == ["apply", "drift", "apply"]


def test_healing_leaves_a_channel_alone_that_moved_on_either_side_or_in_mixed_ways(applied: Story) -> None:
    edit(applied, 0, webchatSettings={"corsAllowedOrigins": [APP, EVIL, WWW]}, description="Dana's")
    applied.write("retail", 1, description="Ours")
    edit(applied, 1, webchatSettings={"corsAllowedOrigins": [APP, EVIL, WWW]})
    writes = len(applied.writes())
    code, document = applied.json("drift", "--heal", "narrowing")
    assert (code, document["command"], len(applied.writes())) == (2, "drift", writes)
