"""Adding facts that came together to a difference: a few each by itself, thousands by their columns (`piling`).

The columns are those of `counted`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, compress, repeat
from typing import TYPE_CHECKING, Any, TypeVar

from promosight.rules.counted import AssignedColumns, Names, UseColumns
from promosight.rules.repeated import values_of
from promosight.rules.tallies import Assigned, Cells, FirstUse

if TYPE_CHECKING:
    from promosight.rules.counted import Column

C = TypeVar("C", bound=AssignedColumns | UseColumns)

MANY = 1_000
"""From so many on, counting facts together is cheaper than each by itself."""


def count_assigned(
    cells: Cells, c: AssignedColumns, names: Names, number: Column | None = None
) -> None:
    """Adds assignments to a difference; `number` says how many there are of each, one where it is not given."""
    if number is None:
        number = [1] * len(c.promotion_no)
    if sum(number) < MANY:
        each = zip(_assigned(_listed(c), names), number, strict=True)
        cells.assign(chain.from_iterable(repeat(one, int(n)) for one, n in each))
        return
    from promosight.rules.piling import pile_assigned  # numpy is loaded where there are many

    pile_assigned(cells, c, names, number)


def count_uses(cells: Cells, c: UseColumns, names: Names) -> None:
    """Adds first redemptions to a difference."""
    if len(c.promotion_no) < MANY:
        cells.use_first(_uses(_listed(c), names))
        return
    from promosight.rules.piling import pile_uses  # as above

    currencies = c.own_currency, c.currency, c.order_currency
    if len(set(chain(*map(values_of, currencies)))) == 1:  # as nearly always
        pile_uses(cells, c, names)
        return
    alike = [own == currency == order for own, currency, order in zip(*currencies, strict=True)]
    if not all(alike):
        c = _listed(c)
        others = UseColumns._make(tuple(compress(one, [not is_so for is_so in alike])) for one in c)
        cells.use_first(_uses(others, names))
        c = UseColumns._make(tuple(compress(one, alike)) for one in c)
    if len(c.promotion_no):
        pile_uses(cells, c, names)


def _listed(columns: C) -> C:
    """The same, of Python's own numbers."""
    lists: list[Any] = [c if isinstance(c, Sequence) else c.tolist() for c in columns]
    return type(columns)(*lists)


def _assigned(c: AssignedColumns, names: Names) -> list[Assigned]:
    """The same, row by row."""
    places, sources, day = names
    return [
        (no, *places[place_no], sources[source_no], day(assigned_us), micros, currency)
        for no, place_no, source_no, assigned_us, micros, currency in zip(*c, strict=True)
    ]


def _uses(c: UseColumns, names: Names) -> list[FirstUse]:
    """The same, row by row."""
    places, sources, day = names
    return [
        (
            no,
            places[place_no],
            sources[own_source_no],
            day(own_us),
            own,
            sources[source_no],
            day(redeemed_us),
            *rest,
            redeemed_us,
        )
        for no, place_no, own_source_no, own_us, own, source_no, redeemed_us, *rest in zip(
            *c, strict=True
        )
    ]
