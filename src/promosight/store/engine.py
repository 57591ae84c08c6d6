"""The store: `read` for questions, `write` for changes.

All writes of a process go through one connection, one transaction at a time; a thread works them off, but for
the single events that an event loop brings (`loop_writer`). Requests that wait while a commit runs share the
next one (group commit): a sender is answered only after its commit, and yet a hundred of them cost one sync. Flows
of the same kind that wait together are handed their payloads together, so that a hundred single events
are worked off as one batch of a hundred.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from itertools import groupby
from typing import Any, TypeVar

from promosight.errors import StoreError
from promosight.store import migrate
from promosight.store.commit_thread import CommitThread
from promosight.store.database import Database, database
from promosight.store.loop_writer import LoopWriter, Steps
from promosight.store.races import LostRace, OutOfTurn
from promosight.store.readers import Readers, SteadyReader
from promosight.store.senders import Senders
from promosight.store.tx import Tx
from promosight.store.waiting import SMALL_WEIGHT, Job, Later, Waiting, answer

_log = logging.getLogger("promosight")

P = TypeVar("P")
R = TypeVar("R")
Flow = Callable[[Tx, list[P]], list[R]]
"""A change: payloads in, as many results out, in one transaction. It may be run again after a lost race."""

Follower = Callable[[list[Job], float, float], None]
"""Told the changes of a transaction, when it began and when only its commit was left (`time.perf_counter`)."""

TRIES = 8
PATIENCE_SECONDS = 5.0
"""For so long a store that cannot be reached is tried anew before its senders are told; all others wait meanwhile."""


_JOINED_SECONDS = 1.0
"""A loop that has not come to a change by then is at something else, or ends."""


class Store:
    """An opened, migrated store. Close it to let the writer finish what waits."""

    def __init__(self, db: Database) -> None:
        self.database = db
        self.claims = db.claims()
        self._readers = Readers(db)
        self._waiting = Waiting()
        self._tx = db.connect(write=True)
        self._turn = threading.Lock()  # whoever holds it has the connection
        self._loops: dict[asyncio.AbstractEventLoop, LoopWriter] = {}
        self._senders: dict[asyncio.AbstractEventLoop, Senders] = {}
        self._told: tuple[Callable[[], None], ...] = ()
        self._watcher: Callable[[int, float], None] = _nobody
        self._follower: Follower | None = None
        self._at_once: tuple[list[Job], float, float] = ([], 0.0, 0.0)  # what a loop has open
        self._commits = CommitThread()
        self._thread = threading.Thread(target=self._work, name="promosight-writer", daemon=True)
        self._thread.start()

    def read(self, question: Callable[[Tx], R]) -> R:
        """The answer to a question, from one consistent snapshot.

        It is asked anew where its connection has forgotten what was prepared on it.
        """
        try:
            return self._readers.read(question)
        except Exception as error:
            told = self.database.give_up(error)
            if told is error:
                raise
            raise told from error

    def submit(self, flow: Flow[P, R], payload: P, *, weight: int = 1) -> Future[R]:
        """Queues a change; the future is done after its commit. Raises Overloaded when too many wait.

        `weight` says how much work it is, in events: heavy changes do not keep light ones waiting.
        """
        job = Job(flow, payload, weight, None)
        self._waiting.add(job)
        future: Future[R] = job.future
        return future

    def submit_from(
        self,
        loop: asyncio.AbstractEventLoop,
        flow: Flow[P, R],
        payload: P,
        *,
        weight: int = 1,
        still: Callable[[], None] | None = None,
    ) -> asyncio.Future[R]:
        """Like `submit`, called on an event loop, which is woken once a commit and not once a change.

        `still` is asked by whichever thread works it off, and may raise Overloaded when it is too late.
        """
        job = Job(flow, payload, weight, self._senders_of(loop), still=still)
        self._add_from(loop, job)
        future: asyncio.Future[R] = job.future
        return future

    def submit_telling(
        self,
        loop: asyncio.AbstractEventLoop,
        flow: Flow[P, R],
        payload: P,
        told: Callable[[R, Exception | None], None],
        *,
        still: Callable[[], None] | None = None,
    ) -> None:
        """Like `submit_from` for a light change: `told` is called on the loop, with the result or the error."""
        senders = self._senders_of(loop)
        self._add_from(loop, Job(flow, payload, 1, senders, still=still, told=told))

    def go_on(self, loop: asyncio.AbstractEventLoop) -> None:
        """Does what is due for those a loop has brought. Called on it, where it does not come to it by itself because
        it reads and reads."""
        if senders := self._senders.get(loop):
            senders.tell()
        if writer := self._loops.get(loop):
            writer.go_on()

    def write(self, flow: Flow[P, R], payload: P) -> R:
        """Makes a change and waits for its commit."""
        return self.submit(flow, payload).result()

    def rehearse(self, flow: Flow[P, R], payload: P, *, weight: int = 1) -> Future[R]:
        """Queues a change that is made and undone: the future has what it would have come to, and nothing is kept.

        It has a transaction of its own, so that none of those who wait with it is held up by its end or sees it.
        """
        job = Job(flow, payload, weight, None, kept=False)
        self._waiting.add(job)
        future: Future[R] = job.future
        return future

    def change(self, action: Callable[[Tx], R]) -> R:
        """Makes a change that is not worked off together with others of its kind."""
        answer: R = self.write(each_alone, action)
        return answer

    def join(self, action: Callable[[Tx], R]) -> R:
        """As `change`, along with the light changes of a loop where there is one: they need not wait for its commit
        beside their own. For what takes a millisecond or two, and not to be called on a loop.
        """
        for loop, writer in list(self._loops.items()):
            job = Job(each_alone, action, 1, None)
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(writer.take_along, job)
                with contextlib.suppress(TimeoutError):
                    joined: R = job.future.result(_JOINED_SECONDS)
                    return joined
                if not job.future.cancel():  # it is under way
                    late: R = job.future.result()
                    return late
        return self.change(action)

    def between(self) -> AbstractContextManager[Any]:
        """Keeps the transactions of loops away from something short that computes in another thread.

        Beside it every statement of theirs would wait for its turn of the interpreter: what is done between two of them
        in 3 ms takes three times that from one. Nothing here may wait for the writer.
        """
        return self._turn if self.database.runs_here else contextlib.nullcontext()

    def steady_reader(self) -> SteadyReader:
        """A reading connection of one's own; to be closed before the store."""
        return SteadyReader(self.database)

    def tell(self, told: Callable[[], None]) -> Callable[[], None]:
        """Has `told` called after this process's commits, by the thread that made one, until what is returned is.

        The next transaction waits for it, so it does no more than wake somebody; it may be called for nothing.
        """
        self._told = (*self._told, told)

        def stop() -> None:
            self._told = tuple(one for one in self._told if one is not told)

        return stop

    def watch_commits(self, watcher: Callable[[int, float], None]) -> None:
        """Has `watcher` called after each commit: how many changes it held, and how many seconds it took."""
        self._watcher = watcher

    def follow_commits(self, follower: Follower) -> None:
        """Has `follower` called after each commit, before anybody is answered."""
        self._follower = follower

    @property
    def runs_here(self) -> bool:
        """Whether statements run in this process.

        Else each page that a statement needs is dear to find, so that it pays to want few of them at a time.
        """
        return self.database.runs_here

    @property
    def waiting(self) -> int:
        """How many changes wait for the writer."""
        return self._waiting.size

    @property
    def light_served(self) -> int:
        """How many light changes there have been: a long piece of work makes itself small while there are more."""
        return self._waiting.small_taken

    def close(self) -> None:
        """Works off what waits, then closes every connection."""
        self._commits.close()
        self._waiting.close()
        self._thread.join()
        self._readers.close()
        self.claims.close()
        with contextlib.suppress(Exception):
            self.database.close(self._tx)

    def _add_from(self, loop: asyncio.AbstractEventLoop, job: Job) -> None:
        if self.database.runs_here and job.weight <= SMALL_WEIGHT:
            self._writer_of(loop).add(job)
        else:
            self._waiting.add(job)

    def _senders_of(self, loop: asyncio.AbstractEventLoop) -> Senders:
        senders = self._senders.get(loop)
        if senders is None:
            senders = self._senders[loop] = Senders(loop)
        return senders

    def _writer_of(self, loop: asyncio.AbstractEventLoop) -> LoopWriter:
        writer = self._loops.get(loop)
        if writer is None:
            steps = Steps(self._run_at_once, self._commit_at_once, self._undo, self._rest)
            writer = LoopWriter(loop, self._waiting, self._turn, steps, self._commits)
            self._loops[loop] = writer
        return writer

    def _run_at_once(self, jobs: list[Job]) -> None:
        began = time.perf_counter()
        self._tx.attempt = 1
        self.database.begin(self._tx, write=True, at_once=True)
        self._run_flows(jobs)
        self._at_once = (jobs, began, time.perf_counter())

    def _commit_at_once(self) -> None:
        self.database.end(self._tx, commit=True)
        self._has_committed(*self._at_once)

    def _work(self) -> None:
        answered, seconds = 0, 0.0
        while taken := self._waiting.turn(answered, seconds):
            began = time.perf_counter()
            if jobs := self._made(taken):
                with self._turn:
                    for together in self._parted(jobs):
                        self._commit_or_refuse(together)
                    self._rest()
            answered = sum(job.weight <= SMALL_WEIGHT for job in jobs)
            seconds = time.perf_counter() - began

    def _made(self, taken: list[Job]) -> list[Job]:
        """Those whose payload is there, with those who came while it was made. A sender that hung up cancels its
        future and is passed over.

        Making one may take long. Nobody's transaction is open meanwhile, so loops make theirs.
        """
        self._waiting.is_making = any(isinstance(job.payload, Later) for job in taken)
        made: list[Job] = []
        try:
            while taken:
                made += [job for job in taken if job.starts() and job.is_made()]
                taken = self._waiting.joining()
            return made
        finally:
            self._waiting.is_making = False

    def _parted(self, jobs: list[Job]) -> list[list[Job]]:
        """Those who share a transaction; by itself each whose transaction is undone.

        Where other servers write, too, only those of one flow share one: what several flows lock and write, one after
        the other, has no order, and two servers would wait for each other crosswise.
        """
        kept = [job for job in jobs if job.kept]
        undone = [[job] for job in jobs if not job.kept]
        if self.database.runs_here:
            return [kept, *undone] if kept else undone
        return [*by_flow(kept), *undone]

    def _commit_or_refuse(self, jobs: list[Job]) -> None:
        """Whatever goes wrong even in going about a failure is these senders' answer, and no end to the writer:
        without it the server would take requests and never answer them."""
        try:
            self._commit(jobs, first_attempt=1)
        except Exception as error:  # noqa: BLE001
            _log.exception("the writer failed in going about a failure")
            self._recover()
            _refuse(jobs, error)

    def _rest(self) -> None:
        for told in self._told:
            told()
        with contextlib.suppress(Exception):  # nobody's answer, and no end to the writer
            self.database.rest(self._tx)

    def _commit(self, jobs: list[Job], *, first_attempt: int) -> None:
        """Commits jobs together and answers them; when one of them fails, by halves, so that only it is refused.

        There is no savepoint to fall back to: while one is open SQLite notes every page it touches, which
        made large batches several times dearer. Starting over costs only those who fail. Of large ones that lost a
        race each starts over alone: to be careful costs many times as much, and only the one that lost has to be.
        So do those that want a lock out of turn: alone each takes its locks in order.
        """
        until = time.monotonic() + PATIENCE_SECONDS
        for attempt in range(first_attempt, first_attempt + TRIES):
            try:
                self._run(jobs, attempt)
            except Exception as error:  # noqa: BLE001 - whatever fails is each sender's answer
                connected = self._recover(error)
                if isinstance(error, OutOfTurn) and len(jobs) > 1:
                    for job in jobs:
                        self._commit([job], first_attempt=attempt)
                    return
                if attempt == 1 and isinstance(error, LostRace) and _are_large(jobs):
                    self._commit_each(jobs)
                    return
                last = attempt == first_attempt + TRIES - 1
                last = last or (not connected and time.monotonic() > until)
                if not self._goes_on(jobs, error, last=last):
                    return
                if attempt > 1 or not isinstance(error, LostRace):
                    time.sleep(0.005 * 2 ** (attempt - first_attempt + 1))
            else:
                answer(jobs)
                return

    def _commit_each(self, jobs: list[Job]) -> None:
        """Commits each by itself, as if nobody had lost a race: first those for whom that is so."""
        lost: list[Job] = []
        for job in jobs:
            try:
                self._run([job], 1)
            except Exception as error:  # noqa: BLE001 - it comes to light once more below
                self._recover(error)
                lost.append(job)
            else:
                answer([job])
        for job in lost:
            self._commit([job], first_attempt=2)

    def _goes_on(self, jobs: list[Job], error: Exception, *, last: bool) -> bool:
        """Whether to try again; if not, the jobs are answered, or committed apart, here."""
        told = self.database.explain(error)
        if told is not error:
            told.__cause__ = error
            _refuse(jobs, told)  # the store itself has failed, so no half would fare better
        elif not self.database.may_retry(error):
            self._commit_apart(jobs, error)
        elif last:
            _refuse(jobs, self.database.give_up(error))
        else:
            return True
        return False

    def _run(self, jobs: list[Job], attempt: int) -> None:
        began = time.perf_counter()
        self._tx.attempt = attempt
        self.database.begin(self._tx, write=True)
        self._run_flows(jobs)
        if not jobs[0].kept:
            self._tx.arrive()  # what is undone unseen could not fail as it would
        ran = time.perf_counter()
        self.database.end(self._tx, commit=jobs[0].kept)
        self._has_committed(jobs, began, ran)

    def _has_committed(self, jobs: list[Job], began: float, ran: float) -> None:
        self._watcher(len(jobs), time.perf_counter() - began)
        if self._follower is not None:
            with contextlib.suppress(
                Exception
            ):  # what is committed must not be run again for its sake
                self._follower(jobs, began, ran)

    def _run_flows(self, jobs: list[Job]) -> None:
        for _, alike in groupby(jobs, key=lambda job: job.flow):
            group = list(alike)
            results = group[0].flow(self._tx, [job.payload for job in group])
            for job, result in zip(group, results, strict=True):
                job.result = result

    def _commit_apart(self, jobs: list[Job], error: Exception) -> None:
        if len(jobs) == 1:
            _refuse(jobs, error)
            return
        middle = len(jobs) // 2
        self._commit(jobs[:middle], first_attempt=2)
        self._commit(jobs[middle:], first_attempt=2)

    def _undo(self) -> None:
        self._recover()

    def _recover(self, error: Exception | None = None) -> bool:
        """Undoes what a failure has left; whether the next try has a connection."""
        try:
            self.database.end(self._tx, commit=False)
        except Exception:  # noqa: BLE001 - a broken connection is replaced
            return self._reconnect()
        if error and (self.database.turned_away(error) or self.database.has_forgotten(error)):
            return self._reconnect()
        return True

    def _reconnect(self) -> bool:
        with contextlib.suppress(Exception):
            self.database.close(self._tx)
        try:
            self._tx = self.database.connect(write=True)
        except StoreError:
            return False
        return True


def _nobody(_changes: int, _seconds: float) -> None:
    return


def each_alone(tx: Tx, actions: list[Callable[[Tx], Any]]) -> list[Any]:
    """The flow of changes that have nothing to gain from company."""
    return [action(tx) for action in actions]


def by_flow(jobs: list[Job]) -> list[list[Job]]:
    """Those of each flow, in their order; apart each that has nothing to gain from company."""
    flows: dict[object, list[Job]] = {}
    for job in jobs:
        flows.setdefault(job if job.flow is each_alone else job.flow, []).append(job)
    return list(flows.values())


def _are_large(jobs: list[Job]) -> bool:
    """Whether these are several, and none of them small."""
    return len(jobs) > 1 and all(job.weight > SMALL_WEIGHT for job in jobs)


def _refuse(jobs: list[Job], error: Exception) -> None:
    for job in jobs:
        job.error = error
    answer(jobs)


def open_store(url: str, *, now_us: int, create: bool = True) -> Store:
    """Opens the store a URL names and brings its schema up to date; makes one where there is none, if it is to be.

    Raises StoreError.
    """
    db = database(url)
    migrate.migrate(db, now_us=now_us, create=create)
    return Store(db)
