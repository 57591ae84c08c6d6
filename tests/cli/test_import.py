"""Importing: every form of file, bad rows listed, interrupted and repeated without a trace in the figures."""

import gzip
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
import zstandard

from promosight.flows.imports.show_imports import Place, list_imports
from promosight.store.engine import open_store
from tests.cli.brand import begin, simulated, take, take_all
from tests.cli.program import NOW_US, ask, everything, fail, figures, run, start, succeed

PROMOTION = {"promotion_id": "P", "name": "P", "status": "active", "max_redemptions": 1}


def _write(path: Path, records: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def _assignments(count: int) -> list[dict[str, Any]]:
    return [
        {"promotion_id": "P", "customer_id": f"c{n}", "assigned_at": "2025-05-20T00:00:00Z"}
        for n in range(count)
    ]


def _rows_noted(url: str) -> int:
    """How many rows the newest import says it has read."""
    store = open_store(url, now_us=NOW_US)
    rows = store.read(lambda tx: tx.all("imports", workspace_no=1))
    store.close()
    return int(rows[0][8])


def _activity(url: str) -> dict[str, int]:
    """How many assignments of the first source were answered how, in both runs."""
    store = open_store(url, now_us=NOW_US)
    rows = store.read(lambda tx: tx.all("activity_of", source_no=1, from_us=0, to_us=2**62))
    store.close()
    summed: dict[str, int] = {}
    for _, kind, outcome, items in rows:
        assert kind == "assignments"
        summed[outcome] = summed.get(outcome, 0) + items
    return summed


def _wait_for_rows(url: str, count: int) -> None:
    deadline = time.monotonic() + 60
    while _rows_noted(url) < count:
        assert time.monotonic() < deadline, "the import does not move on"
        time.sleep(0.1)


def test_importing_the_same_files_twice_changes_nothing(tmp_path: Path, store_url: str) -> None:
    """S6, P3: a file sent again is told from new facts row by row."""
    folder = simulated(tmp_path / "files")
    take_all(store_url, folder)
    before = everything(store_url)
    again = {kind: take(store_url, kind, folder / f"{kind}.ndjson") for kind in ("promotions",)}
    assert again["promotions"]["outcomes"].keys() <= {"unchanged"}
    for kind in ("customers", "assignments", "redemptions"):
        outcomes = take(store_url, kind, folder / f"{kind}.ndjson")["outcomes"]
        assert outcomes.keys() <= {"unchanged", "duplicate", "rejected"}
    assert everything(store_url) == before
    assert ask("verify", "--database", store_url)["ok"]


def test_figures_stand_still_during_an_import_and_move_once_at_its_end(
    tmp_path: Path, store_url: str
) -> None:
    """S13: readers see the figures before the batch, then those after it, never between."""
    begin(store_url)
    take(store_url, "promotions", _write(tmp_path / "promotions.ndjson", [PROMOTION]))
    take(store_url, "assignments", _write(tmp_path / "first.ndjson", _assignments(10)))
    lines = [json.dumps(record) + "\n" for record in _assignments(12_000)]
    words = ("import", "assignments", "-", "--database", store_url)
    with start(*words, stdin=-1, stdout=-1) as program:
        assert program.stdin is not None
        program.stdin.write("".join(lines).encode())
        program.stdin.flush()
        _wait_for_rows(store_url, 5_000)
        assert figures(store_url)["P"]["assigned"] == 10
        program.stdin.close()
        assert program.wait(timeout=60) == 0
    assert figures(store_url)["P"]["assigned"] == 12_000


def test_an_import_killed_half_way_and_repeated_gives_equal_figures(
    tmp_path: Path, store_url: str
) -> None:
    """S13: a batch is resumable and safe to send twice, also after kill -9; so are the counters of its source."""
    begin(store_url)
    take(store_url, "promotions", _write(tmp_path / "promotions.ndjson", [PROMOTION]))
    file = tmp_path / "assignments.ndjson"
    os.mkfifo(file)  # a file that arrives slowly, under the name it will be repeated by
    lines = [json.dumps(record) + "\n" for record in _assignments(14_000)]
    with start("import", "assignments", file, "--database", store_url, stdout=-1) as program:
        with file.open("wb", buffering=0) as slow:
            slow.write("".join(lines[:12_000]).encode())
            _wait_for_rows(store_url, 5_000)
            program.kill()
        program.wait(timeout=60)
    assert figures(store_url)["P"]["assigned"] == 0
    file.unlink()
    file.write_text("".join(lines))
    outcomes = take(store_url, "assignments", file)["outcomes"]
    assert outcomes["duplicate"] + outcomes["counted"] == 14_000
    assert outcomes["duplicate"] >= 5_000
    assert figures(store_url)["P"]["assigned"] == 14_000
    assert _activity(store_url) == {"counted": 14_000, "duplicate": outcomes["duplicate"]}
    assert ask("verify", "--database", store_url)["ok"]


def test_rows_with_and_without_an_id_that_contradict_what_came_before_are_refused_beside_each_other(
    tmp_path: Path, store_url: str
) -> None:
    """P1, P2: an assignment without an id is known by its campaign; its refusal spares the others."""
    begin(store_url)
    take(store_url, "promotions", _write(tmp_path / "promotions.ndjson", [PROMOTION]))
    file = tmp_path / "assignments.csv"
    header = "promotion_id,customer_id,assigned_at,assignment_id,campaign_id,occurrence,segment\n"
    rows = "P,c1,2025-05-21T00:00:00Z,a1,,,{0}\nP,c1,2025-05-21T00:00:00Z,,spring,1,{0}\n"
    file.write_text(header + rows.format("vip"))
    assert take(store_url, "assignments", file)["outcomes"] == {"counted": 2}
    file.write_text(header + rows.format("new") + "P,c2,2025-05-21T00:00:00Z,a2,,,new\n")
    answer = take(store_url, "assignments", file)
    assert answer["outcomes"] == {"counted": 1, "rejected": 2}
    found = [(one["line"], one["event_id"], one["reason"]) for one in answer["problems"]]
    own_id, made_id = [one[1] for one in found]
    assert found == [(2, own_id, "event_conflict"), (3, made_id, "event_conflict")]
    assert own_id == "a1"
    assert made_id.startswith("asg-")  # of the assignment that it contradicts


def test_bad_rows_are_listed_with_line_and_reason_and_spare_their_neighbours(
    tmp_path: Path, store_url: str
) -> None:
    """S2, P2: a missing field is named; one bad row never fails the others."""
    begin(store_url)
    take(store_url, "promotions", _write(tmp_path / "promotions.ndjson", [PROMOTION]))
    file = tmp_path / "redemptions.csv"
    file.write_text(
        "event_id,promotion_id,customer_id,redeemed_at,note\n"
        'e1,P,c1,2025-05-21T00:00:00Z,"two\nlines"\n'
        "e2,P,,2025-05-21T00:00:00Z,\n"
        "e3,P,c1,2025-05-21 00:00:00,\n"
        "e4,P,c1,2025-01-01T00:00:00Z,\n"
        "e1,P,c1,2025-05-22T00:00:00Z,\n"
        "\n"
        "e5,P,c1,2025-05-21T00:00:00Z,,,,\n"
    )
    answer = take(store_url, "redemptions", file)
    assert answer["outcomes"] == {"pending": 1, "rejected": 5}
    found = [(one["line"], one["reason"], one["pointer"]) for one in answer["problems"]]
    assert all(one["detail"] for one in answer["problems"])
    assert found == [
        (4, "invalid", "/customer_id"),
        (5, "invalid", "/redeemed_at"),
        (6, "backdated", "/redeemed_at"),
        (7, "event_conflict", "/event_id"),
        (9, "invalid", ""),
    ]
    listed = ask("export", "problems", "--database", store_url)["items"]
    assert len(listed) == 6
    words = ("import", "redemptions", file, "--database", store_url)
    assert fail(*words, "--strict") == "5 rows rejected"
    assert "line 6: backdated /redeemed_at" in succeed(*words)


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, object]:
    """The files of a brand, and everything that is to be seen of it."""
    folder = simulated(tmp_path_factory.mktemp("brand"))
    simulated(folder, form="csv")
    return folder, everything(take_all(f"sqlite:///{folder}/promosight.db", folder))


