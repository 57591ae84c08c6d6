"""The log of decisions as arrays: what could be chosen, how probable each choice was, and what came of it.

Everything an honest estimate needs and nothing else. Columns are arms by name with "none" (no offer) as the last one;
an arm that was no candidate of a decision has probability 0 in it. Only decisions that were drawn from their pmf and
acted on belong here (mode `policy`): not those of the control group, of a fixed offer or of an apprentice.

Which decisions are in the log must not depend on what came of them, nor on what was chosen. Redemptions come days
later; whoever takes a decision in as soon as it is redeemed, and the others when they expire, counts the successes of
the last days without their failures. So all decisions wait equally long (`horizon`, `settled`), or rewards are
divided by the share of redemptions that could be seen by now (`by_share_seen`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

import numpy as np
import xxhash
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Mask = NDArray[np.bool_]

NONE = "none"
"""The name of the last column: no offer."""
LEAST_SEEN = 0.5
"""Decisions so young that less than this share of redemptions could be seen are left out."""


@dataclass(frozen=True, slots=True)
class Logged:
    """One decision with its outcome. `pmf` and `expected` are in the order of `arms`, with "none" as one more."""

    arms: tuple[str, ...]
    """Names of the candidates, such as `promotion/tier`; each once."""
    pmf: Sequence[float]
    """The probabilities it was drawn from."""
    expected: Sequence[float]
    """What the model of that moment expected of each: p_hat x net value - contact; 0 for none, and where it had no
    model. Net value is what a redemption brings less what its reward costs, without a shadow price."""
    chosen: int | None
    reward: float
    """What came of it: net value of the redemption that stayed, if any, less contact; 0 for none."""
    customer: str = ""
    """Decisions of one customer are not independent; empty: each stands alone."""
    decided_us: int = 0


@dataclass(frozen=True, slots=True)
class Log:
    """Many decisions; rows are decisions, columns are `names`."""

    names: tuple[str, ...]
    pmf: Floats
    expected: Floats
    chosen: Ints
    reward: Floats
    customer: NDArray[np.uint64]
    """A hash of each decision's customer."""
    decided_us: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.chosen)

    @property
    def propensity(self) -> Floats:
        """The probability of what was chosen."""
        return self.at_chosen(self.pmf)

    @property
    def there(self) -> Mask:
        """Which arms were candidates."""
        return self.pmf > 0

    def at_chosen(self, of_arms: Floats) -> Floats:
        """The chosen arm's entry in each row."""
        found: Floats = of_arms[np.arange(len(self)), self.chosen]
        return found

    def rows(self, which: Mask) -> Log:
        """Only these decisions: of a month, of an audience."""
        taken = {one.name: getattr(self, one.name)[which] for one in fields(self)[1:]}
        return Log(self.names, **taken)


def log_of(decisions: Iterable[Logged]) -> Log:
    """The log of these decisions. Columns come in the order of names, "none" last."""
    found = list(decisions)
    names = (*sorted({name for one in found for name in one.arms}), NONE)
    place = {name: column for column, name in enumerate(names)}
    pmf, expected = np.zeros((len(found), len(names))), np.zeros((len(found), len(names)))
    chosen = np.full(len(found), len(names) - 1, np.intp)
    for row, one in enumerate(found):
        columns = [*(place[name] for name in one.arms), len(names) - 1]
        pmf[row, columns], expected[row, columns] = one.pmf, one.expected
        if one.chosen is not None:
            chosen[row] = columns[one.chosen]
    return Log(
        names=names,
        pmf=pmf,
        expected=expected,
        chosen=chosen,
        reward=np.array([one.reward for one in found], float),
        customer=np.array([_hash(one, row) for row, one in enumerate(found)], np.uint64),
        decided_us=np.array([one.decided_us for one in found], np.int64),
    )


def _hash(one: Logged, row: int) -> int:
    name = f"c{one.customer}" if one.customer else f"r{row}"
    return xxhash.xxh64_intdigest(name.encode())


def horizon(windows_us: Iterable[int | None], maturity_us: int) -> int:
    """How long a decision waits until its outcome counts as known: the longest life of any offer (None: it never
    expires), at most the age at which practically all redemptions have come."""
    return min(
        max((maturity_us if one is None else one for one in windows_us), default=0), maturity_us
    )


def settled(decided_us: NDArray[np.int64], horizon_us: int, now_us: int) -> Mask:
    """Which decisions have waited long enough, whatever was chosen and whatever came of it."""
    found: Mask = decided_us + horizon_us <= now_us
    return found


def by_share_seen(reward: Floats, seen: Floats, least_seen: Floats) -> tuple[Floats, Mask]:
    """Rewards of decisions still open, made comparable; and which decisions are old enough for that.

    `seen` is the share of the chosen offer's redemptions that come by the decision's present age (Kaplan-Meier of
    its reward type), `least_seen` the least such share among all its candidates. A reward that is there stands for
    1/seen rewards, since as many of its kind are still to come.
    """
    enough: Mask = least_seen >= LEAST_SEEN
    return reward / np.maximum(seen, LEAST_SEEN), enough
