"""Lines sorted by a small number each, more of them than are to lie in memory: runs of them, merged when all are there.

Each run is sorted by itself and written behind the others to a temporary file that has no name. Then those of one
number are read from all runs, one after the other, so that lines of one number keep their order.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from typing import IO, NamedTuple

import numpy as np
import numpy.typing as npt

from promosight.rules.numbers import Numbers


class _Run(NamedTuple):
    """Lines that came one behind the other, in their order since."""

    first: int
    """The place of the first among all lines."""
    order: npt.NDArray[np.uint32]
    """Which of them lies where."""
    begins: npt.NDArray[np.uint32]
    """Where each of them begins, and the last ends."""
    bounds: Numbers
    """Which is the first with each number, and how many there are."""
    text: bytes | None
    """Their text where it lies in memory."""
    at: int = 0
    """Where it lies in the file otherwise."""

    def of_number(self, number: int) -> range:
        """Where the lines with a number lie."""
        if number + 1 >= len(self.bounds):
            return range(0)
        return range(*self.bounds[number : number + 2].tolist())


class Runs:
    """Runs of lines without their ends, each with its length and number. A single one stays in memory."""

    def __init__(self) -> None:
        self._runs: list[_Run] = []
        self._file: IO[bytes] | None = None
        self._count = self._written = 0
        self.can_grow = True
        """Whether there is room for more."""

    def __len__(self) -> int:
        return self._count

    def close(self) -> None:
        """Lets go of the file."""
        if self._file is not None:
            self._file.close()

    def add(
        self, lines: Sequence[bytes], lengths: Numbers, numbers: npt.NDArray[np.uint16]
    ) -> None:
        """Adds a run."""
        self._runs.append(_sorted_run(self._count, lines, lengths, numbers))
        self._count += len(lines)
        if len(self._runs) > 1:
            self._runs[-2:] = map(self._written_down, self._runs[-2:])

    def merged(self, size: int) -> Iterator[tuple[Numbers, bytes]]:
        """All lines by their numbers, so many or some more at a time: their places, and their text."""
        rows: list[Numbers] = []
        texts: list[bytes] = []
        for run, start, end in self._by_number(size):
            rows.append(run.order[start:end] + np.int64(run.first))
            texts.append(self._read(run, start, end))
            if sum(map(len, rows)) >= size:
                yield np.concatenate(rows), b"".join(texts)
                rows, texts = [], []
        if rows:
            yield np.concatenate(rows), b"".join(texts)

    def as_they_came(self, size: int) -> Iterator[tuple[Numbers, bytes]]:
        """The same in their first order."""
        for run in self._runs:
            count = len(run.order)
            lines = np.empty(count, object)
            lines[run.order] = self._read(run, 0, count)[:-1].split(b"\n")
            for start in range(0, count, size):
                some = lines[start : start + size].tolist()
                rows = np.arange(start, start + len(some)) + run.first
                yield rows, b"\n".join(some) + b"\n"

    def _by_number(self, size: int) -> Iterator[tuple[_Run, int, int]]:
        """Parts of runs, none longer than that."""
        for number in range(max((len(run.bounds) for run in self._runs), default=1) - 1):
            for run in self._runs:
                its = run.of_number(number)
                for start in its[::size]:
                    yield run, start, min(start + size, its.stop)

    def _read(self, run: _Run, start: int, end: int) -> bytes:
        begin, behind = int(run.begins[start]), int(run.begins[end])
        if run.text is not None:
            return run.text[begin:behind]
        assert self._file is not None
        return os.pread(self._file.fileno(), behind - begin, run.at + begin)

    def _written_down(self, run: _Run) -> _Run:
        """The run with its text in the file; as it is where there is no room, which ends the growing."""
        if run.text is None or not self.can_grow:
            return run
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 - see close
            self._file.write(run.text)
            self._file.flush()
        except OSError:
            self.can_grow = False
            return run
        at, self._written = self._written, self._written + len(run.text)
        return run._replace(text=None, at=at)


def _sorted_run(
    first: int, lines: Sequence[bytes], lengths: Numbers, numbers: npt.NDArray[np.uint16]
) -> _Run:
    order = np.argsort(numbers, kind="stable")  # small numbers sort by their digits
    text = b"\n".join(map(lines.__getitem__, order.tolist())) + b"\n"
    begins = np.zeros(len(lines) + 1, np.uint32)
    np.cumsum(lengths[order] + 1, out=begins[1:])
    bounds = np.zeros(int(numbers.max()) + 2, np.int64)
    np.cumsum(np.bincount(numbers), out=bounds[1:])
    return _Run(first, order.astype(np.uint32), begins, bounds, text)
