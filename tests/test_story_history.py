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
