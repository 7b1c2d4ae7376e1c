"""What the article that this project grew from got wrong, told as stories that no other file tells."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from story import IDS, PATH, Story

ROOM = Path(__file__).resolve().parent.parent / "reconciler"
HOOK = "https://monitor.example.com/hooks/webchat"
AUDIT = "/api/v2/auditlogs"


def refused(story: Story) -> set[str]:
    """Validate, plan and apply files that are invalid, and give the rules they break; nothing may be contacted."""
    code, document = story.json("validate")
    assert (code, document["valid"]) == (3, False)
    assert {story.run("plan").code, story.run("apply", "--yes", "--no-record").code} == {3}
    assert story.emulator.requests == []
    return {finding["rule"] for finding in document["findings"]}


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (409, "Version conflict"),
        (412, "Precondition failed"),
        (428, "Precondition required"),
        (400, "Version 1 does not match the current version 2"),
    ],
)
def test_every_way_to_say_that_the_version_moved_is_a_conflict(
    story: Story, status: int, message: str
) -> None:
    story.seed("support", 0, theme="dark")
    story.write("support", 0, description="From Git")
    story.emulator.edit(IDS[0], {"theme": "light"})
    saved = story.repo.parent / "plan.json"
    story.run("plan", "--out", str(saved))
    story.emulator.edit(IDS[0], {"theme": "blue"})
    body = {"message": message, "code": "bad.request", "status": status}
    story.emulator.add_fault(
        {
            "do": "reply",
            "when": "before",
            "status": status,
            "body": body,
            "method": "PUT",
            "path": PATH + IDS[0],
        }
    )
    code, document = story.json("apply", str(saved), "--no-record")
    (outcome,) = document["outcomes"]
    assert (code, outcome["result"], outcome["attempts"]) == (0, "applied", 2)
    assert (story.live(0)["theme"], story.live(0)["description"]) == ("blue", "From Git")


@pytest.mark.parametrize("enabled", ['"false"', '"true"', "null", "0", "1", "no", "[]", "~", None])
def test_nothing_but_true_and_false_says_whether_a_channel_is_enabled(
    story: Story, enabled: str | None
) -> None:
    path = story.write("support", 0)
    text = path.read_text()
    assert '"enabled": true, ' in text
    path.write_text(
        text.replace('"enabled": true, ', f'"enabled": {enabled}, ' if enabled is not None else "")
    )
    assert refused(story)


@pytest.mark.parametrize(
    "origin",
    [
        *(
            "https://",
            "https://*",
            "https://*.example.com",
            "https://a@evil.example.com",
            "HTTPS://app.example.com",
        ),
        *(
            "https://evil.example.com#@app.example.com",
            "https://app.example.com/path",
            "https://app.example.com/",
        ),
        *("https://app.example.com?x", "https://127.0.0.1", "https://[2001:db8::1]", "https://localhost"),
        *(
            "https://app.example.com:443",
            "https://app.example.com.",
            "https://app.example.com:0",
            "null",
            "*",
        ),
        *("https://app", "https://app.internal", "http://app.example.com", "https://xn--a.example.com"),
        *("https://app.example.com\n", "https://app.example.com\\@evil.example.com", "https://①②⑦.0.0.1", ""),
        *(7, None, True, ["https://app.example.com"]),
    ],
    ids=repr,
)
def test_an_origin_is_no_more_and_no_less_than_one(story: Story, origin: Any) -> None:
    story.write("support", 0, corsAllowedOrigins=["https://www.example.com", origin])
    assert refused(story)


@pytest.mark.parametrize("origins", [[], None, "https://app.example.com", {}], ids=repr)
def test_a_channel_has_at_least_one_origin(story: Story, origins: Any) -> None:
    story.write("support", 0, corsAllowedOrigins=origins)
    assert refused(story)


@pytest.mark.parametrize("value", [" ", "", True, {}, None, ["a"], "a\nb"], ids=repr)
@pytest.mark.parametrize("field", ["authProviderId", "webchatUrl", "name", "id"])
def test_no_field_is_merely_truthy(story: Story, field: str, value: Any) -> None:
    story.write("support", 0, **{field: value})
    assert refused(story)


@pytest.mark.parametrize("name", ["none", "null", "N/A"])
def test_a_word_for_nothing_is_no_provider(story: Story, name: str) -> None:
    story.write("support", 0, authProviderId=name)
    assert refused(story)


def test_an_unknown_field_is_refused_and_the_nearest_named(story: Story) -> None:
    path = story.write("support", 0)
    path.write_text(path.read_text().replace('"authProviderId"', '"authProvderId"'))
    _, document = story.json("validate")
    told = " ".join(finding["message"] + finding["fix"] for finding in document["findings"])
    assert "authProviderId" in told


@pytest.mark.parametrize(
    "id_", ["../oauth/clients/1", "a?force=true", "%2e%2e", IDS[0].replace("8", "A"), IDS[0] + "\n"]
)
def test_an_id_is_a_plain_uuid(story: Story, id_: str) -> None:
    story.write("support", 0, id=id_)
    assert refused(story)


@pytest.mark.parametrize(
    "address",
    [
        *("http://monitor.example.com/hook", "https://127.0.0.1/hook", "https://localhost/hook"),
        *("https://monitor.example.com/hook?to=https://evil.example.com", "https://u:p@monitor.example.com/"),
        *("ftp://monitor.example.com/hook", "https://metadata.internal/latest"),
    ],
)
def test_a_health_webhook_goes_to_a_public_https_address(story: Story, address: str) -> None:
    story.write("support", 0, webhook=f'"{address}"')
    assert refused(story)


@pytest.mark.parametrize("hidden", ["", "\x1b[31m\u202e"], ids=["plain", "hidden"])
@pytest.mark.parametrize("form", ["text", "json", "github", "sarif"])
def test_a_refused_value_reaches_no_log_as_it_came(story: Story, form: str, hidden: str) -> None:
    hostile = f"https://evil.example.com\n::error::forged{hidden}##[error]forged"
    story.write("support", 0, corsAllowedOrigins=[hostile])
    ended = story.run("validate", "--format", form)
    assert ended.code == 3
    told = ended.out + ended.err
    assert "\x1b[31m" not in told
    assert "\u202e" not in told
    assert "##[error]" not in told
    forged = [line for line in told.splitlines() if line.lstrip().startswith("::error::forged")]
    assert forged == []


def test_throttling_and_conflicts_have_a_budget_each(story: Story) -> None:
    story.seed("support", 0, theme="dark")
    story.write("support", 0, description="From Git")
    path = PATH + IDS[0]
    for _ in range(4):
        story.emulator.add_fault(
            {
                "do": "reply",
                "when": "before",
                "status": 429,
                "headers": {"Retry-After": "0"},
                "method": "PUT",
                "path": path,
            }
        )
    for theme in ("light", "blue", "red"):
        story.interrupt(0, {"theme": theme})
    code, document = story.json("apply", "--yes", "--no-record")
    assert (code, document["outcomes"][0]["result"]) == (0, "applied")
    assert story.live(0)["description"] == "From Git"


def test_a_remote_that_throttles_for_ever_is_not_called_a_conflict(story: Story) -> None:
    story.seed("support", 0)
    story.write("support", 0, description="From Git")
    story.emulator.add_fault(
        {
            "do": "reply",
            "when": "before",
            "status": 429,
            "headers": {"Retry-After": "0"},
            "method": "PUT",
            "path": PATH + IDS[0],
            "times": None,
        }
    )
    code, document = story.json("apply", "--yes", "--no-record")
    (outcome,) = document["outcomes"]
    assert (code, outcome["result"]) == (4, "failed")
    assert "429" in outcome["reason"]
    assert "version" not in outcome["reason"]


def test_lists_webhooks_and_the_audit_log_are_asked_again_after_a_hiccup(story: Story) -> None:
    story.write("support", 0, webhook=HOOK)
    for method, path in (("GET", PATH.rstrip("/")), ("GET", "/api/v2/webhooks"), ("GET", AUDIT)):
        story.emulator.add_fault(
            {"do": "reply", "when": "before", "status": 503, "method": method, "path": path}
        )
    story.emulator.add_fault(
        {"do": "reply", "when": "before", "status": 429, "method": "POST", "path": "/api/v2/webhooks"}
    )
    code, document = story.json("apply", "--yes", "--no-record")
    assert (code, document["audit"]["complete"]) == (0, True)
    assert document["webhooks"][0]["result"] in ("applied", "already")
    assert len(story.emulator.store.webhooks.live) == 1


def test_an_audit_log_that_fails_is_no_failed_handshake(story: Story) -> None:
    story.write("support", 0)
    story.emulator.add_fault(
        {"do": "reply", "when": "before", "status": 400, "method": "GET", "path": AUDIT, "times": None}
    )
    code, document = story.json("apply", "--yes", "--no-record")
    assert code == 0
    assert document["metrics"]["handshakes"]["failure"] == 0
    assert document["audit"]["complete"] is False
    assert document["audit"]["reason"]


def test_a_handshake_that_fails_is_no_incomplete_audit(story: Story) -> None:
    story.write("support", 0)
    story.emulator.settings.update({"certificates": {"support.example.com": "expired"}})
    code, document = story.json("apply", "--yes", "--no-record")
    assert (code, document["audit"]["complete"]) == (5, True)
    assert document["metrics"]["updates"] | {"latencyAvgMs": 0, "latencyP95Ms": 0} == {
        "success": 1,
        "failure": 0,
        "latencyAvgMs": 0,
        "latencyP95Ms": 0,
    }


def test_metrics_are_measured(story: Story) -> None:
    story.write("support", 0)
    story.emulator.add_fault({"do": "delay", "seconds": 0.4, "method": "PUT", "path": PATH + IDS[0]})
    _, document = story.json("apply", "--yes", "--no-record")
    measured = document["metrics"]["updates"]["latencyAvgMs"]
    assert measured >= 400
    assert document["outcomes"][0]["seconds"] == pytest.approx(measured / 1000, abs=0.001)
    probed = [probe["seconds"] for probe in document["probes"] if probe["observed"] == "accepted"]
    average = document["metrics"]["handshakes"]["latencyAvgMs"]
    assert average == pytest.approx(1000 * sum(probed) / len(probed), abs=1.5)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "http://api.example.com",
            "api.example.com",
            "https://api.example.com/v2",
            "https://u@api.example.com",
        ),
        *("ftp://api.example.com", "https://api.example.com?x", "http://127.0.0.1.example.com"),
    ],
)
def test_the_secret_goes_to_no_address_that_is_not_plainly_https(
    story: Story, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    story.write("support", 0)
    for variable in ("GENESYS_ENV_URL", "GENESYS_LOGIN_URL"):
        with monkeypatch.context() as environ:
            environ.setenv(variable, address)
            ended = story.run("plan")
            assert ended.code == 64
            assert variable in ended.err


def test_nothing_advises_to_pin_a_certificate_or_to_skip_its_check() -> None:
    told = "\n".join(path.read_text() for path in ROOM.rglob("*.py") if "emulator" not in path.parts)
    assert re.search(r"\bs_client|certificate pinning|pin the|verify=False|CERT_NONE", told) is None
