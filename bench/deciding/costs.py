"""What deciding and learning cost: CPU of the model alone, and how large the state gets."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from bench.deciding.worlds import World, world
from promosight.rules.evidence import Decided, Evidence
from promosight.rules.features import DAY_US
from promosight.rules.policy import (
    Exploration,
    Worths,
    choose_rows,
    doubt_scale,
)
from promosight.rules.solving import Prior, solve

PROMOTIONS, DECISIONS, CANDIDATES = 1_000, 20_000, 30
_LESSON = 400


def told() -> str:
    """The table."""
    made = world("logistic", 0, DECISIONS)
    decided = _decided(made)
    evidence = Evidence(90 * DAY_US)
    learned = _us(lambda i: evidence.add(decided[i]), len(decided))
    parts = [decided[start : start + _LESSON] for start in range(0, len(decided), _LESSON)]
    apart = Evidence(90 * DAY_US)
    together = _us(lambda i: apart.add_all(parts[i]), len(parts)) / _LESSON
    relabelled = _us(lambda i: evidence.relabel(decided[i], redeemed=True), len(decided) // 10)
    size = len(evidence.encode())
    cells = (*evidence.cells.values(), *evidence.lately.values())
    held = sum(each.half.nbytes + each.first.nbytes for each in cells)
    solved = _us(lambda _: solve(evidence, Prior(), decided[-1].decided_us), 3) / 1e3
    rows = [
        f"learning from a decision | {learned:.0f} us",
        f"the same, {_LESSON} in one lesson | {together:.0f} us",
        f"learning of a redemption | {relabelled:.0f} us",
        f"state of {PROMOTIONS:,} promotions, as kept | {size / 1e6:.1f} MB",
        f"the same in memory | {held / 1e6:.1f} MB",
        f"a snapshot of {PROMOTIONS:,} promotions | {solved:.0f} ms",
        *_deciding(made, decided),
    ]
    return "\n".join(["| what | CPU or size |", "|---|---|", *(f"| {row} |" for row in rows)])


def _decided(made: World) -> list[Decided]:
    """Decisions on 1,000 promotions: each of the world's offers under many names."""
    offers = [
        replace(made.offers[i % len(made.offers)], promotion=f"promotion-{i:04}")
        for i in range(PROMOTIONS)
    ]
    rng = np.random.default_rng(0)
    which = rng.integers(PROMOTIONS, size=made.length)
    return [
        Decided(made.features[i], offers[which[i]], 0.06, int(made.day[i] * DAY_US))
        for i in range(made.length)
    ]


def _deciding(made: World, decided: list[Decided]) -> list[str]:
    few = Evidence(90 * DAY_US)
    for one in decided[:10_000]:
        few.add(replace(one, offer=made.offers[int(one.offer.promotion[-4:]) % len(made.offers)]))
    took = _us(lambda _: solve(few, Prior(), decided[-1].decided_us), 10) / 1e3
    snapshot = solve(few, Prior(), decided[-1].decided_us)
    found = [f"a snapshot of {CANDIDATES} promotions | {took:.1f} ms"]
    menu = snapshot.menu(made.offers)
    open_ = np.ones((1, CANDIDATES), np.bool_)
    for way in (Exploration(), Exploration("igw")):
        if way.kind == "thompson":
            took = _us(lambda _: menu.draws(doubt_scale(way)), 1) / 1e3  # noqa: B023 - asked at once
            found.append(f"its draws, once for each snapshot | {took:.1f} ms")

        def decide(i: int, way: Exploration = way) -> None:
            rows = snapshot.layout.table([made.features[i]])
            worths = Worths(made.value[None, :])
            choose_rows(snapshot, menu, rows, worths, way, [i], open_, np.zeros((1, CANDIDATES)))

        found.append(
            f"{way.kind}: a decision, {CANDIDATES} candidates | {_us(decide, 2_000):.0f} us"
        )
    return found


def _us(do: Callable[[int], object], times: int) -> float:
    began = time.process_time()
    for i in range(times):
        do(i)
    return (time.process_time() - began) / times * 1e6
