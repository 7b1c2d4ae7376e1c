"""Hand the spans of a run to OpenTelemetry, where the environment asks for it; the one home of its libraries.

The library sends them by its own means, to the address that the operator set: `OTEL_EXPORTER_OTLP_ENDPOINT` and its
kin are read as everybody else reads them, and `TRACEPARENT` hangs the run under the trace of a pipeline.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.report.escape import printable
from reconciler.report.spans import Span

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Tracer

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
SECONDS = 5.0
"""The most that sending may take."""
INSTALL = "install the extra that sends them: pip install 'genesys-reconciler[otlp]'"


def is_wanted(environ: Mapping[str, str]) -> bool:
    """Say whether the environment asks for traces."""
    off = environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    return not off and environ.get("OTEL_TRACES_EXPORTER") != "none" and any(map(environ.get, ENDPOINTS))


def send(span: Span, environ: Mapping[str, str], exporter: SpanExporter | None = None) -> str | None:
    """Send a tree of spans; a sentence says why that did not work, and nothing is raised."""
    try:
        from opentelemetry.sdk.trace.export import SpanExportResult
    except ImportError:
        return INSTALL
    # They log whole tracebacks of what is said in one sentence below.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)
    try:
        exporter = exporter or _exporter()
        ended = exporter.export(_record(span, environ))
        exporter.shutdown()
    except Exception as error:  # noqa: BLE001 - whatever the library raises, the run is over and stands
        return f"the library could not send them ({type(error).__name__})"
    return (
        None if ended is SpanExportResult.SUCCESS else "the collector did not take them; look at its address"
    )


def _exporter() -> SpanExporter:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter(timeout=SECONDS)


def _record(span: Span, environ: Mapping[str, str]) -> Sequence[ReadableSpan]:
    """Make the library's spans, the innermost first."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    kept = InMemorySpanExporter()
    resource = Resource.create({"service.name": "reconciler", "service.version": __version__})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    carrier = {key.lower(): environ[key] for key in ("TRACEPARENT", "TRACESTATE") if environ.get(key)}
    context = TraceContextTextMapPropagator().extract(carrier)
    _tell(provider.get_tracer("reconciler", __version__), span, context, is_root=True)
    return kept.get_finished_spans()


def _tell(tracer: Tracer, span: Span, context: object, *, is_root: bool = False) -> None:
    from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context

    told = tracer.start_span(
        printable(span.name),
        context=context,  # type: ignore[arg-type]
        kind=SpanKind.SERVER if is_root else SpanKind.INTERNAL,
        attributes={
            key: printable(value) if isinstance(value, str) else value
            for key, value in span.attributes.items()
        },
        start_time=_nanoseconds(span.began),
    )
    if span.problem is not None:
        told.set_status(Status(StatusCode.ERROR, printable(span.problem)))
    for child in span.children:
        _tell(tracer, child, set_span_in_context(told))
    told.end(_nanoseconds(span.ended))


def _nanoseconds(when: datetime) -> int:
    return int(when.timestamp() * 1_000_000) * 1_000
