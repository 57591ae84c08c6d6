"""The locks of PostgreSQL's writers, and the one order in which they are waited for.

Servers that share a database meet only there: an advisory lock keeps a bucket of customers, the numbers of promotions
or the counters to one of them until its transaction ends. Two writers that each hold what the other waits for would
hear so after a second, when the server looks for such a knot, and then do the same again. So a lock is waited for only
where it comes behind all that are held, by workspace and then by its number. Changes of one flow share a transaction,
and a later one may want a lock that comes before one of an earlier one's: it gets that where nobody else has it; else
the transaction is undone, and each has its own.
"""

from __future__ import annotations

from collections.abc import Iterable

from promosight.store.arrays import Numbers
from promosight.store.prepared import Prepared
from promosight.store.races import OutOfTurn

# `unnest` gives the locks in the order of the array.
_WAIT = (
    "SELECT pg_advisory_xact_lock(CAST($1 AS INT), CAST(lock AS INT))"
    " FROM unnest(CAST($2 AS BIGINT[])) AS lock"
)
_TRY = (
    "SELECT bool_and(pg_try_advisory_xact_lock(CAST($1 AS INT), CAST(lock AS INT)))"
    " FROM unnest(CAST($2 AS BIGINT[])) AS lock"
)


class Locks:
    """Those that the transaction of one connection holds. They end with it."""

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self._held: set[tuple[int, int]] = set()

    def begin(self) -> None:
        """A new transaction holds none."""
        self._held.clear()

    def take(self, workspace_no: int, locks: Iterable[int]) -> None:
        """Takes what is not held yet; waiting for it travels along with the next statement. Raises OutOfTurn."""
        wanted = sorted(
            (workspace_no, one) for one in {*locks} if (workspace_no, one) not in self._held
        )
        if not wanted:
            return
        values = (workspace_no, Numbers([one for _, one in wanted]))
        if not self._held or wanted[0] > max(self._held):
            self._prepared.send(_WAIT, values)
        elif not self._prepared.rows(_TRY, values)[0][0]:
            raise OutOfTurn("another writer has a lock that comes before one of ours")
        self._held.update(wanted)
