"""Plans as a reviewer and a pipeline meet them: shown, saved, checked, applied."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from story import IDS, PATH, Story


def saved(story: Story) -> Path:
    path = story.repo.parent / "plan.json"
    assert story.run("plan", "--out", str(path)).code == 0
    return path


def test_a_plan_reads_and_never_writes(story: Story) -> None:
    story.write("support", 0)
    code, document = story.json("plan", "--exit-code")
    assert (code, document["summary"]["create"]) == (2, 1)
    assert {request["method"] for request in story.requests()} == {"GET"}


def test_a_plan_without_changes_ends_with_0(story: Story) -> None:
    story.seed("support", 0)
    story.write("support", 0)
    assert story.json("plan", "--exit-code")[0] == 0


def test_the_order_of_a_set_is_no_change(story: Story) -> None:
    story.seed("support", 0)
    story.write("support", 0, corsAllowedOrigins=["https://www.example.com", "https://app.example.com"])
    assert story.json("plan")[1]["summary"]["unchanged"] == 1


def test_a_plan_shows_fields_exposure_and_the_digest(story: Story) -> None:
    story.seed("support", 0)
    story.write("support", 0, corsAllowedOrigins=["https://app.example.com", "https://new.example.com"])
    _, document = story.json("plan")
    (channel,) = document["channels"]
    assert (channel["action"], channel["revision"], channel["exposure"]) == ("update", "1", "widens")
    assert channel["changes"][0]["path"] == "/webchatSettings/corsAllowedOrigins"
    assert channel["changes"][0]["after"] == ["https://app.example.com", "https://new.example.com"]
    assert document["digest"].startswith("sha256:")
    assert story.json("plan")[1]["digest"] == document["digest"]


def test_live_channels_that_no_file_names_are_unmanaged_and_left_alone(story: Story) -> None:
    story.seed("stranger", 7)
    story.write("support", 0)
    _, document = story.json("plan")
    assert document["summary"]["unmanaged"] == 1
    assert story.json("apply", "--yes", "--no-record")[0] == 0
    assert story.live(7)["version"] == 1


def test_a_saved_plan_is_applied_without_listing_again(story: Story) -> None:
    story.seed("support", 0)
    story.write("support", 0, name="Ours")
    path = saved(story)
    story.emulator.clear()
    code, document = story.json("apply", str(path), "--no-record", "--probe", "none")
    assert (code, document["outcomes"][0]["result"]) == (0, "applied")
    assert document["plan"]["digest"] == json.loads(path.read_text())["digest"]
    methods = [request["method"] for request in story.requests() if "auditlogs" not in request["path"]]
    assert methods == ["PUT"]


@pytest.mark.parametrize("edit", ["name", "summary", "origin"])
def test_a_plan_that_was_edited_by_hand_is_refused(story: Story, edit: str) -> None:
    story.seed("support", 0)
    story.write("support", 0, name="Ours")
    path = saved(story)
    document = json.loads(path.read_text())
    if edit == "summary":
        document["summary"]["update"] = 0
    elif edit == "name":
        document["channels"][0]["desired"]["spec"]["name"] = "Forged"
    else:
        document["channels"][0]["desired"]["spec"]["webchatSettings"]["corsAllowedOrigins"] = [
            "https://evil.example.com"
        ]
    path.write_text(json.dumps(document))
    ended = story.run("apply", str(path))
    assert (ended.code, story.writes()) == (3, [])
    assert "digest" in ended.err


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1, "command": "apply"}', "not json"])
def test_a_file_that_is_no_plan_is_wrong_usage(story: Story, text: str) -> None:
    story.write("support", 0)
    path = story.repo.parent / "plan.json"
    path.write_text(text)
    assert story.run("apply", str(path)).code == 64
    assert story.run("apply", str(path.with_name("missing.json"))).code == 64


def test_a_plan_for_other_files_is_stale(story: Story) -> None:
    story.seed("support", 0)
    story.write("support", 0, name="Ours")
    path = saved(story)
    story.write("support", 0, name="Other")
    ended = story.run("apply", str(path))
    assert (ended.code, story.writes()) == (4, [])
    assert "stale" in ended.err


def test_plan_check_tells_fresh_from_stale(story: Story) -> None:
    for number, name in enumerate(("fresh", "equivalent", "stale")):
        story.seed(name, number, theme="dark")
        story.write(name, number, description="From Git")
    path = saved(story)
    story.emulator.edit(IDS[1], {"theme": "light"})
    story.emulator.edit(IDS[2], {"description": "Dana's"}, user="Dana")
    code, document = story.json("plan", "check", str(path))
    states = {channel["name"]: channel["state"] for channel in document["channels"]}
    assert (code, states) == (4, {"fresh": "fresh", "equivalent": "stale-equivalent", "stale": "stale"})
    assert story.requests("PUT") == []
    code, document = story.json("apply", str(path), "--no-record", "--probe", "none")
    results = {outcome["name"]: outcome["result"] for outcome in document["outcomes"]}
    assert (code, results) == (4, {"fresh": "applied", "equivalent": "applied", "stale": "clashed"})


@pytest.mark.parametrize("what", ["files", "rules", "organisation", "api", "nothing"])
def test_plan_check_and_apply_agree_on_a_plan_that_is_stale_as_a_whole(
    story: Story, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    story.seed("support", 0)
    story.write("support", 0, description="From Git")
    path = saved(story)
    if what == "files":
        story.write("support", 0, description="Other")
    elif what in ("rules", "organisation"):
        lines = {
            "rules": '[rules]\nallow_punycode = ["xn--fsq.example"]\n',
            "organisation": '[record]\norganisation = "other"\n',
        }
        (story.repo / "reconciler.toml").write_text(lines[what])
    elif what == "api":
        monkeypatch.setenv("GENESYS_ENV_URL", "https://api.mypurecloud.de")
        monkeypatch.setenv("GENESYS_LOGIN_URL", "https://login.mypurecloud.de")
    story.emulator.clear()
    checked, document = story.json("plan", "check", str(path))
    states = [channel["state"] for channel in document["channels"]]
    if what == "nothing":
        assert (checked, document["reason"], states) == (0, None, ["fresh"])
        return
    assert (checked, states, story.emulator.requests) == (4, ["stale"], [])
    ended = story.run("apply", str(path))
    assert (ended.code, story.emulator.requests) == (4, [])
    assert document["reason"] in ended.err
    assert document["reason"] in " ".join(story.run("plan", "check", str(path)).out.split())


def test_plan_check_and_apply_agree_on_sets_that_somebody_else_moved_too(story: Story) -> None:
    ours, theirs = "https://ours.example.com", "https://theirs.example.com"
    story.seed("merged", 0)
    story.write("merged", 0, corsAllowedOrigins=["https://app.example.com", "https://www.example.com", ours])
    path = saved(story)
    origins = ["https://app.example.com", "https://www.example.com", theirs]
    story.emulator.edit(IDS[0], {"webchatSettings": {"corsAllowedOrigins": origins}})
    code, document = story.json("plan", "check", str(path))
    assert (code, document["channels"][0]["state"]) == (4, "stale")
    assert "an apply merges both edits" in document["channels"][0]["reason"]
    assert story.json("apply", str(path), "--no-record", "--strict")[1]["outcomes"][0]["result"] == "clashed"
    code, document = story.json("apply", str(path), "--no-record", "--probe", "none")
    (outcome,) = document["outcomes"]
    assert (code, outcome["result"], outcome["state"]) == (0, "applied", "stale")
    assert outcome["merged"] == ["/webchatSettings/corsAllowedOrigins"]


def test_plan_check_judges_a_merge_by_the_rules_as_an_apply_does(story: Story) -> None:
    story.seed("support", 0)
    story.write("support", 0, corsAllowedOrigins=["https://www.example.com", "https://ours.example.com"])
    path = saved(story)
    bad = ["https://app.example.com", "https://www.example.com", "http://plain.example.com"]
    story.emulator.edit(IDS[0], {"webchatSettings": {"corsAllowedOrigins": bad}})
    checked = story.json("plan", "check", str(path))[1]["channels"][0]
    code, document = story.json("apply", str(path), "--no-record", "--probe", "none")
    assert (code, document["outcomes"][0]["result"], checked["state"]) == (4, "clashed", "stale")
    assert checked["reason"] == document["outcomes"][0]["reason"]
    assert "break a rule" in checked["reason"]


def test_invalid_files_stop_everything_before_anything_is_contacted(story: Story) -> None:
    story.write("support", 0)
    story.write("careless", 1, corsAllowedOrigins=["http://app.example.com"])
    for words in (["plan"], ["apply", "--yes"], ["verify"]):
        ended = story.run(*words)
        assert ended.code == 3
        assert "channels/careless.yaml:" in ended.err
        assert "origin-https" in ended.err
    assert story.emulator.requests == []


def test_apply_without_yes_and_terminal_is_wrong_usage(story: Story) -> None:
    story.write("support", 0)
    ended = story.run("apply")
    assert (ended.code, story.emulator.requests) == (64, [])
    assert "--yes" in ended.err


def test_an_unknown_name_after_only_is_wrong_usage(story: Story) -> None:
    story.write("support", 0)
    ended = story.run("plan", "--only", "suport")
    assert ended.code == 64
    assert "'support'" in ended.err


def test_only_restricts_the_plan(story: Story) -> None:
    story.write("support", 0)
    story.write("retail", 1)
    _, document = story.json("plan", "--only", "retail")
    assert [channel["name"] for channel in document["channels"]] == ["retail"]


def test_bad_credentials_end_with_1_and_name_the_variable(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENESYS_CLIENT_SECRET", "not-the-secret-at-all")
    story.write("support", 0)
    ended = story.run("plan")
    assert ended.code == 1
    assert "GENESYS_CLIENT_SECRET" in ended.err
    assert "not-the-secret-at-all" not in ended.err + ended.out


def test_a_missing_variable_is_wrong_usage(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GENESYS_CLIENT_ID")
    story.write("support", 0)
    ended = story.run("plan")
    assert (ended.code, "GENESYS_CLIENT_ID" in ended.err) == (64, True)


def test_a_remote_that_is_not_there_ends_with_1(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENESYS_ENV_URL", "https://127.0.0.1:1")
    story.write("support", 0)
    assert story.run("plan").code == 1


def test_a_list_that_fails_for_good_ends_with_1(story: Story) -> None:
    story.write("support", 0)
    story.emulator.add_fault(
        {"do": "reply", "status": 403, "when": "before", "method": "GET", "path": PATH.rstrip("/")}
    )
    assert story.run("plan").code == 1


def test_the_secret_and_the_token_appear_nowhere(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    secret = os.environ["GENESYS_CLIENT_SECRET"]
    story.write("support", 0)
    story.commit()
    body = {"message": f"no luck with {secret}", "code": "x", "status": 400}
    story.emulator.add_fault(
        {"do": "reply", "status": 400, "body": body, "when": "before", "method": "PUT", "path": "*"}
    )
    ended = story.run("apply", "--yes", "--verbose")
    assert ended.code == 4
    assert secret not in ended.out + ended.err
    assert secret not in story.git("show", "reconciler-record", "--format=%B", "-p")


def test_offline_a_plan_is_made_against_the_record_and_cannot_be_applied(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.write("support", 0, webhook="https://monitor.example.com/hooks/webchat")
    story.write("retail", 1)
    story.commit()
    assert story.json("apply", "--yes")[0] in (0, 5)
    story.write("support", 0, description="New", webhook="https://monitor.example.com/hooks/webchat")
    story.write("shop", 2)
    before = len(story.requests())
    for name in ("GENESYS_CLIENT_ID", "GENESYS_CLIENT_SECRET", "GENESYS_ENV_URL"):
        monkeypatch.delenv(name)
    saved = story.repo.parent / "offline.json"
    code, document = story.json("plan", "--offline", "--out", str(saved))
    assert (code, document["offline"], document["requests"]) == (0, True, {})
    assert document["summary"] == {"create": 1, "update": 1, "delete": 0, "unchanged": 1, "unmanaged": 0}
    assert document["webhooks"] == []
    assert len(story.requests()) == before
    for form in ("text", "markdown", "html"):
        out = story.run("plan", "--offline", "--format", form).out
        assert "live was not looked at" in " ".join(out.replace("`", "").split()), form
    assert story.run("apply", str(saved)).code == 64
    assert story.run("plan", "check", str(saved)).code == 64


def test_offline_before_the_first_apply_everything_is_new(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on the pull request that brings the first files, where nothing is set up yet."""
    for name in ("GENESYS_ENV_URL", "GENESYS_CLIENT_ID", "GENESYS_CLIENT_SECRET"):
        monkeypatch.delenv(name)
    story.write("support", 0)
    story.commit()
    ended = story.run("plan", "--offline", "--format", "json")
    assert (ended.code, ended.json["summary"]["create"]) == (0, 1)
    assert "nothing was applied from here yet" in ended.err


def test_the_command_to_type_next_saves_the_same_plan(story: Story) -> None:
    story.write("support", 0)
    story.commit()
    assert story.json("apply", "--yes")[0] == 0
    story.write("support", 0, description="New")
    shown = story.run("plan", "--prune", "--only", "support").out
    assert "Next: reconciler plan --only support --prune --out plan.json" in shown
    out = story.repo / "a plan.json"
    assert f"Next: reconciler apply '{out}'" in story.run("plan", "--out", str(out)).out
