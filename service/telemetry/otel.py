"""Spans to an OpenTelemetry collector, by OTLP over HTTP. Needs the extra `otel`; imported only where traces are wanted.

The address, headers, sampler and resource are OpenTelemetry's own variables, which its SDK reads (OTEL_EXPORTER_OTLP_ENDPOINT,
OTEL_EXPORTER_OTLP_HEADERS, OTEL_TRACES_SAMPLER, OTEL_SERVICE_NAME …). No global provider is set: other libraries of the process stay
silent, so that no span can hold what they would put into it.
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
from thresher.service.telemetry.ids import ids
from thresher.service.telemetry.tracing import Facts, Kind

SCHEMA = "https://opentelemetry.io/schemas/1.42.0"  # of the conventions whose names are used
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
        """See Span."""
        self._inner.set_attributes(dict(facts))

    def rename(self, name: str) -> None:
        """See Span."""
        self._inner.update_name(name)


class Otel:
    """A Tracer that sends spans in batches from a thread of its own."""

    def __init__(self) -> None:
        """As the environment says."""
        known = Resource({"service.name": "thresher", "service.version": VERSION})
        self._provider = TracerProvider(resource=known.merge(OTELResourceDetector().detect()))
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("thresher", VERSION, schema_url=SCHEMA)

    @contextmanager
    def span(self, name: str, kind: Kind, facts: Facts) -> Iterator[_Span]:
        """See Tracer."""
        known = {f"thresher.{k}": v for k, v in ids().items()}
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
        """See Tracer."""
        carrier: dict[str, str] = {}
        _FORM.inject(carrier)
        return carrier.get("traceparent")

    @contextmanager
    def under(self, parent: str) -> Iterator[None]:
        """See Tracer."""
        token = context.attach(_FORM.extract({"traceparent": parent}, context.Context()))
        try:
            yield
        finally:
            context.detach(token)

    def close(self) -> None:
        """See Tracer."""
        self._provider.shutdown()


def _type(error: BaseException) -> str:
    """What kind of error it is, in a word of few."""
    inner = getattr(error, "problem", error)  # of what may pass
    if isinstance(inner, Problem):
        return inner.code
    return "cancelled" if isinstance(error, asyncio.CancelledError) else type(error).__name__
