"""A promotion of which redemptions came for five days, every hour, and then none: the server finds that by itself."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import httpx

from tests.api.server import promotion
from tests.conftest import EVENING

EACH_HOUR, HOURS, SILENT = 12, 5 * 24, 10


def _await_hour() -> None:
    """Lets an hour end that is about to: an anomaly that goes on is told otherwise once it is over."""
    now = datetime.now(UTC)
    left = timedelta(hours=1) - (now - now.replace(minute=0, second=0, microsecond=0))
    if left < EVENING:
        time.sleep(left.total_seconds() + 5)


def an_anomaly(client: httpx.Client, promotion_id: str) -> str:
    """Reports it all at once, as the first facts of a workspace, and waits until it is found: the anomaly's id."""
    _await_hour()
    promotion(client, promotion_id)
    client.put(f"/v1/customers/{promotion_id}-customer", json={}).raise_for_status()
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    events = [
        {
            "event_id": f"{promotion_id}-{back}-{number}",
            "promotion_id": promotion_id,
            "customer_id": f"{promotion_id}-customer",
            "redeemed_at": (hour - timedelta(hours=back, minutes=-4 * number)).isoformat(),
        }
        for back in range(SILENT + 1, HOURS)
        for number in range(EACH_HOUR)
    ]
    client.post("/v1/redemptions", json=events).raise_for_status()
    while True:
        found = client.get("/v1/anomalies").raise_for_status().json()["items"]
        if found:
            anomaly_id: str = found[0]["anomaly_id"]
            return anomaly_id
        time.sleep(0.2)
