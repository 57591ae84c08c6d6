"""The outbox: bounded, claimed by one at a time, and settled once."""

from __future__ import annotations

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from promosight.client.errors import Closed, OutboxFailed, OutboxFull
from promosight.client.outbox import Bound, Outbox, Refusal

BODY = b'{"event_id":"e"}'
LEASE_S = 60.0
WHY = Refusal("future", "/redeemed_at", "d")


@pytest.fixture(params=["file", "memory"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return tmp_path / "outbox.db" if request.param == "file" else None


def filled(path: Path | None, events: int, bound: Bound | None = None) -> Outbox:
    outbox = Outbox(path, bound)
    for number in range(events):
        outbox.add("redemptions", f"e-{number}", BODY)
    return outbox


def names(outbox: Outbox, most: int, now: float, most_bytes: int = 10_000) -> list[str]:
    return [one.event_id for one in outbox.claim(most, most_bytes, now, LEASE_S).events]


def test_what_is_there_is_kept_and_what_is_new_refused(path: Path | None) -> None:
    """P17: nothing is dropped to make room, and the refused count as well."""
    outbox = filled(path, 3, Bound(3, 10_000))
    with pytest.raises(OutboxFull):
        outbox.add("redemptions", "e-3", BODY)
    claim = outbox.claim(2, 10_000, 0, LEASE_S)
    assert claim.more
    (refused,) = outbox.settle(claim.events[:1], {0: WHY}, 1.0)
    assert (refused.event_id, refused.reason, refused.event) == ("e-0", "future", {"event_id": "e"})
    with pytest.raises(OutboxFull):
        outbox.add("redemptions", "e-3", BODY)
    assert outbox.forget(["e-0"]) == 1
    outbox.add("redemptions", "e-3", BODY)
    assert names(outbox, 9, LEASE_S + 1) == ["e-1", "e-2", "e-3"]
    outbox.close()


def test_bytes_are_bounded_too(path: Path | None) -> None:
    outbox = filled(path, 2, Bound(9, 2 * len(BODY)))
    with pytest.raises(OutboxFull):
        outbox.add("redemptions", "e-2", b"{}")
    assert names(outbox, 9, 0, most_bytes=len(BODY) + 1) == ["e-0"]
    assert names(outbox, 9, 0, most_bytes=1) == ["e-1"], "one alone, whatever its size"
    outbox.close()


def test_a_claim_is_respected_until_it_runs_out(tmp_path: Path) -> None:
    ours, other = filled(tmp_path / "o.db", 4), Outbox(tmp_path / "o.db")
    mine = ours.claim(2, 10_000, 0, LEASE_S).events
    assert names(other, 9, 1) == ["e-2", "e-3"]
    ours.release(mine)
    assert names(other, 9, 2) == ["e-0", "e-1"]
    ours.release(mine)  # no longer ours
    assert names(ours, 9, 3) == []
    assert names(ours, 9, LEASE_S + 1) == ["e-2", "e-3"]
    assert names(ours, 9, -10_000) == ["e-0", "e-1", "e-2", "e-3"], "the clock was put back"
    ours.close()
    other.close()


def test_two_that_sent_the_same_event_settle_it_once(tmp_path: Path) -> None:
    ours, other = filled(tmp_path / "o.db", 1), Outbox(tmp_path / "o.db")
    mine = ours.claim(9, 10_000, 0, LEASE_S).events
    theirs = other.claim(9, 10_000, LEASE_S + 1, LEASE_S).events
    assert mine == theirs
    assert len(other.settle(theirs, {0: WHY}, 1.0)) == 1
    assert ours.settle(mine, {0: WHY}, 1.0) == []
    assert [one.event_id for one in ours.refused()] == ["e-0"]
    assert ours.send_again(["e-0", "e-0", "e-9"]) == 1
    assert (ours.waiting(), ours.refused()) == (1, [])
    ours.settle(mine, {}, 1.0)
    assert ours.waiting() == 1, "sent again it is another one"
    ours.close()
    other.close()


def test_many_may_open_and_write_a_new_file_at_once(tmp_path: Path) -> None:
    def one(number: int) -> None:
        outbox = Outbox(tmp_path / "o.db")
        for each in range(5):
            outbox.add("redemptions", f"e-{number}-{each}", BODY)
        outbox.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(8)))
    outbox = Outbox(tmp_path / "o.db")
    assert outbox.waiting() == 40
    outbox.close()


def test_only_its_owner_may_read_the_file(tmp_path: Path) -> None:
    outbox = filled(tmp_path / "o.db", 1)
    modes = {one.name: one.stat().st_mode & 0o777 for one in tmp_path.iterdir()}
    assert set(modes.values()) == {0o600}, modes
    outbox.close()


def test_an_outbox_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    for wrong in (tmp_path / "nowhere" / "o.db", tmp_path):
        with pytest.raises(OutboxFailed):
            Outbox(wrong)
    (tmp_path / "text.db").write_text("no database " * 100)
    with pytest.raises(OutboxFailed):
        Outbox(tmp_path / "text.db")
    newer = sqlite3.connect(tmp_path / "newer.db")
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(OutboxFailed, match="newer"):
        Outbox(tmp_path / "newer.db")


def test_a_closed_outbox_and_one_of_another_process_are_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox = filled(tmp_path / "o.db", 1)
    monkeypatch.setattr(os, "getpid", lambda: -1)
    with pytest.raises(Closed, match="fork"):
        outbox.waiting()
    monkeypatch.undo()
    outbox.close()
    with pytest.raises(Closed, match="closed"):
        outbox.add("redemptions", "e", BODY)
