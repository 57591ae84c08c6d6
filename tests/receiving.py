"""A receiver of webhooks on loopback: it keeps what came, answers as it is told, and checks signatures on its own.

The check is written from the text of the Standard Webhooks and shares nothing with the product.
"""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Received(NamedTuple):
    """A message as it came."""

    headers: dict[str, str]
    body: bytes
    path: str

    @property
    def said(self) -> dict[str, Any]:
        """What it says."""
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def id(self) -> str:
        """Its id."""
        return self.headers["webhook-id"]

    def is_signed_by(self, secret: str) -> bool:
        """Whether one of its signatures is made with a secret."""
        key = base64.b64decode(secret.split("_", 1)[1])
        text = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        wanted = base64.b64encode(_hmac_sha256(key, text)).decode()
        offered = self.headers["webhook-signature"].split(" ")
        return any(one == f"v1,{wanted}" for one in offered)


def _hmac_sha256(key: bytes, text: bytes) -> bytes:
    """RFC 2104, by hand."""
    key = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(one ^ 0x36 for one in key) + text).digest()
    return hashlib.sha256(bytes(one ^ 0x5C for one in key) + inner).digest()


Answer = Callable[[Received], "int | tuple[int, dict[str, str]]"]


class Receiver:
    """What came, in order, and how it is answered: 204 unless somebody sets `answer` otherwise."""

    def __init__(self) -> None:
        self.answer: Answer = lambda _: 204
        self.received: list[Received] = []
        self.changed = threading.Condition()
        self.url = ""

    def take(self, one: Received) -> tuple[int, dict[str, str]]:
        """Keeps a message and says how to answer it."""
        with self.changed:
            self.received.append(one)
            self.changed.notify_all()
        answer = self.answer(one)
        return answer if isinstance(answer, tuple) else (answer, {})

    def wait_for(self, enough: Callable[[list[Received]], bool]) -> list[Received]:
        """Waits until enough has come; what that is."""
        with self.changed:
            assert self.changed.wait_for(lambda: enough(self.received), 120), self.received
            return list(self.received)

    @property
    def kinds(self) -> list[str]:
        """The types of what came, in order of the alphabet."""
        return sorted(one.said["type"] for one in self.received)

    def about(self, kind: str) -> list[str]:
        """The events that messages of a type were about."""
        return sorted(
            one.said["data"]["event_id"] for one in self.received if one.said["type"] == kind
        )


@contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver that listens until the block ends; with `tls` it speaks HTTPS."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, more = receiver.take(Received(headers, body, self.path))
            self.send_response(status)
            for name, value in {"Content-Length": "0", **more}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 256  # whoever finds no place in the queue tries again a second later

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    scheme = "http" if tls is None else "https"
    receiver.url = f"{scheme}://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
