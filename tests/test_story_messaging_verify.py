from __future__ import annotations

from typing import Any

import pytest
from messaging import MESSENGER, seed, write_messenger, write_shop
from story import Story

from reconciler.probe.rules import ProbeRules

SIGN_IN = {"authenticationSettings": {"enabled": True, "integrationId": "oidc-1"}}


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait no longer than a loopback needs."""
    make = ProbeRules.__init__

    def init(self: ProbeRules, **options: Any) -> None:
        make(self, **{**options, "phase_seconds": 1.0, "quiet_seconds": 0.02})

    monkeypatch.setattr(ProbeRules, "__init__", init)


def checks(document: Any) -> dict[tuple[str, str], str | None]:
    """Give, by kind of address and origin, None for a check that is well, else its reason."""
    return {
        ("cdn" if probe["url"].startswith("https") else "socket", probe["origin"]): probe["reason"]
        for probe in document["probes"]
    }


def failing(document: Any) -> list[str]:
    return [reason for reason in checks(document).values() if reason]


def ready(story: Story, *versions: Any, **shop: Any) -> tuple[str, str]:
    """Put files and live resources that agree."""
    configuration, deployment = seed(story, *versions, **shop)
    write_messenger(story, **(versions[-1] if versions else {}))
    write_shop(story, **{name: value for name, value in shop.items() if name != "configuration"})
    return configuration, deployment


def said(story: Story) -> list[list[str]]:
    return [entry["said"] for entry in story.emulator.handshakes]


def test_a_deployment_is_proved_from_the_cdn_to_a_guests_echo_without_a_word(story: Story) -> None:
    _, deployment = ready(story)

    code, document = story.json("verify", "shop")

    assert code == 0, failing(document)
    assert checks(document) == {
        ("cdn", "https://shop.example.com"): None,
        ("socket", "https://shop.example.com"): None,
        ("socket", "https://www.example.com"): None,
        ("socket", "https://not-allowed.invalid"): None,
        ("socket", "https://shop.example.com.invalid"): None,
    }
    cdn, first = document["probes"][:2]
    assert (cdn["stage"], cdn["found"]) == ("served", "version 1, Active")
    assert first["stage"] == "session"
    assert first["url"].endswith(f"/v1?deploymentId={deployment}")
    assert said(story)[0] == ["configureSession", "echo", "closeSession"]
    assert not any("onMessage" in words for words in said(story))
    assert "version 1, Active" in story.run("verify").out


def test_with_ids_in_the_files_nothing_is_read_and_no_credentials_are_needed(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration, deployment = seed(story)
    write_shop(story, id=deployment, configuration={"id": configuration, "version": 1})
    for name in ("GENESYS_CLIENT_ID", "GENESYS_CLIENT_SECRET"):
        monkeypatch.delenv(name)

    code, document = story.json("verify")

    assert (code, failing(document)) == (0, [])
    assert story.requests() == []


def test_a_cdn_that_serves_another_version_or_status_is_a_failed_check(story: Story) -> None:
    (story.repo / "reconciler.toml").write_text("[probe]\ncdn_seconds = 0\n")
    configuration, deployment = seed(story, MESSENGER, MESSENGER)
    write_shop(story, id=deployment, configuration={"id": configuration, "version": "1"})

    code, document = story.json("verify")
    assert code == 5
    assert "served version 2, Active, and version 1 is pinned" in failing(document)[0]
    assert document["probes"][0]["observed"] == "refused"

    gone = "5a0c0f0e-1111-4222-8333-444455556666"
    write_shop(story, id=gone, configuration={"id": configuration, "version": "1"})
    code, document = story.json("verify")
    assert code == 5
    assert "answers 404" in failing(document)[0]


def test_a_cdn_that_is_late_is_waited_for(story: Story) -> None:
    ready(story)
    story.emulator.settings.web.cdn_lag_seconds = 0.8
    write_messenger(story, languages=["en-us", "fr-fr"])

    code, document = story.json("apply", "--yes", "--no-record")

    assert (code, failing(document)) == (0, [])
    assert document["probes"][0]["found"] == "version 2, Active"


def test_a_domain_that_was_removed_is_refused_after_the_apply_and_a_deployment_for_all_lets_all_in(
    story: Story,
) -> None:
    ready(story)
    write_shop(story, allowedDomains=["shop.example.com"])
    _, document = story.json("apply", "--yes", "--no-record")
    assert checks(document)["socket", "https://www.example.com"] is None
    assert [one["expected"] for one in document["probes"] if one["origin"] == "https://www.example.com"] == [
        "refused"
    ]

    write_shop(story, allowAllDomains=True, allowedDomains=[])
    code, document = story.json("apply", "--yes", "--no-record")
    assert (code, failing(document)) == (0, [])
    assert checks(document)["socket", "https://not-allowed.invalid"] is None


def test_an_endpoint_that_lets_everybody_in_is_a_finding(story: Story) -> None:
    configuration, deployment = seed(story, allowAllDomains=True, allowedDomains=[])
    write_shop(story, id=deployment, configuration={"id": configuration, "version": "1"})

    code, document = story.json("verify")

    assert code == 5
    assert len([reason for reason in failing(document) if "which Git does not allow" in reason]) == 2


@pytest.mark.parametrize(("rule", "enters"), [("refuse", True), ("refuse", False), ("accept", True)])
def test_where_visitors_must_sign_in_a_guest_may_be_refused(story: Story, rule: str, enters: bool) -> None:
    (story.repo / "reconciler.toml").write_text(f"[probe]\nguests_enter = {str(enters).lower()}\n")
    story.emulator.settings.web.guest_of_authenticated = rule
    ready(story, {**MESSENGER, **SIGN_IN})

    code, document = story.json("verify")

    assert (code, failing(document)) == (0, [])


def test_a_guest_who_gets_in_where_none_may_is_a_finding_and_so_is_one_who_does_not_where_all_may(
    story: Story,
) -> None:
    (story.repo / "reconciler.toml").write_text("[probe]\nguests_enter = false\n")
    story.emulator.settings.web.guest_of_authenticated = "accept"
    _, deployment = ready(story, {**MESSENGER, **SIGN_IN})
    assert "although visitors must sign in" in failing(story.json("verify")[1])[0]

    story.emulator.settings.web.guest_of_authenticated = "refuse"
    write_messenger(story, authenticationSettings={"enabled": False, "integrationId": "oidc-1"})
    write_shop(story, id=deployment)
    assert "although visitors need not sign in" in failing(story.json("verify")[1])[0]


def test_a_conversation_that_starts_by_itself_is_a_finding(story: Story) -> None:
    story.emulator.settings.web.auto_started = True
    ready(story)

    assert "autoStarted" in failing(story.json("verify")[1])[0]


def test_a_remote_that_asks_to_come_back_later_is_obeyed(story: Story) -> None:
    ready(story)
    story.emulator.add_fault(
        {"do": "throttle", "method": "MESSAGE", "path": "/v1/configureSession", "seconds": 0.2}
    )

    code, document = story.json("verify")

    assert (code, failing(document)) == (0, [])
    assert said(story)[0] == ["configureSession", "configureSession", "echo", "closeSession"]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"do": "close", "path": "/v1/echo"}, "broke off"),
        ({"do": "drop", "path": "/v1/configureSession"}, "broke off"),
        ({"do": "reply", "path": "/v1/configureSession", "body": "no JSON", "times": 1}, "did not answer"),
        (
            {"do": "reply", "path": "/v1/echo", "body": {"class": "string", "code": 5000, "body": "x"}},
            "code 5000",
        ),
    ],
)
def test_a_session_that_goes_wrong_is_told(story: Story, fault: dict[str, Any], words: str) -> None:
    ready(story)
    story.emulator.add_fault({"method": "MESSAGE", **fault})

    code, document = story.json("verify")

    assert code == 5
    assert words in failing(document)[0]


def test_an_inactive_deployment_is_not_asked(story: Story) -> None:
    ready(story, status="Inactive")

    code, document = story.json("verify")

    assert (code, document["probes"]) == (0, [])
    assert document["skipped"] == [{"name": "shop", "reason": "it is disabled"}]


def test_a_failed_check_puts_the_earlier_version_back(story: Story) -> None:
    _, deployment = ready(story)
    write_messenger(story, languages=["en-us", "fr-fr"])
    story.emulator.settings.web.auto_started = True

    code, document = story.json("apply", "--yes", "--no-record", "--rollback-on-failed-probe")

    assert code == 5
    assert document["outcomes"][1]["rollback"]["result"] == "applied"
    live = story.emulator.store.web.deployments.all[deployment].document
    assert live["configuration"]["version"] == "1"
