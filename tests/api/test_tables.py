"""Lists as tables: whatever comes in pages comes as one CSV file, too."""

from __future__ import annotations

import csv
from io import StringIO

import httpx
import msgspec

from promosight.api.routes import ROUTES
from tests.api.server import promotion
from tests.api.test_as_of import assigned, post, redeemed

LISTS = [
    route.path
    for route in ROUTES
    if route.method == "GET"
    and "{" not in route.path
    and "items" in getattr(route.gives, "__struct_fields__", ())
]


def rows_of(client: httpx.Client, path: str, **params: str) -> list[dict[str, str]]:
    """The rows of a list as CSV."""
    answer = client.get(path, params={"format": "csv", **params})
    assert answer.status_code == 200, (path, answer.text)
    assert answer.headers["content-type"].startswith("text/csv"), path
    assert "attachment" in answer.headers["content-disposition"], path
    return list(csv.DictReader(StringIO(answer.text, newline="")))


def test_every_list_comes_as_a_table_of_all_its_pages(client: httpx.Client) -> None:
    """P24: from the server, with every row, however many pages there are."""
    promotion(client, "ladder")
    post(client, "assignments", *(assigned(f"c{n}", "gold") for n in range(5)))
    post(client, "redemptions", redeemed("c1"), redeemed("stranger"))
    for n in range(5):
        made = client.post("/v1/keys", json={"name": f"=key {n}", "scopes": ["reports:read"]})
        assert made.status_code == 201, made.text
    assert len(LISTS) > 12
    for path in LISTS:
        page = client.get(path)
        assert page.status_code == 200, (path, page.text)
        rows = rows_of(client, path)
        assert len(rows) >= len(page.json()["items"]), path
        if path not in ("/v1/promotions", "/v1/compare", "/v1/problems"):
            assert len(rows) == len(page.json()["items"]), path
    keys = rows_of(client, "/v1/keys", limit="2")
    shown = client.get("/v1/keys").json()["items"]
    assert [row["key_id"] for row in keys] == [one["key_id"] for one in shown]
    assert "'=key 0" in {row["name"] for row in keys}
    assert keys[0].keys() == shown[0].keys()


def test_every_list_of_the_api_says_that_it_is_a_table_too() -> None:
    """P24: a list added later is one without a word."""
    for route in ROUTES:
        is_list = "items" in getattr(route.gives, "__struct_fields__", ())
        if route.method == "GET" and is_list and isinstance(route.gives, type):
            assert issubclass(route.gives, msgspec.Struct)
            assert "text/csv" in route.media, route.path
            assert "format" in route.query, route.path
