"""What the vendor's papers leave open is assumed nowhere: the story ends the same under every answer."""

from __future__ import annotations

from typing import Any

import pytest
from messaging import MESSENGER, live, only, versions, write_messenger, write_shop
from story import Story

from reconciler.emulator.web.rules import WORDS, WebRules

APPLY = ("apply", "--yes", "--probe", "none", "--no-record")
SILENT = {"settles_to", "audit_query_state", "guest_of_authenticated", "audit_values"}
"""Rules that are failures, or that have stories of their own."""
ANSWERS: list[tuple[str, Any]] = [
    *((name, word) for name, words in WORDS.items() if name not in SILENT for word in words),
    *((name, not getattr(WebRules(), name)) for name in ("transition_moves_date", "draft_in_versions")),
    ("allow_all_default", True),
    ("status_reads", 3),
    ("create_status", 201),
    ("publish_status", 201),
    ("delete_status", 200),
    ("audit_client_user", False),
]


@pytest.mark.campaign
@pytest.mark.parametrize(("rule", "answer"), ANSWERS, ids=str)
def test_a_life_ends_the_same_under_every_answer(story: Story, rule: str, answer: Any) -> None:
    setattr(story.emulator.settings.web, rule, answer)
    write_messenger(story)
    write_shop(story)
    assert story.json(*APPLY)[0] == 0
    write_messenger(story, languages=["fr-fr", "en-us"])
    write_shop(story, allowedDomains=["www.example.com"], description="Second")
    assert story.json(*APPLY)[0] == 0
    write_messenger(story)
    write_shop(story, status="Inactive")

    code, applied = story.json(*APPLY)

    assert code == 0, applied["outcomes"]
    assert story.json("plan", "--exit-code")[0] == 0
    configuration = only(story.emulator.store.web.configurations.all)
    deployment = live(story, only(story.emulator.store.web.deployments.all))
    assert deployment["configuration"]["version"] == "1", "the earlier version is pinned again"
    assert deployment["status"] == "Inactive"
    assert sorted(deployment["allowedDomains"]) == ["shop.example.com", "www.example.com"]
    assert [one["languages"] for one in versions(story, configuration)] == [
        MESSENGER["languages"],
        ["fr-fr", "en-us"],
    ]
