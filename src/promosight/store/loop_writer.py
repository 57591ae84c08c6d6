"""Single events, worked off on the event loop that brought them.

The writer's thread and an event loop share one interpreter. While both have work, each waits for the other at
every step, and transactions hold half of those who could share one. So where statements run in this process
(SQLite), small changes are gathered until their loop has nothing else to do, and their statements run right
there: a millisecond or two. Only the commit, which waits for the disk, is left to a thread, and the loop goes
on reading meanwhile. Whatever is not so simple goes the way of the writer's thread: when others wait there or
have the turn, when another process writes, when anything fails.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from promosight.errors import Overloaded
from promosight.store.waiting import MAX_WAITING, Job, Waiting

TOGETHER = 256
"""So many changes are worked off without a pause; it bounds for how long the loop does nothing else."""

_SOON_S = 0.001


class Steps(NamedTuple):
    """The parts of a transaction: `begin` and run the flows; commit; undo both after a failure."""

    run: Callable[[list[Job]], None]
    commit: Callable[[], None]
    recover: Callable[[], None]


class LoopWriter:
    """The small changes of one event loop. Everything but `_commit` runs on that loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        waiting: Waiting,
        turn: threading.Lock,
        steps: Steps,
        commits: ThreadPoolExecutor,
    ) -> None:
        self._loop = loop
        self._waiting = waiting
        self._turn = turn
        self._steps = steps
        self._commits = commits
        self._gathered: list[Job] = []
        self._committing = False

    def add(self, job: Job) -> None:
        """Lets a change wait until the loop has nothing else to do. Raises Overloaded when too many do."""
        if len(self._gathered) >= MAX_WAITING:
            raise Overloaded("too many requests wait for the store")
        self._gathered.append(job)
        if len(self._gathered) == 1 and not self._committing:
            self._loop.call_soon(self._gather, 1)

    def _gather(self, seen: int) -> None:
        """Works off what is there, once a round of the loop has brought nothing more."""
        found = len(self._gathered)
        if seen < found < TOGETHER:
            self._loop.call_soon(self._gather, found)
            return
        if self._committing or not found:
            return
        if self._waiting.is_at_small:
            # The turn is theirs, and they would never have it if a loop took it again and again.
            self._loop.call_later(_SOON_S, self._gather, TOGETHER)
            return
        jobs, self._gathered = self._gathered[:TOGETHER], self._gathered[TOGETHER:]
        if self._waiting.is_idle and self._turn.acquire(blocking=False):
            self._work([job for job in jobs if job.starts()])
        else:
            self._hand_over(jobs)
        if self._gathered and not self._committing:
            self._loop.call_soon(self._gather, len(self._gathered))

    def _work(self, jobs: list[Job]) -> None:
        try:
            self._steps.run(jobs)
        except Exception:  # noqa: BLE001 - whatever it is, the writer's thread knows what to do
            self._steps.recover()
            self._turn.release()
            self._hand_over(jobs)
        else:
            self._committing = True
            self._commits.submit(self._commit, jobs)

    def _commit(self, jobs: list[Job]) -> None:
        """Runs in a thread."""
        failed = False
        try:
            self._steps.commit()
        except Exception:  # noqa: BLE001 - as above
            failed = True
            self._steps.recover()
        finally:
            self._turn.release()
        with contextlib.suppress(RuntimeError):  # closed: nobody there waits any more
            self._loop.call_soon_threadsafe(self._committed, jobs, failed)

    def _committed(self, jobs: list[Job], failed: bool) -> None:
        self._committing = False
        if failed:
            self._hand_over(jobs)
        else:
            for job in jobs:
                job.settle()
        if self._gathered:
            self._loop.call_soon(self._gather, len(self._gathered))

    def _hand_over(self, jobs: list[Job]) -> None:
        for job in jobs:
            try:
                self._waiting.add(job)
            except Exception as error:  # noqa: BLE001 - overloaded or closed: the sender's answer
                job.error = error
                job.settle()
