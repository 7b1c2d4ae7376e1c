"""Many organisations: read from fleet.yaml, run in processes of their own, told as one report."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt
from story import IDS, Ended, Story, git_environ

from reconciler.acts.load import shipped
from reconciler.emulator.serve import Emulator
from reconciler.errors import UsageError
from reconciler.fleet import work
from reconciler.fleet.reports import entry_of, exit_of, fleet_document
from reconciler.fleet.roster import Organisation, load_roster, read_roster, remote_environment, without_others
from reconciler.fleet.shards import make_shards
from reconciler.fleet.work import Job, run_all, run_job
from reconciler.report.fleet_text import fleet_markdown, fleet_text

ENTRY = "organisations:\n- name: a\n  domain: mypurecloud.ie\n  credentials: {id: A_ID, secret: A_SECRET}\n"
A = Organisation("a", "https://api.mypurecloud.ie", "A_ID", "A_SECRET", "channels/a")
B = Organisation("b", "https://api.mypurecloud.de", "B_ID", "B_SECRET", "channels/b")


class Fleet:
    """One repository, and a remote for each of its organisations."""

    def __init__(self, folder: Path, names: list[str], stack: ExitStack, environ: pytest.MonkeyPatch) -> None:
        self.repo = folder
        self.emulators = {name: stack.enter_context(Emulator()) for name in names}
        self.stories: dict[str, Story] = {}
        self.whole = Story(folder, next(iter(self.emulators.values())))
        entries = []
        for name, emulator in self.emulators.items():
            self.stories[name] = Story(folder / "parts" / name, emulator)
            said, prefix = emulator.environment(), name.upper()
            environ.setenv(f"{prefix}_ID", said["GENESYS_CLIENT_ID"])
            environ.setenv(f"{prefix}_SECRET", said["GENESYS_CLIENT_SECRET"])
            credentials = f"{{id: {prefix}_ID, secret: {prefix}_SECRET}}"
            entries.append(
                f"- name: {name}\n  api: {said['GENESYS_ENV_URL']}\n  credentials: {credentials}\n"
                f"  channels: parts/{name}/channels\n"
            )
        (folder / "fleet.yaml").write_text("organisations:\n" + "".join(entries))
        bundle = folder / "bundle.pem"
        bundle.write_text("".join(one.ca_file.read_text() for one in self.emulators.values()))
        environ.setenv("SSL_CERT_FILE", str(bundle))
        for name, value in git_environ().items():
            environ.setenv(name, value)

    def fill(self, name: str, count: int, changed: int = 0) -> None:
        """Give an organisation so many channels, of which some differ from what is live."""
        story = self.stories[name]
        for number in range(count):
            story.write(f"channel-{number}", number)
            story.seed(f"channel-{number}", number)
            if number < changed:
                story.emulator.edit(IDS[number], {"name": "Other"})

    def run(self, *words: str) -> Ended:
        return self.whole.run(*words)

    def json(self, *words: str) -> tuple[int, Any]:
        return self.whole.json(*words)


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    with ExitStack() as stack:
        yield Fleet(tmp_path, ["alpha", "beta", "gamma"], stack, monkeypatch)


def test_a_roster_is_read_with_its_defaults() -> None:
    assert read_roster(ENTRY.encode()) == (A,)


def test_organisations_may_share_channels_and_have_overlays_of_their_own() -> None:
    second = ENTRY.split("\n", 1)[1].replace("name: a", "name: b")
    shared = "  channels: channels\n"
    found = read_roster(f"{ENTRY}{shared}{second}{shared}  overlays: [overlays/all, overlays/b]\n".encode())
    assert [(one.name, one.channels, one.overlays) for one in found] == [
        ("a", "channels", ()),
        ("b", "channels", ("overlays/all", "overlays/b")),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1"),
        ("organisations: []", "at least one"),
        ("a: 1", "one list, organisations"),
        (ENTRY + "  extra: 1", "no field 'extra'"),
        (ENTRY.replace("domain: mypurecloud.ie", "api: http//x"), "api must be"),
        (ENTRY.replace("  domain: mypurecloud.ie\n", ""), "either domain"),
        (ENTRY.replace("A_SECRET", "a secret"), "environment variable"),
        (ENTRY + "  channels: ../b", "below the repository"),
        (ENTRY + ENTRY.split("\n", 1)[1], "used by two"),
        (ENTRY + "  overlays: overlays/a", "a list of at most 16 folders"),
        (ENTRY + "  overlays: [../a]", "overlays.0. must be a folder"),
        (ENTRY + "  overlays: [x, x]", "is there twice"),
        (ENTRY + "  overlays: [x, x/y]", "lies in another"),
        (ENTRY + "  overlays: [channels/a]", "folders of their own"),
        (ENTRY + "  overlays: [channels/a/over]", "folders of their own"),
        (ENTRY + "  overlays: [channels]", "folders of their own"),
        (ENTRY.replace("name: a", "name: &x a"), "line 2"),
        (ENTRY.replace("name: a", "name: A b"), "lower-case"),
    ],
)
def test_a_roster_that_cannot_be_right_is_refused_in_a_sentence(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        read_roster(text.encode())


def test_a_process_sees_its_own_credentials_alone() -> None:
    environ = {
        "A_ID": "1",
        "A_SECRET": "2",
        "B_ID": "3",
        "B_SECRET": "4",
        "PATH": "/",
        "GENESYS_CLIENT_SECRET": "5",
    }
    kept = without_others(A, (A, B), environ)
    assert kept == {"A_ID": "1", "A_SECRET": "2", "PATH": "/"}
    remote = remote_environment(A, kept)
    assert (remote["GENESYS_CLIENT_ID"], remote["GENESYS_ENV_URL"]) == ("1", "https://api.mypurecloud.ie")
    with pytest.raises(UsageError, match="B_ID is not set"):
        remote_environment(B, kept)


@given(
    st.dictionaries(st.text("abcdef", min_size=1, max_size=4), st.integers(0, 500), max_size=40),
    st.integers(1, 300),
)
def test_every_organisation_is_in_one_shard_whole_and_shards_are_about_equal(
    weights: dict[str, int], jobs: int
) -> None:
    shards = make_shards(weights, jobs)
    assert sorted(name for shard in shards for name in shard.organisations) == sorted(weights)
    assert len(shards) == min(jobs, 256, len(weights))
    assert shards == make_shards(dict(reversed(list(weights.items()))), jobs)
    if shards:
        loads = [sum(max(1, weights[name]) for name in shard.organisations) for shard in shards]
        assert max(loads) <= sum(loads) / len(loads) + max(max(1, weight) for weight in weights.values())


def test_the_first_exit_code_of_the_contract_wins() -> None:
    assert [exit_of(codes) for codes in ([], [0, 2], [2, 4, 0], [5, 1], [3, 1], [6, 2], [0, 143], [64])] == [
        *(0, 2, 4, 1, 3, 6, 143, 64)
    ]


def test_one_organisation_is_planned_by_its_name(fleet: Fleet) -> None:
    fleet.fill("alpha", 2, changed=1)
    code, document = fleet.json("plan", "--org", "alpha")
    assert (code, document["organisation"], document["summary"]["update"]) == (0, "alpha", 1)
    ended = fleet.run("plan", "--org", "alfa")
    assert (ended.code, "did you mean 'alpha'" in ended.err) == (64, True)


def test_a_fleet_is_planned_applied_and_found_without_drift(fleet: Fleet) -> None:
    for name, changed in (("alpha", 1), ("beta", 0), ("gamma", 2)):
        fleet.fill(name, 4, changed)
    fleet.whole.commit()
    code, plan = fleet.json("fleet", "plan")
    assert (code, plan["exit"], plan["summary"]["actions"]["update"]) == (0, 0, 3)
    assert [entry["name"] for entry in plan["organisations"]] == ["alpha", "beta", "gamma"]
    ended = fleet.run("fleet", "apply")
    assert (ended.code, "--yes" in ended.err) == (64, True)
    code, applied = fleet.json("fleet", "apply", "--yes", "--no-push")
    # Nobody answers at the endpoints of these channels.
    assert (code, applied["summary"]["results"]) == (5, {"applied": 3})
    assert [entry["result"]["record"]["commit"] is not None for entry in applied["organisations"]] == [
        True
    ] * 3
    code, again = fleet.json("fleet", "plan")
    assert (code, again["summary"]["actions"]["update"]) == (0, 0)
    schema = json.loads((shipped("schemas") / "output" / "fleet.schema.json").read_bytes())
    for document in (plan, applied):
        Draft202012Validator(schema).validate(document)


def test_reports_of_several_jobs_make_the_report_of_one(fleet: Fleet) -> None:
    for name in fleet.emulators:
        fleet.fill(name, 3, changed=1)
    matrix = fleet.run("shards", "--json", "--jobs", "2")
    include = json.loads(matrix.out)["include"]
    assert sorted(name for shard in include for name in shard["organisations"]) == ["alpha", "beta", "gamma"]
    files = []
    for shard in include:
        files.append(str(fleet.repo / f"{shard['shard']}.json"))
        assert fleet.run("fleet", "plan", *shard["args"].split(), "--out", files[-1]).code == 0
    whole = fleet.run("fleet", "plan", "--format", "json")
    merged = fleet.run("report", "merge", *reversed(files), "--format", "json")
    assert merged.out == whole.out
    twice = fleet.run("report", "merge", files[0], files[0])
    assert (twice.code, "two reports" in twice.err) == (64, True)
    assert fleet.run("report", "merge", str(fleet.repo / "fleet.yaml")).code == 64


def test_a_report_is_whole_only_with_every_organisation_of_the_fleet(fleet: Fleet) -> None:
    for name in fleet.emulators:
        fleet.fill(name, 1)
    part = str(fleet.repo / "part.json")
    assert fleet.run("fleet", "plan", "--org", "alpha", "--org", "gamma", "--out", part).code == 0
    assert fleet.json("report", "merge", part)[0] == 0
    code, merged = fleet.json("report", "merge", part, "--whole")
    assert (code, [one["exit"] for one in merged["organisations"]]) == (1, [0, 1, 0])
    assert "its job was lost" in merged["organisations"][1]["error"]
    told = fleet.run("report", "merge", part, "--whole", "--format", "markdown").out
    assert "| `beta` | 1 | `no report tells of it; its job was lost, so run it again` |" in told


def test_what_others_wrote_into_an_error_is_nothing_but_text_in_a_summary() -> None:
    entry = entry_of("a", 1, None, "<img src=x> `|` @team\n::error::x")
    told = fleet_markdown(fleet_document("plan", [entry]))
    tokens = MarkdownIt("commonmark").enable("table").parse(told)
    inline = [child for token in tokens for child in token.children or ()]
    assert {child.type for child in inline} == {"text", "code_inline"}
    assert not any("@team" in child.content for child in inline if child.type == "text")
    assert "\n::" not in told


def test_the_words_of_a_fleet_begin_with_what_failed_and_what_widens() -> None:
    def planned(name: str, exposure: str, verdict: str, update: int = 1) -> dict[str, Any]:
        document = {
            "summary": {"update": update},
            "exposure": exposure,
            "verdict": verdict,
            "requests": {"GET": 3},
        }
        return dict(entry_of(name, 0, document, None))

    entries = [
        planned("a", "neutral", "neutral: nobody gains or loses access"),
        planned("b", "widens", "widens: 1 origin in 1 channel (1 added)"),
        planned("c", "neutral", "no change", update=0),
        entry_of("d", 3, None, None),
    ]
    assert fleet_text(fleet_document("plan", entries)).splitlines()[:4] == [
        "d: exit 3: the files are invalid; nothing was contacted",
        "b: widens: 1 origin in 1 channel (1 added)",
        "a: neutral: nobody gains or loses access",
        "exposure of 2 plans: 1 widens, 1 neutral",
    ]


def test_a_job_of_one_organisation_knows_its_variables_and_one_of_several_knows_none(fleet: Fleet) -> None:
    alone = json.loads(fleet.run("shards", "--json").out)
    assert [(one["environment"], one["id"], one["secret"]) for one in alone["include"]] == [
        (name, f"{name.upper()}_ID", f"{name.upper()}_SECRET") for name in ("alpha", "beta", "gamma")
    ]
    together = json.loads(fleet.run("shards", "--json", "--jobs", "1").out)
    assert [(one["environment"], one["id"]) for one in together["include"]] == [("fleet", None)]
    schema = json.loads((shipped("schemas") / "output" / "shards.schema.json").read_bytes())
    for document in (alone, together):
        Draft202012Validator(schema).validate(document)


def test_an_organisation_that_fails_stops_none_of_the_others(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in fleet.emulators:
        fleet.fill(name, 2)
    monkeypatch.setenv("ALPHA_SECRET", "wrong")
    monkeypatch.delenv("BETA_ID")
    code, document = fleet.json("fleet", "plan")
    assert code == 1
    first, second, third = document["organisations"]
    assert (first["exit"], "refuses the client credentials" in first["error"]) == (1, True)
    assert (second["exit"], "BETA_ID is not set" in second["error"]) == (1, True)
    assert (third["exit"], third["result"]["summary"]["unchanged"]) == (0, 2)
    assert "wrong" not in json.dumps(document)


def test_a_worker_that_is_killed_loses_nothing_and_doubles_nothing(fleet: Fleet) -> None:
    fleet.fill("alpha", 12, changed=9)
    emulator = fleet.emulators["alpha"]
    emulator.add_fault({"do": "delay", "seconds": 1.5, "method": "PUT", "times": 9})
    words = ("--yes", "--no-record", "--probe", "none", "--allow-changes", "9")
    job = Job(str(fleet.repo), "alpha", "apply", words, pause_seconds=0.1)
    with ThreadPoolExecutor(1) as executor:
        future = executor.submit(run_job, job)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not any(one["method"] == "PUT" for one in emulator.requests):
            time.sleep(0.05)
        for child in _children():
            os.kill(child, signal.SIGKILL)
        entry = future.result(60)
    assert (entry["exit"], entry["error"]) == (0, None)
    names = {fleet.stories["alpha"].live(number)["name"] for number in range(12)}
    versions = {fleet.stories["alpha"].live(number)["version"] for number in range(9)}
    assert names == {f"Channel channel-{number}" for number in range(12)}
    assert len(versions) == 1


def test_a_signal_begins_no_further_organisation_and_lets_the_others_end(fleet: Fleet) -> None:
    for name in fleet.emulators:
        fleet.fill(name, 3, changed=2)
        fleet.emulators[name].add_fault({"do": "delay", "seconds": 2, "method": "PUT"})
    command = [sys.executable, "-m", "reconciler", "fleet", "apply", "--yes", "--no-record", "--workers", "1"]
    process = subprocess.Popen([*command, "--repo", str(fleet.repo)], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not any(
        one["method"] == "PUT" for emulator in fleet.emulators.values() for one in emulator.requests
    ):
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert "no new one is begun" in process.communicate(timeout=60)[1]
    assert process.returncode == 143
    begun = [name for name, emulator in fleet.emulators.items() if emulator.requests]
    assert begun == ["alpha"]
    assert not any(
        one["method"] == "PUT" and not one["committed"] for one in fleet.emulators["alpha"].requests
    )


def _children() -> list[int]:
    listed = subprocess.run(
        ["ps", "--ppid", str(os.getpid()), "-o", "pid=,args="], capture_output=True, text=True, check=True
    )
    return [int(line.split()[0]) for line in listed.stdout.splitlines() if "-m reconciler apply" in line]


def test_a_lost_worker_is_told_as_a_failure_of_its_organisation() -> None:
    with ThreadPoolExecutor(1) as executor:
        told: list[Any] = []
        entries = run_all([Job(".", "a", "plan")], lambda _: executor.submit(_raise), told.append)
    assert entries == told
    assert (entries[0]["exit"], "the worker was lost" in entries[0]["error"]) == (1, True)


def test_a_worker_that_never_comes_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RUN_LIMIT", "MINUTE"):
        monkeypatch.setattr(work, name, 0.05)
    [entry] = run_all([Job(".", "a", "plan")], lambda _: Future(), lambda _: None)
    assert (entry["exit"], entry["error"]) == (1, "no worker took it; run again")


def _raise() -> None:
    raise RuntimeError("gone")


def test_the_example_of_the_page_is_a_roster() -> None:
    text = (Path(__file__).parent.parent / "docs" / "fleet.md").read_text()
    block = text.split("```yaml\n")[1].split("```")[0]
    assert len(read_roster(block.encode())) >= 2


def test_a_repository_without_a_fleet_says_where_to_look(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"docs/fleet\.md"):
        load_roster(tmp_path)


@pytest.mark.campaign
@pytest.mark.timeout(900)
def test_forty_organisations_of_250_channels_each_keep_their_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as stack:
        fleet = Fleet(tmp_path, [f"org{number:02d}" for number in range(40)], stack, monkeypatch)
        for place, name in enumerate(fleet.emulators):
            fleet.fill(name, 250, changed=place % 4)
        fleet.whole.commit()
        code, applied = fleet.json("fleet", "apply", "--yes", "--no-push", "--quiet")
        assert (code, applied["summary"]["results"]) == (5, {"applied": 60})
        told = {entry["result"]["record"]["commit"] for entry in applied["organisations"]}
        assert len(told) == 40
        chain = fleet.json("report")[1]["chain"]
        assert (chain["valid"], chain["length"]) == (True, 40)
        for place, emulator in enumerate(fleet.emulators.values()):
            seen = [(one["method"], one["path"].rpartition("/")[2]) for one in emulator.requests]
            assert seen.count(("POST", "token")) == 1
            assert seen.count(("GET", "channels")) == 3
            assert sum(method == "PUT" for method, _ in seen) == place % 4
            assert all(one["status"] != 429 for one in emulator.requests)
            assert len(seen) <= 300
