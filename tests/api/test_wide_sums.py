"""Sums that leave 64 bits: thousands of the largest amounts, mixed with the smallest, are told to the last digit."""

from __future__ import annotations

import csv
import io
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import httpx

from promosight.flows.checking.verify import verify
from promosight.flows.ledger.counters import fold
from promosight.flows.ledger.rematch import rebuild
from promosight.rules.instants import from_datetime
from promosight.rules.money import format_amount
from promosight.store.engine import Store, open_store
from tests.api.deciding import decided, learned, settings
from tests.api.listening import listening
from tests.api.server import client_of, figures, promotion, running

LARGEST, SMALL = "9999999999.999999", ("0.000001", "3.333333", "0")
ORDER = "9999999999.99"
STARTED = datetime(2026, 10, 5, 8, tzinfo=UTC)
TIERS = [{"tier_id": "gold", "reward_value": LARGEST}, {"tier_id": "tin", "reward_value": "1"}]
BUDGET = {"measure": "reward", "amount": LARGEST}
DIMENSIONS = ("tier", "segment", "channel", "campaign", "source", "day", "outcome", "code")


class Customer:
    """One of thousands, who redeems once; `n` says how."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.value = SMALL[n % 3] if n % 7 == 0 else LARGEST
        self.words = {
            "tier": ("gold", "tin")[n % 2],
            "segment": f"s{n % 3}",
            "channel": ("email", "sms")[n % 2],
            "campaign": f"k{n % 4}",
            "code": f"C{n % 5}",
        }
        self.assigned_at = STARTED + timedelta(days=n % 3)
        self.redeemed_at = self.assigned_at + timedelta(days=1 + n % 2)

    @property
    def assignment(self) -> dict[str, Any]:
        words = self.words
        return {
            "promotion_id": "p",
            "customer_id": f"c{self.n}",
            "assignment_id": f"a{self.n}",
            "assigned_at": self.assigned_at.isoformat(),
            "tier_id": words["tier"],
            "segment": words["segment"],
            "channel": words["channel"],
            "campaign_id": words["campaign"],
            "promo_code": words["code"],
            "reward_value": self.value,
            "currency": "IRR",
        }

    @property
    def redemption(self) -> dict[str, Any]:
        return {
            "event_id": f"e{self.n}",
            "promotion_id": "p",
            "customer_id": f"c{self.n}",
            "redeemed_at": self.redeemed_at.isoformat(),
            "reward_value": self.value,
            "currency": "IRR",
            "order_value": ORDER,
        }

    @property
    def undone(self) -> str | None:
        """What of it is reversed afterwards, if anything."""
        return "0.000007" if self.n % 10 == 3 and self.value == LARGEST else None

    @property
    def key(self) -> dict[str, str]:
        day = f"{self.assigned_at:%Y-%m-%d}"
        return self.words | {"source": "default", "day": day, "outcome": "counted"}

    @property
    def cost(self) -> Decimal:
        return Decimal(self.value) - Decimal(self.undone or 0)


EVERYBODY = [Customer(n) for n in range(2_000)]


def irr(amount: Decimal) -> str:
    """As amounts of this currency are told."""
    return format_amount(int(amount * 1_000_000), "IRR")


def post(client: httpx.Client, kind: str, body: Any) -> None:
    answer = client.post(f"/v1/{kind}", json=body)
    assert answer.status_code == 200, answer.text


def upload(client: httpx.Client, records: list[dict[str, Any]]) -> None:
    """Sends redemptions as a file, and waits until they are published."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(records[0]))
    writer.writeheader()
    writer.writerows(records)
    headers = {"Content-Type": "text/csv"}
    asked = {"kind": "redemptions", "name": "night.csv"}
    answer = client.post("/v1/imports", params=asked, content=text.getvalue(), headers=headers)
    assert answer.status_code == 202, answer.text
    state, until = answer.json(), time.monotonic() + 60
    while state["state"] in ("waiting", "running") and time.monotonic() < until:
        time.sleep(0.05)
        state = client.get(f"/v1/imports/{state['import_id']}").json()
    assert (state["state"], state["rows_read"]) == ("done", len(records))


