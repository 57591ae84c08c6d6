"""In which order thousands of rows meet the store best: a matter of its indexes, its pages and its memory.

SQLite, which keeps what it needs in this process, is best served in the order of the groups' key. On PostgreSQL rows
are added in the order of their ids: the index of these compares texts, and is the dearer of the two; that of wide keys
splits its pages in half when rows ascend in the middle of it. And what a batch over HTTP wants of groups is more than
128 MB of `shared_buffers` hold, as PostgreSQL comes. So they are looked up promotion by promotion, whose rows lie
together, and there and back: a transaction begins with the promotions with which the last one ended, whose pages are
still in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from promosight.rules.identity import BUCKET_SHIFT

if TYPE_CHECKING:  # loaded by whoever takes thousands
    import numpy as np
    import numpy.typing as npt


class Orders:
    """SQLite's. A connection has its own."""

    def of_ids(
        self, _ids: Sequence[str | None], _rows: npt.NDArray[np.int64], /
    ) -> npt.NDArray[np.int64] | None:
        """The order in which these rows are added best by their ids; None where that of their groups is."""
        return None

    def of_groups(
        self, promotions: npt.NDArray[np.int64], customers: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        """The order in which groups are looked up best. Those of one bucket of a promotion follow each other, and so do
        rows of one group, in the order they have."""
        import numpy as np

        return np.lexsort((customers, promotions, customers >> BUCKET_SHIFT))


class PostgresOrders(Orders):
    """PostgreSQL's."""

    def __init__(self) -> None:
        self._backwards = False

    def of_ids(
        self, ids: Sequence[str | None], rows: npt.NDArray[np.int64], /
    ) -> npt.NDArray[np.int64] | None:
        """By their texts."""
        from promosight.store.copying import order_of

        return order_of(ids, rows)

    def of_groups(
        self, promotions: npt.NDArray[np.int64], customers: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        """By promotion, and the other way round the next time. A customer's number begins with the bucket."""
        import numpy as np

        backwards, self._backwards = self._backwards, not self._backwards
        return np.lexsort((customers, -promotions if backwards else promotions))