@pytest.mark.parametrize("form", ["csv", "json", "gz", "zst", "parquet", "stdin"])
def test_every_form_of_file_gives_the_same_figures(
    brand: tuple[Path, object], sqlite_url: str, form: str
) -> None:
    """P1: NDJSON, CSV, JSON, Parquet, compressed or from a pipe."""
    folder, wanted = brand
    take_all(sqlite_url, folder, ("promotions", "customers"))
    for kind in ("assignments", "redemptions"):
        lines = (folder / f"{kind}.ndjson").read_bytes()
        if form == "stdin":
            answer = take(sqlite_url, kind, "-", stdin=lines)
        else:
            answer = take(sqlite_url, kind, _in_form(folder, kind, lines, form))
        assert answer["rows"] == lines.count(b"\n")
    assert everything(sqlite_url) == wanted


def _in_form(folder: Path, kind: str, lines: bytes, form: str) -> Path:
    file = folder / f"{kind}.{form}"
    if form == "gz":
        file.write_bytes(gzip.compress(lines))
    elif form == "zst":
        half = len(lines) // 2  # two frames, as appended logs have
        pack = zstandard.ZstdCompressor().compress
        file.write_bytes(pack(lines[:half]) + pack(lines[half:]))
    elif form == "json":
        records = [json.loads(line) for line in lines.splitlines()]
        file.write_text(json.dumps(records, indent=1), encoding="utf-8")
    elif form == "parquet":
        _to_parquet(folder / f"{kind}.ndjson", file)
    return file


