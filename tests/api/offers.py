"""Promotions for the tests of this folder, put over HTTP as a marketer's system would."""

import httpx


def promotion(client: httpx.Client, promotion_id: str, **terms: object) -> None:
    """PUTs an active promotion worth five euros, with changes. The id is as it stands in a path."""
    reward = {"type": "amount", "currency": "EUR", "value": "5.00"}
    body = {"name": "An offer", "status": "active", "reward": reward, **terms}
    answer = client.put(f"/v1/promotions/{promotion_id}", json=body)
    assert answer.status_code in (200, 201), answer.text
