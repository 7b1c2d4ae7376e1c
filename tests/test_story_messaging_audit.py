from __future__ import annotations

import time
from typing import Any

import pytest
from messaging import DEPLOYMENTS, SHOP, live, seed, write_messenger, write_shop
from story import Story

APPLY = ("apply", "--yes", "--probe", "none", "--no-record")


def ready(story: Story) -> tuple[str, str]:
    ids = seed(story)
    write_messenger(story)
    write_shop(story)
    return ids


def audits(story: Story, *methods: str) -> list[str]:
    return [one["path"] for one in story.requests(*methods) if "/audits/" in one["path"]]


def test_the_log_of_both_kinds_is_asked_once_and_told_apart_by_name(story: Story) -> None:
    configuration, shop = ready(story)
    story.emulator.edit(shop, {"allowedDomains": ["shop.example.com", "evil.example.com"]}, "Dana")
    story.emulator.edit(configuration, {"description": "new"}, "Dana")
    story.emulator.publish(configuration, "Dana")

    code, document = story.json("audit")

    assert (code, document["complete"]) == (0, True)
    told = [(entry["name"], entry["action"], entry["actor"]["name"]) for entry in document["entries"]]
    assert sorted(told) == [
        ("messenger", "Publish", "Dana"),
        ("messenger", "Save", "Dana"),
        ("shop", "Update", "Dana"),
    ]
    assert {
        "property": "allowedDomains",
        "before": ["shop.example.com", "www.example.com"],
        "after": ["shop.example.com", "evil.example.com"],
    } in [change for entry in document["entries"] for change in entry["changes"]]
    assert audits(story, "POST") == ["/api/v2/audits/query/realtime"]


@pytest.mark.parametrize("words", ["text", "json"])
def test_where_nothing_is_answered_at_once_a_query_is_begun_and_looked_after(
    story: Story, words: str
) -> None:
    story.emulator.settings.web.audit_realtime = False
    story.emulator.settings.web.audit_query_reads = 3
    story.emulator.settings.web.audit_values = words
    _, shop = ready(story)
    for number in range(3):
        story.emulator.edit(shop, {"description": str(number), "allowAllDomains": bool(number % 2)})

    code, document = story.json("audit", "shop")

    assert (code, len(document["entries"])) == (0, 3)
    assert [path.rpartition("/")[2] for path in audits(story, "POST")] == ["realtime", "query"]
    assert audits(story, "GET")[-1].endswith("/results")


def test_a_long_time_is_asked_in_parts_that_the_service_takes(story: Story) -> None:
    ready(story)

    code, document = story.json("audit", "--days", "70")

    assert (code, document["complete"]) == (0, True)
    assert len(audits(story, "POST")) == 3


@pytest.mark.parametrize("state", ["Failed", "Cancelled"])
def test_a_query_that_fails_is_told(story: Story, state: str) -> None:
    story.emulator.settings.web.audit_realtime = False
    story.emulator.settings.web.audit_query_state = state
    ready(story)

    code, document = story.json("audit")

    assert (code, document["complete"]) == (1, False)
    assert f"ended as {state}" in document["reason"]


def test_an_edit_that_slips_in_between_look_and_write_is_told_with_its_author(story: Story) -> None:
    _, shop = ready(story)
    write_shop(story, allowedDomains=["shop.example.com"])
    patch = {"flow": {"id": "the-new-flow"}}
    story.emulator.add_fault(
        {"do": "edit", "method": "PUT", "path": DEPLOYMENTS + "/*", "patch": patch, "user": "Dana"}
    )

    code, document = story.json(*APPLY)

    (outcome,) = document["outcomes"]
    assert (code, outcome["result"], outcome["guard"]) == (4, "applied", "reread")
    assert outcome["warning"] == "may-have-overwritten"
    assert "Dana" in outcome["reason"]
    assert "flow.id" in outcome["reason"]
    assert "flow" not in live(story, shop), "that is what was lost"


