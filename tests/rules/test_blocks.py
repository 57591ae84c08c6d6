"""Promotions solved side by side: each as if it stood alone, and the same wherever the model is sent."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from promosight.rules.blocks import packed, unpacked
from promosight.rules.features import Offer, made_offer
from promosight.rules.snapshot import Snapshot
from promosight.rules.solving import Prior, solve
from tests.rules.deciding import decisions, learned, offers

NEW = made_offer("nobody knows it", None, {"worth": 0.25})
THIRD = made_offer("tiered", "c", {"reward=amount": 1.0})


@pytest.fixture(scope="module")
def taught() -> Snapshot:
    """A model of promotions with and without tiers."""
    made = decisions(600)
    return solve(learned(made), Prior(), max(one.decided_us for one, _ in made))


def every() -> list[Offer]:
    """Offers with decisions, a new tier among them and a new promotion."""
    return [*offers(), THIRD, NEW]


def test_many_offers_at_once_are_what_each_is_alone(taught: Snapshot) -> None:
    """Weights, how sure they are, and draws: of tiers, of a new tier, and of a new promotion."""
    weights, doubts = taught.weights_of(every()), taught.doubts_of(every())
    drawn = taught.drawn_of(every())
    for at, offer in enumerate(every()):
        assert weights[at] == pytest.approx(taught.weights_of([offer])[0])
        assert doubts[at] == pytest.approx(taught.doubts_of([offer])[0])
        assert drawn[:, at] == pytest.approx(taught.drawn_of([offer])[:, 0])
        assert doubts[at] == pytest.approx(doubts[at].T)
        assert (np.linalg.eigvalsh(doubts[at]) > -1e-9).all()


def test_doubts_are_the_covariance_of_the_columns_an_offer_has(taught: Snapshot) -> None:
    """Of each customer feature: shared columns times what the offer gives to them, and the promotion's own."""
    layout = taught.layout
    for offer, given in zip(every(), layout.given(every()), strict=True):
        block = taught.block(offer.promotion)
        shared, own = len(taught.mean), len(block.mean)
        whole = np.zeros((shared + own, shared + own))
        whole[:shared, :shared], whole[shared:, shared:] = taught.spread, block.spread
        whole[:shared, shared:], whole[shared:, :shared] = -block.toward, -block.toward.T
        fold = np.zeros((len(layout.names), shared + own))
        fold[layout.rows, np.arange(shared)] = given[layout.cols]
        fold[layout.own, shared + np.arange(len(layout.own))] = 1.0
        if column := block.column(offer.tier):
            fold[0, shared + column] = 1.0
        assert taught.doubts_of([offer])[0] == pytest.approx(fold @ whole @ fold.T)
        mean = np.concatenate([taught.mean, block.mean])
        assert taught.weights(offer) == pytest.approx(fold @ mean)


def test_a_model_that_was_sent_says_the_same_to_the_last_bit(taught: Snapshot) -> None:
    """Also of offers that nobody had asked for before it was sent."""
    known = taught.menu(every()[:3])
    sent: Snapshot = pickle.loads(pickle.dumps(taught))
    assert sent.menu(every()[:3]).weights.tobytes() == known.weights.tobytes()
    mine, theirs = taught.menu(every()), sent.menu(every())
    assert mine.weights.tobytes() == theirs.weights.tobytes()
    assert mine.doubts.tobytes() == theirs.doubts.tobytes()
    assert mine.draws(0.5).tobytes() == theirs.draws(0.5).tobytes()


def test_what_is_packed_comes_back(taught: Snapshot) -> None:
    """Promotions with equally many columns become one."""
    sent = packed(taught.blocks)
    assert len(sent) == 2
    for name, block in unpacked(sent).items():
        assert block.tiers == taught.blocks[name].tiers
        assert (block.toward == taught.blocks[name].toward).all()
    assert packed({}) == []
