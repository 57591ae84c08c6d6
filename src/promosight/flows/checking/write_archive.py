"""Archiving: the facts, the figures of the same moment and the decisions, as Parquet for engines that are not ours.

What `verify` reads is written by the same functions, from one consistent snapshot of all workspaces, into temporary
files in slices of customers; these become Parquet one after the other, so that memory stays constant. All of it
lies beside the wanted folder until it is whole, and takes its name then.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from promosight import __version__
from promosight.errors import Conflict, naming
from promosight.flows.checking.archive_form import (
    MANIFEST,
    SLICED,
    ArchivedFile,
    ArchivedWorkspace,
    Manifest,
    digest_of,
    path_of,
)
from promosight.flows.checking.extract import (
    Row,
    extract,
    local_days,
    slice_folders,
    write_rows,
    write_slices,
)
from promosight.flows.checking.extract_money import extract_money
from promosight.flows.checking.verify import load_file, second_engine
from promosight.rules.identity import BUCKETS
from promosight.rules.instants import format_instant
from promosight.store.catalogue import Catalogue
from promosight.store.engine import Store
from promosight.store.recount import Ask, create_inputs, steps
from promosight.store.tx import Tx

if TYPE_CHECKING:
    from promosight.flows.decisioning.decision_log import Logged

_FACTS_A_SLICE = 2_500_000
"""So many are counted with half a gigabyte of memory."""
_MOST_SLICES = 256
_MEMORY_MB = 1_024
_CUSTOMER_NO = 1
"""Where a decision has its customer."""
_IN_ORDER = ("ledger_assignment", "ledger_event")
"""What is asked for by promotion."""
_AS_LISTS = """
    SELECT * REPLACE (
        CAST(CAST(arms AS JSON) AS VARCHAR[]) AS arms,
        CAST(CAST(propensities AS JSON) AS DOUBLE[]) AS propensities
    ) FROM decision
"""


class Meter(Protocol):
    """Where it is told how far an archive is."""

    def advance(self, count: int) -> None:
        """So much more is done."""

    def begin(self, what: str, total: int | None = None) -> None:
        """Something else begins."""


class _Extracted(NamedTuple):
    """A workspace in temporary files."""

    catalogue: Catalogue
    facts: int
    folder: Path
    slices: int


def write_archive(
    store: Store,
    folder: Path,
    workspace_no: int | None,
    *,
    now_us: int,
    meter: Meter,
    slices: int | None = None,
) -> Manifest:
    """Writes one workspace, or all, to a folder that is not there yet. Raises Conflict when it is.

    Temporary files take about 250 bytes a fact (TMPDIR). What was written is on the disk when this returns.
    """
    if folder.exists():
        raise Conflict(f"{folder} is there already; an archive is written to a new folder")
    with (
        tempfile.TemporaryDirectory(prefix="promosight-archive-") as name,
        _becoming(folder) as unfinished,
    ):
        texts = Path(name)
        extracted = store.read(
            lambda tx: _extract_all(tx, texts, workspace_no, now_us, slices, meter)
        )
        meter.begin("slices", sum(one.slices for one in extracted))
        manifest = Manifest(
            made_at=format_instant(now_us),
            made_by=f"promosight {__version__}",
            workspaces=[_lay_out(one, unfinished, meter) for one in extracted],
        )
        path = unfinished / MANIFEST
        with naming(path):
            path.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
        _flush(path)
    return manifest


@contextmanager
def _becoming(folder: Path) -> Iterator[Path]:
    """A folder beside the wanted one that takes its name once it is whole, and else is removed."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}.unfinished-", dir=folder.parent))
    try:
        yield unfinished
        unfinished.chmod(0o755 & ~_mask())
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _mask() -> int:
    """What this process takes away from the rights of what it makes."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _extract_all(
    tx: Tx, texts: Path, chosen: int | None, now_us: int, slices: int | None, meter: Meter
) -> list[_Extracted]:
    numbers = [row[0] for row in tx.all("workspaces")] if chosen is None else [chosen]
    slices = slices or slices_of(tx.all("verify_size")[0][0])
    return [_extract(tx, number, texts / str(number), now_us, slices, meter) for number in numbers]


def slices_of(facts: int) -> int:
    """In how many slices so many facts are archived: a power of two, each within one bucket."""
    slices = BUCKETS
    while slices < _MOST_SLICES and slices * _FACTS_A_SLICE < facts:
        slices *= 2
    return slices


def _extract(
    tx: Tx, workspace_no: int, folder: Path, now_us: int, slices: int, meter: Meter
) -> _Extracted:
    folder.mkdir()
    catalogue, facts = extract(tx, workspace_no, folder, meter.advance, slices=slices)
    extract_money(tx, catalogue, folder, now_us=now_us, slices=slices)
    decisions = _decisions(tx, catalogue, now_us)
    write_slices(slice_folders(folder, slices), "decision", decisions, customer=_CUSTOMER_NO)
    return _Extracted(catalogue, facts, folder, slices)


def _decisions(tx: Tx, catalogue: Catalogue, now_us: int) -> Iterator[Row]:
    from promosight.flows.decisioning.decision_log import every_logged  # loads linear algebra

    number = catalogue.workspace.workspace_no
    for one in every_logged(tx, number, from_us=-(2**62), to_us=now_us + 1):
        yield _decision(one)


def _decision(one: Logged) -> Row:
    names = [
        arm.promotion_id + ("" if arm.tier_id is None else f"/{arm.tier_id}") for arm in one.arms
    ]
    return (
        *(one.decision_id, one.customer_no, one.decided_us, one.mode, one.version, one.revision),
        *(one.promotion_id, one.tier_id, one.assignment_id),
        *(_json(one.trace.x), _json(names), _json(one.pmf.tolist()), one.chosen),
        *(one.trace.propensity, int(one.trace.explored), int(one.redeemed), one.reward),
        *(one.redeemed_us, one.order_micros, one.cost_micros),
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


# --- from texts to Parquet -------------------------------------------------------------------


def _lay_out(extracted: _Extracted, target: Path, meter: Meter) -> ArchivedWorkspace:
    """Makes Parquet of a workspace's temporary files, and removes them."""
    layer = _Layer(extracted.catalogue.workspace.workspace_id, target)
    days: set[int] = set()
    with second_engine(extracted.folder, _MEMORY_MB) as ask:
        create_inputs(ask)
        for step in _tables():
            if step not in (*SLICED, "local_day") and _loaded(ask, extracted.folder, step):
                layer.write(ask, step, None)
        for number, folder in enumerate(slice_folders(extracted.folder, extracted.slices)):
            _lay_out_slice(ask, layer, folder, number)
            days.update(row[0] for row in ask("SELECT from_us FROM utc_day"))
            meter.advance(1)
        write_rows(extracted.folder, "local_day", local_days(extracted.catalogue.days, days))
        _loaded(ask, extracted.folder, "local_day")
        layer.write(ask, "local_day", None)
    return ArchivedWorkspace(
        workspace_id=layer.workspace_id,
        facts=extracted.facts,
        slices=extracted.slices,
        files=layer.files,
    )


