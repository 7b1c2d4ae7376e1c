"""Clashes settled by a person, windows in which nothing is written, canaries and rollbacks."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from story import IDS, PATH, Story

ORIGINS = ["https://app.example.com", "https://www.example.com"]


def saved(story: Story, *words: str) -> Path:
    path = story.repo.parent / "plan.json"
    assert story.run("plan", "--out", str(path), *words).code == 0
    return path


def apply(story: Story, *words: str) -> tuple[int, dict]:
    return story.json("apply", *words, "--no-record")


def only(document: dict) -> dict:
    (outcome,) = document["outcomes"]
    return outcome


def clashing(story: Story) -> Path:
    story.seed("support", 0)
    story.write("support", 0, name="Ours", description="Ours")
    path = saved(story)
    story.emulator.edit(IDS[0], {"name": "Theirs"}, user="Dana")
    return path


def test_a_clash_shows_who_moved_it_when_and_the_ways_out(story: Story) -> None:
    path = clashing(story)
    ended = story.run("apply", str(path), "--no-record")
    assert ended.code == 4
    for words in (
        '"Channel support"',
        '"Theirs"',
        '"Ours"',
        "moved by   Dana, 20",
        "--only support --take git name@2",
    ):
        assert words in ended.out
    assert story.writes() == []


def test_taking_the_side_of_git_writes_it_and_records_what_was_there(story: Story) -> None:
    path = clashing(story)
    code, document = apply(story, str(path), "--take", "git", "name@2")
    assert (code, only(document)["result"], story.live(0)["name"]) == (0, "applied", "Ours")
    (taken,) = only(document)["taken"]
    assert (taken["side"], taken["path"], taken["theirs"]) == ("git", "/name", "Theirs")
    assert document["terms"]["take"] == ["git name@2"]


def test_taking_the_live_side_keeps_it_and_writes_the_rest(story: Story) -> None:
    path = clashing(story)
    code, document = apply(story, str(path), "--take", "live", "/name")
    assert (code, only(document)["result"]) == (0, "applied")
    assert (story.live(0)["name"], story.live(0)["description"]) == ("Theirs", "Ours")


def test_a_take_holds_for_the_version_that_the_person_saw(story: Story) -> None:
    path = clashing(story)
    time.sleep(0.002)  # the log's times have milliseconds
    story.emulator.edit(IDS[0], {"name": "Third"}, user="Robin")
    code, document = apply(story, str(path), "--take", "git", "name@2")
    assert (code, only(document)["result"], story.live(0)["name"]) == (4, "clashed", "Third")
    assert only(document)["clashes"][0]["by"]["actor"]["name"] == "Robin"


def test_taking_the_live_side_of_a_fresh_plan_leaves_that_field_alone(story: Story) -> None:
    story.seed("support", 0)
    story.write("support", 0, name="Ours", description="Ours")
    code, _ = apply(story, "--yes", "--take", "live", "name")
    assert code == 0
    assert (story.live(0)["name"], story.live(0)["description"]) == ("Channel support", "Ours")


@pytest.mark.parametrize("field", ["nam", "theme", "/webchatSettings/corsAllowedOrigin"])
def test_taking_a_field_that_nobody_manages_is_wrong_usage(story: Story, field: str) -> None:
    path = clashing(story)
    ended = story.run("apply", str(path), "--take", "git", field)
    assert (ended.code, story.writes()) == (64, [])
    assert "/name" in ended.err or "corsAllowedOrigins" in ended.err


def test_strict_merges_nothing(story: Story) -> None:
    story.seed("support", 0, theme="dark")
    story.write("support", 0, name="Ours")
    path = saved(story)
    story.emulator.edit(IDS[0], {"theme": "light"})
    code, document = apply(story, str(path), "--strict")
    assert (code, only(document)["result"], story.writes()) == (4, "clashed", [])
    assert "--strict" in only(document)["reason"]


FREEZE = '[freeze]\ntime_zone = "Europe/Berlin"\n\n[freeze.forever]\nfrom = 2000-01-01\nuntil = 2999-12-31\n'


def test_an_open_freeze_window_holds_an_apply_and_a_person_can_go_through_it(story: Story) -> None:
    (story.repo / "reconciler.toml").write_text(FREEZE)
    story.write("support", 0)
    code, document = apply(story, "--yes")
    assert (code, only(document)["result"], story.writes()) == (4, "not_reached", [])
    for words in ('"forever"', "3000-01-01 00:00", "Europe/Berlin", "--through-freeze forever"):
        assert words in document["held"]
    code, document = apply(story, "--yes", "--through-freeze", "forever")
    assert (code, document["terms"]["throughFreeze"]) == (0, ["forever"])


def test_a_plan_without_changes_is_not_held_by_a_freeze(story: Story) -> None:
    (story.repo / "reconciler.toml").write_text(FREEZE)
    story.seed("support", 0)
    story.write("support", 0)
    assert apply(story, "--yes")[0] == 0


def test_going_through_a_window_that_is_not_there_is_wrong_usage(story: Story) -> None:
    story.write("support", 0)
    ended = story.run("apply", "--yes", "--through-freeze", "christmas")
    assert (ended.code, story.writes()) == (64, [])


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('[freeze]\ntime_zone = "Mars/Olympus"\n', "Mars/Olympus"),
        ("[freeze.x]\nfrom = 2026-12-20\nuntil = 2026-12-01\n", "until must be after from"),
        ('[freeze.x]\nfrom = "2026-12-20"\nuntil = 2026-12-24\n', "without quotes"),
        ('[freeze.x]\nweekdays = ["Friday"]\n', "Mon, Tue"),
        ("[freeze.x]\nfom = 2026-12-20\n", "'fom'"),
        ("[freeze]\nx = 1\n", "[freeze.x]"),
    ],
)
def test_a_freeze_that_cannot_be_read_is_wrong_usage(story: Story, table: str, words: str) -> None:
    (story.repo / "reconciler.toml").write_text(table)
    story.write("support", 0)
    ended = story.run("apply", "--yes")
    assert (ended.code, story.emulator.requests) == (64, [])
    assert words in ended.err


def test_a_canary_that_proves_itself_lets_the_others_go(story: Story) -> None:
    for number, name in enumerate(("a", "b", "c")):
        story.write(name, number)
    code, document = apply(story, "--yes", "--canary", "1")
    assert (code, [outcome["result"] for outcome in document["outcomes"]]) == (0, ["applied"] * 3)
    writes = [write["at"] for write in story.writes()]
    first_checks = [shake["at"] for shake in story.emulator.handshakes if shake["host"].startswith("a.")]
    assert writes[0] < min(first_checks) < max(first_checks) < writes[1]


def test_a_canary_whose_endpoint_fails_stops_everything_after_it(story: Story) -> None:
    for number, name in enumerate(("a", "b", "c")):
        story.write(name, number, webhook="https://monitor.example.com/hooks/webchat")
    story.emulator.settings.update({"endpoints": {"a.example.com": {"do": "accept-everybody"}}})
    code, document = apply(story, "--yes", "--canary", "1")
    results = [outcome["result"] for outcome in document["outcomes"]]
    assert (code, results, len(story.writes())) == (4, ["applied", "not_reached", "not_reached"], 1)
    assert "canary a failed" in document["outcomes"][1]["reason"]
    assert {hook["result"] for hook in document["webhooks"]} == {"not_reached"}


@pytest.mark.parametrize("option", [["--canary", "1"], ["--rollback-on-failed-probe"]])
def test_what_stands_on_checks_is_refused_without_checks(story: Story, option: list[str]) -> None:
    story.write("support", 0)
    ended = story.run("apply", "--yes", "--probe", "none", *option)
    assert (ended.code, story.writes()) == (64, [])


def test_a_failed_check_puts_the_channel_back_under_the_version_that_was_written(story: Story) -> None:
    before = story.live(0) if story.seed("support", 0, theme="dark") else {}
    story.write("support", 0, corsAllowedOrigins=[*ORIGINS, "https://new.example.com"])
    story.emulator.settings.update({"endpoints": {"support.example.com": {"do": "accept-everybody"}}})
    code, document = apply(story, "--yes", "--rollback-on-failed-probe")
    assert (code, only(document)["result"], only(document)["rollback"]["result"]) == (5, "applied", "applied")
    assert only(document)["rollback"]["revision"] == "3"
    assert {**story.live(0), "version": 1} == before
    assert [write["if_match"] for write in story.writes()][-1] in ("2", '"2"')


def test_what_was_put_back_is_checked_once_more_and_the_record_says_what_was_seen(story: Story) -> None:
    story.seed("support", 0)
    story.seed("retail", 1)
    story.write("support", 0, corsAllowedOrigins=[*ORIGINS, "https://new.example.com"])
    story.write("retail", 1, webchatUrl="https://broken.example.com")
    story.commit()
    endpoints = {"support.example.com": {"do": "accept-everybody"}, "broken.example.com": {"do": "drop"}}
    story.emulator.settings.update({"endpoints": endpoints})
    code, document = story.json("apply", "--yes", "--rollback-on-failed-probe")
    rollbacks = {one["name"]: one["rollback"] for one in document["outcomes"]}
    assert (code, {one["result"] for one in rollbacks.values()}) == (5, {"applied", "not_reached"})
    support = rollbacks["support"]
    seen = {probe["origin"]: (probe["expected"], probe["ok"]) for probe in support["probes"]}
    assert seen["https://new.example.com"] == ("refused", False)
    assert seen[ORIGINS[0]] == ("accepted", True)
    assert (
        "still fails 3 of 5 (https://not-allowed.invalid should be refused, was accepted)"
        in support["reason"]
    )
    assert rollbacks["retail"]["probes"] == []
    shown = story.run("report", "show", document["run"]).out
    assert "checked again, its endpoint still fails" in " ".join(shown.split())


def test_a_rollback_that_mends_the_endpoint_says_so(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    story.seed("support", 0)
    story.write("support", 0, description="Ours", corsAllowedOrigins=[*ORIGINS, "https://new.example.com"])
    story.emulator.settings.update({"endpoints": {"support.example.com": {"do": "accept-everybody"}}})
    channels = type(story.emulator.store.channels)
    real = channels.replace

    def replaced(self: Any, document: Any, *words: Any) -> Any:
        if document["description"] == "A channel":
            story.emulator.settings.update({"endpoints": {}})
        return real(self, document, *words)

    monkeypatch.setattr(channels, "replace", replaced)
    code, document = apply(story, "--yes", "--rollback-on-failed-probe")
    rollback = only(document)["rollback"]
    assert (code, rollback["result"], all(one["ok"] for one in rollback["probes"])) == (5, "applied", True)
    assert rollback["reason"].endswith("checked again (5), its endpoint does what it should")


def test_a_rollback_never_widens(story: Story) -> None:
    story.seed("support", 0)
    story.write("support", 0, corsAllowedOrigins=ORIGINS[:1])
    story.emulator.settings.update({"endpoints": {"support.example.com": {"do": "accept-everybody"}}})
    code, document = apply(story, "--yes", "--rollback-on-failed-probe")
    assert (code, only(document)["rollback"]["result"]) == (5, "not_reached")
    assert "widen" in only(document)["rollback"]["reason"]
    assert story.live(0)["webchatSettings"]["corsAllowedOrigins"] == ORIGINS[:1]


def test_a_rollback_leaves_what_somebody_moved_since(story: Story) -> None:
    channel = story.seed("support", 0)
    story.write("support", 0, description="Ours")
    story.emulator.settings.update({"endpoints": {"support.example.com": {"do": "accept-everybody"}}})
    edit = {"do": "edit", "method": "PUT", "path": PATH + channel, "id": channel, "patch": {"name": "Theirs"}}
    story.emulator.add_fault({**edit, "after": 1})
    code, document = apply(story, "--yes", "--rollback-on-failed-probe")
    assert (code, only(document)["rollback"]["result"]) == (5, "clashed")
    assert (story.live(0)["name"], story.live(0)["description"]) == ("Theirs", "Ours")


def test_what_was_rolled_back_is_not_remembered_as_applied(story: Story) -> None:
    story.seed("support", 0)
    story.write("support", 0, description="Ours")
    story.commit()
    story.emulator.settings.update({"endpoints": {"support.example.com": {"do": "accept-everybody"}}})
    assert story.run("apply", "--yes", "--rollback-on-failed-probe").code == 5
    names = story.git("ls-tree", "-r", "--name-only", "reconciler-record").splitlines()
    assert not [name for name in names if name.startswith("applied/")]


def test_probes_ask_for_what_a_merge_settled(story: Story) -> None:
    channel = story.seed("support", 0)
    story.write("support", 0, corsAllowedOrigins=[*ORIGINS, "https://new.example.com"])
    patch = {"webchatSettings": {"corsAllowedOrigins": ORIGINS[:1]}}
    story.emulator.add_fault(
        {"do": "edit", "method": "PUT", "path": PATH + channel, "id": channel, "patch": patch}
    )
    code, document = apply(story, "--yes")
    accepted = {probe["origin"] for probe in document["probes"] if probe["expected"] == "accepted"}
    assert (code, accepted) == (0, {ORIGINS[0], "https://new.example.com"})


def test_a_saved_plan_holds_stale_channels_and_the_others_go_on(story: Story) -> None:
    for number, name in enumerate(("fresh", "equivalent", "stale", "gone")):
        story.seed(name, number, theme="dark")
        story.write(name, number, description="From Git")
    path = saved(story)
    story.emulator.edit(IDS[1], {"theme": "light"})
    story.emulator.edit(IDS[2], {"description": "Dana's"}, user="Dana")
    story.emulator.delete(IDS[3], user="Dana")
    code, document = apply(story, str(path), "--probe", "none")
    ended = {outcome["name"]: (outcome["result"], outcome["state"]) for outcome in document["outcomes"]}
    assert (code, ended) == (
        4,
        {
            "fresh": ("applied", "fresh"),
            "equivalent": ("applied", "stale-equivalent"),
            "stale": ("clashed", "stale"),
            "gone": ("clashed", "stale"),
        },
    )
    outcomes = {outcome["name"]: outcome for outcome in document["outcomes"]}
    assert "/theme" in outcomes["equivalent"]["reason"]
    assert "Dana" in outcomes["gone"]["reason"]
    assert json.loads(path.read_text())["digest"] == document["plan"]["digest"]


def test_a_saved_plan_holds_no_headers_of_a_webhook_and_keeps_them_at_the_write(story: Story) -> None:
    story.seed("support", 0)
    story.write("support", 0, webhook="https://monitor.example.com/hooks/new")
    hook = {
        "id": "hook-1",
        "name": "reconciler-health-support",
        "version": 4,
        "enabled": True,
        "event": "routing:conversation:analytic",
        "address": "https://monitor.example.com/hooks/old",
        "method": "POST",
        "filter": "channelType:webchat",
        "headers": {"X-Token": "s3cret-of-somebody"},
    }
    story.emulator.store.webhooks.load([hook])
    path = saved(story)
    assert "s3cret-of-somebody" not in path.read_text()
    code, document = apply(story, str(path), "--probe", "none")
    assert (code, document["webhooks"][0]["result"]) == (0, "applied")
    (live,) = story.emulator.store.webhooks.live.values()
    assert live["address"] == "https://monitor.example.com/hooks/new"
    assert live["headers"]["X-Token"] == "s3cret-of-somebody"
