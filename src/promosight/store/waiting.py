"""Who waits for the writer: bounded in number and weight, and served in turns.

Small changes (a single event) stand in one line, large ones (a batch) in another, and the lines take
turns when both are there. The order among those who wait is free, because the state does not depend on
it; so a single event never stands behind a row of batches, and a batch waits for one turn of small ones
at most. A turn is worked off as one transaction.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import ContextVar
from typing import Any, NamedTuple

from promosight.errors import Overloaded, StoreError
from promosight.store.senders import Senders

MAX_WAITING = 10_000
"""Changes that may stand in one line."""
MAX_WAITING_WEIGHT = 200_000
"""Their weight together. One that is heavier still is let in when nobody else stands there."""
SMALL_WEIGHT = 100
"""What is heavier stands in the line of the large."""
LONGEST_WAIT_S = 0.01
"""For so long at the most those who were just answered are waited for."""
SOON_S = 0.002
"""Of those who ask again at once some are there by then, or after a quarter of the wait where that is longer."""
SOME, MOST = 0.125, 0.75
"""Such shares of them are to be there soon, and a little later; of a thousand a second by the clock fewer are."""
TOGETHER = 256
"""So many small changes share a transaction without waiting for others. A loop works off no more without a pause."""
AWAITED = 8
"""Fewer who were just answered are not waited for: a commit of their own costs little, and waiting is felt."""
_MOST_LEFT_OUT = 31
"""So many commits pass at the most, after waits in vain, until those answered are waited for again."""
SMALL_TURN = 2_000
LARGE_TURN = 20_000
SHARED_TURN = 5_000
"""The weight of a turn: of small ones, of large ones, of large ones while small ones come too."""
JOINED_TURN = 40_000
"""The weight of a turn of large ones with those who came while the first of them were read: what a transaction changes
again it writes once."""

_log = logging.getLogger("promosight")

TRACED: ContextVar[Any] = ContextVar("traced", default=None)
"""The trace of the request that is being worked at; None where nobody follows it."""


class Later:
    """A payload that the writer's thread makes when it is its turn.

    What one thread makes and another one takes apart travels from processor to processor: a tenth of a batch's CPU.
    Those that are `alike` share a transaction, and only with each other: it works them off as one. Whoever says nothing
    of that is taken as any other.
    """

    __slots__ = ("alike", "make")

    def __init__(self, make: Callable[[], Any], alike: object = None) -> None:
        self.make = make
        self.alike = alike


class Job:
    """One change that waits. `future` belongs to the loop of `senders`, or to whichever thread waits for it when that
    is None. Where there is `told`, that is called on the loop instead, with the result or the error.

    One that is not `kept` is made, answered and undone. `still`
    is asked when it is its turn, and raises what the sender is told when it is too late for it.
    """

    __slots__ = (
        *("error", "flow", "future", "kept", "payload", "queued_s", "result"),
        *("senders", "still", "told", "traced", "weight"),
    )

    def __init__(
        self,
        flow: Callable[..., Any],
        payload: Any,
        weight: int,
        senders: Senders | None,
        *,
        kept: bool = True,
        still: Callable[[], None] | None = None,
        told: Callable[[Any, Exception | None], None] | None = None,
    ) -> None:
        self.flow = flow
        self.payload = payload
        self.weight = weight
        self.senders = senders
        self.kept = kept
        self.still = still
        self.told = told
        self.future: Any = None
        if told is None:
            self.future = Future() if senders is None else senders.loop.create_future()
        self.result: Any = None
        self.error: Exception | None = None
        self.traced = TRACED.get()
        self.queued_s = 0.0 if self.traced is None else time.perf_counter()

    def starts(self) -> bool:
        """Whether the sender still waits. One that hung up has cancelled its future and is passed over."""
        if self.still is not None and not self._has_hung_up():
            try:
                self.still()
            except Overloaded as error:
                self.error = error
                answer([self])
                return False
        if self.senders is None:  # one that was begun on a loop, and failed there, is under way
            return self.future.running() or bool(self.future.set_running_or_notify_cancel())
        return not self._has_hung_up()

    def _has_hung_up(self) -> bool:
        return self.told is None and bool(self.future.cancelled())

    def is_made(self) -> bool:
        """Whether its payload is there. What making one raises is its sender's answer."""
        if isinstance(self.payload, Later):
            try:
                self.payload = self.payload.make()
            except Exception as error:  # noqa: BLE001 - as said
                self.error = error
                answer([self])
                return False
        return True

    def settle(self) -> None:
        """Gives the sender its result or error, where it has not hung up meanwhile."""
        if self.told is not None:
            try:
                self.told(self.result, self.error)
            except Exception:  # noqa: BLE001 - no other sender is to wait for this one
                _log.exception("a sender could not be told")
            return
        if self.senders is not None and self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(_raisable(self.error))


