"""The benchmark's work is what it says it is: the shares, the order, the forms, and the right answer."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import duckdb
import msgspec
import pytest

from bench.floor_rows import decoded
from bench.forms import write
from bench.work import Work, promotion_id, written

WORK = Work(assignments=4_000, redemptions=2_000, promotions=20)


def test_a_tenth_of_the_redemptions_are_repeated_and_two_in_a_hundred_name_the_unknown() -> None:
    lines = list(WORK.redemption_lines())
    what = Counter(line.what for line in lines)
    assert len(lines) == 2_000
    assert what["duplicate"] == 200
    assert what["unknown_promotion"] == what["unknown_customer"] == 20
    ids = Counter(line.record["event_id"] for line in lines)
    assert len(ids) == WORK.distinct == 1_800
    assert sum(count - 1 for count in ids.values()) == 200


def test_five_groups_in_a_hundred_have_several_assignments() -> None:
    records = list(WORK.assignment_records())
    groups = Counter((one["promotion_id"], one["customer_id"]) for one in records)
    several = sum(count > 1 for count in groups.values())
    assert len(records) == 4_000
    assert several / len(groups) == pytest.approx(0.05, abs=0.01)


@pytest.mark.parametrize("random_keys", [False, True])
def test_the_same_work_is_told_every_time(random_keys: bool) -> None:
    one, other = (
        Work(assignments=400, redemptions=200, promotions=20, random_keys=random_keys)
        for _ in range(2)
    )
    assert list(one.assignment_records()) == list(other.assignment_records())
    assert list(one.redemption_lines()) == list(other.redemption_lines())
    ids = {record["assignment_id"] for record in one.assignment_records()}
    assert len(ids) == 400


def test_distinct_redemptions_come_in_the_order_of_time() -> None:
    told = [one.record["redeemed_at"] for one in WORK.redemption_lines() if one.what != "duplicate"]
    assert told == sorted(told)


def test_every_form_holds_the_same_rows(tmp_path: Path) -> None:
    written = write(WORK, tmp_path)
    for kind in ("assignments", "redemptions"):
        lines = written.file(kind).read_bytes().splitlines()
        records = [msgspec.json.decode(line) for line in lines]
        assert len(lines) == len(decoded(kind, lines)) == written.count(kind)
        with written.file(kind, "csv").open(newline="") as file:
            rows = [{k: v for k, v in row.items() if v} for row in csv.DictReader(file)]
        assert rows == records
        with duckdb.connect(":memory:") as connection:
            table = f"read_parquet('{written.file(kind, 'parquet')}')"
            stored = connection.execute(f"SELECT customer_id FROM {table}").fetchall()
        assert [row[0] for row in stored] == [record["customer_id"] for record in records]


def test_live_redemptions_are_made_now_in_promotions_that_run() -> None:
    now_s = 1_800_000_000
    live = WORK.live(now_s, 1_000)
    lines = list(live.redemption_lines())
    assert [one.what for one in lines] == [one.what for one in WORK.redemption_lines()]
    before, after = lines[:1_000], [one for one in lines[1_000:] if one.what != "duplicate"]
    assert {one.record["redeemed_at"] for one in after} == {written(now_s)}
    assert all(one.record["redeemed_at"] <= written(now_s) for one in before)
    ends = {one["promotion_id"]: one.get("expires_at", "9") for one in live.assignment_records()}
    assert all(ends[promotion_id(one.promotion)] > written(now_s) for one in after)
