"""Outcomes in files: the same facts as over the API, whatever the form, the order and how often they come."""

from __future__ import annotations

import csv
import io
import json
import random
import time
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest

from tests.api.server import client_of, new_workspace
from tests.api.test_return import give, outcome, redeem, returned, send

TYPES = {
    "csv": "text/csv",
    "ndjson": "application/x-ndjson",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
}


def world() -> list[dict[str, Any]]:
    """Outcomes of fifty treated and fifty control customers, the same every time."""
    drawn = random.Random(7)
    told = []
    for n in range(50):
        told.append(outcome(f"o-t{n}", f"t{n}", value=f"{drawn.uniform(20, 90):.2f}"))
        told.append(outcome(f"o-c{n}", f"c{n}", value=f"{drawn.uniform(10, 70):.2f}"))
    return told


def written(items: list[dict[str, Any]], form: str, folder: Path) -> bytes:
    """The items as a file of a form."""
    if form == "json":
        return json.dumps(items).encode()
    if form == "csv":
        text = io.StringIO(newline="")
        rows = csv.DictWriter(text, [*items[0], "remark"], restval="")
        rows.writeheader()
        rows.writerows(items)
        return text.getvalue().encode()
    lines = "\n".join(map(json.dumps, items)).encode()
    if form == "ndjson":
        return lines
    (folder / "o.ndjson").write_bytes(lines)
    source = f"SELECT * FROM read_json_auto('{folder}/o.ndjson')"
    duckdb.execute(f"COPY ({source}) TO '{folder}/o.parquet' (FORMAT parquet)")
    return (folder / "o.parquet").read_bytes()


def imported(client: httpx.Client, body: bytes, form: str) -> dict[str, Any]:
    """Sends a file and waits until it is done."""
    headers = {"Content-Type": TYPES[form]}
    answer = client.post("/v1/imports?kind=outcomes", content=body, headers=headers)
    assert answer.status_code == 202, answer.text
    for _ in range(3_000):
        shown: dict[str, Any] = client.get(answer.headers["location"]).json()
        if shown["finished_at"]:
            return shown
        time.sleep(0.02)
    raise AssertionError("the import does not end")


@pytest.mark.parametrize("form", TYPES)
def test_outcomes_by_file_are_the_same_facts_as_over_the_api(
    request: pytest.FixtureRequest, engine: str, client: httpx.Client, tmp_path: Path, form: str
) -> None:
    """S28, S29, P1: in any form, shuffled, twice, and once more over the API."""
    url, address = request.getfixturevalue(f"shared_{engine}_server")
    told = world()
    with client_of(address, new_workspace(url)) as other:
        for one in (client, other):
            give(one, 50, 50)
            redeem(one, [f"t{n}" for n in range(20)], reward_value="5.00")
        send(client, told)
        random.Random(8).shuffle(told)
        shown = imported(other, written(told, form, tmp_path), form)
        assert shown["outcomes"] == {"counted": 100}
        again = imported(other, written(told, "ndjson", tmp_path) + b"\n", "ndjson")
        assert again["outcomes"] == {"duplicate": 100}
        assert send(other, told)["outcomes"] == {"duplicate": 100}
        moment = {"as_of": None}
        assert returned(other) | moment == returned(client) | moment


def test_rows_that_are_no_outcomes_are_listed_with_their_line(client: httpx.Client) -> None:
    """P2, P10: the neighbours are taken."""
    lines = [
        "outcome_id,customer_id,occurred_at,measure,value,currency",
        "o1,ann,2026-10-09T12:00:00Z,order_value,60.00,EUR",
        "o2,ann,2026-10-09T12:00:00Z,happiness,60.00,EUR",
        "o3,,2026-10-09T12:00:00Z,order_value,60.00,EUR",
        "o1,ann,2026-10-09T12:00:00Z,order_value,61.00,EUR",
    ]
    shown = imported(client, "\n".join(lines).encode(), "csv")
    assert shown["outcomes"] == {"counted": 1, "rejected": 3}
    problems = client.get(f"/v1/imports/{shown['import_id']}/problems").text
    rows = list(csv.DictReader(io.StringIO(problems)))
    assert sorted((row["line"], row["reason"]) for row in rows) == [
        ("3", "invalid"),
        ("4", "invalid"),
        ("5", "event_conflict"),
    ]


def test_a_file_without_the_column_says_so(client: httpx.Client) -> None:
    shown = imported(client, b"customer_id,value\nann,1\n", "csv")
    assert shown["state"] == "failed"
    assert "outcome_id" in shown["detail"]
