"""The schema of exports: documents, files and what the API says of them are one."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from promosight.connectors.export_schema import KINDS, VERSION, as_markdown, described
from promosight.flows.checking import export_facts
from tests.cli.brand import begin, simulated, take, take_all
from tests.cli.program import ask, everything, succeed

DOCUMENT = Path(__file__).parents[2] / "docs" / "exports.md"


def exported(url: str, kind: str, file: Path) -> dict[str, Any]:
    """Exports all that there is of a kind."""
    words: list[str | Path] = ["--found", "--database", url, "--out", file]
    words += ["--promotion", "SPEND-AND-SAVE"] if kind == "audience" else []
    answer: dict[str, Any] = ask("export", kind, *words)
    return answer


def test_the_document_is_made_of_the_schema() -> None:
    """P12: every column, type, unit, nullability and an example, said in one place."""
    assert as_markdown() in DOCUMENT.read_text(), "write as_markdown() into docs/exports.md"
    assert tuple(KINDS) == export_facts.KINDS


def test_files_of_every_kind_and_form_have_the_documented_columns(
    tmp_path: Path, sqlite_url: str
) -> None:
    """P12: typed columns, nothing empty that is said never to be, metadata; the three forms tell the same records."""
    take_all(sqlite_url, simulated(tmp_path / "files"))
    outcomes = tmp_path / "outcomes.ndjson"
    outcomes.write_text(json.dumps(told(1)) + "\n" + json.dumps(told(2) | {"order_id": "=o"}))
    take(sqlite_url, "outcomes", outcomes)
    for kind in KINDS:
        counts = {exported(sqlite_url, kind, tmp_path / f"{kind}.{form}")["rows"] for form in FORMS}
        assert len(counts) == 1, kind
        names = [one["name"] for one in described(kind)]
        with (tmp_path / f"{kind}.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert counts == {len(rows)}
        assert kind == "decisions" or rows
        assert not rows or list(rows[0]) == names
        for one in described(kind):
            if not one["nullable"] and one["csv"] != "JSON":  # an empty object is an empty cell
                assert all(row[one["name"]] != "" for row in rows), (kind, one["name"])
        look_at_parquet(tmp_path / f"{kind}.parquet", kind, len(rows))


FORMS = ("csv", "ndjson", "parquet")


def told(number: int) -> dict[str, Any]:
    """An outcome of somebody."""
    return {
        "outcome_id": f"o-{number}",
        "customer_id": "c-1",
        "occurred_at": "2025-05-20T10:00:00Z",
        "measure": "order_value",
        "value": "12.50",
        "currency": "EUR",
    }


def look_at_parquet(path: Path, kind: str, count: int) -> None:
    """Types, nulls and metadata of a file."""
    with duckdb.connect(":memory:") as connection:
        found = connection.execute(f"DESCRIBE SELECT * FROM '{path}'").fetchall()
        types = {"TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ", "DECIMAL(18,6)": "DECIMAL(18, 6)"}
        shown = [(name, types.get(of, of)) for name, of, *_ in found]
        wanted = [(one["name"], one["parquet"]) for one in described(kind)]
        assert shown == wanted, kind
        never = [one["name"] for one in described(kind) if not one["nullable"]]
        nulls = ", ".join(f'COUNT(*) - COUNT("{name}")' for name in never)
        row = connection.execute(f"SELECT COUNT(*), {nulls} FROM '{path}'").fetchone()
        assert row == (count, *[0] * len(never)), kind
        said = connection.execute(
            f"SELECT key, value FROM parquet_kv_metadata('{path}')"
        ).fetchall()
        metadata = {key.decode(): value.decode() for key, value in said}
        assert (metadata["promosight.kind"], metadata["promosight.schema"]) == (kind, VERSION)
        assert json.loads(metadata["promosight.columns"]) == described(kind)


@pytest.mark.parametrize("form", FORMS)
def test_outcomes_and_returns_come_out_and_in_again(
    tmp_path: Path, store_url: str, form: str
) -> None:
    """P12: what customers did, from which returns are computed, is exported as facts are."""
    begin(store_url)
    file = tmp_path / "outcomes.ndjson"
    order = "o" if form == "csv" else "=o"  # that CSV makes harmless
    file.write_text("\n".join(json.dumps(told(n) | {"order_id": f"{order}{n}"}) for n in range(5)))
    take(store_url, "outcomes", file)
    again = tmp_path / f"again.{form}"
    assert ask("export", "outcomes", "--database", store_url, "--out", again)["rows"] == 5
    other = begin(f"sqlite:///{tmp_path}/other.db")
    assert take(other, "outcomes", again)["rows"] == 5
    assert take(other, "outcomes", file)["outcomes"] == {"duplicate": 5}
    assert everything(other) == everything(store_url)


def test_rows_of_breakdowns_and_days_add_up_to_the_figures(tmp_path: Path, sqlite_url: str) -> None:
    """P12, S22: by every dimension, and as of a moment."""
    take_all(sqlite_url, simulated(tmp_path / "files"))
    figures = {one["promotion_id"]: one["figures"] for one in told_of(sqlite_url, "figures")}
    sums: dict[tuple[str, str], int] = {}
    for kind, by in (("breakdowns", "by"), ("days", "date")):
        for row in told_of(sqlite_url, kind):
            key = (row["promotion_id"], row[by])
            sums[key] = sums.get(key, 0) + row["assigned"]
    assert sums
    assert all(count == figures[one]["assigned"] for (one, _), count in sums.items())
    words = ("--promotion", "SPEND-AND-SAVE", "--database", sqlite_url)
    people = {one["customer_id"] for one in ask("export", "audience", *words)["items"]}
    assert len(people) == figures["SPEND-AND-SAVE"]["customers"]["assigned"]


def told_of(url: str, kind: str) -> list[dict[str, Any]]:
    """All records of a kind."""
    text = succeed("export", kind, "--format", "ndjson", "--database", url)
    return [json.loads(line) for line in text.splitlines()]