def _lay_out_slice(ask: Ask, layer: _Layer, folder: Path, number: int) -> None:
    tables = _tables()
    for table in SLICED:
        ask(f"DROP TABLE IF EXISTS {table}")
        ask(tables[table])
        if _loaded(ask, folder, table):
            layer.write(ask, table, number)


def _loaded(ask: Ask, folder: Path, table: str) -> bool:
    if not (folder / f"{table}.csv").exists():
        return False
    load_file(ask, folder, table)
    return True


def _tables() -> dict[str, str]:
    """The tables of an archive, with the statements that make them."""
    made = [*steps("inputs"), *steps("training")]
    return {step.name: step.text for step in made if " TABLE " in step.text}


class _Layer:
    """Writes the tables of a workspace, and takes down which files there are."""

    def __init__(self, workspace_id: str, target: Path) -> None:
        self.workspace_id = workspace_id
        self.files: list[ArchivedFile] = []
        self._target = target

    def write(self, ask: Ask, table: str, number: int | None) -> None:
        """Writes what a table holds, unless it holds nothing."""
        if not ask(f"SELECT EXISTS (SELECT 1 FROM {table})")[0][0]:
            return
        within = path_of(self.workspace_id, table, number)
        path = self._target / within
        path.parent.mkdir(parents=True)
        what = _AS_LISTS if table == "decision" else f"SELECT * FROM {table}"
        if table in _IN_ORDER:
            what += " ORDER BY promotion_no, customer_no"
        quoted = str(path).replace("'", "''")
        rows = ask(f"COPY ({what}) TO '{quoted}' (FORMAT parquet, COMPRESSION zstd)")[0][0]
        _flush(path)
        size, digest = digest_of(path)
        one = ArchivedFile(
            path=within, table=table, slice=number, rows=rows, bytes=size, sha256=digest
        )
        self.files.append(one)


def _flush(path: Path) -> None:
    """Sees to it that a file is on the disk."""
    with naming(path), path.open("rb") as file:
        os.fsync(file.fileno())
