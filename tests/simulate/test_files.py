"""Files of a simulated brand: byte for byte the same for the same seed, CSV and NDJSON alike."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from promosight.errors import Invalid
from promosight.simulate.brand import Brand
from promosight.simulate.files import COLUMNS, write
from promosight.simulate.load import Load
from promosight.simulate.settings import small

END = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(Brand(small(END)), tmp_path / name, ("ndjson", "csv"))
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == [
        *("assignments.csv", "assignments.ndjson", "customers.csv", "customers.ndjson"),
        *("promotions.ndjson", "redemptions.csv", "redemptions.ndjson"),
    ]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_csv_and_ndjson_hold_the_same_facts(tmp_path: Path) -> None:
    rows = write(Brand(small(END)), tmp_path, ("ndjson", "csv"))
    for kind in COLUMNS:
        with (tmp_path / f"{kind}.csv").open(encoding="utf-8", newline="") as file:
            flat = list(csv.DictReader(file))
        text = (tmp_path / f"{kind}.ndjson").read_text(encoding="utf-8")
        records = [json.loads(line) for line in text.splitlines()]
        assert len(flat) == len(records) == rows[tmp_path / f"{kind}.csv"]
        for cells, record in zip(flat, records, strict=True):
            filled = {name for name, cell in cells.items() if cell}
            nested = [value for value in record.values() if isinstance(value, dict)]
            names = {name for name, value in record.items() if value not in ({}, [])}
            names -= {"metadata", "attributes"}
            assert filled == names.union(*nested)


def test_redemptions_may_be_written_apart_for_each_source(tmp_path: Path) -> None:
    """Checkout and bonus engine are sources of their own."""
    whole = write(Brand(small(END)), tmp_path / "whole")
    apart = write(Brand(small(END)), tmp_path / "apart", by_source=True)
    parts = {path.name: count for path, count in apart.items() if "redemptions" in path.name}
    assert parts.keys() == {"redemptions-checkout.ndjson", "redemptions-bonus-engine.ndjson"}
    assert sum(parts.values()) == whole[tmp_path / "whole" / "redemptions.ndjson"]


def test_an_empty_kind_still_has_its_file_and_progress_is_told(tmp_path: Path) -> None:
    heard: list[tuple[str, int]] = []
    load = Load(ends_at=END, assignments_count=2_500, redemptions_count=0)
    write(load, tmp_path, ("csv",), progress=lambda kind, rows: heard.append((kind, rows)))
    header = (tmp_path / "redemptions.csv").read_text(encoding="utf-8")
    assert header == ",".join(COLUMNS["redemptions"]) + "\n"
    assert [rows for kind, rows in heard if kind == "assignments"] == [1_000, 2_000, 2_500]


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        write(Brand(small(END)), tmp_path, ("xlsx",))
