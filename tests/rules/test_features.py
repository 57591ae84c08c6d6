"""The feature map: bounded, named, the same for the same history in any order (S44)."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from promosight.rules.features import (
    BOUND,
    DAY_US,
    MOST,
    STEPS,
    History,
    Record,
    customer_features,
    promotion_offers,
)
from promosight.rules.promotions import Promotion, Reward, Tier

NOW = 100 * DAY_US


def test_what_a_customer_redeemed_is_in_the_features() -> None:
    """S44: redemptions join the history that is decided from."""
    without = customer_features(History([Record("global", "unit", 4)]), {}, {}, NOW)
    record = Record("global", "unit", 4, 3, 1, 90.0, NOW - DAY_US, NOW - DAY_US)
    features = customer_features(History([record]), {}, {}, NOW)
    assert features["rate"] > without["rate"]
    assert features["rate:reward=unit"] > 0
    assert features["recency"] > 0.9
    assert features["basket"] > 0


def test_the_order_of_a_history_does_not_matter() -> None:
    records = [Record("global", t, n, n // 2) for n, t in enumerate(("unit", "amount", "unit"))]
    told = {"plan": "gold", "age": 33}
    features = customer_features(History(records), told, {}, NOW)
    random.Random(1).shuffle(records)
    assert customer_features(History(records), dict(reversed(told.items())), {}, NOW) == features


def test_words_numbers_and_yes_or_no_become_named_features() -> None:
    told = {"plan": " Gold ", "age": 33, "vip": True, "tags": ["a"], "none": None}
    features = customer_features(History(), told, {"plan": "blue"}, NOW)
    assert sorted(features) == ["age=#", "plan=blue", "vip=true"]


def test_dates_and_amounts_as_text_are_not_words_of_their_own() -> None:
    """Else each customer would bring new names, and those that many share would find no room."""
    told = {"joined_at": "2026-01-22T20:51:21Z", "average_order": "73.94", "age": "25-34"}
    features = customer_features(History(), told, {}, NOW)
    assert features == customer_features(
        History(), {"average_order": 73.94, "age": "25-34"}, {}, NOW
    )
    assert features["age=25-34"] == 1.0


def test_a_number_between_signs_that_no_page_shows_is_a_number() -> None:
    told = customer_features(History([]), {"visits": "7\x1f"}, {}, NOW)
    assert told == customer_features(History([]), {"visits": "7"}, {}, NOW)


@given(
    st.dictionaries(
        st.text(), st.one_of(st.integers(), st.floats(), st.booleans(), st.text()), max_size=60
    )
)
def test_whatever_is_told_there_are_few_features_and_all_are_bounded(
    told: dict[str, object],
) -> None:
    features = customer_features(History([Record("global", "unit", 10**9)]), told, told, NOW)
    assert len(features) <= MOST
    assert all(abs(value) <= BOUND and (value * STEPS).is_integer() for value in features.values())


def test_an_offer_is_known_by_its_definition() -> None:
    tiers = [Tier(tier_id="vip", reward_value="50"), Tier(tier_id="base", reward_value="5")]
    promotion = Promotion(name="x", kind="tiered", reward=Reward(type="amount"), tiers=tiers)
    of_vip, of_base = promotion_offers("p", promotion)
    assert (of_vip.promotion, of_vip.tier, of_base.tier) == ("p", "vip", "base")
    vip, base = dict(of_vip.features), dict(of_base.features)
    assert vip["tier"] > base["tier"]
    assert vip["worth"] > base["worth"]
    assert vip["reward=amount"] == vip["kind=tiered"] == 1
