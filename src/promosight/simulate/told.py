"""A world told as lines of NDJSON, source by source; a plain function, so that another process can run it."""

from __future__ import annotations

import json

from promosight.simulate.brand import Brand
from promosight.simulate.settings import World

Told = dict[str, list[bytes]]
"""By source, the lines it reports in the order of delivery."""


def told(world: World, kind: str) -> Told:
    """All `assignments` or `redemptions` of a world. Memory grows with the world."""
    brand = Brand(world)
    assignments = kind == "assignments"
    deliveries = brand.assignment_deliveries() if assignments else brand.redemption_deliveries()
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    lines: Told = {}
    for delivery in deliveries:
        lines.setdefault(delivery.source, []).append(encode(delivery.record).encode())
    return lines
