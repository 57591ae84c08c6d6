"""Which offer a customer gets: what each is worth, and a probability for each, from which the choice is drawn.

An arm is worth p_hat x (value - price x cost) - contact; "none" is always an arm, worth 0. The probabilities (pmf) are
greater than 0 for every arm, the choice is drawn from exactly them, and they are logged: that is what later makes an
honest estimate possible of what another policy would have earned. Whatever forbids an offer (eligibility, caps,
frequency) must have taken it out before: nothing may be refused after the draw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import xxhash
from numpy.typing import NDArray

from promosight.rules.features import Offer
from promosight.rules.snapshot import DRAWS, Draws, Menu, Snapshot

Floats = NDArray[np.float64]
FAR = 30.0
ABSURD = 1e12
_AT_ONCE = 8
"""The draws of so many customers are worked out together, so that their numbers stay near."""
THOMPSON = 4.5
"""At this gamma Thompson sampling draws from the posterior as it is."""
HOPE, HOPED_UNTIL = 1.0, 30.0
"""By so many deviations the draws are raised; by fewer where gamma is greater than this."""


@dataclass(frozen=True, slots=True)
class Arm:
    """An offer as a candidate of one decision."""

    offer: Offer
    value: float
    """Net worth of a redemption: what it brings less what its reward costs."""
    cost: float = 0.0
    """What a redemption takes from the budget."""
    price: float = 0.0
    """Shadow price of that budget."""
    contact: float = 0.0
    """What making the offer costs, redeemed or not."""
    lean: float = 0.0
    """Log-odds that this customer's own record with the promotion adds (rules/leaning.py)."""


@dataclass(frozen=True, slots=True)
class Exploration:
    """How much is tried. `gamma` is the slider: the greater, the more the best looking offer is preferred."""

    kind: str = "thompson"
    """thompson (draws from the posterior) or igw (inverse gap weighting)."""
    gamma: float = 30.0
    floor: float = 0.02
    """The share of decisions drawn evenly from all arms."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One decision's outcome. Arrays are in the order of the arms; pmf and scores have "none" at the end."""

    index: int | None
    """The chosen arm, None for no offer."""
    propensity: float
    pmf: Floats
    scores: Floats
    p_hat: Floats
    best: int | None
    """The arm of the highest score, None for no offer."""
    _menu: Menu
    _row: Floats

    @property
    def sd(self) -> Floats:
        """How unsure the log-odds of each arm are. Worked out when asked for."""
        return self._menu.sd(self._row)

    @property
    def explored(self) -> bool:
        """Whether something else than the best looking was drawn."""
        return self.index != self.best


def seed_of(decision_id: str, salt: str = "") -> int:
    """The seed of a decision."""
    return xxhash.xxh64_intdigest(f"{salt}\x00{decision_id}".encode())


def choose(
    snapshot: Snapshot,
    x: Mapping[str, float],
    arms: Sequence[Arm],
    exploration: Exploration,
    seed: int,
) -> Choice:
    """Draws one arm, or none, for a customer with these features."""
    menu = snapshot.menu([arm.offer for arm in arms])
    row = snapshot.layout.row(x)
    lean = np.array([arm.lean for arm in arms], float)
    p_hat = _likely(menu.weights @ row + lean)
    net, contact = _worth(arms)
    scores = np.append(p_hat * net - contact, 0.0)
    if exploration.kind == "thompson":
        draws = menu.draws(doubt_scale(exploration))
        hoped = lean + hope(exploration) * menu.sd(row)
        inner = _shares_of_draws(draws, row[None], net, contact, None, hoped)[0]
    else:
        inner = _inverse_gaps_of_one(scores, greed(snapshot, exploration))
    pmf = (1.0 - exploration.floor) * inner + exploration.floor / len(inner)
    pmf /= pmf.sum()
    at = drawn(pmf, seed)
    best = int(scores.argmax())
    last = len(arms)
    return Choice(
        index=None if at == last else at,
        propensity=float(pmf[at]),
        pmf=pmf,
        scores=scores,
        p_hat=p_hat,
        best=None if best == last else best,
        _menu=menu,
        _row=row,
    )


@dataclass(frozen=True, slots=True)
class Choices:
    """The outcome of many decisions over the same arms: one row for each customer; "none" is the last column."""

    index: NDArray[np.intp]
    """The chosen column."""
    pmf: Floats
    scores: Floats
    p_hat: Floats
    _menu: Menu
    _rows: Floats

    @property
    def sd(self) -> Floats:
        """How unsure the log-odds are. Worked out when asked for."""
        return self._menu.sds(self._rows)


