"""What work costs: CPU seconds and peak memory of whole process trees, read from Linux's /proc.

CPU time is user plus system time of a process, of its living descendants and of those that ended and were
waited for. On a shared machine it is the figure to compare; wall time mostly measures the neighbours. Load
generators are processes of their own and never counted.
"""

from __future__ import annotations

import os
import resource
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_SCHED_CLOCK = 2  # CPUCLOCK_SCHED of the kernel: user and system time of all threads
_PROC = Path("/proc")
_EVERY_S = 0.05
_RESTS_S = 3.0
"""Longer than its threads wait before they begin, and from one piece of work to the next."""
_RESTING_SHARE = 0.02


@dataclass
class Usage:
    """What a piece of work took."""

    cpu_s: float = 0.0
    wall_s: float = 0.0
    peak_bytes: int = 0


@dataclass(frozen=True)
class Ended:
    """A program that ran to its end."""

    status: int
    out: str
    err: str
    usage: Usage


def tree_cpu(pid: int) -> float:
    """CPU seconds of a process and all below it so far; 0 when it is gone."""
    return sum(map(_cpu, family(pid)))


def family(pid: int) -> list[int]:
    """A process and its living descendants."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdecimal():
            fields = _stat(int(entry.name))
            if fields:
                children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [pid]
    for one in found:
        found.extend(children.get(one, ()))
    return found


def tree_peak(pid: int) -> int:
    """The most memory a process and its living descendants ever held, in bytes (VmHWM)."""
    return sum(map(_peak, family(pid)))


def await_rest(pid: int, within_s: float = 120.0) -> None:
    """Waits until a process has spent next to nothing for a while: what it does after its start is not measured.

    A server tells its watches of anomalies the hours of five weeks again, at a tenth of its time, for half a minute.
    """
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        before_s = tree_cpu(pid)
        time.sleep(_RESTS_S)
        if tree_cpu(pid) - before_s < _RESTING_SHARE * _RESTS_S:
            return


def parent_of(pid: int) -> int:
    """The process that started this one."""
    return int(_stat(pid)[1])


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat behind the name; none when it is gone."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _cpu(pid: int) -> float:
    fields = _stat(pid)
    if not fields:
        return 0.0
    own, of_children = sum(map(int, fields[11:13])), sum(map(int, fields[13:15]))
    try:
        # The kernel's clock of another process: nanoseconds where /proc tells hundredths of a second.
        own_s = time.clock_gettime((~pid << 3) | _SCHED_CLOCK)
    except OSError:
        own_s = own / _TICKS
    return own_s + of_children / _TICKS


def _peak(pid: int) -> int:
    try:
        lines = (_PROC / str(pid) / "status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


@dataclass
class Meter:
    """Measures what a running server spends while a block runs; `others` adds CPU seconds of its store."""

    pid: int
    others: Callable[[], float]
    usage: Usage = field(default_factory=Usage)

    @contextmanager
    def measuring(self) -> Iterator[Usage]:
        """The usage is filled in when the block ends."""
        cpu_s, others_s, started = tree_cpu(self.pid), self.others(), time.perf_counter()
        yield self.usage
        self.usage.wall_s = time.perf_counter() - started
        self.usage.cpu_s = tree_cpu(self.pid) - cpu_s + self.others() - others_s
        self.usage.peak_bytes = tree_peak(self.pid)


def run_to_end(
    command: Sequence[str],
    others: Callable[[], float],
    environment: dict[str, str],
    timeout_s: float,
) -> Ended:
    """Runs a program and measures it whole, its start included, and its store.

    Peak memory is looked at 20 times a second: what the kernel says at the end would count the memory of
    whoever started it.
    """
    others_s, started = others(), time.perf_counter()
    process = subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    peak = _Peak(process.pid)
    before_s = _children_cpu()
    try:
        out, err = process.communicate(timeout=timeout_s)
    except BaseException:
        process.kill()
        process.communicate()
        raise
    finally:
        peak.stop()
    cpu_s = _children_cpu() - before_s + others() - others_s
    usage = Usage(cpu_s, time.perf_counter() - started, peak.seen)
    return Ended(process.returncode, out, err, usage)


def _children_cpu() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


class _Peak(threading.Thread):
    """Looks at a program's peak memory until it is told to stop."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._over = threading.Event()
        self.seen = 0
        self.start()

    def run(self) -> None:
        """Looks, and looks again."""
        while not self._over.wait(_EVERY_S):
            self.seen = max(self.seen, tree_peak(self._pid))

    def stop(self) -> None:
        """Ends looking."""
        self._over.set()
        self.join()
