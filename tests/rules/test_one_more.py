"""One more redemption judged by the uses alone gets the verdict that matching the whole group gives it, and leaves
everybody else theirs."""

import msgspec
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from promosight.rules.matching import Given, Used, Verdict, match
from promosight.rules.one_more import Uses, one_less, one_more, turn_at
from promosight.rules.promotions import Terms
from tests.rules.test_matching_properties import Group, groups, redemptions

TERMS = Terms(known=True, max_redemptions=2, currency="EUR", value_micros=5_000_000)


def uses_of(group: Group, verdicts: list[Verdict]) -> dict[int, Uses]:
    """How the assignments of a matched group are used."""
    uses = {a.slot: Uses() for a in group.given}
    by_slot = {a.slot: a for a in group.given}
    for one, verdict in zip(group.used, verdicts, strict=True):
        if verdict.slot is None:
            continue
        if verdict.live:
            uses[verdict.slot].add(_turn(by_slot[verdict.slot], one))
        else:
            uses[verdict.slot].undone += 1
    return uses


def _turn(given: Given, one: Used) -> tuple[int, int, str]:
    return turn_at(
        given,
        one.redeemed_us,
        one.event_id,
        assignment_id=one.assignment_id,
        promo_code=one.promo_code,
        campaign_id=one.campaign_id,
    )


@st.composite
def joined(draw: DrawFn) -> tuple[Group, Used]:
    """A group, and a redemption that joins it, of which nothing is reversed."""
    group = draw(groups())
    one = draw(redemptions(draw(st.integers(0, 6))))
    one.source, one.fully_reversed, one.reversed_micros = "joining", False, 0
    return group, one


@settings(max_examples=500)
@given(joined())
def test_one_more_is_judged_as_with_its_whole_group(case: tuple[Group, Used]) -> None:
    """S14, P6: what is said without the others is what matching all of them says, of it and of them."""
    group, one = case
    before = match(*group)
    uses = uses_of(group, before)
    verdict = one_more(group.terms, group.given, uses, one)
    assume(verdict is not None)
    after = Group(group.terms, group.given, [*group.used, one])
    verdicts = match(*after)
    assert verdicts == [*before, verdict]
    assert uses == uses_of(after, verdicts)


@st.composite
def undone(draw: DrawFn) -> tuple[Group, int, Used]:
    """A group, one of its redemptions, and the same with more of it reversed."""
    group = draw(groups())
    assume(group.used)
    at = draw(st.integers(0, len(group.used) - 1))
    one = group.used[at]
    more = draw(st.sampled_from([None, 1_000_000, 3_000_000]))
    fields = (
        {"fully_reversed": True}
        if more is None
        else {"reversed_micros": one.reversed_micros + more}
    )
    return group, at, msgspec.structs.replace(one, **fields)


@settings(max_examples=500)
@given(undone())
def test_one_more_reversal_is_judged_as_with_its_whole_group(case: tuple[Group, int, Used]) -> None:
    """S14, P6: what is undone of one redemption, where the rest of the group need not be looked at for it."""
    group, at, one = case
    before = match(*group)
    uses = uses_of(group, before)
    slot, was_live = before[at].slot, before[at].live
    verdict = one_less(group.terms, group.given, uses, one, slot, was_live=was_live)
    assume(verdict is not None)
    after = Group(group.terms, group.given, [*group.used])
    after.used[at] = one
    verdicts = match(*after)
    assert verdicts == [*before[:at], verdict, *before[at + 1 :]]
    for number, its in uses_of(after, verdicts).items():
        assert uses[number].last == its.last or (uses[number].last or ()) > (its.last or ())
        uses[number].last = its.last
        assert uses[number] == its


@st.composite
def steps(draw: DrawFn) -> tuple[Group, list[tuple[int, Used]]]:
    """A group, and what happens to it one by one: another redemption, or more of one of them reversed."""
    group, one = draw(joined())
    found = [(-1, one)]
    for number in range(draw(st.integers(2, 8))):
        one = draw(redemptions(number))
        one.source, one.fully_reversed, one.reversed_micros = f"joining-{number}", False, 0
        found.append((draw(st.integers(-1, 3)), one))
    return group, found


@settings(max_examples=500)
@given(steps())
def test_step_by_step_it_stays_what_matching_all_of_it_says(
    case: tuple[Group, list[tuple[int, Used]]],
) -> None:
    """S14, P6: what was said before, of redemptions and of uses, serves to judge the next one."""
    group, found = case
    verdicts = match(*group)
    uses = uses_of(group, verdicts)
    for at, one in found:
        if at < 0:
            verdict = one_more(group.terms, group.given, uses, one)
            group.used.append(one)
            said = [*verdicts, verdict]
        elif at < len(group.used):
            whole = msgspec.structs.replace(group.used[at], fully_reversed=True)
            was = verdicts[at]
            verdict = one_less(group.terms, group.given, uses, whole, was.slot, was_live=was.live)
            group.used[at] = whole
            said = [*verdicts[:at], verdict, *verdicts[at + 1 :]]
        else:
            continue
        verdicts = match(*group)
        if verdict is None:
            uses = uses_of(group, verdicts)
        else:
            assert said == verdicts


def _later(number: int) -> Used:
    return Used(event_id=f"e-{number:04}", source="till", redeemed_us=number)


def test_of_many_that_come_in_order_none_needs_the_others() -> None:
    """The usual ones are known: the next use of what is left, and one too many."""
    given = [Given(slot=1, assigned_us=0), Given(slot=2, assigned_us=0)]
    uses = {1: Uses(), 2: Uses()}
    found = [one_more(TERMS, given, uses, _later(number)) for number in range(7)]
    said = [one and (one.outcome, one.slot) for one in found]
    excess = [("excess", None)] * 3
    assert said == [("counted", 2), ("counted", 1), ("counted", 2), ("counted", 1), *excess]


def test_one_that_comes_late_in_order_needs_the_others_only_where_it_takes_their_use() -> None:
    """Between the first and the last it takes what is left; where nothing is left it may be theirs."""
    given = [Given(slot=1, assigned_us=0, max_redemptions=3)]
    uses = {1: Uses()}
    for number in (10, 30):
        one_more(TERMS, given, uses, _later(number))
    assert one_more(TERMS, given, uses, _later(5)) is None  # it would be the first
    between = one_more(TERMS, given, uses, _later(20))
    assert between is not None
    assert between.outcome == "counted"
    assert one_more(TERMS, given, uses, _later(25)) is None  # the one at 30 has no use left
    last = one_more(TERMS, given, uses, _later(31))
    assert last is not None
    assert last.outcome == "excess"


def test_where_a_reversed_one_would_stand_otherwise_the_group_is_needed() -> None:
    """A reversed redemption stands where the live ones have left room: the last use taken moves it."""
    given = [Given(slot=1, assigned_us=0, max_redemptions=2)]
    uses = {1: Uses()}
    one_more(TERMS, given, uses, _later(1))
    uses[1].undone = 1
    assert one_more(TERMS, given, uses, _later(2)) is None
