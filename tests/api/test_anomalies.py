"""N13: anomalies over HTTP: found by the server itself, listed, shown, and acknowledged with a note in the log."""

from __future__ import annotations

import httpx

from tests.api.anomalous import an_anomaly


def test_the_server_finds_an_anomaly_and_says_where_it_comes_from(client: httpx.Client) -> None:
    """N13: nobody asked; it is in the list, of its promotion or source, and goes on."""
    anomaly_id = an_anomaly(client, "SPRING20")
    found = client.get(f"/v1/anomalies/{anomaly_id}").json()
    assert (found["direction"], found["ended_at"], found["cause"]) == ("drop", None, [])
    assert found["expected"] > 50
    assert found["actual"] == 0
    assert "dropped to 0" in found["said"]
    assert found["slots"][-1]["actual"] < found["slots"][-1]["low"]
    for asked in ({"open": "true"}, {"promotion_id": "SPRING20"}, {"source": "default"}):
        listed = client.get("/v1/anomalies", params=asked).json()["items"]
        about = found["promotion_id"] or found["source"]
        belongs = about in asked.values() or "open" in asked
        assert ([one["anomaly_id"] for one in listed] == [anomaly_id]) == belongs
    assert client.get("/v1/anomalies", params={"promotion_id": "?"}).status_code == 404
    assert client.get("/v1/anomalies", params={"source": "nobody"}).status_code == 404
    for wrong in ("x", "0", f"{anomaly_id}0", anomaly_id.upper() + "F"):
        assert client.get(f"/v1/anomalies/{wrong}").status_code == 404


def test_who_has_seen_it_is_told_to_everybody_and_to_the_audit_log(client: httpx.Client) -> None:
    anomaly_id = an_anomaly(client, "SPRING20")
    path = f"/v1/anomalies/{anomaly_id}/acknowledge"
    assert client.post(path, json={"note": "x" * 501}).json()["errors"][0]["pointer"] == "/note"
    seen = client.post(path, json={"note": "the till was being updated"}).json()
    assert seen["note"] == "the till was being updated"
    assert seen["acknowledged_by"].startswith("key")
    assert client.get(f"/v1/anomalies/{anomaly_id}").json() == seen
    entry = client.get("/v1/audit", params={"target": anomaly_id}).json()["items"][0]
    assert entry["action"] == "anomaly.acknowledge"
    assert entry["before"]["note"] == ""
    assert entry["after"]["note"] == "the till was being updated"
