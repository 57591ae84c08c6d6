"""The load generator: so many senders, each with one kept connection and one request on its way at a time.

It is a process of its own, so that its CPU is not counted, and cheap: sockets on uvloop, a parser that looks for
the length and the outcomes and for nothing else. It stops by itself, after the last body or when its time is
over. Bodies are taken from an NDJSON file, line by line or so many joined. An answer 429 or 503 is obeyed: the
same body is sent again after `Retry-After`; any other failure ends the run. It talks to this machine only.

Run as `python -m bench.senders`, a plan in JSON on standard input, the result in JSON on standard output.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections import Counter, deque
from typing import Any, cast

import msgspec
import uvloop

from bench.bodies import ENDS, Body, Plan, bodies
from bench.servers import clean_environment, module
from tools.ports import HOST

_RETRIED = (429, 503)
_PATIENCE_S = 60.0


class Sent(msgspec.Struct, kw_only=True):
    """What came of it. Times in seconds and milliseconds; `complete` unless the time ran out."""

    requests: int
    events: int
    wall_s: float
    p50_ms: float
    p99_ms: float
    retried: int
    complete: bool
    outcomes: dict[str, int]
    failure: str | None = None


class Failed(Exception):
    """The server answered what it must not, or went away."""


def send(plan: Plan) -> Sent:
    """Runs the plan in a process of its own. Raises Failed."""
    done = subprocess.run(
        module("bench.senders"),
        input=msgspec.json.encode(plan),
        stdout=subprocess.PIPE,
        env=clean_environment(),
        check=False,
        timeout=plan.seconds + 120,
    )
    if done.returncode != 0:
        raise Failed("the load generator failed")
    sent = msgspec.json.decode(done.stdout, type=Sent)
    if sent.failure:
        raise Failed(sent.failure)
    return sent


class Run:
    """What all senders share: the bodies left, and what was answered."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._bodies = bodies(plan)
        self._deadline = time.perf_counter() + plan.seconds
        self.times: list[float] = []
        self.outcomes: Counter[str] = Counter()
        self.events = self.retried = 0
        self.complete = True
        self.failure: str | None = None

    def following(self) -> Body | None:
        """The next body, or None when there is none or the time is over."""
        if self.failure is None and time.perf_counter() < self._deadline:
            return next(self._bodies, None)
        self.complete = self.complete and next(self._bodies, None) is None
        return None

    def take(self, body: Body, answer: bytes, seconds: float) -> None:
        """Notes a good answer."""
        self.times.append(seconds)
        self.events += body.events
        if self.plan.file is None:
            return
        said = msgspec.json.decode(answer, type=_Answer)
        if said.outcomes is not None:
            self.outcomes.update(said.outcomes)
        elif said.outcome is not None:
            self.outcomes[said.outcome] += 1


class _Answer(msgspec.Struct):
    outcome: str | None = None
    outcomes: dict[str, int] | None = None


class Sender(asyncio.Protocol):
    """One connection: writes a request, waits for the whole answer, writes the next."""

    def __init__(self, run: Run, done: asyncio.Future[None]) -> None:
        self._run = run
        self._done = done
        self._body: Body | None = None
        self._answer = bytearray()
        self._started = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begins."""
        self._transport = cast(asyncio.Transport, transport)
        self._next()

    def data_received(self, data: bytes) -> None:
        """Once the answer is whole, notes it and goes on."""
        self._answer += data
        end = self._answer.find(ENDS)
        if end < 0:
            return
        head = bytes(self._answer[:end]).lower()
        length = _header(head, b"content-length")
        if length is None:
            self._fail("an answer without Content-Length")
            return
        whole = end + len(ENDS) + int(length)
        if len(self._answer) < whole:
            return
        content = bytes(self._answer[end + len(ENDS) : whole])
        self._answer.clear()
        self._answered(int(head[9:12]), head, content)

    def connection_lost(self, exc: Exception | None) -> None:
        """A connection that ends early is a failure of the run."""
        if not self._done.done():
            self._fail(f"the connection was lost: {exc}")

    def _answered(self, status: int, head: bytes, content: bytes) -> None:
        assert self._body is not None
        if status in _RETRIED:
            self._run.retried += 1
            after = float(_header(head, b"retry-after") or 1)
            asyncio.get_running_loop().call_later(after, self._write)
        elif status >= 400 and not (status in (409, 422) and b'"outcome"' in content):
            self._fail(f"answered {status}: {content[:300].decode(errors='replace')}")
        else:
            self._run.take(self._body, content, time.perf_counter() - self._started)
            self._next()

    def _next(self) -> None:
        self._body = self._run.following()
        if self._body is None:
            self._end()
            return
        self._started = time.perf_counter()
        self._write()

    def _write(self) -> None:
        assert self._transport is not None
        if self._body is not None and not self._done.done():
            self._transport.write(self._body.request)

    def _fail(self, why: str) -> None:
        self._run.failure = self._run.failure or why
        self._end()

    def _end(self) -> None:
        if not self._done.done():
            self._done.set_result(None)
        assert self._transport is not None
        self._transport.close()


def _header(head: bytes, name: bytes) -> bytes | None:
    start = head.find(b"\r\n" + name + b":")
    if start < 0:
        return None
    line = head[start + 2 :].split(b"\r\n", 1)[0]
    return line.split(b":", 1)[1].strip()


async def _drive(plan: Plan) -> Sent:
    loop = asyncio.get_running_loop()
    run, waits = Run(plan), deque[asyncio.Future[None]]()

    def failed(_loop: object, context: dict[str, Any]) -> None:
        run.failure = run.failure or f"{context['message']}: {context.get('exception')!r}"
        for wait in waits:
            wait.cancel()

    loop.set_exception_handler(failed)
    started = time.perf_counter()
    for _ in range(plan.senders):
        waits.append(loop.create_future())
        done = waits[-1]
        await loop.create_connection(lambda done=done: Sender(run, done), HOST, plan.port)  # type: ignore[misc]
    _, late = await asyncio.wait(waits, timeout=plan.seconds + _PATIENCE_S)
    if late:
        run.failure = run.failure or f"no answer for {_PATIENCE_S:.0f} s after the time was over"
    wall_s = time.perf_counter() - started
    times = sorted(run.times) or [0.0]
    return Sent(
        requests=len(run.times),
        events=run.events,
        wall_s=wall_s,
        p50_ms=times[len(times) // 2] * 1_000,
        p99_ms=times[min(len(times) - 1, len(times) * 99 // 100)] * 1_000,
        retried=run.retried,
        complete=run.complete,
        outcomes=dict(run.outcomes),
        failure=run.failure,
    )


def main() -> None:
    """Reads the plan, sends, and tells the result."""
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(_drive(plan))))


if __name__ == "__main__":
    main()
