"""Naming: the caller's ids become the store's numbers.

Promotions and customers that a fact names for the first time get a number at once, so that the fact can
be kept under its key; whether they are defined or known is decided when the fact is settled.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from promosight.rules.identity import BUCKETS, bucket_of
from promosight.rules.sheets import picked
from promosight.store.catalogue import Catalogue, Workspace, load
from promosight.store.rows import GroupKey
from promosight.store.tx import Tx

if TYPE_CHECKING:  # loaded by whoever takes thousands
    from promosight.rules.numbers import Numbers

NUMBERS_LOCK = BUCKETS
"""The lock under which new promotions are numbered; always taken after those of buckets."""

EVERYTHING = [*range(BUCKETS), NUMBERS_LOCK]
"""The locks of whoever changes what all facts are judged by: every bucket, and the numbers."""


def number_promotions(tx: Tx, catalogue: Catalogue, promotion_ids: Iterable[str]) -> Catalogue:
    """The catalogue with every one of these promotions in it, undefined where nobody defined it."""
    missing = sorted({one for one in promotion_ids if one not in catalogue.by_id})
    if not missing:
        return catalogue
    workspace = catalogue.workspace
    tx.lock(workspace.workspace_no, [NUMBERS_LOCK])
    version = next_version(tx, workspace.workspace_no)
    for promotion_id in missing:
        tx.run(
            "add_promotion",
            workspace_no=workspace.workspace_no,
            promotion_id=promotion_id,
            code=None,
            definition=None,
            version=version,
            now_us=workspace.created_us,
        )
    return load(tx, workspace.workspace_no)


def next_version(tx: Tx, workspace_no: int) -> int:
    """Moves the catalogue's version on, and says to what."""
    tx.run("touch_catalogue", workspace_no=workspace_no)
    row = tx.one("workspace", workspace_no=workspace_no)
    assert row is not None
    return Workspace(*row).catalogue_version


