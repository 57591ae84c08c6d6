"""A parameter that was misspelled is told; one that is none of ours is no concern of ours."""

from __future__ import annotations

import httpx
import pytest

from promosight.api.door.query_names import check_names
from promosight.api.routes import ROUTES
from tests.api.server import figures, promotion
from tests.api.test_set_up import ASSIGNMENT, EVENT

MISSPELLED = (
    ("/v1/decisioning/log", "form", "from"),
    ("/v1/decisioning/evaluation", "horizon-days", "horizon_days"),
    ("/v1/decisioning/evaluation", "horizon", "horizon_days"),
    ("/v1/promotions", "Limit", "limit"),
    ("/v1/promotions", "asof", "as_of"),
    ("/v1/promotions/p/breakdown", "limt", "limit"),
    ("/v1/alerts", "promotion", "promotion_id"),
    ("/v1/problems", "sources", "source"),
)
SPECIFIED = {
    ("POST", "/v1/redemptions"): ("outcomes",),
    ("POST", "/v1/imports"): ("kind",),
    ("GET", "/v1/promotions"): ("status", "kind", "q", "sort", "limit", "cursor", "as_of"),
    ("GET", "/v1/promotions/{promotion_id}/breakdown"): ("by", "as_of"),
    ("GET", "/v1/promotions/{promotion_id}/customers"): ("status",),
    ("GET", "/v1/events/{event_id}"): ("source",),
    ("GET", "/v1/problems"): ("source", "reason", "limit", "cursor"),
}


@pytest.mark.parametrize(("path", "name", "meant"), MISSPELLED)
def test_a_slip_is_told_with_what_was_meant(
    client: httpx.Client, path: str, name: str, meant: str
) -> None:
    """P16: what would go unheard is told."""
    promotion(client, "p")
    told = client.get(path, params={name: "2026-01-01T00:00:00Z"})
    assert told.status_code == 422, told.text
    said = told.json()
    assert (said["code"], said["errors"][0]["pointer"]) == ("unknown_parameter", f"/{name}")
    assert meant in said["detail"]


def test_a_parameter_that_says_two_things_is_told(client: httpx.Client) -> None:
    """P16: neither is left unheard; what says the same again, or is none of ours, is no concern of ours."""
    for asked in ("status=active&status=draft", "limit=1&sort=rate&limit=2"):
        told = client.get(f"/v1/promotions?{asked}")
        assert (told.status_code, told.json()["code"]) == (422, "invalid"), told.text
        assert told.json()["errors"][0]["pointer"] == f"/{asked.partition('=')[0]}"
    for asked in ("status=active&status=active", "status=active,draft", "_=1&_=2"):
        assert client.get(f"/v1/promotions?{asked}").status_code == 200
    for asked in ("all&outcomes=some", "some"):
        told = client.post(f"/v1/redemptions?outcomes={asked}", json=[])
        assert (told.status_code, told.json()["errors"][0]["pointer"]) == (422, "/outcomes")


def test_a_misspelled_dry_run_reports_nothing(client: httpx.Client) -> None:
    promotion(client, "p")
    client.post("/v1/assignments", json=ASSIGNMENT)
    told = client.post("/v1/redemptions?dryrun=true", json=EVENT)
    assert (told.status_code, told.json()["code"]) == (422, "unknown_parameter")
    assert figures(client, "p")["redemptions"] == 0


def test_what_others_put_into_addresses_is_passed_over(client: httpx.Client) -> None:
    names = (
        "_",
        "t",
        "ts",
        "v",
        "nocache",
        "cb",
        "utm_source",
        "utm_campaign",
        "gclid",
        "ref",
        "%00",
        "x" * 500,
    )
    for name in names:
        assert client.get(f"/v1/promotions?{name}=1").status_code == 200, name
    assert client.post("/v1/redemptions?utm_source=x", json=[]).status_code == 200


def test_what_is_known_anywhere_is_refused_nowhere_but_for_a_slip() -> None:
    """S3: every parameter of the contract is known to its route."""
    by_path = {(route.method, route.shown): route.query for route in ROUTES}
    for where, names in SPECIFIED.items():
        assert set(names) <= set(by_path[where]), where
    for query in by_path.values():
        check_names("&".join(f"{name}=1" for name in query).encode(), query)
