"""The load generator of an overload run: requests that come when they come, whether the server keeps up or not.

A process of its own (a plan in JSON on standard input, what came of it on standard output), one or several of them.
When requests come is drawn beforehand from a seed (a Poisson stream); each takes a free connection. What was refused
is what the next request carries, as with senders that try again, so that the facts told stay about as many as those
taken. The clock of a request begins when it was due, not when a connection was found for it.
"""

from __future__ import annotations

import contextlib
import random
import select
import socket
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator

import msgspec

from tests.cli.program import clean_environment
from tests.faults.facts import ASSIGNMENT, REDEMPTION, Life, Name, item
from tests.faults.sending import HOST

_PLAIN = Life(assigned=True, redeemed=True, given_back=None)
_LAST_ANSWER_WITHIN_S = 60.0
_TICK_S = 0.001
"""How long a generator sleeps between two looks; so much times are too long by, at the most."""


class Plan(msgspec.Struct, frozen=True):
    """So many requests a second of so many facts each; at a `rate` of 0 each connection sends when it is answered."""

    port: int
    key: str
    seed: int
    sender: int
    rate: float
    seconds: float
    size: int
    connections: int
    first: int = 0


class Offered(msgspec.Struct):
    """What came of it: when each accepted request was due (seconds from the beginning) and how long it took (since
    then, and since a generator that gets its turn had sent it), which were sent, and which were acknowledged."""

    accepted_ms: list[float]
    accepted_due: list[float]
    accepted_since_sent_ms: list[float]
    refused_ms: list[float]
    answers: dict[str, int]
    without_retry_after: int
    told: int
    acknowledged: list[int]
    unanswered: int
    late_ms: float
    cpu_s: float
    wrong: list[str]


class Work(msgspec.Struct):
    """One request's content: its number and its bytes."""

    number: int
    request: bytes


def names_of(plan: Plan, number: int) -> list[Name]:
    """The facts of a request: of so many customers the assignments, in the next request their redemptions."""
    begin = plan.first + number // 2 * plan.size
    kind = REDEMPTION if number % 2 else ASSIGNMENT
    return [(plan.sender, customer, kind) for customer in range(begin, begin + plan.size)]


