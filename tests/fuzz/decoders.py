"""The readers of bodies and files, asked in process: where a million inputs come cheaply.

Each answers with items (facts, or refusals that keep their payload), or with an error of our own tree; anything else
is a find. So are more than five seconds of computing, and growing by more than a hold of memory, for one input.
"""

from __future__ import annotations

import io
import random
import resource
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from promosight.api.door.bodies import decoded, decompressed
from promosight.api.routes import ROUTES
from promosight.connectors import segment, shopify, stripe
from promosight.connectors.backup_file import Head, Piece, Reader, Writer
from promosight.connectors.cloudevents import CloudEvent, read_batch, read_event
from promosight.connectors.import_file import pieces_of
from promosight.connectors.opening import opened
from promosight.connectors.outcome_items import read_outcomes
from promosight.connectors.read_again import read_again
from promosight.connectors.reading import CSV, JSON, NDJSON, Reading, read_body
from promosight.connectors.shop_messages import PASSED_OVER, PassedOver, Settings
from promosight.errors import PromosightError
from promosight.flows.reporting.rejecting import MAX_PAYLOAD, Refused
from tests.fuzz import forms, heavy
from tests.fuzz.meant import fields_of, is_struct, meant
from tests.fuzz.tables import parquet_file
from tests.fuzz.values import changed, encoded, hopeless, spoiled, written

AT_MOST_CPU_S = 5.0
AT_MOST_GROWTH = 600 << 20
"""Bytes by which one input may raise the most that this process ever held."""
_NOW_US = 1_800_000_000_000_000
_TRACKING_US = 1_780_000_000_000_000
_MEDIA = {"json": JSON, "ndjson": NDJSON, "csv": CSV}
_STRUCTS = [route.takes for route in ROUTES if is_struct(route.takes)]

Run = Callable[[bytes, Path], None]


class Case(NamedTuple):
    """An input, and what reads it; `said` is what it is, for people."""

    said: str
    data: bytes
    read: Run


Door = Callable[[random.Random], Case]


def _reading() -> Reading:
    return Reading(_NOW_US, _TRACKING_US)


def _check_all(items: Iterable[Any]) -> None:
    """Every item is a fact or a refusal that says why and keeps what was sent; all can be written down."""
    for item in items:
        if isinstance(item, Refused):
            assert item.rejection.detail, "a refusal says why"
            assert item.payload is not None, "a refusal keeps what was sent"
            assert len(item.payload) <= 4 * MAX_PAYLOAD + 2, "what is kept is bounded"
        msgspec.json.encode(item)


def _events(drawn: random.Random) -> Case:
    kind = drawn.choice(("redemptions", "assignments"))
    form = drawn.choice(("json", "ndjson", "csv"))
    media = (
        drawn.choice((*_MEDIA.values(), "text/plain")) if drawn.random() < 0.03 else _MEDIA[form]
    )
    return Case(
        f"{kind} as {media}",
        forms.body(form, kind, drawn),
        lambda data, _: _check_all(read_body(kind, media, data, _reading())),
    )


def _outcomes(drawn: random.Random) -> Case:
    form = drawn.choice(("json", "ndjson"))
    return Case(
        f"outcomes as {form}",
        forms.body(form, "outcomes", drawn),
        lambda data, _: _check_all(read_outcomes(_MEDIA[form], data, _reading())),
    )


def _messages(drawn: random.Random) -> Case:
    """CloudEvents and Segment's messages, alone and many together; what is refused is read once more."""
    name, kind, read = drawn.choice(_MESSAGES)
    many = name.endswith("s")
    texts = [
        written(changed(meant(kind, drawn), drawn, fields_of(kind)), drawn)
        for _ in range(drawn.choice((0, 1, 2, 5)) if many else 1)
    ]
    body = f"[{','.join(texts)}]" if many else texts[0]
    data = encoded(f'{{"batch": {body}}}' if name == "calls" else body, drawn)
    if drawn.random() < 0.2:
        data = spoiled(data, drawn) if drawn.random() < 0.9 else hopeless(drawn)

    def run(data: bytes, _: Path) -> None:
        items = [one for one in read(data, _reading()) if not isinstance(one, segment.Ignored)]
        _check_all(items)
        for one in items:
            if isinstance(one, Refused):
                assert read_again(one, _NOW_US, _TRACKING_US) == one, "read again it is another"

    return Case(name, data, run)


_MESSAGES: tuple[tuple[str, Any, Callable[[bytes, Reading], Iterable[Any]]], ...] = (
    ("a CloudEvent", CloudEvent, lambda data, reading: [read_event(data, reading)]),
    ("CloudEvents", CloudEvent, read_batch),
    ("a call", segment.SegmentMessage, segment.read_track),
    ("calls", segment.SegmentMessage, segment.read_batch),
)


def _shops(drawn: random.Random) -> Case:
    """Messages of shops, which tell several facts or none; and what the notes of a payment come to."""
    kind = drawn.choice((shopify.ShopifyOrder, stripe.StripeEvent))
    topic = drawn.choice((shopify.PAID, shopify.CREATED, shopify.UPDATED, shopify.CANCELLED, ""))
    data = encoded(written(changed(meant(kind, drawn), drawn, fields_of(kind)), drawn), drawn)
    if drawn.random() < 0.2:
        data = spoiled(data, drawn) if drawn.random() < 0.9 else hopeless(drawn)

    def run(data: bytes, _: Path) -> None:
        if kind is shopify.ShopifyOrder:
            found = shopify.taken(data, topic, Settings("customer.id"), _reading())
            _check_told(found)
            return
        told = stripe.taken(data, Settings("customer", "coupon"), _reading())
        _check_told(told if isinstance(told, PassedOver) else told.items)
        if not isinstance(told, PassedOver):
            used = stripe.Used("checkout:c|S", 5_000_000, 10_000)
            _check_all(stripe.reversals_of([(used, *told.notes)], _reading()))

    return Case("a message of a shop", data, run)