def _raisable(error: Exception) -> Exception:
    """What a future can hold: StopIteration would end whoever waits for it in silence, and is refused."""
    if not isinstance(error, StopIteration):
        return error
    told = RuntimeError("a StopIteration came out of a change")
    told.__cause__ = error
    return told


def answer(jobs: list[Job]) -> None:
    """Tells every sender; an event loop is woken once for all of its senders."""
    by_loop: dict[Senders, list[Callable[[], None]]] = {}
    for job in jobs:
        if job.senders is None:
            job.settle()
        else:
            by_loop.setdefault(job.senders, []).append(job.settle)
    for senders, theirs in by_loop.items():
        senders.answer(theirs)


class _Line:
    """Those who wait, first come first served."""

    def __init__(self) -> None:
        self.jobs: deque[Job] = deque()
        self.weight = 0

    def add(self, job: Job) -> None:
        if len(self.jobs) >= MAX_WAITING or (
            self.jobs and self.weight + job.weight > MAX_WAITING_WEIGHT
        ):
            raise Overloaded("too many requests wait for the store")
        self.jobs.append(job)
        self.weight += job.weight

    def take(self, weight: int) -> list[Job]:
        """Up to this weight from the front, and at least one; or the first with those alike, wherever they stand."""
        taken: list[Job] = []
        while self.jobs and (not taken or self.jobs[0].weight <= weight):
            alike = _alike(self.jobs[0])
            if taken and alike is not None:
                break
            job = self.jobs.popleft()
            weight -= job.weight
            self.weight -= job.weight
            taken.append(job)
            if alike is not None:
                return taken + self.take_alike(alike, weight)
        return taken

    def take_alike(self, alike: object, weight: int) -> list[Job]:
        """Those that are alike, up to this weight, one after the other."""
        taken: list[Job] = []
        left: deque[Job] = deque()
        for job in self.jobs:
            if _alike(job) == alike and job.weight <= weight:
                weight -= job.weight
                self.weight -= job.weight
                taken.append(job)
            else:
                left.append(job)
        self.jobs = left
        return taken


def _alike(job: Job) -> object:
    """What those have in common with it that share its transaction; None where any may."""
    return job.payload.alike if isinstance(job.payload, Later) else None


class Stage(NamedTuple):
    """A part of a wait. It was not in vain so far where this share of those waited for has come by its end."""

    seconds: float
    share: float

    def is_met(self, came: int, *, of: int) -> bool:
        """Whether those are coming who were answered."""
        return came >= self.share * of


class Patience:
    """Whether those whom a commit has answered are waited for, and how long.

    Whoever asks again as soon as answered is worth the wait: those who came meanwhile share a transaction with them,
    where else the two halves would take turns, at twice the commits. Whoever asks when customers come is not: half of
    the time would go by in vain. Which of the two there are is found out: those who ask again at once are seen to come
    at each of the `stages` of a wait, and after each wait in which they did not come twice as many commits pass until
    the next. (That all of them came in the end says little: after something slow so many come by the clock, too, while
    it is waited.)
    """

    def __init__(self) -> None:
        self._left_out = 0
        self._pass = 0

    def seconds(self, answered: int, took_s: float) -> float:
        """For how long so many are waited for after a transaction that took so long; 0 for not at all."""
        if answered < AWAITED:
            return 0.0
        if self._pass:
            self._pass -= 1
            return 0.0
        return min(took_s, LONGEST_WAIT_S)

    @staticmethod
    def stages(wait_s: float) -> list[Stage]:
        """The stages of a wait: soon some of them are there, and a little later most, or it is in vain.

        Only some at first, because a caller beside whom others work does not come to it at once. And most and not all
        in the end, because one who is late says nothing of the others.
        """
        soon = max(SOON_S, wait_s / 4)
        if wait_s <= soon:
            return [Stage(wait_s, MOST)]
        later = min(soon, wait_s - soon)
        every = Stage(soon, SOME), Stage(later, MOST), Stage(wait_s - soon - later, MOST)
        return [one for one in every if one.seconds > 0]

    def ended(self, *, came: bool) -> None:
        """A wait is over, and they came, or did not."""
        self._left_out = 0 if came else min(2 * self._left_out + 1, _MOST_LEFT_OUT)
        self._pass = self._left_out