def report(client: httpx.Client) -> None:
    """Everybody is assigned and redeems: a batch of columns, smaller ones, single events, and a file."""
    limits = [BUDGET, BUDGET | {"tier_id": "gold"}, BUDGET | {"window": "monthly"}]
    reward = {"type": "amount", "currency": "IRR", "value": LARGEST}
    promotion(client, "p", kind="tiered", tiers=TIERS, limits=limits, reward=reward)
    post(client, "assignments", [one.assignment for one in EVERYBODY])
    told = [one.redemption for one in EVERYBODY]
    post(client, "redemptions", told[:1_200])
    for start in range(1_200, 1_460, 52):
        post(client, "redemptions", told[start : start + 52])
    for one in told[1_460:1_500]:
        post(client, "redemptions", one)
    upload(client, told[1_500:])


def undo(client: httpx.Client) -> None:
    """Parts of some are reversed."""
    undone = [
        {
            "event_id": f"r{one.n}",
            "type": "reversal",
            "reverses": f"e{one.n}",
            "redeemed_at": one.redeemed_at.isoformat(),
            "reward_value": one.undone,
        }
        for one in EVERYBODY
        if one.undone
    ]
    post(client, "redemptions", undone)


def told(client: httpx.Client) -> dict[str, Any]:
    """Everything that is told of the promotion, which must not fail."""
    paths = ["", "/return?horizon_days=7", "/funnel", "/maturity", "/restatements"]
    found = {}
    for path in (*(f"/v1/promotions/p{path}" for path in paths), "/v1/promotions", "/v1/alerts"):
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer.text)
        found[path] = answer.json()
        found[path].pop("as_of", None)
    return found