def _check_told(found: Iterable[Any] | PassedOver) -> None:
    if isinstance(found, PassedOver):
        assert PASSED_OVER[found.reason], "what is passed over has a reason in words"
    else:
        _check_all(found)


def _bodies(drawn: random.Random) -> Case:
    kind = drawn.choice(_STRUCTS)
    value = changed(meant(kind, drawn), drawn, fields_of(kind))
    data = encoded(written(value, drawn), drawn)
    if drawn.random() < 0.2:
        data = spoiled(data, drawn) if drawn.random() < 0.9 else hopeless(drawn)

    def read(data: bytes, _: Path) -> None:
        msgspec.json.encode(decoded(data, kind))

    return Case(f"the body of a {kind.__name__}", data, read)


def _compressed(drawn: random.Random) -> Case:
    form, coding = drawn.choice(("json", "ndjson", "csv")), drawn.choice(("gzip", "zstd"))
    data = forms.packed(forms.body(form, "redemptions", drawn), coding, drawn)

    def read(data: bytes, _: Path) -> None:
        _check_all(read_body("redemptions", _MEDIA[form], decompressed(data, coding), _reading()))

    return Case(f"{form} in {coding}", data, read)


def _read_file(form: str, kind: str) -> Run:
    def read(data: bytes, folder: Path) -> None:
        path = folder / "file"
        path.write_bytes(data)
        with opened(str(path), shown="the file") as file:
            for piece in pieces_of(file, form, kind, _reading()):
                assert len(piece.lines) == len(piece.items)
                _check_all(piece.items)

    return read


def _files(drawn: random.Random) -> Case:
    kind, form = drawn.choice(tuple(forms.TAKEN)), drawn.choice(("json", "ndjson", "csv"))
    data = forms.body(form, kind, drawn)
    if drawn.random() < 0.2:
        data = forms.packed(data, drawn.choice(("gzip", "zstd")), drawn)
    said = form
    if drawn.random() < 0.05:
        said = drawn.choice(("json", "ndjson", "csv", "parquet"))  # what the sender says it is
    return Case(f"a file of {kind}, {form} called {said}", data, _read_file(said, kind))


def _parquet(drawn: random.Random) -> Case:
    kind = drawn.choice(tuple(forms.TAKEN))
    return Case(f"{kind} as Parquet", parquet_file(drawn), _read_file("parquet", kind))


def _backups(drawn: random.Random) -> Case:
    file = io.BytesIO()
    writer = Writer(file, Head(made_at="2026-11-26T00:00:00Z", schema=["001"]))
    for _ in range(drawn.choice((0, 1, 3))):
        writer.add(Piece(table="event", columns=["a", "b"], rows=[[1, "x"], [None, 2.5]]))
    writer.end()
    data = file.getvalue()

    def read(data: bytes, _: Path) -> None:
        for piece in Reader(io.BytesIO(data)).pieces():
            assert isinstance(piece, Piece)

    return Case("a backup", spoiled(data, drawn) if drawn.random() < 0.95 else data, read)


def _heavy(drawn: random.Random) -> Case:
    name = drawn.choice(tuple(heavy.HEAVY))
    data = heavy.HEAVY[name](drawn)
    media = drawn.choice(tuple(_MEDIA.values()))
    if drawn.random() < 0.5:
        kind, form = drawn.choice(tuple(forms.TAKEN)), drawn.choice(("json", "ndjson", "csv"))
        return Case(f"{name}, a file of {kind} as {form}", data, _read_file(form, kind))
    coding = {0x1F: "gzip", 0x28: "zstd"}.get(data[0], "")

    def read(data: bytes, _: Path) -> None:
        _check_all(read_body("redemptions", media, decompressed(data, coding), _reading()))

    return Case(f"{name}, a body as {media}", data, read)


DOORS: dict[str, tuple[Door, int]] = {
    "events": (_events, 2_850),
    "messages": (_messages, 600),
    "shops": (_shops, 300),
    "outcomes": (_outcomes, 650),
    "bodies": (_bodies, 2_850),
    "compressed": (_compressed, 1_050),
    "files": (_files, 1_555),
    "backups": (_backups, 400),
    "parquet": (_parquet, 40),
    "heavy": (_heavy, 5),
}
"""Every reader, with its share of the inputs in ten-thousandths."""


def tried(door: str, seed: int, number: int, folder: Path) -> tuple[Case, str]:
    """One input; what it is, and what was wrong, "" for nothing."""
    case = DOORS[door][0](random.Random(f"{seed}/{door}/{number}"))
    held, began = _held(), time.process_time()
    wrong = _wrong(case, folder)
    took = time.process_time() - began
    if not wrong and took > AT_MOST_CPU_S:
        wrong = f"took {took:.1f} s of computing"
    if not wrong and _held() - held > AT_MOST_GROWTH:
        wrong = f"made the process grow by {(_held() - held) >> 20} MiB"
    return case, wrong


def _wrong(case: Case, folder: Path) -> str:
    try:
        case.read(case.data, folder)
    except PromosightError as error:
        if "Traceback" in error.detail:
            return "an error that says what nobody should read"
        return "" if error.detail else "an error that says nothing"
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a find
        return f"{type(error).__name__}: {str(error)[:300]}"
    return ""


def _held() -> int:
    """The most bytes this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