class Waiting:
    """The two lines, and the bell that wakes the one writer when it sleeps."""

    def __init__(self) -> None:
        self._small = _Line()
        self._large = _Line()
        self._after_small = False
        self._turn_is_large = False
        self._room = 0  # the weight that may still join the turn, of those that are alike
        self._joinable: object = None
        self.is_making = False
        """Whether the writer is making what is to be written, and has nothing open."""
        self.small_taken = 0
        """Small changes that have had their turn: whoever has time can tell that others have not."""
        self._lock = threading.Lock()
        # Rung (released) once for each time the writer has gone to sleep, and never otherwise: a lock is
        # all that takes, and most who come while the writer works need not even ring.
        self._bell = threading.Lock()
        self._bell.acquire()
        self._asleep = False
        self._awaited = 1  # so many small ones, or a large one, ring
        self._patience = Patience()
        self._closed = False

    def add(self, job: Job) -> None:
        """Lets a change wait. Raises Overloaded when too many do, StoreError after `close`."""
        with self._lock:
            if self._closed:
                raise StoreError("the store is closed")
            (self._small if job.weight <= SMALL_WEIGHT else self._large).add(job)
            self._wake()

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits and none is worked off."""
        return self._asleep and not self._small.jobs and not self._large.jobs

    @property
    def lets_by(self) -> bool:
        """Whether a small change may be made elsewhere: nothing is being written, and no other small one waits here."""
        return self.is_idle or (self.is_making and not self._small.jobs)

    @property
    def is_light(self) -> bool:
        """Whether those who wait, and those who had their turn last, are all small."""
        return not self._large.jobs and not self._turn_is_large

    @property
    def size(self) -> int:
        """How many wait."""
        return len(self._small.jobs) + len(self._large.jobs)

    def turn(self, answered: int = 0, seconds: float = 0.0) -> list[Job]:
        """The next to be worked off together; waits for some. Empty once closed and nobody is left.

        Who came during a transaction waits for as many more as it `answered`, but no longer than it took (`Patience`).
        """
        if patience := self._patience.seconds(answered, seconds):
            self._await(answered, patience)
        while True:
            with self._lock:
                if taken := self._take():
                    return taken
                if self._closed:
                    return []
                self._asleep, self._awaited = True, 1
            self._bell.acquire()

    def joining(self) -> list[Job]:
        """Those who join a turn of payloads that the writer makes: they came meanwhile, and are alike.

        Nobody does where a small one waits, or where those of the turn are as many as a transaction should have.
        """
        with self._lock:
            if self._small.jobs or not self._room:
                return []
            joined = self._large.take_alike(self._joinable, self._room)
            self._room -= sum(job.weight for job in joined)
            return joined

    def _await(self, answered: int, seconds: float) -> None:
        with self._lock:
            small = len(self._small.jobs)
            if self._closed or self._large.jobs or small >= TOGETHER:
                return
            self._awaited = min(small + answered, TOGETHER)
            self._asleep = True
        rung = came = False
        for stage in self._patience.stages(seconds):
            rung = self._bell.acquire(timeout=stage.seconds)
            came = rung or stage.is_met(len(self._small.jobs) - small, of=answered)
            if rung or not came:
                break
        if not rung:
            with self._lock:
                rung, self._asleep = not self._asleep, False
            if rung:  # at the last moment
                self._bell.acquire()
        self._patience.ended(came=came or rung)

    def close(self) -> None:
        """Lets nobody else in."""
        with self._lock:
            self._closed = True
            self._wake()

    def _wake(self) -> None:
        enough = self._closed or self._large.jobs or len(self._small.jobs) >= self._awaited
        if self._asleep and enough:
            self._asleep = False
            self._bell.release()

    def _take(self) -> list[Job]:
        self._room = 0
        if self._small.jobs and not (self._large.jobs and self._after_small):
            self._after_small = True
            self._turn_is_large = False
            taken = self._small.take(SMALL_TURN)
            self.small_taken += len(taken)
            return taken
        weight, most = (SHARED_TURN, 0) if self._after_small else (LARGE_TURN, JOINED_TURN)
        self._after_small = False
        taken = self._large.take(weight)
        self._turn_is_large = bool(taken)
        self._joinable = _alike(taken[0]) if taken else None
        if self._joinable is not None:
            self._room = max(0, most - sum(job.weight for job in taken))
        return taken
