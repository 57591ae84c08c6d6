"""Matching, case by case: each test is one sentence of section 3 of the semantics."""

from typing import Any

import pytest

from promosight.rules.matching import SKEW_US, Given, Used, Verdict, match
from promosight.rules.promotions import Terms

HOUR_US = 3_600_000_000
TERMS = Terms(known=True, currency="EUR", value_micros=5_000_000)
TIERED = Terms(
    known=True,
    currency="EUR",
    value_micros=5_000_000,
    tier_micros={"gold": 20_000_000, "silver": 10_000_000},
)


def assigned(slot: int, hour: float = 0, **fields: Any) -> Given:
    """An assignment `hour` hours after the epoch, known to its sender as a-<slot>."""
    return Given(slot=slot, assigned_us=int(hour * HOUR_US), public_id=f"a-{slot}", **fields)


def redeemed(event_id: str, hour: float = 10, **fields: Any) -> Used:
    """A redemption `hour` hours after the epoch."""
    return Used(event_id=event_id, source="till", redeemed_us=int(hour * HOUR_US), **fields)


def judge(given: list[Given], *used: Used, terms: Terms = TERMS) -> list[Verdict]:
    return match(terms, given, list(used))


def slots(verdicts: list[Verdict]) -> list[int | None]:
    return [verdict.slot for verdict in verdicts]


def outcomes(verdicts: list[Verdict]) -> list[str]:
    return [verdict.outcome for verdict in verdicts]


def test_one_redemption_of_one_assignment_counts() -> None:
    """S9, S10, S11, S31: a global offer, redeemed once, costs its value once."""
    assert judge([assigned(1)], redeemed("e")) == [
        Verdict("counted", None, 1, True, 5_000_000, "EUR")
    ]


def test_one_redemption_too_many_is_excess_and_costs_all_the_same() -> None:
    """S8, S18: it is never in the rate, and never hidden."""
    verdicts = judge([assigned(1)], redeemed("first", 1), redeemed("second", 2))
    assert outcomes(verdicts) == ["counted", "excess"]
    assert [v.cost_micros for v in verdicts] == [5_000_000, 5_000_000]


def test_without_an_assignment_a_redemption_is_unassigned() -> None:
    """S10: kept, in cost, and matched when its assignment arrives."""
    assert judge([], redeemed("e")) == [Verdict("unassigned", None, None, True, 5_000_000, "EUR")]
    assert outcomes(judge([assigned(1)], redeemed("e"))) == ["counted"]


def test_repeated_campaigns_take_the_latest() -> None:
    """S33: of several occurrences, the one given last is the one that is being redeemed."""
    weekly = [assigned(week, week * 24 * 7, campaign_id="weekly") for week in range(3)]
    now = 24 * 7 * 3
    verdicts = judge(weekly, *(redeemed(f"e-{n}", now + n, campaign_id="weekly") for n in range(4)))
    assert slots(verdicts) == [2, 1, 0, None]
    assert outcomes(verdicts)[3] == "excess"
    between = judge(weekly, redeemed("e", 24 * 7 * 1.5, campaign_id="weekly"))
    assert slots(between) == [1]


def test_an_unused_assignment_is_taken_before_the_second_use_of_a_later_one() -> None:
    twice = [assigned(1, 1, max_redemptions=2), assigned(2, 2, max_redemptions=2)]
    verdicts = judge(twice, *(redeemed(f"e-{n}", 10 + n) for n in range(5)))
    assert slots(verdicts) == [2, 1, 2, 1, None]


def test_the_assignments_own_limit_goes_before_the_promotions() -> None:
    terms = Terms(known=True, max_redemptions=3, currency="EUR")
    own = judge([assigned(1, max_redemptions=1)], redeemed("a", 1), redeemed("b", 2), terms=terms)
    promotions = judge([assigned(1)], redeemed("a", 1), redeemed("b", 2), terms=terms)
    assert outcomes(own) == ["counted", "excess"]
    assert outcomes(promotions) == ["counted", "counted"]


def test_a_tie_in_time_is_settled_by_event_id() -> None:
    """P6: not by who came first."""
    verdicts = judge([assigned(1)], redeemed("b"), redeemed("a"))
    assert outcomes(verdicts) == ["excess", "counted"]


