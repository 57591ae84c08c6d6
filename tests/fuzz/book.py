"""What a run comes to: inputs by door, how they were answered, and the finds, each to be played again."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from threading import Lock

FINDS = Path("test-results") / "fuzz"
"""Where the bytes of a find are left."""
_LISTED = 40


class Book:
    """The account of a run; several threads may write in it."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.inputs: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        self.finds: list[str] = []
        self.peaks: dict[str, int] = {}
        self.slowest: dict[str, float] = {}
        self.waited: dict[str, float] = {}
        self._lock = Lock()

    def took(self, door: str, answered: str, seconds: float = 0.0) -> None:
        """One input was answered."""
        with self._lock:
            self.inputs[door] += 1
            self.answers[f"{door}: {answered}"] += 1
            self.slowest[door] = max(seconds, self.slowest.get(door, 0.0))

    def counted(self, door: str, number: int) -> None:
        """So many inputs of a door were answered as they have to be."""
        self.inputs[door] += number

    def held(self, what: str, size: int) -> None:
        """The most bytes that something held."""
        self.peaks[what] = max(size, self.peaks.get(what, 0))

    def find(self, door: str, number: int, said: str, wrong: str, data: bytes) -> None:
        """Something was not as it has to be: its bytes are kept."""
        with self._lock:
            FINDS.mkdir(parents=True, exist_ok=True)
            file = FINDS / f"{re.sub(r'[^a-z]+', '-', door.lower())}-{self.seed}-{number}.bin"
            file.write_bytes(data)
            self.finds.append(
                f"{door}, seed {self.seed}, number {number}: {said}: {wrong} ({file})"
            )

    def wrong(self, said: str) -> None:
        """Something is wrong that no single input is to blame for."""
        self.finds.append(said)

    def told(self) -> str:
        """The account in words."""
        lines = [f"seed {self.seed}: {sum(self.inputs.values()):,} inputs"]
        lines += [
            f"  {n:9,} {door}{self._slowest(door)}" for door, n in sorted(self.inputs.items())
        ]
        lines += [f"  {n:9,} {name}" for name, n in sorted(self.answers.items()) if n]
        lines += [f"  at most {size >> 20} MiB held by {what}" for what, size in self.peaks.items()]
        lines += [f"  held for {s:.1f} s: {what}" for what, s in self.waited.items()]
        lines += [f"  FIND: {one}" for one in self.finds[:_LISTED]]
        return "\n".join([*lines, f"  {len(self.finds)} finds"])

    def _slowest(self, door: str) -> str:
        seconds = self.slowest.get(door, 0.0)
        return f", the slowest answered in {seconds:.2f} s" if seconds else ""
