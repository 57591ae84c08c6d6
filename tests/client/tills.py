"""A checkout in a process of its own, to be killed: it reports one redemption after the other and says each id.

What it says has been kept, for it says so only after the call has returned.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cli.program import clean_environment

ROOT = Path(__file__).resolve().parents[2]
_TILL = """
import itertools, sys
from promosight.client.promosight import Promosight
address, key, outbox, promotion, name = sys.argv[1:]
client = Promosight(address, key, outbox, lease_seconds=3)
for number in itertools.count():
    one = f"{name}-{number}"
    client.assign(promotion_id=promotion, customer_id=one, assigned_at="2026-11-01T08:00:00Z")
    print(client.report_redemption(promotion_id=promotion, customer_id=one), flush=True)
"""


@contextmanager
def till(*words: str | Path) -> Iterator[subprocess.Popen[str]]:
    """A till that reports until the block ends, and is killed then (SIGKILL)."""
    command = [sys.executable, "-c", _TILL, *map(str, words)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=clean_environment()
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def said(process: subprocess.Popen[str], at_least: int = 0) -> list[str]:
    """The ids a till said: so many, or all that there are of one that was killed."""
    assert process.stdout is not None
    if not at_least:
        with process.stdout:
            return [line.strip() for line in process.stdout if line.endswith("\n")]
    return [process.stdout.readline().strip() for _ in range(at_least)]
