"""Caps: what is granted never passes a limit, and nothing is refused that fits."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from promosight.rules.caps import Grant, Room, named, taken_of
from promosight.rules.money import MICROS, amount_of_text
from promosight.rules.promotions import MEASURES, WINDOWS, Limit

TIERS = (None, "gold", "silver")
limits = st.lists(
    st.builds(
        Limit,
        measure=st.sampled_from(MEASURES),
        amount=st.integers(0, 30).map(str),
        window=st.sampled_from(WINDOWS),
        tier_id=st.sampled_from(TIERS),
    ),
    max_size=4,
)
grants = st.lists(st.builds(Grant, st.sampled_from(TIERS), st.integers(0, 5 * MICROS)), max_size=60)


def _sum(limit: Limit, granted: Sequence[Grant]) -> int:
    return sum(taken_of(limit, one) for one in granted if limit.tier_id in (None, one.tier_id))


@given(limits, grants, st.data())
def test_grants_never_pass_a_limit_and_none_that_fits_is_refused(
    limits: list[Limit], grants: list[Grant], data: st.DataObject
) -> None:
    """P7, N7: against sums made anew for each grant, over what was used before."""
    used = [data.draw(st.integers(0, 40)) * MICROS for _ in limits]
    room = Room(limits, used)
    granted: list[Grant] = []
    for grant in grants:
        full = room.take(grant)
        after = [*granted, grant]
        fits = all(
            limit.tier_id not in (None, grant.tier_id)
            or there + max(_sum(limit, after), _sum(limit, granted) + 1)
            <= amount_of_text(limit.amount)
            for limit, there in zip(limits, used, strict=True)
        )
        assert (full is None) == fits
        if full is None:
            granted.append(grant)
        else:
            assert full.tier_id in (None, grant.tier_id)


def test_a_reward_without_a_cost_yet_wants_a_budget_that_is_not_used_up() -> None:
    """P7: a percentage is granted while there is budget, and not after it."""
    limit = Limit(measure="reward", amount="10")
    assert Room([limit], [10 * MICROS - 1]).take(Grant(None, 0)) is None
    assert Room([limit], [10 * MICROS]).take(Grant(None, 0)) is limit


def test_a_limit_is_named_in_words() -> None:
    limit = Limit(measure="assignments", amount="20", window="daily", tier_id="gold")
    assert named(limit, "EUR") == "the daily limit of 20 assignments of tier gold"
    assert named(Limit(measure="reward", amount="5"), "EUR") == "the lifetime limit of 5 EUR"
