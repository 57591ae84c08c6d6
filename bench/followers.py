"""Readers of the stream for a benchmark: hundreds of connections read by one thread, which keeps only what it needs.

One of them is read closely, for when it was told of which promotion; of the others events are counted.
"""

from __future__ import annotations

import json
import selectors
import socket
import statistics
import threading
import time
from types import TracebackType

from bench.product import ProductFailed
from bench.servers import Server
from tools.ports import HOST

_WITHIN_S = 30.0


class Followers:
    """So many open streams until the block ends."""

    def __init__(self, server: Server, count: int) -> None:
        self._server = server
        self._count = count
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._streams: list[socket.socket] = []
        self._text = b""
        self._heard: dict[str, float] = {}
        self._greeted = 0
        self._events = 0

    def __enter__(self) -> Followers:
        """Opens them, and waits until all are greeted."""
        for _ in range(self._count):
            stream = socket.create_connection((HOST, self._server.port))
            words = ["GET /v1/stream HTTP/1.1", "Host: here"]
            words.append(f"Authorization: Bearer {self._server.key}")
            stream.sendall("\r\n".join([*words, "", ""]).encode())
            self._streams.append(stream)
        self._thread.start()
        self._await(lambda: self._greeted >= self._count)
        return self

    def __exit__(
        self, _kind: type | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Hangs up."""
        self._over.set()
        self._thread.join()
        for stream in self._streams:
            stream.close()

    def check(self, promotion_id: str) -> None:
        """Raises ProductFailed when the latest event does not come."""
        self._await(lambda: promotion_id in self._heard)

    def rate(self, seconds: float) -> float:
        """Events that each was told in a second."""
        return self._events / self._count / seconds

    def behind_ms(self, told: dict[str, float]) -> float:
        """How long after its acknowledgement an event was on the stream."""
        return statistics.median(
            max(0.0, self._heard[one] - at) * 1_000 for one, at in told.items()
        )

    def _await(self, is_done: object) -> None:
        assert callable(is_done)
        until = time.monotonic() + _WITHIN_S
        while not is_done():
            if time.monotonic() > until:
                raise ProductFailed("the stream does not tell what was reported")
            time.sleep(0.01)

    def _read(self) -> None:
        selector = selectors.DefaultSelector()
        for place, stream in enumerate(self._streams):
            selector.register(stream, selectors.EVENT_READ, place)
        while not self._over.is_set():
            for key, _ in selector.select(0.1):
                assert isinstance(key.fileobj, socket.socket)
                piece = key.fileobj.recv(1 << 20)
                self._greeted += piece.count(b"event: hello")
                self._events += piece.count(b"event: figures")
                if key.data == 0:
                    self._listen(piece)
        selector.close()

    def _listen(self, piece: bytes) -> None:
        """Notes of which promotions the first reader is told."""
        self._text += piece
        *lines, self._text = self._text.split(b"\n")
        for line in lines:
            if line.startswith(b'data: {"items"'):
                for item in json.loads(line[6:])["items"]:
                    self._heard[item["promotion_id"]] = time.monotonic()