def _to_parquet(source: Path, target: Path) -> None:
    import duckdb

    names = {
        "assignments": "promotion_id customer_id assigned_at assignment_id campaign_id occurrence "
        "tier_id segment promo_code reward_value currency expires_at",
        "redemptions": "event_id type reverses promotion_id promo_code customer_id redeemed_at "
        "assignment_id campaign_id tier_id channel reward_value currency order_id order_value",
    }[source.stem]
    columns = dict.fromkeys(names.split(), "VARCHAR")
    if source.stem == "assignments":
        columns |= {"channels": "VARCHAR[]", "max_redemptions": "BIGINT", "control": "BOOLEAN"}
    else:
        columns |= {"metadata": "JSON"}
    listed = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT * FROM read_json('{source}', format='newline_delimited', "
            f"columns={{{listed}}})) TO '{target}' (FORMAT parquet)"
        )


def test_an_import_begun_anew_tells_what_it_took_before_from_what_came_twice(
    tmp_path: Path, store_url: str
) -> None:
    """S13: killed and begun anew with the same file; of duplicates that were there before, nothing is said so."""
    begin(store_url)
    take(store_url, "promotions", _write(tmp_path / "promotions.ndjson", [PROMOTION]))
    others = _write(tmp_path / "others.ndjson", _assignments(3))
    assert take(store_url, "assignments", others)["taken_earlier"] == 0
    turns = (tmp_path / f"{turn}.ndjson" for turn in range(5))
    assert any(_is_killed_and_told_apart(store_url, file) for file in turns)
    assert take(store_url, "assignments", others)["taken_earlier"] == 0


