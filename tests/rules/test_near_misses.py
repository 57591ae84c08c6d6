"""Near misses (N6): what a word that nobody knows most likely meant, and silence where that cannot be told."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.misspellings import LEAST, SITUATIONS, look
from promosight.rules.likeness import forms_of, likeness, slips
from promosight.rules.near_misses import (
    Candidate,
    Form,
    Missed,
    Support,
    near_promotions,
    rank,
    rank_forms,
    rank_missed,
)

SUMMER = Candidate("SUMMER-25", "Summer, 25 percent", ("SUN25",))
WINTER = Candidate("WINTER-25", "Winter, 25 percent", ())
words = st.text("ABCD-0125", min_size=1, max_size=12)
counts = st.integers(0, 50)


@st.composite
def supports(draw: st.DrawFn) -> Support:
    customers = draw(counts)
    usual = draw(st.floats(0, 1))
    return Support(customers, draw(st.integers(0, customers)), draw(st.booleans()), usual)


@pytest.mark.parametrize(
    ("field", "told", "kind"),
    [
        ("promotion_id", "summer25", "written_otherwise"),
        ("promotion_id", "SUMMER 25", "written_otherwise"),
        ("promotion_id", "SUMER-25", "misspelled"),
        ("promotion_id", "SUMMRE-25", "misspelled"),
        ("promo_code", "SUN2S", None),  # of five letters and digits one is a digit less
        ("promo_code", "SUM25", "misspelled"),
        ("promotion_id", "SUN25", "wrong_field"),
        ("promo_code", "SUMMER-25", "wrong_field"),
        ("promotion_id", "SUMMER-26", None),  # another year is another promotion
        ("promotion_id", "AUTUMN-25", None),
        ("promotion_id", "-", None),
    ],
)
def test_a_word_is_explained_by_what_it_is_like(field: str, told: str, kind: str | None) -> None:
    """N6."""
    near = near_promotions(field, told, [WINTER, SUMMER])
    reasons = rank(told, 412, [(one, Support()) for one in near])
    assert [one.kind for one in reasons] == [kind] * (kind is not None)
    for one in reasons:
        assert one.promotion_id == "SUMMER-25"
        assert one.evidence.events == 412
        assert told in one.detail


def test_letters_taken_for_digits_are_seen() -> None:
    assert [n.like.how for n in near_promotions("promo_code", "SPRING2O", [_one("SPRING20")])] == [
        "looks"
    ]


def test_two_that_are_as_likely_are_both_named_and_neither_is_said_to_be_it() -> None:
    """N6: who was given what tells them apart, where somebody was given anything."""
    pair = [_one("SUMMER-25"), _one("SUMMER_25")]
    near = near_promotions("promotion_id", "summer25", pair)
    undecided = rank("summer25", 3, [(one, Support()) for one in near])
    assert [one.likelihood for one in undecided] == ["possible", "possible"]
    held = [Support(20, 0, is_assigned=True), Support(20, 18, is_assigned=True, usual=0.05)]
    decided = rank("summer25", 3, list(zip(near, held, strict=True)))
    assert (decided[0].promotion_id, decided[0].likelihood) == ("SUMMER_25", "very likely")
    assert "18 of 20 customers who wait were given it." in decided[0].detail


def test_what_none_of_many_was_given_is_not_said_on_a_slip_alone() -> None:
    near = near_promotions("promotion_id", "SUMER-25", [SUMMER])
    assert rank("SUMER-25", 9, [(near[0], Support(9, 0, is_assigned=True))]) == []
    # What everybody was given tells nothing either way: the word alone does.
    all_hold = Support(9, 9, is_assigned=True, usual=1.0)
    assert rank("SUMER-25", 9, [(near[0], all_hold)])[0].likelihood == "likely"


def test_where_assignments_wait_as_well_the_promotion_is_said_to_be_missing() -> None:
    """N6: two systems do not slip in the same way; what is like it is only possible then."""
    near = near_promotions("promotion_id", "summer25", [SUMMER])
    reasons = rank("summer25", 9, [(near[0], Support())], assignments=400)
    assert [one.kind for one in reasons] == ["not_defined", "written_otherwise"]
    assert reasons[1].likelihood == "possible"


@given(told=words, known=words)
def test_likeness_is_the_same_both_ways_and_whole_with_itself(told: str, known: str) -> None:
    """N6."""
    assert likeness(told, known) == likeness(known, told)
    alike = likeness(told, told)
    assert (alike is None) == (not told.strip("-")), (
        "what has no letter and no digit is like nothing"
    )


@given(one=words, other=words)
def test_slips_are_counted_as_by_the_book(one: str, other: str) -> None:
    """Nothing is told of more than are asked for; what is told is the distance, the same both ways."""
    whole = _distance(one, other)
    for most in (1, 2, 3):
        assert slips(one, other, most) == min(whole, most + 1) == slips(other, one, most)


def _distance(one: str, other: str) -> int:
    """Optimal string alignment, with the whole table."""
    rows = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i in range(len(one) + 1):
        for j in range(len(other) + 1):
            if not i or not j:
                rows[i][j] = i + j
                continue
            same = one[i - 1] == other[j - 1]
            rows[i][j] = min(
                rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (not same)
            )
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]


@given(
    told=words,
    known=st.lists(words, min_size=1, max_size=6, unique=True),
    held=st.lists(supports(), min_size=6, max_size=6),
    shuffle=st.randoms(use_true_random=False),
)
def test_the_ranking_depends_on_the_evidence_and_not_on_its_order(
    told: str, known: list[str], held: list[Support], shuffle: Random
) -> None:
    """N6: deterministic, and one that more of those who wait were given is not ranked lower for it."""
    candidates = [_one(word) for word in known]
    support = {one.promotion_id: its for one, its in zip(candidates, held, strict=False)}
    mixed = shuffle.sample(candidates, len(candidates))
    ranked = [
        rank(told, 5, [(n, support[n.candidate.promotion_id]) for n in near_promotions(f, told, c)])
        for f, c in (("promotion_id", candidates), ("promotion_id", mixed))
    ]
    assert ranked[0] == ranked[1]
    named = [one.promotion_id for one in ranked[0]]
    assert len(named) == len(set(named))
    assert sum(one.likelihood == "very likely" for one in ranked[0]) <= 1


@given(customer_id=st.text("aB0127@.-_ ", min_size=1, max_size=12).map(str.strip).filter(bool))
def test_a_form_of_an_id_is_another_one_and_leads_back(customer_id: str) -> None:
    """N6: forms follow exact rules, so that the other form of the form is the id again, or as good as it."""
    for some in forms_of(customer_id).values():
        assert customer_id not in some
        assert len(set(some)) == len(some)
    if customer_id.isdigit() and customer_id.strip("0"):
        assert all(int(one) == int(customer_id) for one in forms_of(customer_id).get("zeros", []))


def test_a_customer_is_found_in_another_form() -> None:
    """N6: the more so the more of the source's customers are, and where they were given the promotion."""
    alone = Form("zeros", "12345", customers=100, matching=1, holds=None)
    assert rank_forms("0012345", "till", [alone]) == []  # one number of many is chance
    many = Form("zeros", "12345", customers=100, matching=97, holds=True)
    (reason,) = rank_forms("0012345", "till", [many])
    assert (reason.customer_id, reason.likelihood) == ("12345", "very likely")
    assert "97 of 100 customers who wait from till" in reason.detail
    mail = Form("case", "ann@shop.example", customers=1, matching=1, holds=None)
    assert rank_forms("Ann@shop.example", "till", [mail])[0].kind == "customer_form"


