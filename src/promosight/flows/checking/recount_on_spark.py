"""Counting an archive anew on a cluster: Spark runs the SQL that `verify` runs, over all slices at once.

Nothing of ours is on the cluster and no line of the counting is written twice: each statement that makes a table is
sent as it is, but for the words that make one there. What a statement finds is written to storage that every
worker reaches, so that a worker that is lost takes nothing with it but what it was at. The comparison is that of
`verify`, against the figures of the archive.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from importlib import import_module
from typing import Any, NamedTuple
from uuid import uuid4

from promosight.errors import Invalid, PromosightError
from promosight.flows.checking.archive_form import (
    MANIFEST,
    ArchivedFile,
    ArchivedWorkspace,
    Manifest,
    manifest_of,
    no_archive,
    refuse,
)
from promosight.flows.checking.verify import (
    Comparison,
    VerifyReport,
    differing_in_slice,
    names_in,
)
from promosight.flows.checking.write_archive import Meter
from promosight.store.recount import Ask, Row, create_inputs, recount, steps

_MAKES = re.compile(r"CREATE TEMPORARY TABLE (\w+) AS\s(.*)", re.DOTALL)
_DECLARES = re.compile(r"CREATE TEMPORARY TABLE (\w+) (\(.*\))", re.DOTALL)
_ASKS = re.compile(r"\s*SELECT\b")
_PARTS = ("inputs", "metrics", "cells", "money", "whole", "comparison")


class Cluster(NamedTuple):
    """Where it is counted: the address of a cluster, settings of Spark, and where tables may lie meanwhile.

    Without an address it is what Spark is set up for, as by `spark-submit`. `scratch` is a folder that driver and
    workers reach; without it one within the archive.
    """

    url: str | None = None
    settings: Mapping[str, str] = {}
    scratch: str | None = None


def recount_on_spark(
    archive: str,
    cluster: Cluster,
    *,
    workspace_id: str | None = None,
    meter: Meter,
    clock: Callable[[], float] = time.perf_counter,
) -> VerifyReport:
    """Recomputes every figure of an archive's workspace (None: of all) and compares it with the archived one.

    `archive` is any address that the cluster reads. Raises Unreadable where the archive is not whole, Invalid where
    Spark is not installed, PromosightError with what Spark says when it gives up.
    """
    started = clock()
    report = VerifyReport()
    name = f"promosight_recount_{uuid4().hex[:12]}"
    place = f"{(cluster.scratch or archive).rstrip('/')}/_{name}"
    with _session(cluster, place) as session:
        chosen = _manifest(session, archive).chosen(workspace_id)
        meter.begin("files")
        _check(session, archive, [one for workspace in chosen for one in workspace.files])
        meter.begin("statements", len(chosen) * sum(len(steps(part)) for part in _PARTS))
        for workspace in chosen:
            report.facts += workspace.facts
            with _tables(session, name, place):
                _recount(_Engine(session, archive, workspace, meter).ask, workspace, report)
    report.seconds = clock() - started
    return report


def _recount(ask: Ask, workspace: ArchivedWorkspace, report: VerifyReport) -> None:
    create_inputs(ask)
    recount(ask)
    found = Comparison(names_in(ask, workspace.workspace_id), report)
    found.add_slice(differing_in_slice(ask))
    found.all_counted(ask)


@contextmanager
def _session(cluster: Cluster, place: str) -> Iterator[Any]:
    """A session of Spark, ended afterwards; what goes wrong in it is told in one line."""
    errors, sql = _pyspark("errors"), _pyspark("sql")
    builder = sql.SparkSession.builder.appName("promosight recount")
    builder = builder.config("spark.ui.showConsoleProgress", "false")
    if cluster.url is not None:
        if cluster.url.startswith("sc://"):
            builder = builder.remote(cluster.url)
        else:  # Spark makes this folder, wherever it is, and by default where the command was given
            builder = builder.master(cluster.url).config("spark.sql.warehouse.dir", place)
    for key, value in cluster.settings.items():
        builder = builder.config(key, value)
    try:
        session = builder.getOrCreate()
        session.conf.set("spark.sql.ansi.enabled", "true")  # so that no sum goes over in silence
        try:
            yield session
        finally:
            session.stop()
    except errors.PySparkException as error:
        raise PromosightError(f"Spark gave up: {str(error).strip().splitlines()[0]}") from error


def _pyspark(module: str) -> Any:
    """A module of Spark's library, which only this needs. Raises Invalid where it is not installed."""
    try:
        return import_module(f"pyspark.{module}")
    except ImportError as error:
        raise Invalid(
            "counting on Spark needs a library more: pip install 'promosight[spark]'"
        ) from error


