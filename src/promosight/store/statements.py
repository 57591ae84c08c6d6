"""Named SQL statements, one text for SQLite and PostgreSQL.

Each file in `sql/` holds statements headed by `-- name: some_name` and a line that says what it is for.
Two mechanical rewrites bring the text to an engine: `:name` becomes the driver's placeholder, and
`{{batch(column TYPE, ...)}}` becomes a table of the rows given, named `batch`. On PostgreSQL that is
`unnest` of typed arrays; on SQLite it is `json_each` for a read, and for a write one row at a time, which
is how SQLite likes many rows.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import NamedTuple

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_BATCH = re.compile(r"\{\{batch\(([^)]*)\)\}\}")
_PARAMETER = re.compile(r"(?<![:\w]):([a-z_]\w*)")


class Statement(NamedTuple):
    """One statement for one engine: to read, with scalars or a batch (`text`), and to write a batch (`many`)."""

    text: str
    many: str
    columns: tuple[tuple[str, str], ...]


def load(engine: str) -> dict[str, Statement]:
    """All statements by name, rewritten for `sqlite` or `postgresql`. Raises ValueError on a name given twice."""
    found: dict[str, Statement] = {}
    for path in sorted(files("promosight.store").joinpath("sql").iterdir(), key=lambda p: p.name):
        if not path.name.endswith(".sql"):
            continue
        parts = _NAME.split(path.read_text())
        for name, text in zip(parts[1::2], parts[2::2], strict=True):
            if name in found:
                raise ValueError(f"statement {name} is there twice")
            found[name] = rewrite(text.strip().rstrip(";"), engine)
    return found


def rewrite(text: str, engine: str) -> Statement:
    """One statement's text for one engine."""
    text = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
    batch = _BATCH.search(text)
    columns = tuple(_column(c) for c in batch.group(1).split(",")) if batch else ()
    if engine == "sqlite":
        return Statement(
            _BATCH.sub(lambda _: _json_rows(columns), text),
            _BATCH.sub(lambda _: _one_row(columns), text),
            columns,
        )
    text = _PARAMETER.sub(r"%(\1)s", text.replace("%", "%%"))
    text = _BATCH.sub(lambda _: _arrays(columns), text)
    return Statement(text, text, columns)


def _column(declared: str) -> tuple[str, str]:
    name, kind = declared.split()
    return name, kind


def _json_rows(columns: tuple[tuple[str, str], ...]) -> str:
    picked = ", ".join(f"value ->> {i} AS {name}" for i, (name, _) in enumerate(columns))
    return f"(SELECT {picked} FROM json_each(:batch)) AS batch"


def _one_row(columns: tuple[tuple[str, str], ...]) -> str:
    picked = ", ".join(f"?{i} AS {name}" for i, (name, _) in enumerate(columns, start=1))
    return f"(SELECT {picked}) AS batch"


def _arrays(columns: tuple[tuple[str, str], ...]) -> str:
    picked = ", ".join(f"CAST(%(batch_{name})s AS {kind}[])" for name, kind in columns)
    return f"unnest({picked}) AS batch({', '.join(name for name, _ in columns)})"
