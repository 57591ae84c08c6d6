"""The benchmark of the list and its stream runs to its end; no test here looks at a time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT


def test_list_and_stream_are_measured(tmp_path: Path) -> None:
    """P9: with readers and without; whatever is reported must come on the stream, or the run fails."""
    report = tmp_path / "promotions.json"
    words = [sys.executable, "-m", "bench.promotions", "--stores", "sqlite", "--promotions", "200"]
    done = subprocess.run(
        [*words, "--seconds", "1", "--readers", "5", "--json", str(report)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(report.read_bytes())["sqlite"]
    assert found["GET, by -rate: ms"] > 0
    assert 0 < found["5 listening: events each a second"] <= 15