class Customers:
    """The numbers of the customers a batch names, who of them is known, who became known by it and who is new."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.known: set[int] = set()
        self.newly_known: list[int] = []
        self.newly_named: set[int] = set()

    def key(self, promotion_no: int, customer_id: str) -> GroupKey:
        """The group of a promotion and a customer."""
        customer_no = self.numbers[customer_id]
        return GroupKey(bucket_of(customer_no), promotion_no, customer_no)


def name_customers(
    tx: Tx, workspace: Workspace, numbers: dict[str, int], wanted: dict[str, bool]
) -> Customers:
    """Settles the numbers of customers, adding those never named before.

    `numbers` has a number for each by its hash; `wanted` says of each whether this makes it known.
    """
    found = Customers()
    found.numbers = {customer_id: numbers[customer_id] for customer_id in wanted}
    present = _settle_collisions(tx, workspace, found.numbers)
    numbered = found.numbers.items()
    added = [
        (no, workspace.workspace_no, customer_id, int(wanted[customer_id]))
        for customer_id, no in numbered
        if no not in present
    ]
    found.newly_named = {row[0] for row in added}
    found.known = {no for customer_id, no in numbered if wanted[customer_id] or present.get(no)}
    found.newly_known = [
        no for customer_id, no in numbered if wanted[customer_id] and present.get(no) is False
    ]
    found.newly_known.sort()
    added.sort()
    tx.send_many("add_customers", added)
    tx.send_many("know_customers", [(no,) for no in found.newly_known])
    return found


def name_known(
    tx: Tx, workspace: Workspace, customer_ids: Sequence[str | None]
) -> tuple[Customers, Numbers]:
    """Does the same for many whom all of this makes known: most of them are already, and are passed over.

    Those are not in what is returned. Beside it, the number of each in its place.
    """
    from promosight.flows.ledger.acquainted import NOBODY, acquainted  # loads numpy

    kept = acquainted(tx, workspace)
    numbers, known = kept.numbered(workspace.workspace_id, customer_ids)
    rows = (~known & (numbers != NOBODY)).nonzero()[0].tolist()
    if not rows:
        return Customers(), numbers
    named: Sequence[Any] = picked(customer_ids, rows)
    found = _name_strangers(tx, workspace, dict(zip(named, numbers[rows].tolist(), strict=True)))
    kept.meet(found.numbers)
    numbers[rows] = [found.numbers[one] for one in named]
    return found, numbers


def _name_strangers(tx: Tx, workspace: Workspace, hashed: dict[str, int]) -> Customers:
    """Settles numbers; returns what was new. Nearly all who are new have the number of their hash for themselves."""
    from promosight.rules.numbers import NOTHING  # loads numpy, as whoever asks this has

    ids = sorted(hashed, key=hashed.__getitem__)
    numbers = list(map(hashed.__getitem__, ids))
    asked = numbers, ids, range(len(ids))
    at, known = tx.found_by_column(
        "customers_to_name", asked, ("BIGINT", "BIGINT"), workspace_no=workspace.workspace_no
    )
    each_its_own = len(set(numbers)) == len(numbers)
    free = at[known == NOTHING].tolist() if each_its_own else []
    left = at[known == 0 if each_its_own else known != 1].tolist()
    found = name_customers(tx, workspace, hashed, {ids[row]: True for row in left})
    found.numbers = hashed | found.numbers
    _add_known(tx, workspace, [numbers[row] for row in free], [ids[row] for row in free], found)
    return found


def _add_known(
    tx: Tx, workspace: Workspace, numbers: list[int], ids: list[str], found: Customers
) -> None:
    """Adds customers who are known, under numbers that nobody bears."""
    if not numbers:
        return
    ours, known = [workspace.workspace_no] * len(numbers), [1] * len(numbers)
    tx.add_columns("add_customers", (numbers, ours, ids, known))
    found.newly_named.update(numbers)
    found.known.update(numbers)


def _settle_collisions(tx: Tx, workspace: Workspace, numbers: dict[str, int]) -> dict[int, bool]:
    """Moves customers whose number another one holds to the next free one; returns who is present, and known."""
    rows = tx.all_for("customers_of", sorted(zip(numbers.values())))
    present = {no: bool(known) for no, one, _, known in rows if numbers.get(one) == no}
    if len(present) == len(rows) and len(set(numbers.values())) == len(numbers):
        return present  # nearly always: no two share a number
    present = {}
    taken: dict[int, str] = {}
    unsettled = numbers
    while unsettled:
        rows = tx.all_for("customers_of", [(no,) for no in sorted(unsettled.values())])
        holders = {row[0]: row for row in rows}
        again: dict[str, int] = {}
        for customer_id, customer_no in sorted(unsettled.items()):
            holder = holders.get(customer_no)
            mine = holder is None or holder[1:3] == (customer_id, workspace.workspace_no)
            if not mine or taken.setdefault(customer_no, customer_id) != customer_id:
                again[customer_id] = customer_no + 1
            elif holder is not None:
                present[customer_no] = bool(holder[3])
        numbers.update(again)
        unsettled = again
    return present


def forget_customers(tx: Tx, workspace: Workspace, numbers: dict[str, int]) -> None:
    """Takes customers away again that this transaction added."""
    from promosight.flows.ledger.acquainted import forget  # loads numpy

    forget(tx, workspace, numbers)
    tx.run_many("forget_customers", [(no,) for no in numbers.values()])


def leave_unknown(
    tx: Tx, workspace: Workspace, customers: Customers, unknown: Iterable[str]
) -> None:
    """Has customers whom this transaction made known be as unknown as before it."""
    numbers = {one: customers.numbers[one] for one in sorted(unknown)}
    if not numbers:
        return
    from promosight.flows.ledger.acquainted import forget  # loads numpy

    nos = set(numbers.values())
    customers.known -= nos
    customers.newly_known = [no for no in customers.newly_known if no not in nos]
    forget(tx, workspace, numbers)
    tx.run_many("leave_customers_unknown", [(no,) for no in sorted(nos)])
