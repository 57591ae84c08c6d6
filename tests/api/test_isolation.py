"""What is one workspace's is nobody else's: every route is asked, with another workspace's admin key, for what is ours.

The cells come from the table of routes and the names in their paths, so that a new route is asked too, and one
with a new kind of name fails here until it is said what ours is called.
"""

from __future__ import annotations

import json
import re
import time
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from promosight.api.door.cookies import SIGNED_IN
from promosight.api.door.door import Route
from promosight.api.routes import ROUTES
from tests.api.anomalous import an_anomaly
from tests.api.server import client_of, new_workspace, promotion

MARK = "xyzzy"
"""In every name of ours, and nowhere else."""
_SINCE = {"assigned_at": "2026-10-05T10:00:00Z", "customer_id": f"{MARK}-customer"}
_ENDLESS = "/v1/stream"
_MAKES_ITS_OWN = {
    ("PUT", "/v1/promotions/{promotion_id:str}"),
    ("PUT", "/v1/customers/{customer_id:str}"),
}
"""Whoever PUTs a name makes a thing of their own that is called so."""
_SAYS_NOTHING = {("DELETE", "/v1/customers/{customer_id:str}")}
"""Answers whoever asks, of whomever, with 204 and no word: whether there was anybody is not told."""


@pytest.fixture
def names(client: httpx.Client) -> dict[str, str]:
    """One of everything, in our workspace, by what paths call it."""
    anomaly_id = an_anomaly(client, f"{MARK}-dropped")
    promotion(client, f"{MARK}-promotion")
    _report(client)
    asked = {"decision_id": f"{MARK}-decision", "customer_id": f"{MARK}-customer"}
    _done(client.post("/v1/decisions", json=asked))
    held = {"promotion_id": f"{MARK}-promotion", "customer_id": f"{MARK}-other"}
    user = {"email": f"{MARK}@shop.example", "role": "viewer", "password": "long enough indeed"}
    _done(client.post("/v1/sources", json={"name": f"{MARK}-source"}))
    _done(client.post("/v1/users", json=user))
    file = client.post(
        f"/v1/imports?kind=customers&name={MARK}.csv",
        content="customer_id\nxyzzy-3\n",
        headers={"Content-Type": "text/csv"},
    )
    hook = {"url": f"https://{MARK}.example/", "events": ["source.overdue"]}
    shop = {"source": f"{MARK}-source", "kind": "shopify"}
    shop_id = _done(client.post("/v1/shops", json=shop))["shop_id"]
    webhook_id = _done(client.post("/v1/webhooks", json=hook))["webhook_id"]
    mapping = {"field": "promo_code", "word": MARK, "promotion_id": f"{MARK}-promotion"}
    tested = client.post(f"/v1/webhooks/{webhook_id}/test")
    said = {"day": "2026-10-06", "redemptions": 0}
    view = {"name": MARK, "query": f"q={MARK}", "shared": True}
    stated = client.post(f"/v1/sources/{MARK}-source/reconciliations", json=said)
    return {
        "anomaly_id": anomaly_id,
        "reconciliation_id": _done(stated)["reconciliation_id"],
        "webhook_id": webhook_id,
        "shop_id": shop_id,
        "delivery_id": _done(tested)["delivery_id"],
        "promotion_id": f"{MARK}-promotion",
        "kind": f"audience?promotion={MARK}-promotion",
        "view_id": _done(client.post("/v1/views", json=view))["view_id"],
        "assignment_id": f"{MARK}-assignment",
        "event_id": f"{MARK}-event",
        "problem_id": _problem(client),
        "mapping_id": _done(client.post("/v1/mappings", json=mapping))["mapping_id"],
        "customer_id": f"{MARK}-customer",
        "name": f"{MARK}-source",
        "decision_id": f"{MARK}-decision",
        "version": _versions(client),
        "email": f"{MARK}@shop.example",
        "import_id": _ended(client, _done(file)["import_id"]),
        "reservation_id": _done(client.post("/v1/reservations", json=held))["reservation_id"],
        "key_id": _done(client.post("/v1/keys", json={"name": MARK, "scopes": ["admin"]}))[
            "key_id"
        ],
    }


