"""A few new rows on their way to PostgreSQL: one INSERT of arrays, which travels along with what comes next.

By COPY they would be two ways there and back, which hundreds of rows are worth. Columns in which no row says anything
are left out: of redemptions reported one by one that is a third of them. Each choice of columns is a text of its own,
which stays prepared; so there are only so many.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any

from promosight.store.statements import Copied, Statement

if TYPE_CHECKING:
    import psycopg

Said = tuple[tuple[int, str], ...]
"""Which columns of a batch, each with its type."""
_COPY_TYPES = {"BIGINT": "int8", "TEXT": "text"}
_MOST_TEXTS = 16
"""Of one statement, beside the one that has all columns."""


class FewRows:
    """The texts that add a few rows by one connection."""

    def __init__(self) -> None:
        self._texts: dict[str, dict[Said, str]] = {}

    def inserting(
        self, name: str, statement: Statement, columns: Sequence[Any]
    ) -> tuple[str, Said]:
        """The INSERT of rows known to be new, and the columns that it takes as arrays, before what all rows share.

        It fails where a row is there already.
        """
        every: Said = tuple(enumerate(kind for _, kind in statement.columns))
        said: Said = tuple(one for one in every if _is_said(columns[one[0]]))
        texts = self._texts.setdefault(name, {})
        if said not in texts and len(texts) >= _MOST_TEXTS:
            said = every
        if said not in texts:
            assert statement.copied is not None
            texts[said] = _text(statement.copied, said)
        return texts[said], said


def copy_by_row(
    connection: psycopg.Connection[Any],
    into: Copied,
    kinds: list[str],
    columns: Sequence[Any],
    same: tuple[Any, ...],
) -> None:
    """Has some hundreds copied, which are not worth packing by column; `same` stands in each of them."""
    every = kinds + ["BIGINT" if isinstance(one, int) else "TEXT" for one in same]
    rows = zip(*columns, *(repeat(one, len(columns[0])) for one in same), strict=True)
    with connection.cursor() as cursor, cursor.copy(into.text(into.targets).encode()) as copy:
        copy.set_types([_COPY_TYPES[kind] for kind in every])
        for row in rows:
            copy.write_row(row)


def _is_said(column: Any) -> bool:
    """Whether there is anything in a column but NULL."""
    return not isinstance(column, Sequence) or column.count(None) < len(column)


def _text(into: Copied, said: Said) -> str:
    first = len(into.targets) - len(into.constants)
    targets = [into.targets[at] for at, _ in said] + [*into.targets[first:]]
    arrays = [f"unnest(CAST(${number} AS {kind}[]))" for number, (_, kind) in enumerate(said, 1)]
    same = [
        f"CAST(${number} AS {'BIGINT' if isinstance(one, int) or one[0] == ':' else 'TEXT'})"
        for number, one in enumerate(into.constants, len(said) + 1)
    ]
    return f"INSERT INTO {into.table} ({', '.join(targets)}) SELECT {', '.join(arrays + same)}"
