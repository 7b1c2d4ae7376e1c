from __future__ import annotations

import gc
import json
from typing import Any

import pytest
from messaging import (
    CONFIGURATIONS,
    DEPLOYMENTS,
    MESSENGER,
    SHOP,
    live,
    only,
    seed,
    versions,
    write_messenger,
    write_shop,
    writes,
)
from story import Story

FRENCH = {**MESSENGER, "languages": ["en-us", "fr-fr"]}
APPLY = ("apply", "--yes", "--probe", "none", "--no-record")


def outcomes(document: Any) -> dict[str, str]:
    return {one["name"]: one["result"] for one in document["outcomes"]}


def test_files_alone_become_a_published_configuration_and_a_deployment_that_pins_it(story: Story) -> None:
    write_messenger(story)
    write_shop(story)

    code, planned = story.json("plan")
    assert (code, planned["summary"]["create"], planned["exposure"]) == (0, 2, "widens")
    code, applied = story.json(*APPLY)

    assert (code, outcomes(applied)) == (0, {"messenger": "applied", "shop": "applied"})
    assert writes(story) == ["POST configuration", "POST publish", "POST deployment"]
    configuration = only(story.emulator.store.web.configurations.all)
    deployment = live(story, only(story.emulator.store.web.deployments.all))
    assert only(versions(story, configuration))["languages"] == ["en-us", "de-de"]
    assert deployment["configuration"]["id"] == configuration
    assert deployment["configuration"]["version"] == "1"
    assert deployment["allowedDomains"] == ["shop.example.com", "www.example.com"]
    shop = applied["outcomes"][1]
    assert (shop["guard"], shop["pin"]) == ("reread", {"id": configuration, "version": "1"})
    assert story.json("plan")[1]["summary"]["unchanged"] == 2


def test_a_change_is_drafted_published_and_pinned_and_what_git_does_not_manage_survives(story: Story) -> None:
    extra = {"supportCenter": {"enabled": False}, "somethingNew": {"deep": [1]}}
    configuration, shop = seed(
        story,
        {**MESSENGER, **extra},
        pushIntegrations=[{"id": "p1", "provider": "FCM"}],
        flow={"id": "f1", "name": "Flow"},
        somethingElse=True,
    )
    write_messenger(story, languages=["en-us", "fr-fr"])
    write_shop(story, allowedDomains=["shop.example.com"])

    _, planned = story.json("plan")
    (of_messenger, of_shop) = planned["channels"]
    assert of_messenger["changes"][0]["path"] == "/languages"
    assert [change["path"] for change in of_shop["changes"]] == ["/allowedDomains", "/configuration/version"]
    assert (of_shop["exposure"], of_shop["waits_for"]) == ("narrows", "messenger")
    code, applied = story.json(*APPLY)

    assert (code, writes(story)) == (0, ["PUT draft", "POST publish", "PUT deployment"])
    newest = versions(story, configuration)[-1]
    assert newest["languages"] == ["en-us", "fr-fr"]
    assert {name: newest[name] for name in extra} == extra
    now = live(story, shop)
    assert now["configuration"]["version"] == "2"
    assert (now["flow"]["id"], now["somethingElse"]) == ("f1", True)
    assert now["pushIntegrations"] == [{"id": "p1", "provider": "FCM"}]
    assert now["supportedContent"]["name"] == "Default"
    assert applied["outcomes"][0]["revision"] == {"before": "1", "after": "2"}


@pytest.mark.parametrize("listing", ["latest", "draft", "every"])
def test_whatever_the_list_holds_nothing_changed_costs_two_requests(story: Story, listing: str) -> None:
    seed(story, MESSENGER, FRENCH)
    story.emulator.settings.web.listing = listing
    write_messenger(story, languages=["fr-fr", "en-us"])
    write_shop(story)

    code, planned = story.json("plan", "--exit-code")

    assert (code, planned["requests"], planned["summary"]["unchanged"]) == (0, {"GET": 2}, 2)


def test_pages_go_on_by_the_cursor_of_their_address(story: Story) -> None:
    configuration, _ = seed(story)
    for number in range(301):
        pin = {"id": configuration, "version": "1"}
        story.emulator.seed_deployment({**SHOP, "name": f"Shop {number}", "configuration": pin})
    write_messenger(story)
    write_shop(story)

    _, planned = story.json("plan")

    assert (planned["requests"], planned["summary"]["unmanaged"]) == ({"GET": 3}, 301)


