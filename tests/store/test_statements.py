"""One text for two databases: names are found, rewritten mechanically, and understood by both engines."""

import re
from collections.abc import Sequence
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any

import apsw
import numpy as np
import psycopg
import pytest

from promosight.store import statements
from promosight.store.column_pieces import Columns
from promosight.store.database import database
from promosight.store.engine import open_store
from promosight.store.statements import (
    COLUMN_SIZES,
    SIZES,
    Statement,
    in_columns,
    inserted_in_columns,
    load,
    rewrite,
)
from promosight.store.tx import PostgresTx, Row, SqliteTx, Tx

NUMBERS = "SELECT batch.a FROM {{batch(a BIGINT, b TEXT)}} WHERE batch.a > :least"


def test_both_engines_know_the_same_statements() -> None:
    sqlite, postgresql = load("sqlite"), load("postgresql")
    assert sqlite.keys() == postgresql.keys()
    assert {n: s.columns for n, s in sqlite.items()} == {
        n: s.columns for n, s in postgresql.items()
    }


def test_every_statement_says_what_it_is_for() -> None:
    folder = Path(statements.__file__).parent / "sql"
    for path in folder.glob("*.sql"):
        for name, line in re.findall(r"^-- name: (\w+)\n(.*)$", path.read_text(), re.MULTILINE):
            assert re.match(r"-- \w.{8,}", line), f"{path.name}: {name}"


def test_amounts_are_added_up_in_halves() -> None:
    """S12: an amount fits 64 bits, and what many come to does not (`rules/wide`). A tally holds halves already."""
    for name in load("sqlite").keys() - {"verify_cells"}:
        for summed in re.findall(r"SUM\(((?:[^()]|\([^()]*\))*)\)", load("sqlite")[name].text):
            halved = re.search(r"_micros\b.*[/%] 1000000000\b", summed)
            assert "_micros" not in summed or halved, f"{name}: {summed}"


def test_comments_do_not_reach_the_database() -> None:
    assert rewrite("-- why: because\nSELECT 1", "sqlite").text == "SELECT 1"


def test_parameters_are_rewritten_and_casts_and_texts_are_not() -> None:
    text = "SELECT :name, x::text FROM t WHERE y LIKE 'a%' AND z = :other_1"
    assert rewrite(text, "sqlite").text == text
    assert rewrite(text, "postgresql").text == (
        "SELECT $1, x::text FROM t WHERE y LIKE 'a%' AND z = $2"
    )


def test_a_batch_is_rows_of_values_on_sqlite_and_arrays_on_postgresql() -> None:
    sqlite, postgresql = rewrite(NUMBERS, "sqlite"), rewrite(NUMBERS, "postgresql")
    assert sqlite.sized[2] == (
        "SELECT batch.column1 FROM (VALUES (?2, ?), (?, ?)) AS batch WHERE batch.column1 > ?1"
    )
    assert (
        "(SELECT unnest(CAST($2 AS BIGINT[])) AS a, unnest(CAST($3 AS TEXT[])) AS b) AS batch"
        in postgresql.text
    )
    assert sqlite.columns == postgresql.columns == (("a", "BIGINT"), ("b", "TEXT"))
    assert sqlite.scalars == postgresql.scalars == ("least",)


def test_a_plain_insert_of_a_batch_can_be_copied_on_postgresql() -> None:
    insert = (
        "INSERT INTO t (x, y, z) SELECT batch.b, NULL, batch.a FROM {{batch(a BIGINT, b TEXT)}}"
        " WHERE true ON CONFLICT "
    )
    copied = rewrite(insert + "DO NOTHING", "postgresql").copied
    assert copied is not None
    assert (*copied,) == ("t", ("z", "x"), ())
    assert copied.text(["x", "z"]) == "COPY t (x, z) FROM STDIN (FORMAT BINARY)"
    assert rewrite(insert + "(x) DO UPDATE SET z = 1", "postgresql").copied is None
    constant = rewrite(insert.replace("NULL", "7") + "DO NOTHING", "postgresql")
    assert constant.copied == ("t", ("z", "x", "y"), (7,))
    computed = insert.replace("NULL", "LENGTH(batch.b)")
    assert rewrite(computed + "DO NOTHING", "postgresql").copied is None
    assert {n for n, s in load("postgresql").items() if s.copied} >= {
        "add_assignments",
        "add_customers",
        "add_events",
    }


def test_a_single_row_needs_no_table_on_sqlite() -> None:
    read = "SELECT t.c FROM {{batch(a BIGINT, b TEXT)}}\nCROSS JOIN t\nWHERE t.a = batch.a AND t.b = :b"
    assert rewrite(read, "sqlite").sized[1] == "SELECT t.c FROM t\nWHERE t.a = ?2 AND t.b = ?1"
    write = "UPDATE t SET a = batch.a FROM {{batch(a BIGINT, b TEXT)}} WHERE t.b = batch.b"
    assert rewrite(write, "sqlite").sized[1] == "UPDATE t SET a = ?1 WHERE t.b = ?2"


