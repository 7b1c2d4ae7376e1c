"""Over real TLS: hostile schedules through the whole command line, and runs that are killed at any instant.

`PROOF=full` plays as many as the documentation states; without it, the campaigns play fewer.
"""

from __future__ import annotations

import os
import random

import pytest
from story import IDS, PATH, Story

from .socketed import kill, kills, lost_promises, prepare

FULL = os.environ.get("PROOF") == "full"
KILLS = 300 if FULL else 70
SCHEDULES = 300 if FULL else 100

FAULTS = (
    {"do": "drop", "when": "before"},
    {"do": "drop", "when": "after"},
    {"do": "truncate"},
    {"do": "reply", "status": 500, "when": "after"},
    {"do": "reply", "status": 503, "when": "before"},
    {"do": "reply", "status": 502, "when": "after", "body": "<html>bad gateway</html>"},
    {"do": "reply", "status": 429, "when": "before", "headers": {"Retry-After": "1"}},
    {"do": "reply", "status": 409, "when": "before"},
    {"do": "reply", "status": 401, "when": "before"},
    {"do": "stale", "method": "GET", "path": PATH + "*"},
    {"do": "delay", "seconds": 0.2},
)
EDITS = ({"theme": "light"}, {"name": "Theirs"}, {"webchatSettings": {"agentPresence": "shown"}})


@pytest.mark.campaign
@pytest.mark.timeout(3_600)
def test_killed_runs_are_healed_with_one_write_a_change(story: Story) -> None:
    dice = random.Random(1)
    for number, instant in enumerate(kills(1, KILLS)):
        prepare(story, dice)
        kill(story, instant)
        code, document = story.json("apply", "--yes", "--probe", "none")
        told = list(lost_promises(story, document, code))
        assert not told, "\n".join([f"kill {number}: {instant}", *told])
    assert story.run("report", "verify").code == 0


@pytest.mark.campaign
@pytest.mark.timeout(3_600)
def test_schedules_over_tls_lose_nothing(story: Story) -> None:
    dice = random.Random(2)
    for number in range(SCHEDULES):
        prepare(story, dice)
        faults = [{**dice.choice(FAULTS), "after": dice.randrange(6)} for _ in range(dice.choice((1, 2, 3)))]
        edited, patch = dice.choice(IDS[1:3]), dice.choice(EDITS)
        edit = {"do": "edit", "method": "PUT", "path": PATH + edited, "id": edited, "patch": patch}
        # The edit comes first, since a fault that answers at once keeps those after it from their turn.
        met = story.emulator.add_fault(edit)
        for fault in ({"path": "/api/*", **fault} for fault in faults):
            story.emulator.add_fault(fault)
        ended = story.run("apply", "--yes", "--probe", "none", "--no-record", "--format", "json")
        document = ended.json if ended.out else {"outcomes": []}
        told = list(_false_words(story, document, ended.code))
        if met.met and "name" not in patch:
            told += [f"{edited} lost {patch}"] if not _holds(story, edited, patch) else []
        if "name" in patch and met.met and story.live(IDS.index(edited))["name"] != "Theirs":
            told.append(f"{edited} was overwritten unseen")
        assert not told, "\n".join([f"schedule {number}: {faults}, {edit}", *told, ended.err])


def _false_words(story: Story, document: dict, code: int) -> list[str]:
    committed = [write["path"] for write in story.writes() if write["path"].startswith(PATH)]
    told = [f"{path} was written twice" for path in set(committed) if committed.count(path) > 1]
    for outcome in document["outcomes"]:
        written = PATH + outcome["id"] in committed
        if outcome["result"] in ("clashed", "rejected", "failed", "not_reached") and written:
            told.append(f"{outcome['name']} is called {outcome['result']} and was written")
        if outcome["result"] == "applied" and not written:
            told.append(f"{outcome['name']} is called applied and was not written")
    done = all(outcome["result"] in ("applied", "already") for outcome in document["outcomes"])
    hooks = all(hook["result"] in ("applied", "already") for hook in document.get("webhooks", ()))
    if document["outcomes"] and (code == 0) is not (done and hooks):
        told.append(f"the exit code is {code}")
    return told


def _holds(story: Story, identity: str, patch: dict) -> bool:
    live = story.emulator.store.channels.get(identity)
    if "theme" in patch:
        return live.get("theme") == patch["theme"]
    return live["webchatSettings"].get("agentPresence") == "shown"
