"""The same work in every form it may arrive in: NDJSON, CSV and Parquet files, written once into a folder.

Bodies of requests are not files of their own: a body of 10,000 events is 10,000 lines of the NDJSON file, joined
by commas or line ends when the load generator needs it (`bench.bodies`). CSV and Parquet are made of the NDJSON
by DuckDB, so all forms hold the same rows in the same order; in Parquet instants and amounts have their types.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import duckdb
import msgspec
from tqdm import tqdm

from bench.expected import Expectation, Expected
from bench.work import Record, Work

FORMS = ("csv", "ndjson", "parquet")
_COLUMNS = {
    "assignments": {
        "promotion_id": "VARCHAR",
        "customer_id": "VARCHAR",
        "assigned_at": "TIMESTAMPTZ",
        "assignment_id": "VARCHAR",
        "campaign_id": "VARCHAR",
        "tier_id": "VARCHAR",
        "segment": "VARCHAR",
        "channel": "VARCHAR",
        "reward_value": "DECIMAL(12,2)",
        "currency": "VARCHAR",
        "expires_at": "TIMESTAMPTZ",
    },
    "redemptions": {
        "event_id": "VARCHAR",
        "promotion_id": "VARCHAR",
        "customer_id": "VARCHAR",
        "redeemed_at": "TIMESTAMPTZ",
        "channel": "VARCHAR",
        "reward_value": "DECIMAL(12,2)",
        "currency": "VARCHAR",
        "order_id": "VARCHAR",
        "order_value": "DECIMAL(12,2)",
    },
}
_BLOCK = 10_000


@dataclass(frozen=True)
class Written:
    """The work on disk: its files, and what is expected after which redemption line."""

    work: Work
    folder: Path
    expected: dict[int, Expected]

    def file(self, kind: str, form: str = "ndjson") -> Path:
        """The file of a kind (`promotions`, `assignments`, `redemptions`) in a form."""
        return self.folder / f"{kind}.{form}"

    def count(self, kind: str) -> int:
        """Lines of a kind."""
        return self.work.assignments if kind == "assignments" else self.work.redemptions

    def part(self, kind: str, start: int, count: int) -> Path:
        """A new NDJSON file of `count` lines of a kind from line `start` (0-based) on."""
        path = self.folder / f"{kind}-{start}.ndjson"
        with self.file(kind).open("rb") as lines, path.open("wb") as file:
            file.writelines(islice(lines, start, start + count))
        return path


def write(
    work: Work, folder: Path, *, prefixes: Iterable[int] = (), forms: Iterable[str] = FORMS
) -> Written:
    """Writes the work; `prefixes` are the numbers of redemption lines whose outcome will be asked for.

    A folder that holds just this work from an earlier run is taken as it is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = _Manifest(repr(work), sorted({*prefixes}), sorted({*forms, "ndjson"}))
    manifest = folder / "manifest.json"
    if manifest.exists():
        found = msgspec.json.decode(manifest.read_bytes(), type=_Manifest)
        same = (found.work, found.prefixes) == (wanted.work, wanted.prefixes)
        if same and set(wanted.forms) <= set(found.forms):
            return Written(work, folder, found.expected)
        manifest.unlink()
    written = _written(work, folder, wanted)
    wanted.expected = written.expected
    manifest.write_bytes(msgspec.json.encode(wanted))
    return written


class _Manifest(msgspec.Struct):
    """What a folder holds, written last."""

    work: str
    prefixes: list[int]
    forms: list[str]
    expected: dict[int, Expected] = {}


def _written(work: Work, folder: Path, wanted: _Manifest) -> Written:
    expectation = Expectation(work, wanted.prefixes)
    _ndjson(folder / "promotions.ndjson", work.promotion_records(), work.promotions)
    _ndjson(folder / "assignments.ndjson", work.assignment_records(), work.assignments)
    lines = expectation.watch(work.redemption_lines())
    _ndjson(folder / "redemptions.ndjson", lines, work.redemptions)
    written = Written(work, folder, expectation.after)
    for kind in _COLUMNS:
        for form in set(wanted.forms) - {"ndjson"}:
            _converted(written.file(kind), written.file(kind, form), kind, form)
    return written


def _ndjson(path: Path, records: Iterable[Record], count: int) -> None:
    encode = msgspec.json.Encoder().encode_lines
    with path.open("wb") as file:
        for block in _blocks(
            tqdm(records, path.name, count, leave=False, unit_scale=True, disable=None)
        ):
            file.write(encode(block))


def _blocks(records: Iterable[Record]) -> Iterator[list[Record]]:
    source = iter(records)
    while block := list(islice(source, _BLOCK)):
        yield block


def _converted(source: Path, target: Path, kind: str, form: str) -> None:
    columns = _COLUMNS[kind]
    if form == "csv":
        columns = dict.fromkeys(columns, "VARCHAR")
    types = ", ".join(f"'{name}': '{type_}'" for name, type_ in columns.items())
    options = "FORMAT csv, HEADER" if form == "csv" else "FORMAT parquet, COMPRESSION zstd"
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET memory_limit = '1GB'; SET enable_progress_bar = false")
        connection.execute(
            f"COPY (SELECT * FROM read_json({_text(source)}, format='newline_delimited', "
            f"columns={{{types}}})) TO {_text(target)} ({options})"
        )


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
