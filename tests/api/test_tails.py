"""What decisions knew is kept with them, so what is learned by count is a function of the facts, too (decision 42)."""

from __future__ import annotations

from typing import Any

import httpx

from promosight.flows.decisioning.learning import relearn
from promosight.flows.decisioning.minds import read_learned
from promosight.store.engine import open_store
from tests.api.deciding import learned, settings
from tests.api.server import promotion


def test_tails_are_rebuilt_from_the_log_to_the_last_bit(
    store_url: str, client: httpx.Client
) -> None:
    """N9: of an offer with more than a few decisions."""
    settings(client)
    promotion(client, "a")
    offered = 0
    for at in range(3):
        asked = [{"customer_id": f"c{at}-{n}", "decision_id": f"d{at}-{n}"} for n in range(80)]
        answer = client.post("/v1/decisions/batch", json={"decisions": asked})
        offered += answer.json()["assigned"]
        learned(client, decisions=offered)
    store = open_store(store_url, now_us=0)

    def state() -> tuple[Any, ...]:
        row = store.read(lambda tx: tx.one("learned", workspace_no=1))
        assert row is not None
        return row[1:4]

    before = state()
    evidence = store.read(lambda tx: read_learned(tx, 1)).evidence
    assert evidence.tail
    assert max(evidence.reached.values()) > 64
    store.change(lambda tx: relearn(tx, 1, now_us=0))
    assert state() == before
    store.close()
