"""What an apply does to the remote, judged from the remote's own log and state."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from story import IDS, PATH, Story

from reconciler.decide.saved_plan import digest_of
from reconciler.genesys import pacing

HOOK = "https://monitor.example.com/hooks/webchat"


def apply(story: Story, *words: str) -> tuple[int, dict]:
    return story.json("apply", "--yes", "--no-record", *words)


def only(document: dict) -> dict:
    (outcome,) = document["outcomes"]
    return outcome


def test_a_new_channel_is_created_under_its_id_and_proved(story: Story) -> None:
    story.write("support", 0)
    code, document = apply(story)
    assert code == 0
    assert only(document)["result"] == "applied"
    assert only(document)["revision"] == {"before": None, "after": "1"}
    assert story.live(0)["name"] == "Channel support"
    assert {probe["expected"] for probe in document["probes"]} == {"accepted", "refused"}
    assert all(probe["ok"] for probe in document["probes"])
    (write,) = story.writes()
    assert (write["method"], write["if_none_match"], write["if_match"]) == ("PUT", "*", None)


def test_a_second_apply_writes_nothing(story: Story) -> None:
    for number, name in enumerate(("support", "retail", "partner")):
        story.write(name, number, webhook=HOOK)
    assert apply(story)[0] == 0
    story.emulator.clear()
    code, document = apply(story)
    assert (code, document["outcomes"], story.requests("PUT", "POST", "DELETE")) == (0, [], [])


def test_an_update_names_the_version_in_header_and_body_and_keeps_what_git_does_not_manage(
    story: Story,
) -> None:
    story.seed("support", 0, theme="dark", settings={"agentPresence": "shown"})
    story.write("support", 0, description="Another one")
    code, document = apply(story)
    assert (code, only(document)["result"]) == (0, "applied")
    live = story.live(0)
    assert (live["description"], live["theme"]) == ("Another one", "dark")
    assert live["webchatSettings"]["agentPresence"] == "shown"
    (write,) = story.writes()
    assert (write["if_match"], write["body_version"]) == ("1", 1)


def test_a_field_that_the_file_leaves_out_is_not_touched(story: Story) -> None:
    story.seed("support", 0)
    path = story.write("support", 0, name="Renamed")
    path.write_text(path.read_text().replace('"description": "A channel", ', ""))
    assert apply(story)[0] == 0
    assert (story.live(0)["name"], story.live(0)["description"]) == ("Renamed", "A channel")


def test_unchanged_channels_cost_one_token_and_one_list_request_a_hundred(story: Story) -> None:
    for number in range(250):
        story.write(f"channel-{number}", number)
        story.seed(f"channel-{number}", number)
    code, document = story.json("plan")
    assert code == 0
    assert document["summary"] == {"create": 0, "update": 0, "delete": 0, "unchanged": 250, "unmanaged": 0}
    assert document["requests"] == {"GET": 3}
    paths = [request["path"] for request in story.emulator.requests]
    assert sorted(paths) == ["/api/v2/webchat/channels"] * 3 + ["/oauth/token"]


def test_a_concurrent_edit_of_an_unmanaged_field_survives(story: Story) -> None:
    channel = story.seed("support", 0, theme="dark")
    story.write("support", 0, description="From Git")
    story.emulator.add_fault(
        {
            "do": "edit",
            "method": "PUT",
            "path": PATH + channel,
            "id": channel,
            "patch": {"theme": "light"},
            "user": "Dana",
        }
    )
    code, document = apply(story)
    assert (code, only(document)["result"], only(document)["attempts"]) == (0, "applied", 2)
    assert (story.live(0)["description"], story.live(0)["theme"]) == ("From Git", "light")


def test_a_concurrent_edit_of_a_set_is_merged_and_said(story: Story) -> None:
    channel = story.seed("support", 0)
    ours = ["https://app.example.com", "https://www.example.com", "https://new.example.com"]
    story.write("support", 0, corsAllowedOrigins=ours)
    theirs = ["https://app.example.com", "https://www.example.com", "https://theirs.example.com"]
    patch = {"webchatSettings": {"corsAllowedOrigins": theirs}}
    story.emulator.add_fault(
        {"do": "edit", "method": "PUT", "path": PATH + channel, "id": channel, "patch": patch}
    )
    code, document = apply(story)
    assert (code, only(document)["merged"]) == (0, ["/webchatSettings/corsAllowedOrigins"])
    assert set(story.live(0)["webchatSettings"]["corsAllowedOrigins"]) == {*ours, *theirs}


def test_two_edits_that_break_a_rule_together_are_not_merged(story: Story) -> None:
    channel = story.seed("support", 0)
    story.write("support", 0, corsAllowedOrigins=["https://app.example.com", "https://new.example.com"])
    patch = {
        "webchatSettings": {"corsAllowedOrigins": ["https://app.example.com", "http://plain.example.com"]}
    }
    story.emulator.add_fault(
        {"do": "edit", "method": "PUT", "path": PATH + channel, "id": channel, "patch": patch}
    )
    code, document = apply(story)
    assert (code, only(document)["result"]) == (4, "clashed")
    assert "origin-https" in only(document)["reason"]


def test_a_concurrent_edit_of_a_managed_field_clashes_and_shows_all_three(story: Story) -> None:
    channel = story.seed("support", 0)
    story.write("support", 0, name="Ours")
    story.write("retail", 1)
    story.emulator.add_fault(
        {
            "do": "edit",
            "method": "PUT",
            "path": PATH + channel,
            "id": channel,
            "patch": {"name": "Theirs"},
            "user": "Dana",
        }
    )
    code, document = apply(story)
    outcomes = {outcome["name"]: outcome for outcome in document["outcomes"]}
    assert code == 4
    (clash,) = outcomes["support"]["clashes"]
    by = clash.pop("by")
    assert clash == {"path": "/name", "base": "Channel support", "theirs": "Theirs", "ours": "Ours"}
    assert (by["certainty"], by["actor"]["name"], by["class"]) == ("exact", "Dana", "person")
    assert outcomes["retail"]["result"] == "applied"
    assert story.live(0)["name"] == "Theirs"
    assert any(entry["actor"]["name"] == "Dana" for entry in document["audit"]["entries"])


def test_a_channel_deleted_after_planning_is_never_created_again(story: Story) -> None:
    channel = story.seed("support", 0)
    story.write("support", 0, name="Ours")
    story.emulator.add_fault({"do": "delete", "method": "PUT", "path": PATH + channel, "id": channel})
    code, document = apply(story)
    assert (code, only(document)["result"], story.emulator.store.channels.live) == (4, "clashed", {})
    told = story.run("adopt", "support")
    assert told.code == 64
    assert "channels/support.yaml is about one that is gone, or was never created" in told.err


@pytest.mark.parametrize(
    "fault",
    [
        {"do": "reply", "status": 500, "when": "after"},
        {"do": "reply", "status": 502, "when": "after", "body": "<html>bad gateway</html>"},
        {"do": "drop", "when": "after"},
        {"do": "truncate"},
    ],
    ids=lambda fault: f"{fault['do']}-{fault.get('status', '')}",
)
def test_a_write_whose_answer_was_lost_is_looked_for_and_not_repeated(story: Story, fault: dict) -> None:
    story.seed("support", 0)
    story.write("support", 0, name="Ours")
    story.emulator.add_fault({"method": "PUT", "path": PATH + IDS[0], **fault})
    code, document = apply(story)
    assert (code, only(document)["result"]) == (0, "already")
    assert len(story.writes()) == 1
    assert story.live(0)["version"] == 2


def test_a_lost_write_that_somebody_edited_since_is_called_unknown(story: Story) -> None:
    channel = story.seed("support", 0)
    story.write("support", 0, name="Ours")
    story.emulator.add_fault({"do": "drop", "when": "after", "method": "PUT", "path": PATH + channel})
    story.emulator.add_fault(
        {"do": "edit", "method": "GET", "path": PATH + channel, "id": channel, "patch": {"name": "Theirs"}}
    )
    code, document = apply(story)
    # Version 3 may hold our write below somebody's edit: "nothing was written" would be a lie.
    assert (code, only(document)["result"], only(document)["state"]) == (4, "unknown", "stale")
    assert len(story.writes()) == 1
    assert story.live(0)["name"] == "Theirs"


def test_a_lost_write_that_somebody_took_back_is_not_written_again(story: Story) -> None:
    channel = story.seed("support", 0)
    story.write("support", 0, name="Ours")
    story.emulator.add_fault({"do": "drop", "when": "after", "method": "PUT", "path": PATH + channel})
    patch = {"name": "Channel support"}
    story.emulator.add_fault(
        {"do": "edit", "method": "GET", "path": PATH + channel, "id": channel, "patch": patch}
    )
    code, document = apply(story)
    assert (code, only(document)["result"], len(story.writes())) == (4, "unknown", 1)


def test_a_lost_write_and_an_edit_in_its_place_are_merged(story: Story) -> None:
    channel = story.seed("support", 0, theme="dark")
    story.write("support", 0, name="Ours")
    story.emulator.add_fault({"do": "drop", "when": "before", "method": "PUT", "path": PATH + channel})
    story.emulator.add_fault(
        {"do": "edit", "method": "GET", "path": PATH + channel, "id": channel, "patch": {"theme": "light"}}
    )
    code, document = apply(story)
    assert (code, only(document)["result"], only(document)["state"]) == (0, "applied", "stale-equivalent")
    assert only(document)["carried"] == ["/theme"]
    assert (story.live(0)["name"], story.live(0)["theme"]) == ("Ours", "light")


def test_a_read_that_shows_an_older_version_is_waited_out(story: Story) -> None:
    channel = story.seed("support", 0, name="Before")
    story.emulator.edit(channel, {"name": "Channel support"})
    story.write("support", 0, description="Ours")
    story.emulator.add_fault({"do": "drop", "when": "before", "method": "PUT", "path": PATH + channel})
    story.emulator.add_fault({"do": "stale", "method": "GET", "path": PATH + channel, "times": 2})
    code, document = apply(story)
    assert (code, only(document)["result"], len(story.writes())) == (0, "applied", 1)


@pytest.mark.parametrize(
    "fault",
    [{"do": "reply", "status": 503, "when": "before"}, {"do": "drop", "when": "before"}],
    ids=["503", "drop"],
)
def test_a_write_that_was_lost_on_the_way_is_repeated_under_the_same_version(
    story: Story, fault: dict
) -> None:
    story.seed("support", 0)
    story.write("support", 0, name="Ours")
    story.emulator.add_fault({"method": "PUT", "path": PATH + IDS[0], **fault})
    code, document = apply(story)
    assert (code, only(document)["result"]) == (0, "applied")
    assert [request["if_match"] for request in story.requests("PUT")] == ["1", '"1"']
    assert len(story.writes()) == 1


def test_a_remote_that_never_takes_the_write_is_a_failure(story: Story) -> None:
    story.seed("support", 0)
    story.write("support", 0, name="Ours")
    story.emulator.add_fault(
        {
            "do": "reply",
            "status": 500,
            "when": "before",
            "method": "PUT",
            "path": PATH + IDS[0],
            "times": None,
        }
    )
    code, document = apply(story)
    assert (code, only(document)["result"], story.writes()) == (4, "failed", [])


def test_a_stale_read_after_a_conflict_is_waited_out(story: Story) -> None:
    channel = story.seed("support", 0, theme="dark")
    story.write("support", 0, name="Ours")
    story.emulator.add_fault(
        {"do": "edit", "method": "PUT", "path": PATH + channel, "id": channel, "patch": {"theme": "light"}}
    )
    story.emulator.add_fault({"do": "stale", "method": "GET", "path": PATH + channel, "times": 2})
    code, document = apply(story)
    assert (code, only(document)["result"], story.live(0)["theme"]) == (0, "applied", "light")


def test_a_rate_limit_in_mid_run_is_waited_out(story: Story) -> None:
    story.seed("support", 0)
    story.write("support", 0, name="Ours")
    story.emulator.add_fault(
        {
            "do": "reply",
            "status": 429,
            "headers": {"Retry-After": "1"},
            "when": "before",
            "method": "PUT",
            "path": PATH + IDS[0],
        }
    )
    code, document = apply(story)
    assert (code, only(document)["result"]) == (0, "applied")
    assert only(document)["seconds"] < 0.9


def test_an_expired_token_in_mid_run_is_renewed_once(story: Story) -> None:
    for number in range(4):
        story.write(f"channel-{number}", number)
    story.emulator.add_fault(
        {"do": "reply", "status": 401, "when": "before", "method": "PUT", "path": PATH + IDS[2]}
    )
    code, document = apply(story)
    assert code == 0
    assert [outcome["result"] for outcome in document["outcomes"]] == ["applied"] * 4
    tokens = [request for request in story.emulator.requests if request["path"] == "/oauth/token"]
    assert len(tokens) == 2


def test_a_missing_permission_is_named_and_stops_no_other_command(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = story.emulator.tokens.add_client("reader", ["webchat:webchat:read", "auditlog:auditlog:read"])
    monkeypatch.setenv("GENESYS_CLIENT_ID", client.id)
    monkeypatch.setenv("GENESYS_CLIENT_SECRET", client.secret)
    story.write("support", 0)
    assert story.json("plan")[1]["summary"]["create"] == 1
    code, document = apply(story)
    assert (code, only(document)["result"]) == (4, "rejected")
    assert "webchat:webchat:write" in only(document)["reason"]


def test_the_health_webhook_is_created_once_and_its_address_updated(story: Story) -> None:
    story.write("support", 0, webhook=HOOK)
    code, document = apply(story)
    assert code == 0
    assert document["webhooks"] == [
        {"name": "reconciler-health-support", "action": "create", "result": "applied", "reason": None}
    ]
    story.write("support", 0, webhook=HOOK + "/two")
    code, document = apply(story)
    assert (code, document["webhooks"][0]["action"]) == (0, "update")
    hooks = list(story.emulator.store.webhooks.live.values())
    assert [hook["address"] for hook in hooks] == [HOOK + "/two"]


def test_a_webhook_that_fails_does_not_make_the_channel_a_failure(story: Story) -> None:
    story.write("support", 0, webhook=HOOK)
    story.emulator.add_fault(
        {"do": "reply", "status": 400, "when": "before", "method": "POST", "path": "/api/v2/webhooks"}
    )
    code, document = apply(story)
    assert (code, only(document)["result"]) == (4, "applied")
    assert document["webhooks"][0]["result"] == "rejected"
    assert document["metrics"]["updates"]["success"] == 1


def test_more_than_a_third_of_ten_channels_is_held(story: Story) -> None:
    for number in range(10):
        story.seed(f"channel-{number}", number)
        story.write(f"channel-{number}", number, description="New" if number < 4 else "A channel")
    held = story.json("plan")[1]["held"]
    assert "an apply is held: 4 of 10" in " ".join(story.run("plan").out.split())
    assert "an apply is held: 4 of 10" in story.run("plan", "--format", "markdown").out
    code, document = apply(story)
    assert (code, {outcome["result"] for outcome in document["outcomes"]}, story.writes()) == (
        4,
        {"not_reached"},
        [],
    )
    assert document["held"] == held
    assert "4 of 10" in document["held"]
    assert "--allow-changes 4" in document["held"]
    assert apply(story, "--allow-changes", "3")[0] == 4
    assert apply(story, "--allow-changes", "4")[0] == 0


def test_an_endpoint_that_accepts_everybody_is_a_finding(story: Story) -> None:
    story.write("support", 0)
    story.emulator.settings.update({"endpoints": {"support.example.com": {"do": "accept-everybody"}}})
    code, document = apply(story)
    assert code == 5
    failed = [probe for probe in document["probes"] if not probe["ok"]]
    assert {(probe["expected"], probe["observed"]) for probe in failed} == {("refused", "accepted")}


def test_a_disabled_channel_is_not_probed(story: Story) -> None:
    story.write("support", 0, enabled=False)
    code, document = apply(story)
    assert (code, document["probes"]) == (0, [])


def test_averages_of_nothing_are_null(story: Story) -> None:
    story.seed("support", 0)
    story.write("support", 0)
    _, document = apply(story)
    assert document["metrics"]["updates"] == {
        "success": 0,
        "failure": 0,
        "latencyAvgMs": None,
        "latencyP95Ms": None,
    }
    assert document["metrics"]["handshakes"]["successRate"] is None


def forged(path: Path, change: Callable[[Any], None]) -> None:
    """Change a saved plan as somebody would who can make one: with a digest that holds."""
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document | {"digest": digest_of(document)}))


def test_a_plan_that_wants_something_else_than_the_files_writes_nothing(story: Story) -> None:
    story.seed("support", 0)
    story.seed("stranger", 1)
    story.write("support", 0, description="Reviewed")
    saved = story.repo.parent / "plan.json"
    for change in (
        lambda plan: plan["channels"][0]["desired"]["spec"].update(enabled=False),
        lambda plan: plan["channels"][0]["desired"].update(health_webhook="https://evil.example.net/hook"),
        lambda plan: plan["channels"].append(
            plan["channels"][0]
            | {"name": "stranger", "id": IDS[1], "action": "delete", "desired": None, "changes": []}
            | {"base": story.live(1), "live_name": "Channel stranger", "revision": "1"}
        ),
    ):
        assert story.run("plan", "--out", str(saved)).code == 0
        forged(saved, change)
        story.commit()
        ended = story.run("apply", str(saved))
        assert ended.code == 4, ended
        assert "the plan is stale: it" in ended.err
    assert story.writes() == []
    assert story.run("plan", "--out", str(saved)).code == 0
    assert story.run("apply", str(saved), "--no-record").code == 0


def test_reading_and_writing_of_one_run_share_one_budget(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the remote counts it, whose window is that of the tool: here a second, not a minute."""
    monkeypatch.setattr(pacing, "MINUTE", 1.0)
    story.emulator.settings.rate_limit = None
    for number in range(8):
        story.seed(f"channel-{number}", number)
        story.write(f"channel-{number}", number, description="New")
    words = ("--yes", "--no-record", "--probe", "none", "--rate", "6", "--allow-changes", "8")
    assert story.run("apply", *words).code == 0
    times = sorted(request["at"] for request in story.requests())
    assert max(sum(start <= one < start + 1.0 for one in times) for start in times) <= 6


def test_a_channel_that_moves_under_every_write_is_given_up_and_nothing_was_written(story: Story) -> None:
    identity = story.seed("support", 0)
    story.write("support", 0, description="From Git")
    edits = [{"theme": f"shade {number}"} for number in range(8)]
    for number, patch in enumerate(edits):
        edit = {"do": "edit", "method": "PUT", "path": PATH + identity, "id": identity, "patch": patch}
        story.emulator.add_fault({**edit, "after": number})
    code, document = story.json("apply", "--yes", "--no-record", "--probe", "none")
    (outcome,) = document["outcomes"]
    assert (code, outcome["result"], story.writes()) == (4, "clashed", [])
    assert "the channel moved under each of 6 writes" in outcome["reason"]
