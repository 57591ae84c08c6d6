"""A casino's week: cashback by VIP tier, assigned by the CRM, redeemed in a bonus engine that reports once a day."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.cli.program import ask, breakdown_of, figures

TIERS = {"bronze": ("5.00", 60), "silver": ("10.00", 30), "gold": ("25.00", 10)}
"""What each tier gives back, and how many players it has."""
SHARE = {"bronze": 5, "silver": 3, "gold": 2}
"""Of each tier every so-manieth player takes the cashback up."""
DAYS = 5


def _players() -> list[tuple[str, str, str]]:
    """Every player with tier and segment: night owls are every third."""
    return [
        (f"{tier}-{n}", tier, "night owl" if n % 3 == 0 else "day player")
        for tier, (_, players) in TIERS.items()
        for n in range(players)
    ]


def _set_up(url: str, folder: Path) -> None:
    ask(
        "init",
        "--database",
        url,
        "--tracking-from",
        "2026-10-01T00:00:00Z",
        "--time-zone",
        "Europe/Malta",
    )
    cashback = {
        "promotion_id": "CASHBACK",
        "name": "Weekly cashback",
        "kind": "tiered",
        "status": "active",
        "tiers": [{"tier_id": tier, "reward_value": value} for tier, (value, _) in TIERS.items()],
    }
    given = [
        {
            "promotion_id": "CASHBACK",
            "customer_id": player,
            "tier_id": tier,
            "segment": segment,
            "assigned_at": "2026-10-05T06:00:00Z",
        }
        for player, tier, segment in _players()
    ]
    _import(url, "promotions", folder / "promotions.ndjson", [cashback])
    _import(url, "assignments", folder / "assignments.ndjson", given)


def _redeemed(day: int) -> list[dict[str, Any]]:
    """The bonus engine's batch of a day: who took it up then, and the last of the day before once more."""
    takers = [(player, tier) for player, tier, _ in _players() if _takes(player, tier)]
    parts = [takers[n * len(takers) // DAYS : (n + 1) * len(takers) // DAYS] for n in range(DAYS)]
    first_day = {player: n for n, part in enumerate(parts) for player, _ in part}
    again, mine = parts[day - 1][-1:] if day else [], parts[day]
    return [
        {
            "event_id": f"bonus-{player}",
            "promotion_id": "CASHBACK",
            "customer_id": player,
            "tier_id": tier,
            "redeemed_at": f"2026-10-{6 + first_day[player]:02}T23:30:00Z",
            "reward_value": TIERS[tier][0],
            "channel": "bonus engine",
        }
        for player, tier in (*again, *mine)
    ]


def _import(url: str, kind: str, file: Path, items: list[dict[str, Any]]) -> dict[str, Any]:
    file.write_text("".join(json.dumps(item) + "\n" for item in items))
    said: dict[str, Any] = ask("import", kind, file, "--database", url)
    return said


def test_cashback_reported_by_a_bonus_engine_in_daily_batches(
    tmp_path: Path, store_url: str
) -> None:
    """S36, S6, S13, S32, S34, S37: figures move with each batch, once; tiers and player segments are told apart."""
    _set_up(store_url, tmp_path)
    seen = [figures(store_url)["CASHBACK"]]
    for day in range(DAYS):
        said = _import(store_url, "redemptions", tmp_path / f"day-{day}.ndjson", _redeemed(day))
        assert said["outcomes"].get("duplicate", 0) == bool(day), "what was told before counts once"
        seen.append(figures(store_url)["CASHBACK"])
    assert seen[0]["rate"] is None, "a dash while nothing was reported"
    assert [one["redeemed"] for one in seen] == sorted({one["redeemed"] for one in seen})
    last = seen[-1]
    assert (last["assigned"], last["redeemed"], last["rate"]) == (100, 27, 0.27)
    assert last["reward_cost"] == {"EUR": "285.00"}

    by_tier = {row.key: row for row in breakdown_of(store_url, "CASHBACK", "tier").rows}
    assert {tier: (row.assigned, row.redeemed) for tier, row in by_tier.items()} == {
        "bronze": (60, 12),
        "silver": (30, 10),
        "gold": (10, 5),
    }
    by_segment = {
        row.key: row.redeemed for row in breakdown_of(store_url, "CASHBACK", "segment").rows
    }
    owls = sum(_takes(player, tier) for player, tier, who in _players() if who == "night owl")
    assert by_segment == {"night owl": owls, "day player": 27 - owls}
    assert ask("verify", "--database", store_url)["ok"]


def _takes(player: str, tier: str) -> bool:
    return int(player.rpartition("-")[2]) % SHARE[tier] == 0