def test_a_cursor_that_repeats_ends_the_run_before_anything_is_written(story: Story) -> None:
    seed(story)
    write_messenger(story)
    write_shop(story, status="Inactive")
    story.emulator.add_fault({"do": "repeat-cursor", "path": DEPLOYMENTS, "times": None})

    ended = story.run(*APPLY)

    assert (ended.code, writes(story)) == (1, [])
    assert "a cursor comes twice" in ended.err


def test_somebodys_unpublished_draft_is_shown_and_not_overwritten(story: Story) -> None:
    configuration, _ = seed(story, draft={**MESSENGER, "description": "half a thought"})
    write_messenger(story, languages=["en-us", "fr-fr"])
    write_shop(story)

    _, planned = story.json("plan")
    assert "unpublished work" in planned["channels"][0]["note"]
    assert "/description" in story.run("plan").out
    code, applied = story.json(*APPLY)

    assert (code, outcomes(applied), writes(story)) == (
        4,
        {"messenger": "clashed", "shop": "not_reached"},
        [],
    )
    assert "--overwrite-draft" in applied["outcomes"][0]["reason"]
    code, applied = story.json(*APPLY, "--overwrite-draft", "messenger")
    assert (code, outcomes(applied)) == (0, {"messenger": "applied", "shop": "applied"})
    assert versions(story, configuration)[-1]["description"] == MESSENGER["description"]


def test_a_draft_that_holds_what_git_wants_is_our_own_unfinished_work(story: Story) -> None:
    seed(story, draft=FRENCH)
    write_messenger(story, languages=["en-us", "fr-fr"])
    write_shop(story)

    assert story.json(*APPLY)[0] == 0
    assert writes(story) == ["POST publish", "PUT deployment"]


def test_a_configuration_that_was_made_and_never_published_is_gone_on_with(story: Story) -> None:
    story.emulator.seed_configuration(draft=MESSENGER)
    write_messenger(story)
    write_shop(story)

    assert story.json("plan")[1]["channels"][0]["action"] == "update"
    assert story.json(*APPLY)[0] == 0
    assert writes(story) == ["POST publish", "POST deployment"]


def test_a_version_that_was_published_and_never_pinned_is_pinned_by_the_next_run(story: Story) -> None:
    configuration = story.emulator.seed_configuration(MESSENGER, FRENCH)
    shop = story.emulator.seed_deployment({**SHOP, "configuration": {"id": configuration, "version": "1"}})
    write_messenger(story, languages=["en-us", "fr-fr"])
    write_shop(story)

    _, planned = story.json("plan")
    assert planned["requests"] == {"GET": 3}, "the pinned version's content is read, once"
    assert planned["channels"][1]["exposure"] == "neutral"
    assert story.json(*APPLY)[0] == 0
    assert (writes(story), live(story, shop)["configuration"]["version"]) == (["PUT deployment"], "2")


def test_a_newer_version_that_differs_only_in_what_git_does_not_manage_moves_no_pin(story: Story) -> None:
    newer = {**MESSENGER, "headlessMode": {"enabled": False}}
    configuration = story.emulator.seed_configuration(MESSENGER, newer)
    story.emulator.seed_deployment({**SHOP, "configuration": {"id": configuration, "version": "1"}})
    write_messenger(story)
    write_shop(story)

    assert story.json("plan", "--exit-code")[0] == 0


def test_a_revert_pins_the_earlier_version_again_and_publishes_nothing(story: Story) -> None:
    write_messenger(story)
    write_shop(story)
    assert story.json(*APPLY)[0] == 0
    write_messenger(story, languages=["en-us", "fr-fr"])
    assert story.json(*APPLY)[0] == 0
    story.emulator.clear()
    write_messenger(story)

    _, planned = story.json("plan")
    assert [change["action"] for change in planned["channels"]] == ["unchanged", "update"]
    assert story.json(*APPLY)[0] == 0
    assert writes(story) == ["PUT deployment"]
    assert live(story, only(story.emulator.store.web.deployments.all))["configuration"]["version"] == "1"
    assert len(versions(story, only(story.emulator.store.web.configurations.all))) == 2
    assert story.json("plan", "--exit-code")[0] == 0


