"""Many rows at once: every text arrives as it was sent, and rows held to be new are never lost or doubled."""

import time
from threading import Thread
from typing import Any

import psycopg
import pytest

from promosight.rules.numbers import NOTHING
from promosight.store.copying import by_text
from promosight.store.database import PostgresDatabase
from promosight.store.engine import Store, open_store
from promosight.store.races import LostRace
from promosight.store.statements import load
from promosight.store.tx import PostgresTx, Tx

TEXTS = [
    "",
    " ",
    "\t",
    "a\tb\nc\r\nd",
    "\\",
    "\\N",
    "\\.",
    "back\\slash\\n",
    "'single' \"double\" {braces}, commas",
    "NULL",
    "None",
    "ü é 七 🎁 \u2028",
    "x" * 70_000,
]
NUMBERS = [0, 1, -1, 2**15, -(2**31), 2**31, 2**63 - 1, -(2**63)]


def customers(first: int, count: int) -> list[tuple[int, int, str, int]]:
    return [(no, 1, f"c-{no}", 0) for no in range(first, first + count)]


def stored(tx: Tx) -> list[int]:
    return sorted(row[0] for row in tx.all_for("customers_of", [(no,) for no in range(5_000)]))


@pytest.mark.parametrize("way", ["add_new", "run_many"])
def test_every_text_and_number_comes_back_as_it_was_sent(store: Store, way: str) -> None:
    texts = [(no, 1, text, 0) for no, text in enumerate(TEXTS)]
    numbers = [(no, 1, "n", 1) for no in NUMBERS if not 0 <= no < len(TEXTS)]
    rows = texts + numbers
    assert store.change(lambda tx: getattr(tx, way)("add_customers", rows)) == len(rows)
    found = store.read(lambda tx: tx.all_for("customers_of", [row[:1] for row in rows]))
    assert sorted(found) == sorted((no, text, 1, known) for no, _, text, known in rows)


@pytest.mark.parametrize("count", [60, 300, 1_000])
@pytest.mark.parametrize("way", ["add_new", "run_many"])
def test_missing_values_stay_missing_alone_and_among_others(
    store: Store, way: str, count: int
) -> None:
    """A column of nothing but NULL, one with some, one with none; texts and numbers."""
    columns = load("sqlite")["add_events"].columns
    rows = [tuple(event(no).get(name) for name, _ in columns) for no in range(count)]
    assert store.change(lambda tx: getattr(tx, way)("add_events", rows)) == count
    keys = [(1, 1, no) for no in range(count)]
    assert sorted(store.read(lambda tx: tx.all_for("events_of_groups", keys))) == rows


def test_a_few_rows_may_leave_out_whatever_may_be_missing(store: Store) -> None:
    """Whichever of six columns say something: more choices than there are texts for."""
    columns = load("sqlite")["add_events"].columns
    free = ("assignment_id", "campaign_id", "tier_id", "order_id", "metadata", "promo_code")
    given = [{name: "x" for at, name in enumerate(free) if no >> at & 1} for no in range(64)]
    rows = [tuple((event(no) | given[no]).get(name) for name, _ in columns) for no in range(64)]
    added = store.change(lambda tx: [tx.add_new("add_events", [row]) for row in rows])
    assert added == [1] * 64
    keys = [(1, 1, no) for no in range(64)]
    assert sorted(store.read(lambda tx: tx.all_for("events_of_groups", keys))) == rows


def event(no: int) -> dict[str, object]:
    """An event by column; `metadata` and `slot` are missing in all, others in some."""
    key = dict.fromkeys(("bucket", "promotion_no", "workspace_no", "source_no"), 1)
    given = dict.fromkeys(("import_no", "redeemed_us", "received_us", "digest"), 5)
    derived = {"outcome": "counted", "live": 1, "cost_micros": 0, "currency": "EUR"}
    some = {"channel": None if no % 2 else "s", "order_micros": None if no % 3 else no}
    named = {"customer_no": no, "event_id": f"e-{no}", "named_customer_no": 0}
    return {**key, **given, **derived, **some, **named}


def test_what_is_found_comes_by_column_too(store: Store) -> None:
    """Numbers as arrays; texts as lists, an empty one and those of many bytes to a character, too."""
    rows = [(no, 1, text, 0) for no, text in enumerate(TEXTS)]
    store.change(lambda tx: tx.add_new("add_customers", rows))
    kinds = ("BIGINT", "TEXT", "BIGINT", "BIGINT")

    def found(tx: Tx, *numbers: int) -> list[Any]:
        return tx.found_by_column("customers_of", [numbers], kinds)

    no, text, workspace_no, known = store.read(lambda tx: found(tx, *range(len(TEXTS))))
    assert sorted(zip(no.tolist(), text, strict=True)) == list(enumerate(TEXTS))
    assert workspace_no.tolist() == [1] * len(TEXTS)
    assert known.tolist() == [0] * len(TEXTS)
    assert store.read(lambda tx: found(tx, 0))[1] == [""]
    assert [*map(len, store.read(lambda tx: found(tx, 99)))] == [0] * 4


def test_a_number_that_is_missing_comes_by_column_as_nothing(store: Store) -> None:
    numbers = [no for no in NUMBERS if no != NOTHING]
    rows = [(no, 1, "n", 0) for no in numbers[::2]]
    store.change(lambda tx: tx.add_new("add_customers", rows))
    asked: list[list[Any]] = [numbers, ["n"] * len(numbers), numbers]
    kinds = ("BIGINT", "BIGINT")
    no, known = store.read(
        lambda tx: tx.found_by_column("customers_to_name", asked, kinds, workspace_no=1)
    )
    assert no.tolist() == numbers
    assert known.tolist() == [NOTHING if at % 2 else 0 for at in range(len(numbers))]


