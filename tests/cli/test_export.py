"""Exporting: what comes out goes in again elsewhere and gives equal figures; spreadsheets are safe."""

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tests.cli.brand import KINDS, begin, simulated, take, take_all
from tests.cli.program import ask, everything, fail, figures, succeed

AT = "2025-05-20T10:00:00Z"


@pytest.mark.parametrize("form", ["ndjson", "parquet", "csv"])
def test_what_is_exported_and_imported_elsewhere_gives_equal_figures(
    tmp_path: Path, store_url: str, form: str
) -> None:
    """P12: CSV, NDJSON and Parquet; facts come out as they were reported."""
    take_all(store_url, simulated(tmp_path / "files"))
    other = begin(f"sqlite:///{tmp_path}/other.db")
    for kind in KINDS:
        file = tmp_path / f"{kind}.{form}"
        done = ask("export", kind, "--database", store_url, "--out", file)
        assert (done["format"], done["kind"]) == (form, kind)
        answer = take(other, kind, file)
        assert answer["rows"] == done["rows"]
    assert everything(other) == everything(store_url)
    assert ask("verify", "--database", other)["ok"]


def test_an_export_imported_where_it_came_from_changes_nothing(
    tmp_path: Path, store_url: str
) -> None:
    take_all(store_url, simulated(tmp_path / "files"))
    before = everything(store_url)
    for kind in ("assignments", "redemptions"):
        file = tmp_path / f"{kind}.ndjson"
        ask("export", kind, "--database", store_url, "--out", file)
        assert take(store_url, kind, file)["outcomes"].keys() <= {"duplicate", "rejected"}
    assert everything(store_url) == before


@pytest.mark.parametrize("form", ["ndjson", "parquet", "csv"])
def test_a_reversal_comes_out_with_whom_it_named_whoever_redeemed(
    tmp_path: Path, store_url: str, form: str
) -> None:
    """P5, P12: one that names somebody else contradicts in the copy, too; one that waits still names its customer."""
    begin(store_url)
    take(
        store_url,
        "promotions",
        _lines(tmp_path, {"promotion_id": "p", "name": "P", "status": "active"}),
    )
    given = [{"promotion_id": "p", "customer_id": c, "assigned_at": AT} for c in ("ann", "ben")]
    take(store_url, "assignments", _lines(tmp_path, *given))
    told: list[dict[str, Any]] = [
        {"event_id": "e1", "promotion_id": "p", "customer_id": "ann", "redeemed_at": AT},
        {"event_id": "e2", "promotion_id": "p", "customer_id": "ben", "redeemed_at": AT},
        {"event_id": "r1", "type": "reversal", "reverses": "e1", "customer_id": "ben"},
        {"event_id": "r2", "type": "reversal", "reverses": "e2"},
        {"event_id": "r3", "type": "reversal", "reverses": "e3", "customer_id": "ben"},
    ]
    take(store_url, "redemptions", _lines(tmp_path, *told))
    file, other = tmp_path / f"out.{form}", begin(f"sqlite:///{tmp_path}/other.db")
    for kind in ("promotions", "assignments", "redemptions"):
        ask("export", kind, "--database", store_url, "--out", file)
        take(other, kind, file)
    named = {e["event_id"]: e.get("customer_id") for e in _exported(other)}
    assert named == {e["event_id"]: e.get("customer_id") for e in told}
    assert {e["event_id"] for e in _exported(other, "--found") if e["outcome"] == "rejected"} == {
        "r1"
    }
    assert everything(other) == everything(store_url)
    assert take(store_url, "redemptions", file)["outcomes"] == {"duplicate": 4, "rejected": 1}


def _lines(folder: Path, *records: dict[str, Any]) -> Path:
    file = folder / "told.ndjson"
    file.write_text("\n".join(map(json.dumps, records)))
    return file


