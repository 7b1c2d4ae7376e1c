"""Metrics, alert rules and the dashboard: judged by the libraries and tools that will read them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text
from samples import APP, DRIFT, NEW, ORIGINS, RUN, JsonDict, outcome, with_text_everywhere
from story import IDS, Story
from test_report_history import ANYTHING, NAMES, applied, st

from reconciler.model import Waiver
from reconciler.report.exposition import State, metrics_text

CHECKOUT = Path(__file__).resolve().parent.parent
MONITORING = CHECKOUT / "monitoring"
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="no promtool here: apt-get install prometheus")
WHEN = "2026-03-01T10:00:00.000Z"
SECONDS = 1772359200.0


def written(*told: tuple[str, JsonDict], chain_valid: bool = True, openmetrics: bool = False) -> str:
    state = State()
    for run, document in told:
        state.read(run, document)
    return metrics_text(
        state, chain_valid=chain_valid, records=len(told), version="1.2.3", openmetrics=openmetrics
    )


def samples(text: str) -> dict[str, float]:
    """Read metrics by the library's own parser, each as `name{labels}`."""
    return {
        one.name + "".join(f" {key}={value}" for key, value in sorted(one.labels.items())): one.value
        for family in read_text(text)
        for one in family.samples
    }


def promtool(*words: str | Path, given: str | None = None) -> subprocess.CompletedProcess[str]:
    assert PROMTOOL
    command = [PROMTOOL, *words]
    return subprocess.run(command, input=given, capture_output=True, text=True, timeout=60, check=False)


def test_the_newest_runs_are_told() -> None:
    found = samples(written(("r1", applied("r1", WHEN, [APP, NEW])), ("d1", DRIFT)))
    assert found["reconciler_build_info version=1.2.3"] == 1
    assert found["reconciler_record_chain_valid"] == 1
    assert found["reconciler_records"] == 2
    assert found["reconciler_last_run_timestamp_seconds command=apply organisation=org-1"] == SECONDS
    assert found["reconciler_last_success_timestamp_seconds command=apply organisation=org-1"] == SECONDS
    assert "reconciler_last_success_timestamp_seconds command=drift organisation=org-1" not in found
    assert found["reconciler_last_run_exit_code command=drift organisation=org-1"] == 2
    assert found["reconciler_last_run_requests command=apply method=PUT organisation=org-1"] == 1
    assert found["reconciler_last_apply_changes organisation=org-1 result=applied"] == 1
    assert found["reconciler_last_apply_changes organisation=org-1 result=clashed"] == 0
    assert found["reconciler_last_apply_widening_changes organisation=org-1"] == 1
    assert found["reconciler_drift_channels organisation=org-1 state=drifted"] == 1
    assert found["reconciler_drift_channels organisation=org-1 state=pending"] == 1
    assert found["reconciler_drift_widening_channels organisation=org-1"] == 1
    assert found["reconciler_allowed_origins organisation=org-1"] == 2
    where = "channel=support organisation=org-1"
    assert found[f"reconciler_endpoint_checks {where} outcome=expected"] == 1
    assert found[f"reconciler_endpoint_checks {where} outcome=failed"] == 0
    assert found[f"reconciler_handshake_duration_seconds {where} statistic=p95"] == 0.142
    assert found[f"reconciler_certificate_not_after_timestamp_seconds {where}"] == 1777593600
    assert found[f"reconciler_certificate_not_before_timestamp_seconds {where}"] == 1767225600


def test_waivers_are_counted_by_how_they_stood() -> None:
    run = applied("r1", WHEN, [APP])
    counts = {"active": 2, "ending": 1, "expired": 0, "unused": 3}
    run["metrics"] = {**run.get("metrics", {}), "waivers": counts}
    found = samples(written(("r1", run)))
    where = "reconciler_last_apply_waivers organisation=org-1"
    assert {state: found[f"{where} state={state}"] for state in counts} == counts
    # Runs of older versions say nothing of waivers, and no figure is made up for them.
    assert not any(name.startswith(where) for name in samples(written(("d1", DRIFT))))


def test_only_the_newest_run_of_each_command_counts() -> None:
    failed = outcome("support", "failed", exposure="widens")
    found = samples(
        written(
            ("r1", applied("r1", WHEN, [APP])),
            (
                "r2",
                applied("r2", "2026-03-02T10:00:00.000Z", [APP, NEW], outcomes=[failed], exit=4, probes=[]),
            ),
        ),
    )
    assert found["reconciler_last_apply_changes organisation=org-1 result=failed"] == 1
    assert found["reconciler_last_apply_changes organisation=org-1 result=applied"] == 0
    assert found["reconciler_last_apply_widening_changes organisation=org-1"] == 0
    assert found["reconciler_last_success_timestamp_seconds command=apply organisation=org-1"] == SECONDS
    assert found["reconciler_last_run_timestamp_seconds command=apply organisation=org-1"] == SECONDS + 86_400
    assert found["reconciler_allowed_origins organisation=org-1"] == 1
    assert found["reconciler_endpoint_checks channel=support organisation=org-1 outcome=expected"] == 1


