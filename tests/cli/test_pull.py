"""Rows of a database as events: the same as the file of the same rows, and only what is new the next time."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from promosight.rules.instants import parse_instant
from tests.cli.brand import begin
from tests.cli.program import ask, everything, fail, succeed
from tests.stores import Schemas

Row = dict[str, Any]
TYPES = {
    "postgresql": {"instant": "timestamptz", "money": "numeric(12, 2)", "flag": "boolean"}
    | {"list": "text[]", "json": "jsonb"},
    "sqlite": dict.fromkeys(("instant", "money", "flag", "list", "json"), "TEXT"),
    "duckdb": {"instant": "TIMESTAMPTZ", "money": "DECIMAL(12, 2)", "flag": "BOOLEAN"}
    | {"list": "VARCHAR[]", "json": "JSON"},
}
ODD = ("plain", 'a "quoted" one', "two\nlines", "a, b; c", "Grüße ☕", "'x", " edge ")


def at(number: int) -> str:
    return f"2025-06-{1 + number % 28:02}T10:{number % 60:02}:{number // 60 % 60:02}Z"


def redemptions(count: int) -> list[Row]:
    """Events with whatever cells may hold, some of them absent, some refused."""
    return [
        {
            "event_id": f"e{n}",
            "promotion_id": "P",
            "customer_id": f"c{n % 50}",
            "redeemed_at": None if n % 41 == 7 else at(n),
            "order_value": None if n % 5 == 0 else f"{n}.50",
            "currency": None if n % 5 == 0 else "EUR",
            "order_id": None if n % 3 else f"o-{n}",
            "channel": ODD[n % len(ODD)] if n % 2 else None,
            "till": ODD[n % len(ODD)],
            "metadata": '{"a": 1.10}' if n % 4 == 0 else None,
        }
        for n in range(count)
    ]


def assignments(count: int) -> list[Row]:
    return [
        {
            "promotion_id": "P",
            "customer_id": f"c{n}",
            "assigned_at": "2025-05-20T00:00:00Z",
            "control": "true" if n % 10 == 0 else "false",
            "channels": None if n % 3 else "mail|web",
            "max_redemptions": 1 + n % 3,
        }
        for n in range(count)
    ]


def kinds_of(rows: Sequence[Row]) -> dict[str, str]:
    kinds = dict.fromkeys(rows[0], "text")
    kinds |= {"redeemed_at": "instant", "assigned_at": "instant", "updated_at": "instant"}
    kinds |= {"order_value": "money", "control": "flag", "channels": "list", "metadata": "json"}
    return {name: kinds[name] for name in rows[0]}


class Shop:
    """A shop's database of some make, with tables of rows."""

    def __init__(self, make: str, dsn: str) -> None:
        self.make, self.dsn = make, dsn

    def add(self, table: str, rows: Sequence[Row]) -> None:
        """Adds rows to a table, which is made when it is not there."""
        kinds = kinds_of(rows)
        types = {name: TYPES[self.make].get(kind, "TEXT") for name, kind in kinds.items()}
        columns = ", ".join(f"{name} {kind}" for name, kind in types.items())
        made = f"CREATE TABLE IF NOT EXISTS {table} ({columns})"
        values = [[self._value(kinds[name], one) for name, one in row.items()] for row in rows]
        self._write(made, f"INSERT INTO {table} VALUES", values)

    def _value(self, kind: str, value: Any) -> Any:
        typed = self.make != "sqlite" and value is not None
        return value.split("|") if typed and kind == "list" else value

    def _write(self, made: str, insert: str, values: list[list[Any]]) -> None:
        marks = ", ".join([("?", "%s")[self.make == "postgresql"]] * len(values[0]))
        if self.make == "postgresql":
            with psycopg.connect(self.dsn) as connection:
                connection.execute(made.encode())
                connection.cursor().executemany(f"{insert} ({marks})".encode(), values)
            return
        path = self.dsn.partition(":///")[2]
        other = sqlite3.connect(path) if self.make == "sqlite" else duckdb.connect(path)
        other.execute(made)
        other.executemany(f"{insert} ({marks})", values)
        other.commit()
        other.close()


