"""N13, P11: what is otherwise than expected is noticed by the server itself, once, and traced to its cause."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from promosight.errors import NotFound
from promosight.flows.auditing.audit import Actor, Change, Wanted, entries, noted
from promosight.flows.checking.verify import verify
from promosight.flows.noticing.keep_anomalies import acknowledge, how_it_stands
from promosight.flows.noticing.pace import keep_pace, read_pace
from promosight.flows.noticing.show_anomalies import number_of
from promosight.rules.instants import HOUR_US, format_instant, parse_instant
from promosight.store.engine import Store, open_store
from tests.flows.noticing import BEGAN_US, EACH_HOUR, Shop, Use, used_again
from tests.flows.telling import SECRET, World
from tests.flows.worlds import NOW_US, define
from tests.receiving import Receiver, receiving

FAULT_US = NOW_US - 10 * HOUR_US + 5 * 60_000_000


@pytest.fixture
def shop(store: Store) -> Shop:
    return Shop(store)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def no_gold_from_web(one: Use) -> bool:
    return not (one.at_us >= FAULT_US and one.source == "web" and one.tier == "gold")


def no_gold(one: Use) -> bool:
    return not (one.at_us >= FAULT_US and one.tier == "gold")


def test_what_a_source_no_longer_sends_is_traced_to_the_tier_and_the_minutes(shop: Shop) -> None:
    """N13: web stopped sending gold at five past three in Vienna. It is told once."""
    shop.happen(shop.uses(BEGAN_US, NOW_US, 4 * EACH_HOUR), no_gold_from_web)
    noticer = shop.noticer()
    assert noticer.once() == 1
    (found,) = shop.anomalies()
    assert (found.kind, found.direction, found.source) == ("stream", "drop", "web")
    assert [(one.dimension, one.words) for one in found.cause] == [("tier", ["gold"])]
    assert found.share > 0.8
    assert parse_instant(found.began_at) == FAULT_US
    assert "since 03:05 on 23 November. It comes from tier gold" in found.said
    assert {one.dimension for one in found.breakdown} == {"tier", "segment"}
    assert found.slot == "hour"
    since = [one for one in found.slots if parse_instant(one.at) + HOUR_US > FAULT_US]
    assert all(one.actual < one.expected for one in since)
    assert any(one.actual < one.low for one in since)
    assert noticer.once() == 0


def test_a_promotions_drop_is_traced_to_its_tier(shop: Shop) -> None:
    """N13: no till sends gold any more: that is one anomaly of the promotion, and none of its sources."""
    shop.happen(shop.uses(BEGAN_US, NOW_US, 2 * EACH_HOUR), no_gold)
    assert shop.noticer().once() == 1
    (found,) = shop.anomalies(promotion_id="tiered")
    assert (found.kind, found.direction, found.source) == ("redemptions", "drop", None)
    assert [(one.dimension, one.words) for one in found.cause] == [("tier", ["gold"])]
    assert abs(parse_instant(found.began_at) - FAULT_US) <= HOUR_US
    since = [one for one in found.slots if parse_instant(one.at) + HOUR_US > FAULT_US]
    # Its hours add up to what is said of it, what is excused allowed for.
    assert sum(one.actual for one in since) == found.actual
    assert abs(sum(one.expected for one in since) - found.expected) < 0.1


def test_it_goes_on_and_is_over_once_counts_are_as_expected_again(shop: Shop) -> None:
    shop.happen(shop.uses(BEGAN_US, NOW_US, 4 * EACH_HOUR), no_gold_from_web)
    noticer = shop.noticer()
    noticer.once()
    (before,) = shop.anomalies()
    shop.now_us += 60_000_000  # the first hour is not read from its beginning
    shop.hour_later(no_gold_from_web, 4 * EACH_HOUR)
    noticer.once()
    for _ in range(2):
        shop.hour_later(no_gold_from_web, 4 * EACH_HOUR)
        assert noticer.once() == 0
    (still,) = shop.anomalies(is_open=True)
    assert still.expected > before.expected
    for _ in range(4):
        shop.hour_later(each=4 * EACH_HOUR)
        assert noticer.once() == 0
    (over,) = shop.anomalies()
    assert over.ended_at is not None
    assert shop.anomalies(is_open=True) == []


def test_two_servers_and_one_that_starts_anew_raise_it_once(shop: Shop, store_url: str) -> None:
    shop.happen(shop.uses(BEGAN_US, NOW_US, 4 * EACH_HOUR), no_gold_from_web)
    other = open_store(store_url, now_us=NOW_US)
    one, two = shop.noticer(), shop.noticer(other)
    ticks = [
        store.read(lambda tx: read_pace(tx, shop.no, now_us=shop.now_us))
        for store in (shop.store, other)
    ]
    assert ticks[0] is not None
    assert ticks[1] is not None
    assert shop.store.change(partial(keep_pace, tick=ticks[0]))
    assert not other.change(partial(keep_pace, tick=ticks[1]))
    assert [one.once(), two.once(), shop.noticer().once()] == [1, 0, 0]
    assert len(shop.anomalies()) == 1
    other.close()


def test_nothing_is_said_while_there_is_too_little_history(shop: Shop) -> None:
    began_us = NOW_US - 60 * HOUR_US
    shop.happen(shop.uses(began_us, NOW_US, 4 * EACH_HOUR), no_gold_from_web)
    assert shop.noticer().once() == 0


def test_nothing_is_said_of_a_quiet_shop(shop: Shop) -> None:
    shop.happen(shop.uses(BEGAN_US, NOW_US, EACH_HOUR))
    assert shop.noticer().once() == 0


def test_a_promotion_that_ended_or_was_used_up_is_no_anomaly(shop: Shop) -> None:
    """N13: neither one that ended, nor one of which no assignment is left."""
    uses = shop.uses(BEGAN_US, FAULT_US // HOUR_US * HOUR_US, EACH_HOUR)
    shop.happen(uses, unused=False)
    assert shop.noticer().once() == 0
    define(shop.store, shop.workspace, "tiered", limits=[], ends_at=format_instant(FAULT_US))
    assert shop.noticer().once() == 0


def test_old_redemptions_that_come_late_are_no_leap(shop: Shop) -> None:
    shop.happen(shop.uses(BEGAN_US, NOW_US, EACH_HOUR))
    noticer = shop.noticer()
    noticer.once()
    late = shop.uses(BEGAN_US, NOW_US, EACH_HOUR)
    shop.now_us += 60_000_000
    for _ in range(2):
        shop.hour_later()
        noticer.once()
    for part in range(3):
        shop.happen(late[part::3])
        shop.hour_later()
        assert noticer.once() == 0


def test_a_leap_is_traced_too(shop: Shop) -> None:
    shop.happen(shop.uses(BEGAN_US, NOW_US, EACH_HOUR))
    more = [
        one._replace(tier="gold") for one in shop.uses(FAULT_US // HOUR_US * HOUR_US, NOW_US, 24)
    ]
    shop.happen(more, unused=False, assigned_us=BEGAN_US)
    assert shop.noticer().once() >= 1
    found = shop.anomalies()[0]
    assert found.direction == "leap"
    assert ("tier", ["gold"]) in [(one.dimension, one.words) for one in found.cause]


def test_what_matches_no_assignment_leaps_and_is_traced_to_its_promotion(shop: Shop) -> None:
    """N13: a till begins to send a promotion that nobody defined."""
    shop.happen(shop.uses(BEGAN_US, NOW_US, 1))
    noticer = shop.noticer()
    noticer.once()
    shop.now_us += 60_000_000
    for hour in range(90):
        uses = shop.uses(shop.now_us // HOUR_US * HOUR_US, shop.now_us // HOUR_US * HOUR_US + 1, 8)
        wrong = {"promotion_id": "SUMMER-O"} if hour >= 80 else {}
        shop.now_us += HOUR_US
        shop.happen(uses, lambda one: one.source == "app")
        shop.report("web", [used_again(one, **wrong) for one in uses if one.source == "web"])
        noticer.once()
    found = [one for one in shop.anomalies() if one.kind == "unmatched"]
    assert [(one.source, one.direction) for one in found] == [("web", "leap")]
    assert [(one.dimension, one.words) for one in found[0].cause] == [("promotion", ["SUMMER-O"])]


def test_who_has_seen_it_is_noted_and_other_workspaces_see_nothing(shop: Shop) -> None:
    shop.happen(shop.uses(BEGAN_US, NOW_US, 4 * EACH_HOUR), no_gold_from_web)
    shop.noticer().once()
    number = number_of(shop.anomalies()[0].anomaly_id)
    look = how_it_stands(shop.no, number)
    change = Change(shop.no, "anomaly.acknowledge", "it", look, "au_1", shop.now_us)
    seen = partial(
        acknowledge,
        workspace_no=shop.no,
        number=number,
        actor="ann@shop.example",
        note="the till was updated",
        now_us=shop.now_us,
    )
    for _ in range(2):
        shop.store.change(lambda tx: noted(tx, Actor("ann@shop.example"), change, seen))
    (found,) = shop.anomalies()
    assert (found.acknowledged_by, found.note) == ("ann@shop.example", "the till was updated")
    log, _ = shop.store.read(lambda tx: entries(tx, shop.no, Wanted(), limit=10))
    assert [one.action for one in log] == ["anomaly.acknowledge"]
    with pytest.raises(NotFound):
        shop.store.change(
            lambda tx: acknowledge(tx, shop.no + 1, number, actor="eve", note="", now_us=NOW_US)
        )


def test_webhooks_are_told_of_an_anomaly_once(shop: Shop, receiver: Receiver) -> None:
    """P11, N13: the message is the anomaly as the API shows it."""
    world = World(shop.store, shop.workspace)
    world.webhook(receiver.url, "anomaly.found")
    shop.happen(shop.uses(BEGAN_US, NOW_US, 4 * EACH_HOUR), no_gold_from_web)
    shop.noticer().once()
    assert world.worker.once() == 1
    (told,) = receiver.received
    assert told.is_signed_by(SECRET)
    assert told.said["type"] == "anomaly.found"
    assert told.said["data"]["said"] == shop.anomalies()[0].said
    (delivery,) = world.deliveries()
    assert delivery["anomaly_id"] == shop.anomalies()[0].anomaly_id
    shop.noticer().once()
    assert world.worker.once() == 0


def test_reading_the_counters_moves_no_figure(shop: Shop) -> None:
    shop.happen(shop.uses(BEGAN_US, NOW_US, 1), no_gold_from_web)
    shop.noticer().once()
    report = verify(shop.store, shop.no)
    assert report.different == 0