def _is_killed_and_told_apart(url: str, file: Path) -> bool:
    """Whether an import was killed midway. Three of its rows were there before, four stand in it twice."""
    facts = [one | {"campaign_id": file.stem} for one in _assignments(60_000)]
    _write(file, _assignments(3) + facts + facts[:4])
    words = ("import", "assignments", file, "--database", url)
    with start(*words, stdout=-1) as program:
        while program.poll() is None and not _has_rows(_newest(url), file):
            time.sleep(0.01)
        program.kill()
        program.wait(timeout=60)
    said, done = succeed(*words), _newest(url)
    outcomes, earlier = done["outcomes"], int(done["taken_earlier"])
    assert outcomes["duplicate"] - earlier in (7, 60_007)
    assert outcomes.get("counted", 0) + outcomes["duplicate"] == 60_007
    assert (f"duplicate: {earlier:,} of them taken before it was stopped" in said) == (earlier > 0)
    again = take(url, "assignments", file)
    assert (again["outcomes"], again["taken_earlier"]) == ({"duplicate": 60_007}, 0)
    return 0 < earlier < 60_000


def _has_rows(shown: dict[str, Any], file: Path) -> bool:
    return file.name in shown["name"] and shown["rows_read"] > 0


def _newest(url: str) -> dict[str, Any]:
    """The newest import that ended, as the HTTP API shows it."""
    store = open_store(url, now_us=NOW_US)
    shown, _ = store.read(lambda tx: list_imports(tx, 1, place=Place(), limit=1))
    store.close()
    return shown[0]