def test_waivers_end_when_their_last_day_is_over() -> None:
    waiver = Waiver("old", "origin-https", "support", "/spec", "it moves", "digital", date(2026, 3, 1))
    text = metrics_text(
        State(), chain_valid=True, records=0, version="1", openmetrics=False, waivers=[waiver]
    )
    where = "reconciler_waiver_expiry_timestamp_seconds channel=support rule=origin-https waiver=old"
    assert samples(text)[where] == datetime(2026, 3, 2, tzinfo=UTC).timestamp()


def test_no_record_and_a_broken_chain_are_told() -> None:
    found = samples(written(chain_valid=False))
    assert (found["reconciler_record_chain_valid"], found["reconciler_records"]) == (0, 0)


def test_both_formats_say_the_same() -> None:
    told = [("r1", RUN), ("d1", DRIFT)]
    plain, open_text = written(*told), written(*told, openmetrics=True)
    assert open_text.endswith("# EOF\n")
    by_name = {family.name: family for family in read_openmetrics(open_text)}
    seconds = by_name["reconciler_handshake_duration_seconds"]
    assert seconds.type == "gauge"
    again = {one.name for family in by_name.values() for one in family.samples}
    assert again == {name.split(" ")[0] for name in samples(plain)}


def test_no_label_names_a_run_and_hostile_names_stay_one_label() -> None:
    hostile = with_text_everywhere(RUN, 'x"}\n\\ \u202e\ud800')
    text = written(("r1", {**hostile, "when": RUN["when"]}), ("d1", DRIFT))
    assert text.isascii()
    labels = {key for family in read_text(text) for one in family.samples for key in one.labels}
    assert labels <= {
        *(
            "organisation",
            "command",
            "method",
            "result",
            "state",
            "channel",
            "outcome",
            "statistic",
            "version",
        )
    }


@settings(max_examples=50)
@given(st.lists(st.dictionaries(NAMES, ANYTHING, max_size=10), max_size=4))
def test_records_may_hold_anything(documents: list[JsonDict]) -> None:
    told = [(f"r{number}", {"when": WHEN, "command": "apply"} | one) for number, one in enumerate(documents)]
    assert samples(written(*told))["reconciler_records"] == len(told)


@needs_promtool
@pytest.mark.parametrize("told", [[], [("r1", RUN), ("d1", DRIFT)]])
def test_promtool_finds_nothing(told: list[tuple[str, JsonDict]]) -> None:
    ended = promtool("check", "metrics", given=written(*told))
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


@needs_promtool
def test_alerts_rise_and_fall_when_they_should() -> None:
    assert promtool("check", "rules", "--lint-fatal", MONITORING / "alerts.yml").returncode == 0
    ended = promtool("test", "rules", CHECKOUT / "tests" / "monitoring" / "alerts_test.yml")
    assert ended.returncode == 0, ended.stdout + ended.stderr


def dashboard() -> list[str]:
    """Give every expression of the dashboard."""
    board = json.loads((MONITORING / "dashboard.json").read_text())
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids)
    return [target["expr"] for panel in board["panels"] for target in panel["targets"]]


def alerts() -> list[dict[str, Any]]:
    rules: Any = yaml.safe_load((MONITORING / "alerts.yml").read_text())
    return [rule for group in rules["groups"] for rule in group["rules"]]


def test_rules_and_dashboard_ask_for_metrics_that_there_are() -> None:
    text = written(("r1", RUN), ("d1", DRIFT))
    known = {one.name for family in read_text(text) for one in family.samples}
    known |= set(re.findall(r"# TYPE (\w+) gauge", text))
    for expression in (*dashboard(), *(rule["expr"] for rule in alerts())):
        asked = set(re.findall(r"\breconciler_\w+", expression))
        assert asked
        assert asked <= known, asked - known


def test_every_alert_is_tested() -> None:
    tested = (CHECKOUT / "tests" / "monitoring" / "alerts_test.yml").read_text()
    assert [rule["alert"] for rule in alerts() if f"alertname: {rule['alert']}\n" not in tested] == []


@needs_promtool
def test_promtool_can_read_every_expression_of_the_dashboard(tmp_path: Path) -> None:
    rules = [
        {"record": f"board:{number}", "expr": expression.replace("$organisation", ".*")}
        for number, expression in enumerate(dashboard())
    ]
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "board", "rules": rules}]}))
    ended = promtool("check", "rules", path)
    assert ended.returncode == 0, ended.stderr


def test_metrics_are_written_to_a_file_whole(story: Story, tmp_path: Path) -> None:
    story.seed("support", 0)
    story.write("support", 0, description="From Git")
    story.commit()
    assert story.run("apply", "--yes").code == 0
    story.emulator.edit(
        IDS[0], {"webchatSettings": {"corsAllowedOrigins": ["https://evil.example.com"]}}, user="Eve"
    )
    assert story.run("drift").code == 2
    path = tmp_path / "reconciler.prom"
    ended = story.run("report", "metrics", "--out", str(path))
    assert (ended.code, ended.out, [one.name for one in tmp_path.glob("*.pr*")]) == (
        0,
        "",
        ["reconciler.prom"],
    )
    found = samples(path.read_text())
    assert found["reconciler_record_chain_valid"] == 1
    (widened,) = (value for name, value in found.items() if name.startswith("reconciler_drift_widening"))
    assert widened == 1
    assert story.run("report", "metrics", "--format", "openmetrics").out.endswith("# EOF\n")
    assert story.run("report", "metrics", "--format", "json").code == 64
    assert ORIGINS not in path.read_text()
