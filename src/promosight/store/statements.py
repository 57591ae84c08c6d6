"""Named SQL statements, one text for SQLite and PostgreSQL.

Each file in `sql/` holds statements headed by `-- name: some_name` and a line that says what it is for.
Two mechanical rewrites bring the text to an engine: `:name` becomes the driver's placeholder, and
`{{batch(column TYPE, ...)}}` becomes a table of the rows given, named `batch`. On PostgreSQL that is
`unnest` of typed arrays. On SQLite it is `VALUES` of a fixed number of rows, and there is one text for each
size of `SIZES`: an exact number of rows is made up of a few of them, all prepared once. Stepping a
statement costs more than a row in it, so 64 rows at a time are looked up or written at half the price of
64 single ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_BATCH = re.compile(r"\{\{batch\(([^)]*)\)\}\}")
_FROM_BATCH = re.compile(r"\bFROM \{\{batch\([^)]*\)\}\}\s*(?P<joined>CROSS JOIN )?")
_INSERT_BATCH = re.compile(
    r"INSERT INTO (?P<table>\w+) \((?P<targets>[^)]*)\)\s+SELECT\s+(?P<values>[^()]*?)\s+"
    r"FROM \{\{batch\([^)]*\)\}\}\s+WHERE true\s+ON CONFLICT DO NOTHING$"
)
_SAME = re.compile(r"\d+|'\w+'|:\w+")
"""What may be the same in every row of a batch: a number, a text, a scalar (always a number)."""
_BATCH_COLUMN = re.compile(r"\bbatch\.(\w+)")
_PARAMETER = re.compile(r"(?<![:\w]):([a-z_]\w*)")


SIZES = (64, 48, 40, 32, 28, 24, 20, 16, 14, 12, 10, 8, 7, 6, 5, 4, 3, 2, 1)
"""How many rows a SQLite text may hold. Any number up to 64 is a sum of two or three of them."""
COLUMN_SIZES = (96, *SIZES)
"""The same where rows lie as columns. Each piece run counts for APSW, which keeps the texts of the last 512: so large
that a batch of twenty thousand, looked up and written, leaves those of all other statements there."""


@lru_cache(1_024)
def pieces_of(rows: int) -> tuple[tuple[int, int], ...]:
    """A number of rows as pieces of `SIZES`, largest first: where each begins, and its size."""
    pieces, start = [], 0
    for size in SIZES:
        while start + size <= rows:
            pieces.append((start, size))
            start += size
    return tuple(pieces)


class Sized(dict[int, str]):
    """A statement's texts for SQLite by number of rows, each made when it is first asked for."""

    def __init__(
        self, text: str, columns: tuple[tuple[str, str], ...], scalars: tuple[str, ...]
    ) -> None:
        super().__init__()
        self._of = text, columns, scalars

    def __missing__(self, rows: int) -> str:
        text = self[rows] = _sized(*self._of, rows)
        return text


class Statement(NamedTuple):
    """One statement for one engine.

    On SQLite `text` takes its scalars by name, and a statement with a batch has `sized` texts instead, by
    number of rows: their parameters are numbered, the scalars first in the order of `scalars`, then the
    rows one after the other. On PostgreSQL they are numbered too: the scalars, then one array for each
    column of the batch.
    """

    text: str
    columns: tuple[tuple[str, str], ...]
    scalars: tuple[str, ...]
    sized: Mapping[int, str]
    copied: Copied | None = None
    """On PostgreSQL, for an INSERT that takes a batch as it is: the same by COPY, for rows known to be new."""


class Copied(NamedTuple):
    """Where COPY writes rows to."""

    table: str
    targets: tuple[str, ...]
    """The table's columns: first those of the batch, then those of the constants."""
    constants: tuple[str | int, ...]
    """What is the same in every row: numbers, texts, and scalars as `:name`."""

    def text(self, targets: Sequence[str]) -> str:
        """The order to take rows that have these columns; the others are NULL."""
        return f"COPY {self.table} ({', '.join(targets)}) FROM STDIN (FORMAT BINARY)"


@cache
def load(engine: str) -> dict[str, Statement]:
    """All statements by name, rewritten for `sqlite` or `postgresql`, once in a process; nobody changes them.

    Raises ValueError on a name given twice.
    """
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
    scalars = tuple(dict.fromkeys(_PARAMETER.findall(text)))
    if engine == "sqlite":
        sized = Sized(text, columns, scalars) if batch else {}
        return Statement(text, columns, scalars, sized)
    copied = _copied(text, columns)
    text = _PARAMETER.sub(lambda found: f"${scalars.index(found[1]) + 1}", text)
    text = _BATCH.sub(lambda _: _arrays(columns, len(scalars)), text)
    return Statement(text, columns, scalars, {}, copied)


def _column(declared: str) -> tuple[str, str]:
    name, kind = declared.split()
    return name, kind


