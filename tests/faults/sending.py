"""Senders that behave as badly as the world does: they retry, double, reorder, dawdle, hang up and give up.

Each sender is a thread with its own customers. It sends until it is told to stop; what is not acknowledged by then
and was not given up is sent until it is, once the troubles are over.
"""

from __future__ import annotations

import http.client
import random
import socket
import time
from collections.abc import Callable, Iterator
from itertools import groupby
from threading import Event, Thread

import msgspec

from tests.faults.facts import ASSIGNMENT, Life, Name, item, life
from tests.faults.ledger import Ledger

HOST = "127.0.0.1"
_ANSWER_WITHIN_S = 20.0
_HEALS_WITHIN_S = 120.0
WAYS = ("plain", "twice", "hang up", "dawdle", "give up")
_WEIGHTS = (80, 8, 6, 3, 3)


class Sender:
    """One sender; `ports` are those of the servers it may use."""

    def __init__(self, number: int, seed: int, key: str, ports: list[int], ledger: Ledger) -> None:
        self._number, self._seed = number, seed
        self._ports, self._ledger = ports, ledger
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._drawn = random.Random(f"{seed}/{number}/ways")
        self._connection: http.client.HTTPConnection | None = None

    def work(self, stopped: Event, rest_s: float) -> None:
        """Sends its customers' facts, one handful after the other, until stopped."""
        first = 0
        while not stopped.is_set():
            size = self._drawn.choice((1, 20, 300, 1_000, 2_000))
            for body in self._bodies(first, size):
                self._tell(body, self._drawn.choices(WAYS, _WEIGHTS)[0])
            first += size
            stopped.wait(rest_s)
        self._close()

    def _bodies(self, first: int, size: int) -> Iterator[list[Name]]:
        """The facts of some customers in any order, cut where the door changes."""
        names = [
            (self._number, number, kind)
            for number in range(first, first + size)
            for kind in range(3)
            if life(self._seed, self._number, number).has(kind)
        ]
        if (
            size > 20
        ):  # by door, each in any order: half the redemptions come ahead of their assignments
            self._drawn.shuffle(names)
            ahead = self._drawn.randrange(2)
            names.sort(key=lambda name: (name[2] == ASSIGNMENT) ^ ahead)
        for _, body in groupby(names, key=lambda name: name[2] == ASSIGNMENT):
            yield list(body)

    def _tell(self, names: list[Name], way: str) -> None:
        self._ledger.told(names)
        if way == "give up":
            self._once(names, "hang up")
            return
        if way == "twice":
            beside = Thread(target=Sender._again, args=(self, names))
            beside.start()
            self._until_acknowledged(names)
            beside.join()
            return
        if way != "plain":
            self._once(names, way)
        self._until_acknowledged(names)

    def _again(self, names: list[Name]) -> None:
        """The same request at the same time from somebody else, as a retrying proxy does."""
        key = self._headers["Authorization"].removeprefix("Bearer ")
        other = Sender(self._number, self._seed, key, self._ports[::-1], self._ledger)
        other._once(names, "plain")
        other._close()

    def _until_acknowledged(self, names: list[Name]) -> None:
        deadline = time.monotonic() + _HEALS_WITHIN_S
        while not self._once(names, "plain"):
            if time.monotonic() > deadline:
                self._ledger.wrong.append(f"no acknowledgement within {_HEALS_WITHIN_S} s")
                return
            time.sleep(self._drawn.uniform(0.02, 0.2))

    def _once(self, names: list[Name], way: str) -> bool:
        """One request; whether it was acknowledged."""
        door = "assignments" if names[0][2] == ASSIGNMENT else "redemptions"
        told = [item(name, self._life(name)) for name in names]
        body = msgspec.json.encode(told if len(told) > 1 else told[0])
        try:
            return self._asked(door, body, names, way)
        except (OSError, http.client.HTTPException) as error:
            self._ledger.cut(type(error).__name__)
            self._close()
            return False

    def _asked(self, door: str, body: bytes, names: list[Name], way: str) -> bool:
        connection = self._opened()
        self._send(connection, door, body, way)
        if way == "hang up":
            self._ledger.cut("hung up")
            self._close()
            return False
        answer = connection.getresponse()
        said = answer.read()
        if answer.status not in (200, 201):
            self._ledger.answered(answer.status, said)
            return False
        self._ledger.acknowledged(names, msgspec.json.decode(said))
        return True

    def _send(
        self, connection: http.client.HTTPConnection, door: str, body: bytes, way: str
    ) -> None:
        connection.putrequest("POST", f"/v1/{door}")
        for name, value in (*self._headers.items(), ("Content-Length", str(len(body)))):
            connection.putheader(name, value)
        connection.endheaders()
        if way == "dawdle":
            middle = len(body) // 2
            connection.send(body[:middle])
            time.sleep(self._drawn.uniform(0.1, 0.6))
            body = body[middle:]
        elif way == "hang up" and self._drawn.random() < 0.5:
            body = body[
                : len(body) // 2
            ]  # in the middle of the body; else after it, before the answer
        connection.send(body)

    def _opened(self) -> http.client.HTTPConnection:
        if self._connection is None:
            port = self._drawn.choice(self._ports)
            self._connection = http.client.HTTPConnection(HOST, port, timeout=_ANSWER_WITHIN_S)
            self._connection.connect()
            self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _life(self, name: Name) -> Life:
        return life(self._seed, name[0], name[1])


def started(
    senders: int, seed: int, key: str, ports: list[int], ledger: Ledger, *, rest_s: float
) -> Callable[[], None]:
    """Starts senders; returns what stops them and waits until what they told and did not give up is acknowledged."""
    stopped = Event()
    threads = [
        Thread(target=Sender(no, seed, key, ports, ledger).work, args=(stopped, rest_s))
        for no in range(senders)
    ]
    for thread in threads:
        thread.start()

    def stop() -> None:
        stopped.set()
        for thread in threads:
            thread.join()

    return stop
