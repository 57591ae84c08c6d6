"""A short chaos run on both stores, in every run of the suite. `./dev chaos --minutes 10` is the long one."""

from __future__ import annotations

import pytest

from tests.faults.chaos import STORES, storm, told


@pytest.mark.parametrize("store", STORES)
def test_no_acknowledged_event_is_lost_or_counted_twice_whatever_befalls_the_servers(
    store: str,
) -> None:
    """P3, P4: retries, doubles, disorder, kill -9, pauses, a full disk; every acknowledged fact counts once."""
    kills, facts = 2, 1_001
    report = storm(store, 20261126, 15, senders=3, rest_s=0.05, kills=kills, facts=facts)
    assert report.wrong == [], told(report)
    assert report.kills >= kills, told(report)
    assert report.acknowledged >= facts, told(report)
