"""The forms in which facts are sent: alone or many, JSON, lines, CSV, CloudEvents, compressed or not."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from promosight.certify.facts import Fact

SINGLE, ARRAY, LINES, TABLE, CLOUD, CLOUDS = (
    *("json", "json array", "ndjson", "csv", "cloudevent", "cloudevents batch"),
)
SEVERAL = (ARRAY, ARRAY, LINES, TABLE)
ALONE = (SINGLE, CLOUD)
_MEDIA = {
    SINGLE: "application/json",
    ARRAY: "application/json",
    LINES: "application/x-ndjson",
    TABLE: "text/csv",
    CLOUD: "application/cloudevents+json",
    CLOUDS: "application/cloudevents-batch+json",
}
_TYPES = {False: "promotion.redeemed", True: "promotion.redemption_reversed"}
CLOUD_SOURCE = "urn:promosight:certify"


class Wrong(NamedTuple):
    """A row that must be refused: what is sent, why it is refused, and the field that is named."""

    row: Any
    reason: str
    field: str


@dataclass(frozen=True)
class Form:
    """One way of writing rows down."""

    kind: str
    compressed: bool = False
    style: str = "zulu"

    @property
    def headers(self) -> dict[str, str]:
        """The headers that go with it."""
        said = {"Content-Type": _MEDIA[self.kind]}
        return said | ({"Content-Encoding": "gzip"} if self.compressed else {})

    def body(self, rows: Sequence[Fact | Wrong]) -> bytes:
        """The rows written down."""
        told = [self._told(row) for row in rows]
        if self.kind == TABLE:
            text = _table(told)
        elif self.kind == LINES:
            text = "\n".join(map(json.dumps, told))
        else:
            text = json.dumps(told[0] if self.kind in ALONE else told)
        return gzip.compress(text.encode(), mtime=0) if self.compressed else text.encode()

    def _told(self, row: Fact | Wrong) -> Any:
        if isinstance(row, Wrong):
            return row.row
        told = row.told(self.style)
        return told if self.kind not in (CLOUD, CLOUDS) else _in_envelope(told)


def _in_envelope(told: dict[str, Any]) -> dict[str, Any]:
    """A redemption as a CloudEvent: source and id are its identity, the subject is the customer."""
    data = {k: v for k, v in told.items() if k not in ("event_id", "type", "customer_id")}
    return {
        "specversion": "1.0",
        "type": _TYPES["reverses" in told],
        "source": CLOUD_SOURCE,
        "id": told["event_id"],
        "subject": told["customer_id"],
        "time": told["redeemed_at"],
        "datacontenttype": "application/json",
        "data": data,
    }


def _table(told: Sequence[dict[str, Any]]) -> str:
    """CSV with a header of all fields that any row has; several channels are joined as they are shown."""
    flat = [{name: _cell(value) for name, value in row.items()} for row in told]
    for row in flat:
        if "channels" in row:
            row["channel"] = row.pop("channels")
    out = io.StringIO()
    names = sorted({name for row in flat for name in row})
    writer = csv.DictWriter(out, names, restval="")
    writer.writeheader()
    writer.writerows(flat)
    return out.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return "+".join(value)
    return "true" if value is True else str(value)
