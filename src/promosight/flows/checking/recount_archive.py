"""Counting an archive anew on one machine: its slices by DuckDB, in as many processes as there are cores.

As many slices as memory allows are counted together, by the SQL that `verify` runs; what they come to is left in a
file and added up after the last. The comparison is that of `verify`, against the figures of the archive.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import NamedTuple

from promosight.errors import StoreError
from promosight.flows.checking.archive_form import (
    ArchivedWorkspace,
    check_files,
    read_manifest,
)
from promosight.flows.checking.verify import (
    Comparison,
    Differing,
    VerifyReport,
    differing_in_slice,
    memory_for,
    names_in,
    second_engine,
    slices_of,
)
from promosight.flows.checking.write_archive import Meter
from promosight.store.recount import KEPT, Ask, add_up, count_slice, create_inputs, steps

_WORTH_A_PROCESS = 100_000
"""Fewer facts are counted sooner than another process has begun."""


class _Job(NamedTuple):
    """Slices to be counted together: where they lie, where what they come to is left, and with how much memory."""

    archive: Path
    workspace: ArchivedWorkspace
    slices: range
    left: Path
    memory_mb: int
    threads: int | None


def recount_archive(
    folder: Path,
    *,
    workspace_id: str | None = None,
    processes: int | None = None,
    memory_mb: int | None = None,
    meter: Meter,
    clock: Callable[[], float] = time.perf_counter,
) -> VerifyReport:
    """Recomputes every figure of an archive's workspace (None: of all) and compares it with the archived one.

    `memory_mb` bounds the second engine in all `processes` together, else 1 GiB or what the slices need. Raises
    Unreadable where the archive is not whole, StoreError where there is not memory enough.
    """
    started = clock()
    report = VerifyReport()
    chosen = read_manifest(folder).chosen(workspace_id)
    files = [one for workspace in chosen for one in workspace.files]
    meter.begin("files", len(files))
    check_files(folder, files, meter.advance)
    meter.begin("slices", sum(one.slices for one in chosen))
    for workspace in chosen:
        _recount(folder, workspace, processes, memory_mb, meter, report)
    report.seconds = clock() - started
    return report


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _recount(
    folder: Path,
    workspace: ArchivedWorkspace,
    processes: int | None,
    memory_mb: int | None,
    meter: Meter,
    report: VerifyReport,
) -> None:
    processes = processes or min(_cores(), 1 + workspace.facts // _WORTH_A_PROCESS)
    report.facts += workspace.facts
    with tempfile.TemporaryDirectory(prefix="promosight-recount-") as name:
        jobs = _jobs(folder, workspace, Path(name), processes, memory_mb)
        counted = {}
        for slices, found in _counted(jobs, processes):
            counted[slices.start] = found
            meter.advance(len(slices))
        with second_engine(Path(name), jobs[0].memory_mb) as ask:
            _add_up(ask, jobs)
            comparison = Comparison(names_in(ask, workspace.workspace_id), report)
            for _, found in sorted(counted.items()):
                comparison.add_slice(found)
            comparison.all_counted(ask)


def _jobs(
    folder: Path, workspace: ArchivedWorkspace, left: Path, processes: int, memory_mb: int | None
) -> list[_Job]:
    """The slices in as many piles as there are processes, or as memory asks for."""
    piles = max(processes, slices_of(workspace.facts, memory_for(0, memory_mb, processes)))
    wide = -(-workspace.slices // min(piles, workspace.slices))
    facts = workspace.facts * wide // workspace.slices
    each_mb, threads = memory_for(facts, memory_mb, processes), None if processes == 1 else 1
    return [
        _Job(folder, workspace, range(workspace.slices)[at : at + wide], left, each_mb, threads)
        for at in range(0, workspace.slices, wide)
    ]


def _counted(jobs: list[_Job], processes: int) -> Iterator[tuple[range, Differing]]:
    """What is different in each pile of slices, as they are done."""
    if processes == 1:
        for job in jobs:
            yield job.slices, count_job(job)
        return
    apart = multiprocessing.get_context("spawn")  # a fork would take the engine's threads along
    with ProcessPoolExecutor(processes, mp_context=apart) as pool:
        waited_for = {pool.submit(count_job, job): job.slices for job in jobs}
        try:
            for future in as_completed(waited_for):
                yield waited_for[future], future.result()
        except BrokenProcessPool as error:
            raise StoreError("a process that counted was ended from outside") from error
        finally:
            pool.shutdown(cancel_futures=True)


def count_job(job: _Job) -> Differing:
    """Counts a pile of slices, leaves what it comes to in a file, and says what is different in it."""
    spill = job.left / f"pile-{job.slices.start}"
    spill.mkdir()
    with second_engine(spill, job.memory_mb, threads=job.threads) as ask:
        create_inputs(ask)
        _load(ask, job, job.slices)
        count_slice(ask)
        _attach(ask, job)
        for table in sorted(KEPT):
            ask(f"CREATE TABLE pile.{table} AS SELECT * FROM {table}")
        ask("DETACH pile")
        return differing_in_slice(ask)


def _add_up(ask: Ask, jobs: list[_Job]) -> None:
    """Computes every figure from what the piles left."""
    create_inputs(ask)
    _load(ask, jobs[0], range(0))
    count_slice(ask)  # of nothing: makes the tables that piles add to
    for job in jobs:
        _attach(ask, job)
        for table in sorted(KEPT):
            ask(f"INSERT INTO {table} SELECT * FROM pile.{table}")
        ask("DETACH pile")
    add_up(ask)


def _attach(ask: Ask, job: _Job) -> None:
    quoted = str(job.left / f"pile-{job.slices.start}.db").replace("'", "''")
    ask(f"ATTACH '{quoted}' AS pile")


def _load(ask: Ask, job: _Job, slices: range) -> None:
    """Fills the inputs with what is of everybody, and with the rows of some slices."""
    for step in steps("inputs"):
        files = (one for one in job.workspace.files if one.table == step.name)
        paths = [
            "'" + str(job.archive / one.path).replace("'", "''") + "'"
            for one in files
            if one.slice is None or one.slice in slices
        ]
        if paths:
            source = f"read_parquet([{', '.join(paths)}], hive_partitioning = false)"
            ask(f"INSERT INTO {step.name} BY NAME SELECT * FROM {source}")