def test_a_version_that_somebody_else_published_is_drift_and_is_published_over(story: Story) -> None:
    write_messenger(story)
    write_shop(story)
    story.commit()
    assert story.run("apply", "--yes", "--probe", "none").code == 0
    configuration = only(story.emulator.store.web.configurations.all)
    story.emulator.edit(configuration, {"languages": ["en-us"]}, "Dana")
    story.emulator.publish(configuration, "Dana")

    code, drifted = story.json("drift")
    assert (code, [(one["name"], one["state"]) for one in drifted["channels"]]) == (
        2,
        [("messenger", "drifted")],
    )
    assert drifted["channels"][0]["fields"][0]["attribution"]["actor"]["name"] == "Dana"
    assert story.json(*APPLY)[0] == 0
    assert versions(story, configuration)[-1]["languages"] == ["en-us", "de-de"]
    assert live(story, only(story.emulator.store.web.deployments.all))["configuration"]["version"] == "3"
    assert story.json("plan", "--exit-code")[0] == 0


def test_a_pin_of_id_and_version_holds_through_an_update(story: Story) -> None:
    configuration, shop = seed(story, MESSENGER, FRENCH)
    write_shop(story, configuration={"id": configuration, "version": "1"}, status="Inactive")

    code, planned = story.json("plan")
    assert planned["requests"] == {"GET": 1}, "without configuration files, configurations are not asked for"
    assert planned["exposure"] == "unknown"
    assert (code, story.json(*APPLY)[0]) == (0, 0)
    assert live(story, shop)["configuration"]["version"] == "1"
    assert live(story, shop)["status"] == "Inactive"


def test_two_live_resources_of_the_wanted_name_are_no_plan(story: Story) -> None:
    configuration, first = seed(story)
    second = story.emulator.seed_deployment({**SHOP, "configuration": {"id": configuration, "version": "1"}})
    write_messenger(story)
    write_shop(story)

    ended = story.run("plan")

    assert ended.code == 1
    assert first in ended.err
    assert second in ended.err
    assert "spec.id" in ended.err
    write_shop(story, id=second)
    assert story.run("plan").code == 0


def test_an_id_that_leads_nowhere_is_no_plan(story: Story) -> None:
    seed(story)
    write_messenger(story)
    write_shop(story, id="5a0c0f0e-1111-4222-8333-444455556666")

    assert "no live deployment has the id 5a0c0f0e" in story.run("plan").err


def test_a_concurrent_edit_is_merged_into_a_set_and_stops_at_a_value(story: Story) -> None:
    configuration, shop = seed(story)
    write_messenger(story)
    write_shop(story, allowedDomains=["shop.example.com", "www.example.com", "m.example.com"])
    story.run("plan", "--out", str(story.repo / "plan.json"))
    story.emulator.edit(
        shop, {"allowedDomains": [*SHOP["allowedDomains"], "pay.example.com"], "flow": {"id": "f"}}
    )

    code, applied = story.json("apply", str(story.repo / "plan.json"), "--probe", "none", "--no-record")
    domains = live(story, shop)["allowedDomains"]
    assert (code, outcomes(applied)) == (0, {"shop": "applied"})
    assert sorted(domains) == ["m.example.com", "pay.example.com", "shop.example.com", "www.example.com"]
    assert live(story, shop)["flow"] == {"id": "f"}

    write_shop(story, status="Inactive", allowedDomains=domains)
    story.run("plan", "--out", str(story.repo / "plan.json"))
    story.emulator.edit(shop, {"status": "Error"})
    story.emulator.edit(shop, {"configuration": {"id": configuration, "version": "1"}, "name": "Shop!"})
    code, applied = story.json("apply", str(story.repo / "plan.json"), "--probe", "none", "--no-record")
    assert (code, outcomes(applied)) == (4, {"shop": "clashed"})


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", CONFIGURATIONS), ("POST", "*/publish"), ("POST", DEPLOYMENTS)],
)
def test_lost_answers_of_a_create_make_nothing_twice(story: Story, method: str, path: str) -> None:
    write_messenger(story)
    write_shop(story)
    story.emulator.add_fault({"do": "drop", "when": "after", "method": method, "path": path})

    code, applied = story.json(*APPLY)

    assert (code, writes(story)) == (0, ["POST configuration", "POST publish", "POST deployment"]), applied
    assert story.json("plan", "--exit-code")[0] == 0


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "*/draft"), ("POST", "*/publish"), ("PUT", DEPLOYMENTS + "/*")]
)
def test_lost_answers_of_an_update_are_looked_after(story: Story, method: str, path: str) -> None:
    seed(story)
    write_messenger(story, languages=["en-us", "fr-fr"])
    write_shop(story)
    story.emulator.add_fault({"do": "drop", "when": "after", "method": method, "path": path})

    code, applied = story.json(*APPLY)

    assert (code, writes(story)) == (0, ["PUT draft", "POST publish", "PUT deployment"]), applied
    assert story.json("plan", "--exit-code")[0] == 0


