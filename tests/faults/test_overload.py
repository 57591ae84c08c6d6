"""A few seconds of four times what the server can take. `./dev overload` is the long run, with its times."""

from __future__ import annotations

from dataclasses import replace

from tests.faults.overload import SINGLES, overload, told


def test_what_is_refused_says_when_to_come_again_and_what_is_acknowledged_is_there(
    sqlite_url: str,
) -> None:
    """P1, P3: overload is answered with 503 and Retry-After; memory stays; nothing acknowledged is lost."""
    kind = replace(SINGLES, connections=1_500)
    report = overload(sqlite_url, kind, seed=1, seconds=3, warm_s=1.0, generators=1)
    assert report.wrong == [], told(report)
    assert report.overload.without_retry_after == 0, told(report)
    assert set(report.overload.answers) <= {"200", "503"}, told(report)
    assert max(report.rss_mb) < report.rss_mb[0] + 200, told(report)
    assert report.acknowledged > 500, told(report)