@dataclass(frozen=True, slots=True)
class Worths:
    """What arms are worth: `net` (of a redemption), `contact` and `toll` (of an offer), per arm or customer x arm.

    `toll` is what a promise uses of scarce things whatever comes of it.
    """

    net: Floats
    contact: Floats | float = 0.0
    toll: Floats | float = 0.0


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A column for each customer that a share of the decisions goes to, -1 for nobody's."""

    columns: NDArray[np.intp]
    share: float


def choose_many(
    snapshot: Snapshot,
    customers: Sequence[Mapping[str, float]],
    arms: Sequence[Arm],
    exploration: Exploration,
    seeds: Sequence[int],
    allowed: NDArray[np.bool_] | None = None,
    values: Floats | None = None,
    leans: Floats | None = None,
) -> Choices:
    """`choose` for many customers at once: the same scores, probabilities and draws.

    `allowed` (customer x arm) takes arms out for some; `values` (customer x arm) is what a redemption is worth net of
    everything, where that differs by customer. `leans` (customer x arm) are in place of those of the arms.
    """
    menu = snapshot.menu([arm.offer for arm in arms])
    net, contact = _worth(arms)
    lean = np.array([arm.lean for arm in arms], float) if leans is None else leans
    worths = Worths(net if values is None else bounded(values), contact)
    rows = snapshot.layout.table(customers)
    return choose_rows(snapshot, menu, rows, worths, exploration, seeds, allowed, lean)


def likely_of(menu: Menu, rows: Floats, leans: Floats) -> Floats:
    """How likely each customer redeems each offer."""
    return _likely(rows @ menu.weights.T + leans)


def choose_rows(
    snapshot: Snapshot,
    menu: Menu,
    rows: Floats,
    worths: Worths,
    exploration: Exploration,
    seeds: Sequence[int],
    allowed: NDArray[np.bool_] | None,
    leans: Floats,
    benchmark: Benchmark | None = None,
) -> Choices:
    """The same of what is prepared: a menu, rows of customers, and numbers that are bounded already."""
    p_hat = likely_of(menu, rows, leans)
    spent = worths.contact + worths.toll
    scores = np.zeros((len(rows), len(menu.weights) + 1))
    scores[:, :-1] = p_hat * worths.net - spent
    if allowed is not None:
        scores[:, :-1][~allowed] = -np.inf
    if exploration.kind == "thompson":
        draws = menu.draws(doubt_scale(exploration))
        hoped = leans + hope(exploration) * menu.sds(rows)
        inner = _shares_of_draws(draws, rows, worths.net, spent, allowed, hoped)
    else:
        inner = inverse_gaps(scores, greed(snapshot, exploration))
    pmf = _with_floor(inner, scores, exploration.floor)
    if benchmark is not None:
        pmf = blended(pmf, benchmark)
    passed = pmf.cumsum(axis=1) <= np.array([uniform(seed) for seed in seeds])[:, None]
    index = np.minimum(passed.sum(axis=1), len(menu.weights))
    return Choices(index, pmf, scores, p_hat, menu, rows)


def blended(pmf: Floats, benchmark: Benchmark) -> Floats:
    """Probabilities of which a share goes to the benchmark of each customer who has one, such as a fixed offer.

    Draw from these and log these. With many offers a fixed one is otherwise chosen too rarely to be judged at all; a
    share s lets at least s of the decisions count for it. The benchmark must be named before the decision.
    """
    found = pmf.copy()
    who = np.flatnonzero(benchmark.columns >= 0)
    found[who] *= 1.0 - benchmark.share
    found[who, benchmark.columns[who]] += benchmark.share
    return found


def drawn(pmf: Floats, seed: int) -> int:
    """The place drawn from a pmf by a seed: the first at which the sum passes a number even in [0, 1)."""
    at = int(pmf.cumsum().searchsorted(uniform(seed), side="right"))
    return min(at, len(pmf) - 1)


