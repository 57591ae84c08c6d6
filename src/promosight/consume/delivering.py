"""Reporting a batch of messages until every one of them is answered for, however long that takes.

Answered for means: taken, known already, or refused and kept by the server with its reason.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from promosight.client.answers import Later, Smaller, Stop, Taken, Verdict
from promosight.client.errors import Problem
from promosight.client.line import Line, Timing
from promosight.client.outbox import Refusal
from promosight.consume.messages import Message, Told, stand_in

MOST_EVENTS, MOST_BYTES = 10_000, 4 << 20
"""What goes into one request: the server takes as many events, and ten megabytes."""

_LINES = {"Content-Type": "application/x-ndjson"}
_ENVELOPES = {"Content-Type": "application/cloudevents-batch+json"}


class NotTaken(Exception):
    """The server answers so that trying again would change nothing."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


class Refused(NamedTuple):
    """A message that the server refused, and kept."""

    message: Message
    why: Refusal


class Delivery:
    """Reports messages of one kind. `hold` waits so many seconds; `refused` hears of each that was refused."""

    def __init__(
        self,
        line: Line,
        kind: str,
        *,
        hold: Callable[[float, str], None],
        refused: Callable[[Refused], None],
        timing: Timing,
    ) -> None:
        self._line, self._path = line, f"/v1/{kind}"
        self._hold, self._refused, self._timing = hold, refused, timing
        self._failures = 0
        self.outcomes: Counter[str] = Counter()

    def deliver(self, batch: Sequence[Told]) -> None:
        """Reports a batch. Raises NotTaken, and whatever `hold` raises."""
        waiting = deque(_requests(batch))
        while waiting:
            one = waiting.popleft()
            waiting.extendleft(reversed(self._tried(one)))

    def _tried(self, request: Sequence[Told]) -> list[Sequence[Told]]:
        """What is left to do after one attempt."""
        found = self._post(request)
        if isinstance(found, Later):
            self._failures += 1
            self._hold(found.after_seconds + self._timing.backoff(self._failures), found.why)
            return [request]
        self._failures = 0
        match found:
            case Taken(refused, outcomes):
                self._note(request, refused, outcomes)
            case Smaller(why):
                return _smaller(request, why)
            case Stop(problem):
                raise NotTaken(problem)
        return []

    def _post(self, request: Sequence[Told]) -> Verdict:
        bodies = [one.body for one in request]
        if request[0].is_envelope:
            body, headers = b"[" + b",".join(bodies) + b"]", _ENVELOPES
        else:
            body, headers = b"\n".join(bodies), _LINES
        now = self._timing.now()
        return self._line.post(self._path, body, headers, events=len(bodies), now=now)

    def _note(
        self, request: Sequence[Told], refused: Mapping[int, Refusal], outcomes: Mapping[str, int]
    ) -> None:
        self.outcomes.update(outcomes)
        for place, why in sorted(refused.items()):
            self._refused(Refused(request[place].message, why))


def _requests(batch: Sequence[Told]) -> Iterator[Sequence[Told]]:
    """The batch in parts that one request takes: one form, so many events, so many bytes."""
    for form in (False, True):
        part: list[Told] = []
        size = 0
        for one in batch:
            if one.is_envelope is not form:
                continue
            if part and (len(part) == MOST_EVENTS or size + len(one.body) > MOST_BYTES):
                yield part
                part, size = [], 0
            part.append(one)
            size += len(one.body) + 1
        if part:
            yield part


def _smaller(request: Sequence[Told], why: Refusal) -> list[Sequence[Told]]:
    """Halves of what cannot be taken at once; of a single message that cannot, what can be kept of it.

    Raises NotTaken where not even that is taken.
    """
    if len(request) > 1:
        middle = len(request) // 2
        return [request[:middle], request[middle:]]
    (only,) = request
    kept = Told(only.message, stand_in(only.message))
    if kept == only:
        raise NotTaken(Problem(422, why.reason, why.detail))
    return [[kept]]
