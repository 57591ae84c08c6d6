"""The storm of reservations runs to its end; no test here looks at a time."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import ROOT


def test_a_small_storm_grants_its_cap_and_reversals_race_to_exact_figures() -> None:
    """N7, P5, P8: it fails by itself unless exactly the cap is granted and every figure is what the facts say."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.storm", "--attempts", "150", "--redemptions", "200"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("100 granted") == 2
    assert done.stdout.count("every figure exact; verify: 0 different") == 2
