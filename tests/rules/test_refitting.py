"""A refit: the same sums at once, and a model that a first wrong guess does not spoil."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from promosight.rules.evidence import LATELY_US, TAIL, Decided, Evidence
from promosight.rules.features import DAY_US, Offer, made_offer
from promosight.rules.refitting import Lessons, copied, less, negated, refitted
from promosight.rules.solving import Prior, solve
from tests.rules.deciding import HALF_LIFE_US, decisions, learned

NOW = 400 * DAY_US
OFFER: Offer = made_offer("p", None, {"worth": 0.5})


def close(one: Evidence, other: Evidence) -> bool:
    """Equal but for the rounding of the last unit of single decisions."""
    kinds = (one.half_life_us, LATELY_US, TAIL)
    rows = [[row for kind in kinds for row in each.canonical(kind)] for each in (one, other)]
    pairs = zip(*rows, strict=True)
    same = "era", "promotion", "tier", "features", "names", "decisions", "redeemed"
    return all(
        all(getattr(mine, name) == getattr(theirs, name) for name in same)
        and np.allclose(sums(mine.upper), sums(theirs.upper), rtol=1e-6, atol=1e6)
        and np.allclose(sums(mine.first), sums(theirs.first), rtol=1e-6, atol=1e6)
        for mine, theirs in pairs
    )


def sums(kept: bytes) -> NDArray[np.int64]:
    """Sums as they are kept."""
    return np.frombuffer(kept, "<i8")


def test_summed_at_once_it_is_what_was_added_one_by_one() -> None:
    made = decisions(300, known=20)
    lessons = Lessons.of([d for d, _ in made], [y for _, y in made])
    assert close(lessons.summed(HALF_LIFE_US), learned(made))


def test_what_is_taken_out_leaves_the_rest() -> None:
    made = decisions(200, known=20)
    some = Lessons.of([d for d, _ in made[:80]], [y for _, y in made[:80]])
    assert close(less(learned(made), some), learned(made[80:]))
    whole = learned(made)
    twice = copied(whole)
    twice.merge(negated(whole))
    assert not twice.canonical()


def test_a_refit_is_right_where_a_first_guess_was_far_off() -> None:
    """A thousand decisions taken at a probability of 0.05 of which half were redeemed: 9 log-odds in one step."""
    made = [Decided({"plan=gold": 1.0}, OFFER, 0.05, NOW - DAY_US) for _ in range(1_000)]
    redeemed = [i % 2 == 0 for i in range(1_000)]
    lessons = Lessons.of(made, redeemed)
    once = solve(lessons.summed(HALF_LIFE_US), Prior(), NOW)
    assert lessons.likely(once).mean() > 0.95
    again = refitted(lessons, Evidence(HALF_LIFE_US), Prior(), NOW)
    likely = lessons.likely(solve(again, Prior(), NOW))
    assert np.allclose(likely, 0.5, atol=0.05)


def test_nothing_is_refitted_of_nothing() -> None:
    empty = Lessons.of([], [])
    assert (
        refitted(empty, Evidence(HALF_LIFE_US), Prior(), NOW).encode()
        == Evidence(HALF_LIFE_US).encode()
    )
