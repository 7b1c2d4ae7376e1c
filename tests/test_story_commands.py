"""The smaller commands, as a person types them."""

from __future__ import annotations

from pathlib import Path

import pytest
from story import IDS, Story

from reconciler.cli.main import COMMANDS, run


def test_adopt_writes_files_that_plan_as_unchanged(story: Story) -> None:
    story.seed("support", 0, theme="dark")
    story.seed("retail", 1)
    code, document = story.json("adopt")
    assert code == 0
    assert sorted(file["name"] for file in document["files"]) == ["channel-retail", "channel-support"]
    assert story.json("plan")[1]["summary"] == {
        "create": 0,
        "update": 0,
        "delete": 0,
        "unchanged": 2,
        "unmanaged": 0,
    }
    text = (story.repo / "channels" / "channel-support.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=../schemas/webchat-channel.schema.json\n")
    assert "version" not in text


def test_adopt_edits_a_managed_file_and_keeps_its_comments(story: Story) -> None:
    story.seed("support", 0)
    path = story.repo / "channels" / "support.yaml"
    path.write_text(
        f"""\
# Owned by the platform team.
apiVersion: reconciler/v1
kind: WebchatChannel
metadata:
  name: support
spec:
  id: {IDS[0]}
  name: Channel support  # as the agents know it
  description: A channel
  enabled: true
  webchatSettings:
    webchatUrl: https://support.example.com
    corsAllowedOrigins:
      - https://www.example.com  # the shop
      - https://app.example.com
    authProviderId: oauth2-provider-1
"""
    )
    before = path.read_text()
    origins = ["https://app.example.com", "https://www.example.com", "https://new.example.com"]
    story.emulator.edit(IDS[0], {"webchatSettings": {"corsAllowedOrigins": origins}})
    assert story.run("adopt", "support").code == 0
    added = "      - https://app.example.com\n      - https://new.example.com\n"
    assert path.read_text() == before.replace("      - https://app.example.com\n", added)
    assert story.json("plan")[1]["summary"]["unchanged"] == 1


def test_verify_needs_no_credentials(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    story.write("support", 0)
    assert story.json("apply", "--yes", "--no-record")[0] == 0
    for name in ("GENESYS_CLIENT_ID", "GENESYS_CLIENT_SECRET", "GENESYS_ENV_URL"):
        monkeypatch.delenv(name)
    code, document = story.json("verify", "support")
    assert code == 0
    assert document["metrics"]["handshakes"]["successRate"] == 1.0


def test_verify_tells_bad_certificates_apart(story: Story) -> None:
    kinds = ("expired", "wrong-host", "self-signed", "untrusted")
    for number, name in enumerate(kinds):
        story.write(name, number)
    story.emulator.settings.update({"certificates": {f"{name}.example.com": name for name in kinds}})
    code, document = story.json("verify")
    assert code == 5
    reasons = {probe["name"]: probe["reason"] for probe in document["probes"]}
    assert len(set(reasons.values())) == len(kinds)
    assert all(probe["observed"] == "unreachable" for probe in document["probes"])


def test_a_private_address_is_refused_unless_it_is_allowed(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.write("support", 0, webchatUrl=f"https://localhost:{story.emulator.port}")
    story.json("apply", "--yes", "--no-record", "--probe", "none")
    monkeypatch.setenv("RECONCILER_CONNECT_TO", "")
    assert story.json("verify")[0] == 0
    monkeypatch.setenv("RECONCILER_ALLOW_HOSTS", "")
    assert story.run("verify").code == 3


def test_audit_shows_who_changed_what(story: Story) -> None:
    story.seed("support", 0)
    story.write("support", 0)
    story.emulator.edit(IDS[0], {"name": "Dana's"}, user="Dana")
    code, document = story.json("audit", "support")
    assert (code, document["complete"]) == (0, True)
    newest = next(entry for entry in document["entries"] if entry["actor"]["name"] == "Dana")
    assert newest["changes"] == [{"property": "name", "before": "Channel support", "after": "Dana's"}]


def test_init_lays_out_a_repository_that_is_valid_and_overwrites_nothing(tmp_path: Path) -> None:
    assert run(["init", "--repo", str(tmp_path)]) == 0
    assert run(["validate", "--repo", str(tmp_path)]) == 0
    example = tmp_path / "channels" / "example-webchat.yaml"
    example.write_text("mine")
    assert run(["init", "--repo", str(tmp_path)]) == 0
    assert example.read_text() == "mine"


def test_doctor_names_a_fix_for_each_thing_that_is_not_well(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.write("support", 0)
    story.commit()
    code, document = story.json("doctor")
    assert code == 0, document
    monkeypatch.delenv("GENESYS_CLIENT_SECRET")
    code, document = story.json("doctor")
    assert code == 1
    assert all(check["fix"] for check in document["checks"] if not check["ok"])


def test_explain_tells_of_every_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "origin-https"]) == 0
    text = capsys.readouterr().out
    assert "https://" in text
    assert run(["explain", "origin-htps"]) == 64
    assert "origin-https" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "--help"]) == 0
    assert f"  reconciler {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [["valdate"], ["plan", "--fromat", "json"], ["plan", "--format", "xml"], ["report", "a", "b", "c"]],
)
def test_wrong_words_end_with_64(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words) == 64
    assert capsys.readouterr().out == ""


def test_a_near_miss_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    run(["valdate"])
    assert "'validate'" in capsys.readouterr().err
    run(["plan", "--fromat", "json"])
    assert "--format" in capsys.readouterr().err
