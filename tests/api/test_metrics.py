"""What Prometheus reads: counts that follow what happens, the store's own numbers, and nobody's names (P20)."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import httpx
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.parser import text_string_to_metric_families

from promosight.api.door.metrics import Metrics
from promosight.store.engine import open_store
from tests.api.server import new_workspace, promotion, serving
from tests.conftest import ROOT

SAID = {"promotion_id": "secret-promotion", "assigned_at": "2026-10-05T10:00:00Z"}


def read(client: httpx.Client) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample, as Prometheus' own parser understands it; no key is asked for."""
    answer = httpx.get(f"{client.base_url}/metrics", timeout=60)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == CONTENT_TYPE_LATEST
    families = text_string_to_metric_families(answer.text)
    return {
        (one.name, frozenset(one.labels.items())): one.value for f in families for one in f.samples
    }


def at(samples: dict[Any, float], name: str, **labels: str) -> float:
    """One sample, 0 where there is none."""
    return samples.get((name, frozenset(labels.items())), 0.0)


def idle(client: httpx.Client) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample once nothing waits: what a server does beside answering may just have had something to write."""
    until = time.monotonic() + 60
    while at(samples := read(client), "promosight_changes_waiting") > 0:
        assert time.monotonic() < until, "something waits for ever"
    assert ("promosight_changes_waiting", frozenset()) in samples
    return samples


def told(client: httpx.Client, *customers: str) -> None:
    """Reports assignments."""
    items = [{**SAID, "customer_id": customer} for customer in customers]
    assert client.post("/v1/assignments", json=items).status_code == 200


def test_requests_counted_together_are_counted_as_each_alone(sqlite_url: str) -> None:
    """P20: in the same buckets, those on the border of two as well."""
    store = open_store(sqlite_url, now_us=0)
    took_s = [0.0, 0.001, 0.0010001, 0.007, 0.01, 0.01, 3.0, 10.0, 11.0]
    alone, together = Metrics(store), Metrics(store)
    for seconds in took_s:
        alone.answered("POST", "/v1/redemptions", 200, seconds)
    together.answered_together("POST", "/v1/redemptions", 200, took_s)
    try:
        shown = [_of_requests(one.shown()) for one in (alone, together)]
    finally:
        store.close()
    assert shown[0] == shown[1]
    assert any(line.endswith(" 9.0") for line in shown[0])


def _of_requests(shown: bytes) -> list[str]:
    lines = shown.decode().splitlines()
    return [one for one in lines if "http_request" in one and "_created" not in one]


def test_counts_follow_what_happens(store_url: str) -> None:
    """P20: by outcome, by route and status; commits are timed; nothing waits in the end."""
    with serving(store_url, new_workspace(store_url)) as client:
        promotion(client, "secret-promotion")
        told(client, "ann", "bob")
        told(client, "ann")
        client.get("/v1/promotions/none")
        samples = idle(client)
    assert (
        at(samples, "promosight_items_total", kind="assignments", outcome="created")
        + at(samples, "promosight_items_total", kind="assignments", outcome="counted")
        == 2
    )
    assert at(samples, "promosight_items_total", kind="assignments", outcome="duplicate") == 1
    posted = {"method": "POST", "route": "/v1/assignments"}
    assert at(samples, "promosight_http_requests_total", **posted, status="200") == 2
    assert at(samples, "promosight_http_request_seconds_count", **posted) == 2
    missing = {"method": "GET", "route": "/v1/promotions/{promotion_id}", "status": "404"}
    assert at(samples, "promosight_http_requests_total", **missing) == 1
    assert at(samples, "promosight_changes_committed_total") >= 3
    assert at(samples, "promosight_commit_seconds_count") >= 2
    assert at(samples, "promosight_imports_unfinished") == 0
    assert any(name == "promosight_source_heard_timestamp_seconds" for name, _ in samples)
    assert at(samples, "process_cpu_seconds_total") > 0


def test_the_dashboard_asks_for_nothing_that_is_not_there(client: httpx.Client) -> None:
    """P20: deploy/grafana-dashboard.json."""
    told(client, "ann")
    there = {name for name, _ in read(client)}
    dashboard = json.loads((ROOT / "deploy" / "grafana-dashboard.json").read_text())
    asked = [one["expr"] for panel in dashboard["panels"] for one in panel["targets"]]
    named = {name for text in asked for name in re.findall(r"(?:promosight|process)_\w+", text)}
    assert len(dashboard["panels"]) == 10
    assert named <= there


def test_no_names_are_told_to_whoever_asks(client: httpx.Client) -> None:
    """P20, P14: /metrics asks for no key, so it names no brand, promotion, customer or source."""
    promotion(client, "secret-promotion")
    client.post("/v1/sources", json={"name": "secret-till"})
    told(client, "secret-ann")
    client.get("/v1/promotions/secret-promotion")
    assert "secret" not in httpx.get(f"{client.base_url}/metrics", timeout=60).text


def test_several_processes_answer_for_all_of_them(postgresql_url: str) -> None:
    """P20: whichever process is asked; else a counter would seem to jump back."""
    with serving(postgresql_url, new_workspace(postgresql_url), "--workers", "2") as client:
        promotion(client, "secret-promotion")
        for number in range(10):
            fresh = httpx.Client(base_url=client.base_url, headers=client.headers, timeout=60)
            told(fresh, f"c-{number}")
            fresh.close()
        for _ in range(5):
            samples = read(client)
            posted = {"method": "POST", "route": "/v1/assignments", "status": "200"}
            assert at(samples, "promosight_http_requests_total", **posted) == 10
