"""Real-time and batch: only when figures move differs, never what they say."""

from collections.abc import Iterator
from pathlib import Path

from promosight.connectors.reading import Reading, read_ndjson
from promosight.flows.reporting.intake import Delivery
from promosight.flows.reporting.report import report
from promosight.flows.set_up.workspaces import DEFAULT_SOURCE, find_source
from promosight.rules.instants import parse_instant
from promosight.store.engine import Store, open_store
from promosight.store.rows import Arrival
from tests.cli.brand import STARTS_AT, simulated, take, take_all
from tests.cli.program import NOW_US, everything, figures

DEFINED = ("promotions", "customers", "assignments")
_DAYS = 5
"""Batches a source sends, one a day; each repeats an event of the day before, as real ones do."""


def _one_by_one(store: Store, lines: list[bytes]) -> Iterator[None]:
    source = store.read(lambda tx: find_source(tx, 1, DEFAULT_SOURCE))
    arrival = Arrival(1, source.source_no, 0, NOW_US)
    reading = Reading(received_us=NOW_US, tracking_from_us=parse_instant(STARTS_AT))
    for item in read_ndjson("redemptions", lines, reading):
        store.write(report, Delivery(arrival, [item]))
        yield


def test_events_one_by_one_daily_files_and_one_file_give_the_same_views(
    tmp_path: Path, store_url: str
) -> None:
    """S5, S6, S12, S14, S15: real-time moves at every event, batch after each file; the data are one."""
    folder = simulated(tmp_path / "files")
    lines = (folder / "redemptions.ndjson").read_bytes().splitlines(keepends=True)

    at_once = take_all(f"sqlite:///{tmp_path}/at-once.db", folder)

    daily = take_all(f"sqlite:///{tmp_path}/daily.db", folder, DEFINED)
    seen = []
    for day in range(_DAYS):
        file = tmp_path / f"day-{day}.ndjson"
        file.write_bytes(b"".join(lines[day * len(lines) // _DAYS :][: len(lines) // _DAYS + 1]))
        take(daily, "redemptions", file)
        seen.append(sum(one["redemptions"] for one in figures(daily).values()))
    assert seen == sorted(set(seen)), "figures move after each batch"

    live = take_all(store_url, folder, DEFINED)
    store = open_store(live, now_us=NOW_US)
    moves = sum(1 for _ in _one_by_one(store, lines))
    store.close()
    assert moves == len(lines)

    assert everything(daily) == everything(at_once) == everything(live)


def test_promotions_of_every_kind_are_counted_and_tiers_told_apart(
    tmp_path: Path, sqlite_url: str
) -> None:
    """S31, S32, S33, S34: global, tiered and personalized; which tiers are taken up most."""
    take_all(sqlite_url, simulated(tmp_path / "files"))
    shown, breakdowns = everything(sqlite_url)
    for promotion_id in ("SPRING20", "SPEND-AND-SAVE", "BIRTHDAY10"):
        assert shown[promotion_id]["state"] == "tracked"
        assert 0 < shown[promotion_id]["rate"] < 1
    by_tier = {b.promotion_id: b for b in breakdowns if b.by == "tier"}
    rows = by_tier["SPEND-AND-SAVE"].rows
    assert [row.key for row in rows if row.key] == ["gold", "silver", "bronze"]
    assert sum(row.assigned for row in rows) == shown["SPEND-AND-SAVE"]["assigned"]
    assert sum(row.redeemed for row in rows) == shown["SPEND-AND-SAVE"]["redeemed"]
