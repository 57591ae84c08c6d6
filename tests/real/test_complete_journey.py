"""The real data, through the command line: Complete Journey 2017, 27 campaigns of an American grocer.

The truth beside it was counted by others, from the same files; every figure must equal it to the last digit.
"""

import csv
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import ask, breakdown_of, figures

KINDS = ("promotions", "assignments", "redemptions")


@pytest.fixture
def journey(shared: Path, store_url: str) -> str:
    """A store with all of the data imported, tracking from the November before."""
    ask("init", "--database", store_url, "--tracking-from", "2016-11-01T00:00:00Z")
    folder = shared / "data" / "completejourney2017"
    for kind in KINDS:
        answer = ask("import", kind, folder / f"{kind}.csv", "--database", store_url)
        assert answer["problems"] == []
    return store_url


def _truth(shared: Path, name: str) -> list[dict[str, str]]:
    with (shared / "data" / "completejourney2017" / name).open(newline="") as file:
        return list(csv.DictReader(file))


def _rate(row: dict[str, str]) -> float:
    return float(row["redemption_rate"])


def test_every_promotion_of_the_real_data_equals_the_truth(shared: Path, journey: str) -> None:
    """S18, S20, S25, S31, S33: assigned, redeemed, redemption events and rate, of global and personalized offers."""
    truth = {row["promotion_id"]: row for row in _truth(shared, "truth.csv")}
    found = figures(journey)
    assert found.keys() == truth.keys()
    for promotion_id, row in truth.items():
        shown: Any = found[promotion_id]
        counts = (shown["assigned"], shown["redeemed"], shown["redemptions"])
        wanted = (row["assigned"], row["redeemed"], row["redemption_events"])
        assert counts == tuple(map(int, wanted)), promotion_id
        if shown["redemptions"]:
            assert round(shown["rate"], 6) == _rate(row), promotion_id
        else:  # nothing was ever reported: a dash, not a zero
            assert (shown["rate"], shown["display"], _rate(row)) == (None, "-", 0.0)


def test_every_tier_and_segment_of_the_real_data_equals_the_truth(
    shared: Path, journey: str
) -> None:
    """S34, S37: which tiers and which segments take an offer up, and rows that sum to the total."""
    for by, field in (("tier", "tier_id"), ("segment", "segment")):
        _compare(shared, journey, by, field)


def _compare(shared: Path, journey: str, by: str, field: str) -> None:
    rows = _truth(shared, f"truth_by_{by}.csv")
    for promotion_id in {row["promotion_id"] for row in rows}:
        truth = {
            row[field]: (int(row["assigned"]), int(row["redeemed"]), _rate(row))
            for row in rows
            if row["promotion_id"] == promotion_id
        }
        shown = breakdown_of(journey, promotion_id, by)
        found = {
            line.key: (line.assigned, line.redeemed, round(line.rate or 0, 6))
            for line in shown.rows
        }
        assert found == truth
        assert sum(line.assigned for line in shown.rows) == shown.total.assigned


def test_the_second_engine_finds_no_difference_in_the_real_data(journey: str) -> None:
    answer = ask("verify", "--database", journey)
    assert (answer["ok"], answer["facts"], answer["different"]) == (True, 8_691, 0)
