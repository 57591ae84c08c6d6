"""Verify finds nothing where every figure follows from the facts, and names what was changed by hand."""

from collections.abc import Iterator

import pytest

from promosight.flows.checking.verify import Difference, VerifyReport, verify
from promosight.flows.ledger.counters import fold
from promosight.flows.ledger.rematch import rebuild
from promosight.simulate.settings import small
from promosight.store.engine import Store, open_store
from tests.flows.brands import ENDS_AT, report_brand


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A store that holds a small simulated brand, every kind of dirt included."""
    opened = open_store(store_url, now_us=0)
    report_brand(opened, small(ENDS_AT))
    yield opened
    opened.close()


def by_hand(store: Store, statement: str) -> None:
    """Changes the database behind the product's back."""
    database = store.database
    tx = database.connect(write=True)
    database.begin(tx, write=True)
    database.script(tx, statement)
    database.end(tx, commit=True)
    database.close(tx)


def measures(report: VerifyReport) -> set[tuple[str, str]]:
    return {(difference.where, difference.measure) for difference in report.differences}


def test_every_figure_follows_from_the_facts_by_a_second_engine(store: Store) -> None:
    """S11, S14, P5, P6: real reporting with dirt, reversals ahead of redemptions, late assignments."""
    read: list[int] = []
    report = verify(store, None, progress=read.append)
    assert report.differences == []
    assert report.facts == sum(read) > 500
    assert report.events > 100
    assert report.cells > 100


def test_a_counter_changed_by_hand_is_found_and_rebuild_mends_it(store: Store) -> None:
    store.change(lambda tx: fold(tx, 1))
    by_hand(store, "UPDATE tally SET redeemed = redeemed + 1 WHERE dimension = 1 AND key = 'gold'")
    report = verify(store, 1)
    assert report.different >= 1
    assert measures(report) == {("tier gold", "redeemed")}
    for difference in report.differences:
        assert isinstance(difference.stored, int)
        assert isinstance(difference.computed, int)
        assert difference.stored > difference.computed
        assert difference.promotion_id is not None
    store.change(lambda tx: rebuild(tx, 1))
    assert verify(store, 1).differences == []


def test_an_outcome_changed_by_hand_is_found_by_the_events_name(store: Store) -> None:
    by_hand(
        store,
        "UPDATE event SET outcome = 'excess' "
        "WHERE event_id = (SELECT MIN(event_id) FROM event WHERE outcome = 'counted' AND live = 1)",
    )
    (difference,) = verify(store, 1).differences
    assert isinstance(difference, Difference)
    assert difference.where.startswith("event ")
    assert difference.measure == "outcome"
    assert (difference.stored, difference.computed) == ("excess", "counted")