def breakdown(client: httpx.Client, **asked: str) -> dict[str, Any]:
    answer = client.get("/v1/promotions/p/breakdown", params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def check(client: httpx.Client) -> None:
    """Whatever is told of sums is exact."""
    cost = irr(sum((one.cost for one in EVERYBODY), Decimal()))
    order = irr(Decimal(ORDER) * len(EVERYBODY))
    now_told: Any = figures(client, "p")
    assert now_told["reward_cost"] == {"IRR": cost}
    assert now_told["order_value"] == {"IRR": order}
    _check_limits(now_told["usage"])
    (line,) = csv.DictReader(
        client.get("/v1/promotions", params={"format": "csv"}).text.splitlines()
    )
    assert cost in " ".join(line.values())
    assert order in " ".join(line.values())
    returned = client.get("/v1/promotions/p/return", params={"horizon_days": "7"}).json()
    assert returned["cost"] == {"IRR": cost}
    now = datetime.now(UTC).isoformat()
    _check_then(client, now, cost, order)
    for by in DIMENSIONS:
        costs: Counter[str] = Counter()
        for one in EVERYBODY:
            costs[one.key[by]] += one.cost  # type: ignore[assignment]
        for asked in ({"by": by}, {"by": by, "as_of": now}):
            found = breakdown(client, **asked)
            assert found["total"]["reward_cost"] == {"IRR": cost}
            assert found["total"]["order_value"] == {"IRR": order}
            rows = {row["key"]: row["reward_cost"] for row in found["rows"] if row["redemptions"]}
            assert rows == {key: {"IRR": irr(Decimal(sum_))} for key, sum_ in costs.items()}, by


def _check_then(client: httpx.Client, moment: str, cost: str, order: str) -> None:
    """As of a moment the same is told as now, and what else is told of it does not fail."""
    for path in ("", "/return", "/funnel", "/maturity"):
        answer = client.get(f"/v1/promotions/p{path}", params={"as_of": moment})
        assert answer.status_code == 200, (path, answer.text)
        if path == "":
            figures = answer.json()["figures"]
            assert figures["reward_cost"] == {"IRR": cost}
            assert figures["order_value"] == {"IRR": order}
            _check_limits(figures["usage"])
    moved = client.get("/v1/promotions/p/moved", params={"since": moment})
    assert moved.status_code == 200, moved.text
    assert moved.json()["now"]["total"]["reward_cost"] == {"IRR": cost}


def _check_limits(usage: list[dict[str, Any]]) -> None:
    """Budgets may be no larger than an amount, so all are passed; what is used of them is told in full."""
    gold = [one for one in EVERYBODY if one.words["tier"] == "gold"]
    for limit, whose in zip(usage[:2], (EVERYBODY, gold), strict=True):
        promised = sum((Decimal(one.value) for one in whose), Decimal())
        assert limit["committed"] == irr(promised)
        assert limit["redeemed"] == irr(sum((one.cost for one in whose), Decimal()))
        assert limit["alert"] == 100


def now_us() -> int:
    return from_datetime(datetime.now(UTC))


def _verified(store: Store) -> None:
    assert verify(store, None, now_us=now_us()).differences == []


def test_sums_of_the_largest_amounts_stay_exact(store_url: str, client: httpx.Client) -> None:
    """S12, P5, N1: as they come, as of now, folded, after a restart, and counted anew; two engines agree."""
    report(client)
    with listening(client) as reader:
        undo(client)
        reader.until("p", reward_cost={"IRR": irr(sum((one.cost for one in EVERYBODY), Decimal()))})
    check(client)
    before = told(client)
    store = open_store(store_url, now_us=now_us())
    try:
        _verified(store)
        (number,) = (row[0] for row in store.read(lambda tx: tx.all("workspaces")))
        for change in (fold, rebuild):
            store.change(partial(change, workspace_no=number))
            check(client)
            _verified(store)
    finally:
        store.close()
    with running(store_url) as address, client_of(address, "") as again:
        again.headers = client.headers
        check(again)
        assert told(again) == before


def test_what_reservations_hold_is_told_in_full(client: httpx.Client) -> None:
    """S12, P8: more than 64 bits of it; then a budget leaves no room."""
    reward = {"type": "amount", "currency": "IRR", "value": LARGEST}
    promotion(client, "p", reward=reward)
    for n in range(930):
        asked = {"promotion_id": "p", "customer_id": f"c{n}"}
        assert client.post("/v1/reservations", json=asked).status_code == 201
    promotion(client, "p", reward=reward, limits=[BUDGET])
    told: Any = figures(client, "p")
    assert told["usage"][0]["committed"] == irr(Decimal(LARGEST) * 930)
    answer = client.post("/v1/reservations", json={"promotion_id": "p", "customer_id": "late"})
    assert (answer.status_code, answer.json()["code"]) == (409, "cap_reached")


def test_what_decisions_learn_is_kept_in_full(client: httpx.Client) -> None:
    """S12, P20: redemptions and outcomes of one customer that come to more than 64 bits hold."""
    settings(client)
    promotion(client, "p", max_redemptions=1_000)
    made = next(one for n in range(50) if (one := decided(client, f"c{n}"))["choice"])
    now = datetime.now(UTC).isoformat()
    whose = {"promotion_id": "p", "customer_id": made["customer_id"]}
    used = {"assignment_id": made["assignment_id"], "redeemed_at": now}
    amounts = {"order_value": ORDER, "reward_value": LARGEST}
    told = [{"event_id": f"e{n}", **whose, **used, **amounts} for n in range(1_000)]
    post(client, "redemptions", told)
    acted = {"customer_id": made["customer_id"], "occurred_at": now, "measure": "order_value"}
    worth = {"value": LARGEST, "currency": "EUR"}
    post(client, "outcomes", [{"outcome_id": f"o{n}", **acted, **worth} for n in range(1_000)])
    learned(client)
    lines = csv.DictReader(
        client.get("/v1/decisioning/log", params={"format": "csv"}).text.splitlines()
    )
    (line,) = (one for one in lines if one["decision_id"] == made["decision_id"])
    assert Decimal(line["order_value"]) == Decimal(ORDER) * 1_000
    assert Decimal(line["reward_cost"]) == Decimal(LARGEST) * 1_000
    again = decided(client, made["customer_id"])  # whose orders are looked at
    assert again["decision_id"] != made["decision_id"]
    for path in ("evaluation", "value", "pacing"):
        assert client.get(f"/v1/decisioning/{path}").status_code == 200
