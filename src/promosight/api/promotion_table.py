"""A list of promotions as CSV: the columns of `promosight export figures`, and no cell that runs as a formula."""

from __future__ import annotations

import csv
import io

import msgspec

from promosight.connectors.tables import COLUMNS, Record, csv_row, flat
from promosight.flows.figures.of_promotions import Counted, View
from promosight.store.catalogue import Listed

_DEFINED = ("name", "kind", "status", "code", "starts_at", "ends_at")


def table(view: View, promotions: list[Listed]) -> bytes:
    """A row for each promotion, in their order, below the names of the columns."""
    columns = COLUMNS["figures"]
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(
        csv_row(flat("figures", _record(one)), columns) for one in view.counted(promotions)
    )
    return text.getvalue().encode()


def _record(one: Counted) -> Record:
    record: Record = {name: getattr(one.listed.definition, name) for name in _DEFINED}
    figures = msgspec.to_builtins(one.figures)
    return record | {"promotion_id": one.listed.promotion_id, "figures": figures}
