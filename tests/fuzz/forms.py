"""Bodies and files in every form that is taken (JSON, NDJSON, CSV), of what callers mean and what nobody means.

What is said begins as valid elements, is changed as a tree, written, and then its bytes may be spoiled.
"""

from __future__ import annotations

import csv
import gzip
import io
import random
from typing import Any

import zstandard

from promosight.api.set_up import Profile
from promosight.rules.outcomes import ReportedOutcome
from promosight.rules.promotions import Promotion
from promosight.rules.reported import ReportedAssignment, ReportedEvent
from tests.fuzz.meant import fields_of, meant, word
from tests.fuzz.values import ODD, Written, changed, encoded, hopeless, spoiled, written

TAKEN: dict[str, Any] = {
    "redemptions": ReportedEvent,
    "assignments": ReportedAssignment,
    "outcomes": ReportedOutcome,
    "promotions": Promotion,
    "customers": Profile,
}
"""What an element of each kind of file is."""
_ENDS = ("\n", "\n", "\r\n", "\r", "\n\n", "\u2028")
_CELLS = tuple(one for one in ODD if isinstance(one, str) and len(one) < 5_000)
_QUOTED = ('"', '""', '"a', 'a"b', '"a\nb"', '"a"b', "'", '","', '"\n', "a\\", "\x00", "\r")


def element(kind: str, drawn: random.Random) -> Any:
    """One element of a kind, changed or not."""
    value = meant(TAKEN[kind], drawn)
    if kind in ("promotions", "customers"):
        name = f"{kind[:-1]}_id"
        value |= {name: word(name, drawn)}
    return changed(value, drawn, fields_of(TAKEN[kind]))


def json_body(kind: str, drawn: random.Random) -> bytes:
    """One object, or an array of some."""
    many = drawn.choice((None, None, 0, 1, 2, 5))
    if many is None:
        return _finished(written(element(kind, drawn), drawn), drawn)
    texts = [written(element(kind, drawn), drawn) for _ in range(many)]
    return _finished("[" + drawn.choice((",", ", ", "\n,")).join(texts) + "]", drawn)


def ndjson_body(kind: str, drawn: random.Random) -> bytes:
    """A line for each of some elements."""
    end = drawn.choice(_ENDS)
    texts = [written(element(kind, drawn), drawn) for _ in range(drawn.choice((0, 1, 2, 5)))]
    return _finished(end.join(texts) + drawn.choice(("", end)), drawn)


def csv_body(kind: str, drawn: random.Random) -> bytes:
    """A header and some rows below it, ragged now and then."""
    header = [*fields_of(TAKEN[kind])]
    if kind in ("promotions", "customers"):
        header.append(f"{kind[:-1]}_id")
    if drawn.random() < 0.5:
        header = drawn.sample(header, drawn.randrange(1, len(header) + 1))
    if drawn.random() < 0.3:
        header.insert(
            drawn.randrange(len(header) + 1), drawn.choice(("till", "", " ", header[0], "é"))
        )
    text = io.StringIO(newline="")
    write = csv.writer(text, lineterminator=drawn.choice(_ENDS[:4])).writerow
    write(header)
    for _ in range(drawn.choice((0, 1, 2, 6))):
        cells = [_cell(name, drawn) for name in header]
        if drawn.random() < 0.15:
            cells = cells[: drawn.randrange(len(cells) + 1)] + drawn.choice(
                ([], ["more"], [""] * 5)
            )
        write([str(cell) for cell in cells])
    return _finished(_requoted(text.getvalue(), drawn), drawn)


def _cell(name: str, drawn: random.Random) -> str:
    kind = drawn.random()
    if kind < 0.7:
        return word(name, drawn)
    if kind < 0.85:
        return drawn.choice(
            ("", "1", "yes", "a|b", "|", '{"a":1}', "[1]", "nul", "1e400", "9" * 5_000)
        )
    return drawn.choice(_CELLS)


def _requoted(text: str, drawn: random.Random) -> str:
    """The text with quotes where none belong."""
    if drawn.random() < 0.7:
        return text
    for _ in range(drawn.choice((1, 1, 3))):
        place = drawn.randrange(len(text) + 1)
        text = text[:place] + drawn.choice(_QUOTED) + text[place:]
    return text


def _finished(text: str, drawn: random.Random) -> bytes:
    kind = drawn.random()
    if kind < 0.02:
        return hopeless(drawn)
    data = encoded(text, drawn)
    return spoiled(data, drawn) if kind < 0.25 else data


WRITERS = {"json": json_body, "ndjson": ndjson_body, "csv": csv_body}
"""How a body of each form is made."""


def body(form: str, kind: str, drawn: random.Random) -> bytes:
    """A body or file of a form."""
    return WRITERS[form](kind, drawn)


def packed(data: bytes, coding: str, drawn: random.Random) -> bytes:
    """The bytes compressed: whole, in several members, with something behind, cut off, or spoiled."""
    pack = gzip.compress if coding == "gzip" else zstandard.compress
    kind = drawn.random()
    if kind < 0.2:
        half = len(data) // 2
        return pack(data[:half]) + pack(data[half:])
    done: bytes = pack(data)
    if kind < 0.3:
        return done + drawn.choice(
            (b"\x00" * 9, b"more", done[:7], b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
        )
    return spoiled(done, drawn) if kind < 0.7 else done


def large(drawn: random.Random) -> Any:
    """A value of some megabytes."""
    megabytes = drawn.choice((1, 4, 9))
    return drawn.choice(
        (
            "x" * (megabytes << 20),
            Written('"' + "\\u0041" * (megabytes << 17) + '"'),
            Written("9" * (megabytes << 20)),
            Written("[" + "[]," * (megabytes << 18) + "[]]"),
            Written("{" + ",".join(f'"{n}":{n}' for n in range(megabytes << 16)) + "}"),
            Written('"' + "\\" * (megabytes << 20)),
        )
    )