def test_a_text_for_sqlite_is_short_enough_to_stay_prepared() -> None:
    """APSW prepares texts of more than 16 KiB anew each time, which costs as much as the rows."""
    batches = [s.sized for s in load("sqlite").values() if s.columns]
    longest = max(len(sized[rows]) for sized in batches for rows in SIZES)
    assert longest < 16_384


def test_so_is_one_for_columns_whichever_of_them_hold_one_value() -> None:
    called = re.compile(r"\b(add_columns|all_by_column)\(\s*\"(\w+)\"")
    program = Path(statements.__file__).parent.parent
    named = {one for path in program.rglob("*.py") for one in called.findall(path.read_text())}
    assert len(named) > 9
    for how, name in sorted(named):
        form = inserted_in_columns if how == "add_columns" else in_columns
        text, columns, scalars = load("sqlite")[name][:3]
        assert len(form(text, columns, scalars, max(COLUMN_SIZES), ())) < 16_384, name


def _texts(statement: Statement) -> list[tuple[int, str]]:
    """The texts of a statement that reads a batch, by number of rows."""
    return [(rows, statement.sized[rows]) for rows in SIZES] if statement.columns else []


def _explain(tx: Tx, name: str) -> None:
    """Lets the database understand a statement without running it."""
    statement = load("sqlite" if isinstance(tx, SqliteTx) else "postgresql")[name]
    if isinstance(tx, SqliteTx):
        for rows, text in _texts(statement):
            values = len(statement.scalars) + rows * len(statement.columns)
            tx.connection.execute(f"EXPLAIN {text}", [None] * values)
        if not statement.columns:
            tx.connection.execute(
                f"EXPLAIN {statement.text}", dict.fromkeys(statement.scalars, None)
            )
    else:
        assert isinstance(tx, PostgresTx)
        tx.prepared.rows(
            f"EXPLAIN {statement.text}",
            [None] * (len(statement.scalars) + len(statement.columns)),
        )


def test_the_database_understands_every_statement(store_url: str) -> None:
    """No typing error waits in a corner that no other test visits."""
    store = open_store(store_url, now_us=0)
    faults = []
    try:
        for name in load("sqlite"):
            if name == "create_schema_version":
                continue  # PostgreSQL does not explain DDL; opening the store ran it
            try:
                store.read(partial(_explain, name=name))
            except (apsw.Error, psycopg.Error) as error:
                faults.append(f"{name}: {error}")
    finally:
        store.close()
    assert not faults


def _whole_tables_read(tx: Tx) -> list[str]:
    """The statements with a batch for which SQLite would read a table from end to end."""
    assert isinstance(tx, SqliteTx)
    slow = []
    for name, statement in load("sqlite").items():
        for rows, text in _texts(statement):
            values = len(statement.scalars) + rows * len(statement.columns)
            plan = tx.connection.execute(f"EXPLAIN QUERY PLAN {text}", [None] * values).fetchall()
            steps = [str(step[3]) for step in plan]
            if any(re.match(r"SCAN (?!batch|CONSTANT|\d+-ROW)|.*AUTOMATIC", one) for one in steps):
                slow.append(f"{name}, {rows} rows: {steps}")
    return slow


def test_no_batch_makes_sqlite_read_a_whole_table(sqlite_url: str) -> None:
    store = open_store(sqlite_url, now_us=0)
    try:
        assert store.read(_whole_tables_read) == []
    finally:
        store.close()


def _planned_anew(tx: Tx) -> set[str]:
    """The questions that SQLite parses and plans again where they are asked with other values."""
    assert isinstance(tx, SqliteTx)
    asked: list[str] = []
    anew = set()

    def authorized(*_: object) -> int:
        """SQLite asks this for each table and column of what it plans."""
        asked.append(name)
        return apsw.SQLITE_OK

    tx.connection.authorizer = authorized
    for name, statement in load("sqlite").items():
        texts = _texts(statement)[-2:] or [(0, statement.text)]
        for rows, text in texts if statement.text.startswith(("SELECT", "WITH")) else []:
            count = len(statement.scalars) + rows * len(statement.columns)
            for value in range(3):
                named = dict.fromkeys(statement.scalars, value)
                tx.connection.execute(text, [value] * count if rows else named).fetchall()
                if value and asked:
                    anew.add(name)
                asked.clear()
    return anew


def test_no_question_is_planned_anew_for_other_values(sqlite_url: str) -> None:
    store = open_store(sqlite_url, now_us=0)
    try:
        assert store.read(_planned_anew) == set()
    finally:
        store.close()


def test_a_batch_is_read_and_written_alike(store_url: str) -> None:
    """Rows of any number, texts with every kind of quote, and no rows at all."""
    store = open_store(store_url, now_us=0)
    rows = [(no, 1, f"c'\"{{}}%:x,\\ü七-{no}", no % 2) for no in range(6_000)]
    try:
        assert store.change(lambda tx: tx.run_many("add_customers", rows)) == 6_000
        assert store.change(lambda tx: tx.run_many("add_customers", rows)) == 0
        assert store.change(lambda tx: tx.run_many("add_customers", [])) == 0
        found = store.read(lambda tx: tx.all_for("customers_of", [(no,) for no in range(7_000)]))
        assert sorted(found) == [(no, text, ws, known) for no, ws, text, known in rows]
        assert store.read(lambda tx: tx.all_for("customers_of", [])) == []
    finally:
        store.close()


