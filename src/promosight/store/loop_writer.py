"""Single events, worked off on the event loop that brought them.

The writer's thread and an event loop share one interpreter. While both have work, each waits for the other at
every step, and transactions hold half of those who could share one. So where statements run in this process
(SQLite), small changes are gathered until their loop has nothing else to do, and their statements run right
there: a millisecond or two. Only the commit, which waits for the disk, is left to a thread, and the loop goes
on reading meanwhile. While the writer's thread is at something small itself, such as what was learned, they wait
for it here: it will be quick, and those who once stand in its line keep it at work, so that all who come later would
have to stand there too. While it reads a batch that it will write, nothing is open, and they go on here. Whatever is
not so simple goes the way of the writer's thread: when others wait there, when it writes a batch, when another
process writes, when anything fails.

Those who came during a commit would share the next one only with each other, while those just answered send their
next event: two halves that take turns, at twice the commits. So as many as were answered are waited for, where they do
come again at once (`waiting.Patience`), and from the first of them on: until somebody is there nobody is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from promosight.errors import Overloaded
from promosight.store.commit_thread import CommitThread
from promosight.store.waiting import (
    LONGEST_WAIT_S,
    MAX_WAITING,
    TOGETHER,
    Job,
    Patience,
    Stage,
    Waiting,
)

ENOUGH = 32
"""So many need not wait for others where the loop does not turn."""
_LOOKS_AGAIN_SECONDS = 0.001
_LOOKS = 50
"""How often, and how many times, it is looked whether the writer's thread is done with something small."""


class Steps(NamedTuple):
    """The parts of a transaction: `begin` and run the flows; commit; undo both after a failure.

    `rest` is what there is to do between two transactions. Nobody's answer waits for it.
    """

    run: Callable[[list[Job]], None]
    commit: Callable[[], None]
    recover: Callable[[], None]
    rest: Callable[[], None]


class _Wait(NamedTuple):
    """A wait for those who were answered, so many; so many others were there before. It is not begun after `until`."""

    answered: int
    there: int
    stages: list[Stage]
    until: float


