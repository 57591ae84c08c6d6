"""What rightly lowers or raises the redemptions of a promotion: who still may redeem, and who was given it lately.

Both only excuse (`rules/anomalies.py`). Fewer open assignments than lately, or fewer fresh ones, allow fewer
redemptions; more fresh ones, as after a new wave, allow more. What was never assigned says nothing.
"""

from __future__ import annotations


class Exposure:
    """One promotion's assignments, slot by slot. `half_life`: in so many slots an assignment is half as fresh, and what
    there lately was is half forgotten."""

    def __init__(self, half_life: float, assigned: int = 0, redeemed: int = 0) -> None:
        self._kept = 0.5 ** (1 / half_life)
        self._open = max(0, assigned - redeemed)
        self._fresh = self._usual_open = self._usual_fresh = self._slots = 0.0
        self.bounds = (1.0, 1.0)
        """What was said of the last slot."""

    def tell(self, assigned: int, redeemed: int) -> tuple[float, float]:
        """Takes in a slot; by how much its count may rightly be lower (at most 1) and higher (at least 1)."""
        self._open = max(0, self._open + assigned - redeemed)
        self._fresh = self._kept * self._fresh + assigned
        self.bounds = self._bounds()
        self._slots = self._kept * self._slots + 1
        self._usual_open = self._kept * self._usual_open + self._open
        self._usual_fresh = self._kept * self._usual_fresh + self._fresh
        return self.bounds

    def _bounds(self) -> tuple[float, float]:
        if not self._slots:
            return 1.0, 1.0
        ratios = [
            (now + 1) / (usual / self._slots + 1)
            for now, usual in ((self._open, self._usual_open), (self._fresh, self._usual_fresh))
        ]
        return min(1.0, *ratios), max(1.0, *ratios)
