"""Settling many groups anew: a promotion whose terms changed, or the whole workspace from its facts.

The groups are walked bucket by bucket in the order of their keys, a page at a time, so that memory stays
constant; all of it is one transaction, so that readers see the figures before or after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from promosight.flows.ledger.context import context_of
from promosight.flows.ledger.counters import drop_counters, forget_last_events
from promosight.flows.ledger.groups import Groups, settle
from promosight.flows.ledger.restating import Restating
from promosight.flows.ledger.settling import Standing
from promosight.rules.identity import BUCKETS
from promosight.store.catalogue import Catalogue, load
from promosight.store.rows import WAITING, GroupKey
from promosight.store.tx import Tx

_PAGE = 2_000
Progress = Callable[[int], None]
"""Called with the number of groups done since the last call."""


def rematch_promotion(
    tx: Tx, catalogue: Catalogue, promotion_no: int, restating: Restating
) -> None:
    """Settles every group of a promotion by its terms as they are now."""
    forget_last_events(tx, catalogue.workspace.workspace_no, [promotion_no])
    for keys in _pages(tx, promotion_no):
        settle_keys(tx, catalogue, keys, restating)


def settle_keys(tx: Tx, catalogue: Catalogue, keys: list[GroupKey], restating: Restating) -> None:
    """Settles these groups whole."""
    groups = Groups()
    groups.load_assignments(tx, keys)
    groups.load_events(tx, keys)
    settle(tx, context_of(tx, catalogue, groups), groups, import_no=0, restating=restating)


def rebuild(tx: Tx, workspace_no: int, *, progress: Progress | None = None) -> int:
    """Derives everything anew from the facts: outcomes, matches, counters. Returns the number of groups."""
    tx.lock(workspace_no)
    catalogue = load(tx, workspace_no)
    drop_counters(tx, workspace_no)
    done = 0
    for promotion_no in sorted(catalogue.by_no):
        for keys in _pages(tx, promotion_no):
            _count_anew(tx, catalogue, keys)
            done += len(keys)
            if progress is not None:
                progress(len(keys))
    tx.run("recounted", workspace_no=workspace_no)
    return done


def _count_anew(tx: Tx, catalogue: Catalogue, keys: list[GroupKey]) -> None:
    groups = Groups()
    groups.load_assignments(tx, keys)
    groups.load_events(tx, keys)
    for group in groups.by_key.values():
        group.before = Standing({}, {})
    settle(tx, context_of(tx, catalogue, groups), groups, import_no=0)


def _pages(tx: Tx, promotion_no: int) -> Iterator[list[GroupKey]]:
    assert promotion_no != WAITING
    for bucket in range(BUCKETS):
        after = -1
        while True:
            rows = tx.all(
                "groups_of_promotion",
                bucket=bucket,
                promotion_no=promotion_no,
                after=after,
                limit=_PAGE,
            )
            if not rows:
                break
            yield [GroupKey(bucket, promotion_no, row[0]) for row in rows]
            after = rows[-1][0]
