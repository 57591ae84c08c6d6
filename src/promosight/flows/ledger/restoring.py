"""Going back to a moment: the facts that were received later are forgotten, and every figure is derived anew.

Promotions and customers stay as they are now: only facts bear the time at which they came. What followed from later
facts goes with them: decisions, alerts and entries of the restatement log. A reversal whose redemption is left out
waits for it again.
"""

from __future__ import annotations

from promosight.flows.ledger.rematch import Progress, rebuild
from promosight.store.tx import Tx

_LATER = (
    "forget_assignments_after",
    "forget_withdrawals_after",
    "forget_events_after",
    "forget_outcomes_after",
    "forget_rejections_after",
    "forget_reservations_after",
)
_FOLLOWED = ("forget_decisions_after", "forget_alerts_after", "forget_restatements_after")


def go_back(tx: Tx, until_us: int, *, progress: Progress | None = None) -> int:
    """Forgets what was received after an instant, in every workspace; returns how many rows that were."""
    forgotten = sum(tx.run(name, until_us=until_us) for name in _LATER)
    for name in _FOLLOWED:
        tx.run(name, until_us=until_us)
    tx.run("leave_reversals_waiting")
    for workspace in tx.all("workspaces"):
        rebuild(tx, workspace[0], progress=progress)
    return forgotten
