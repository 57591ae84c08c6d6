"""The benchmarks run to their end on both stores, with every row in the report and nothing wrong.

No test here looks at a time: on a shared machine that would test the neighbours.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.growth_ways import DIMENSIONS
from bench.ingest import names_of_ways
from tests.conftest import ROOT

STORES = ("sqlite", "postgresql")


def run(command: str, report: Path, *arguments: str) -> dict[str, Any]:
    """The report of a smoke run, which must find nothing wrong."""
    words = [sys.executable, "-m", f"bench.{command}", "--smoke", "--rounds", "1"]
    done = subprocess.run(
        [*words, *arguments, "--json", str(report)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(report.read_bytes())
    assert found["faults"] == []
    return found


def test_one_run_measures_the_floors_the_textbook_and_the_product(tmp_path: Path) -> None:
    report = tmp_path / "ingest.json"
    asked = ("bare", "import Parquet", "HTTP 10,000 NDJSON", "single", "textbook")
    found = run("ingest", report, "--only", *asked)
    rows = {(row["row"]["store"], row["row"]["way"], row["row"]["kind"]) for row in found["rows"]}
    bare = (*(f"bare handler, {b}" for b in BODIES), "bare handler and decoding, single")
    expected = {("none", way, "redemptions") for way in bare}
    for store in STORES:
        tables = ("sqlite3", "apsw") if store == "sqlite" else ("COPY",)
        both = [*(f"bare table, {one}" for one in tables), "import Parquet", "HTTP 10,000 NDJSON"]
        one = ["bare handler and row, single", "HTTP single, 64 senders"]
        one += ["textbook single, 64 senders", "textbook in bodies"]
        expected |= {(store, way, "assignments") for way in both}
        expected |= {(store, way, "redemptions") for way in (*both, *one)}
    assert rows == expected
    assert all(row["row"]["cpu_us"] > 0 for row in found["rows"])
    # outcomes and figures and verify: of imports and batches, of single events and their floor, of the textbook
    assert found["checks"] >= len(STORES) * 15
    ours = [row for row in found["rows"] if row["row"]["way"] == "HTTP single, 64 senders"]
    assert all(row["of_table"] and row["of_handler"] and row["of_decoding"] for row in ours)


BODIES = ("single", "1,000 a body", "10,000 a body")


def test_all_ways_the_issue_names_are_measured_unless_some_are_chosen() -> None:
    names = names_of_ways(STORES)
    for store in STORES:
        for form in ("CSV", "NDJSON", "Parquet"):
            assert f"{store}: import {form}" in names
        for events in ("1,000", "10,000"):
            assert {f"{store}: HTTP {events} {form}" for form in ("JSON", "NDJSON")} <= names
        assert {f"{store}: HTTP single, 64 senders", f"{store}: textbook"} <= names


def test_growth_measures_writing_and_reading_at_each_size(tmp_path: Path) -> None:
    found = run("growth", tmp_path / "growth.json", "--stores", "sqlite", "--at", "500")
    ways = {(row["way"], row["at"]) for row in found["rows"]}
    assert {(f"GET breakdown by {by}", 500) for by in DIMENSIONS} <= ways
    assert {("bare table, sqlite3", 500), ("import NDJSON", 500), ("GET promotions", 500)} <= ways
    assert found["checks"] == 2
