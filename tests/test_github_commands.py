"""Reports on GitHub: the commands against a local stand-in of its API, with its limits and its errors."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from build import APP, BINDING, channel, identity, live
from github_api import BOT, REPOSITORY, TOKEN, GitHubApi, serve
from markdown import faults
from story import Story

from reconciler.cli.main import run
from reconciler.clock import SystemClock
from reconciler.decide.drift import find_drift, moved_exposure
from reconciler.decide.plan import make_plan
from reconciler.decide.saved_plan import plan_document
from reconciler.github import answers, client
from reconciler.github.client import GitHub
from reconciler.github.place import read_place
from reconciler.github.texts import Kept, keep_comment, keep_issue
from reconciler.model import Applied, AuditTrail
from reconciler.report.drift_document import Looked, drift_document
from reconciler.transport import WriteTransport

HEAD = "e" * 40
PULL = 7


@dataclass
class Desk:
    """A folder with documents, led to the stand-in."""

    folder: Path
    api: GitHubApi

    def plan(self, number: int = 2, **extra: Any) -> str:
        wanted = [channel(f"channel-{n}", id=identity(n), description=f"New {n}") for n in range(number)]
        there = [
            live(id=identity(n), **({"corsAllowedOrigins": [APP]} if n == 0 else {})) for n in range(number)
        ]
        for one in wanted:
            path = self.folder / one.file
            path.parent.mkdir(exist_ok=True)
            path.write_text(
                f"metadata:\n  name: {one.name}\nspec:\n  id: {one.id}\n  webchatSettings:\n    x: 1\n"
            )
        document = plan_document(make_plan(BINDING, wanted, there, [], **extra), {"GET": 1})
        return self.save("plan.json", document)

    def drift(self, *moved: str) -> str:
        wanted = [channel("support")]
        base = {"support": Applied("WebchatChannel", wanted[0].id or "", wanted[0].spec, "run", None)}
        found = find_drift(wanted, [live(**dict.fromkeys(moved, "Dana's | @all"))], base)
        from datetime import UTC, datetime

        looked = Looked(
            "run",
            datetime.now(UTC),
            2 if found else 0,
            "org-1",
            None,
            None,
            {"GET": 1},
            "1",
            moved_exposure(found),
        )
        return self.save("drift.json", drift_document(found, AuditTrail((), complete=True), looked))

    def save(self, name: str, document: Any) -> str:
        path = self.folder / name
        path.write_text(json.dumps(document))
        return str(path)

    def run(self, *words: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run(["github", words[0], "--repo", str(self.folder), *words[1:]])
        assert TOKEN not in out.getvalue() + err.getvalue()
        return code, out.getvalue(), err.getvalue()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": PULL, "head": {"sha": HEAD}}}))
    monkeypatch.setattr(client, "PAUSE_SECONDS", 0.01)
    with serve() as api:
        environ = {
            "GITHUB_API_URL": api.url,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_SHA": "f" * 40,
            "GITHUB_RUN_ID": "12345",
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
            "GITHUB_OUTPUT": str(tmp_path / "output"),
        }
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        yield Desk(tmp_path, api)


def test_one_comment_is_written_and_then_updated_in_place(desk: Desk) -> None:
    assert desk.run("comment", desk.plan(2))[:2] == (
        0,
        f"created https://github.example/{REPOSITORY}/pull/{PULL}#issuecomment-1000\n",
    )
    assert desk.run("comment", desk.plan(3))[1].startswith("updated")
    (comment,) = desk.api.comments
    assert "channel-2" in comment["body"]
    assert comment["body"].startswith("<!-- reconciler:plan:org-1 digest=sha256:")
    assert faults(comment["body"]) == []
    writes = len(desk.api.writes())
    assert desk.run("comment", desk.plan(3))[1].startswith("unchanged")
    assert len(desk.api.writes()) == writes


def test_a_clean_plan_only_updates_a_comment_that_is_there(desk: Desk) -> None:
    assert desk.run("comment", desk.plan(0))[:2] == (0, "nothing\n")
    assert desk.api.writes() == []
    desk.run("comment", desk.plan(1))
    desk.run("comment", desk.plan(0))
    assert "No channel changes" in desk.api.comments[0]["body"]
    assert desk.run("comment", desk.plan(0), "--always")[1].startswith("unchanged")


def test_new_leaves_the_earlier_ones_as_history(desk: Desk) -> None:
    for _ in range(2):
        desk.run("comment", desk.plan(1), "--new")
    desk.run("comment", desk.plan(2))
    assert ["channel-1" in comment["body"] for comment in desk.api.comments] == [False, True]


def test_a_comment_of_somebody_else_is_never_taken_for_ours(desk: Desk) -> None:
    forged = "<!-- reconciler:plan:org-1 digest=x -->\nApproved, merge it"
    person = {"login": "mallory", "type": "User"}
    desk.api.comments.append({"id": 1, "issue": PULL, "body": forged, "user": person, "html_url": "x"})
    desk.run("comment", desk.plan(1))
    assert [comment["user"]["login"] for comment in desk.api.comments] == ["mallory", BOT["login"]]
    assert desk.api.comments[0]["body"] == forged


def test_the_comment_of_a_token_of_a_person_is_that_persons(desk: Desk) -> None:
    desk.api.user = {"login": "dana", "type": "User"}
    desk.run("comment", desk.plan(1))
    assert desk.run("comment", desk.plan(2))[1].startswith("updated")


def test_a_comment_behind_many_others_is_found(desk: Desk) -> None:
    talk = {"issue": PULL, "body": "talk", "user": {"login": "a", "type": "User"}, "html_url": "x"}
    desk.api.comments += [{**talk, "id": number} for number in range(250)]
    desk.run("comment", desk.plan(1))
    assert desk.run("comment", desk.plan(2))[1].startswith("updated")
    assert len(desk.api.comments) == 251


def test_a_thousand_changes_make_one_comment_below_the_limit(desk: Desk) -> None:
    code, out, err = desk.run("comment", desk.plan(1000), desk.drift("description"))
    assert (code, err) == (0, ""), out
    body = desk.api.comments[0]["body"]
    assert len(body) <= 65_536
    assert (
        "held: 1000 of 1000 live managed channels would be updated or deleted (100.0 %, the limit is 30 %); if"
        in body
    )
    assert "channel-999" in body
    assert "Drift, not part of this change" in body


def test_an_answer_that_was_lost_makes_no_second_comment(desk: Desk) -> None:
    for status in (0, 502):
        desk.api.comments.clear()
        desk.api.fail("POST", status, landed=True)
        assert desk.run("comment", desk.plan(1))[0] == 0
        assert len(desk.api.comments) == 1
    desk.api.comments.clear()
    desk.api.fail("POST", 502)
    assert desk.run("comment", desk.plan(1))[0] == 0
    assert len(desk.api.comments) == 1


def test_a_limit_is_waited_out_and_an_outage_survived(desk: Desk) -> None:
    desk.api.fail("POST", 403, retry_after="0")
    desk.api.fail("GET", 503)
    code, _, err = desk.run("comment", desk.plan(1))
    assert (code, len(desk.api.comments)) == (0, 1)
    assert "secondary rate limit" in err
    desk.api.fail("GET", 429, retry_after="9999")
    code, _, err = desk.run("comment", desk.plan(2))
    assert (code, "429" in err) == (1, True)


@pytest.mark.parametrize(
    ("variable", "value", "code", "word"),
    [
        ("GITHUB_TOKEN", "wrong", 1, "not valid"),
        ("GITHUB_TOKEN", "", 64, "GITHUB_TOKEN"),
        ("GITHUB_REPOSITORY", "acme/other", 1, "404"),
        ("GITHUB_REPOSITORY", "../../user", 64, "owner/name"),
        ("GITHUB_API_URL", "http://api.example.com", 64, "https"),
    ],
)
def test_what_is_wrong_is_named(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, code: int, word: str
) -> None:
    monkeypatch.setenv(variable, value)
    ended, _, err = desk.run("comment", desk.plan(1))
    assert (ended, word in err) == (code, True), err


@pytest.mark.parametrize(
    ("command", "status", "message", "headers", "words"),
    [
        ("comment", 401, "Bad credentials", {}, ("ends with its job", "github.token")),
        ("issue", 403, "Resource not accessible", {}, ("issues: write (", "fork")),
        ("issue", 410, "Issues are disabled for this repo", {}, ("switched off", "Settings")),
        ("comment", 502, "Server Error", {}, ("GitHub itself", "githubstatus.com")),
        ("comment", 403, "API rate limit exceeded", {"retry_after": "3000"}, ("3000 s", "120 s", "again")),
    ],
)
def test_a_refusal_says_what_to_do(
    desk: Desk, command: str, status: int, message: str, headers: dict[str, str], words: tuple[str, ...]
) -> None:
    for _ in range(client.ATTEMPTS):
        desk.api.fail("GET", status, message=message, **headers)
    code, _, err = desk.run(command, desk.plan(1) if command == "comment" else desk.drift("name"))
    assert code == 1
    assert [word for word in (message, *words) if word not in err] == [], err
    assert "pull-requests" not in err or command == "comment"


def test_a_secondary_limit_without_a_header_is_waited_out(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "LIMIT_SECONDS", 0.01)
    desk.api.fail("GET", 403, message="You have exceeded a secondary rate limit. Please wait")
    code, _, err = desk.run("comment", desk.plan(1))
    assert (code, len(desk.api.comments), "permission" in err) == (0, 1, False), err


def test_a_check_whose_answer_was_lost_is_made_once(desk: Desk) -> None:
    for status, landed in ((0, True), (502, True), (502, False)):
        desk.api.checks.clear()
        desk.api.fail("POST", status, landed=landed)
        assert desk.run("check", desk.plan(1))[0] == 0
        assert len(desk.api.checks) == 1


def test_the_token_of_a_fork_may_not_write_and_the_sentence_says_why(desk: Desk) -> None:
    desk.api.permissions.clear()
    code, _, err = desk.run("comment", desk.plan(1))
    assert code == 1
    assert "pull-requests: write" in err
    assert "fork" in err


def test_a_plan_that_was_changed_is_not_posted(desk: Desk) -> None:
    path = Path(desk.plan(1))
    path.write_text(path.read_text().replace("New 0", "Old 0"))
    assert desk.run("comment", str(path))[0] == 3
    assert desk.api.requests == []


def test_printing_sends_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_TOKEN")
    for command, file in (("comment", desk.plan(1)), ("check", desk.plan(1)), ("issue", desk.drift("name"))):
        code, out, _ = desk.run(command, file, "--print")
        assert (code, "reconciler" in out) == (0, True)
    assert desk.api.requests == []


def test_one_issue_is_kept_about_drift_and_closed_when_clean(desk: Desk) -> None:
    assert desk.run("issue", desk.drift())[1] == "nothing\n"
    assert desk.run("issue", desk.drift("description"))[1].startswith("created")
    (issue,) = desk.api.issues
    assert (issue["state"], issue["labels"]) == ("open", ["reconciler-drift"])
    assert issue["title"] == "org-1: drift neutral: 1 channel moved"
    assert faults(issue["body"]) == []
    writes = len(desk.api.writes())
    assert desk.run("issue", desk.drift("description"))[1].startswith("unchanged")
    assert len(desk.api.writes()) == writes
    assert desk.run("issue", desk.drift("description", "authProviderId"))[1].startswith("updated")
    assert desk.run("issue", desk.drift())[1].startswith("closed")
    assert desk.api.issues[0]["state"] == "closed"
    assert desk.run("issue", desk.drift())[1].startswith("nothing")
    assert desk.run("issue", desk.drift("description"))[1].startswith("updated")
    assert [issue["state"] for issue in desk.api.issues] == ["open"]


def test_two_jobs_at_once_leave_one_open_issue(desk: Desk) -> None:
    desk.run("issue", desk.drift("description"))
    desk.api.issues.append({**desk.api.issues[0], "number": 2})
    desk.run("issue", desk.drift("name"))
    assert [issue["state"] for issue in desk.api.issues] == ["open", "closed"]


def test_two_jobs_that_find_nothing_at_the_same_moment_leave_one_text(desk: Desk) -> None:
    body = "<!-- reconciler:plan:org-1 digest=x -->\nPlan of "
    drift = body.replace("plan", "drift")

    async def both() -> list[Kept]:
        async with WriteTransport(ca_file=None, connections=4) as transport:
            place = read_place(os.environ)
            first, second = (GitHub(transport, place, SystemClock(), print) for _ in range(2))
            comments = [keep_comment(first, PULL, body + "1"), keep_comment(second, PULL, body + "2")]
            issues = [
                keep_issue(one, "Drift", drift + str(n), clean=False) for n, one in enumerate((first, second))
            ]
            return [*await asyncio.gather(*comments), *await asyncio.gather(*issues)]

    kept = asyncio.run(both())
    assert sorted(one.deed for one in kept) == ["created", "created", "updated", "updated"]
    (comment,) = desk.api.comments
    assert comment["body"] in (body + "1", body + "2")
    assert {one.url for one in kept[:2]} == {comment["html_url"]}
    assert [one["state"] for one in desk.api.issues].count("open") == 1
    assert ("POST", f"/repos/{REPOSITORY}/issues/{PULL}/comments") in desk.api.requests


def test_an_issue_behind_many_others_is_found(desk: Desk) -> None:
    other = {"state": "open", "title": "x", "body": "talk", "user": BOT, "labels": ["reconciler-drift"]}
    desk.api.issues += [{**other, "number": number} for number in range(1, 251)]
    desk.run("issue", desk.drift("name"))
    assert desk.run("issue", desk.drift("description"))[1].startswith("updated")
    assert len(desk.api.issues) == 251


def test_an_issue_whose_answer_was_lost_is_not_opened_twice(desk: Desk) -> None:
    desk.api.fail("POST", 0, landed=True)
    assert desk.run("issue", desk.drift("name"))[1].startswith("created")
    assert len(desk.api.issues) == 1


def test_an_issue_of_somebody_else_is_left_alone(desk: Desk) -> None:
    person = {"login": "mallory", "type": "User"}
    body = "<!-- reconciler:drift:org-1 digest=x -->\nall is well"
    desk.api.issues.append(
        {
            "number": 1,
            "state": "open",
            "title": "x",
            "body": body,
            "user": person,
            "labels": ["reconciler-drift"],
        }
    )
    desk.run("issue", desk.drift("name"))
    assert [issue["body"].count("all is well") for issue in desk.api.issues] == [1, 0]


def test_plan_and_drift_are_checks_of_their_own(desk: Desk) -> None:
    assert desk.run("check", desk.plan(2), desk.drift("authProviderId"))[0] == 0
    found = {check["name"]: check for check in desk.api.checks}
    assert set(found) == {"reconciler plan (org-1)", "reconciler drift (org-1)"}
    assert found["reconciler plan (org-1)"]["conclusion"] == "neutral"
    assert found["reconciler drift (org-1)"]["conclusion"] == "failure"
    assert {check["head_sha"] for check in desk.api.checks} == {HEAD}
    (note,) = found["reconciler plan (org-1)"]["output"]["annotations"]
    assert (note["path"], note["start_line"], note["annotation_level"]) == (
        "channels/channel-0.yaml",
        5,
        "warning",
    )
    assert desk.run("check", desk.plan(2))[1].startswith("updated")
    assert len(desk.api.checks) == 2


def test_a_plan_above_the_threshold_fails_its_check(desk: Desk) -> None:
    desk.run("check", desk.plan(20))
    assert desk.api.checks[0]["conclusion"] == "failure"
    assert "held" in desk.api.checks[0]["output"]["summary"]


def test_more_annotations_than_one_request_takes_are_sent_in_parts(desk: Desk) -> None:
    wanted = [channel(f"c-{n}", id=identity(n), authProviderId=f"other-{n}") for n in range(120)]
    there = [live(id=identity(n)) for n in range(120)]
    file = desk.save("plan.json", plan_document(make_plan(BINDING, wanted, there, []), {}))
    assert desk.run("check", file)[0] == 0
    assert len(desk.api.checks[0]["output"]["annotations"]) == 120


def test_the_summary_stays_below_what_the_runner_takes(desk: Desk) -> None:
    path = desk.folder / "summary.md"
    assert desk.run("summary", desk.plan(2), desk.drift("name"))[0] == 0
    assert "Reconciler plan" in path.read_text()
    assert "Reconciler drift" in path.read_text()
    with path.open("a") as file:
        file.write("x" * 800 * 1024)
    plan = desk.plan(600)
    for _ in range(5):
        assert desk.run("summary", plan)[0] == 0
    assert 860 * 1024 < path.stat().st_size < 1024 * 1024


def test_annotations_are_bounded_and_the_worst_come_first(desk: Desk) -> None:
    _, out, _ = desk.run("annotations", desk.plan(2), desk.drift("description"))
    first, second = out.splitlines()
    assert first.startswith("::warning file=channels/channel-0.yaml,line=5,title=channel-0%3A widens::")
    assert second.startswith("::notice file=channels/support.yaml,line=1,")
    wanted = [channel(f"c-{n}", id=identity(n), authProviderId=f"other-{n}") for n in range(40)]
    there = [live(id=identity(n)) for n in range(40)]
    file = desk.save("plan.json", plan_document(make_plan(BINDING, wanted, there, []), {}))
    lines = desk.run("annotations", file)[1].splitlines()
    assert len(lines) == 10
    assert lines[-1] == "::warning::31 more in the report"


def test_outputs_are_one_value_a_name_and_cannot_be_injected(desk: Desk) -> None:
    path = Path(desk.plan(2))
    document = json.loads(path.read_text())
    assert desk.run("outputs", str(path))[0] == 0
    values = read_outputs((desk.folder / "output").read_text())
    assert values["digest"] == document["digest"]
    assert (values["exposure"], values["update"], values["changes"]) == ("widens", "2", "2")
    drift = desk.drift("description")
    for files in ((str(path), drift), (drift, str(path))):
        (desk.folder / "output").unlink()
        assert desk.run("outputs", *files)[0] == 0
        both = read_outputs((desk.folder / "output").read_text())
        assert {name: both[name] for name in values} == values, "drift never speaks for the plan"
        assert (both["drift-exposure"], both["drifted"]) == ("neutral", "1")
        assert both["drift-verdict"].startswith("drift neutral")
    (desk.folder / "output").unlink()
    desk.run("outputs", drift)
    assert read_outputs((desk.folder / "output").read_text())["exposure"] == "neutral"
    hostile = json.loads(Path(desk.drift("name")).read_text()) | {"verdict": "x\nevil<<EOF\n1\nEOF\ny"}
    desk.run("outputs", desk.save("drift.json", hostile))
    assert "evil" not in read_outputs((desk.folder / "output").read_text())


def artifact(run: int, name: str, **changed: object) -> dict[str, object]:
    source = {"id": run, "repository_id": 1, "head_repository_id": 1}
    source.update({key: value for key, value in changed.items() if key in source})
    return {"name": name, "expired": changed.get("expired", False), "workflow_run": source}


def test_the_reviewed_plan_is_found_by_the_tree_of_the_channels(
    desk: Desk, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.write("support", 0)
    story.commit()
    saved = story.repo.parent / "plan.json"
    tree = story.json("plan", "--out", str(saved))[1]["tree"]
    run(["github", "outputs", "--repo", str(story.repo), str(saved)])
    name = read_outputs((desk.folder / "output").read_text())["artifact"]
    assert name.endswith(tree)
    words = ["github", "reviewed", "--repo", str(story.repo)]
    assert run(words) == 4
    fork, old = artifact(9, name, head_repository_id=2), artifact(8, name, expired=True)
    desk.api.artifacts += [fork, old, artifact(6, "other")]
    assert run(words) == 4
    desk.api.artifacts += [artifact(4, name), artifact(5, name)]
    story.git("commit", "--quiet", "--allow-empty", "--message", "merged")
    assert run(words) == 0
    assert read_outputs((desk.folder / "output").read_text())["run-id"] == "5"
    story.write("support", 0, description="Another")
    story.commit()
    assert run(words) == 4


def test_files_that_are_no_documents_of_ours_are_refused(desk: Desk) -> None:
    for content in ("{}", "[]", "no json", json.dumps({"command": "validate"})):
        path = desk.folder / "x.json"
        path.write_text(content)
        assert desk.run("comment", str(path))[0] == 64
    assert desk.run("issue", desk.plan(1))[0] == 64


def read_outputs(text: str) -> dict[str, str]:
    """Read a file of outputs as the runner does."""
    values: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, _, fence = line.partition("<<")
        content = []
        for inner in lines:
            if inner == fence:
                break
            content.append(inner)
        values[name] = "\n".join(content)
    return values
