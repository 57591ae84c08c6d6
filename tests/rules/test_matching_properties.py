"""What holds for every group of facts: order does not matter, no assignment is used too often, and a
second matcher, written on its own from the semantics, decides the same."""

from collections import Counter
from random import Random
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from promosight.rules.matching import (
    IN_COST,
    Given,
    Used,
    Verdict,
    candidates,
    first_use,
    is_in_time,
    is_reversed,
    match,
    promised_in,
    promised_micros,
)
from promosight.rules.promotions import Terms
from tests.rules.naive_matching import decide

MINUTE_US = 60_000_000
# Few instants, so that ties, the minute of skew and expiry on the dot all happen.
INSTANT = st.integers(0, 8).map(lambda n: n * MINUTE_US // 2)
CODE = st.sampled_from([None, None, None, "ANNA", "BEN", "nobody's"])
CAMPAIGN = st.sampled_from([None, "spring", "spring", "autumn", "unheard of"])
MONEY = st.sampled_from([None, None, 0, 3_000_000, 5_000_000])
MANY = settings(max_examples=150)
VERY_MANY = settings(max_examples=400)


class Group(NamedTuple):
    """One (promotion, customer): its terms and facts."""

    terms: Terms
    given: list[Given]
    used: list[Used]

    def verdicts(self) -> dict[tuple[str, str], Verdict]:
        """The verdict on each redemption by its identity."""
        keys = [(one.source, one.event_id) for one in self.used]
        return dict(zip(keys, match(self.terms, self.given, self.used), strict=True))


def is_undone(group: Group, one: Used) -> bool:
    """Whether nothing of a redemption is left."""
    settled = one.fixed is not None or one.code_is_foreign
    choice = [] if settled else candidates(group.given, one)[1]
    return is_reversed(group.terms, one, choice)


@st.composite
def assignments(draw: DrawFn, slot: int) -> Given:
    return Given(
        slot=slot,
        assigned_us=draw(INSTANT),
        expires_us=draw(st.one_of(st.none(), st.none(), INSTANT)),
        max_redemptions=draw(st.sampled_from([None, None, 1, 2])),
        control=draw(st.sampled_from([False, False, True])),
        withdrawn=draw(st.sampled_from([False] * 5 + [True])),
        public_id=f"a-{slot}",
        promo_code=draw(CODE),
        campaign_id=draw(CAMPAIGN),
        tier_id=draw(st.sampled_from([None, "gold"])),
        reward_micros=draw(MONEY),
        currency=draw(st.sampled_from([None, None, "USD"])),
    )


@st.composite
def redemptions(draw: DrawFn, number: int) -> Used:
    return Used(
        # Ids in no order of time; two sources may use the same.
        event_id=f"e-{(number * 3) % 7 // 2}",
        source=f"source-{(number * 5) % 7}",
        redeemed_us=draw(INSTANT),
        assignment_id=draw(st.sampled_from([None] * 5 + ["a-0", "a-1", "a-2", "unheard of"])),
        promo_code=draw(CODE),
        campaign_id=draw(CAMPAIGN),
        tier_id=draw(st.sampled_from([None, "gold"])),
        reward_micros=draw(MONEY),
        currency=draw(st.sampled_from([None, None, "CHF"])),
        code_is_foreign=draw(st.sampled_from([False] * 9 + [True])),
        fully_reversed=draw(st.sampled_from([False] * 5 + [True])),
        reversed_micros=draw(st.sampled_from([0, 0, 0, 2_000_000, 5_000_000])),
        fixed=draw(st.sampled_from([None] * 9 + [("pending", "unknown_customer")])),
    )


@st.composite
def groups(draw: DrawFn) -> Group:
    terms = Terms(
        known=True,
        max_redemptions=draw(st.sampled_from([1, 1, 2])),
        currency="EUR",
        value_micros=draw(st.sampled_from([None, 5_000_000])),
        tier_micros=draw(st.sampled_from([{}, {"gold": 9_000_000}])),
    )
    given = [draw(assignments(slot)) for slot in range(draw(st.integers(0, 4)))]
    used = [draw(redemptions(number)) for number in range(draw(st.integers(0, 6)))]
    return Group(terms, given, used)


@VERY_MANY
@given(groups(), st.randoms(use_true_random=False))
def test_the_order_in_which_facts_come_changes_nothing(group: Group, chance: Random) -> None:
    """S14, S15, P6: verdicts are a function of the set of facts."""
    before = group.verdicts()
    chance.shuffle(group.given)
    chance.shuffle(group.used)
    assert group.verdicts() == before


@VERY_MANY
@given(groups())
def test_a_second_matcher_decides_the_same(group: Group) -> None:
    """S9, S10: matching is what section 3 of the semantics says, by two independent readings."""
    for number, one in enumerate(group.used):
        one.event_id += f"-{number}"  # the naive matcher answers by event id
    reversed_ids = {one.event_id for one in group.used if is_undone(group, one)}
    expected = decide(group.given, group.used, reversed_ids, group.terms.max_redemptions)
    for one, verdict in zip(group.used, match(*group), strict=True):
        reason = None if verdict.reason == "value_mismatch" else verdict.reason
        assert (verdict.outcome, reason, verdict.slot) == expected[one.event_id], one
        assert verdict.live == (one.event_id not in reversed_ids)


@MANY
@given(groups())
def test_no_assignment_is_used_more_often_than_allowed(group: Group) -> None:
    """S18: so the rate cannot pass 100%."""
    verdicts = match(*group)
    uses = Counter(v.slot for v in verdicts if v.live and v.outcome == "counted")
    allowed = {a.slot: a.max_redemptions or group.terms.max_redemptions for a in group.given}
    assert all(slot is not None and times <= allowed[slot] for slot, times in uses.items())


@MANY
@given(groups())
def test_only_what_is_counted_takes_an_assignment_and_only_an_eligible_one(group: Group) -> None:
    by_slot = {a.slot: a for a in group.given}
    for one, verdict in zip(group.used, match(*group), strict=True):
        assert (verdict.slot is not None) == (verdict.outcome == "counted")
        if verdict.slot is not None:
            a = by_slot[verdict.slot]
            assert not a.control
            assert not a.withdrawn
            assert a.assigned_us - MINUTE_US <= one.redeemed_us
            assert a.expires_us is None or one.redeemed_us < a.expires_us


@MANY
@given(groups())
def test_reversed_redemptions_take_nothing_from_live_ones(group: Group) -> None:
    """P5: with the reversed ones gone, the others stand as they stood."""
    before = group.verdicts()
    live = [one for one in group.used if not is_undone(group, one)]
    assert group._replace(used=live).verdicts() == {k: v for k, v in before.items() if v.live}


@MANY
@given(groups(), MONEY)
def test_a_later_redemption_without_references_changes_none_before_it(
    group: Group, value: int | None
) -> None:
    """P6: only what competes with it may move."""
    before = group.verdicts()
    latest = max((one.redeemed_us for one in group.used), default=0) + 1
    group.used.append(Used(event_id="last", source="till", redeemed_us=latest, reward_micros=value))
    after = group.verdicts()
    del after["till", "last"]
    assert {k: v for k, v in after.items() if v.live} == {k: v for k, v in before.items() if v.live}


@MANY
@given(groups())
def test_a_cost_is_what_is_left_of_a_live_redemption_in_cost(group: Group) -> None:
    """S24: nothing costs less than nothing; reversed and pending cost nothing."""
    for one, verdict in zip(group.used, match(*group), strict=True):
        assert verdict.cost_micros >= 0
        if not verdict.live or verdict.outcome not in IN_COST:
            assert verdict.cost_micros == 0
        elif one.reward_micros is not None:
            assert verdict.cost_micros == one.reward_micros - one.reversed_micros


@MANY
@given(groups())
def test_excess_means_used_up_and_unassigned_means_none_eligible(group: Group) -> None:
    verdicts = match(*group)
    used_up = {v.slot for v in verdicts if v.live and v.outcome == "counted"}
    for one, verdict in zip(group.used, verdicts, strict=True):
        alone = match(group.terms, group.given, [one])[0]
        if verdict.outcome == "excess":
            assert alone.outcome == "counted"
            assert used_up
        if verdict.outcome == "unassigned":
            assert alone.outcome == "unassigned"


@VERY_MANY
@given(groups())
def test_the_first_use_of_a_sole_assignment_is_what_matching_says(group: Group) -> None:
    """The short way of plain redemptions (decision 7) against the rule."""
    for a in group.given:
        for one in group.used:
            if one.code_is_foreign or one.fixed or one.fully_reversed or one.reversed_micros:
                continue
            verdict = match(group.terms, [a], [one])[0]
            usable = not a.control and not a.withdrawn
            if not usable or not is_in_time(a.assigned_us, a.expires_us, one.redeemed_us):
                assert verdict.outcome != "counted"
                continue
            promised = promised_micros(group.terms, a.reward_micros, a.tier_id)
            own = promised_in(group.terms, a.currency)
            said = first_use(group.terms, promised, own, one.reward_micros, one.currency)
            assert verdict == Verdict("counted", said[0], a.slot, True, said[1], said[2])