def test_an_import_that_failed_and_is_sent_again_says_what_it_took_before(
    tmp_path: Path, sqlite_url: str
) -> None:
    """S13: it took something, though it did not come to its end."""
    begin(sqlite_url)
    take(sqlite_url, "promotions", _write(tmp_path / "promotions.ndjson", [PROMOTION]))
    whole = _write(tmp_path / "assignments.ndjson", _assignments(9_000)).read_bytes()
    packed = gzip.compress(whole)
    (tmp_path / "broken").write_bytes(packed[: len(packed) * 3 // 4])
    for _ in range(2):
        fail("import", "assignments", tmp_path / "broken", "--database", sqlite_url)
    taken = figures(sqlite_url)["P"]["assigned"]
    again = _newest(sqlite_url)
    assert (again["outcomes"], again["taken_earlier"]) == ({"duplicate": taken}, taken)


def test_an_unreadable_file_fails_and_what_was_read_before_counts(
    tmp_path: Path, sqlite_url: str
) -> None:
    begin(sqlite_url)
    take(sqlite_url, "promotions", _write(tmp_path / "promotions.ndjson", [PROMOTION]))
    whole = "".join(json.dumps(record) + "\n" for record in _assignments(9_000)).encode()
    for packed in (gzip.compress(whole), zstandard.ZstdCompressor().compress(whole)):
        broken = tmp_path / "broken"
        broken.write_bytes(packed[: len(packed) * 3 // 4])
        words = ("import", "assignments", broken, "--database", sqlite_url)
        assert "is damaged" in fail(*words)
    assert figures(sqlite_url)["P"]["assigned"] >= 5_000
    missing = ("import", "assignments", tmp_path / "none.csv", "--database", sqlite_url)
    assert "none.csv: No such file" in fail(*missing)
    (tmp_path / "wrong.csv").write_text("a,b\n1,2\n")
    wrong = ("import", "redemptions", tmp_path / "wrong.csv", "--database", sqlite_url)
    assert "no known column" in fail(*wrong)
    (tmp_path / "latin.csv").write_bytes("customer_id\nM\xfcller\n".encode("latin-1"))
    latin = ("import", "customers", tmp_path / "latin.csv", "--database", sqlite_url)
    assert "is not UTF-8" in fail(*latin)


def test_customers_made_known_release_what_waited_for_them(tmp_path: Path, store_url: str) -> None:
    """S9, S10: what cannot be matched waits, listed, and is matched when its customer is known."""
    begin(store_url)
    take(store_url, "promotions", _write(tmp_path / "promotions.ndjson", [PROMOTION]))
    event = {"event_id": "e1", "promotion_id": "P", "customer_id": "c1"}
    events = [event | {"redeemed_at": "2025-05-21T00:00:00Z"}]
    answer = take(store_url, "redemptions", _write(tmp_path / "redemptions.ndjson", events))
    assert answer["reasons"] == {"pending": {"unknown_customer": 1}}
    customers = tmp_path / "customers.csv"
    customers.write_text("customer_id,segments,country\nc1,vip|new,AT\nc2,,\n,vip,\n")
    outcomes = take(store_url, "customers", customers)["outcomes"]
    assert outcomes == {"created": 2, "rejected": 1}
    assert figures(store_url)["P"]["unassigned"] == 1
    assert take(store_url, "customers", customers)["outcomes"] == {"rejected": 1, "unchanged": 2}
    known = ask("export", "customers", "--database", store_url)["items"]
    profile = {"segments": ["vip", "new"], "attributes": {"country": "AT"}}
    assert {"customer_id": "c1", **profile} in known
    assert {"customer_id": "c2"} in known
    assert ask("verify", "--database", store_url)["ok"]


def test_a_promotion_that_cannot_be_is_listed_like_any_other_row(
    tmp_path: Path, store_url: str
) -> None:
    begin(store_url)
    file = tmp_path / "promotions.csv"
    file.write_text(
        "promotion_id,name,kind,status,reward_type,reward_value,reward_currency,code,owner\n"
        "A,Offer A,global,active,amount,5.00,EUR,SAME,ann\n"
        "B,Offer B,global,active,amount,5.00,EUR,SAME,bob\n"
        "C,Offer C,worldwide,active,amount,5.00,EUR,,\n"
        "D,,global,active,amount,5.00,EUR,,\n"
    )
    answer = take(store_url, "promotions", file)
    assert answer["outcomes"] == {"created": 1, "rejected": 3}
    problems = [(one["line"], one["reason"], one["pointer"]) for one in answer["problems"]]
    assert problems == [
        (3, "code_taken", "/code"),
        (4, "invalid", "/kind"),
        (5, "invalid", "/name"),
    ]
    (kept,) = ask("export", "promotions", "--database", store_url)["items"]
    assert (kept["promotion_id"], kept["reward"]["value"]) == ("A", "5.00")
    assert kept["properties"] == {"owner": "ann"}


def test_a_file_of_promotions_without_a_status_leaves_theirs(
    tmp_path: Path, store_url: str
) -> None:
    """S31: a list of names taken in again does not send running campaigns back to drafts."""
    begin(store_url)
    file = tmp_path / "promotions.csv"
    file.write_text("promotion_id,name,status\nA,Offer A,active\nB,Offer B,\n")
    assert take(store_url, "promotions", file)["outcomes"] == {"created": 2}
    file.write_text("promotion_id,name,status\nA,Offer A again,\nB,Offer B again,\n")
    assert take(store_url, "promotions", file)["outcomes"] == {"replaced": 2}
    again = tmp_path / "promotions.ndjson"
    again.write_text('{"promotion_id": "A", "name": "Offer A at last"}\n')
    assert take(store_url, "promotions", again)["outcomes"] == {"replaced": 1}
    kept = ask("export", "promotions", "--database", store_url)["items"]
    assert [(one["name"], one["status"]) for one in kept] == [
        ("Offer A at last", "active"),
        ("Offer B again", "draft"),
    ]


def test_progress_is_shown_on_demand_and_never_in_the_answer(
    tmp_path: Path, sqlite_url: str
) -> None:
    begin(sqlite_url)
    file = _write(tmp_path / "assignments.ndjson", _assignments(20))
    words = ("import", "assignments", str(file), "--database", sqlite_url, "--json")
    with start(*words, stdout=-1, stderr=-1) as quiet:
        out, err = quiet.communicate(timeout=60)
    assert (json.loads(out)["rows"], err) == (20, b"")
    shown = {"PROMOSIGHT_PROGRESS": "1"}
    done = run(*words, environment=shown)
    assert json.loads(done.stdout)["outcomes"] == {"duplicate": 20}
    assert "assignments.ndjson: " in done.stderr
