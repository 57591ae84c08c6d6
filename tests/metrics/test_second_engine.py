"""The portable metrics decide and count exactly as the rules do, on DuckDB and on PostgreSQL.

Every example is a whole world of facts. The rules judge it group by group, the SQL at once;
the comparison of `verify` must find no difference in any verdict, match, cost or counter.
"""

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import psycopg
import pytest
from hypothesis import HealthCheck, given, seed, settings

from promosight.flows.checking.extract import local_days, write_rows
from promosight.flows.checking.verify import VerifyReport, compare, load_inputs
from promosight.store.recount import Ask, create_inputs, recount, steps
from tests.metrics.worlds import World, judge, worlds, write

MANY = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def on_duckdb(world: World) -> VerifyReport:
    """What the comparison says of a judged world in DuckDB."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(":memory:") as connection:
        connection.execute("SET threads = 1")

        def ask(text: str) -> list[tuple[object, ...]]:
            return connection.execute(text).fetchall()

        write(world, Path(folder))
        load_inputs(ask, Path(folder), world.catalogue.days)
        return _report(ask, world)


def on_postgresql(world: World, connection: psycopg.Connection) -> VerifyReport:
    """The same in PostgreSQL: the same text, only with texts ordered by code point."""

    def ask(text: str) -> list[tuple[object, ...]]:
        cursor = connection.execute(text.encode())
        return cursor.fetchall() if cursor.description else []

    def ask_to_create(text: str) -> list[tuple[object, ...]]:
        return ask(text.replace(" TEXT", ' TEXT COLLATE "C"'))

    with tempfile.TemporaryDirectory() as name, connection.transaction(force_rollback=True):
        folder = Path(name)
        write(world, folder)
        create_inputs(ask_to_create)
        for step in steps("inputs"):
            if (folder / f"{step.name}.csv").exists():
                _copy(connection, folder, step.name)
        days = local_days(world.catalogue.days, (int(str(row[0])) for row in ask("TABLE utc_day")))
        write_rows(folder, "local_day", days)
        _copy(connection, folder, "local_day")
        return _report(ask, world)


def _copy(connection: psycopg.Connection, folder: Path, table: str) -> None:
    statement = f"COPY {table} FROM STDIN (FORMAT csv)".encode()
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write((folder / f"{table}.csv").read_bytes())


def _report(ask: Ask, world: World) -> VerifyReport:
    recount(ask)
    report = VerifyReport()
    compare(ask, world.catalogue, report)
    assert report.events == len(world.events)
    return report


@MANY
@given(worlds())
def test_duckdb_agrees_with_the_rules_on_every_verdict_and_counter(world: World) -> None:
    """S18, S10, S11, P5: rates, what is matched and what is not, reversals, by two engines."""
    assert on_duckdb(judge(world)).differences == []


@pytest.fixture
def postgresql(postgresql_server: str) -> Iterator[psycopg.Connection]:
    """A connection that compiles no statements, like those of the store: small tables never pay for it."""
    with psycopg.connect(postgresql_server) as connection:
        connection.execute("SET jit = off")
        yield connection


@seed(20261123)
@settings(MANY, max_examples=15, database=None)
@given(world=worlds())
def test_postgresql_runs_the_very_same_text_and_agrees(
    postgresql: psycopg.Connection, world: World
) -> None:
    assert on_postgresql(judge(world), postgresql).differences == []


@settings(MANY, max_examples=15)
@given(worlds(most=6))
def test_one_digit_off_is_found_and_named(world: World) -> None:
    judge(world)
    if not world.counters:
        return
    where = random.Random(0).choice(sorted(world.counters))
    world.counters[where][0] += 1
    found = on_duckdb(world)
    assert found.different == 1
    (difference,) = found.differences
    assert difference.promotion_id == f"p{where[0]}"
    assert difference.measure == "assigned"
    assert difference.stored == (difference.computed or 0) + 1  # type: ignore[operator]


@settings(MANY, max_examples=15)
@given(worlds(most=6))
def test_an_event_judged_otherwise_is_found_and_named(world: World) -> None:
    judge(world)
    for e in world.events[:1]:
        before, e.outcome = e.outcome, "excess" if e.outcome == "counted" else "counted"
        (difference,) = on_duckdb(world).differences
        assert (difference.measure, difference.computed) == ("outcome", before)
        assert e.event_id in difference.where
