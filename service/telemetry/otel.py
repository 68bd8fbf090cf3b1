"""Send spans to an OpenTelemetry collector by OTLP over HTTP. Needs the extra `otel`.

Imported only where traces are wanted.

The address, headers, sampler and resource are OpenTelemetry's own variables, which its SDK reads
(OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS, OTEL_TRACES_SAMPLER, OTEL_SERVICE_NAME …). No global provider
is set, so that other libraries of the process add no spans and no content to them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from thresher.schemas.errors import Problem
from thresher.schemas.result import VERSION
from thresher.service.telemetry.ids import known_ids
from thresher.service.telemetry.tracing import Facts, Kind

SCHEMA = "https://opentelemetry.io/schemas/1.42.0"  # the conventions that the names follow
KINDS: dict[Kind, trace.SpanKind] = {
    "internal": trace.SpanKind.INTERNAL,
    "server": trace.SpanKind.SERVER,
    "client": trace.SpanKind.CLIENT,
    "producer": trace.SpanKind.PRODUCER,
    "consumer": trace.SpanKind.CONSUMER,
}
_FORM = TraceContextTextMapPropagator()


class _Span:
    """A Span over OpenTelemetry's."""

    def __init__(self, inner: trace.Span) -> None:
        self._inner = inner

    def set(self, facts: Facts) -> None:
        """Add facts as attributes."""
        self._inner.set_attributes(dict(facts))

    def rename(self, name: str) -> None:
        """Set the final name."""
        self._inner.update_name(name)


class Otel:
    """A Tracer that sends spans in batches from a thread of its own."""

    def __init__(self) -> None:
        """Set up the exporter as the environment says."""
        known = Resource({"service.name": "thresher", "service.version": VERSION})
        self._provider = TracerProvider(resource=known.merge(OTELResourceDetector().detect()))
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("thresher", VERSION, schema_url=SCHEMA)

    @contextmanager
    def span(self, name: str, kind: Kind, facts: Facts) -> Iterator[_Span]:
        """Open a span round a block; an exception that leaves it is recorded by its type or code alone."""
        known = {f"thresher.{k}": v for k, v in known_ids().items()}
        with self._tracer.start_as_current_span(
            name, kind=KINDS[kind], attributes={**known, **facts}, record_exception=False, set_status_on_exception=False
        ) as inner:
            try:
                yield _Span(inner)
            except BaseException as error:
                inner.set_attribute("error.type", _type(error))
                inner.set_status(trace.StatusCode.ERROR)
                raise

    def here(self) -> str | None:
        """Return the present span as W3C `traceparent`."""
        carrier: dict[str, str] = {}
        _FORM.inject(carrier)
        return carrier.get("traceparent")

    @contextmanager
    def under(self, parent: str) -> Iterator[None]:
        """Make the spans of a block children of a span of another process."""
        token = context.attach(_FORM.extract({"traceparent": parent}, context.Context()))
        try:
            yield
        finally:
            context.detach(token)

    def close(self) -> None:
        """Send what is left and stop the exporter."""
        self._provider.shutdown()


def _type(error: BaseException) -> str:
    """Return the kind of an error as one of few words: a Problem's code, "cancelled" or the type's name."""
    inner = getattr(error, "problem", error)  # a TransientError wraps its Problem
    if isinstance(inner, Problem):
        return inner.code
    return "cancelled" if isinstance(error, asyncio.CancelledError) else type(error).__name__
