"""The program with a clock that can be wrong: `python -m tests.faults.wrong_clock FILE COMMAND...`.

The file says by how many seconds. Only what the clock says is changed, as when a machine's time is set; the program
itself is the real one.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

_true_ns = time.time_ns


def main() -> int:
    """Runs `promosight` with the clock of a file."""
    file, *words = sys.argv[1:]
    path = Path(file)

    def wrong_ns() -> int:
        return _true_ns() + int(path.read_text()) * 1_000_000_000

    time.time_ns = wrong_ns
    from promosight.cli.main import main as promosight

    return promosight(words)


if __name__ == "__main__":
    sys.exit(main())
