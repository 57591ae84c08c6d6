"""Promotions and customers from the rows of a file: JSON objects as PUT takes them, or flat CSV.

Flat means: a promotion's reward lies in `reward_type`, `reward_value`, `reward_currency`, `reward_unit`;
`tiers` and `limits` may hold JSON; a customer's `segments` and `opt_outs` are joined by `|`, or JSON. Other columns
become a promotion's `properties`, a customer's `attributes`; those of a Parquet file, too, and fields of JSON lines
that are like none of a promotion's. One that is like a field and none is refused by its name, as PUT refuses it.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from promosight.connectors.csv_columns import whole_number
from promosight.connectors.csv_rows import StrictRows
from promosight.connectors.csv_words import words_in
from promosight.connectors.elements import MAX_DEPTH, is_deep
from promosight.connectors.reading import kept_text, misfit
from promosight.errors import Invalid, Unreadable
from promosight.flows.promotions.define_promotions import NamedPromotion
from promosight.flows.reporting.know_customers import KnownCustomer
from promosight.flows.reporting.rejecting import Refused
from promosight.rules.eligibility import check_profile
from promosight.rules.facts import Rejection, identifier
from promosight.rules.known_fields import own_kept, put_into
from promosight.rules.promotions import SHOWN_ONLY, Promotion

Defined = NamedPromotion | KnownCustomer | Refused
Record = dict[str, Any]

_ID = {"promotions": "promotion_id", "customers": "customer_id"}
_REWARD = {
    "reward_type": "type",
    "reward_value": "value",
    "reward_currency": "currency",
    "currency": "currency",
    "reward_unit": "unit",
    "unit": "unit",
}
_FLAT = {*_REWARD, *SHOWN_ONLY}
"""What a row may say of a promotion beside the fields of its definition."""

_JSON_COLUMNS = {"tiers", "limits", "attributes", "properties"}
_LISTS = ("segments", "opt_outs")
_TOO_DEEP = f"is nested deeper than {MAX_DEPTH} levels"
_canonical = msgspec.json.Encoder(order="sorted").encode


def read_ndjson(kind: str, lines: Iterable[bytes], *, of_table: bool = False) -> Iterator[Defined]:
    """An item for each line that is not blank; kind is `promotions` or `customers`.

    `of_table`: each is the row of a table, whose columns may have any name.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            yield _refused(kind, kept_text(line), "", f"is not JSON: {error}", number)
            continue
        except RecursionError:
            yield _refused(kind, kept_text(line), "", _TOO_DEEP, number)
            continue
        if of_table and kind == "promotions":
            record = _with_properties(record)
        yield _item(kind, record, number)


def read_csv(kind: str, lines: Iterable[str]) -> Iterator[Defined]:
    """An item for each row below the header. Raises Unreadable when there is no header with the id."""
    reader = StrictRows(lines)
    try:
        header = reader.header()
        if _ID[kind] not in header:
            raise Unreadable(f"the header row has no column {_ID[kind]}")
        for row in reader:
            if any(row):
                yield _row(kind, header, row, reader.line)
    except csv.Error as error:
        raise Unreadable(f"line {reader.line} is not CSV: {error}") from None


def _row(kind: str, header: list[str], row: list[str], line: int) -> Defined:
    if len(row) > len(header):
        return _refused(
            kind, _payload(row), "", f"has {len(row)} cells under {len(header)} columns", line
        )
    cells = {name: cell for name, cell in zip(header, row, strict=False) if name and cell != ""}
    try:
        record = _promotion_cells(cells) if kind == "promotions" else _customer_cells(cells)
    except (msgspec.DecodeError, ValueError) as error:
        return _refused(kind, _payload(cells), "", str(error), line)
    except RecursionError:
        return _refused(kind, _payload(cells), "", _TOO_DEEP, line)
    return _item(kind, record, line)


def _promotion_cells(cells: dict[str, str]) -> Record:
    record: Record = {}
    for name, cell in cells.items():
        if name in _REWARD:
            record.setdefault("reward", {})[_REWARD[name]] = cell
        elif name in _JSON_COLUMNS:
            record[name] = msgspec.json.decode(cell)
        elif name == "max_redemptions":
            record[name] = whole_number(cell)
        else:
            record[name] = cell
    return _with_properties(record)


def _with_properties(row: Record) -> Record:
    """The row of a table with what has no field of its own among the properties."""
    known = {*Promotion.__struct_fields__, *_FLAT}
    own = {name: value for name, value in row.items() if name not in known}
    record = {name: value for name, value in row.items() if name in known}
    return put_into(record, "properties", own)


def _customer_cells(cells: dict[str, str]) -> Record:
    record: Record = {}
    for name, cell in cells.items():
        if name in _LISTS:
            record[name] = [word for word in words_in(cell) if word]
        else:
            record[name] = msgspec.json.decode(cell) if name in _JSON_COLUMNS else cell
    return record


def _item(kind: str, record: Any, line: int) -> Defined:
    if not isinstance(record, dict):
        return _refused(kind, _payload(record), "", "must be an object", line)
    if is_deep(record):
        return _refused(kind, _payload(record), "", _TOO_DEEP, line)
    field = _ID[kind]
    given = record.get(field)
    named = identifier(given if isinstance(given, str) else None, field)
    if isinstance(named, Rejection):
        return Refused(named, kind, None, _payload(record), line)
    make: Callable[[str, Record], Defined] = _promotion if kind == "promotions" else _customer
    try:
        return make(named, record)
    except Invalid as error:
        why = Rejection(error.code, error.pointer or "", error.detail)
        return Refused(why, kind, named, _payload(record), line)
    except msgspec.ValidationError as error:
        return Refused(misfit(error), kind, named, _payload(record), line)


def _promotion(promotion_id: str, record: Record) -> NamedPromotion:
    if "reward" not in record:  # the rows of a Parquet file are flat, too
        reward = {_REWARD[name]: _text(value) for name, value in record.items() if name in _REWARD}
        record = record | {"reward": reward}
    record = own_kept(record, Promotion, "properties", besides=_FLAT)
    definition = msgspec.convert(record, Promotion)
    return NamedPromotion(promotion_id, definition, says_status="status" in record)


def _text(value: Any) -> Any:
    """A number of a typed column as it is written, which is how money is told."""
    return str(value) if type(value) in (int, float) else value


def _customer(customer_id: str, record: Record) -> KnownCustomer:
    rest = {name: value for name, value in record.items() if name != "customer_id"}
    profile: Record = {n: rest.pop(n) for n in _Profile.__struct_fields__ if n in rest}
    msgspec.convert(profile, _Profile)
    attributes = profile.pop("attributes", {}) | rest
    profile |= {"attributes": attributes} if attributes else {}
    check_profile(profile)
    return KnownCustomer(customer_id, _canonical(profile).decode() if profile else None)


class _Profile(msgspec.Struct):
    """What a customer's fields are, so that one that does not fit is named."""

    segments: list[str] = []
    opt_outs: list[str] = []
    attributes: dict[str, Any] = {}


def _payload(value: Any) -> str:
    return kept_text(_canonical(value))


def _refused(kind: str, payload: str, pointer: str, detail: str, line: int) -> Refused:
    return Refused(Rejection("invalid", pointer, detail), kind, None, payload, line)