def test_the_event_id_goes_before_the_source() -> None:
    """P6: two sources may even use the same id; then the source's name settles it."""
    given = [assigned(1)]
    a_by_zoo = Used(event_id="a", source="zoo", redeemed_us=0)
    b_by_app = Used(event_id="b", source="app", redeemed_us=0)
    a_by_app = Used(event_id="a", source="app", redeemed_us=0)
    assert outcomes(judge(given, b_by_app, a_by_zoo)) == ["excess", "counted"]
    assert outcomes(judge(given, a_by_zoo, a_by_app)) == ["excess", "counted"]


@pytest.mark.parametrize(
    ("reference", "slot"),
    [
        ({"assignment_id": "a-1", "promo_code": "ANNA", "campaign_id": "autumn"}, 1),
        ({"promo_code": "ANNA", "campaign_id": "autumn"}, 2),
        ({"campaign_id": "autumn"}, 3),
        ({}, 4),
        ({"assignment_id": "unheard of", "promo_code": "ANNA"}, 2),
        ({"assignment_id": "unheard of", "promo_code": "BEN", "campaign_id": "autumn"}, 3),
        ({"assignment_id": "unheard of", "promo_code": "BEN", "campaign_id": "spring"}, 4),
    ],
)
def test_the_most_exact_reference_that_finds_an_assignment_binds(
    reference: dict[str, str], slot: int
) -> None:
    """S9, S33: the assignment's id, then the personal code, then the campaign, then the latest; a
    source whose ids mean nothing here is matched as if it had named none."""
    given = [
        assigned(1, 1),
        assigned(2, 2, promo_code="ANNA"),
        assigned(3, 3, campaign_id="autumn"),
        assigned(4, 4),
    ]
    assert slots(judge(given, redeemed("e", 10, **reference))) == [slot]


def test_who_names_an_assignment_goes_before_who_came_earlier() -> None:
    given = [assigned(1, 1, promo_code="ANNA", campaign_id="autumn")]
    early = redeemed("a", 2)
    by_campaign = redeemed("b", 3, campaign_id="autumn")
    by_code = redeemed("c", 4, promo_code="ANNA")
    by_id = redeemed("d", 5, assignment_id="a-1")
    assert slots(judge(given, early, by_campaign, by_code, by_id)) == [None, None, None, 1]
    assert slots(judge(given, early, by_campaign, by_code)) == [None, None, 1]
    assert slots(judge(given, early, by_campaign)) == [None, 1]


def test_a_named_assignment_that_is_used_up_is_excess_even_beside_an_unused_one() -> None:
    given = [assigned(1, 1), assigned(2, 2)]
    verdicts = judge(
        given, redeemed("a", 3, assignment_id="a-1"), redeemed("b", 4, assignment_id="a-1")
    )
    assert outcomes(verdicts) == ["counted", "excess"]
    assert slots(verdicts) == [1, None]


def test_an_assignment_expires_on_the_dot() -> None:
    """Redeemed before it expires, not at the instant it does."""
    given = [assigned(1, 0, expires_us=10 * HOUR_US)]
    last = Used(event_id="e", source="till", redeemed_us=10 * HOUR_US - 1)
    late = Used(event_id="e", source="till", redeemed_us=10 * HOUR_US)
    assert outcomes(judge(given, last)) == ["counted"]
    assert outcomes(judge(given, late)) == ["unassigned"]


def test_two_clocks_may_differ_by_a_minute() -> None:
    """P6: a redemption may seem to come up to 60 s before its assignment."""
    given = [assigned(1, 10)]
    skewed = Used(event_id="e", source="till", redeemed_us=10 * HOUR_US - SKEW_US)
    before = Used(event_id="e", source="till", redeemed_us=10 * HOUR_US - SKEW_US - 1)
    assert SKEW_US == 60_000_000
    assert outcomes(judge(given, skewed)) == ["counted"]
    assert outcomes(judge(given, before)) == ["unassigned"]


def test_a_withdrawn_assignment_cannot_be_redeemed() -> None:
    assert outcomes(judge([assigned(1, withdrawn=True)], redeemed("e"))) == ["unassigned"]
    named = redeemed("e", assignment_id="a-1")
    assert outcomes(judge([assigned(1, withdrawn=True)], named)) == ["unassigned"]