def test_what_somebody_published_before_our_look_was_not_overwritten_unseen(story: Story) -> None:
    configuration, _ = ready(story)
    story.emulator.edit(configuration, {"description": "console"}, "Dana")
    time.sleep(0.01)
    story.emulator.publish(configuration, "Dana")

    code, document = story.json(*APPLY)

    assert (code, [one["warning"] for one in document["outcomes"]]) == (0, [None, None])


def test_an_edit_right_after_the_write_is_told_too(story: Story) -> None:
    ready(story)
    write_shop(story, allowedDomains=["shop.example.com"])
    story.emulator.add_fault(
        {
            "do": "edit",
            "method": "GET",
            "path": DEPLOYMENTS + "/*",
            "after": 1,
            "patch": {"allowedDomains": ["evil.example.com"]},
        }
    )

    code, document = story.json(*APPLY)

    assert (code, document["outcomes"][0]["warning"]) == (4, "may-have-overwritten")
    assert "/allowedDomains" in document["outcomes"][0]["reason"]


def test_a_log_that_is_late_is_waited_for_and_one_that_is_later_is_called_incomplete(story: Story) -> None:
    ready(story)
    story.emulator.settings.audit_lag_seconds = 0.4
    write_shop(story, allowedDomains=["shop.example.com"])
    code, document = story.json(*APPLY)
    assert (code, document["audit"]["complete"]) == (0, True)

    story.emulator.settings.audit_lag_seconds = 600
    write_shop(story)
    code, document = story.json(*APPLY)
    assert (code, document["audit"]["complete"]) == (0, False)
    assert "not visible yet: shop" in document["audit"]["reason"]


def test_a_client_that_may_not_read_the_log_applies_all_the_same(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(story)
    rights = [
        "webDeployments:configuration:view",
        "webDeployments:deployment:view",
        "webDeployments:deployment:edit",
    ]
    client = story.emulator.tokens.add_client("deployer", rights)
    for name, value in story.emulator.environment(client).items():
        monkeypatch.setenv(name, value)
    write_shop(story, allowedDomains=["shop.example.com"])

    code, document = story.json(*APPLY)

    assert (code, document["audit"]["complete"]) == (0, False)
    assert "audits:audit:view" in document["audit"]["reason"]


def test_drift_of_a_deployment_has_a_name(story: Story) -> None:
    write_messenger(story)
    write_shop(story)
    story.commit()
    assert story.run("apply", "--yes", "--probe", "none").code == 0
    shop = next(iter(story.emulator.store.web.deployments.all))
    story.emulator.edit(shop, {"allowedDomains": [*SHOP["allowedDomains"], "evil.example.com"]}, "Dana")

    code, document = story.json("drift")

    (channel,) = document["channels"]
    (field,) = channel["fields"]
    assert (code, channel["state"], field["exposure"]) == (2, "drifted", "widens")
    assert field["attribution"]["certainty"] == "exact"
    assert field["attribution"]["actor"]["name"] == "Dana"


@pytest.mark.parametrize("kept", [False, True])
def test_people_stand_in_a_committed_record_only_where_that_is_switched_on(
    story: Story, *, kept: bool
) -> None:
    ready(story)
    (story.repo / "reconciler.toml").write_text(f"[record]\npeople = {str(kept).lower()}\n")
    write_shop(story, allowedDomains=["shop.example.com"])
    story.commit()
    story.emulator.add_fault(
        {"do": "edit", "method": "PUT", "path": DEPLOYMENTS + "/*", "patch": {"description": "x"}}
    )

    ended = story.run("apply", "--yes", "--probe", "none", "--format", "json")

    entries = [entry for entry in ended.json["audit"]["entries"] if entry["actor"]["name"] == "Dana"]
    assert entries, "who is shown to the operator"
    record: Any = story.git("show", "reconciler-record:" + ended.json["record"]["path"])
    assert ("Dana" in record) is kept
    assert (entries[0]["actor"]["id"] in record) is kept
    assert ("person-" in record) is not kept
    assert story.emulator.client.id in record, "an OAuth client is no person"