@contextmanager
def _tables(session: Any, name: str, place: str) -> Iterator[None]:
    """A database of our own for what is computed on the way, dropped with all that is in it."""
    quoted = place.replace("'", "\\'")
    before = session.catalog.currentDatabase()
    session.sql(f"CREATE DATABASE {name} LOCATION '{quoted}'")
    try:
        session.catalog.setCurrentDatabase(name)
        yield
    finally:
        session.catalog.setCurrentDatabase(before)
        session.sql(f"DROP DATABASE {name} CASCADE")


# --- the archive, by Spark's eyes ------------------------------------------------------------


def _manifest(session: Any, archive: str) -> Manifest:
    try:
        rows = session.read.text(f"{archive}/{MANIFEST}", wholetext=True).collect()
    except _pyspark("errors").AnalysisException as error:
        raise no_archive(archive) from error
    return manifest_of(rows[0][0].encode(), archive)


def _check(session: Any, archive: str, files: list[ArchivedFile]) -> None:
    """Has the workers compare every file with the manifest. Raises Unreadable naming those that are another."""
    found = session.read.option("recursiveFileLookup", "true").option("pathGlobFilter", "*.parquet")
    sums = found.format("binaryFile").load(archive).selectExpr("path", "sha2(content, 256)")
    seen = {path[path.rindex("/workspace=") + 1 :]: digest for path, digest in sums.collect()}
    wrong = []
    for one in files:
        if one.path not in seen:
            wrong.append(f"{one.path} is missing")
        elif seen[one.path] != one.sha256:
            wrong.append(f"{one.path} is not what was written")
    refuse(archive, wrong)


class _Engine:
    """Spark as the second engine: takes the statements of the metrics, and gives their rows."""

    def __init__(
        self, session: Any, archive: str, workspace: ArchivedWorkspace, meter: Meter
    ) -> None:
        self._session = session
        self._archive = archive
        self._workspace = workspace
        self._meter = meter

    def ask(self, text: str) -> list[Row]:
        """Runs a statement; returns its rows, if it has any."""
        if declares := _DECLARES.fullmatch(text):
            self._read(declares[1], declares[2])
        elif makes := _MAKES.fullmatch(text):
            self._session.sql(f"CREATE TABLE {makes[1]} USING parquet AS {makes[2]}")
        elif _ASKS.match(text):
            rows = self._session.sql(text).collect()
            self._meter.advance(1)
            return [tuple(map(_plain, row)) for row in rows]
        else:
            self._session.sql(text)
        self._meter.advance(1)
        return []

    def _read(self, table: str, columns: str) -> None:
        """An input: the files that the archive has of it, or a table without rows."""
        files = [f"{self._archive}/{one.path}" for one in self._workspace.files_of(table)]
        if files:
            found = self._session.read.option("recursiveFileLookup", "true").parquet(*files)
            found.selectExpr(*map(_wide, found.dtypes)).createOrReplaceTempView(table)
        else:
            self._session.sql(f"DROP VIEW IF EXISTS {table}")
            typed = re.sub(r"\bTEXT\b", "STRING", columns)
            self._session.sql(f"CREATE TABLE {table} {typed} USING parquet")


def _wide(column: tuple[str, str]) -> str:
    """A column as it is read: elsewhere a sum is wider than its terms, here these have to be wide themselves."""
    name, kind = column
    if kind == "bigint" and name.endswith("_micros"):
        return f"CAST({name} AS DECIMAL(19, 0)) AS {name}"
    return name


def _plain(value: Any) -> Any:
    """A value as the other engines give it: whole numbers are numbers, however wide they may be."""
    return int(value) if isinstance(value, Decimal) else value
