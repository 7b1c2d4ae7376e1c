"""Traces: the tree of a run, and what a collector gets of it over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from samples import DRIFT, RUN
from story import IDS, Story

from reconciler.acts.trace import INSTALL, is_wanted, send
from reconciler.model import Action, Exposure, Guard, Outcome, Probe, Result, Stage, Target, Verdict
from reconciler.report.spans import Span, Timeline, run_span

BEGAN = datetime(2026, 3, 1, 10, tzinfo=UTC)
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def outcome(name: str, result: Result, seconds: float, **fields: Any) -> Outcome:
    return Outcome(
        name,
        "WebchatChannel",
        "id",
        Action.UPDATE,
        result,
        Guard.IF_MATCH,
        seconds=seconds,
        attempts=1,
        **fields,
    )


def probe(ok: bool, seconds: float) -> Probe:
    target = Target(
        "support", "wss://support.example.com/webchat", "https://app.example.com", Verdict.ACCEPTED
    )
    seen = Verdict.ACCEPTED if ok else Verdict.REFUSED
    return Probe(target, seen, ok, Stage.UPGRADED, None if ok else "it refuses", seconds, {"tls": 0.05})


TIMELINE = Timeline(
    outcomes=[
        (outcome("support", Result.APPLIED, 0.5, exposure=Exposure.WIDENS), at(1.5)),
        (outcome("sales", Result.CLASHED, 0.25, reason="somebody moved it"), at(2)),
    ],
    probes=[(probe(True, 0.125), at(3)), (probe(False, 0.5), at(3.25))],
)


def test_a_run_is_a_tree_of_stages_channels_and_checks() -> None:
    root = run_span(RUN, TIMELINE, BEGAN, at(4))
    assert (root.name, root.began, root.ended) == ("reconciler apply", BEGAN, at(4))
    assert root.problem == "something of the plan was not applied, or may have overwritten somebody"
    assert root.attributes == {
        "cicd.pipeline.name": "reconciler apply",
        "cicd.pipeline.run.id": RUN["run"],
        "cicd.pipeline.result": "failure",
        "vcs.ref.head.revision": "c" * 40,
        "reconciler.organisation": "org-1",
        "reconciler.exit_code": 4,
        "reconciler.requests": 7,
    }
    write, prove = root.children
    assert (write.name, write.began, write.ended, write.problem) == ("write", at(1), at(2), "1 of 2 failed")
    assert (prove.began, prove.ended, prove.problem) == (at(2.75), at(3.25), "1 of 2 failed")
    assert [(one.name, one.problem) for one in write.children] == [
        ("update support", None),
        ("update sales", "somebody moved it"),
    ]
    assert write.children[0].attributes["reconciler.exposure"] == "widens"
    assert prove.children[1].problem == "it refuses"
    assert prove.children[0].attributes["reconciler.phase.tls_seconds"] == 0.05


def test_a_look_for_drift_is_one_span_and_drift_is_no_failure() -> None:
    root = run_span(DRIFT, Timeline(), BEGAN, at(1))
    assert (root.children, root.problem) == ([], None)
    assert (root.attributes["reconciler.drifted"], root.attributes["cicd.pipeline.result"]) == (1, "success")


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_traces_are_sent_where_the_environment_asks_for_them(environ: dict[str, str], wanted: bool) -> None:
    assert is_wanted(environ) is wanted


def test_the_run_hangs_under_the_trace_of_the_pipeline() -> None:
    kept = InMemorySpanExporter()
    environ = {"TRACEPARENT": f"00-{TRACE}-{PARENT}-01", "TRACESTATE": "vendor=1"}
    exported: list[Any] = []
    kept.shutdown = lambda: exported.extend(kept.get_finished_spans())  # type: ignore[method-assign]
    assert send(run_span(RUN, TIMELINE, BEGAN, at(4)), environ, kept) is None
    by_name = {span.name: span for span in exported}
    assert len(exported) == 7
    assert {f"{span.context.trace_id:032x}" for span in exported} == {TRACE}
    root, write = by_name["reconciler apply"], by_name["write"]
    assert f"{root.parent.span_id:016x}" == PARENT
    assert root.kind.name == "SERVER"
    assert write.parent.span_id == root.context.span_id
    assert by_name["update sales"].parent.span_id == write.context.span_id
    assert by_name["update sales"].status.status_code.name == "ERROR"
    assert (root.end_time - root.start_time) == 4_000_000_000
    assert root.resource.attributes["service.name"] == "reconciler"


def test_a_broken_parent_begins_a_trace_of_its_own() -> None:
    kept = InMemorySpanExporter()
    exported: list[Any] = []
    kept.shutdown = lambda: exported.extend(kept.get_finished_spans())  # type: ignore[method-assign]
    assert send(Span("x\x1b", BEGAN, at(1), {"a": "\u202e"}), {"TRACEPARENT": "nonsense"}, kept) is None
    (root,) = exported
    assert root.parent is None
    assert (root.name, root.attributes["a"]) == ("x\\u{1b}", "\\u{202e}")


def test_without_the_extra_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry.sdk.trace.export", None)
    assert send(Span("x", BEGAN, at(1), {}), {}) == INSTALL


class Collector:
    """What a collector got over OTLP/HTTP."""

    def __init__(self) -> None:
        self.status = 200
        self.requests: list[ExportTraceServiceRequest] = []
        self.port = 0

    def spans(self) -> list[Any]:
        return [
            span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.path == "/v1/traces"
            if self.headers.get("Content-Encoding") == "gzip":
                body = __import__("gzip").decompress(body)
            collector.requests.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(collector.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    collector.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def test_an_apply_and_a_look_for_drift_reach_a_collector(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.write("support", 0)
    story.commit()
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.port}")
        monkeypatch.setenv("TRACEPARENT", f"00-{TRACE}-{PARENT}-01")
        code, document = story.json("apply", "--yes")
        assert code == 0
        by_name = {span.name: span for span in collector.spans()}
        assert {"reconciler apply", "write", "prove", "create support", "check support"} == set(by_name)
        root = by_name["reconciler apply"]
        assert (root.trace_id.hex(), root.parent_span_id.hex()) == (TRACE, PARENT)
        told = {one.key: one.value.string_value for one in root.attributes}
        assert told["cicd.pipeline.run.id"] == document["run"]
        times = [(span.start_time_unix_nano, span.end_time_unix_nano) for span in by_name.values()]
        assert all(root.start_time_unix_nano <= began <= ended for began, ended in times)
        assert max(ended for _, ended in times) == root.end_time_unix_nano
        collector.requests.clear()
        story.emulator.edit(IDS[0], {"name": "Dana's"}, user="Dana")
        assert story.run("drift").code == 2
        assert [span.name for span in collector.spans()] == ["reconciler drift"]


def test_a_collector_that_is_down_changes_nothing_of_the_run(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.write("support", 0)
    story.commit()
    with collecting() as collector:
        collector.status = 400
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.port}")
        ended = story.run("apply", "--yes")
    assert ended.code == 0
    assert "warning: no trace was sent: the collector did not take them" in ended.err
