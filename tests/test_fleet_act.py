"""The matrix of a fleet under act: shards, a job an organisation, one report; against a remote an organisation."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from story import IDS, Ended, desired
from test_workflows import GitHubStory, github
from test_workflows_act import ACT, COPY, Act, wrapper
from workflows import git

from reconciler.emulator.serve import Emulator
from reconciler.emulator.tokens import OAuthClient

__all__ = ["github"]
pytestmark = [
    pytest.mark.campaign,
    pytest.mark.timeout(300),
    pytest.mark.skipif(ACT is None, reason="act is not installed"),
]
NAMES = ("alpha", "beta", "gamma")
# As the actions do it: a file or what is in a folder;
UP = 'mkdir -p "$KEPT/$NAME" && if [ -d "$FOLDER" ]; then FOLDER="$FOLDER/."; fi && cp -r "$FOLDER" "$KEPT/$NAME"'
# every artifact of the pattern, into one folder.
DOWN = 'mkdir -p "$FOLDER" && cp -r "$KEPT"/${NAME:-$PATTERN}/. "$FOLDER"'


class FleetAct:
    """A repository with three organisations, whose clients have one name and secret at three remotes."""

    def __init__(self, github: GitHubStory, emulators: dict[str, Emulator]) -> None:
        self.github, self.story, self.emulators = github, github.story, emulators
        github.runner.folder.mkdir()
        secrets = github.runner.secrets
        known = OAuthClient(secrets["GENESYS_CLIENT_ID"], secrets["GENESYS_CLIENT_SECRET"], "reconciler")
        entries = []
        for name, emulator in emulators.items():
            emulator.tokens.clients[known.id] = known
            credentials = f"{{id: {name.upper()}_ID, secret: {name.upper()}_SECRET}}"
            entries.append(f"- name: {name}\n  api: {emulator.url}\n  credentials: {credentials}\n")
        (self.story.repo / "fleet.yaml").write_text("organisations:\n" + "".join(entries))
        bundle = github.runner.folder / "bundle.pem"
        bundle.write_text("".join(one.ca_file.read_text() for one in emulators.values()))
        github.runner.environ = {**github.runner.environ, "SSL_CERT_FILE": str(bundle)}
        self.act = Act(github, self.story.repo, {"RECONCILER_BIN": str(wrapper(github))})
        down = COPY.replace(
            "  run-id",
            "  pattern: {required: false, description: names}\n  merge-multiple:"
            " {required: false, description: unused}\n  run-id",
        )
        down = down.replace(
            '"${{ inputs.name }}",', '"${{ inputs.name }}", PATTERN: "${{ inputs.pattern }}",'
        )
        down = down.replace("name: {required: true", "name: {required: false")
        (self.act.folder / "upload" / "action.yml").write_text(COPY % json.dumps(UP))
        (self.act.folder / "download" / "action.yml").write_text(down % json.dumps(DOWN))

    def fill(self) -> None:
        """Give each organisation two channels, one of which differs from what is live."""
        for name, emulator in self.emulators.items():
            folder = self.story.repo / "channels" / name
            folder.mkdir(parents=True)
            for number in range(2):
                path = self.story.write(f"{name}-{number}", number, enabled=False)
                shutil.move(path, folder / path.name)
                live = {**desired(f"{name}-{number}", number, enabled=False)}
                emulator.seed(live | ({"description": "Other"} if number else {}))

    def run(self, story: str, jobs: int = 256) -> str:
        self.github.push("main")
        return self.act.run("fleet.yml", "workflow_dispatch", {"inputs": {"story": story, "jobs": str(jobs)}})

    def report(self) -> Any:
        return json.loads((self.act.kept / "reconciler-fleet" / "fleet.json").read_bytes())

    def here(self, environ: pytest.MonkeyPatch, *words: str) -> Ended:
        """Run a command in one process here, with every credential."""
        for name in NAMES:
            environ.setenv(f"{name.upper()}_ID", self.github.runner.secrets["GENESYS_CLIENT_ID"])
            environ.setenv(f"{name.upper()}_SECRET", self.github.runner.secrets["GENESYS_CLIENT_SECRET"])
        environ.setenv("SSL_CERT_FILE", self.github.runner.environ["SSL_CERT_FILE"])
        return self.story.run(*words)


@pytest.fixture
def matrix(github: GitHubStory) -> Iterator[FleetAct]:
    with ExitStack() as stack:
        others = {name: stack.enter_context(Emulator()) for name in NAMES[1:]}
        shutil.rmtree(github.story.repo / "channels")
        (github.story.repo / "channels").mkdir()
        fleet = FleetAct(github, {NAMES[0]: github.story.emulator, **others})
        fleet.fill()
        yield fleet


def test_a_job_an_organisation_makes_the_report_that_one_process_makes(
    matrix: FleetAct, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = matrix.run("plan")
    assert set(re.findall(r"\[fleet/(shard-\d+)", told)) == {
        "shard-001",
        "shard-002",
        "shard-003",
    }
    kept = sorted(path.name for path in matrix.act.kept.iterdir())
    assert kept == ["reconciler-fleet", *(f"reconciler-fleet-shard-00{number}" for number in (1, 2, 3))]
    here = matrix.here(monkeypatch, "fleet", "plan", "--format", "json")
    assert (matrix.act.kept / "reconciler-fleet" / "fleet.json").read_text() == here.out
    assert here.json["summary"]["actions"] == {
        "create": 0,
        "delete": 0,
        "unchanged": 3,
        "unmanaged": 0,
        "update": 3,
    }
    for secret in matrix.github.runner.secrets.values():
        assert secret not in told


def test_an_apply_of_jobs_with_several_organisations_each_writes_everything_once(matrix: FleetAct) -> None:
    # Several organisations in a job: each by its own variables, which such a job is given.
    for name in NAMES:
        for half in ("ID", "SECRET"):
            matrix.act.environ = {
                **matrix.act.environ,
                f"{name.upper()}_{half}": matrix.github.runner.secrets[f"GENESYS_CLIENT_{half}"],
            }
    matrix.run("apply", jobs=2)
    report = matrix.report()
    assert (report["exit"], report["summary"]["results"]) == (0, {"applied": 3})
    for name, emulator in matrix.emulators.items():
        live = dict(emulator.store.channels.get(IDS[1]))
        assert (live["description"], live["version"]) == ("A channel", 2), name
        seen = [(one["method"], one["path"].rpartition("/")[2]) for one in emulator.requests]
        assert seen.count(("POST", "token")) == 1
        assert sum(method == "PUT" for method, _ in seen) == 1
    record = git("ls-tree", "-r", "--name-only", "reconciler-record", folder=matrix.github.runner.origin)
    runs = [path for path in record.splitlines() if path.startswith("runs/") and path.endswith(".json")]
    assert len(runs) == 3


def test_a_job_that_is_lost_is_told_in_the_report_and_fails_it(matrix: FleetAct) -> None:
    matrix.github.push("main")
    # Its runner is gone before anything is kept.
    action = matrix.story.repo / ".github" / "actions" / "reconciler" / "run.sh"
    lost = 'if [ "$RECONCILER_COMMAND $RECONCILER_ORGANISATIONS" = "fleet --org beta" ]; then exit 1; fi\n'
    first, _, rest = action.read_text().partition("\n")
    action.write_text(f"{first}\n{lost}{rest}")
    with pytest.raises(AssertionError, match="failed"):
        matrix.run("plan")
    report = matrix.report()
    assert {one["name"]: (one["exit"], one["error"]) for one in report["organisations"]} == {
        "alpha": (0, None),
        "beta": (1, "no report tells of it; its job was lost, so run it again"),
        "gamma": (0, None),
    }
