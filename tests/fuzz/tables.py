"""Parquet files of every column type, whole and spoiled: in their footer, their page headers and their pages."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from tests.fuzz.values import spoiled

_NAMES = (
    "event_id",
    "promotion_id",
    "customer_id",
    "redeemed_at",
    "reward_value",
    "metadata",
    "assigned_at",
)
_MORE = (
    "channels",
    "control",
    "max_redemptions",
    "name",
    "reward",
    "tiers",
    "attributes",
    "segments",
    "zzz",
)
_TYPES = (
    *(
        "'x'::VARCHAR",
        "1::TINYINT",
        "1::UBIGINT",
        "1::HUGEINT",
        "1.5::DOUBLE",
        "'nan'::DOUBLE",
        "'-inf'::FLOAT",
    ),
    *(
        "1.25::DECIMAL(18,6)",
        "1.25::DECIMAL(38,10)",
        "true",
        "NULL::VARCHAR",
        "'\\xff'::BLOB",
        "uuid()",
    ),
    *(
        "DATE '2026-11-20'",
        "'infinity'::DATE",
        "TIME '10:00:00'",
        "TIMESTAMP '2026-11-20 10:00:00'",
    ),
    *(
        "TIMESTAMPTZ '2026-11-20 10:00:00+00'",
        "'infinity'::TIMESTAMPTZ",
        "'290000-01-01 00:00:00+00'::TIMESTAMPTZ",
    ),
    *(
        "TIMESTAMP_NS '2026-11-20 10:00:00.123456789'",
        "'290000-01-01'::TIMESTAMP",
        "INTERVAL 3 MONTH",
        "TIMETZ '10:00:00+02'",
    ),
    *(
        "['a','b']",
        "[]::VARCHAR[]",
        "[[['a']]]",
        "[NULL, 'a']",
        "{'a': 1, 'b': {'c': ['x']}}",
        "MAP {'a': 1}",
    ),
    *(
        "MAP {1: 'a'}",
        "MAP {['a']: 1}",
        "'{\"a\": 1}'::JSON",
        "'[1,2'::VARCHAR",
        "{'t': TIMESTAMPTZ '2026-11-20 10:00:00+00'}",
    ),
    *(
        "[TIMESTAMPTZ '2026-11-20 10:00:00+00']",
        "[1.5::DECIMAL(9,3)]",
        "['nan'::DOUBLE]",
        "['\\x00'::BLOB]",
        "[DATE '2026-01-01']",
    ),
    *(
        "170141183460469231731687303715884105727::HUGEINT",
        "['2026-11-20 10:00:00'::TIMESTAMP]",
        "chr(0)",
        "repeat('x', 70000)",
    ),
    *(
        "'2026-11-20T10:00:00Z'",
        "'9999-12-31T23:59:59.999999Z'",
        "'5.00'",
        "repeat('[', 500)",
        "repeat('{\"a\":', 3000)",
    ),
)
_FILES = 60
_CODECS = ("snappy", "zstd", "gzip", "uncompressed", "lz4_raw", "brotli")


def parquet_file(drawn: random.Random) -> bytes:
    """A Parquet file, spoiled most of the time."""
    data = _made(drawn.randrange(_FILES))
    kind = drawn.random()
    if kind < 0.15:
        return data
    if kind < 0.5 and len(data) > 12:  # the footer alone
        footer = int.from_bytes(data[-8:-4], "little")
        start = max(4, len(data) - 8 - footer)
        return data[:start] + spoiled(data[start:-8], drawn) + data[-8:]
    if kind < 0.6:
        return data[:-8] + drawn.randbytes(4) + data[-4:]
    return spoiled(data, drawn)


@cache
def _made(number: int) -> bytes:
    """One of the whole files that others are made of."""
    drawn = random.Random(f"parquet/{number}")
    names = drawn.sample(_NAMES, drawn.randrange(1, 6)) + drawn.sample(_MORE, drawn.randrange(4))
    columns = ", ".join(f'{drawn.choice(_TYPES)} AS "{name}"' for name in names)
    rows, codec = drawn.choice((0, 1, 3, 700)), drawn.choice(_CODECS)
    with TemporaryDirectory() as folder, duckdb.connect(":memory:") as connection:
        path = Path(folder) / "made.parquet"
        connection.execute("SET threads TO 1")
        connection.execute(
            f"COPY (SELECT {columns} FROM range({rows})) TO '{path}' (FORMAT parquet, COMPRESSION {codec})"
        )
        return path.read_bytes()
