"""Archives: what is counted anew from one is what `verify` finds in the store; what is not whole is refused."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from promosight.errors import Conflict, NotFound, Unreadable
from promosight.flows.checking.archive_form import MANIFEST, Manifest, read_manifest
from promosight.flows.checking.recount_archive import recount_archive
from promosight.flows.checking.verify import VerifyReport, verify
from promosight.flows.checking.write_archive import slices_of, write_archive
from promosight.flows.ledger.counters import fold
from promosight.flows.set_up.workspaces import NewWorkspace, create_workspace
from promosight.rules.identity import bucket_of
from promosight.simulate.settings import small
from promosight.store.engine import Store, open_store
from promosight.store.recount import steps
from tests.flows.brands import ENDS_AT, report_brand
from tests.flows.test_learning_apart import decided, offered
from tests.flows.test_verify import by_hand
from tests.flows.test_verify_money import MOMENTS, fill
from tests.flows.worlds import NOW_US
from tests.stores import made_sqlite

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "scale.md"
LATER_US = MOMENTS[-1]


class Heard:
    """A meter that ends the stage it is to end, when something of it is done."""

    def __init__(self, ends: str = "") -> None:
        self._ends = ends
        self._stage = "facts"

    def advance(self, count: int) -> None:
        if self._stage == self._ends:
            raise KeyboardInterrupt

    def begin(self, what: str, total: int | None = None) -> None:
        self._stage = what


def found(text: str) -> list[tuple[Any, ...]]:
    """What DuckDB finds in files."""
    with duckdb.connect(":memory:") as connection:
        return connection.execute(text).fetchall()


def archived(store: Store, folder: Path, number: int | None = None, **settings: int) -> Manifest:
    return write_archive(store, folder, number, now_us=LATER_US, meter=Heard(), **settings)


def recounted(folder: Path, processes: int = 1, workspace_id: str | None = None) -> VerifyReport:
    return recount_archive(
        folder, workspace_id=workspace_id, processes=processes, meter=Heard(), clock=lambda: 0.0
    )


def verified(store: Store) -> VerifyReport:
    return verify(store, None, now_us=LATER_US, clock=lambda: 0.0)


def spoil(store: Store) -> None:
    """Changes figures of every kind behind the product's back."""
    for (number,) in store.read(lambda tx: [row[:1] for row in tx.all("workspaces")]):
        store.change(lambda tx, number=number: fold(tx, number))  # type: ignore[misc]
    by_hand(
        store,
        "UPDATE tally SET redeemed = redeemed + 1 WHERE dimension = 1;"
        "UPDATE event SET outcome = 'excess' WHERE outcome = 'counted' AND live = 1;"
        "UPDATE event SET cost_micros = cost_micros + 7 WHERE live = 1;"
        "UPDATE assignment SET committed_micros = 1 WHERE max_redemptions IS NULL;"
        "UPDATE last_event SET redeemed_us = redeemed_us + 1;",
    )