def _exported(url: str, *flags: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask("export", "redemptions", "--database", url, *flags)["items"]
    return found


@pytest.mark.parametrize("form", ["ndjson", "parquet", "csv"])
def test_an_export_of_nothing_is_a_file_to_import(
    tmp_path: Path, sqlite_url: str, form: str
) -> None:
    begin(sqlite_url)
    for kind in (*KINDS, "outcomes"):
        file = tmp_path / f"{kind}.{form}"
        assert ask("export", kind, "--database", sqlite_url, "--out", file)["rows"] == 0
        assert take(sqlite_url, kind, file)["rows"] == 0


def test_instants_are_told_in_utc_however_they_were_defined(
    tmp_path: Path, sqlite_url: str
) -> None:
    begin(sqlite_url)
    ends = {"ends_at": "2025-06-30T23:59:59+02:00"}
    promotion = {"promotion_id": "p", "name": "P", "status": "active"} | ends
    take(sqlite_url, "promotions", _lines(tmp_path, promotion))
    for kind in ("promotions", "figures"):
        items = ask("export", kind, "--database", sqlite_url)["items"]
        assert [one["ends_at"] for one in items] == ["2025-06-30T21:59:59Z"]


@pytest.mark.parametrize("form", ["ndjson", "parquet", "csv"])
def test_an_empty_object_told_with_an_event_comes_back_as_that(
    tmp_path: Path, sqlite_url: str, form: str
) -> None:
    begin(sqlite_url)
    told = {"event_id": "e", "promotion_id": "p", "customer_id": "c", "metadata": {}}
    file = tmp_path / "told.ndjson"
    file.write_text(json.dumps(told | {"redeemed_at": "2026-11-03T12:00:00Z"}))
    take(sqlite_url, "redemptions", file)
    again = tmp_path / f"again.{form}"
    ask("export", "redemptions", "--database", sqlite_url, "--out", again)
    assert take(sqlite_url, "redemptions", again)["outcomes"] == {"duplicate": 1}


def test_who_was_assigned_and_who_redeemed_is_exported_with_what_was_found(
    tmp_path: Path, store_url: str
) -> None:
    """S26, S27: who received an offer, who acted on it, and who did not."""
    take_all(store_url, simulated(tmp_path / "files"))
    rows = _rows("export", "assignments", "--found", "--database", store_url)
    shown = figures(store_url)["SPEND-AND-SAVE"]
    mine = [r for r in rows if r["promotion_id"] == "SPEND-AND-SAVE" and r["control"] != "true"]
    assert len(mine) == shown["assigned"]
    assert sum(1 for r in mine if r["redeemed_at"]) == shown["redeemed"]
    events = _rows("export", "redemptions", "--found", "--database", store_url)
    counted = [e for e in events if e["outcome"] == "counted" and e["live"] == "true"]
    taken = {e["matched_assignment_id"] for e in counted}
    assert taken == {r["matched_assignment_id"] for r in rows if r["redeemed_at"]}


def _rows(*arguments: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(succeed(*arguments))))


def test_text_that_a_spreadsheet_would_run_is_made_harmless(
    tmp_path: Path, sqlite_url: str
) -> None:
    begin(sqlite_url)
    file = tmp_path / "customers.ndjson"
    names = ["=1+1", "+1", "-1", "@cmd", "plain"]
    file.write_text("".join(json.dumps({"customer_id": name}) + "\n" for name in names))
    take(sqlite_url, "customers", file)
    rows = _rows("export", "customers", "--database", sqlite_url)
    assert {row["customer_id"] for row in rows} == {"'=1+1", "'+1", "'-1", "'@cmd", "plain"}
    exact: Any = ask("export", "customers", "--database", sqlite_url)
    assert {row["customer_id"] for row in exact["items"]} == set(names)


def test_one_source_is_exported_alone(tmp_path: Path, store_url: str) -> None:
    """S4: each source is named, and its facts can be told from the others'."""
    begin(store_url)
    event = {"customer_id": "c1", "promotion_id": "P", "redeemed_at": "2025-05-20T00:00:00Z"}
    for source in ("till", "engine"):
        file = tmp_path / f"{source}.ndjson"
        file.write_text(json.dumps(event | {"event_id": "e1"}))
        take(store_url, "redemptions", file, "--source", source)
    one = ask("export", "redemptions", "--source", "till", "--found", "--database", store_url)
    assert [(e["event_id"], e["source"]) for e in one["items"]] == [("e1", "till")]
    words = ("export", "redemptions", "--source", "nobody", "--database", store_url)
    assert fail(*words) == "there is no source nobody"


def test_problems_are_exported_with_reason_and_payload(tmp_path: Path, store_url: str) -> None:
    take_all(store_url, simulated(tmp_path / "files"))
    rows = _rows("export", "problems", "--database", store_url)
    reasons = {row["reason"] for row in rows}
    assert {"unknown_promotion", "unknown_customer", "backdated", "event_conflict"} <= reasons
    assert all(json.loads(row["payload"]) for row in rows)
