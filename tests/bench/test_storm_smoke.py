"""The storm of reservations runs to its end; no test here looks at a time."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import ROOT


def test_a_small_storm_grants_its_cap() -> None:
    """N7: the benchmark fails by itself unless exactly the cap is granted."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.storm", "--stores", "sqlite", "--attempts", "150"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "100 granted" in done.stdout
