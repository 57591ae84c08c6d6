"""The live feed: believable events of a running demo, from assignments open at that moment."""

from datetime import UTC, datetime, timedelta
from random import Random

import msgspec

from promosight.rules.facts import Rejection, event_from
from promosight.rules.instants import from_datetime
from promosight.rules.reported import ReportedEvent
from promosight.simulate.brand import Brand
from promosight.simulate.reports import Record
from promosight.simulate.settings import demo
from promosight.simulate.stream import LiveFeed

END = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)


def events(seed: int, count: int) -> list[Record]:
    feed = LiveFeed(demo(END), Random(seed))
    made = (feed.next(END + timedelta(seconds=second)) for second in range(count))
    return [one for one in made if one is not None]


def test_the_feed_is_the_same_for_the_same_seed() -> None:
    assert events(1, 100) == events(1, 100)
    assert events(1, 100) != events(2, 100)


def test_every_live_event_is_a_new_well_formed_fact() -> None:
    made = events(1, 300)
    assert len(made) == 300
    assert len({one["event_id"] for one in made}) == 300
    for one in made:
        fact = event_from(
            msgspec.convert(one, ReportedEvent, strict=False),
            received_us=from_datetime(END + timedelta(minutes=5)),
            tracking_from_us=from_datetime(demo(END).starts_at),
        )
        assert not isinstance(fact, Rejection), fact


def test_live_redemptions_are_of_promotions_the_customer_was_given() -> None:
    given = {(one["promotion_id"], one["customer_id"]) for one in Brand(demo(END)).assignments()}
    named = [one for one in events(1, 300) if "promotion_id" in one]
    assert len(named) > 100
    assert all((one["promotion_id"], one["customer_id"]) in given for one in named)
    assert all(one["promotion_id"] != "DOUBLE-POINTS" for one in named)


def test_reversals_undo_each_live_redemption_at_most_once() -> None:
    made = events(1, 400)
    undone = [one["reverses"] for one in made if one.get("type") == "reversal"]
    assert undone
    assert len(set(undone)) == len(undone)
    assert set(undone) <= {one["event_id"] for one in made}


def test_before_anything_is_given_nothing_happens() -> None:
    feed = LiveFeed(demo(END), Random(1))
    assert feed.next(END - timedelta(days=100)) is None