def test_what_takes_its_time_is_waited_for(story: Story) -> None:
    rules = story.emulator.settings.web
    rules.status_seconds, rules.status_reads = 0.5, 2
    seed(story)
    write_messenger(story, languages=["en-us", "fr-fr"])
    write_shop(story, status="Inactive")

    code, applied = story.json(*APPLY)

    assert (code, outcomes(applied)) == (0, {"messenger": "applied", "shop": "applied"})
    assert writes(story) == ["PUT draft", "POST publish", "PUT deployment"]
    assert story.json("plan", "--exit-code")[0] == 0


def test_what_the_remote_could_not_do_is_told(story: Story) -> None:
    seed(story)
    story.emulator.settings.web.settles_to = "Error"
    write_messenger(story)
    write_shop(story, status="Inactive")

    code, applied = story.json(*APPLY)

    assert (code, outcomes(applied)) == (4, {"shop": "failed"})
    assert "status Error" in applied["outcomes"][0]["reason"]


def test_a_feature_that_the_organisation_lacks_is_refused_at_once_with_its_field(story: Story) -> None:
    seed(story)
    story.emulator.settings.web.features_off = ["video"]
    write_messenger(story, video={"enabled": True})
    write_shop(story)

    code, applied = story.json(*APPLY)

    assert (code, outcomes(applied)) == (4, {"messenger": "rejected", "shop": "not_reached"})
    assert "video feature is not yet implemented" in applied["outcomes"][0]["reason"]


def test_a_configuration_that_somebody_published_in_between_is_told(story: Story) -> None:
    configuration, _ = seed(story)
    write_messenger(story, languages=["en-us", "fr-fr"])
    write_shop(story)
    story.emulator.add_fault({"do": "publish", "method": "POST", "path": "*/publish", "id": configuration})

    code, applied = story.json(*APPLY)

    assert (code, applied["outcomes"][0]["warning"]) == (4, "may-have-overwritten")
    assert "version 3 was published where 2 was expected" in applied["outcomes"][0]["reason"]
    assert outcomes(applied) == {"messenger": "applied", "shop": "applied"}


def test_pruning_takes_deployments_before_their_configuration(story: Story) -> None:
    write_messenger(story)
    write_shop(story)
    story.commit()
    assert story.run("apply", "--yes", "--probe", "none").code == 0
    story.emulator.clear()
    for name in ("messenger", "shop"):
        (story.repo / "channels" / f"{name}.yaml").unlink()
    theirs = story.emulator.seed_configuration({**MESSENGER, "name": "Theirs"})
    write_shop(story, "other", name="Other", configuration={"id": theirs, "version": "1"})

    code, applied = story.json("apply", "--yes", "--prune", "--probe", "none")

    assert (code, outcomes(applied)) == (0, {"other": "applied", "shop": "applied", "messenger": "applied"})
    done = writes(story)
    assert (sorted(done[:-1]), done[-1]) == (["DELETE deployment", "POST deployment"], "DELETE configuration")
    assert list(story.emulator.store.web.configurations.all) == [theirs]


def test_a_plan_for_a_deployment_alone_leaves_a_pin_that_is_not_ready(story: Story) -> None:
    _, shop = seed(story)
    write_messenger(story, languages=["en-us", "fr-fr"])
    write_shop(story, allowedDomains=["shop.example.com"])
    write_shop(story, "new", name="New")

    assert story.json(*APPLY, "--only", "shop")[0] == 0
    assert live(story, shop)["configuration"]["version"] == "1"
    ended = story.run("plan", "--only", "new")
    assert (ended.code, "add --only messenger" in ended.err) == (64, True)


def test_a_saved_plan_is_checked_and_carried_out(story: Story) -> None:
    _, shop = seed(story)
    write_messenger(story, languages=["en-us", "fr-fr"])
    write_shop(story, allowedDomains=["shop.example.com"])
    plan = story.repo / "plan.json"
    story.run("plan", "--out", str(plan))

    _, checked = story.json("plan", "check", str(plan))
    assert [one["state"] for one in checked["channels"]] == ["fresh", "fresh"]
    assert json.loads(plan.read_text())["channels"][1]["waits_for"] == "messenger"
    assert story.json("apply", str(plan), "--probe", "none", "--no-record")[0] == 0
    assert live(story, shop)["configuration"]["version"] == "2"


