"""The brand's offers: a shop and a casino under one roof, of all three kinds and in every status.

An `Offer` is a promotion plus what only the simulator knows of it: whom it is given to, how hard it
pulls, how fast it is used. Launches and ends are fractions of the world's window, so that the same
catalogue fits ten days and a year.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SEGMENTS = ("new", "active", "loyal", "vip", "lapsing")
THEMES = ("discount", "saving", "comeback", "cashback", "play")
EVERYONE: Mapping[str, float] = dict.fromkeys(SEGMENTS, 0.9)


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One promotion. Values are hundredths: of the currency, of a percent, of a unit.

    `pull` is the log-odds that an average active customer uses it, None where nobody can;
    `reach` the share of each segment it is given to; `launches` may lie before the window (below
    0). A limit's amount is meant for a thousand customers.
    """

    promotion_id: str
    name: str
    kind: str
    flavour: str
    theme: str
    reward: str
    value: int
    status: str = "active"
    unit: str | None = None
    code: str | None = None
    tiers: tuple[tuple[str, int], ...] = ()
    reach: Mapping[str, float] = field(default_factory=lambda: EVERYONE)
    pull: float | None = None
    launches: tuple[float, ...] = ()
    valid_days: int | None = 21
    ends: float | None = None
    delay_days: float = 3.0
    max_redemptions: int = 1
    channels: tuple[str, ...] = ("email",)
    limits: tuple[tuple[str, str, int], ...] = ()


_RETAIL = (
    Offer(
        promotion_id="SPRING20",
        name="Spring 20 percent",
        kind="global",
        flavour="retail",
        theme="discount",
        reward="percentage",
        value=20_00,
        code="SPRING20",
        pull=-0.9,
        launches=(0.05, 0.6),
        channels=("email", "app"),
        limits=(("reward", "lifetime", 9_000), ("redemptions", "daily", 60)),
    ),
    Offer(
        promotion_id="SPEND-AND-SAVE",
        name="Spend and save",
        kind="tiered",
        flavour="retail",
        theme="saving",
        reward="amount",
        value=10_00,
        code="SAVEMORE",
        pull=-1.1,
        tiers=(("gold", 15_00), ("silver", 10_00), ("bronze", 5_00)),
        launches=(0.12, 0.5, 0.85),
        valid_days=14,
        channels=("email", "push"),
        limits=(("reward", "monthly", 12_000), ("assignments", "lifetime", 2_500)),
    ),
    Offer(
        promotion_id="BIRTHDAY10",
        name="Birthday treat",
        kind="personalized",
        flavour="retail",
        theme="saving",
        reward="amount",
        value=10_00,
        pull=-0.3,
        reach=dict.fromkeys(SEGMENTS, 0.12),
        launches=(0.03, 0.25, 0.47, 0.7, 0.92),
        valid_days=30,
        delay_days=6.0,
        channels=("email", "sms"),
        limits=(("reward", "lifetime", 4_000),),
    ),
    Offer(
        promotion_id="COMEBACK25",
        name="We miss you",
        kind="personalized",
        flavour="retail",
        theme="comeback",
        reward="percentage",
        value=25_00,
        pull=-1.6,
        reach={"lapsing": 0.95, "new": 0.1},
        launches=(0.3, 0.75),
        valid_days=None,
        delay_days=8.0,
        channels=("email", "sms"),
    ),
    Offer(
        promotion_id="DOUBLE-POINTS",
        name="Double points weekend",
        kind="global",
        flavour="retail",
        theme="saving",
        reward="unit",
        unit="points",
        value=500_00,
        code="POINTSX2",
        launches=(0.97,),
        valid_days=10,
        max_redemptions=2,
        channels=("app", "push"),
        limits=(("reward", "lifetime", 400_000),),
    ),
    Offer(
        promotion_id="EARLYBIRD10",
        name="Early bird 10 percent",
        kind="global",
        flavour="retail",
        theme="discount",
        reward="percentage",
        value=10_00,
        status="archived",
        code="EARLY10",
        pull=-1.7,
        launches=(0.01,),
        ends=0.45,
        channels=("email",),
    ),
    Offer(
        promotion_id="SUMMER-PREVIEW",
        name="Summer preview",
        kind="tiered",
        flavour="retail",
        theme="discount",
        reward="amount",
        value=8_00,
        status="draft",
        code="SUMMER",
        tiers=(("gold", 12_00), ("silver", 8_00), ("bronze", 4_00)),
        limits=(("reward", "lifetime", 5_000),),
    ),
    Offer(
        promotion_id="CLEARANCE",
        name="Last season clearance",
        kind="global",
        flavour="retail",
        theme="discount",
        reward="amount",
        value=5_00,
        status="archived",
        code="CLEAR5",
        reach=dict.fromkeys(SEGMENTS, 0.3),
        launches=(-0.6,),
        ends=-0.2,
    ),
)

_IGAMING = (
    Offer(
        promotion_id="VIP-CASHBACK",
        name="VIP cashback",
        kind="tiered",
        flavour="igaming",
        theme="cashback",
        reward="percentage",
        value=10_00,
        pull=0.3,
        tiers=(("gold", 15_00), ("silver", 10_00), ("bronze", 5_00)),
        reach={"vip": 1.0, "loyal": 0.8, "active": 0.3},
        launches=(0.02, 0.17, 0.33, 0.48, 0.64, 0.8, 0.95),
        valid_days=7,
        delay_days=1.0,
        channels=("push", "app"),
        limits=(("reward", "weekly", 1_000),),
    ),
    Offer(
        promotion_id="WELCOME-SPINS",
        name="Welcome spins",
        kind="global",
        flavour="igaming",
        theme="play",
        reward="unit",
        unit="spins",
        value=50_00,
        pull=0.9,
        reach={"new": 0.95},
        launches=(0.04, 0.35, 0.66),
        valid_days=30,
        delay_days=0.6,
        channels=("app", "sms"),
        limits=(("reward", "lifetime", 20_000),),
    ),
    Offer(
        promotion_id="WEEKEND-RELOAD",
        name="Weekend reload bonus",
        kind="personalized",
        flavour="igaming",
        theme="play",
        reward="amount",
        value=20_00,
        pull=-0.5,
        reach={"active": 0.5, "loyal": 0.6, "vip": 0.8, "lapsing": 0.4},
        launches=(0.1, 0.4, 0.9),
        valid_days=None,
        delay_days=2.0,
        max_redemptions=3,
        channels=("email", "push"),
        limits=(("reward", "monthly", 8_000),),
    ),
    Offer(
        promotion_id="FRIDAY-FREEBET",
        name="Friday free bet",
        kind="tiered",
        flavour="igaming",
        theme="play",
        reward="amount",
        value=5_00,
        status="deactivated",
        pull=-0.8,
        tiers=(("gold", 10_00), ("silver", 5_00), ("bronze", 2_00)),
        launches=(0.08, 0.24),
        valid_days=14,
        delay_days=1.5,
        channels=("sms",),
    ),
)

CATALOGUE = (*_RETAIL, *_IGAMING)