@pytest.fixture
def brand(store: Store) -> Store:
    """A store that holds a small simulated brand, every kind of dirt included."""
    report_brand(store, small(ENDS_AT))
    return store


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of a dense world with limits, reservations and outcomes, which stays as it is."""
    folder = tmp_path_factory.mktemp("kept")
    store = open_store(made_sqlite(folder / "world"), now_us=NOW_US)
    fill(store, 1)
    archived(store, folder / "archive")
    store.close()
    return folder / "archive"


@pytest.fixture
def archive(kept: Path, tmp_path: Path) -> Path:
    """A copy of it for a test to do to it what it likes."""
    return Path(shutil.copytree(kept, tmp_path / "archive"))


def test_a_recount_of_the_archive_finds_what_verify_finds(brand: Store, tmp_path: Path) -> None:
    """N1, P6: nothing where nothing is wrong; else the same differences, word by word."""
    manifest = archived(brand, tmp_path / "right")
    report = recounted(tmp_path / "right")
    assert report == verified(brand)
    assert report.differences == []
    assert manifest.workspaces[0].facts == report.facts > 500
    spoil(brand)
    archived(brand, tmp_path / "wrong")
    report = recounted(tmp_path / "wrong")
    assert report == verified(brand)
    assert report.different > 100
    assert {one.measure for one in report.differences} > {"outcome", "redeemed", "cost_micros"}


def test_it_does_in_a_dense_world_with_money_in_it(other: Store, tmp_path: Path) -> None:
    """P7, S21: usage, return and reservations, too, and in slices smaller than buckets."""
    fill(other, 2)
    spoil(other)
    archived(other, tmp_path / "wrong", slices=64)
    report = recounted(tmp_path / "wrong")
    assert report == verified(other)
    assert report.different > 0
    assert report.amounts > 100


def test_several_processes_find_the_same(other: Store, tmp_path: Path) -> None:
    fill(other, 1)
    spoil(other)
    archived(other, tmp_path / "archive")
    alone = recounted(tmp_path / "archive")
    assert alone.different > 0
    assert recounted(tmp_path / "archive", processes=2) == alone


def test_all_workspaces_are_archived_at_once_and_each_is_counted_by_itself(tmp_path: Path) -> None:
    store = open_store(made_sqlite(tmp_path / "world"), now_us=NOW_US)
    fill(store, 1)
    other = NewWorkspace(
        workspace_id="Ünlike /other",
        name="Other",
        time_zone="Asia/Tokyo",
        tracking_from_us=0,
        created_us=0,
    )
    number = store.change(lambda tx: create_workspace(tx, other)).workspace_no
    archived(store, tmp_path / "both")
    archived(store, tmp_path / "one", number)
    spoil(store)
    archived(store, tmp_path / "spoiled")
    store.close()
    assert recounted(tmp_path / "both").different == 0
    assert recounted(tmp_path / "both", workspace_id="Ünlike /other").facts == 0
    assert [one.workspace_id for one in read_manifest(tmp_path / "one").workspaces] == [
        "Ünlike /other"
    ]
    assert recounted(tmp_path / "spoiled").different > 0
    assert recounted(tmp_path / "spoiled", workspace_id="Ünlike /other").different == 0
    with pytest.raises(NotFound, match="nowhere"):
        recounted(tmp_path / "both", workspace_id="nowhere")


def _one_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("damage", [_one_byte, _cut_off, Path.unlink])
@pytest.mark.parametrize("table", ["ledger_event", "stored_cell"])
def test_a_damaged_archive_is_named(
    archive: Path, damage: Callable[[Path], None], table: str
) -> None:
    """N1: which file it is, whatever the damage would have done to figures."""
    path = sorted(archive.glob(f"workspace=*/{table}/**/*.parquet"))[0]
    damage(path)
    with pytest.raises(Unreadable, match="is damaged") as raised:
        recounted(archive)
    assert str(path.relative_to(archive)) in raised.value.detail


def test_half_an_archive_is_refused(archive: Path) -> None:
    """N1: what has no manifest, half a one, or that of another program."""
    whole = (archive / MANIFEST).read_bytes()
    for text, words in (
        (whole[: len(whole) // 2], "cannot be read"),
        (b"{}", "cannot be read"),
        (whole.replace(b'"promosight_archive": 1', b'"promosight_archive": 2'), "another program"),
    ):
        (archive / MANIFEST).write_bytes(text)
        with pytest.raises(Unreadable, match=words):
            recounted(archive)
    (archive / MANIFEST).unlink()
    with pytest.raises(Unreadable, match="no whole archive"):
        recounted(archive)


def test_an_interrupted_archive_leaves_nothing(other: Store, tmp_path: Path) -> None:
    """N1: neither the folder nor what was to become it."""
    target = tmp_path / "there" / "archive"
    fill(other, 1)
    for stage in ("facts", "slices"):
        with pytest.raises(KeyboardInterrupt):
            write_archive(other, target, None, now_us=LATER_US, meter=Heard(stage))
        assert list(target.parent.iterdir()) == []
    archived(other, target)
    with pytest.raises(Conflict, match="already"):
        archived(other, target)


def test_facts_lie_in_the_slice_of_their_customer(archive: Path) -> None:
    """Sixteen slices are the buckets, of any store; more of them are parts of buckets."""
    manifest = read_manifest(archive)
    for one in manifest.files:
        assert (archive / one.path).stat().st_size == one.bytes
        if one.table == "ledger_assignment":
            rows = found(f"SELECT bucket, customer_no FROM '{archive / one.path}'")
            assert {bucket_of(customer) for _, customer in rows} == {one.slice}
            assert {bucket for bucket, _ in rows} == {one.slice}
            assert len(rows) == one.rows
    assert [slices_of(facts) for facts in (0, 40_000_000, 40_000_001, 10**12)] == [16, 16, 32, 256]


def test_decisions_are_archived_with_their_chances(other: Store, tmp_path: Path) -> None:
    """P19: what was open, how probable each of it was, and what was chosen."""
    decided(other, offered(other), "d", 20)
    archived(other, tmp_path / "archive")
    table = f"read_parquet('{tmp_path}/archive/workspace=*/decision/*/*.parquet')"
    rows = found(f"SELECT arms, propensities, chosen, propensity, features, redeemed FROM {table}")
    assert len(rows) == 20
    for arms, propensities, chosen, propensity, features, redeemed in rows:
        assert len(propensities) == len(arms) + 1
        assert sum(propensities) == pytest.approx(1)
        assert propensities[chosen] == pytest.approx(propensity)
        assert isinstance(json.loads(features), dict)
        assert redeemed == 0
    assert recounted(tmp_path / "archive").different == 0
    example = re.search(r'duckdb.sql\("""(.*?)"""\)', DOCUMENT.read_text(), re.DOTALL)
    assert example is not None
    (workspace,) = (tmp_path / "archive").glob("workspace=*")
    rows = found(example[1].replace("DIR/workspace=shop", str(workspace)))
    assert sum(row[-1] for row in rows) <= 20


def test_the_documented_columns_are_those_of_the_files(archive: Path) -> None:
    lines = DOCUMENT.read_text().splitlines()
    columns = {
        step.name: [line.split()[0] for line in step.text.splitlines()[1:-1]]
        for step in [*steps("inputs"), *steps("training")]
        if " TABLE " in step.text
    }
    for table, names in columns.items():
        (row,) = [line for line in lines if line.startswith(f"| `{table}` |")]
        assert row.endswith(f"| {', '.join(f'`{name}`' for name in names)} |")
    for one in read_manifest(archive).files:
        path = f"read_parquet('{archive / one.path}', hive_partitioning = false)"
        assert [row[0] for row in found(f"DESCRIBE FROM {path}")] == columns[one.table]


def test_a_manifest_says_what_is_in_it(archive: Path) -> None:
    manifest = msgspec.json.decode((archive / MANIFEST).read_bytes())
    assert manifest["promosight_archive"] == 1
    assert {one["table"] for one in manifest["workspaces"][0]["files"]} > {"ledger_event", "moment"}
    there = {str(path.relative_to(archive)) for path in archive.rglob("*.parquet")}
    assert there == {one["path"] for one in manifest["workspaces"][0]["files"]}
