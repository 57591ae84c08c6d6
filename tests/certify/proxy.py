"""A proxy on loopback that does one thing wrong with what passes through it, as faulty servers and middlemen do."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import urlsplit

_OF_THE_LINE = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


@dataclass
class Request:
    """What a caller sent."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def is_single(self) -> bool:
        """Whether it reports one redemption as plain JSON."""
        plain = self.headers.get("content-type") == "application/json"
        return (
            self.path.startswith("/v1/redemptions")
            and plain
            and "content-encoding" not in self.headers
            and self.body.startswith(b"{")
            and self.body.endswith(b"}")
        )


@dataclass
class Reply:
    """What it is answered."""

    status: int
    headers: dict[str, str]
    body: bytes


class Faithful:
    """Passes everything on; faults change what comes before or after. `said` remembers for them."""

    def __init__(self, upstream: str) -> None:
        self._upstream = urlsplit(upstream)
        self.lock = Lock()
        self.said: dict[str, Any] = {}

    def answer(self, request: Request) -> Reply:
        """The answer to a request."""
        return self.passed(request)

    def passed(self, request: Request) -> Reply:
        """The server's answer."""
        connection = http.client.HTTPConnection(
            str(self._upstream.hostname), self._upstream.port, timeout=60
        )
        try:
            connection.request(request.method, request.path, request.body or None, request.headers)
            came = connection.getresponse()
            heads = {name.lower(): value for name, value in came.getheaders()}
            return Reply(came.status, heads, came.read())
        finally:
            connection.close()


class _Line(BaseHTTPRequestHandler):
    """One connection of a caller."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    fault: Faithful

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the library's name)
        """Nothing is written."""

    def handle_one_request(self) -> None:
        """One request; callers that hang up are what this is for."""
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def do_GET(self) -> None:
        """Any request."""
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:  # torn: such a proxy passes nothing on
            self.close_connection = True
            return
        heads = {k.lower(): v for k, v in self.headers.items() if k.lower() not in _OF_THE_LINE}
        reply = self.fault.answer(Request(self.command, self.path, heads, body))
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            if name not in _OF_THE_LINE:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away is no error here."""


@contextmanager
def proxied(fault: Faithful) -> Iterator[str]:
    """The address of a proxy with a fault."""
    handler = type("_FaultyLine", (_Line,), {"fault": fault})
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def changed(reply: Reply, value: Any) -> Reply:
    """An answer with another JSON body."""
    return Reply(reply.status, reply.headers, json.dumps(value).encode())
