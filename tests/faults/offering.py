"""The load generator of an overload run: requests that come when they come, whether the server keeps up or not.

A process of its own (a plan in JSON on standard input, what came of it on standard output), one or several of them.
When requests come is drawn beforehand from a seed (a Poisson stream); each takes a free connection. What was refused
is what the next request carries, as with senders that try again, so that the facts told stay about as many as those
taken. The clock of a request begins when it was due, not when a connection was found for it.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from collections import Counter, deque
from typing import cast

import msgspec
import uvloop

from tests.cli.program import clean_environment
from tests.faults.facts import ASSIGNMENT, REDEMPTION, Life, Name, item
from tests.faults.sending import HOST

_PLAIN = Life(assigned=True, redeemed=True, given_back=None)
_LAST_ANSWER_WITHIN_S = 60.0


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
    """All connections of one process."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.free: deque[Line] = deque()
        self.offered = Offered([], [], [], [], {}, 0, 0, [], 0, 0.0, [])
        self._answers: Counter[str] = Counter()
        self._again: deque[Work] = deque()
        self._late: deque[float] = deque()
        self._began = self._until = 0.0

    async def run(self) -> Offered:
        """Opens the connections, then sends until the time is over, then waits for the last answers."""
        loop = asyncio.get_running_loop()
        lines = [
            (await loop.create_connection(lambda: Line(self), HOST, self.plan.port))[1]
            for _ in range(self.plan.connections)
        ]
        self.free.extend(lines)
        self._began = time.perf_counter()
        self._until = self._began + self.plan.seconds
        if self.plan.rate:
            await self._by_schedule()
        else:
            while self.free:
                self._send(self.free.popleft(), time.perf_counter())
            await asyncio.sleep(self.plan.seconds)
        await self._last_answers(lines)
        self.offered.answers = dict(self._answers)
        return self.offered

    def answered(self, line: Line, head: bytes) -> None:
        """Notes an answer, and gives the connection its next request where one is due."""
        status = head[9:12].decode()
        self._answers[status] += 1
        took_ms = (time.perf_counter() - line.due) * 1_000
        if status in ("200", "201"):
            self.offered.accepted_ms.append(took_ms)
            self.offered.accepted_due.append(line.due - self._began)
            since_sent_ms = (time.perf_counter() - line.sent) * 1_000
            self.offered.accepted_since_sent_ms.append(since_sent_ms)
            self.offered.acknowledged.append(line.work.number)
        else:
            self._refused(line, status, head, took_ms)
        self._next(line)

    def gone(self, line: Line) -> None:
        """A connection has ended that nobody asked to end."""
        self.offered.wrong.append("the server ended a connection")
        self.offered.unanswered += line.busy

    def _refused(self, line: Line, status: str, head: bytes, took_ms: float) -> None:
        self.offered.refused_ms.append(took_ms)
        self._again.append(line.work)
        if status not in ("429", "503"):
            self.offered.wrong.append(head[:200].decode(errors="replace"))
        elif b"\r\nretry-after:" not in head.lower():
            self.offered.without_retry_after += 1

    def _next(self, line: Line) -> None:
        if self._late:
            self._send(line, self._late.popleft())
        elif not self.plan.rate and time.perf_counter() < self._until:
            self._send(line, time.perf_counter())
        else:
            self.free.append(line)

    async def _by_schedule(self) -> None:
        drawn = random.Random(f"{self.plan.seed}/{self.plan.sender}/{self.plan.first}")
        due = self._began
        while (due := due + drawn.expovariate(self.plan.rate)) < self._until:
            if due > time.perf_counter():
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
            if self.free:
                self._send(self.free.popleft(), due)
            else:
                self._late.append(due)
            if len(self._late) % 50 == 49:
                await asyncio.sleep(0)

    def _send(self, line: Line, due: float) -> None:
        late_ms = (time.perf_counter() - due) * 1_000
        self.offered.late_ms = max(self.offered.late_ms, late_ms)
        line.send(self._again.popleft() if self._again else self._new(), due)

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

    async def _last_answers(self, lines: list[Line]) -> None:
        self._late.clear()
        deadline = time.perf_counter() + _LAST_ANSWER_WITHIN_S
        while any(line.busy for line in lines) and time.perf_counter() < deadline:
            await asyncio.sleep(0.05)
        self.offered.unanswered += sum(line.busy for line in lines)
        for line in lines:
            line.close()


class Line(asyncio.Protocol):
    """One connection, with one request on its way at a time."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self._transport: asyncio.Transport | None = None
        self._read = b""
        self.work = Work(0, b"")
        self.due = self.sent = 0.0
        self.busy = False
        self._closing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is there."""
        self._transport = cast(asyncio.Transport, transport)

    def send(self, work: Work, due: float) -> None:
        """Sends a request that was due at a moment."""
        assert self._transport is not None
        self.work, self.due, self.busy = work, due, True
        self.sent = time.perf_counter()
        self._transport.write(work.request)

    def data_received(self, data: bytes) -> None:
        """Some of an answer has come."""
        self._read += data
        end = self._read.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._read[:end]
        at = head.index(b"content-length: ") + 16
        if len(self._read) < end + 4 + int(head[at:].split(b"\r", 1)[0]):
            return
        self._read, self.busy = b"", False
        self._generator.answered(self, head)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended."""
        if not self._closing:
            self._generator.gone(self)

    def close(self) -> None:
        """Ends it."""
        self._closing = True
        if self._transport is not None:
            self._transport.close()


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
    offered = uvloop.run(generator.run())
    with open(
        sys.stdout.fileno(), "wb", closefd=False
    ) as out:  # whole, also where Python's own is unbuffered
        out.write(msgspec.json.encode(offered))
    return 0


if __name__ == "__main__":
    sys.exit(main())