class LoopWriter:
    """The small changes of one event loop. Everything but `_commit` runs on that loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        waiting: Waiting,
        turn: threading.Lock,
        steps: Steps,
        commits: CommitThread,
    ) -> None:
        self._loop = loop
        self._waiting = waiting
        self._turn = turn
        self._steps = steps
        self._commits = commits
        self._gathered: list[Job] = []
        self._committing = False
        self._began = 0.0  # when the last transaction did
        self._awaited = 0  # so many are to be there before the time is over
        self._patience = Patience()
        self._until: asyncio.TimerHandle | None = None  # when it ends
        self._expected: _Wait | None = None
        """The wait that whoever comes first begins: until then it keeps nobody."""
        self._looked = 0
        """How many times in vain; 0 where the writer's thread is not waited for."""
        self._done: tuple[list[Job], bool] | None = None
        """Those whose commit has ended and who were not told yet, and whether it failed."""

    def add(self, job: Job) -> None:
        """Lets a change wait until the loop has nothing else to do. Raises Overloaded when too many do."""
        if len(self._gathered) >= MAX_WAITING:
            raise Overloaded("too many requests wait for the store")
        self._gathered.append(job)
        if self._until is not None:
            if len(self._gathered) >= self._awaited:
                self._until.cancel()
                self._waited(came=True)
        elif len(self._gathered) == 1 and not self._committing and not self._looked:
            self._begin()

    def take_along(self, job: Job) -> None:
        """Lets a change that another thread waits for go first in the next transaction."""
        self._awaited += 1  # it is none of those who are waited for
        try:
            self.add(job)
            self._gathered.insert(0, self._gathered.pop())
        except Overloaded as error:
            job.error = error
            job.settle()

    def go_on(self) -> None:
        """Does what is due, whatever the loop may still bring."""
        self._committed()
        waits_s = time.perf_counter() - self._began
        if len(self._gathered) < ENOUGH and waits_s < 2 * LONGEST_WAIT_S:
            return
        if self._gathered and not self._committing and not self._looked:
            if self._until is not None:
                self._until.cancel()
                self._until = None
            self._take_turn()

    def _gather(self, seen: int) -> None:
        """Works off what is there, once a round of the loop has brought nothing more."""
        found = len(self._gathered)
        if seen < found < TOGETHER:
            self._loop.call_soon(self._gather, found)
            return
        if found and not self._committing and not self._looked:
            self._take_turn()

    def _take_turn(self) -> None:
        # Where nobody is in the way the turn may yet have to be given back, by the thread of the last commit.
        lets_by = self._waiting.lets_by
        has_turn = lets_by and self._turn.acquire(blocking=False)
        if not has_turn and (lets_by or self._waiting.is_light) and self._looked < _LOOKS:
            self._looked += 1
            self._loop.call_later(_LOOKS_AGAIN_SECONDS, self._take_turn)
            return
        self._looked = 0
        jobs, self._gathered = self._gathered[:TOGETHER], self._gathered[TOGETHER:]
        if has_turn:
            self._work([job for job in jobs if job.starts()])
        else:
            self._hand_over(jobs)
        if self._gathered and not self._committing:
            self._loop.call_soon(self._gather, len(self._gathered))

    def _go_on(self, answered: int) -> None:
        """Has those worked off who are there, with as many as were answered where these are waited for."""
        now, there = time.perf_counter(), len(self._gathered)
        self._expected = None
        if (wait_s := self._patience.seconds(answered, now - self._began)) and there < TOGETHER:
            self._awaited = min(there + answered, TOGETHER)
            until = now + LONGEST_WAIT_S
            self._expected = _Wait(answered, there, self._patience.stages(wait_s), until)
        if there:
            self._begin()

    def _begin(self) -> None:
        """Somebody is there: waits for those who are expected, or has the others worked off."""
        wait, self._expected = self._expected, None
        if wait is not None and time.perf_counter() < wait.until:
            self._wait(wait)
        else:
            self._loop.call_soon(self._gather, len(self._gathered))

    def _wait(self, wait: _Wait) -> None:
        self._until = self._loop.call_later(wait.stages[0].seconds, self._read_first, wait)

    def _read_first(self, wait: _Wait) -> None:
        """A loop looks at its clock before it reads: those who came while it was busy are to be seen, too."""
        self._until = self._loop.call_later(0.0, self._look, wait)

    def _look(self, wait: _Wait) -> None:
        """Goes on waiting where those who are waited for do come."""
        stage, *left = wait.stages
        came = stage.is_met(len(self._gathered) - wait.there, of=wait.answered)
        if came and left:
            self._wait(wait._replace(stages=left))
        else:
            self._waited(came=came)

    def _waited(self, *, came: bool) -> None:
        """Nobody is waited for any more."""
        self._until = None
        self._patience.ended(came=came)
        if self._gathered:
            self._loop.call_soon(self._gather, len(self._gathered))

    def _work(self, jobs: list[Job]) -> None:
        self._began = time.perf_counter()
        try:
            self._steps.run(jobs)
        except Exception:  # noqa: BLE001 - whatever it is, the writer's thread knows what to do
            self._steps.recover()
            self._turn.release()
            self._hand_over(jobs)
        else:
            self._committing = True
            self._commits.do(partial(self._commit, jobs))

    def _commit(self, jobs: list[Job]) -> None:
        """Runs in a thread."""
        failed, joined = False, [job for job in jobs if job.senders is None]
        try:
            try:
                self._steps.commit()
            except Exception:  # noqa: BLE001 - as above
                failed = True
                self._steps.recover()
            # Other threads are answered at once: the loop may be waiting for one of them to end.
            self._answer(joined, failed=failed)
            self._done = [job for job in jobs if job.senders is not None], failed
            with contextlib.suppress(RuntimeError):  # closed: nobody there waits any more
                self._loop.call_soon_threadsafe(self._committed)
            self._steps.rest()
        finally:
            self._turn.release()

    def _committed(self) -> None:
        if self._done is None:
            return
        (jobs, failed), self._done = self._done, None
        self._committing = False
        self._answer(jobs, failed=failed)
        self._go_on(len(jobs))

    def _answer(self, jobs: list[Job], *, failed: bool) -> None:
        if failed:
            self._hand_over(jobs)
            return
        for job in jobs:
            job.settle()

    def _hand_over(self, jobs: list[Job]) -> None:
        for job in jobs:
            try:
                self._waiting.add(job)
            except Exception as error:  # noqa: BLE001 - overloaded or closed: the sender's answer
                job.error = error
                job.settle()
