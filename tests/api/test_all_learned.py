"""What is told of decisions holds all that was reported before it was asked for, though learning runs beside."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import httpx

from tests.api.deciding import settings
from tests.api.server import promotion


def test_the_log_and_its_estimates_know_what_was_reported_before_they_were_asked_for(
    client: httpx.Client,
) -> None:
    """P19, N9: learning runs beside; told too early, hundreds of redemptions would seem never to have been."""
    settings(client, floor=1.0)
    promotion(client, "a")
    asked = [{"customer_id": f"c{n}", "decision_id": f"many-{n}"} for n in range(400)]
    made = client.post("/v1/decisions/batch", json={"decisions": asked}).json()["decisions"]
    at = datetime.now(UTC).isoformat()
    used = [
        {"event_id": f"e-{one['decision_id']}", "promotion_id": "a", "redeemed_at": at}
        | {"customer_id": one["customer_id"], "assignment_id": one["assignment_id"]}
        for one in made
        if one["choice"]
    ]
    assert len(used) > 100
    assert client.post("/v1/redemptions", json=used).json()["outcomes"] == {"counted": len(used)}
    lines = client.get("/v1/decisioning/log").text.splitlines()
    assert sum(json.loads(line)["redeemed"] for line in lines) == len(used)
    back = [
        {"type": "reversal", "event_id": f"r-{n}", "reverses": one["event_id"], "redeemed_at": at}
        for n, one in enumerate(used)
    ]
    assert client.post("/v1/redemptions", json=back).json()["problems"] == []
    assert client.get("/v1/decisioning/evaluation").status_code == 200
    assert client.get("/v1/decisioning").json()["learned"]["redeemed"] == 0