def _report(client: httpx.Client) -> None:
    """An assignment, its redemption, and one that waits for its promotion."""
    assigned = {
        "promotion_id": f"{MARK}-promotion",
        "assignment_id": f"{MARK}-assignment",
        **_SINCE,
    }
    _done(client.post("/v1/assignments", json=assigned))
    redeemed = {
        "event_id": f"{MARK}-event",
        "promotion_id": f"{MARK}-promotion",
        "customer_id": f"{MARK}-customer",
        "redeemed_at": "2026-10-06T10:00:00Z",
    }
    _done(client.post("/v1/redemptions", json=redeemed))
    _done(
        client.post(
            "/v1/redemptions", json=redeemed | {"event_id": f"{MARK}-2", "promotion_id": "?"}
        )
    )


def _problem(client: httpx.Client) -> str:
    """The event that names a promotion nobody defined, as a path says it."""
    listed = client.get("/v1/problems", params={"q": f"{MARK}-2"}).json()
    return quote(listed["items"][0]["problem_id"], safe="")


def test_no_route_shows_or_changes_what_is_another_workspaces(
    request: pytest.FixtureRequest, engine: str, client: httpx.Client, names: dict[str, str]
) -> None:
    """P14: workspace isolation, cell by cell."""
    url, address = request.getfixturevalue(f"shared_{engine}_server")
    before = _everything(client)
    with client_of(address, new_workspace(url)) as stranger:
        for route in sorted(ROUTES, key=lambda one: (one.method, one.path) in _MAKES_ITS_OWN):
            if route.scope in ("", SIGNED_IN) or route.path == _ENDLESS:
                continue
            answer = stranger.request(route.method, _path(route, names), json=_body(route))
            if answer.status_code == 415:
                csv = {"Content-Type": "text/csv"}
                answer = stranger.request(
                    route.method, _path(route, names), content="code-1\n", headers=csv
                )
            assert answer.status_code < 500, (route, answer.text)
            if "{" not in route.path:
                assert MARK not in answer.text, (route, answer.text)
            elif (route.method, route.path) not in _MAKES_ITS_OWN | _SAYS_NOTHING:
                assert answer.status_code in (404, 422), (route, answer.status_code, answer.text)
    assert _everything(client) == before


def _versions(client: httpx.Client) -> str:
    """The last of more versions than anybody makes here: they are numbered in each workspace."""
    made = [client.post("/v1/decisioning/versions", json=_candidate(n)) for n in range(5)]
    return str(_done(made[-1])["version"])


def _candidate(number: int) -> dict[str, Any]:
    return {"note": MARK, "settings": {"gamma": 11 + number}}


def _ended(client: httpx.Client, import_id: str) -> str:
    for _ in range(3_000):
        if client.get(f"/v1/imports/{import_id}").json()["finished_at"]:
            return import_id
        time.sleep(0.02)
    raise AssertionError("the import does not end")


def _path(route: Route, names: dict[str, str]) -> str:
    asked = re.findall(r"\{(\w+):str\}", route.path)
    assert set(asked) <= names.keys(), f"say in `names` what ours is called: {route.path}"
    return route.path.replace(":str}", "}").format_map(names)


def _body(route: Route) -> Any:
    """Enough for routes that look at the body before the name."""
    if route.method in ("GET", "DELETE"):
        return None
    return {"name": "theirs", "status": "active", "role": "admin", "cadence": "daily"} | {
        "from": "2026-10-01T00:00:00Z",
        "to": "2026-10-02T00:00:00Z",
    }


def _everything(client: httpx.Client) -> dict[str, Any]:
    """What a workspace says of itself, but for the moments."""
    told = {}
    for path in (
        "promotions",
        "sources",
        "keys",
        "users",
        "imports",
        "problems",
        "mappings",
        "workspace",
        "webhooks",
        "shops",
    ):
        told[path] = re.sub(
            r'"(as_of|last_seen_at|last_heard_at|last_used_at|failing_since|state)":("[^"]*"|null)',
            "",
            client.get(f"/v1/{path}").text,
        )
    return told


def _done(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return json.loads(answer.text)
