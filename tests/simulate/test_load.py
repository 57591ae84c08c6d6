"""A load has exactly the size asked for, in the order of time, and its right answer is known."""

import math
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest

from promosight.errors import Invalid
from promosight.rules.facts import Rejection, event_from
from promosight.rules.instants import SECOND_US, from_datetime
from promosight.rules.reported import ReportedEvent
from promosight.simulate.load import Load

END = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)
LOAD = Load(ends_at=END, assignments_count=2_000, redemptions_count=640)


def test_a_load_is_exactly_as_large_as_asked_for() -> None:
    """2,000 assigned, 640 redeemed, 32%."""
    assigned = {(one["promotion_id"], one["customer_id"]) for one in LOAD.assignments()}
    redeemed = {(one["promotion_id"], one["customer_id"]) for one in LOAD.redemptions()}
    assert len(assigned) == len(list(LOAD.assignments())) == 2_000
    assert len(redeemed) == len(list(LOAD.redemptions())) == 640
    assert redeemed <= assigned
    assert len(list(LOAD.customers())) == 200
    assert len(list(LOAD.promotions())) == 10


def test_by_code_every_redemption_names_one_issued_code_and_nothing_else() -> None:
    """Personal codes, redeemed by code."""
    load = replace(LOAD, by_code=True, promotions_count=1)
    issued = {one["promo_code"]: one["customer_id"] for one in load.assignments()}
    assert len(issued) == 2_000
    used = {one["promo_code"]: one["customer_id"] for one in load.redemptions()}
    assert len(used) == 640
    assert used.items() <= issued.items()
    assert all("promotion_id" not in one for one in load.redemptions())


def test_more_redemptions_than_assignments_use_each_several_times() -> None:
    load = replace(LOAD, assignments_count=100, redemptions_count=250)
    uses = Counter((one["promotion_id"], one["customer_id"]) for one in load.redemptions())
    assert sum(uses.values()) == 250
    assert max(uses.values()) == load.max_redemptions == 3
    assert len(uses) == 100


def test_duplicates_and_reversals_come_on_top_as_often_as_set() -> None:
    load = replace(LOAD, duplicates=0.1, reversals=0.05)
    deliveries = list(load.redemption_deliveries())
    whys = Counter(one.why for one in deliveries)
    assert whys == {"redeemed": 640, "duplicate": 64, "reversed": 32}
    ids = [one.record["event_id"] for one in deliveries if one.why == "redeemed"]
    assert len(set(ids)) == 640
    assert {one.record["reverses"] for one in deliveries if one.why == "reversed"} < set(ids)


def test_a_load_is_in_the_order_of_time_and_well_formed() -> None:
    load = replace(LOAD, duplicates=0.1, reversals=0.05)
    deliveries = list(load.deliveries())
    assert deliveries == sorted(deliveries, key=lambda one: one.at_s)
    assert deliveries[-1].at_s <= math.floor(END.timestamp())
    for one in deliveries:
        if one.kind == "redemptions":
            event = msgspec.convert(one.record, ReportedEvent, strict=False)
            received_us, tracking_us = from_datetime(END), load.start_s * SECOND_US
            fact = event_from(event, received_us=received_us, tracking_from_us=tracking_us)
            assert not isinstance(fact, Rejection), fact


def test_a_load_without_redemptions_has_none() -> None:
    load = replace(LOAD, redemptions_count=0, duplicates=0.5, reversals=0.5)
    assert not list(load.redemptions())


def test_a_load_that_cannot_be_is_refused_by_the_name_of_its_setting() -> None:
    with pytest.raises(Invalid) as refusal:
        replace(LOAD, assignments_count=0)
    assert refusal.value.pointer == "/assignments_count"
