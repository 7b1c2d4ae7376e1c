"""The organisation's own word, from the settings file to what is refused, let through and recorded."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from story import Story, git_environ

CHECKOUT = Path(__file__).resolve().parent.parent

NEW = ["https://app.example.com", "https://new.example.com"]
APPROVE = "[rules]\napprove_widening = true\n"
FIELD = "/spec/webchatSettings/corsAllowedOrigins"
SHARED = ["https://shop.github.io"]
BANK = {
    "title": "Channels are signed in by the bank",
    "x-why": "The bank answers for its customers.",
    "x-fix": "use bank-login",
    "properties": {
        "spec": {
            "properties": {
                "webchatSettings": {"properties": {"authProviderId": {"pattern": "^bank-[a-z]+$"}}}
            }
        }
    },
}


def settings(story: Story, text: str) -> None:
    (story.repo / "reconciler.toml").write_text(text)


def waiver(days: int = 100, **changes: str) -> str:
    until = datetime.now(UTC).date() + timedelta(days=days)
    fields = {
        "rule": "widening-approved",
        "channel": "support",
        "field": FIELD,
        "reason": "campaign",
        "owner": "storefront",
        **changes,
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in fields.items()]
    return "\n".join(["[waivers.campaign]", *lines, f"expires = {until}"]) + "\n"


def own_rule(story: Story, **changes: object) -> None:
    folder = story.repo / "schemas" / "policy"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "acme-bank-login.json").write_text(json.dumps(BANK | changes))


@pytest.fixture
def widened(story: Story) -> Story:
    story.seed("support", 0)
    story.write("support", 0, corsAllowedOrigins=NEW)
    return story


def test_the_first_line_of_a_plan_says_who_gains_access(widened: Story) -> None:
    first = widened.run("plan").out.splitlines()[0]
    assert first == "widens: 1 origin in 1 channel (1 removed); authentication unchanged"


def test_what_widens_waits_for_somebody_to_approve_of_it(widened: Story) -> None:
    settings(widened, APPROVE)
    assert "1 channel widens (support): apply asks for --approve-widening" in widened.run("plan").out
    code, document = widened.json("apply", "--yes", "--no-record")
    assert (code, document["outcomes"][0]["result"]) == (4, "not_reached")
    assert "--approve-widening" in document["held"]
    assert document["approval"] == {"required": True, "given": False, "channels": ["support"], "waived": []}
    assert widened.writes() == []


def test_an_approval_is_recorded(widened: Story) -> None:
    settings(widened, APPROVE)
    widened.commit()
    code, _ = widened.json("apply", "--yes", "--approve-widening", "--no-push", "--probe", "none")
    assert code == 0
    files = widened.git("ls-tree", "-r", "--name-only", "reconciler-record", "runs/").splitlines()
    name = next(one for one in files if one.endswith(".json"))
    record = json.loads(widened.git("show", f"reconciler-record:{name}"))
    assert record["approval"] == {"required": True, "given": True, "channels": ["support"], "waived": []}


def test_a_waiver_approves_ahead_and_of_its_own_value_alone(widened: Story) -> None:
    settings(widened, APPROVE + waiver(value="https://new.example.com"))
    code, document = widened.json("apply", "--yes", "--no-record", "--probe", "none")
    assert code == 0
    assert document["approval"]["waived"] == [{"name": "support", "waivers": ["campaign"]}]
    assert document["metrics"]["waivers"] == {"active": 1, "ending": 0, "expired": 0, "unused": 0}
    widened.write("support", 0, corsAllowedOrigins=[*NEW, "https://other.example.com"])
    assert widened.json("apply", "--yes", "--no-record")[0] == 4


@pytest.mark.parametrize(
    "changes",
    [
        {"channel": "other"},
        {"field": "/spec/enabled"},
        {"rule": "origin-foreign"},
        {"value": "https://x.example.com"},
    ],
)
def test_a_waiver_for_something_else_approves_of_nothing(widened: Story, changes: dict[str, str]) -> None:
    settings(widened, APPROVE + waiver(**changes))
    assert widened.json("apply", "--yes", "--no-record")[0] == 4
    assert widened.writes() == []


def test_a_waiver_that_is_over_approves_of_nothing(widened: Story) -> None:
    settings(widened, APPROVE + waiver(days=-1))
    assert widened.json("apply", "--yes", "--no-record")[0] == 4


def test_what_narrows_needs_no_approval(story: Story) -> None:
    settings(story, APPROVE)
    story.seed("support", 0)
    story.write("support", 0, corsAllowedOrigins=["https://app.example.com"])
    assert story.json("apply", "--yes", "--no-record", "--probe", "none")[0] == 0


def test_plan_and_drift_tell_of_a_waiver_that_ends_soon(widened: Story) -> None:
    settings(widened, waiver(days=5))
    text = "waiver campaign ends in 5 days"
    assert text in widened.run("plan").out
    assert text in widened.run("drift", "--no-record").out
    assert widened.json("plan")[1]["waivers"][0]["state"] == "ending"
    markdown = widened.run("plan", "--format", "markdown").out
    assert "waiver" in markdown
    assert "campaign ends in 5 days" in markdown


def test_a_waiver_does_not_change_what_a_plan_is(widened: Story) -> None:
    settings(widened, waiver(days=5))
    path = widened.repo.parent / "plan.json"
    assert widened.run("plan", "--out", str(path)).code == 0
    assert widened.json("apply", str(path), "--no-record", "--probe", "none")[0] == 0


def test_what_is_wrong_with_the_settings_counts_as_a_file(story: Story) -> None:
    story.write("support", 0)
    settings(story, waiver(days=-1))
    assert "1 warning in 1 of 2 files" in story.run("validate").out


def test_a_waived_finding_is_shown_and_stops_nothing(story: Story) -> None:
    story.write("support", 0, corsAllowedOrigins=SHARED)
    settings(story, '[rules.severity]\norigin-shared-hosting = "error"\n')
    assert story.run("validate").code == 3
    settings(
        story, '[rules.severity]\norigin-shared-hosting = "error"\n' + waiver(rule="origin-shared-hosting")
    )
    code, document = story.json("validate")
    assert (code, document["valid"], document["findings"]) == (0, True, [])
    assert [(one["rule"], one["waiver"]) for one in document["waived"]] == [
        ("origin-shared-hosting", "campaign")
    ]
    assert "1 waived" in story.run("validate").out
    sarif = json.loads(story.run("validate", "--format", "sarif").out)
    assert [one["suppressions"][0]["status"] for one in sarif["runs"][0]["results"]] == ["accepted"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('[rules.severity]\norigin-https = "warning"\n', "part of the file format"),
        ('[rules.severity]\norigin-sharedhosting = "off"\n', "did you mean 'origin-shared-hosting'?"),
        ('[rules.severity]\norigin-shared-hosting = "loud"\n', "error, warning, notice, off are allowed"),
        ('[rules]\npreset = "paranoid"\n', "default and strict are allowed"),
        ('[rules]\nown_domains = ["https://example.com"]\n', "host names in lower case"),
        ("[rules.limits]\norigin = 5\n", "did you mean 'origins'?"),
        ("[rules.limits]\norigins = -1\n", "a whole number"),
        ("[rules]\napprove_widening = 1\n", "true or false"),
        ('[rules]\ntls_floor = "1.1"\n', "1.2 and 1.3 are allowed"),
        ('[rules]\nowners = "storefront"\n', "list of texts"),
        ("[rules]\nseverity = 3\n", "[rules.severity]"),
    ],
)
def test_a_setting_that_does_nothing_is_refused(story: Story, text: str, word: str) -> None:
    story.write("support", 0)
    settings(story, text)
    ended = story.run("validate")
    assert ended.code == 64
    assert word in ended.err


def test_a_rule_of_the_repositorys_own_judges(story: Story) -> None:
    story.write("support", 0)
    own_rule(story)
    code, document = story.json("validate")
    assert code == 3
    (finding,) = document["findings"]
    assert (finding["rule"], finding["pointer"], finding["line"]) == (
        "acme-bank-login",
        "/spec/webchatSettings/authProviderId",
        5,
    )
    assert "Channels are signed in by the bank" in finding["message"]
    settings(story, '[rules.severity]\nacme-bank-login = "notice"\n')
    assert story.json("validate")[0] == 0
    assert "acme-bank-login" in story.run("explain", "acme-bank-login").out


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"title": 3}, "title must say"),
        ({"x-severity": "loud"}, "x-severity must be one of"),
        ({"properties": {"spec": {"$ref": "https://example.com/a.json"}}}, "leads out of the file"),
        ({"properties": {"spec": {"$ref": "#/nowhere"}}}, "leads out of the file"),
        ({"$ref": "#"}, "without end"),
        ({"type": "nothing"}, "no JSON Schema"),
        ({"pattern": "(?=a)b"}, "cannot be used"),
        ({"patternProperties": {"a": {}}}, "propertyNames"),
        ({"x-kinds": "WebchatChannel"}, "list of kinds"),
    ],
)
def test_a_rule_that_cannot_be_used_is_a_finding_not_a_crash(
    story: Story, changes: dict[str, object], word: str
) -> None:
    story.write("support", 0)
    own_rule(story, **changes)
    code, document = story.json("validate")
    assert code == 3
    (finding,) = document["findings"]
    assert (finding["rule"], finding["file"]) == ("policy-file", "schemas/policy/acme-bank-login.json")
    assert word in finding["message"]


def test_a_pattern_of_a_rule_takes_no_time_on_any_text(story: Story) -> None:
    story.write("support", 0, description="a" * 1990 + "!")
    own_rule(story, properties={"spec": {"properties": {"description": {"pattern": "^(a+)+$"}}}})
    began = datetime.now(UTC)
    assert story.json("validate")[0] == 3
    assert datetime.now(UTC) - began < timedelta(seconds=5)


def test_a_pull_request_cannot_relax_the_rules_that_judge_it(story: Story) -> None:
    settings(story, '[rules.severity]\norigin-shared-hosting = "error"\n')
    own_rule(story)
    story.commit()
    story.git("branch", "base")
    settings(story, '[rules.severity]\norigin-shared-hosting = "off"\n')
    (story.repo / "schemas" / "policy" / "acme-bank-login.json").unlink()
    story.write("support", 0, corsAllowedOrigins=SHARED)
    assert story.json("validate")[0] == 0
    code, document = story.json("validate", "--rules-from", "base")
    assert code == 3
    assert {one["rule"] for one in document["findings"]} == {"origin-shared-hosting", "acme-bank-login"}
    assert story.run("plan", "--rules-from", "base").code == 3
    assert story.requests() == []


@pytest.mark.parametrize("revision", ["nowhere", "--upload-pack=x", "base..main", "", "HEAD:reconciler.toml"])
def test_a_revision_that_is_none_is_wrong_usage(story: Story, revision: str) -> None:
    story.write("support", 0)
    story.commit()
    ended = story.run("validate", f"--rules-from={revision}")
    assert ended.code == (64 if revision else 0)


def test_an_endpoint_below_the_tls_floor_fails_its_check(story: Story) -> None:
    from reconciler.probe.endpoint import judge_tls

    assert judge_tls("TLSv1.2", "1.3") is not None
    assert judge_tls("TLSv1.3", "1.3") is None
    settings(story, '[rules]\ntls_floor = "1.3"\n')
    story.write("support", 0, corsAllowedOrigins=["https://app.example.com"])
    assert story.json("apply", "--yes", "--no-record")[0] == 0


def test_the_action_takes_the_rules_of_the_branch_that_a_pull_request_goes_to(story: Story) -> None:
    settings(story, '[rules.severity]\norigin-shared-hosting = "error"\n')
    story.commit()
    bare = story.repo.parent / "origin.git"
    story.git("clone", "--quiet", "--bare", ".", str(bare))
    story.git("remote", "add", "origin", str(bare))
    settings(story, '[rules.severity]\norigin-shared-hosting = "off"\n')
    story.write("support", 0, corsAllowedOrigins=SHARED)
    story.commit()
    script = CHECKOUT / ".github" / "actions" / "reconciler" / "run.sh"
    environ = {
        **git_environ(),
        "RECONCILER_BIN": str(Path(sys.executable).with_name("reconciler")),
        "RECONCILER_FOLDER": str(story.repo.parent / "out"),
        "RECONCILER_COMMAND": "offline-plan",
        "GITHUB_BASE_REF": "main",
    }
    environ.pop("GITHUB_TOKEN", None)
    ended = subprocess.run(
        ["bash", str(script)], cwd=story.repo, env=environ, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 3, ended.stderr
    assert "title=origin-shared-hosting::" in ended.stdout
