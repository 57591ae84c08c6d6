"""What a simulated world is: how big, how long, how chancy, how dirty. Everything else follows.

A world and its seed decide every byte that comes out. `demo` and `small` are the worlds with a
name; any other is made with `dataclasses.replace` or by hand.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta

from promosight.errors import Invalid
from promosight.simulate.catalogue import CATALOGUE, Offer
from promosight.simulate.written import DAY_S, seconds_of


@dataclass(frozen=True, kw_only=True)
class Dirt:
    """What goes wrong on the way, each as extra events per honest redemption (0 to 1).

    `duplicate` is per delivery, of assignments too. `late_assignment` is the share of assignments
    reported hours to days after they were made, so often behind their redemption. `over_use`
    follows only redemptions that used an assignment up; `foreign_code` only personal codes.
    """

    duplicate: float = 0.0
    event_conflict: float = 0.0
    unknown_promotion: float = 0.0
    unknown_customer: float = 0.0
    late_assignment: float = 0.0
    backdated: float = 0.0
    future: float = 0.0
    naive_time: float = 0.0
    missing_field: float = 0.0
    over_use: float = 0.0
    unassigned: float = 0.0
    identifier_conflict: float = 0.0
    draft_promotion: float = 0.0
    historical_promotion: float = 0.0
    after_expiry: float = 0.0
    foreign_code: float = 0.0


_SHARES = ("control", "contamination", "code_only", "reversal", "partial", "early_reversal")


@dataclass(frozen=True, kw_only=True)
class World:
    """One brand over `days` from `starts_at` (aware), which is also its tracking start.

    `code_only`: events that name the code and not the promotion. `reversal`: redemptions undone
    later, of which `partial` only in part, and `early_reversal` reported before their redemption.
    `held`: how many deliveries wait to be put in order of time; beyond it the order is approximate.
    Raises Invalid naming the setting that cannot be.
    """

    starts_at: datetime
    days: int = 45
    seed: int = 7
    customers: int = 4_000
    currency: str = "EUR"
    control: float = 0.08
    contamination: float = 0.02
    code_only: float = 0.4
    reversal: float = 0.04
    partial: float = 0.35
    early_reversal: float = 0.2
    dirt: Dirt = field(default_factory=Dirt)
    offers: tuple[Offer, ...] = CATALOGUE
    held: int = 50_000

    def __post_init__(self) -> None:
        """Refuse what could only fail later and further away."""
        if self.starts_at.tzinfo is None:
            raise Invalid("needs an offset", pointer="/starts_at")
        for name, least in (("customers", 1), ("days", 7), ("seed", 0), ("held", 1)):
            if getattr(self, name) < least:
                raise Invalid(f"must be at least {least}", pointer=f"/{name}")
        for name in _SHARES:
            _check_share(name, getattr(self, name))
        for one in fields(Dirt):
            _check_share(f"dirt/{one.name}", getattr(self.dirt, one.name))

    @property
    def start_s(self) -> int:
        """The first second of the window."""
        return seconds_of(self.starts_at)

    @property
    def end_s(self) -> int:
        """The last second of the window: nothing is made or delivered after it."""
        return self.start_s + self.days * DAY_S

    def at(self, fraction: float) -> int:
        """The second at a fraction of the window."""
        return self.start_s + int(fraction * self.days * DAY_S)


def _check_share(name: str, share: float) -> None:
    if not 0 <= share <= 1:
        raise Invalid("must be a share from 0 to 1", pointer=f"/{name}")


EVERYDAY_DIRT = Dirt(
    duplicate=0.02, event_conflict=0.002, unknown_promotion=0.006, unknown_customer=0.006,
    late_assignment=0.02, backdated=0.003, future=0.002, naive_time=0.002, missing_field=0.003,
    over_use=0.01, unassigned=0.015, identifier_conflict=0.002, draft_promotion=0.002,
    historical_promotion=0.003, after_expiry=0.01, foreign_code=0.01,
)  # fmt: skip
"""About what a brand with decent integrations sees."""

THICK_DIRT = Dirt(**{one.name: 0.08 for one in fields(Dirt)})
"""Enough that every kind shows up among a few hundred rows."""


def demo(ends_at: datetime, seed: int = 7) -> World:
    """The demo's brand: 4,000 customers, 45 days that end at `ends_at`."""
    return World(starts_at=ends_at - timedelta(days=45), seed=seed, dirt=EVERYDAY_DIRT)


def small(ends_at: datetime, seed: int = 7) -> World:
    """A test's brand: the same offers for 80 customers and 14 days, with every kind of dirt."""
    return World(
        starts_at=ends_at - timedelta(days=14), days=14, seed=seed, customers=80,
        reversal=0.15, early_reversal=0.4, dirt=THICK_DIRT,
    )  # fmt: skip


PRESETS = {"demo": demo, "small": small}
"""The worlds with a name, each made from its end and a seed."""
