"""Answers that are kept for a while, because finding them reads every assignment of a large promotion.

An answer stands for so long as it was likely to take, in proportion to the promotion's size, and no longer once an
import was published or enough assignments have come.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, NamedTuple, TypeVar

from promosight.flows.ledger.published import import_runs
from promosight.store.catalogue import Workspace
from promosight.store.tx import Tx

T = TypeVar("T")


class Keeping(NamedTuple):
    """How long answers of a kind are kept."""

    us_each: int
    """For each assignment."""
    slower: int
    """So many times as long while an import runs."""
    moved: int
    """No longer once one in so many assignments is new."""


class _Kept(NamedTuple):
    """An answer, when it was found, and how many were assigned then."""

    published_import_no: int
    found_us: int
    until_us: int
    assigned: int
    found: Any

    def holds(self, workspace: Workspace, assigned: int, moved: int, now_us: int) -> bool:
        """Whether it still says enough."""
        return (
            self.published_import_no == workspace.published_import_no
            and self.found_us <= now_us < self.until_us
            and abs(assigned - self.assigned) * moved < assigned
        )


def kept(
    tx: Tx,
    key: Hashable,
    workspace: Workspace,
    find: Callable[[bool], T],
    *,
    keeping: Keeping,
    assigned: int,
    now_us: int,
) -> T:
    """The answer kept under a key by this connection, or what `find` finds; it is told whether an import runs."""
    known: _Kept | None = tx.cache.get(key)
    if known is None or not known.holds(workspace, assigned, keeping.moved, now_us):
        held = import_runs(tx, workspace)
        found = find(held)
        until_us = now_us + assigned * keeping.us_each * (keeping.slower if held else 1)
        known = _Kept(workspace.published_import_no, now_us, until_us, assigned, found)
        tx.cache[key] = known
    answer: T = known.found
    return answer
