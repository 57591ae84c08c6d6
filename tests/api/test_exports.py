"""Exports over HTTP: every kind in every form, of one moment, sent while they are written."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest

from promosight.api import exports
from promosight.connectors.export_files import FORMS, MEDIA_TYPES
from promosight.connectors.export_schema import KINDS
from tests.api.deciding import decided, settings
from tests.api.server import TRACKING_FROM, client_of, new_workspace, promotion
from tests.api.test_as_of import assigned, moment, post, redeemed


def fetched(client: httpx.Client, kind: str, form: str, **params: str) -> httpx.Response:
    """An export, whole."""
    params |= {"promotion": "ladder"} if kind == "audience" else {}
    answer = client.get(f"/v1/exports/{kind}", params={"format": form, **params})
    assert answer.status_code == 200, answer.text
    return answer


def lines(client: httpx.Client, kind: str, **params: str) -> list[dict[str, Any]]:
    """The records of an export."""
    text = fetched(client, kind, "ndjson", **params).text
    return [json.loads(line) for line in text.splitlines()]


def read(file: Path) -> tuple[list[str], int]:
    """The columns of a Parquet file, and how many rows it has."""
    with duckdb.connect(":memory:") as connection:
        columns = connection.execute(f"DESCRIBE SELECT * FROM '{file}'").fetchall()
        row = connection.execute(f"SELECT COUNT(*) FROM '{file}'").fetchone()
        return [name for name, *_ in columns], 0 if row is None else row[0]


@pytest.fixture
def brand(client: httpx.Client) -> httpx.Client:
    """A promotion with facts, a reversal, an outcome, and something that cannot be counted."""
    promotion(client, "ladder")
    post(client, "assignments", *(assigned(name, "gold") for name in ("ann", "bob", "cat")))
    refund = {"event_id": "r-1", "type": "reversal", "reverses": "e-ann"}
    post(client, "redemptions", redeemed("ann"), redeemed("bob"), redeemed("stranger"))
    post(client, "redemptions", refund | {"redeemed_at": "2026-10-25T10:00:00Z"})
    spent = {"measure": "order_value", "value": "12.50", "currency": "EUR"}
    who = {"outcome_id": "o-1", "customer_id": "ann", "occurred_at": "2026-10-21T10:00:00Z"}
    post(client, "outcomes", who | spent)
    return client


def test_every_kind_comes_in_every_form_with_its_media_type_and_name(
    brand: httpx.Client, tmp_path: Path
) -> None:
    """P12: facts, figures, history, problems and audiences as CSV, NDJSON and Parquet; the three tell the same."""
    schema = {one["kind"]: one["columns"] for one in brand.get("/v1/exports").json()["kinds"]}
    assert schema.keys() == KINDS.keys()
    for kind in KINDS:
        names = [one["name"] for one in schema[kind]]
        found = {form: fetched(brand, kind, form, found="true") for form in FORMS}
        for form, answer in found.items():
            assert answer.headers["content-type"].split(";")[0] == MEDIA_TYPES[form]
            assert f'filename="{kind}.{form}"' in answer.headers["content-disposition"]
        header, *rows = csv.reader(StringIO(found["csv"].text))
        assert header == names
        assert len(rows) == len(found["ndjson"].text.splitlines())
        file = tmp_path / f"{kind}.parquet"
        file.write_bytes(found["parquet"].content)
        assert read(file) == (names, len(rows))
        assert rows or kind in ("decisions", "customers")


def test_figures_are_exported_as_of_a_moment(brand: httpx.Client) -> None:
    """P12, N5: the file that went with last month's report."""
    then = {kind: lines(brand, kind) for kind in ("figures", "breakdowns", "days")}
    at = moment()
    post(brand, "assignments", assigned("dan", "gold"))
    for kind, records in then.items():
        assert lines(brand, kind, as_of=at) == records
        assert lines(brand, kind) != records
    refused = brand.get("/v1/exports/assignments", params={"as_of": at})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/as_of")


def test_what_is_exported_over_http_and_sent_to_an_empty_workspace_gives_equal_figures(
    brand: httpx.Client, store_url: str
) -> None:
    """P12: definitions, facts and outcomes go in again as they came out."""
    with client_of(str(brand.base_url), new_workspace(store_url)) as other:
        (definition,) = lines(brand, "promotions")
        other.put("/v1/promotions/ladder", json=_without(definition, "promotion_id"))
        for kind in ("assignments", "redemptions", "outcomes"):
            post(other, kind, *lines(brand, kind))
        for kind in ("breakdowns", "days", "assignments", "redemptions", "outcomes"):
            there, here = (sorted(map(json.dumps, lines(one, kind))) for one in (other, brand))
            assert there == here, kind


def _without(record: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key != name}


def test_a_large_export_is_sent_while_it_is_written(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P12: in an order that stays the same, whole."""
    monkeypatch.setattr(exports, "_CHUNK", 512)
    promotion(client, "ladder")
    names = [f"c{n:04}" for n in range(900)]
    post(client, "assignments", *(assigned(name, "gold") for name in names))
    found = lines(client, "assignments")
    assert sorted(one["customer_id"] for one in found) == names
    assert lines(client, "assignments") == found


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("nothing", 404, "there is no export"),
        ("figures?format=xml", 422, "/format"),
        ("audience", 422, "/promotion"),
        ("audience?promotion=ladder&status=happy", 422, "/status"),
        ("assignments?source=nobody", 404, "there is no source"),
        ("figures?as_of=2999-01-01T00:00:00Z", 422, "/as_of"),
    ],
)
def test_what_cannot_be_exported_is_refused_before_anything_is_sent(
    client: httpx.Client, path: str, status: int, said: str
) -> None:
    assert TRACKING_FROM
    promotion(client, "ladder")
    answer = client.get(f"/v1/exports/{path}")
    assert answer.status_code == status, answer.text
    assert said in answer.text


def test_decisions_are_exported_with_the_probabilities_of_every_action(
    client: httpx.Client,
) -> None:
    """P12, P19: what was open, how likely each was chosen, and what became of it."""
    settings(client)
    for name in ("tea", "cake"):
        promotion(client, name)
    answer = decided(client, "ann", assign=True)
    (record,) = lines(client, "decisions")
    assert record["decision_id"] == answer["decision_id"]
    shares = {one["promotion_id"]: one["propensity"] for one in record["actions"]}
    assert shares.keys() == {"tea", "cake", None}
    assert sum(shares.values()) == pytest.approx(1)
    assert shares[record["promotion_id"]] == pytest.approx(record["propensity"])
    assert record["redeemed"] is False
