"""Routes of exports: their schema, and the files."""

from __future__ import annotations

from promosight.api import exports
from promosight.api.door.door import Route
from promosight.api.wire import Wire
from promosight.connectors.export_files import MEDIA_TYPES


class ExportColumn(Wire):
    """A column: how it is written in each form, whether it may be empty, whether it needs `found=true`."""

    name: str
    csv: str
    ndjson: str
    parquet: str
    nullable: bool
    only_found: bool
    description: str
    example: str


class ExportKind(Wire):
    """A kind of records and its columns, in their order."""

    kind: str
    description: str
    columns: list[ExportColumn]


class ExportSchema(Wire):
    """All kinds. `schema` moves when a column goes or means something else; new ones may come at any time."""

    schema: str
    formats: list[str]
    kinds: list[ExportKind]


EXPORT_ROUTES = (
    Route(
        "GET",
        "/v1/exports",
        exports.schema,
        "reports:read",
        "What can be exported: every kind of records with its columns, types, meaning and an example",
        gives=ExportSchema,
    ),
    Route(
        "GET",
        "/v1/exports/{kind:str}",
        exports.export,
        "reports:read",
        "All records of a kind as CSV, NDJSON or Parquet; facts as they were reported, figures now or as of a moment",
        query=("format", "source", "promotion", "status", "found", "as_of"),
        media=tuple(MEDIA_TYPES.values()),
    ),
)
