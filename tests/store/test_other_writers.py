"""One process that writes without a pause keeps no other out."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from promosight.store.engine import Store, open_store
from tests.cli.program import clean_environment
from tests.conftest import ROOT

WRITES = 10
_BUSY = """
import sys, time
from promosight.store.database import database
db = database(sys.argv[1])
tx = db.connect(write=True)
for number in range(10**6):
    db.begin(tx, write=True)
    time.sleep(0.15)
    db.end(tx, commit=True)
    print(number, flush=True)
    time.sleep(0.004)
"""


def test_whoever_writes_without_a_pause_lets_others_in_between_two_transactions(
    tmp_path: Path,
) -> None:
    """Each waits for a transaction or two of the other, and not until it meets a gap by chance."""
    url = f"sqlite:///{tmp_path / 'promosight.db'}"
    with closing(open_store(url, now_us=0)) as store:
        # Where this process was held up meanwhile, it takes another turn.
        assert any(_waited_for(store, url) <= 3 * WRITES for _ in range(4))


def _waited_for(store: Store, url: str) -> int:
    """How many transactions of the other process were made while some were of this one."""
    command = [sys.executable, "-c", _BUSY, url]
    busy = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=clean_environment()
    )
    assert busy.stdout is not None
    with busy.stdout:
        busy.stdout.readline()
        for _ in range(WRITES):
            time.sleep(0.02)  # so that the other one is at it again
            store.change(lambda _tx: None)
        busy.kill()
        busy.wait()
        return len(busy.stdout.readlines())
