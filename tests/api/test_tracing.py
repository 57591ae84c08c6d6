"""A request followed by OpenTelemetry from the caller's span to the commit, as a collector sees it."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.api.test_logs import NAME, logging_server

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENTED = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
EVENT = {"event_id": NAME, "customer_id": NAME, "promotion_id": NAME} | {
    "redeemed_at": "2026-11-01T00:00:00Z"
}


class Collector(ThreadingHTTPServer):
    """Takes traces as OTLP over HTTP, and keeps them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Receiver)
        self.bodies: list[bytes] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1/traces"

    def spans(self) -> list[Span]:
        """Every span that came."""
        exports = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        scopes = [s for e in exports for r in e.resource_spans for s in r.scope_spans]
        return [span for scope in scopes for span in scope.spans]


class _Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, Collector)
        server.bodies.append(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        return


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_a_redemption_is_followed_from_its_sender_to_the_commit(
    store_url: str, tmp_path: Path, collector: Collector
) -> None:
    """P20: the spans of a request, the transaction that carried it, its answer and its line in the log."""
    options = ("--traces", collector.address, "--log-format", "json", "--log-requests")
    with logging_server(store_url, tmp_path / "log", *options) as client:
        answer = client.post("/v1/redemptions", json=EVENT, headers=PARENTED)
        assert answer.status_code == 200
        unparented = client.get(f"/v1/customers/{NAME}/report")
    spans = collector.spans()
    own = next(span for span in spans if span.name == "POST /v1/redemptions")
    assert (own.trace_id.hex(), own.parent_span_id.hex()) == (TRACE, PARENT)
    said = f'traceparent;desc="00-{TRACE}-{own.span_id.hex()}-01"'
    assert answer.headers["Server-Timing"] == said
    assert TRACE not in unparented.headers["Server-Timing"]
    check_parts(own, [span for span in spans if span.parent_span_id == own.span_id], spans)
    assert NAME.encode() not in b"".join(collector.bodies)
    assert f'"trace_id":"{TRACE}"' in (tmp_path / "log").read_text()


def check_parts(own: Span, parts: list[Span], spans: list[Span]) -> None:
    """A request's parts follow each other, and its commit and the one that carried it name each other."""
    in_order = sorted(parts, key=lambda part: (part.start_time_unix_nano, part.end_time_unix_nano))
    assert [part.name for part in in_order] == ["door", "rule", "wait", "transaction", "commit"]
    assert own.start_time_unix_nano == in_order[0].start_time_unix_nano
    for one, following in pairwise(in_order):
        assert one.end_time_unix_nano <= following.start_time_unix_nano
    assert in_order[-1].end_time_unix_nano <= own.end_time_unix_nano
    carrier = next(span for span in spans if span.span_id == in_order[-1].links[0].span_id)
    assert carrier.name == "group commit"
    assert own.span_id in [link.span_id for link in carrier.links]


def test_a_collector_that_is_gone_costs_no_answer_and_no_stop(
    sqlite_url: str, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    options = ("--traces", "http://127.0.0.1:9/v1/traces", "--log-format", "json")
    with logging_server(sqlite_url, log, *options) as client:
        for number in range(5):
            event = EVENT | {"event_id": f"e-{number}"}
            assert client.post("/v1/redemptions", json=event).status_code == 200
        stopping = time.monotonic()
    assert time.monotonic() - stopping < 30
    lines = log.read_text().splitlines()[1:]
    assert all("event" in json.loads(line) for line in lines)


def test_nothing_of_it_is_loaded_while_it_is_off() -> None:
    code = (
        "import sys, promosight.serve; print([m for m in sys.modules if m.startswith('opentel')])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert said.stdout == "[]\n"
