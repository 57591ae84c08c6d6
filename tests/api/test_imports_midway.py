"""What happens in the middle of a file that was sent over HTTP: figures stand still, others wait, servers end.

The machine decides how long a file takes, and how long we do. Whoever comes too late to see its middle takes another.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import httpx

from tests.api.server import client_of, figures, new_workspace, promotion, serving, started
from tests.api.test_imports import (
    assignments,
    ended,
    lines,
    redemptions,
    send,
    spooled,
    take,
    until,
)
from tests.cli.program import ask

TURNS = range(5)


def test_figures_stand_still_while_a_file_runs_and_move_once(client: httpx.Client) -> None:
    """S12, S13: before the batch or after it, never between; real-time events move theirs meanwhile."""
    promotion(client, "live")
    client.post("/v1/assignments", json=assignments(1, promotion_id="live")[0])
    assert any(stands_still(client, f"p{turn}") for turn in TURNS)


def stands_still(client: httpx.Client, promotion_id: str) -> bool:
    """Whether it was looked at the figures in the middle of a file; they stood still then."""
    promotion(client, promotion_id)
    take(client, "assignments", lines(assignments(10, promotion_id=promotion_id)))
    whole = lines(assignments(60_000, promotion_id=promotion_id))
    import_id = send(client, "assignments", whole)["import_id"]
    seen, states, told = set(), set(), 0
    while not client.get(f"/v1/imports/{import_id}").json()["finished_at"]:
        seen.add(figures(client, promotion_id)["assigned"])
        states.add(client.get(f"/v1/imports/{import_id}").json()["state"])
        event = redemptions(1, promotion_id="live")[0] | {"event_id": f"{promotion_id}-{told}"}
        before: Any = figures(client, "live")["redemptions"]
        assert client.post("/v1/redemptions", json=event).status_code == 200
        told += 1
        assert figures(client, "live")["redemptions"] == before + 1
    assert seen <= {10, 60_000}
    assert figures(client, promotion_id)["assigned"] == 60_000
    assert ended(client, import_id)["outcomes"] == {"counted": 59_990, "duplicate": 10}
    return 10 in seen and "running" in states and told > 3


def test_files_of_a_workspace_run_one_after_the_other(client: httpx.Client) -> None:
    """S13: the second waits until the figures of the first are there."""
    assert any(waits_for_the_first(client, f"p{turn}") for turn in TURNS)


def waits_for_the_first(client: httpx.Client, promotion_id: str) -> bool:
    """Whether it was looked at the second file while the first was running; it waited then."""
    promotion(client, promotion_id)
    whole = lines(assignments(40_000, promotion_id=promotion_id))
    first = send(client, "assignments", whole)["import_id"]
    used = lines(redemptions(100, promotion_id=promotion_id))
    second = send(client, "redemptions", used)["import_id"]
    until(lambda: client.get(f"/v1/imports/{first}").json()["state"] != "waiting")
    state = client.get(f"/v1/imports/{second}").json()["state"]
    runs_still = client.get(f"/v1/imports/{first}").json()["state"] == "running"
    assert state == "waiting" or not runs_still
    assert ended(client, second)["outcomes"] == {"counted": 100}
    one, two = (client.get(f"/v1/imports/{i}").json() for i in (first, second))
    assert one["finished_at"] <= two["started_at"]
    assert one["rate"] > 0
    return bool(runs_still)


def test_a_server_killed_in_the_middle_of_a_file_takes_it_up_again(
    store_url: str, tmp_path: Path
) -> None:
    """S13, P4: accepted is durable; after kill -9 the file is completed, and every figure is right."""
    key, spool = new_workspace(store_url), tmp_path / "spool"
    assert any(is_taken_up_after_a_kill(store_url, key, spool, f"p{turn}") for turn in TURNS)
    assert ask("verify", "--database", store_url)["ok"]


def is_taken_up_after_a_kill(url: str, key: str, spool: Path, promotion_id: str) -> bool:
    """Whether a server was killed in the middle of a file; another one has then completed it."""
    process, port = started(url, "--spool", str(spool))
    with client_of(f"http://127.0.0.1:{port}", key) as client:
        promotion(client, promotion_id)
        whole = lines(assignments(80_000, promotion_id=promotion_id))
        import_id = send(client, "assignments", whole)["import_id"]
        used = lines(redemptions(2_000, promotion_id=promotion_id))
        waiting = send(client, "redemptions", used)["import_id"]
        shown = f"/v1/imports/{import_id}"
        until(lambda: client.get(shown).json()["rows_read"] > 0)
        process.kill()
        process.wait()
    with serving(url, key, "--spool", str(spool)) as client:
        if not client.get(shown).json()["finished_at"]:
            assert figures(client, promotion_id)["assigned"] == 0
        done = ended(client, import_id)
        assert (done["state"], done["rows_read"]) == ("done", 80_000)
        assert sum(done["outcomes"].values()) == 80_000
        assert done["outcomes"].keys() <= {"counted", "duplicate"}
        assert done["taken_earlier"] == done["outcomes"].get("duplicate", 0)
        assert done["taken_earlier"] or not done["resumed"]
        other = ended(client, waiting)
        found = figures(client, promotion_id)
        assert (found["assigned"], found["redeemed"]) == (80_000, 2_000)
        assert until(lambda: not os.listdir(spool))
    in_the_middle = bool(done["resumed"] == 1 and other["resumed"] == 0)
    assert not in_the_middle or other["outcomes"] == {"counted": 2_000}
    return in_the_middle


def test_a_server_stopped_in_the_middle_of_a_file_goes_on_with_it(sqlite_url: str) -> None:
    """S13: being stopped ends the running piece, not the file."""
    key = new_workspace(sqlite_url)
    assert any(goes_on_after_a_stop(sqlite_url, key, f"p{turn}") for turn in TURNS)
    assert ask("verify", "--database", sqlite_url)["ok"]


def goes_on_after_a_stop(url: str, key: str, promotion_id: str) -> bool:
    """Whether a server was stopped in the middle of a file; the next one has then gone on with it."""
    with serving(url, key) as client:
        promotion(client, promotion_id)
        whole = lines(assignments(80_000, promotion_id=promotion_id))
        import_id = send(client, "assignments", whole)["import_id"]
        until(lambda: client.get(f"/v1/imports/{import_id}").json()["rows_read"] > 0)
    left = spooled(url)
    with serving(url, key) as client:
        done = ended(client, import_id)
        assert done["state"] == "done"
        assert left == [import_id] or done["resumed"] == 0
        assert figures(client, promotion_id)["assigned"] == 80_000
        assert until(lambda: not spooled(url))
    return bool(done["resumed"] == 1)
