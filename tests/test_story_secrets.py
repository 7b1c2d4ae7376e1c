"""Secrets in fields that Git does not manage: they stand in nothing that is written down, and survive every write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from messaging import MESSENGER, live, seed, versions, write_messenger, write_shop
from story import IDS, PATH, Story

SECRET = "s3cr3t-hunter2-of-nobody"
HELD: dict[str, Any] = {
    "apiKey": SECRET,
    "extra": {"deep": [{"clientSecret": SECRET}], "headers": {"X-Any": SECRET}},
    "attributes": [{"name": "password", "value": SECRET}],
    "callback": f"https://user:{SECRET}@example.com/",
}
QUIET = ("--probe", "none")


def seed_support(story: Story, number: int = 0, name: str = "support") -> None:
    story.seed(name, number, settings={"token": SECRET}, **HELD)


def is_alive(story: Story, number: int = 0) -> bool:
    document = story.live(number)
    return {name: document.get(name) for name in HELD} == HELD and document["webchatSettings"][
        "token"
    ] == SECRET


def left_by(story: Story, *more: Path) -> str:
    """Give everything that the tool wrote down: files below the repository, and all objects of Git."""
    files = [path for path in story.repo.rglob("*") if path.is_file() and ".git" not in path.parts]
    text = "".join(path.read_text() for path in (*files, *more))
    return text + story.git("log", "--all", "--format=%B", "-p")


def test_a_saved_plan_holds_no_secret_and_the_write_carries_it(story: Story) -> None:
    seed_support(story)
    story.write("support", 0, description="From Git")
    story.commit()
    path = story.repo.parent / "plan.json"
    out = ""
    for form in ("text", "json", "markdown", "html"):
        ended = story.run("plan", "--out", str(path), "--format", form)
        assert ended.code == 0
        out += ended.out + ended.err + path.read_text()
    assert SECRET not in out
    assert story.json("plan", "check", str(path))[1]["channels"][0]["state"] == "fresh"
    story.emulator.clear()
    code, document = story.json("apply", str(path), *QUIET)
    assert (code, document["outcomes"][0]["result"], document["outcomes"][0]["state"]) == (
        0,
        "applied",
        "fresh",
    )
    assert [one["method"] for one in story.requests() if one["path"].startswith(PATH)] == ["GET", "PUT"]
    assert is_alive(story)
    assert SECRET not in left_by(story, path)
    for words in (("report", "show", "last"), ("drift",), ("audit", "--days", "1")):
        ended = story.run(*words)
        assert SECRET not in ended.out + ended.err


def test_a_fresh_apply_writes_down_no_secret_and_asks_for_nothing_twice(story: Story) -> None:
    seed_support(story)
    story.write("support", 0, description="From Git")
    story.commit()
    story.emulator.clear()
    for form in ("json", "markdown", "html", "text"):
        story.write("support", 0, description=f"From Git as {form}")
        ended = story.run("apply", "--yes", *QUIET, "--format", form)
        assert (ended.code, is_alive(story)) == (0, True)
        assert SECRET not in ended.out + ended.err
    channels = [one for one in story.requests() if one["path"].startswith(PATH)]
    assert [one["method"] for one in channels] == ["PUT"] * 4
    assert SECRET not in left_by(story)


def test_a_secret_that_moved_after_the_review_is_kept_and_named_by_its_place_alone(story: Story) -> None:
    seed_support(story)
    story.write("support", 0, description="From Git")
    story.commit()
    path = story.repo.parent / "plan.json"
    assert story.run("plan", "--out", str(path)).code == 0
    story.emulator.edit(IDS[0], {"apiKey": f"{SECRET}-rotated"}, user="Dana")
    assert story.json("plan", "check", str(path))[1]["channels"][0]["state"] == "stale-equivalent"
    code, document = story.json("apply", str(path), *QUIET)
    (outcome,) = document["outcomes"]
    assert (code, outcome["state"], outcome["carried"]) == (0, "stale-equivalent", ["/apiKey"])
    assert story.live()["apiKey"] == f"{SECRET}-rotated"
    for words in (("audit", "--days", "1"), ("audit", "--days", "1", "--format", "json")):
        ended = story.run(*words)
        assert ended.code == 0
        assert "apiKey" in ended.out
        assert SECRET not in ended.out + ended.err
    assert SECRET not in str(document) + left_by(story, path)


def test_a_clash_shows_no_secret(story: Story) -> None:
    seed_support(story)
    story.write("support", 0, description="From Git")
    story.commit()
    path = story.repo.parent / "plan.json"
    assert story.run("plan", "--out", str(path)).code == 0
    story.emulator.edit(IDS[0], {"description": "Dana's", "apiKey": f"{SECRET}-2"}, user="Dana")
    for form in ("json", "markdown", "text"):
        ended = story.run("apply", str(path), *QUIET, "--format", form)
        assert (ended.code, story.writes()) == (4, [])
        assert "Dana" in ended.out
        assert SECRET not in ended.out + ended.err
    assert SECRET not in left_by(story)


@pytest.mark.parametrize("what", ["edited", "deleted", "remade"])
def test_what_happened_to_the_channel_before_it_is_read_again_is_seen(story: Story, what: str) -> None:
    seed_support(story)
    story.write("support", 0, description="From Git")
    path = story.repo.parent / "plan.json"
    assert story.run("plan", "--out", str(path)).code == 0
    if what == "edited":
        story.emulator.edit(IDS[0], {"description": "Dana's"}, user="Dana")
    else:
        story.emulator.delete(IDS[0])
    if what == "remade":
        story.seed("support", 0, description="Another one", apiKey=f"{SECRET}-of-another")
    code, document = story.json("apply", str(path), *QUIET, "--no-record")
    assert (code, document["outcomes"][0]["result"], story.writes()) == (4, "clashed", [])


def test_a_run_that_is_put_back_puts_the_secret_back(story: Story) -> None:
    seed_support(story)
    story.write("support", 0, description="From Git")
    story.emulator.settings.update({"endpoints": {"support.example.com": {"do": "accept-everybody"}}})
    path = story.repo.parent / "plan.json"
    assert story.run("plan", "--out", str(path)).code == 0
    code, document = story.json("apply", str(path), "--rollback-on-failed-probe", "--no-record")
    assert (code, is_alive(story), story.live()["description"]) == (5, True, "A channel")
    assert SECRET not in str(document)


def test_channels_that_nobody_manages_show_no_secret(story: Story) -> None:
    seed_support(story, 7, "stranger")
    story.write("support", 0)
    story.commit()
    path = story.repo.parent / "plan.json"
    assert story.run("plan", "--out", str(path)).code == 0
    assert SECRET not in path.read_text() + story.run("plan", "--format", "json").out
    for words in (("adopt", IDS[7]), ("drift", "--format", "json"), ("apply", str(path), *QUIET)):
        ended = story.run(*words)
        assert SECRET not in ended.out + ended.err
    assert SECRET not in left_by(story)


def test_a_pruned_channel_leaves_no_secret_behind(story: Story) -> None:
    story.write("support", 0)
    story.commit()
    assert story.run("apply", "--yes", *QUIET).code == 0
    story.emulator.edit(IDS[0], HELD)
    (story.repo / "channels" / "support.yaml").unlink()
    story.write("other", 1)
    story.commit()
    path = story.repo.parent / "plan.json"
    assert story.run("plan", "--prune", "--out", str(path)).code == 0
    assert story.run("apply", str(path), *QUIET).code == 0
    assert SECRET not in left_by(story, path)


def test_secrets_of_web_messaging_survive_a_saved_plan_and_stand_in_nothing(story: Story) -> None:
    held = {**HELD, "position": {"alignment": "Auto", "token": SECRET}}
    configuration, shop = seed(
        story,
        {**MESSENGER, **held},
        apiKey=SECRET,
        pushIntegrations=[{"id": "p1", "provider": "FCM", "token": SECRET}],
    )
    write_messenger(story, description="From Git")
    write_shop(story, description="From Git")
    story.commit()
    path = story.repo.parent / "plan.json"
    assert story.run("plan", "--out", str(path)).code == 0
    states = {one["name"]: one["state"] for one in story.json("plan", "check", str(path))[1]["channels"]}
    assert states == {"messenger": "fresh", "shop": "fresh"}
    code, document = story.json("apply", str(path), *QUIET)
    assert (code, [one["state"] for one in document["outcomes"]]) == (0, ["fresh", "fresh"])
    newest, now = versions(story, configuration)[-1], live(story, shop)
    assert {name: newest[name] for name in held} == held
    assert (now["apiKey"], now["pushIntegrations"][0]["token"]) == (SECRET, SECRET)
    assert SECRET not in str(document) + left_by(story, path)