@pytest.fixture(params=["postgresql", "sqlite", "duckdb"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """The database of a shop; the test runs once for each make."""
    if request.param != "postgresql":
        yield Shop(request.param, f"{request.param}:///{tmp_path}/shop.db")
        return
    schemas: Schemas = request.getfixturevalue("schemas")
    with schemas.blank() as url:
        yield Shop("postgresql", url)


@pytest.fixture
def stores(tmp_path: Path) -> Callable[[], str]:
    """Makes stores with a promotion."""

    def made() -> str:
        folder = tmp_path / f"store{len([*tmp_path.glob('store*')])}"
        folder.mkdir()
        url = f"sqlite:///{folder}/promosight.db"
        begin(url)
        file = tmp_path / "promotions.csv"
        file.write_text("promotion_id,name,status,max_redemptions\nP,P,active,1\n")
        ask("import", "promotions", file, "--database", url)
        return url

    return made


def as_csv(path: Path, rows: Sequence[Row]) -> Path:
    """The file of the same rows, with instants and the like as people write them."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows({k: "" if v is None else v for k, v in row.items()} for row in rows)
    return path


def pulled(url: str, shop: Shop, kind: str, query: str, *more: str) -> dict[str, Any]:
    words = ("pull", "--kind", kind, "--dsn", shop.dsn, "--query", query, "--database", url)
    told: dict[str, Any] = ask(*words, *more)
    return told


def problems(url: str) -> list[Any]:
    """What is kept of a store's problems, instants read: a database writes them in its own way."""
    items = ask("export", "problems", "--database", url)["items"]
    kept = ("event_id", "reason", "pointer", "line", "payload")
    for one in items:
        if "redeemed_at" in one["payload"]:
            one["payload"]["redeemed_at"] = parse_instant(one["payload"]["redeemed_at"])
    return sorted(([one[name] for name in kept] for one in items), key=str)


def test_rows_of_a_query_are_what_the_file_of_the_same_rows_is(
    shop: Shop, stores: Callable[[], str], tmp_path: Path
) -> None:
    """P22, S14: the same outcomes, figures, breakdowns and problems, from each make of database."""
    rows = {"assignments": assignments(60), "redemptions": redemptions(4_100)}
    by_file, by_query = stores(), stores()
    for kind, told in rows.items():
        shop.add(kind, told)
        file = as_csv(tmp_path / f"{kind}.csv", told)
        from_file = ask("import", kind, file, "--database", by_file)
        # The order of the file, so that lines are the same, too.
        order = (
            "length(event_id), event_id"
            if kind == "redemptions"
            else "length(customer_id), customer_id"
        )
        from_query = pulled(by_query, shop, kind, f"SELECT * FROM {kind} ORDER BY {order}")
        assert from_query["outcomes"] == from_file["outcomes"]
        assert from_query["reasons"] == from_file["reasons"]
        assert from_query["rows"] == len(told)
    assert everything(by_query) == everything(by_file)
    assert problems(by_query) == problems(by_file)
    repeated = ask("import", "redemptions", tmp_path / "redemptions.csv", "--database", by_query)
    assert repeated["outcomes"].keys() == {"duplicate", "rejected"}, "the same to the last digit"


def test_only_what_is_new_is_pulled_the_next_time(shop: Shop, stores: Callable[[], str]) -> None:
    """P22, P3: from the highest value that was answered for; overlapping is harmless."""
    url = stores()
    rows = [
        {**row, "redeemed_at": at(n), "channel": None, "updated_at": f"2025-07-01T00:{n:02}:00Z"}
        for n, row in enumerate(redemptions(40))
    ]
    shop.add("sales", rows[:20])
    query = "SELECT * FROM sales WHERE updated_at >= $1"
    said = ("--cursor-column", "updated_at")
    words = ("pull", "--kind", "redemptions", "--dsn", shop.dsn, "--database", url)
    assert "say where to begin with --since" in fail(*words, "--query", query, *said)
    assert pulled(url, shop, "redemptions", query, *said, "--since", "2025-01-01")["rows"] == 20
    again = pulled(url, shop, "redemptions", query, *said)
    assert again["outcomes"] == {"duplicate": 1}
    shop.add("sales", rows[20:])
    third = pulled(url, shop, "redemptions", query, *said)
    assert third["rows"] == 1 + len(rows[20:])
    assert third["outcomes"].pop("duplicate") == 1
    assert sum(third["outcomes"].values()) == len(rows[20:])
    whole = pulled(url, shop, "redemptions", query, *said, "--since", "2025-01-01")
    assert whole["outcomes"] == {"duplicate": len(rows)}
    found, _ = everything(url)
    assert found["P"]["redemptions"] + found["P"]["unassigned"] + found["P"]["pending"] == len(rows)


def test_the_column_of_the_cursor_is_no_part_of_the_event(
    stores: Callable[[], str], tmp_path: Path
) -> None:
    """A row that was touched and says the same is the same event."""
    url, shop = stores(), Shop("sqlite", f"sqlite:///{tmp_path}/shop.db")
    row = {"event_id": "e", "promotion_id": "P", "customer_id": "c", "redeemed_at": at(1)}
    shop.add("sales", [{**row, "version": 9}, {**row, "version": 10}])
    said = ("SELECT * FROM sales WHERE version + 0 >= $1 + 0", "--cursor-column", "version")
    told = pulled(url, shop, "redemptions", *said, "--since", "0")
    assert (
        told["outcomes"] == {"pending": 1, "duplicate": 1} or told["outcomes"].get("duplicate") == 1
    )
    assert pulled(url, shop, "redemptions", *said)["rows"] == 1, "ten is more than nine"


def test_files_are_queried_where_they_lie(stores: Callable[[], str], tmp_path: Path) -> None:
    """P22: Parquet and CSV by DuckDB, joined and filtered on the way."""
    url, file = stores(), tmp_path / "sales.parquet"
    duckdb.execute(
        "COPY (SELECT 'e' || i AS sale, 'P' AS promotion_id, 'c' || i AS customer_id,"
        " TIMESTAMPTZ '2025-06-01 10:00:00Z' + to_seconds(i) AS redeemed_at FROM range(5000) t(i)"
        f") TO '{file}'"
    )
    query = f"SELECT * EXCLUDE sale, sale AS event_id FROM '{file}' WHERE sale <> 'e7'"
    told = pulled(url, Shop("duckdb", "duckdb:"), "redemptions", query)
    assert (told["rows"], "rejected" in told["outcomes"]) == (4_999, False)


@pytest.mark.parametrize(
    "statement", ["DELETE FROM sales", "DROP TABLE sales", "SELECT 1 AS customer_id; SELECT 2"]
)
def test_nothing_is_changed_and_nothing_but_a_query_is_asked(
    shop: Shop, stores: Callable[[], str], statement: str
) -> None:
    """P22: read-only, whatever the statement says."""
    url = stores()
    shop.add("sales", redemptions(3))
    words = ("pull", "--kind", "redemptions", "--dsn", shop.dsn, "--database", url)
    fail(*words, "--query", statement)
    assert pulled(url, shop, "redemptions", "SELECT * FROM sales")["rows"] == 3


def test_what_is_wrong_is_said_in_one_line(stores: Callable[[], str], tmp_path: Path) -> None:
    url, shop = stores(), Shop("sqlite", f"sqlite:///{tmp_path}/shop.db")
    shop.add("sales", redemptions(3))
    words = ("pull", "--kind", "redemptions", "--database", url)
    there = (*words, "--dsn", shop.dsn)
    assert "SQLite says: " in fail(*there, "--query", "SELECT x FROM sales")
    assert "no known column" in fail(*there, "--query", "SELECT 1 AS x")
    assert "either --query or --query-file" in fail(*there)
    succeed(*there, environment={"PROMOSIGHT_QUERY": "SELECT * FROM sales"})
    cursor = ("--cursor-column", "updated_at")
    assert "WHERE updated_at >= $1" in fail(*there, *cursor, "--query", "SELECT * FROM sales")
    asked = "SELECT * FROM sales WHERE event_id > $1"
    said = fail(*there, *cursor, "--since", "", "--query", asked)
    assert said.startswith("--cursor-column updated_at: the result has only event_id, ")
    assert "no file" in fail(*words, "--dsn", "sqlite:///none.db", "--query", "SELECT 1")
    assert "must begin with" in fail(*words, "--dsn", "mysql://x", "--query", "SELECT 1")
    gone = fail(*words, "--dsn", "postgresql://127.0.0.1:1/shop", "--query", "SELECT 1")
    assert gone.startswith("PostgreSQL says: ")