def test_thousands_are_written_column_by_column_as_they_are(store_url: str) -> None:
    """Whatever is NULL, the same, as long or as seldom in them, and whether a column is an array or a list."""
    store, count = open_store(store_url, now_us=0), 1_300
    every = range(count)
    columns: dict[str, Any] = {
        "event_id": [f"e-{no}" if no % 2 else f"\u00fc\u4e03'{no}" for no in every],
        "digest": np.arange(count) - 650,
        "assignment_id": [f"a-{no:05}" for no in every],
        "campaign_id": [None if no % 3 else f"c-{no}" for no in every],
        "tier_id": [None] * count,
        "channel": [("web", "", "till \u00e4", None)[no % 4] for no in every],
        "reward_micros": [None if no % 5 else 2**62 + no for no in every],
        "reward_currency": ["EUR"] * (count - 1) + ["USD"],
        "order_id": (*[f"o-{no:04}" for no in every[1:]], "\u00e4-0000"),
        "order_micros": [no % 2 - 1 for no in every],
        "metadata": [None] * (count - 1) + ["{}"],
    }
    keys = [3] * count, np.full(count, 7), np.arange(count), np.arange(count) * 10**12
    ends = [4] * count, np.full(count, 5), list(every), ["x"] * count, [0] * count, ["EUR"] * count
    named = ["summer" if no % 7 else None for no in every], [None] * (count - 1) + ["CODE"]
    given = *keys, *columns.values(), *ends, *named
    try:
        store.change(partial(_add_columns, "add_uses", given, workspace_no=1, import_no=9))
        wanted = [(3, 7, no) for no in every]
        found = sorted(store.read(partial(_find, "events_of_groups", wanted)), key=itemgetter(2))
        for place, column in ((5, columns["event_id"]), (9, columns["digest"]), (3, keys[3])):
            assert [row[place] for row in found] == list(column)
        middle = [columns[name] for name in columns if name not in ("event_id", "digest")]
        assert [row[14:23] for row in found] == list(zip(*middle, strict=True))
        assert [row[12:14] for row in found] == list(zip(*named, strict=True))
        assert {row[23:25] for row in found} == {("counted", "x")}
        assert {row[6:8] for row in found} == {(1, 9)}
    finally:
        store.close()


def _add_columns(name: str, columns: Columns, tx: Tx, **parameters: int) -> int:
    return tx.add_columns(name, columns, **parameters)


def test_batches_of_every_size_are_read_and_written_whole(store_url: str) -> None:
    """However the rows are cut into pieces, none is lost, doubled or made up."""
    store = open_store(store_url, now_us=0)
    try:
        for size in range(1, 2 * max(SIZES) + 2):
            rows = [(size * 1_000 + no, 1, f"c-{no}", 0) for no in range(size)]
            numbers = [(row[0],) for row in rows]
            assert store.change(partial(_write, "add_customers", rows)) == size
            assert store.change(partial(_write, "know_customers", numbers)) == size
            found = store.read(partial(_find, "customers_of", [*numbers, (-1,)]))
            assert sorted(found) == [(no, text, 1, 1) for no, _, text, _ in rows]
    finally:
        store.close()


def _write(name: str, rows: Sequence[Row], tx: Tx) -> int:
    return tx.run_many(name, rows)


def _find(name: str, rows: Sequence[Row], tx: Tx) -> list[Row]:
    return tx.all_for(name, rows)


def test_scalars_and_batches_go_together(store_url: str) -> None:
    store = open_store(store_url, now_us=0)
    codes = [(workspace, f"CODE-{no}", 7, 1) for workspace in (1, 2) for no in range(100)]
    wanted = [(f"CODE-{no}",) for no in range(0, 200, 2)]
    try:
        assert store.change(lambda tx: tx.run_many("add_codes", codes)) == 200
        found = store.read(lambda tx: tx.all_for("code_samples", wanted, workspace_no=2))
        assert sorted(found) == sorted((f"CODE-{no}", 7, 1) for no in range(0, 100, 2))
        assert store.read(lambda tx: tx.all_for("code_samples", wanted, workspace_no=3)) == []
    finally:
        store.close()


def test_nothing_equals_a_missing_value(store_url: str) -> None:
    """A look-up by NULL finds nothing, not even a NULL."""
    store = open_store(store_url, now_us=0)
    try:
        store.change(lambda tx: tx.run_many("add_customers", [(1, 1, "c-1", 0)]))
        found = store.read(lambda tx: tx.all_for("customers_of", [(None,), (1,), (None,)]))
        assert found == [(1, "c-1", 1, 0)]
        assert store.read(lambda tx: tx.all_for("customers_of", [(None,)])) == []
    finally:
        store.close()


@pytest.mark.parametrize("url", ["mysql://host/name", "promosight.db", "", "sqlite:/relative.db"])
def test_a_database_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(Exception, match="sqlite:///path or postgresql://"):
        database(url)
