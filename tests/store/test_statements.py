"""One text for two databases: names are found, rewritten mechanically, and understood by both engines."""

import re
from functools import partial
from pathlib import Path

import apsw
import psycopg
import pytest

from promosight.store import statements
from promosight.store.database import database
from promosight.store.engine import open_store
from promosight.store.statements import load, rewrite
from promosight.store.tx import PostgresTx, SqliteTx, Tx

NUMBERS = "SELECT a FROM {{batch(a BIGINT, b TEXT)}} WHERE a > :least"


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


def test_comments_do_not_reach_the_database() -> None:
    assert rewrite("-- why: because\nSELECT 1", "sqlite").text == "SELECT 1"


def test_parameters_are_rewritten_and_casts_and_texts_are_not() -> None:
    text = "SELECT :name, x::text FROM t WHERE y LIKE 'a%' AND z = :other_1"
    assert rewrite(text, "sqlite").text == text
    assert rewrite(text, "postgresql").text == (
        "SELECT %(name)s, x::text FROM t WHERE y LIKE 'a%%' AND z = %(other_1)s"
    )


def test_a_batch_is_json_rows_to_read_one_row_to_write_and_arrays_on_postgresql() -> None:
    sqlite, postgresql = rewrite(NUMBERS, "sqlite"), rewrite(NUMBERS, "postgresql")
    assert (
        "(SELECT value ->> 0 AS a, value ->> 1 AS b FROM json_each(:batch)) AS batch" in sqlite.text
    )
    assert "(SELECT ?1 AS a, ?2 AS b) AS batch" in sqlite.many
    assert (
        "unnest(CAST(%(batch_a)s AS BIGINT[]), CAST(%(batch_b)s AS TEXT[])) AS batch(a, b)"
        in postgresql.text
    )
    assert sqlite.columns == postgresql.columns == (("a", "BIGINT"), ("b", "TEXT"))


def _explain(tx: Tx, name: str) -> None:
    """Lets the database understand a statement without running it."""
    statement = load("sqlite" if isinstance(tx, SqliteTx) else "postgresql")[name]
    if isinstance(tx, SqliteTx):
        names = {*re.findall(r"(?<![:\w]):([a-z_]\w*)", statement.text)}
        values = dict.fromkeys(names, None) | {"batch": "[]"}
        tx.connection.execute(f"EXPLAIN {statement.text}", values)
        if "?1" in statement.many and not names - {"batch"}:
            tx.connection.execute(f"EXPLAIN {statement.many}", [None] * len(statement.columns))
    else:
        assert isinstance(tx, PostgresTx)
        names = {*re.findall(r"%\((\w+)\)s", statement.text)}
        tx.connection.execute(f"EXPLAIN {statement.text}".encode(), dict.fromkeys(names, None))


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


@pytest.mark.parametrize("url", ["mysql://host/name", "promosight.db", "", "sqlite:/relative.db"])
def test_a_database_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(Exception, match="sqlite:///path or postgresql://"):
        database(url)