def test_a_control_customer_who_redeems_contaminates_the_control() -> None:
    """S30: kept and shown; never in the rate."""
    control = [assigned(1, control=True)]
    for one in (redeemed("e"), redeemed("e", assignment_id="a-1")):
        (verdict,) = judge(control, one)
        assert (verdict.outcome, verdict.reason) == ("flagged", "control_contamination")
        assert (verdict.slot, verdict.cost_micros) == (None, 5_000_000)


def test_a_control_with_an_offer_from_elsewhere_redeems_that_offer() -> None:
    given = [assigned(1, 1, control=True), assigned(2, 0)]
    assert slots(judge(given, redeemed("e"))) == [2]
    used_up = judge(given, redeemed("a", 3), redeemed("b", 4))
    assert outcomes(used_up) == ["counted", "excess"]


@pytest.mark.parametrize("reference", [{"campaign_id": "autumn"}, {"promo_code": "ANNA"}])
def test_a_control_can_be_named_by_its_id_only(reference: dict[str, Any]) -> None:
    """A control was never sent a code or a campaign: such a reference means the offer beside it."""
    given = [assigned(1, 1, control=True, **reference), assigned(2, 0)]
    assert slots(judge(given, redeemed("e", 10, **reference))) == [2]


def test_someone_elses_code_is_flagged_and_takes_nothing() -> None:
    """S33: possible abuse, kept and in cost."""
    stolen = redeemed("a", 1, promo_code="BEN", code_is_foreign=True)
    verdicts = judge([assigned(1, promo_code="ANNA")], stolen, redeemed("b", 2))
    assert (verdicts[0].outcome, verdicts[0].reason) == ("flagged", "code_mismatch")
    assert verdicts[0].cost_micros == 5_000_000
    assert outcomes(verdicts)[1] == "counted"


def test_what_waits_or_is_rejected_takes_nothing_and_costs_nothing() -> None:
    waiting = redeemed("a", 1, fixed=("pending", "unknown_promotion"))
    refused = redeemed("b", 1, fixed=("rejected", "draft_promotion"))
    verdicts = judge([assigned(1)], waiting, refused, redeemed("c", 2))
    assert outcomes(verdicts) == ["pending", "rejected", "counted"]
    assert [v.reason for v in verdicts[:2]] == ["unknown_promotion", "draft_promotion"]
    assert [v.cost_micros for v in verdicts[:2]] == [0, 0]


def test_a_full_reversal_frees_the_assignment() -> None:
    """P5: the redemption is no longer live, and the next one counts in its stead."""
    verdicts = judge([assigned(1)], redeemed("a", 1, fully_reversed=True), redeemed("b", 2))
    assert [(v.live, v.cost_micros) for v in verdicts] == [(False, 0), (True, 5_000_000)]
    assert verdicts[1].outcome == "counted"


def test_a_partial_reversal_lowers_the_cost_and_keeps_the_redemption() -> None:
    """P5: part of the reward came back, the customer still redeemed."""
    verdicts = judge([assigned(1)], redeemed("a", 1, reversed_micros=2_000_000), redeemed("b", 2))
    assert (verdicts[0].live, verdicts[0].cost_micros) == (True, 3_000_000)
    assert outcomes(verdicts) == ["counted", "excess"]


@pytest.mark.parametrize(
    ("undone", "live", "cost"),
    [(0, True, 5), (2, True, 3), (4, True, 1), (5, False, 0), (6, False, 0)],
)
def test_repeated_partial_reversals_add_up_to_a_full_one(
    undone: int, live: bool, cost: int
) -> None:
    """P5: the sum of the parts decides; more than everything is everything."""
    (verdict,) = judge([assigned(1)], redeemed("a", reversed_micros=undone * 1_000_000))
    assert (verdict.live, verdict.cost_micros) == (live, cost * 1_000_000)


