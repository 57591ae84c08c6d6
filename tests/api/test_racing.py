"""Redemptions, reversals and reservations of one promotion, told at once by many threads to one server or two.

What the figures must be is added up here from the facts that were sent, in the simplest way there is.
"""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from decimal import Decimal
from random import Random
from typing import Any

import httpx

from promosight.flows.checking.verify import verify
from promosight.store.engine import open_store
from tests.api.server import new_workspace, promotion, serving

VALUE = Decimal(5)
REDEEMED, CAP, FREE = 240, 20, 10
"""Customers who redeem; rewards that may still be granted, and how many of those are let go again."""
PARTS: list[list[str | None]] = [[None], ["2.00"], ["1.00", "1.50"], ["2.50", "2.50"], ["9.00"]]
"""What reversals undo of a redemption: all of it, some, some more, all in two, more than there is."""
THREADS = 32


def told(draw: Random) -> list[dict[str, Any]]:
    """Redemptions and their reversals, whole, in part and in several parts; a fifth of all twice; in any order."""
    facts: list[dict[str, Any]] = [
        {
            "event_id": f"r{n}",
            "promotion_id": "p",
            "customer_id": f"c{n}",
            "redeemed_at": "2026-10-06T10:00:00Z",
            "reward_value": str(VALUE),
        }
        for n in range(REDEEMED)
    ]
    for n in range(REDEEMED // 3):
        for part in draw.choice(PARTS):
            undone = {"event_id": f"v{len(facts)}", "type": "reversal", "reverses": f"r{n}"}
            undone |= {"redeemed_at": "2026-10-07T10:00:00Z"} | (
                {"reward_value": part} if part else {}
            )
            facts.append(undone)
    facts += draw.sample(facts, len(facts) // 5)
    draw.shuffle(facts)
    return facts


def truth(facts: list[dict[str, Any]]) -> dict[str, Any]:
    """How many redemptions are left, and what they cost."""
    once = {fact["event_id"]: fact for fact in facts}.values()
    left = {fact["event_id"]: VALUE for fact in once if "type" not in fact}
    for fact in once:
        if "type" in fact:
            left[fact["reverses"]] -= Decimal(fact.get("reward_value", VALUE))
    costs = [value for value in left.values() if value > 0]
    return {"redeemed": len(costs), "reversed": len(left) - len(costs), "cost": sum(costs)}


def shown(client: httpx.Client) -> dict[str, Any]:
    """What the list, the breakdown and the usage say; the same everywhere, or this fails."""
    (item,) = client.get("/v1/promotions").json()["items"]
    figures = item["figures"]
    for by in ("day", "segment", "source"):
        totals = client.get("/v1/promotions/p/breakdown", params={"by": by}).json()
        assert sum(row["redeemed"] for row in totals["rows"]) == figures["redeemed"]
    cost = Decimal(figures["reward_cost"]["EUR"])
    assert Decimal(figures["usage"][1]["redeemed"]) == cost
    return {"redeemed": figures["redeemed"], "reversed": figures["reversed"], "cost": cost}


def test_racing_reversals_lose_nothing_and_no_cap_is_passed(store_url: str) -> None:
    """P5, P7, P8, N1, N7: what django-oscar and Medusa lose in such a race (docs/correctness.md)."""
    draw, key = Random(11), new_workspace(store_url)
    servers = 2 if store_url.startswith("postgresql") else 1
    limits = [
        {"measure": "assignments", "amount": str(REDEEMED + CAP)},
        {"measure": "reward", "amount": str(VALUE * (REDEEMED + CAP))},
    ]
    with ExitStack() as stack:
        doors = [stack.enter_context(serving(store_url, key)) for _ in range(servers)]
        promotion(doors[0], "p", limits=limits)
        given = [
            {"promotion_id": "p", "customer_id": f"c{n}", "assigned_at": "2026-10-05T08:00:00Z"}
            for n in range(REDEEMED)
        ]
        assert doors[0].post("/v1/assignments", json=given).status_code == 200
        facts = told(draw)
        answers = raced(doors, facts, draw)
        assert answers["reservations", 201] == CAP + FREE
        assert answers["reservations", 200] == CAP, "each was confirmed or let go"
        assert answers["redemptions", 200] == len(facts)
        assert shown(doors[-1]) == truth(facts)
        (item,) = doors[0].get("/v1/promotions").json()["items"]
        assert item["figures"]["usage"][0]["committed"] == str(REDEEMED + CAP)
    store = open_store(store_url, now_us=0)
    try:
        report = verify(store, None, now_us=time.time_ns() // 1_000)
        assert report.differences == []
        assert report.amounts == 4, "both figures of both limits"
    finally:
        store.close()


Asked = tuple[str, dict[str, Any] | None]
"""A path below /v1 and a body."""


def raced(doors: list[httpx.Client], facts: list[dict[str, Any]], draw: Random) -> Counter[Any]:
    """Everything at once: the facts, and attempts on what is left of the cap; how often each path was answered how.

    What was held is then partly let go while others ask for it, so that in the end the cap is full again.
    """

    def ask(numbered: tuple[int, Asked]) -> httpx.Response:
        number, (path, body) = numbered
        return doors[number % len(doors)].post(f"/v1/{path}", json=body)

    def together(wanted: list[Asked]) -> list[httpx.Response]:
        draw.shuffle(wanted)
        answers = list(pool.map(ask, enumerate(wanted)))
        words = (path.split("/")[0] for path, _ in wanted)
        counted.update(zip(words, (one.status_code for one in answers), strict=True))
        return answers

    counted: Counter[Any] = Counter()
    half = len(facts) // 2
    with ThreadPoolExecutor(THREADS) as pool:
        answers = together([*_facts(facts[:half]), *_attempts("x")])
        held = [one.json()["reservation_id"] for one in answers if one.status_code == 201]
        changes: list[Asked] = [
            (f"reservations/{one}/{'release' if n < FREE else 'confirm'}", None)
            for n, one in enumerate(held)
        ]
        together([*_facts(facts[half:]), *changes, *_attempts("y")])
        together(_attempts("z"))
    return counted


def _facts(facts: list[dict[str, Any]]) -> list[Asked]:
    return [("redemptions", fact) for fact in facts]


def _attempts(letter: str) -> list[Asked]:
    return [
        ("reservations", {"promotion_id": "p", "customer_id": f"{letter}{n}"}) for n in range(60)
    ]