def uniform(seed: int) -> float:
    """A number even in [0, 1) from a seed (splitmix64)."""
    z = (seed + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return float((z ^ (z >> 31)) >> 11) / float(1 << 53)


def greed(snapshot: Snapshot, exploration: Exploration) -> float:
    """The gamma of inverse gap weighting now: it grows with the square root of what is known."""
    return exploration.gamma * sqrt(1.0 + snapshot.weight)


def doubt_scale(exploration: Exploration) -> float:
    """By how much Thompson sampling narrows the posterior: the same slider, in another currency."""
    return min(1.0, THOMPSON / max(exploration.gamma, 1e-9))


def hope(exploration: Exploration) -> float:
    """By how many deviations of its log-odds Thompson sampling raises an offer: who knows little of it hopes.

    Draws alone, narrow as they are, try a new offer too rarely to find out early that it is good.
    """
    return HOPE * min(1.0, HOPED_UNTIL / max(exploration.gamma, 1e-9))


def _likely(odds: Floats) -> Floats:
    """Probabilities of log-odds, in their place."""
    likely: Floats = np.negative(odds, out=odds)
    np.minimum(likely, FAR, out=likely)
    np.maximum(likely, -FAR, out=likely)
    np.exp(likely, out=likely)
    likely += 1.0
    return np.reciprocal(likely, out=likely)


def _worth(arms: Sequence[Arm]) -> tuple[Floats, Floats]:
    """Net worth of a redemption and cost of contact, of each arm; what is no number or absurd is bounded."""
    told = np.array([(a.value, a.price, a.cost, a.contact) for a in arms], float).reshape(-1, 4)
    value, price, cost, contact = bounded(told).T
    return value - price * cost, contact


def bounded(values: Floats) -> Floats:
    """Within what can be counted with: no worth is more than a trillion."""
    within: Floats = np.clip(np.nan_to_num(values), -ABSURD, ABSURD)
    return within


def _with_floor(inner: Floats, scores: Floats, floor: float) -> Floats:
    """A share of the decisions is drawn evenly from all arms there are; what is taken out has a score of -inf."""
    there = np.isfinite(scores)
    pmf: Floats = (1.0 - floor) * inner + floor * there / there.sum(axis=-1, keepdims=True)
    pmf /= pmf.sum(axis=-1, keepdims=True)
    return pmf


def _shares_of_draws(
    draws: Draws,
    rows: Floats,
    net: Floats,
    spent: Floats | float,
    allowed: NDArray[np.bool_] | None,
    lean: Floats,
) -> Floats:
    """How often each arm, and behind the last one none, is the best of a draw; who are equally good share it.

    Some customers at a time (customer x arm x draw): many small steps would cost more than the sums, and in each of
    them a thread beside may take the interpreter away. Single precision: a share is one of 128 draws.
    """
    count, arms = len(rows), draws.shape[1] // DRAWS
    odds_from, worth, costs = np.zeros((3, count, arms, 1), np.float32)
    odds_from[:, :-1, 0], worth[:, :-1, 0], costs[:, :-1, 0] = lean, net, spent
    if allowed is not None:
        costs[:, :-1, 0][~allowed] = np.inf
    told = rows.astype(np.float32)
    found = np.empty((count, arms))
    with np.errstate(over="ignore"):  # e to what is too great is infinite, and its share 0
        for start in range(0, count, _AT_ONCE):
            some = slice(start, start + _AT_ONCE)
            each = (told[some] @ draws).reshape(-1, arms, DRAWS)
            each -= odds_from[some]
            np.exp(each, out=each)
            each += 1.0
            np.reciprocal(each, out=each)
            each *= worth[some]
            each -= costs[some]
            best = each == each.max(axis=1, keepdims=True)
            found[some] = np.add.reduce(best.view(np.uint8), axis=2, dtype=np.uint8)
    shares: Floats = found / found.sum(axis=1, keepdims=True)
    return shares


def inverse_gaps(scores: Floats, gamma: float) -> Floats:
    """Inverse gap weighting: an arm is drawn the rarer, the more it falls short of the best.

    Gaps are told in parts of the mean gap, so that gamma means the same in any currency. An arm that is taken out
    (-inf) has no share.
    """
    there = np.isfinite(scores)
    count = there.sum(axis=-1, keepdims=True)
    gaps = np.where(there, scores.max(axis=-1, keepdims=True) - scores, 0.0)
    scale = gaps.sum(axis=-1, keepdims=True) / count
    shares: Floats = there / (count + gamma * (gaps / np.where(scale > 0, scale, 1.0)))
    at = scores.argmax(axis=-1)[..., None]
    np.put_along_axis(shares, at, 0.0, axis=-1)
    np.put_along_axis(shares, at, 1.0 - shares.sum(axis=-1, keepdims=True), axis=-1)
    return shares


def _inverse_gaps_of_one(scores: Floats, gamma: float) -> Floats:
    """The same for one customer to whom all arms are open; quicker."""
    best = int(scores.argmax())
    gaps = scores[best] - scores
    scale = float(gaps.sum()) / len(scores)
    shares: Floats = 1.0 / (len(scores) + gamma * (gaps / (scale if scale > 0 else 1.0)))
    shares[best] = 0.0
    shares[best] = 1.0 - float(shares.sum())
    return shares