@cache
def in_columns(
    text: str,
    columns: tuple[tuple[str, str], ...],
    scalars: tuple[str, ...],
    rows: int,
    same: tuple[int, ...],
) -> str:
    """The text for SQLite with this many rows, given column after column instead of row after row.

    The columns at the places `same` hold one value for all rows: it is given once, behind the scalars. One at least
    is not among them.
    """
    shared, varying = _numbered(columns, scalars, same)
    names = shared | {name: f"batch.column{n}" for n, name in enumerate(varying, start=1)}
    text = _PARAMETER.sub(lambda found: f"?{scalars.index(found[1]) + 1}", text)
    text = _BATCH_COLUMN.sub(lambda found: names[found[1]], text)
    first = len(scalars) + len(same) + 1
    values = ", ".join(
        "(" + ", ".join(f"?{first + column * rows + row}" for column in range(len(varying))) + ")"
        for row in range(rows)
    )
    return _BATCH.sub(lambda _: f"(VALUES {values}) AS batch", text)


@cache
def inserted_in_columns(
    text: str,
    columns: tuple[tuple[str, str], ...],
    scalars: tuple[str, ...],
    rows: int,
    same: tuple[int, ...],
) -> str:
    """The same of an INSERT that takes a batch as it is, for rows known to be new: it fails where one is not.

    The rows stand where they are inserted, so that they pass through no table of their own.
    """
    insert = _INSERT_BATCH.match(text)
    assert insert is not None, f"no plain INSERT of a batch: {text}"
    pairs = zip(insert["targets"].split(","), insert["values"].split(","), strict=True)
    said = [(target.strip(), v.strip()) for target, v in pairs if v.strip() != "NULL"]
    shared, varying = _numbered(columns, scalars, same)
    values = ",".join(value for _, value in said)
    values = _PARAMETER.sub(lambda found: f"?{scalars.index(found[1]) + 1}", values)
    first = len(scalars) + len(same) + 1
    places = {name: first + column * rows for column, name in enumerate(varying)}

    def of(row: int) -> str:
        names = shared | {name: f"?{place + row}" for name, place in places.items()}
        return _BATCH_COLUMN.sub(lambda found: names[found[1]], values)

    targets = ",".join(target for target, _ in said)
    every = ",".join(f"({of(row)})" for row in range(rows))
    return f"INSERT OR FAIL INTO {insert['table']} ({targets}) VALUES {every}"


def _numbered(
    columns: tuple[tuple[str, str], ...], scalars: tuple[str, ...], same: tuple[int, ...]
) -> tuple[dict[str, str], list[str]]:
    """The parameters of columns that hold one value for all rows, behind the scalars; the names of the others."""
    names = [name for name, _ in columns]
    shared = {names[place]: f"?{n}" for n, place in enumerate(same, start=len(scalars) + 1)}
    return shared, [name for name in names if name not in shared]


def _sized(
    text: str, columns: tuple[tuple[str, str], ...], scalars: tuple[str, ...], rows: int
) -> str:
    """The text for SQLite with this many rows. One row needs no table: its values stand where they are read."""
    text = _PARAMETER.sub(lambda found: f"?{scalars.index(found[1]) + 1}", text)
    place = {name: number for number, (name, _) in enumerate(columns, start=1)}
    if rows == 1:
        text = _FROM_BATCH.sub(lambda found: "FROM " if found["joined"] else "", text)
        return _BATCH_COLUMN.sub(lambda found: f"?{len(scalars) + place[found[1]]}", text)
    text = _BATCH_COLUMN.sub(lambda found: f"batch.column{place[found[1]]}", text)
    values = ", ".join(["(" + ", ".join("?" * len(columns)) + ")"] * rows)
    # A bare `?` is numbered after the highest before it, so naming the first settles all.
    values = values.replace("?", f"?{len(scalars) + 1}", 1)
    return _BATCH.sub(lambda _: f"(VALUES {values}) AS batch", text)


def _copied(text: str, columns: tuple[tuple[str, str], ...]) -> Copied | None:
    """The COPY of an INSERT that takes a batch; None for others."""
    insert = _INSERT_BATCH.match(text)
    if insert is None:
        return None
    targets = [one.strip() for one in insert["targets"].split(",")]
    values = [one.strip() for one in insert["values"].split(",")]
    # A target that is NULL in every row is left out.
    said = [(t, v) for t, v in zip(targets, values, strict=True) if v != "NULL"]
    target_of = {v: t for t, v in said if v.startswith("batch.")}
    same = [(t, v) for t, v in said if not v.startswith("batch.")]
    wanted = [f"batch.{name}" for name, _ in columns]
    if sorted(wanted) != sorted(target_of) or not all(_SAME.fullmatch(v) for _, v in same):
        return None
    into = (*[target_of[one] for one in wanted], *[t for t, _ in same])
    constants = tuple(int(v) if v.isdecimal() else v.strip("'") for _, v in same)
    return Copied(insert["table"], into, constants)


def _arrays(columns: tuple[tuple[str, str], ...], before: int) -> str:
    # In the list of what is selected, rows are handed on one by one; as a table they would all be kept first.
    picked = ", ".join(
        f"unnest(CAST(${number} AS {kind}[])) AS {name}"
        for number, (name, kind) in enumerate(columns, start=before + 1)
    )
    return f"(SELECT {picked}) AS batch"
