"""`./dev bench decide_world`: a simulated world lived through over HTTP, beside the same policy within one process.

    ./dev bench decide_world --seeds 3 --decisions 5000

The world is that of `./dev bench decide`: the same customers, offers, probabilities and luck. Here the customers'
history is reported first, then each decision is asked of a server as of its day (a sandbox workspace takes `as_of`),
redemptions are reported, and the next fifty are asked once these are learned. Score 0 is an even draw, 1 an oracle.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import httpx  # noqa: E402  # after the threads are set
import numpy as np  # noqa: E402

from bench.deciding import ours, playing  # noqa: E402
from bench.deciding.worlds import TYPES, World, told_of, world  # noqa: E402
from promosight.rules.policy import Exploration, seed_of  # noqa: E402
from promosight.rules.solving import Prior  # noqa: E402

DAYS, AGO, BEFORE = 60.0, 62, 200
"""A world lasts 60 days and began 62 days ago; histories go back as far as another 200."""
TOGETHER = ours.EVERY
_PROGRAM = [sys.executable, "-m", "promosight"]


def main() -> int:
    """Plays each seed both ways and prints a line of JSON for each, and one for all."""
    parser = argparse.ArgumentParser(prog="./dev bench decide_world", description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--decisions", type=int, default=5_000)
    parser.add_argument("--world", default="logistic")
    parser.add_argument("--port", type=int, default=8_981)
    parser.add_argument("--gamma", type=float, default=30.0)
    parser.add_argument("--exploration", default="thompson")
    chosen = parser.parse_args()
    found = []
    for seed in range(chosen.first, chosen.first + chosen.seeds):
        made = world(chosen.world, seed, chosen.decisions, DAYS)
        way = Exploration(chosen.exploration, chosen.gamma, 0.02)
        began = time.perf_counter()
        outside, salt = over_http(made, way, chosen.port)
        decider = ours.Ours(made, way, prior=_prior(made), seed=partial(_seed, salt))
        inside = playing.at_once(made, decider)
        one = {
            "seed": seed,
            "in_process": round(playing.score(made, inside), 4),
            "over_http": round(playing.score(made, outside), 4),
            "seconds": round(time.perf_counter() - began),
        }
        print(json.dumps(one), flush=True)
        found.append(one)
    means = {name: float(np.mean([one[name] for one in found])) for name in _SCORES}
    print(json.dumps({name: round(mean, 4) for name, mean in means.items()}), end=" ")
    print(f"over HTTP / in process: {means['over_http'] / means['in_process']:.3f}")
    return 0


_SCORES = ("in_process", "over_http")


def _prior(made: World) -> Prior:
    """What the server knows of the history as well: how often anything is redeemed."""
    who = np.unique(made.who)
    given, used = made.people.assigned[who].sum(), made.people.redeemed[who].sum()
    return Prior(rate=float(used / given))


def _seed(salt: str, at: int) -> int:
    """The seed of the server: both draw by the same numbers, for luck makes more of a difference than anything else."""
    return seed_of(f"d{at}", salt)


def over_http(made: World, way: Exploration, port: int) -> tuple[Any, str]:
    """The expected worth of each decision that a server makes, and the salt of its seeds."""
    with tempfile.TemporaryDirectory() as folder:
        start = datetime.now(UTC) - timedelta(days=AGO)
        since = (start - timedelta(days=BEFORE + 10)).isoformat()
        words = ["init", "--data", folder, "--sandbox", "--json", "--tracking-from", since]
        said = subprocess.run([*_PROGRAM, *words], capture_output=True, check=True, text=True)
        key = json.loads(said.stdout)["key"]
        words = [*_PROGRAM, "serve", "--data", folder, "--port", str(port)]
        server = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        try:
            with httpx.Client(
                base_url=f"http://127.0.0.1:{port}",
                headers={"Authorization": f"Bearer {key}"},
                timeout=120,
            ) as client:
                return _Lived(client, made, way, start).live()
        finally:
            server.terminate()
            server.wait()


class _Lived:
    """One world on one server."""

    def __init__(
        self, client: httpx.Client, made: World, way: Exploration, start: datetime
    ) -> None:
        self._client = client
        self._made = made
        self._way = way
        self._start = start

    def live(self) -> tuple[Any, str]:
        """Everything of it."""
        self._ready()
        way = {"exploration": self._way.kind, "gamma": self._way.gamma, "floor": self._way.floor}
        self._ask("PATCH", "/v1/decisioning", {"control_share": 0.0, **way})
        self._tell_history()
        self._offer()
        made, worth = self._made, np.zeros(self._made.length)
        with ThreadPoolExecutor(8) as pool:
            for first in range(0, made.length, TOGETHER):
                those = range(first, min(first + TOGETHER, made.length))
                redemptions = []
                for at, answer in zip(those, pool.map(self._decide, those), strict=True):
                    if (choice := answer["choice"]) is None:
                        continue
                    column = int(choice["promotion_id"].removeprefix("promotion-"))
                    worth[at] = made.worth[at, column]
                    if made.luck[at] < made.likely[at, column]:
                        redemptions.append(self._redemption(at, answer))
                if redemptions:
                    self._report("/v1/redemptions", redemptions)
                self._learned()
        workspace = self._ask("GET", "/v1/workspace", None)["workspace"]
        return worth, f"{workspace}\x00"

    def _decide(self, at: int) -> Any:
        made = self._made
        there = [f"promotion-{column:02}" for column in np.flatnonzero(made.there[at])]
        who = int(made.who[at])
        body = {
            "customer_id": f"c{who}",
            "decision_id": f"d{at}",
            "candidates": there,
            "context": told_of(made.people, who),
            "as_of": self._at(float(made.day[at])),
        }
        return self._ask("POST", "/v1/decisions", body)

    def _redemption(self, at: int, answer: dict[str, Any]) -> dict[str, Any]:
        return {
            "event_id": f"r{at}",
            "promotion_id": answer["choice"]["promotion_id"],
            "customer_id": answer["customer_id"],
            "assignment_id": answer["assignment_id"],
            "redeemed_at": self._at(float(self._made.day[at]) + 1 / 86_400),
        }

    def _at(self, day: float) -> str:
        return (self._start + timedelta(days=day)).isoformat()

    def _offer(self) -> None:
        promotions, value = self._made.promotions, self._made.value
        for column, kind in enumerate(promotions.type.tolist()):
            reward = {"type": TYPES[kind], "value": f"{promotions.reward[column]:.2f}"}
            terms = {"value": f"{value[column]:.2f}", "cost": "0"}
            body = {"name": f"Offer {column}", "status": "active", "reward": reward}
            body["properties"] = {"decisioning": terms}
            self._ask("PUT", f"/v1/promotions/promotion-{column:02}", body)

    def _tell_history(self) -> None:
        """What customers were given and redeemed before: in days gone by, the last redemption as long ago as it was."""
        for name in TYPES:
            body = {"name": name, "status": "active", "reward": {"type": name, "value": "1"}}
            self._ask("PUT", f"/v1/promotions/old-{name}", body | {"properties": _NOT_OFFERED})
        made, given, used = self._made, [], []
        _, firsts = np.unique(made.who, return_index=True)
        for at in firsts.tolist():
            who = int(made.who[at])
            last = float(made.day[at]) - min(float(made.people.idle[who]), 120.0)
            for column, name in enumerate(TYPES):
                times = int(made.people.redeemed[who, column])
                for n in range(int(made.people.assigned[who, column])):
                    named = f"h{who}-{column}-{n}"
                    one = {"promotion_id": f"old-{name}", "customer_id": f"c{who}"}
                    one["assignment_id"] = named
                    given.append(one | {"assigned_at": self._at(-BEFORE - n / 100)})
                    if n < times:
                        told = {"event_id": named, "redeemed_at": self._at(last - n)}
                        told["order_value"] = f"{made.people.basket[who]:.2f}"
                        used.append(one | told)
        self._report("/v1/assignments", given)
        self._report("/v1/redemptions", used)

    def _report(self, path: str, items: list[dict[str, Any]]) -> None:
        for first in range(0, len(items), 5_000):
            found = self._ask("POST", path, items[first : first + 5_000])
            assert found["problems"] == [], found["problems"][:3]

    def _learned(self) -> None:
        while self._ask("GET", "/v1/decisioning", None)["learned"]["waiting"]:
            time.sleep(0.02)

    def _ready(self) -> None:
        for _ in range(500):
            try:
                if self._client.get("/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise SystemExit("the server did not come up")

    def _ask(self, method: str, path: str, body: Any) -> Any:
        answer = self._client.request(method, path, json=body)
        assert answer.is_success, (path, answer.text)
        return answer.json()


_NOT_OFFERED = {"decisioning": {"eligible": False}}

if __name__ == "__main__":
    sys.exit(main())
