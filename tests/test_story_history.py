"""Who set a channel, in Git, by us and in the console; and the versions that nobody of us made."""

from __future__ import annotations

from story import IDS, Story

FIELD = "/webchatSettings/corsAllowedOrigins"
APP, NEW, EVIL = "https://app.example.com", "https://new.example.com", "https://evil.example.net"


def test_the_history_of_a_field_has_commits_applies_and_edits_in_order(story: Story) -> None:
    story.write("support", 0)
    story.commit()
    assert story.run("apply", "--yes", "--probe", "none").code == 0
    story.emulator.edit(IDS[0], {"webchatSettings": {"corsAllowedOrigins": [EVIL]}}, user="Dana")
    assert story.json("drift")[0] == 2
    story.write("support", 0, corsAllowedOrigins=[APP, NEW])
    story.commit()
    assert story.run("apply", "--yes", "--probe", "none").code == 0
    story.write("support", 0, corsAllowedOrigins=[APP, NEW], description="Only words")
    story.commit()

    code, document = story.json("report", "log", f"support#{FIELD}")
    assert code == 0
    events = document["events"]
    # Git writes whole seconds, so that within one of them a commit stands first.
    assert events[0]["what"] == "commit"
    assert [event["when"][:19] for event in events if event["what"] != "commit"] == sorted(
        event["when"][:19] for event in events if event["what"] != "commit"
    )
    assert sorted(event["what"] for event in events) == ["apply", "apply", "commit", "commit", "edit"]
    edit = next(event for event in events if event["what"] == "edit")
    assert edit["who"]
    assert edit["fields"][0]["after"] == [EVIL]
    assert events[0]["who"] == "Test"
    assert len(story.json("report", "log", "support")[1]["events"]) == 6
    dotted = story.json("report", "log", "support#webchatSettings.corsAllowedOrigins")[1]
    assert dotted["events"] == events
    text = story.run("report", "log", "support").out
    assert "Only words" in text
    assert story.run("report", "log", "suport").code == 64


def test_an_edit_of_several_fields_stands_in_the_history_of_each(story: Story) -> None:
    story.write("support", 0)
    commit = story.commit()
    assert story.run("apply", "--yes", "--probe", "none").code == 0
    story.emulator.edit(
        IDS[0], {"description": "Hers", "webchatSettings": {"corsAllowedOrigins": [EVIL]}}, user="Dana"
    )
    assert story.json("drift")[0] == 2
    story.write("support", 0, description="Git's")
    assert story.json("drift")[0] == 2, "recorded again, as Git moved"
    for field, value in (("/description", "Hers"), (FIELD, [EVIL])):
        events = story.json("report", "log", f"support#{field}")[1]["events"]
        assert [event["what"] for event in events] == ["commit", "apply", "edit"]
        (moved,) = events[-1]["fields"]
        assert (moved["path"], moved["after"]) == (field, value)
        assert {row["path"] for event in events for row in event["fields"]} == {field}
    apply = events[1]
    assert apply["who"] == "reconciler", "the name of the OAuth client in the audit log"
    assert commit[:12] in apply["text"]
    (edit,) = [one for one in story.json("report", "log", "support")[1]["events"] if one["what"] == "edit"]
    assert {row["path"] for row in edit["fields"]} == {"/description", FIELD}


def test_a_channel_that_moved_or_left_git_keeps_its_history(story: Story) -> None:
    path = story.write("support", 0)
    story.commit()
    assert story.run("apply", "--yes", "--probe", "none").code == 0
    (story.repo / "channels" / "eu").mkdir()
    moved = path.rename(story.repo / "channels" / "eu" / "support.yml")
    story.commit()
    moved.write_text(moved.read_text().replace("A channel", "Moved and changed"))
    story.commit()
    words = story.json("report", "log", "support#/description")[1]["events"]
    # Git knows whole seconds: an apply of the same second may stand before or after a commit.
    set_by_git = [row["after"] for event in words if event["what"] == "commit" for row in event["fields"]]
    assert set_by_git == ["A channel", "Moved and changed"], "that the file moved set nothing"
    moved.unlink()
    removed = story.commit()
    ended = story.run("report", "log", "support", "--format", "json")
    assert ended.code == 0
    (last,) = [event for event in ended.json["events"] if event["id"] == removed]
    assert (last["what"], {row["after"] for row in last["fields"]}) == ("commit", {None})
    assert story.run("report", "log", "never-there").code == 64


def test_versions_that_others_made_are_told(story: Story) -> None:
    story.write("support", 0)
    story.commit()
    assert story.run("apply", "--yes", "--probe", "none").code == 0
    story.write("support", 0, description="Second")
    assert story.run("apply", "--yes", "--probe", "none").code == 0
    code, document = story.json("report", "continuity")
    assert (code, document["gaps"], document["runs"]) == (0, [], 2)
    for words in ("x", "y"):
        story.emulator.edit(IDS[0], {"theme": words}, user="Dana")
    story.write("support", 0, description="Third")
    assert story.run("apply", "--yes", "--probe", "none").code == 0
    (gap,) = story.json("report", "continuity")[1]["gaps"]
    assert (gap["name"], gap["known"], gap["found"], gap["versions"]) == ("support", "2", "4", 2)
    assert "2 versions" in story.run("report", "continuity").out
