"""Proving figures: a counter changed behind our back is found by `verify` and mended by `rebuild`."""

import sqlite3
from pathlib import Path

import psycopg

from tests.cli.brand import simulated, take_all
from tests.cli.program import ask, everything, run, succeed

_TAMPER = """
UPDATE tally SET redeemed = redeemed + 1
WHERE dimension = 0 AND promotion_no = (
    SELECT promotion_no FROM promotion WHERE promotion_id = 'SPRING20')
"""


def _change_by_hand(url: str) -> int:
    """Changes counters in the database as nobody should; returns by how much in all."""
    if url.startswith("sqlite:///"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        changed = connection.execute(_TAMPER).rowcount
        connection.commit()
        connection.close()
        return changed
    with psycopg.connect(url) as server:
        return server.execute(_TAMPER).rowcount


def test_a_counter_changed_by_hand_is_found_and_mended(tmp_path: Path, store_url: str) -> None:
    """N1: the second engine names the difference; rebuilding restores the figure from the facts."""
    take_all(store_url, simulated(tmp_path / "files"))
    assert ask("verify", "--database", store_url)["ok"]
    before = everything(store_url)
    changed = _change_by_hand(store_url)
    assert everything(store_url) != before

    found = run("verify", "--database", store_url, "--json")
    assert found.returncode == 1
    assert "`promosight rebuild` mends" in found.stderr
    assert '"promotion_id": "SPRING20"' in found.stdout
    assert '"measure": "redeemed"' in found.stdout
    shown = run("verify", "--database", store_url)
    assert "SPRING20" in shown.stdout
    assert changed > 0

    assert "settled anew" in succeed("rebuild", "--database", store_url)
    assert everything(store_url) == before
    assert ask("verify", "--database", store_url)["ok"]


def test_rebuilding_what_is_right_changes_nothing(tmp_path: Path, store_url: str) -> None:
    take_all(store_url, simulated(tmp_path / "files"))
    before = everything(store_url)
    assert ask("rebuild", "--database", store_url)["groups"] > 100
    assert everything(store_url) == before
    poor = run("verify", "--database", store_url, "--memory-mb", "2")
    assert poor.returncode == 1
    assert "needs more than 2 MB" in poor.stderr
    assert "--memory-mb" in poor.stderr