@pytest.mark.parametrize(("undone", "live", "cost"), [(3, True, 7), (5, True, 5), (10, False, 0)])
@pytest.mark.parametrize("terms", [TERMS, Terms(known=True, currency="EUR")])
def test_parts_undo_a_personal_reward_once_they_reach_what_its_assignment_promised(
    terms: Terms, undone: int, live: bool, cost: int
) -> None:
    """P5, S33: not what others get, nor nothing where the promotion itself has no value."""
    personal = [assigned(1, reward_micros=10_000_000)]
    (verdict,) = judge(personal, redeemed("a", reversed_micros=undone * 1_000_000), terms=terms)
    assert (verdict.outcome, verdict.live) == ("counted", live)
    assert verdict.cost_micros == cost * 1_000_000


def test_parts_have_to_reach_the_most_that_a_redemption_may_take() -> None:
    """P5: whichever it takes in the end, so that what others do does not undo it."""
    offers = [assigned(1, reward_micros=4_000_000), assigned(2, 1, reward_micros=9_000_000)]
    parts = redeemed("a", reversed_micros=5_000_000)
    (verdict,) = judge(offers, parts)
    assert (verdict.live, verdict.cost_micros) == (True, 4_000_000)
    assert judge(offers[:1], parts)[0].live is False


def test_the_reward_actually_given_is_the_cost_and_a_difference_is_flagged() -> None:
    """S24: a different value than assigned is kept, used and flagged."""
    (verdict,) = judge([assigned(1)], redeemed("e", reward_micros=7_000_000))
    assert (verdict.outcome, verdict.reason) == ("counted", "value_mismatch")
    assert verdict.cost_micros == 7_000_000
    (same,) = judge([assigned(1)], redeemed("e", reward_micros=5_000_000))
    assert same.reason is None


@pytest.mark.parametrize(
    ("given", "cost"),
    [
        ({"reward_micros": 1_000_000, "tier_id": "gold"}, 1_000_000),
        ({"reward_micros": 0, "tier_id": "gold"}, 0),
        ({"tier_id": "gold"}, 20_000_000),
        ({"tier_id": "silver"}, 10_000_000),
        ({"tier_id": "unheard of"}, 5_000_000),
        ({}, 5_000_000),
    ],
)
def test_the_value_is_the_assignments_or_its_tiers_or_the_promotions(
    given: dict[str, Any], cost: int
) -> None:
    """S32, S34: each tier has a reward of its own."""
    (verdict,) = judge([assigned(1, **given)], redeemed("e"), terms=TIERED)
    assert verdict.cost_micros == cost


def test_a_percentage_costs_nothing_until_the_event_says_how_much() -> None:
    percentage = Terms(known=True, currency="EUR")
    (silent,) = judge([assigned(1)], redeemed("e"), terms=percentage)
    (told,) = judge([assigned(1)], redeemed("e", reward_micros=1_230_000), terms=percentage)
    assert (silent.cost_micros, silent.reason) == (0, None)
    assert (told.cost_micros, told.reason) == (1_230_000, None)


def test_money_keeps_its_currency_and_units_stay_units() -> None:
    """S24: nothing is converted, and points never become money."""
    points = Terms(known=True, currency="~points", value_micros=100_000_000)
    abroad = redeemed("e", currency="USD")
    assert judge([assigned(1)], abroad)[0].currency == "USD"
    assert judge([assigned(1)], abroad, terms=points)[0].currency == "~points"


def test_a_redemption_that_says_no_currency_costs_in_that_of_the_assignment_it_takes() -> None:
    """S24: an assignment of 4.50 USD of a promotion in EUR is not used up for 4.50 EUR."""
    points = Terms(known=True, currency="~points", value_micros=100_000_000)
    given = [assigned(1, reward_micros=4_500_000, currency="USD", expires_us=20 * HOUR_US)]
    (silent,) = judge(given, redeemed("e"))
    (valued,) = judge(given, redeemed("e", reward_micros=3_000_000))
    (told,) = judge(given, redeemed("e", currency="EUR"))
    (late,) = judge(given, redeemed("e", 30))
    assert (silent.cost_micros, silent.currency) == (4_500_000, "USD")
    assert (valued.cost_micros, valued.currency) == (3_000_000, "USD")
    assert (told.currency, late.currency) == ("EUR", "EUR")
    assert judge(given, redeemed("e"), terms=points)[0].currency == "~points"
