"""Stores are opened, kept and refused: data stays, both engines have one shape, newer schemas are left alone."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

import pytest

from promosight.errors import StoreError
from promosight.store.database import Database, database
from promosight.store.engine import open_store
from promosight.store.tx import PostgresTx, Row, SqliteTx, Tx

ADD_CUSTOMER = (7, 1, "c-7", 1)


def schema_names() -> list[str]:
    return sorted(path.name for path in files("promosight.store").joinpath("schema").iterdir())


def change(url: str, name: str, digest: str) -> None:
    """Notes a schema file as applied, as another version of the program would have."""
    store = open_store(url, now_us=0)
    store.change(lambda tx: tx.run("add_schema_version", name=name, digest=digest, applied_us=0))
    store.close()


def ask(db: Database, text: str) -> list[Row]:
    """The answer to a question in the database's own words."""
    tx = db.connect(write=False)
    try:
        return _execute(tx, text)
    finally:
        db.close(tx)


def _execute(tx: Tx, text: str) -> list[Row]:
    if isinstance(tx, SqliteTx):
        return tx.connection.execute(text).fetchall()
    assert isinstance(tx, PostgresTx)
    return tx.connection.execute(text.encode()).fetchall()


def columns(url: str) -> Iterator[tuple[str, str, str, bool]]:
    """Every column of a store: table, name, type, and whether it must be given."""
    db = database(url)
    if db.engine == "sqlite":
        for (table,) in ask(db, "SELECT name FROM sqlite_schema WHERE type = 'table'"):
            for _, name, kind, required, _, key in ask(db, f"PRAGMA table_info({table})"):
                yield table, name, kind.lower(), bool(required or key)
    else:
        text = """SELECT table_name, column_name, data_type, is_nullable = 'NO'
                  FROM information_schema.columns WHERE table_schema = current_schema()
                  AND table_name IN (SELECT tablename FROM pg_tables)"""
        yield from ((row[0], row[1], row[2], row[3]) for row in ask(db, text))


def indexes(url: str) -> set[tuple[str, bool]]:
    """The named indexes of a store, and whether each keeps values apart."""
    db = database(url)
    if db.engine == "sqlite":
        rows = ask(db, "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql <> ''")
    else:
        rows = ask(
            db,
            """SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()
               AND indexname NOT LIKE '%_pkey' AND indexname NOT LIKE '%_key'""",
        )
    return {(name, "UNIQUE" in text) for name, text in rows}


def test_both_stores_have_the_same_columns_and_indexes(
    blank_sqlite_url: str, blank_postgresql_url: str
) -> None:
    """S14: the same facts have the same place, whichever database is chosen."""
    for url in (blank_sqlite_url, blank_postgresql_url):
        open_store(url, now_us=0).close()
    assert sorted(columns(blank_sqlite_url)) == sorted(columns(blank_postgresql_url))
    assert indexes(blank_sqlite_url) == indexes(blank_postgresql_url)
    assert len(list(columns(blank_sqlite_url))) > 100


def test_texts_are_ordered_by_code_point_in_both_stores(blank_store_url: str) -> None:
    """P6: ties are settled by event id, so both databases must order ids alike."""
    store = open_store(blank_store_url, now_us=0)
    names = ["9999_b", "9999_B", "9999_ä", "9999_a", "9999-", "9999_Z"]
    store.change(
        lambda tx: [tx.run("add_schema_version", name=n, digest="", applied_us=0) for n in names]
    )
    store.close()
    found = ask(
        database(blank_store_url),
        "SELECT name FROM schema_version WHERE name LIKE '9999%' ORDER BY name",
    )
    assert [row[0] for row in found] == sorted(names)


def test_reopening_keeps_the_data_and_applies_nothing_twice(blank_store_url: str) -> None:
    first = open_store(blank_store_url, now_us=1)
    first.change(lambda tx: tx.run_many("add_customers", [ADD_CUSTOMER]))
    first.close()
    for now_us in (2, 3):
        again = open_store(blank_store_url, now_us=now_us)
        assert again.read(lambda tx: tx.all_for("customers_of", [(7,)])) == [(7, "c-7", 1, 1)]
        again.close()
    applied = ask(
        database(blank_store_url), "SELECT name, applied_us FROM schema_version ORDER BY name"
    )
    assert applied == [(name, 1) for name in schema_names()]


def test_a_newer_schema_is_refused_and_left_alone(blank_store_url: str) -> None:
    change(blank_store_url, "9999_from_tomorrow.sql", "")
    with pytest.raises(StoreError, match=r"9999_from_tomorrow\.sql, newer than this program"):
        open_store(blank_store_url, now_us=0)
    with pytest.raises(StoreError):
        open_store(blank_store_url, now_us=0)


def test_a_schema_file_that_changed_after_it_was_applied_is_refused(blank_store_url: str) -> None:
    name = schema_names()[0]
    db = database(blank_store_url)
    tx = db.connect(write=True)
    db.begin(tx, write=True)
    tx.run("create_schema_version")
    tx.run("add_schema_version", name=name, digest="of another text", applied_us=0)
    db.end(tx, commit=True)
    db.close(tx)
    with pytest.raises(StoreError, match=f"{name} changed"):
        open_store(blank_store_url, now_us=0)


def test_processes_that_start_together_make_one_schema(blank_store_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        stores = list(
            pool.map(lambda now_us: open_store(blank_store_url, now_us=now_us), range(1, 5))
        )
    for store in stores:
        store.close()
    applied = ask(database(blank_store_url), "SELECT DISTINCT applied_us FROM schema_version")
    assert len(applied) == 1


def test_a_store_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError, match="cannot open"):
        open_store(f"sqlite:///{tmp_path}/file/promosight.db", now_us=0)
    (tmp_path / "text.db").write_text("This is no database. " * 500)
    with pytest.raises(StoreError, match="cannot open"):
        open_store(f"sqlite:///{tmp_path}/text.db", now_us=0)


def test_a_postgresql_that_is_not_there_says_so() -> None:
    with pytest.raises(StoreError, match="cannot connect to PostgreSQL"):
        open_store("postgresql://nobody@localhost:1/nothing", now_us=0)


def test_schema_files_are_numbered_without_gaps() -> None:
    """Names are applied in order; a gap or a double would make the order a matter of luck."""
    numbers = [int(re.findall(r"^(\d{4})_\w+\.sql$", name)[0]) for name in schema_names()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_file_that_another_program_keeps_writing_to_is_said_to_be_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One clear line for the command line, 503 over HTTP: nothing was done, and it may be tried again."""
    monkeypatch.setattr("promosight.store.other_writers.BUSY_SECONDS", 0.02)
    url = f"sqlite:///{tmp_path / 'promosight.db'}"
    store = open_store(url, now_us=0)
    db = database(url)
    other = db.connect(write=True)
    db.begin(other, write=True)
    with pytest.raises(StoreError, match="another program is writing"):
        open_store(url, now_us=0)
    with pytest.raises(StoreError, match="another program is writing"):
        store.change(lambda tx: tx.run("add_customer", customer_no=1, customer_id="c"))
    db.end(other, commit=False)
    db.close(other)
    store.close()
    open_store(url, now_us=0).close()
