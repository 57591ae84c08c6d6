"""Policies to compare with: uniform, the best fixed offer, and "what if" an offer, a tier or the audience were changed.

A target is an array decision x arm of probabilities. It may use what was known at the decision, never what came of
it. The best fixed offer is found honestly: whatever is best by luck in the decisions it is picked from would look too
good in them. So customers are parted in two; the offer picked from one half is judged by the other, and vice versa.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from promosight.rules.estimating import dr_terms, interval
from promosight.rules.logged import Floats, Ints, Log, Mask


def uniform(log: Log) -> Floats:
    """Every offer that is a candidate alike; none only where there is no offer.

    None is no offer: with it the others would be set against a policy that gives nothing now and then, and it is drawn
    so seldom that hardly any log could tell of it.
    """
    even = log.there.copy()
    even[:, -1] &= ~even[:, :-1].any(axis=1)
    found: Floats = even / even.sum(axis=1, keepdims=True)
    return found


def ranking(log: Log, order: Sequence[int] | Ints) -> Floats:
    """The first of these columns that is a candidate, the same order for everybody; none where none is."""
    wanted = np.append(np.asarray(order, np.intp), len(log.names) - 1)
    first = wanted[log.there[:, wanted].argmax(axis=1)]
    return one_each(log, first)


def one_each(log: Log, columns: Ints) -> Floats:
    """A target that makes one certain choice at each decision."""
    found = np.zeros_like(log.pmf)
    found[np.arange(len(log)), columns] = 1.0
    return found


def best_fixed(log: Log) -> tuple[Floats, tuple[tuple[str, ...], tuple[str, ...]]]:
    """The best fixed order of offers, each half of the customers judged by the order picked from the other half.

    Also the two orders themselves, by name, best first and down to "none".
    """
    half = (log.customer % np.uint64(2)).astype(bool)
    target = np.zeros_like(log.pmf)
    names = []
    for judged in (half, ~half):
        order = fixed_order(log.rows(~judged))
        target[judged] = ranking(log.rows(judged), order)
        names.append(tuple(log.names[column] for column in order))
    return target, (names[0], names[1])


def fixed_order(log: Log) -> list[int]:
    """Columns from the best to "none", which is worth 0, by their estimated value where they were candidates.

    An arm that was hardly ever drawn has an estimate of hardly any worth; it is drawn towards what the model expected
    as far as its error is large beside the differences between arms.
    """
    last = len(log.names) - 1
    values = np.full(last + 1, -np.inf)
    values[last] = 0.0
    found = [(c, *_value(log, c)) for c in range(last) if log.there[:, c].any()]
    spread = float(np.var([model for _, model, _, _ in found])) if found else 0.0
    for column, model, corrected, error in found:
        trust = spread / (spread + error * error) if spread + error * error else 1.0
        values[column] = model + trust * (corrected - model)
    order = np.argsort(-values, kind="stable")
    return [int(c) for c in order if values[c] > -np.inf][: int((values > 0).sum()) + 1]


def _value(log: Log, column: int) -> tuple[float, float, float]:
    """Of an arm where it was a candidate: by the model, by DR, and the error of the latter."""
    there = log.rows(log.there[:, column])
    target = one_each(there, np.full(len(there), column))
    found = interval(there, dr_terms(there, target))
    return float(there.expected[:, column].mean()), found.value, max(found.half, 1e-12)


def without(log: Log, policy: Floats, column: int, where: Mask | None = None) -> Floats:
    """What if this offer were taken away (there): its share goes to the others in proportion."""
    found = policy.copy()
    rows = np.ones(len(log), bool) if where is None else where
    found[rows, column] = 0.0
    left = found.sum(axis=1)
    found[left <= 0, -1] = 1.0
    whole: Floats = found / found.sum(axis=1, keepdims=True)
    return whole


def instead(log: Log, policy: Floats, old: int, new: int, where: Mask | None = None) -> Floats:
    """What if the one were offered in place of the other (there): another tier, another reward, or none.

    Where the new one was no candidate, nothing changes; an offer that was never made has no support.
    """
    rows = log.there[:, new] if where is None else where & log.there[:, new]
    found = policy.copy()
    found[rows, new] += found[rows, old]
    found[rows, old] = 0.0
    return found


def only_for(log: Log, policy: Floats, column: int, audience: Mask) -> Floats:
    """What if this offer were made to an audience alone: elsewhere it is taken away."""
    return without(log, policy, column, ~audience)