def test_an_assignment_that_was_missed_says_by_how_much() -> None:
    """N6: the one that missed by least comes first."""
    hour, at = 3_600_000_000, 1_000_000_000_000
    missed = [
        Missed(at - 9 * hour, at - 2 * hour, None, "A", "B"),
        Missed(at + 60_000_000, None, None, "C", None),
        Missed(at - hour, None, None, "D", None),
    ]
    later, expired = rank_missed(at, missed)
    assert (later.kind, later.evidence.seconds, later.evidence.at) == ("assigned_later", 60, "C")
    assert expired.detail == "The assignment had expired 2 hours before the redemption."


@pytest.mark.parametrize("situation", SITUATIONS)
def test_suggestions_are_right_or_left_unsaid(situation: str) -> None:
    """N6: on seeded misspellings of shops whose promotions resemble each other (docs/near-misses.md)."""
    found = look(SITUATIONS[situation], shops=3, each=30, waiting=10)
    said, right, _ = map(sum, zip(*found.values(), strict=True))
    assert right >= LEAST * said
    for way in ("form", "looks", "one slip", "wrong field"):
        assert found[way][1] >= 0.9 * found[way][2], way
    assert found["not defined"][0] <= 0.1 * found["not defined"][2]


def _one(promotion_id: str) -> Candidate:
    return Candidate(promotion_id, "", ())
