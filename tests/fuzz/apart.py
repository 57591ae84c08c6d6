"""The readers in processes of their own: one that dies or hangs is a find, and another goes on behind its input."""

from __future__ import annotations

import multiprocessing
import queue
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from promosight.process import compute_alone
from tests.fuzz.book import Book
from tests.fuzz.decoders import DOORS, tried

_HANGS_AFTER_S = 90.0
_TOLD_EVERY = 50
_spawn = multiprocessing.get_context("spawn")


class Task(NamedTuple):
    """Numbers of one door."""

    door: str
    numbers: range


def tasks_of(total: int, first_share: int = 0, shares: int = 1) -> list[Task]:
    """All doors with as many inputs as their share of so many; of several equal shares the one of this number."""
    found = []
    for door, (_, parts) in DOORS.items():
        each = max(1, total * parts // 10_000)
        found.append(Task(door, range(each * first_share, each * (first_share + shares))))
    return found


class Readers:
    """Processes that read, each its part of the numbers of every door."""

    def __init__(self, seed: int, tasks: list[Task], book: Book, processes: int = 2) -> None:
        self._book = book
        parts = [
            [Task(task.door, task.numbers[place::processes]) for task in tasks]
            for place in range(processes)
        ]
        self._all = [_Reader(seed, part, book) for part in parts]

    def finish(self) -> None:
        """Waits until all is read."""
        going = self._all
        while going:
            going = [one for one in going if not one.is_done()]
            time.sleep(0.05)
        self._book.held("a process of readers", max(one.peak for one in self._all))


class _Reader:
    def __init__(self, seed: int, tasks: list[Task], book: Book) -> None:
        self._seed, self._tasks, self._book = seed, tasks, book
        self.peak = 0
        self._at = (0, 0)
        self._done = False
        self._start(0, 0)

    def is_done(self) -> bool:
        """Hears what there is to hear; starts another process where one died or hangs."""
        for message in self._heard():
            self._note(*message)
        if self._done:
            self._process.join()
            return True
        if not self._process.is_alive():
            time.sleep(0.2)
            for message in self._heard():
                self._note(*message)
            if not self._done:
                self._go_on(f"the process ended with {self._process.exitcode}")
        elif time.monotonic() - self._changed > _HANGS_AFTER_S:
            self._process.kill()
            self._process.join()
            self._go_on(f"no end within {_HANGS_AFTER_S:.0f} s")
        return False

    def _heard(self) -> Iterator[tuple[Any, ...]]:
        if (now := (self._place[0], self._place[1])) != self._at:
            self._at, self._changed = now, time.monotonic()
        while True:
            try:
                yield self._queue.get_nowait()
            except queue.Empty:
                return

    def _note(self, kind: str, *more: Any) -> None:
        if kind == "find":
            self._book.find(*more)
        elif kind == "done":
            self.peak, self._done = max(self.peak, more[0]), True
        else:
            self._book.counted(*more)

    def _go_on(self, wrong: str) -> None:
        """Tells the find, and goes on behind it."""
        task_no, place = self._place[0], self._place[1]
        task = self._tasks[task_no]
        number = task.numbers[place]
        case = DOORS[task.door][0](Random(f"{self._seed}/{task.door}/{number}"))
        self._book.find(task.door, number, case.said, wrong, case.data)
        self._start(task_no, place + 1)

    def _start(self, task_no: int, place: int) -> None:
        self._place = _spawn.Array("q", [task_no, place])
        self._at, self._changed = (task_no, place), time.monotonic()
        self._queue: Any = _spawn.Queue()
        given = (self._seed, self._tasks, self._place, self._queue)
        self._process = _spawn.Process(target=_read_all, args=given)
        self._process.start()


def _read_all(seed: int, tasks: list[Task], place: Any, told: Any) -> None:
    """What runs in the process: every input from this place on."""
    compute_alone()
    first_task, first = place[0], place[1]
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        for task_no in range(first_task, len(tasks)):
            begin = first if task_no == first_task else 0
            _read_task(seed, tasks[task_no], (task_no, begin), place, told, Path(folder))
    told.put(("done", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10))


def _read_task(
    seed: int, task: Task, begin: tuple[int, int], place: Any, told: Any, folder: Path
) -> None:
    task_no, first = begin
    unsaid = 0
    for at in range(first, len(task.numbers)):
        place[0], place[1] = task_no, at
        case, wrong = tried(task.door, seed, task.numbers[at], folder)
        if wrong:
            told.put(("find", task.door, task.numbers[at], case.said, wrong, case.data))
        unsaid += 1
        if unsaid == _TOLD_EVERY:
            told.put(("count", task.door, unsaid))
            unsaid = 0
    if unsaid:
        told.put(("count", task.door, unsaid))
