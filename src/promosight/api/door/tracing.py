"""OpenTelemetry: a request followed from its `traceparent` to the commit that made it durable.

A request's own span has children: `door` (key and body), `rule` (reading and judging what came), and for each
transaction that carried a change of it `wait`, `transaction` and `commit`. One transaction carries the changes of many
requests: it is a span in a trace of its own, linked to all of them, as each `commit` is to it. Spans bear routes,
statuses and numbers, and nobody's name: no path, no query, no id of a caller.

Nothing here is loaded or called while tracing is off. While it is on, times are noted as they pass, and the
spans are made of them when the request has been worked off.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import NamedTuple

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    INVALID_SPAN,
    Link,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    format_span_id,
    format_trace_id,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from promosight import __version__
from promosight.api.door.call import Headers, Receive, Scope
from promosight.api.door.door import Answer, Door, Route, answered, refused
from promosight.errors import PromosightError
from promosight.store.waiting import TRACED, Job

_SECONDS_TO_SEND = 5
_propagator = TraceContextTextMapPropagator()


class Carried(NamedTuple):
    """A transaction that carried a change of a request: when it was queued, taken up and run; and its span."""

    queued: float
    began: float
    ran: float
    committed: float
    span: SpanContext


class Traced:
    """One request on its way; times by `time.perf_counter`.

    Where that clock began is asked once, for all spans of a request: else one that is held up between asking the two
    clocks would seem to come before what came before it.
    """

    __slots__ = ("carried", "clock_began", "judged_from", "span", "trace_id")

    def __init__(self, span: Span, clock_began: int) -> None:
        self.span = span
        self.clock_began = clock_began
        self.trace_id = format_trace_id(span.get_span_context().trace_id)
        self.judged_from = 0.0
        self.carried: list[Carried] = []

    def passed_the_door(self) -> None:
        """Its key is good and its body is here."""
        self.judged_from = time.perf_counter()


class Tracing:
    """Follows what a door answers, until `end`. Settings beside the address are OpenTelemetry's own (`OTEL_...`)."""

    def __init__(self, door: Door, address: str) -> None:
        named = {"service.name": "promosight", "service.version": __version__}
        exporter = OTLPSpanExporter(endpoint=address, timeout=_SECONDS_TO_SEND)
        self._provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("promosight", __version__)
        door.answering = self._answered
        door.store.follow_commits(self._committed)

    def end(self) -> None:
        """Sends what is left. Blocks, for seconds when nobody takes it."""
        self._provider.shutdown()

    async def _answered(
        self,
        door: Door,
        route: Route,
        scope: Scope,
        headers: Headers,
        receive: Receive,
        parameters: Mapping[str, str],
    ) -> Answer:
        """`answered`, followed. Raises what is our fault."""
        began = time.perf_counter()
        traced = self._begun(route, headers, began)
        TRACED.set(
            traced
        )  # until the end of the request's task, so that its lines in the log bear it too
        status = 500
        try:
            answer = await answered(door, route, scope, headers, receive, parameters)
            status = answer.status
        except PromosightError as error:
            answer = refused(error)
            status = answer.status
        finally:
            self._ended(traced, status, began)
        return answer._replace(headers=answer.headers | _named(traced.span.get_span_context()))

    def _begun(self, route: Route, headers: Headers, began: float) -> Traced:
        given = headers.get(b"traceparent", b"").decode("latin-1")
        carrier = {
            "traceparent": given,
            "tracestate": headers.get(b"tracestate", b"").decode("latin-1"),
        }
        said = {"http.request.method": route.method, "http.route": route.shown}
        clock_began = _clock_began()
        span = self._tracer.start_span(
            f"{route.method} {route.shown}",
            context=_propagator.extract(carrier) if given else None,
            kind=SpanKind.SERVER,
            attributes=said,
            start_time=_at(began, clock_began),
        )
        return Traced(span, clock_began)

    def _ended(self, traced: Traced, status: int, began: float) -> None:
        span = traced.span
        if not span.is_recording():
            return
        span.set_attribute("http.response.status_code", status)
        if status >= 500:
            span.set_status(Status(StatusCode.ERROR))
        now = time.perf_counter()
        judged_from = traced.judged_from or now
        self._part(traced, "door", began, judged_from)
        queued = [one.queued for one in traced.carried if one.queued >= judged_from]
        if traced.judged_from:
            self._part(traced, "rule", judged_from, min(queued, default=now))
        for one in traced.carried:
            self._part(traced, "wait", one.queued, one.began)
            self._part(traced, "transaction", one.began, one.ran)
            self._part(traced, "commit", one.ran, one.committed, one.span)
        span.end(_at(now, traced.clock_began))

    def _part(
        self, whole: Traced, name: str, began: float, ended: float, of: SpanContext | None = None
    ) -> None:
        links = None if of is None else [Link(of)]
        context, clock_began = set_span_in_context(whole.span), whole.clock_began
        start = _at(began, clock_began)
        part = self._tracer.start_span(name, context, links=links, start_time=start)
        part.end(_at(ended, clock_began))

    def _committed(self, jobs: list[Job], began: float, ran: float) -> None:
        """Called by whoever committed, before anybody is answered."""
        followed = [
            job for job in jobs if job.traced is not None and job.traced.span.is_recording()
        ]
        if not followed:
            return
        committed, clock_began = time.perf_counter(), _clock_began()
        span = self._tracer.start_span(
            "group commit",
            context=set_span_in_context(INVALID_SPAN),
            links=[Link(job.traced.span.get_span_context()) for job in followed],
            attributes={"promosight.changes": len(jobs)},
            start_time=_at(began, clock_began),
        )
        span.end(_at(committed, clock_began))
        for job in followed:
            carried = Carried(job.queued_s, began, ran, committed, span.get_span_context())
            job.traced.carried.append(carried)


def _clock_began() -> int:
    """When `time.perf_counter` was nothing, in nanoseconds since 1970."""
    return time.time_ns() - time.perf_counter_ns()


def _at(moment: float, clock_began: int) -> int:
    """Nanoseconds since 1970 of a moment by `time.perf_counter`, which began so many of them after 1970."""
    return clock_began + int(moment * 1e9)


def _named(context: SpanContext) -> dict[str, str]:
    """How an answer names its span, in the header that browsers and their monitors read."""
    trace, span = format_trace_id(context.trace_id), format_span_id(context.span_id)
    return {"Server-Timing": f'traceparent;desc="00-{trace}-{span}-{context.trace_flags:02x}"'}