def test_what_exists_becomes_files_that_plan_as_empty(story: Story) -> None:
    rich = {
        **MESSENGER,
        "authenticationSettings": {"enabled": True, "integrationId": "oidc-1", "allowSessionUpgrade": True},
        "cobrowse": {"enabled": True, "maskSelectors": ["#card", ".secret"], "unknownToUs": 1},
        "messenger": {**MESSENGER["messenger"], "styles": {"primaryColor": "#75a8ff"}},
    }
    configuration, _ = seed(story, MESSENGER, rich)
    old = {"id": configuration, "version": "1"}
    story.emulator.seed_deployment({**SHOP, "name": "Old Shop", "configuration": old})

    ended = story.run("adopt")

    assert ended.code == 0, ended.err
    files = {path.stem: path.read_text() for path in (story.repo / "channels").iterdir()}
    assert sorted(files) == ["messenger", "old-shop", "shop"]
    assert files["shop"].startswith("# yaml-language-server: $schema=../schemas/web-messaging-deployment")
    assert "ref: messenger" in files["shop"]
    assert 'version: "1"' in files["old-shop"]
    assert "# Whether a guest's session may become a signed-in one" in files["messenger"]
    assert "# The sites that may open the messenger" in files["shop"]
    assert not any(
        word in "".join(files.values()) for word in ("dateCreated", "selfUri", "snippet", "unknownToUs")
    )
    code, planned = story.json("plan", "--exit-code")
    assert (code, planned["summary"]["unchanged"], planned["summary"]["unmanaged"]) == (0, 3, 0)


def test_a_create_that_ignores_the_status_is_put_right_at_once(story: Story) -> None:
    write_messenger(story)
    write_shop(story, status="Inactive")
    story.emulator.add_fault(
        {"do": "edit", "method": "GET", "path": DEPLOYMENTS + "/*", "patch": {"status": "Active"}}
    )

    _, applied = story.json(*APPLY)

    assert outcomes(applied)["shop"] == "applied"
    assert writes(story)[-2:] == ["POST deployment", "PUT deployment"]
    assert live(story, only(story.emulator.store.web.deployments.all))["status"] == "Inactive"


def test_a_draft_to_overwrite_must_be_one_of_the_plan(story: Story) -> None:
    seed(story)
    write_messenger(story)

    ended = story.run(*APPLY, "--overwrite-draft", "messneger")

    assert (ended.code, "there is messenger" in ended.err) == (64, True)


@pytest.mark.timeout(30)
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_bug_in_one_write_leaves_nobody_waiting_for_it(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> Any:
        raise RuntimeError("a bug")

    write_messenger(story)
    write_shop(story)
    monkeypatch.setattr("reconciler.acts.apply.publish", broken)

    with pytest.raises(RuntimeError, match="a bug"):
        story.run(*APPLY)
    gc.collect()  # the journal, which a bug leaves open


@pytest.mark.campaign
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "*/draft"),
        ("GET", "*/draft"),
        ("POST", "*/publish"),
        ("PUT", DEPLOYMENTS + "/*"),
        ("GET", DEPLOYMENTS + "/*"),
    ],
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_that_broke_off_at_any_step_is_gone_on_with(
    story: Story, method: str, path: str, when: str
) -> None:
    configuration, shop = seed(story)
    write_messenger(story, languages=["en-us", "fr-fr"])
    write_shop(story, allowedDomains=["shop.example.com"])
    fault = {"do": "reply", "status": 503, "when": when, "method": method, "path": path, "times": None}
    story.emulator.add_fault(fault if when == "before" else {**fault, "do": "drop"})
    (story.repo / "reconciler.toml").write_text("[limits]\nattempts = 2\nrun_seconds = 20\n")
    story.run(*APPLY)

    story.emulator.faults.clear()
    code, applied = story.json(*APPLY)

    assert code == 0, applied
    assert story.json("plan", "--exit-code")[0] == 0
    assert live(story, shop)["allowedDomains"] == ["shop.example.com"]
    assert [one["languages"] for one in versions(story, configuration)] == [
        ["en-us", "de-de"],
        ["en-us", "fr-fr"],
    ]