class Generator:
    """All connections of one process, on one bare poll: what a generator computes, the server cannot."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.offered = Offered([], [], [], [], {}, 0, 0, [], 0, 0.0, 0.0, [])
        self._lines: dict[int, Line] = {}
        self._free: deque[Line] = deque()
        self._answers: Counter[bytes] = Counter()
        self._again: deque[Work] = deque()
        self._late: deque[float] = deque()  # what found no free connection
        self._poll = select.epoll()
        self._began = self._until = 0.0

    def run(self) -> Offered:
        """Opens the connections, sends until the time is over, then waits for the last answers."""
        for _ in range(self.plan.connections):
            line = Line(socket.create_connection((HOST, self.plan.port)))
            self._lines[line.number] = line
            self._poll.register(line.number, select.EPOLLIN)
        self._free.extend(self._lines.values())
        self._began = time.perf_counter()
        self._until = self._began + self.plan.seconds
        self._work(self._dues())
        self._last_answers()
        self.offered.answers = {name.decode(): n for name, n in self._answers.items()}
        self.offered.cpu_s = time.process_time()
        return self.offered

    def _dues(self) -> Iterator[float]:
        """When requests are due: a Poisson stream; at a rate of 0 none, for each answer makes the next one due."""
        if not self.plan.rate:
            self._late.extend([self._began] * self.plan.connections)
        drawn = random.Random(f"{self.plan.seed}/{self.plan.sender}/{self.plan.first}")
        due = self._began
        while self.plan.rate and (due := due + drawn.expovariate(self.plan.rate)) < self._until:
            yield due
        yield float("inf")

    def _work(self, dues: Iterator[float]) -> None:
        due = next(dues)
        while (now := time.perf_counter()) < self._until:
            while due <= now:
                self._late.append(due)
                due = next(dues)
            while self._late and self._free:
                self._send(self._free.popleft(), self._late.popleft())
            self._listen()
            # A tick: to wake for each answer would cost more than to look at it.
            time.sleep(_TICK_S)

    def _listen(self) -> None:
        for number, happened in self._poll.poll(0):
            line = self._lines[number]
            if happened & select.EPOLLOUT:
                self._push(line)
            if happened & ~select.EPOLLOUT:
                self._hear(line)

    def _hear(self, line: Line) -> None:
        try:
            data = line.socket.recv(65_536)
        except OSError:
            data = b""
        if not data:
            self._gone(line)
            return
        line.read += data
        head, found, rest = line.read.partition(b"\r\n\r\n")
        if not found:
            return
        at = head.index(b"content-length: ") + 16
        if len(rest) >= int(head[at : at + 10].split(b"\r", 1)[0]):
            line.read, line.busy = b"", False
            self._answered(line, head, time.perf_counter())
            self._free.append(line)

    def _gone(self, line: Line) -> None:
        self.offered.wrong.append("the server ended a connection")
        self.offered.unanswered += line.busy
        self._poll.unregister(line.number)
        del self._lines[line.number]
        line.socket.close()

    def _answered(self, line: Line, head: bytes, now: float) -> None:
        status, offered = head[9:12], self.offered
        self._answers[status] += 1
        if status == b"200":
            offered.accepted_ms.append((now - line.due) * 1_000)
            offered.accepted_due.append(line.due - self._began)
            offered.accepted_since_sent_ms.append((now - line.sent) * 1_000)
            offered.acknowledged.append(line.work.number)
        else:
            offered.refused_ms.append((now - line.due) * 1_000)
            self._again.append(line.work)
            if status not in (b"429", b"503"):
                offered.wrong.append(head[:200].decode(errors="replace"))
            elif b"\r\nretry-after:" not in head:
                offered.without_retry_after += 1
        if not self.plan.rate and now < self._until:
            self._late.append(now)

    def _send(self, line: Line, due: float) -> None:
        line.work = self._again.popleft() if self._again else self._new()
        line.due, line.sent, line.busy = due, time.perf_counter(), True
        self.offered.late_ms = max(self.offered.late_ms, (line.sent - due) * 1_000)
        line.left = memoryview(line.work.request)
        self._push(line)

    def _push(self, line: Line) -> None:
        """Sends what the system takes; of a large request the rest when it takes more."""
        waited = line.waits
        with contextlib.suppress(BlockingIOError, ConnectionError):  # of its end we hear
            line.left = line.left[line.socket.send(line.left) :]
        line.waits = len(line.left) > 0
        if line.waits != waited:
            self._poll.modify(line.number, select.EPOLLIN | line.waits * select.EPOLLOUT)

    def _new(self) -> Work:
        number = self.offered.told
        self.offered.told += 1
        names = names_of(self.plan, number)
        facts = [item(name, _PLAIN) for name in names]
        body = msgspec.json.encode(facts if self.plan.size > 1 else facts[0])
        door = "redemptions" if number % 2 else "assignments"
        head = (
            f"POST /v1/{door} HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {self.plan.key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return Work(number, head.encode() + body)

    def _last_answers(self) -> None:
        deadline = time.perf_counter() + _LAST_ANSWER_WITHIN_S
        while self._is_owed() and time.perf_counter() < deadline:
            self._listen()
            time.sleep(_TICK_S)
        self.offered.unanswered += self._is_owed()
        for line in self._lines.values():
            line.socket.close()

    def _is_owed(self) -> int:
        return sum(line.busy for line in self._lines.values())


class Line:
    """One connection, with one request on its way at a time."""

    __slots__ = ("busy", "due", "left", "number", "read", "sent", "socket", "waits", "work")

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket, self.number = connection, connection.fileno()
        self.work, self.left = Work(0, b""), memoryview(b"")
        self.read = b""
        self.due = self.sent = 0.0
        self.busy = self.waits = False


def started_offer(plan: Plan) -> subprocess.Popen[bytes]:
    """A generator at work."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.offering"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=clean_environment(),
    )
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(plan))
    process.stdin.close()
    process.stdin = None  # or whoever asks what came writes to it
    return process


def what_came(process: subprocess.Popen[bytes]) -> Offered:
    """What came of a generator's work, once it has ended."""
    said, _ = process.communicate()
    assert process.returncode == 0
    return msgspec.json.decode(said, type=Offered)


def main() -> int:
    """Works off the plan."""
    generator = Generator(msgspec.json.decode(sys.stdin.buffer.read(), type=Plan))
    offered = generator.run()
    with open(
        sys.stdout.fileno(), "wb", closefd=False
    ) as out:  # whole, also where Python's own is unbuffered
        out.write(msgspec.json.encode(offered))
    return 0


if __name__ == "__main__":
    sys.exit(main())
