"""Settling many groups anew: a promotion whose terms changed, or the whole workspace from its facts.

The groups are walked bucket by bucket in the order of their keys, a page at a time, so that memory stays
constant; all of it is one transaction, so that readers see the figures before or after. What was worked out ahead of
the transaction (`ahead`) is taken, where it fits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from promosight.flows.ledger.ahead import WORTH, Ahead, marks_of
from promosight.flows.ledger.context import context_of
from promosight.flows.ledger.counters import drop_counters, forget_last_events
from promosight.flows.ledger.groups import settle
from promosight.flows.ledger.kept_uses import forget_uses_of_no_promotion, forget_uses_of_promotions
from promosight.flows.ledger.naming import EVERYTHING
from promosight.flows.ledger.restating import Cause, Restating
from promosight.flows.ledger.settling import Standing
from promosight.flows.ledger.weighed import loaded, shorten_channels
from promosight.rules.identity import BUCKETS
from promosight.rules.promotions import Promotion
from promosight.store.catalogue import Catalogue, Workspace, as_if, load
from promosight.store.rows import WAITING, GroupKey
from promosight.store.tx import Row, Tx

_PAGE = 2_000
_MOST = 2_000_000
"""Of so many groups at most a number is kept in memory: some 120 bytes each, meanwhile."""
Progress = Callable[[int], None]
"""Called with the number of groups done since the last call."""


def rematch_promotion(
    tx: Tx,
    catalogue: Catalogue,
    promotion_no: int,
    restating: Restating,
    ahead: Ahead | None = None,
) -> None:
    """Settles every group of a promotion by its terms as they are now. `ahead`: what fits them, worked out before."""
    forget_last_events(tx, catalogue.workspace.workspace_no, [promotion_no])
    if ahead is not None and ahead.write(tx, catalogue, restating):
        return
    for keys in _pages(tx, promotion_no):
        settle_keys(tx, catalogue, keys, restating)


def settle_keys(tx: Tx, catalogue: Catalogue, keys: list[GroupKey], restating: Restating) -> None:
    """Settles these groups whole."""
    groups = loaded(tx, keys)
    shorten_channels(catalogue, groups)
    settle(tx, context_of(tx, catalogue, groups), groups, import_no=0, restating=restating)


def terms_ahead(
    snapshot: Tx, workspace_no: int, promotion_id: str, wanted: Promotion, *, now_us: int
) -> Ahead | None:
    """What new terms of a promotion come to, worked out before the transaction that gives it them; None where that does
    not help: its codes change too, which other groups may wait for, or its groups are few."""
    catalogue = load(snapshot, workspace_no)
    thought = as_if(catalogue, catalogue.workspace, {promotion_id: wanted})
    before, after = catalogue.by_id.get(promotion_id), thought.by_id.get(promotion_id)
    if before is None or after is None:
        return None
    if after.terms == before.terms or set(after.codes) != set(before.codes):
        return None
    marks = marks_of(snapshot, before.promotion_no)
    if len(marks) < WORTH:
        return None
    restating = Restating(thought, now_us, Cause("terms"))
    ahead = Ahead(snapshot, catalogue.row, thought, restating)
    ahead.add(before.promotion_no, marks)
    return ahead


def settings_ahead(snapshot: Tx, workspace_no: int, wanted: Workspace) -> Ahead | None:
    """The same of another time zone or currency of a workspace."""
    catalogue = load(snapshot, workspace_no)
    now = catalogue.workspace
    if (wanted.time_zone, wanted.currency) == (now.time_zone, now.currency):
        return None
    return _all_ahead(snapshot, catalogue, as_if(catalogue, wanted, {}))


def rebuild_ahead(
    snapshot: Tx, workspace_no: int, *, progress: Progress | None = None
) -> Ahead | None:
    """What `rebuild` comes to, worked out before its transaction; None where groups are few, or more than memory is
    to hold a number of."""
    catalogue = load(snapshot, workspace_no)
    return _all_ahead(snapshot, catalogue, catalogue, progress)


def _all_ahead(
    snapshot: Tx, catalogue: Catalogue, thought: Catalogue, progress: Progress | None = None
) -> Ahead | None:
    marks: dict[int, list[Row]] = {}
    count = 0
    for promotion_no in sorted(catalogue.by_no):
        marks[promotion_no] = marks_of(snapshot, promotion_no)
        count += len(marks[promotion_no])
        if count > _MOST:
            return None
    if count < WORTH:
        return None
    ahead = Ahead(snapshot, catalogue.row, thought)
    for promotion_no, some in marks.items():
        ahead.add(promotion_no, some)
        if progress is not None:
            progress(len(some))
    return ahead


def rebuild(
    tx: Tx, workspace_no: int, *, progress: Progress | None = None, ahead: Ahead | None = None
) -> int:
    """Derives everything anew from the facts: outcomes, matches, counters. Returns the number of groups.

    `ahead`: what fits, worked out before; then what moved since is all that is settled here.
    """
    tx.lock(workspace_no, EVERYTHING)
    catalogue = load(tx, workspace_no)
    drop_counters(tx, workspace_no)
    forget_uses_of_promotions(tx, catalogue.by_no)
    forget_uses_of_no_promotion(tx)
    done = 0
    if ahead is not None and ahead.write(tx, catalogue):
        done = ahead.groups
    else:
        for keys in _every_page(tx, catalogue):
            _count_anew(tx, catalogue, keys)
            done += len(keys)
            if progress is not None:
                progress(len(keys))
    tx.run("recounted", workspace_no=workspace_no)
    return done


def rebuild_as_found(
    tx: Tx, workspace_no: int, ahead: Ahead | None, *, progress: Progress | None = None
) -> int:
    """`rebuild` with what `rebuild_ahead` found, unless the workspace has changed meanwhile."""
    tx.lock(workspace_no, EVERYTHING)
    catalogue = load(tx, workspace_no)
    fits = ahead is not None and ahead.fits(catalogue.row, catalogue)
    return rebuild(tx, workspace_no, progress=progress, ahead=ahead if fits else None)


def _every_page(tx: Tx, catalogue: Catalogue) -> Iterator[list[GroupKey]]:
    for promotion_no in sorted(catalogue.by_no):
        yield from _pages(tx, promotion_no)


def _count_anew(tx: Tx, catalogue: Catalogue, keys: list[GroupKey]) -> None:
    groups = loaded(tx, keys)
    shorten_channels(catalogue, groups)
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
