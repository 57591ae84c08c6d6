"""When the latest accepted redemption of a promotion happened, as it was known at a moment."""

from __future__ import annotations

from promosight.flows.figures.moments import Moment
from promosight.flows.figures.recounted_then import Told
from promosight.store.tx import Tx

_ACCEPTED = ("counted", "excess", "unassigned", "flagged", "reversed")


class Latest:
    """What groups that were matched otherwise make of it."""

    def __init__(self) -> None:
        self.latest_us = 0
        """The latest of these groups, as they were."""
        self._not_then: dict[tuple[int, str], int] = {}

    def add(self, told: Told, sign: int) -> None:
        """Notes which redemptions of a group are accepted now, and were then."""
        redemptions = told.standing.redemptions
        accepted = {
            e.identity: e.redeemed_us
            for e in told.events
            if e.identity in redemptions and redemptions[e.identity].outcome in _ACCEPTED
        }
        if sign < 0:
            self._not_then |= accepted
            return
        for identity in accepted:
            self._not_then.pop(identity, None)
        self.latest_us = max(self.latest_us, *accepted.values(), 0)

    @property
    def lapsed_us(self) -> int:
        """The latest that is accepted now and was not then."""
        return max(self._not_then.values(), default=0)

    def found(self, tx: Tx, moment: Moment) -> int:
        """The latest of all, 0 for none."""
        rows = tx.all("last_events_then", limit=len(self._not_then) + 1, **moment.facts)
        here = (at_us for at_us, *identity in rows if tuple(identity) not in self._not_then)
        return max(self.latest_us, next(here, 0))
