"""Backups: of one moment, whole or refused, restored into either engine; figures are what they were."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.api.server import figures as figures_of
from tests.api.server import new_workspace, promotion, serving
from tests.cli.brand import simulated, take_all
from tests.cli.program import ask, clean_environment, everything, fail


@pytest.fixture(params=["sqlite", "postgresql"])
def other_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where it is restored: an empty store of either engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/restored.db"
    url: str = request.getfixturevalue("blank_postgresql_url")
    return url


def test_what_is_restored_shows_the_same_figures_on_either_engine(
    tmp_path: Path, sqlite_url: str, other_url: str
) -> None:
    take_all(sqlite_url, simulated(tmp_path / "files"))
    file = tmp_path / "backup"
    made = ask("backup", file, "--database", sqlite_url)
    restored = ask("restore", file, "--database", other_url)
    assert restored["rows"] == made["rows"] > 1_000
    assert everything(other_url) == everything(sqlite_url)
    assert ask("verify", "--database", other_url)["ok"]
    again = tmp_path / "again"
    assert (
        ask("backup", again, "--database", other_url)["rows"] == made["rows"] + 1
    )  # its entry in the log


def test_postgresql_is_backed_up_while_it_serves(tmp_path: Path, postgresql_url: str) -> None:
    """Of one moment: what comes later is not in it."""
    file, url = tmp_path / "backup", f"sqlite:///{tmp_path}/restored.db"
    with serving(postgresql_url, new_workspace(postgresql_url)) as client:
        promotion(client, "p")
        _assign(client, 0)
        ask("backup", file, "--database", postgresql_url)
        _assign(client, 1)
        ask("restore", file, "--database", url)
        assert figures_of(client, "p")["assigned"] == 2
    assert everything(url)[0]["p"]["assigned"] == 1


def test_a_restore_goes_back_to_a_moment(tmp_path: Path, store_url: str) -> None:
    """Facts received later are left out, and the figures are those of then."""
    file, url = tmp_path / "backup", f"sqlite:///{tmp_path}/restored.db"
    with serving(store_url, new_workspace(store_url)) as client:
        promotion(client, "p")
        _assign(client, 0)
        then, before = datetime.now(UTC).isoformat(), figures_of(client, "p")
        time.sleep(0.01)
        _assign(client, 1)
        _redeem(client, 0)
        assert figures_of(client, "p") != before
    ask("backup", file, "--database", store_url)
    assert ask("restore", file, "--database", url, "--until", then)["forgotten"] == 2
    assert everything(url)[0]["p"] == before
    assert ask("verify", "--database", url)["ok"]


def test_a_reversal_whose_redemption_came_later_waits_for_it_again(
    tmp_path: Path, store_url: str
) -> None:
    """A restore to a moment shows what was known then, of restatements and decisions, too."""
    file, url = tmp_path / "backup", f"sqlite:///{tmp_path}/restored.db"
    key = new_workspace(store_url)
    with serving(store_url, key) as client:
        promotion(client, "p")
        _assign(client, 0)
        undo = {"event_id": "undo-0", "type": "reversal", "reverses": "e-0", "promotion_id": "p"}
        told = {**undo, "customer_id": "c-0", "redeemed_at": "2026-10-07T10:00:00Z"}
        assert client.post("/v1/redemptions", json=told).json()["outcome"] == "pending"
        restated = client.get("/v1/promotions/p/restatements").json()["items"]
        then = datetime.now(UTC).isoformat()
        time.sleep(0.01)
        _redeem(client, 0)
        assert client.get("/v1/events/undo-0").json()["outcome"] == "counted"
        _assign(client, 1)
        asked = {"customer_id": "c-9", "decision_id": "d"}
        assert client.post("/v1/decisions", json=asked).status_code == 200
        assert client.get("/v1/promotions/p/restatements").json()["items"] != restated
    ask("backup", file, "--database", store_url)
    ask("restore", file, "--database", url, "--until", then)
    assert ask("verify", "--database", url)["ok"]
    with serving(url, key) as client:
        event = client.get("/v1/events/undo-0").json()
        assert (event["outcome"], event["reason"]) == ("pending", "unknown_original")
        assert client.get("/v1/promotions/p/restatements").json()["items"] == restated
        assert client.get("/v1/decisions/d").status_code == 404
        assert client.get("/v1/decisioning").json()["learned"]["decisions"] == 0
        _redeem(client, 0)
        assert client.get("/v1/events/undo-0").json()["outcome"] == "counted"
        assert client.get("/v1/events/e-0").json()["live"] is False
    assert ask("verify", "--database", url)["ok"]


def test_half_a_backup_a_damaged_one_and_none_are_refused_and_nothing_is_restored(
    tmp_path: Path, sqlite_url: str
) -> None:
    new_workspace(sqlite_url)
    file, url = tmp_path / "backup", f"sqlite:///{tmp_path}/restored.db"
    ask("backup", file, "--database", sqlite_url)
    whole = file.read_bytes()
    middle = len(whole) // 2
    damaged = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    for data in (whole[:middle], whole[:-20], damaged, b"", b"not one"):
        file.write_bytes(data)
        assert "backup" in fail("restore", file, "--database", url)
    file.write_bytes(whole)
    assert ask("restore", file, "--database", url)["rows"] > 0
    assert "holds workspaces" in fail("restore", file, "--database", url)


def test_a_file_that_cannot_be_finished_leaves_what_was_there_and_nothing_beside(
    tmp_path: Path, sqlite_url: str
) -> None:
    """Half a backup or export would fill the disk that had no room for a whole one."""
    new_workspace(sqlite_url)
    taken = tmp_path / "taken"
    (taken / "by a folder").mkdir(parents=True)
    before = set(tmp_path.iterdir())
    for command in (("backup", taken), ("export", "promotions", "--out", taken)):
        assert "directory" in fail(*command, "--database", sqlite_url).lower()
        assert set(tmp_path.iterdir()) == before
    nowhere = tmp_path / "none" / "file.csv"
    for command in (("backup", nowhere), ("export", "promotions", "--out", nowhere)):
        said = fail(*command, "--database", sqlite_url)
        assert said == f"{nowhere}: No such file or directory"


def test_a_restore_that_finds_no_room_says_so_in_one_line_and_restores_nothing(
    tmp_path: Path, sqlite_url: str
) -> None:
    """The commit is where a disk is found full; afterwards there is an empty store, which takes the backup."""
    with serving(sqlite_url, new_workspace(sqlite_url)) as client:
        promotion(client, "p")
        for number in range(200):
            _assign(client, number, attributes={"note": "x" * 60_000})
    file, url = tmp_path / "backup", f"sqlite:///{tmp_path}/restored.db"
    ask("backup", file, "--database", sqlite_url)
    restore = (sys.executable, "-m", "promosight", "restore", str(file), "--database", url)
    done = subprocess.run(
        ["sh", "-c", 'ulimit -f 4096 && exec "$@"', "sh", *restore],
        env=clean_environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"promosight: {tmp_path}/restored.db: the disk "), done.stderr
    assert done.stderr.count("\n") == 1
    assert ask("restore", file, "--database", url)["rows"] > 200
    assert everything(url) == everything(sqlite_url)


def _assign(client: Any, number: int, **more: Any) -> None:
    said = {
        "promotion_id": "p",
        "customer_id": f"c-{number}",
        "assigned_at": "2026-10-05T10:00:00Z",
        **more,
    }
    assert client.post("/v1/assignments", json=said).status_code == 200


def _redeem(client: Any, number: int) -> None:
    said = {"event_id": f"e-{number}", "promotion_id": "p", "customer_id": f"c-{number}"}
    answer = client.post("/v1/redemptions", json=said | {"redeemed_at": "2026-10-06T10:00:00Z"})
    assert answer.status_code == 200
