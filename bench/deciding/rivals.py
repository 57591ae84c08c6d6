"""The peers: what else one could decide with, on the same features, in the same worlds.

Models of the probability of a redemption (LightGBM, river) are given the known value of each offer and the same inverse
gap weighting. Vowpal Wabbit decides itself, from costs. The libraries are installed beside, not among ours.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.deciding.worlds import SEGMENTS, World
from promosight.rules.policy import drawn, inverse_gaps

Floats = NDArray[np.float64]


class Seen:
    """The features of a world as numbers in columns, the same for all."""

    def __init__(self, world: World) -> None:
        self.names = sorted({name for row in world.features for name in row})
        self.kinds = sorted({name for offer in world.offers for name, _ in offer.features})
        self.x = np.array([[row.get(name, 0.0) for name in self.names] for row in world.features])
        told = [dict(offer.features) for offer in world.offers]
        self.a = np.array([[each.get(kind, 0.0) for kind in self.kinds] for each in told])
        self.segments = [self.names.index(f"segment=s{i}") for i in range(SEGMENTS)]


class Uniform:
    """Draws evenly."""

    def decide(self, at: int, there: list[int]) -> int | None:
        """Any."""
        return there[drawn(np.full(len(there), 1 / len(there)), at)]

    def learn(self, at: int, redeemed: bool) -> None:
        """Nothing."""


class Beta:
    """Thompson sampling of one rate for each promotion, without any features."""

    def __init__(self, world: World) -> None:
        self._world, self._rng = world, np.random.default_rng(world.seed)
        self._ones, self._zeros = np.ones(len(world.offers)), np.full(len(world.offers), 15.0)
        self._chosen = 0

    def decide(self, at: int, there: list[int]) -> int | None:
        """The best of a draw."""
        rates = self._rng.beta(self._ones[there], self._zeros[there])
        self._chosen = there[int((rates * self._world.value[there]).argmax())]
        return self._chosen

    def learn(self, at: int, redeemed: bool) -> None:
        """One more seen."""
        counts = self._ones if redeemed else self._zeros
        counts[self._chosen] += 1


class Weighted:
    """Inverse gap weighting over someone's probabilities, times the known values."""

    def __init__(self, world: World, gamma: float) -> None:
        self._world, self._gamma, self._seen = world, gamma, Seen(world)
        self._chosen = 0
        self._redeemed = 0.0

    def decide(self, at: int, there: list[int]) -> int | None:
        """Drawn."""
        scores = self.likely(at, there) * self._world.value[there]
        pmf = inverse_gaps(scores, self._gamma * (1 + self._redeemed) ** 0.5)
        self._chosen = there[drawn(pmf * 0.98 + 0.02 / len(pmf), at)]
        return self._chosen

    def learn(self, at: int, redeemed: bool) -> None:
        """Counts and hands on."""
        self._redeemed += redeemed
        self.take(at, self._chosen, redeemed)

    def likely(self, at: int, there: list[int]) -> Floats:
        """The probabilities."""
        raise NotImplementedError

    def take(self, at: int, chosen: int, redeemed: bool) -> None:
        """Learns."""
        raise NotImplementedError


class LightGbm(Weighted):
    """Gradient-boosted trees, fitted again every 1,500 decisions on all so far."""

    def __init__(self, world: World, gamma: float = 10.0, every: int = 1500) -> None:
        super().__init__(world, gamma)
        self._rows: list[Floats] = []
        self._labels: list[bool] = []
        self._every = every
        self._model: Any = None
        marks = np.eye(len(world.offers))
        self._offer = np.hstack([self._seen.a, world.value[:, None] / 10, marks])

    def likely(self, at: int, there: list[int]) -> Floats:
        """By the newest trees; all alike before the first."""
        if self._model is None:
            return np.full(len(there), 0.05)
        rows = np.hstack([np.tile(self._seen.x[at], (len(there), 1)), self._offer[there]])
        found: Floats = self._model.predict(rows, num_threads=1)
        return found

    def take(self, at: int, chosen: int, redeemed: bool) -> None:
        """Kept until the next fit."""
        self._rows.append(np.concatenate([self._seen.x[at], self._offer[chosen]]))
        self._labels.append(redeemed)
        if len(self._rows) % self._every == 0 or len(self._rows) == 500:
            self._fit()

    def _fit(self) -> None:
        import lightgbm  # type: ignore[import-not-found]  # installed beside

        settings = {
            "objective": "binary",
            "num_leaves": 15,
            "learning_rate": 0.05,
            "verbose": -1,
            "min_data_in_leaf": 30,
            "num_threads": 1,
            "lambda_l2": 5.0,
            "feature_fraction": 0.7,
        }
        data = lightgbm.Dataset(np.array(self._rows), np.array(self._labels, float))
        self._model = lightgbm.train(settings, data, num_boost_round=80)


