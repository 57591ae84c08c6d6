"""A store of any schema that ever was is brought up to date by starting the program, and shows the same figures.

A store of schema N is made as a restore makes one: the migrations up to N, then the facts of one world in the
tables and columns that were there. Nothing was released yet; what is released goes into RELEASED and may never change.
"""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from promosight.flows.checking.verify import verify
from promosight.flows.figures.breakdowns import breakdown
from promosight.flows.ledger.recounting import recount_what_is_due
from promosight.store import archive, migrate
from promosight.store.catalogue import Workspace
from promosight.store.database import database
from promosight.store.engine import open_store
from promosight.store.tx import Row
from tests.api.server import running
from tests.flows.worlds import NOW_US, PROMOTIONS, define, deliver, facts, open_workspace, shown

SCHEMA = sorted(path.name for path in files("promosight.store").joinpath("schema").iterdir())
RELEASED: dict[str, str] = {}
"""The SHA-256 of each schema file that was in a release."""


class World(NamedTuple):
    """The rows of a store by table, and what its readers see."""

    workspace: Workspace
    rows: list[tuple[archive.Table, list[Row]]]
    shown: bytes
    shown_without_channels: bytes


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world, reported to a store of today."""
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('world')}/promosight.db", now_us=NOW_US)
    try:
        workspace = open_workspace(store)
        for promotion_id in PROMOTIONS:
            define(store, workspace, promotion_id)
        deliver(store, workspace, list(facts(5)))
        recount_what_is_due(store)
        rows = store.read(
            lambda tx: [
                (table, [row for piece in archive.rows_of(tx, table) for row in piece])
                for table in archive.tables(tx)
            ]
        )
        less = shown(store, workspace, ("tier", "source", "day"))
        return World(workspace, rows, shown(store, workspace), less)
    finally:
        store.close()


def write_old_store(url: str, count: int, world: World) -> None:
    """A store of the first so many schema files, with what it could hold of a world."""
    store = database(url)
    migrate.migrate(store, now_us=NOW_US, only=SCHEMA[:count])
    tx = store.connect(write=True)
    store.begin(tx, write=True)
    there = {table.name: table.columns for table in archive.tables(tx)}
    for table, rows in world.rows:
        places = [i for i, name in enumerate(table.columns) if name in there.get(table.name, ())]
        columns = tuple(table.columns[i] for i in places)
        if rows and columns:
            kept = [tuple(row[i] for i in places) for row in rows]
            archive.fill(tx, archive.Table(table.name, columns), kept)
    store.end(tx, commit=True)
    store.close(tx)


@pytest.mark.parametrize("count", range(1, len(SCHEMA) + 1), ids=lambda n: SCHEMA[n - 1])
def test_a_store_of_an_older_schema_shows_the_same_figures_after_the_upgrade(
    blank_sqlite_url: str, count: int, world: World
) -> None:
    """N1: brought up to date as a server does it when it starts; the second engine finds nothing."""
    check_upgrade(blank_sqlite_url, count, world)


@pytest.mark.parametrize("count", [1, 6, len(SCHEMA) - 1], ids=lambda n: SCHEMA[n - 1])
def test_so_does_one_on_postgresql(blank_postgresql_url: str, count: int, world: World) -> None:
    """N1: from the first schema, the last before figures were counted anew, and the last before this."""
    check_upgrade(blank_postgresql_url, count, world)


def check_upgrade(url: str, count: int, world: World) -> None:
    """Writes a store of an older schema, and opens it as a server does."""
    write_old_store(url, count, world)
    store = open_store(url, now_us=NOW_US)
    try:
        recount_what_is_due(store)
        assert store.read(migrate.applied) == SCHEMA
        assert shown(store, world.workspace) == world.shown
        assert verify(store, None).differences == []
    finally:
        store.close()


def test_counters_that_were_nearly_full_are_counted_anew(
    blank_store_url: str, world: World
) -> None:
    """N1, S12: SQLite may have rounded them."""
    before = SCHEMA.index("0022_wide_sums.sql")
    write_old_store(blank_store_url, before, world)
    # What SQLite made of the sum of two that were nearly full; PostgreSQL refused it.
    full = 9.3e18 if blank_store_url.startswith("sqlite") else 2**63 - 1
    execute(blank_store_url, "DELETE FROM recount_due")
    execute(
        blank_store_url,
        "INSERT INTO tally SELECT 0, 0, promotion_no, '', 'EUR', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, "
        f"{full!r}, 0 FROM promotion",
    )
    store = open_store(blank_store_url, now_us=NOW_US)
    try:
        assert recount_what_is_due(store) == [world.workspace.workspace_no]
        assert shown(store, world.workspace) == world.shown
        assert verify(store, None).differences == []
    finally:
        store.close()


def test_channels_too_long_for_an_index_are_counted_under_the_key_they_would_have_today(
    blank_store_url: str, world: World
) -> None:
    """N1: such a store could not be counted anew on PostgreSQL; it is, and goes on counting."""
    drawn = Random(3)
    names = ["".join(chr(drawn.randrange(0x1F300, 0x1F5FF)) for _ in range(40)) for _ in range(60)]
    write_old_store(
        blank_store_url, SCHEMA.index("0024_notes_of_payments_and_long_keys.sql"), world
    )
    long = "+".join(sorted(names))
    execute(blank_store_url, "DELETE FROM recount_due")
    execute(
        blank_store_url,
        f"UPDATE place SET channels = '{long}', digest = digest + 1 WHERE channels = 'email'",
    )
    store = open_store(blank_store_url, now_us=NOW_US)
    try:
        assert recount_what_is_due(store) == [world.workspace.workspace_no]
        assert verify(store, None).differences == []
        assert (
            shown(store, world.workspace, ("tier", "source", "day")) == world.shown_without_channels
        )
        number = world.workspace.workspace_no
        found = store.read(lambda tx: breakdown(tx, number, "tiered", "channel"))
        assert max(len(row.key or "") for row in found.rows) == 40 * 9 + 8
        deliver(store, world.workspace, list(facts(6)))
        assert verify(store, None).differences == []
    finally:
        store.close()


def execute(url: str, statement: str) -> None:
    """Does something to a store by hand."""
    store = database(url)
    tx = store.connect(write=True)
    store.begin(tx, write=True)
    tx.connection.execute(statement)  # type: ignore[attr-defined]
    store.end(tx, commit=True)
    store.close(tx)


def test_counters_that_are_not_full_stay_as_they_are(blank_sqlite_url: str, world: World) -> None:
    """N1: an upgrade of a large store counts nothing that is right."""
    write_old_store(blank_sqlite_url, SCHEMA.index("0022_wide_sums.sql"), world)
    execute(blank_sqlite_url, "DELETE FROM recount_due")
    store = open_store(blank_sqlite_url, now_us=NOW_US)
    try:
        assert recount_what_is_due(store) == []
    finally:
        store.close()


def test_starting_the_server_is_all_that_an_upgrade_takes(
    blank_store_url: str, world: World
) -> None:
    """From the very first schema; it is ready when it has been brought up to date."""
    write_old_store(blank_store_url, 1, world)
    with running(blank_store_url):
        pass
    store = open_store(blank_store_url, now_us=NOW_US)
    try:
        assert shown(store, world.workspace) == world.shown
    finally:
        store.close()


def test_a_schema_file_that_was_released_never_changes() -> None:
    folder = Path(str(files("promosight.store").joinpath("schema")))
    now = {name: sha256((folder / name).read_bytes()).hexdigest() for name in RELEASED}
    assert now == RELEASED


def test_the_numbers_of_schema_files_have_no_gap() -> None:
    assert [int(name[:4]) for name in SCHEMA] == list(range(1, len(SCHEMA) + 1))
