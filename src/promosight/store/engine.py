"""The store: `read` for questions, `write` for changes.

All writes of a process go through one thread. Requests that wait while a commit runs share the next one
(group commit): a sender is answered only after its commit, and yet a hundred of them cost one sync. Flows
of the same kind that wait together are handed their payloads together, so that a hundred single events
are worked off as one batch of a hundred.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from itertools import groupby
from typing import Any, TypeVar

from promosight.errors import Overloaded, StoreError
from promosight.store import migrate
from promosight.store.database import Database, Readers, database
from promosight.store.tx import Tx

P = TypeVar("P")
R = TypeVar("R")
Flow = Callable[[Tx, list[P]], list[R]]
"""A change: payloads in, as many results out, in one transaction. It may be run again after a lost race."""

MAX_WAITING = 10_000
MAX_TOGETHER = 2_000
TRIES = 8


class _Job:
    __slots__ = ("flow", "future", "payload", "result")

    def __init__(self, flow: Flow[Any, Any], payload: Any) -> None:
        self.flow = flow
        self.payload = payload
        self.future: Future[Any] = Future()
        self.result: Any = None


class Store:
    """An opened, migrated store. Close it to let the writer finish what waits."""

    def __init__(self, db: Database) -> None:
        self.database = db
        self._readers = Readers()
        self._all_readers: list[Tx] = []
        self._waiting: deque[_Job] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._tx = db.connect(write=True)
        self._thread = threading.Thread(target=self._work, name="promosight-writer", daemon=True)
        self._thread.start()

    def read(self, question: Callable[[Tx], R]) -> R:
        """The answer to a question, from one consistent snapshot."""
        tx = self._begin_reading()
        try:
            return question(tx)
        finally:
            with contextlib.suppress(Exception):
                self.database.end(tx, commit=True)

    def submit(self, flow: Flow[P, R], payload: P) -> Future[R]:
        """Queues a change; the future is done after its commit. Raises Overloaded when too many wait."""
        job = _Job(flow, payload)
        with self._wake:
            if self._closing:
                raise StoreError("the store is closed")
            if len(self._waiting) >= MAX_WAITING:
                raise Overloaded("too many requests wait for the store")
            self._waiting.append(job)
            self._wake.notify()
        return job.future

    def submit_from(
        self,
        loop: asyncio.AbstractEventLoop,
        flow: Flow[P, R],
        payload: P,
        *,
        weight: int = 1,  # noqa: ARG002 - the store branch bounds it
    ) -> asyncio.Future[R]:
        """Placeholder for the store branch: the same as an asyncio future of `loop`."""
        return asyncio.wrap_future(self.submit(flow, payload), loop=loop)

    def write(self, flow: Flow[P, R], payload: P) -> R:
        """Makes a change and waits for its commit."""
        return self.submit(flow, payload).result()

    def change(self, action: Callable[[Tx], R]) -> R:
        """Makes a change that is not worked off together with others of its kind."""
        answer: R = self.write(each_alone, action)
        return answer

    def close(self) -> None:
        """Works off what waits, then closes every connection."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()
        for tx in [*self._all_readers, self._tx]:
            with contextlib.suppress(Exception):
                self.database.close(tx)

    def _begin_reading(self) -> Tx:
        tx = self._reader()
        try:
            self.database.begin(tx, write=False)
        except Exception as error:
            if not self.database.may_retry(error):
                raise
            # The server ended the connection while it lay idle: a new one will do.
            self._readers.tx = None
            self._all_readers.remove(tx)
            with contextlib.suppress(Exception):
                self.database.close(tx)
            tx = self._reader()
            self.database.begin(tx, write=False)
        return tx

    def _reader(self) -> Tx:
        tx = self._readers.tx
        if tx is None:
            tx = self._readers.tx = self.database.connect(write=False)
            self._all_readers.append(tx)
        return tx

    def _work(self) -> None:
        while True:
            with self._wake:
                while not self._waiting and not self._closing:
                    self._wake.wait()
                if not self._waiting:
                    return
                count = min(len(self._waiting), MAX_TOGETHER)
                taken = [self._waiting.popleft() for _ in range(count)]
            # A sender that hung up cancels its future; from here on it no longer can, so answering is safe.
            self._commit([job for job in taken if job.future.set_running_or_notify_cancel()])

    def _commit(self, jobs: list[_Job]) -> None:
        """Commits jobs together and answers them; when one of them fails, by halves, so that only it is refused.

        There is no savepoint to fall back to: while one is open SQLite notes every page it touches, which
        made large batches several times dearer. Starting over costs only those who fail.
        """
        for attempt in range(1, TRIES + 1):
            try:
                self._run(jobs)
            except Exception as error:  # noqa: BLE001 - whatever fails is each sender's answer
                self._recover()
                if not self.database.may_retry(error):
                    self._commit_apart(jobs, error)
                    return
                if attempt == TRIES:
                    _refuse(jobs, error)
                    return
                time.sleep(0.005 * 2**attempt)
            else:
                break
        for job in jobs:
            job.future.set_result(job.result)

    def _run(self, jobs: list[_Job]) -> None:
        self.database.begin(self._tx, write=True)
        for _, alike in groupby(jobs, key=lambda job: job.flow):
            group = list(alike)
            results = group[0].flow(self._tx, [job.payload for job in group])
            for job, result in zip(group, results, strict=True):
                job.result = result
        self.database.end(self._tx, commit=True)

    def _commit_apart(self, jobs: list[_Job], error: Exception) -> None:
        if len(jobs) == 1:
            _refuse(jobs, error)
            return
        middle = len(jobs) // 2
        self._commit(jobs[:middle])
        self._commit(jobs[middle:])

    def _recover(self) -> None:
        try:
            self.database.end(self._tx, commit=False)
        except Exception:  # noqa: BLE001 - a broken connection is replaced
            with contextlib.suppress(Exception):
                self.database.close(self._tx)
            with contextlib.suppress(StoreError):
                self._tx = self.database.connect(write=True)


def each_alone(tx: Tx, actions: list[Callable[[Tx], Any]]) -> list[Any]:
    """The flow of changes that have nothing to gain from company."""
    return [action(tx) for action in actions]


def _refuse(jobs: list[_Job], error: Exception) -> None:
    for job in jobs:
        job.future.set_exception(error)


def open_store(url: str, *, now_us: int) -> Store:
    """Opens the store a URL names, creating or migrating its schema. Raises StoreError."""
    db = database(url)
    migrate.migrate(db, now_us=now_us)
    return Store(db)