@pytest.mark.parametrize("count", [0, 1, 63, 64, 300, 3_000])
def test_new_rows_are_added_and_counted(store: Store, count: int) -> None:
    rows = customers(0, count)
    assert store.change(lambda tx: tx.add_new("add_customers", rows)) == count
    assert store.read(stored) == list(range(count))


def test_a_row_that_was_there_after_all_is_a_lost_race_and_nothing_of_it_stays(
    store: Store,
) -> None:
    """P4: the transaction starts over, and then it may look before it writes."""
    store.change(lambda tx: tx.add_new("add_customers", customers(50, 1)))
    tries: list[str] = []

    def bold_then_careful(tx: Tx) -> int:
        tries.append("bold" if not tries else "careful")
        if len(tries) == 1:
            return tx.add_new("add_customers", customers(0, 100))
        there = set(stored(tx))
        return tx.add_new("add_customers", [c for c in customers(0, 100) if c[0] not in there])

    assert store.change(bold_then_careful) == 99
    assert tries == ["bold", "careful"]
    assert store.read(stored) == list(range(100))


def test_who_is_never_right_about_new_rows_is_told(store: Store) -> None:
    store.change(lambda tx: tx.add_new("add_customers", customers(0, 1)))
    with pytest.raises(LostRace):
        store.change(lambda tx: tx.add_new("add_customers", customers(0, 2)))
    assert store.read(stored) == [0]


def held(db: PostgresDatabase, workspace_no: int) -> list[tuple[int, bool]]:
    """The buckets of a workspace that are locked or waited for, and whether granted."""
    tx = db.connect(write=False)
    assert isinstance(tx, PostgresTx)
    rows = tx.connection.execute(
        "SELECT objid::int, granted FROM pg_locks WHERE locktype = 'advisory' AND classid = %s"
        " ORDER BY 1, 2 DESC",
        (workspace_no,),
    ).fetchall()
    db.close(tx)
    return [(row[0], row[1]) for row in rows]


def test_buckets_are_locked_in_one_order_whatever_order_they_are_named_in(
    postgresql_url: str,
) -> None:
    """P4: two writers that want the same buckets never wait for each other."""
    workspace_no = 7_123
    db = PostgresDatabase(postgresql_url)
    first, second = db.connect(write=True), db.connect(write=True)
    for tx in (first, second):
        db.begin(tx, write=True)
    first.lock(workspace_no, [5])
    waiting = Thread(target=second.lock, args=(workspace_no, [9, 5, 1]))
    waiting.start()
    wanted = [(1, True), (5, True), (5, False)]
    give_up = time.monotonic() + 30
    while held(db, workspace_no) != wanted and time.monotonic() < give_up:
        time.sleep(0.01)
    assert held(db, workspace_no) == wanted
    db.end(first, commit=True)
    waiting.join(30)
    assert held(db, workspace_no) == [(1, True), (5, True), (9, True)]
    db.end(second, commit=True)
    for tx in (first, second):
        db.close(tx)


def test_a_plan_made_for_an_empty_table_is_not_kept_while_the_table_fills(
    blank_postgresql_url: str,
) -> None:
    """Else every row of a batch would be compared with every row of the table, until statistics come."""
    open_store(blank_postgresql_url, now_us=0).close()
    db = PostgresDatabase(blank_postgresql_url)
    tx = db.connect(write=True)
    assert isinstance(tx, PostgresTx)
    tx.connection.execute("VACUUM ANALYZE customer")
    db.begin(tx, write=True)
    assert tx.all_for("customers_of", [(1,), (2,)]) == []
    tx.add_new("add_customers", customers(0, 6_000))
    assert len(tx.all_for("customers_of", [(no,) for no in range(6_000)])) == 6_000
    [(name,)] = tx.connection.execute(
        "SELECT name FROM pg_prepared_statements WHERE statement = %s",
        [load("postgresql")["customers_of"].text],
    ).fetchall()
    plan = tx.connection.execute(f"EXPLAIN EXECUTE {name}('{{1,2}}')".encode()).fetchall()
    assert "Index Cond: (customer_no = " in "\n".join(row[0] for row in plan)
    db.end(tx, commit=False)
    db.close(tx)


def test_a_text_with_a_nul_is_refused_and_not_cut(postgresql_url: str) -> None:
    open_store(postgresql_url, now_us=0).close()
    db = PostgresDatabase(postgresql_url)
    tx = db.connect(write=False)
    with pytest.raises(psycopg.Error, match="0x00"):
        tx.all("workspace_by_id", workspace_id="a\0b")
    db.close(tx)


@pytest.mark.parametrize(
    "texts", [["b2", "a1", "a0"], ["b", "", "a-longer"], ["é", "z", "🎁", "aa"]], ids=str
)
def test_texts_are_put_in_the_order_of_their_bytes(texts: list[str]) -> None:
    places = by_text(texts)
    assert places is not None
    assert [texts[one] for one in places.tolist()] == sorted(texts, key=str.encode)


def test_texts_of_which_one_is_missing_have_no_order() -> None:
    assert by_text(["b", None, "a"]) is None
    assert by_text([]) is None
