"""What is counted together: assignments and first redemptions, each field a column.

They name places, sources and instants by number; `Names` says what these are called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # numpy is loaded where there are many
    import numpy as np
    import numpy.typing as npt

    Column = Sequence[int] | npt.NDArray[np.int64]
    """A column of numbers: a list or, where there are many, an array."""

Texts = tuple[str, str, str, str]
"""The words of a place: tier, segment, channel, campaign; empty where it says nothing."""


class Names(NamedTuple):
    """What numbers are called: the words of places, sources, and the local day of an instant."""

    places: Mapping[int, Texts]
    sources: Mapping[int, str]
    day: Callable[[int], str]


class AssignedColumns(NamedTuple):
    """Assignments in the rate that nobody has redeemed, each field a column."""

    promotion_no: Column
    place_no: Column
    source_no: Column
    assigned_us: Column
    committed_micros: Column
    currency: Sequence[str]


class UseColumns(NamedTuple):
    """Redemptions as in `tallies.FirstUse`, each field a column. `own_...` is of the assignment that is taken."""

    promotion_no: Column
    place_no: Column
    own_source_no: Column
    own_us: Column
    own_currency: Sequence[str | None]
    source_no: Column
    redeemed_us: Column
    currency: Sequence[str]
    order_currency: Sequence[str]
    cost_micros: Column
    order_micros: Column
