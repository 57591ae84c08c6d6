"""The benchmarks of pacing and of intervals run to their end; no test here looks at a time."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("pacing", ["--seasons", "1", "--decisions", "1500"], "times on average"),
        ("coverage", ["--logs", "4", "--decisions", "2000"], "intervals hold the truth"),
    ],
)
def test_a_small_run_says_what_it_found(name: str, arguments: list[str], said: str) -> None:
    """N8, P19: so small that it may well fail its own mark."""
    done = subprocess.run(
        [sys.executable, "-m", f"bench.{name}", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert said in done.stdout, done.stdout + done.stderr
    assert not done.stderr
