"""Every command's JSON against its published schema, and the schemas against the contract's minimum."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from story import IDS, Story, told

from reconciler.acts.load import shipped
from reconciler.cli.main import run

SCHEMAS = {
    path.name.removesuffix(".schema.json"): json.loads(path.read_bytes())
    for path in sorted((shipped("schemas") / "output").glob("*.schema.json"))
}
HOOK = "https://monitor.example.com/hooks/webchat"

PROBES = [
    *(
        f"probes.0.{name}"
        for name in ("name", "url", "origin", "expected", "observed", "ok", "stage", "seconds")
    ),
    "probes.0.certificate.notAfter",
    "probes.0.certificate.daysLeft",
]
HANDSHAKES = [
    f"metrics.handshakes.{name}"
    for name in ("success", "failure", "successRate", "latencyAvgMs", "latencyP95Ms")
]
ENTRY = ("name", "when", "action", "actor.id", "actor.name")
CHANGE = ("property", "before", "after")
MINIMUM = {
    "validate": [
        "valid",
        *(
            f"findings.0.{name}"
            for name in ("rule", "severity", "file", "line", "column", "pointer", "message", "fix")
        ),
    ],
    "plan": [
        *("digest", "commit", "requests"),
        *(f"summary.{name}" for name in ("create", "update", "delete", "unchanged", "unmanaged")),
        *(
            f"channels.0.{name}"
            for name in ("name", "kind", "id", "action", "revision", "exposure", "changes")
        ),
        *(f"channels.0.changes.0.{name}" for name in ("path", "before", "after")),
        *("webhooks.0.name", "webhooks.0.action"),
    ],
    "plan-check": [f"channels.0.{name}" for name in ("name", "state", "reason")],
    "apply": [
        *("run", "exit", "plan.digest"),
        *(f"outcomes.0.{name}" for name in ("name", "result", "attempts", "seconds", "reason", "guard")),
        *("outcomes.0.revision.before", "outcomes.0.revision.after"),
        *PROBES,
        *(f"metrics.updates.{name}" for name in ("success", "failure", "latencyAvgMs", "latencyP95Ms")),
        *HANDSHAKES,
        *(f"audit.entries.0.{name}" for name in ENTRY),
        *(f"audit.entries.0.changes.0.{name}" for name in CHANGE),
        "audit.complete",
        *(f"webhooks.0.{name}" for name in ("name", "action", "result")),
    ],
    "verify": [*PROBES, *HANDSHAKES],
    "audit": [
        *(f"entries.0.{name}" for name in ENTRY),
        *(f"entries.0.changes.0.{name}" for name in CHANGE),
        "complete",
    ],
    "drift": [
        "drifted",
        *(f"channels.0.{name}" for name in ("name", "state", "fields")),
        *(
            f"channels.0.fields.0.{name}"
            for name in ("path", "applied", "live", "desired", "exposure", "attribution")
        ),
        *(f"channels.0.fields.0.attribution.{name}" for name in ("certainty", "actor", "when")),
        *(f"channels.0.fields.0.attribution.actor.{name}" for name in ("id", "name")),
    ],
    "adopt": [f"files.0.{name}" for name in ("path", "name", "id")],
    "report": [
        *(f"runs.0.{name}" for name in ("run", "when", "command", "exit", "commit", "digest")),
        *("chain.valid", "chain.length"),
    ],
    "fleet": [
        *("story", "exit", "summary.organisations", "summary.exits", "summary.actions", "summary.requests"),
        *(f"organisations.0.{name}" for name in ("name", "exit", "error", "result")),
    ],
    "shards": [f"include.0.{name}" for name in ("shard", "organisations", "args", "channels")],
    "report-log": [
        *("channel", "field"),
        *(f"events.0.{name}" for name in ("when", "what", "who", "id", "fields")),
        *(f"events.0.fields.0.{name}" for name in ("path", "before", "after")),
    ],
    "report-continuity": ["runs", *(f"gaps.0.{name}" for name in ("name", "known", "found", "versions"))],
    "explain": ["rules.0.rule"],
    "doctor": ["checks.0.what", "checks.0.found", "checks.0.ok", "settings.0.name", "settings.0.value"],
}
"""The fields of every document that outsiders rely on, as paths; `format` and `command` stand in each."""


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Have every command print its JSON once, in one story with something in each list."""
    with (
        pytest.MonkeyPatch.context() as environ,
        told(tmp_path_factory.mktemp("outputs") / "repo", environ) as story,
    ):
        yield dict(_documents(story))


