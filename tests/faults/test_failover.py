"""One failover under load, in every run of the suite. `./dev failover --minutes 10` has many, by Patroni."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.faults.failover import fail_over, told
from tests.faults.pair import pair_in


def test_no_acknowledged_event_is_lost_or_counted_twice_when_a_synchronous_standby_takes_over() -> (
    None
):
    """P3, P4: kill -9 of the primary's processes under load; writes go on without anybody touching a server."""
    # (The user that runs PostgreSQL must reach it, which pytest's own folders do not allow.)
    with tempfile.TemporaryDirectory(prefix="failover-") as folder, pair_in(Path(folder)) as pair:
        report = fail_over(pair, seed=20261126, seconds=0, senders=2, rest_s=0.2)
    assert report.wrong == [], told(report)
    assert report.server_starts == 2, told(report)  # ours were never started again
    assert report.acknowledged > 500, told(report)