class River(Weighted):
    """river's logistic regression on products of features, learning with every decision."""

    def __init__(self, world: World, gamma: float = 20.0, rate: float = 0.03) -> None:
        from river import linear_model, optim  # type: ignore[import-not-found]  # installed beside

        super().__init__(world, gamma)
        self._model = linear_model.LogisticRegression(
            optim.AdaGrad(rate), l2=1e-5, intercept_lr=0.01, intercept_init=-3.0
        )
        self._products = _Products(self._seen)

    def likely(self, at: int, there: list[int]) -> Floats:
        """Its weights times the products: the same numbers as predict_proba_one, in one go."""
        weights = self._model.weights
        odds = [
            self._model.intercept + sum(weights.get(k, 0.0) * v for k, v in row.items())
            for row in (self._products.of(at, i) for i in there)
        ]
        return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))))

    def take(self, at: int, chosen: int, redeemed: bool) -> None:
        """One step."""
        self._model.learn_one(self._products.of(at, chosen), redeemed)


class _Products:
    """Customer's features x offer's features, the promotion, and the promotion for each segment."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._a = [[(j, float(v)) for j, v in enumerate(row) if v] for row in seen.a]

    def of(self, at: int, offer: int) -> dict[int, float]:
        """Non-zero products by number."""
        x = self._seen.x[at]
        width = len(self._seen.kinds) + 1
        row = dict(self._a[offer])
        row[100_000 + offer] = 1.0
        for i in np.flatnonzero(x).tolist():
            value = float(x[i])
            row[1000 + i * width] = value
            for j, v in self._a[offer]:
                row[1001 + i * width + j] = value * v
            if i in self._seen.segments:
                row[200_000 + 100 * i + offer] = 1.0
        return row


class LinTs:
    """MABWiser's LinTS, one model for each promotion, times the known value."""

    def __init__(self, world: World, alpha: float = 0.1) -> None:
        from mabwiser.mab import MAB, LearningPolicy  # type: ignore[import-not-found]  # installed beside

        self._world, self._seen = world, Seen(world)
        self._x = np.hstack([np.ones((world.length, 1)), self._seen.x])
        self._mab = MAB([0], LearningPolicy.LinTS(alpha=alpha), seed=world.seed)
        self._known = {0}
        self._mab.fit([0], [0.0], self._x[:1] * 0)
        self._chosen = 0

    def decide(self, at: int, there: list[int]) -> int | None:
        """The best of a draw."""
        for each in there:
            if each not in self._known:
                self._known.add(each)
                self._mab.add_arm(each)
        found: dict[int, float] = self._mab.predict_expectations(self._x[at : at + 1])
        self._chosen = max(there, key=lambda i: found[i] * self._world.value[i])
        return self._chosen

    def learn(self, at: int, redeemed: bool) -> None:
        """One step."""
        self._mab.partial_fit([self._chosen], [float(redeemed)], self._x[at : at + 1])


class Wabbit:
    """Vowpal Wabbit's contextual bandit with squarecb, in costs; the offer's value crossed in."""

    def __init__(
        self,
        world: World,
        gamma: float = 30.0,
        rate: float = 0.5,
        power: float = 0.5,
        cb: str = "mtr",
    ) -> None:
        import vowpalwabbit  # type: ignore[import-not-found]  # installed beside

        self._world = world
        self._vw: Any = vowpalwabbit.Workspace(
            f"--cb_explore_adf --squarecb --gamma_scale {gamma} --cb_type {cb} -l {rate} --power_t {power}"
            f" -q UA -q UI -q UV --cubic UAV --interactions AV --quiet -b 18 --random_seed 1"
        )
        self._offers = [self._offer(i) for i in range(len(world.offers))]
        self._last: tuple[str, list[str], int, float] = "", [], 0, 1.0
        self._chosen = 0

    def decide(self, at: int, there: list[int]) -> int | None:
        """Drawn from its probabilities."""
        told = " ".join(f"{_word(k)}:{v}" for k, v in self._world.features[at].items())
        shared, lines = f"shared |U {told}", [self._offers[i] for i in there]
        pmf = np.array(self._vw.predict([shared, *lines]))
        place = drawn(pmf / pmf.sum(), at)
        self._last = shared, lines, place, float(pmf[place])
        self._chosen = there[place]
        return self._chosen

    def learn(self, at: int, redeemed: bool) -> None:
        """The cost is what was earned, negative, in tens."""
        shared, lines, place, chance = self._last
        cost = -float(self._world.value[self._chosen]) * redeemed / 10
        told = [f"0:{cost}:{chance} {each}" if i == place else each for i, each in enumerate(lines)]
        self._vw.learn([shared, *told])

    def _offer(self, at: int) -> str:
        features = " ".join(f"{_word(k)}:{v}" for k, v in self._world.offers[at].features)
        return f"|A {features} |I p{at} |V v:{self._world.value[at] / 10}"


def _word(name: str) -> str:
    return name.replace("=", "_").replace(":", "_").replace("#", "n")