def _documents(story: Story) -> Iterator[tuple[str, Any]]:
    story.write("careless", 9, corsAllowedOrigins=["http://app.example.com"])
    yield "validate", story.json("validate")[1]
    (story.repo / "channels" / "careless.yaml").unlink()
    story.seed("support", 0)
    story.write("support", 0, webhook=HOOK, description="From Git")
    story.commit()
    saved = story.repo.parent / "plan.json"
    yield "plan", story.json("plan", "--out", str(saved))[1]
    yield "plan-check", story.json("plan", "check", str(saved))[1]
    yield "apply", story.json("apply", str(saved))[1]
    yield "verify", story.json("verify")[1]
    story.emulator.edit(IDS[0], {"description": "Dana's"}, user="Dana")
    yield "audit", story.json("audit")[1]
    yield "drift", story.json("drift")[1]
    story.seed("retail", 1)
    yield "adopt", story.json("adopt")[1]
    yield "report", story.json("report")[1]
    yield "report-log", story.json("report", "log", "support")[1]
    story.write("support", 0, description="Ours again", webhook=HOOK)
    story.json("apply", "--yes")
    yield "report-continuity", story.json("report", "continuity")[1]
    story.own_fleet()
    yield "fleet", story.json("fleet", "plan")[1]
    yield "shards", story.run("shards", "--json").json
    yield "explain", story.json("explain")[1]
    yield "doctor", story.json("doctor")[1]


def test_every_command_with_json_has_a_schema_and_every_schema_a_command() -> None:
    assert set(SCHEMAS) - {"event"} == set(MINIMUM)  # an event is sent, not printed: test_notify.py
    for schema in SCHEMAS.values():
        Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("name", MINIMUM)
def test_what_a_command_prints_holds_to_its_schema(name: str, documents: dict[str, Any]) -> None:
    document = documents[name]
    assert (document["format"], document["command"].replace(" ", "-")) == (1, name)
    assert problems(name, document) == []


@pytest.mark.parametrize(
    ("name", "path"), [(name, path) for name in MINIMUM for path in ("format", "command", *MINIMUM[name])]
)
def test_a_document_without_a_field_of_the_contract_breaks_the_schema(
    name: str, path: str, documents: dict[str, Any]
) -> None:
    document = copy.deepcopy(documents[name])
    *way, last = path.split(".")
    parent = document
    for step in way:
        parent = parent[int(step) if step.isdigit() else step]
    del parent[last]
    assert problems(name, document), f"{name} may leave out {path}"


def test_a_saved_plan_and_a_record_hold_to_the_schemas_too(story: Story) -> None:
    story.write("support", 0)
    story.commit()
    saved = story.repo.parent / "plan.json"
    story.run("plan", "--out", str(saved))
    assert problems("plan", json.loads(saved.read_text())) == []
    assert story.json("apply", str(saved))[0] == 0
    assert problems("apply", story.json("report", "latest")[1]) == []


def test_runs_that_went_wrong_hold_to_the_schema(story: Story) -> None:
    story.seed("clashing", 0)
    story.write("clashing", 0, name="Ours")
    story.write("unreachable", 1)
    story.emulator.settings.update({"certificates": {"unreachable.example.com": "expired"}})
    story.interrupt(0, {"name": "Theirs"})
    code, document = story.json("apply", "--yes", "--no-record")
    assert (code, problems("apply", document)) == (4, [])
    assert any(outcome["clashes"] for outcome in document["outcomes"])
    assert any(probe["observed"] == "unreachable" for probe in document["probes"])


def test_explaining_one_rule_holds_to_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "origin-https", "--format", "json"]) == 0
    assert problems("explain", json.loads(capsys.readouterr().out)) == []


def problems(name: str, document: Any) -> list[str]:
    """Say what of a document breaks the schema of that name."""
    validator = Draft202012Validator(SCHEMAS[name], format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(document)]
